"""Rectified flow over the codes of the grid: noise becomes a loop along nearly straight lines.

Liu, Gong and Liu, "Flow straight and fast" (2022), with logit-normal times (Esser et al. 2024), in a small
transformer with adaptive layer norms (Peebles and Xie, "DiT", 2022; one modulation shared by all layers, as in
Chen et al., "PixArt", 2023). What is ours is the shape: the bars of a loop are folded into channels, so one token is
the same place in every bar, positions are learned on the musical grid, and a circular convolution mixes neighbours.

The network says the loop itself, and the velocity follows from it (Li and He, "Back to basics: let denoising
generative models denoise", 2025). A token of two bars holds 256 numbers of noise and the network is 192 wide: asked for
velocities, it cannot carry that noise through, and left the finest components 1.5 to 1.8 times as strong as real ones.

Every loop is conditioned on its voice and on its measures, each dropped at random: a pack's knobs come with the model.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.train.config import TrainConfig
from aijockey.train.families.base import (
    Average,
    CodeBatch,
    DataInfo,
    GeneratorTask,
    Graph,
    Metrics,
    draw_known,
    standard_normal,
)


@dataclass(frozen=True)
class FlowConfig:
    """Shape and training of a flow.

    Attributes
    ----------
    fold : bars that are folded into channels.
    known_chance : how often a control is shown; voices are always shown.
    time_mean, time_spread : of the normal whose logistic gives training times (0 noise, 1 data).
    steps, shift : of the sampler that is exported; see `sample_times`.
    """

    width: int = 192
    layers: int = 8
    heads: int = 6
    fold: int = 2
    known_chance: float = 0.5
    time_mean: float = -0.8
    time_spread: float = 0.8
    steps: int = 8
    shift: float = 2.5


NEAREST = 0.05
"""Distance from time 1 below which velocities stop growing."""


def sample_times(steps: int, shift: float) -> Tensor:
    """Times from 0 to 1, (steps + 1,): with ``shift`` above 1 denser near the noise, where directions are decided."""
    u = torch.linspace(0.0, 1.0, steps + 1)
    return u / (u + shift * (1.0 - u))


class Block(nn.Module):
    """Attention, circular depthwise convolution and a gated perceptron, modulated by the condition."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = nn.Parameter(torch.randn(6, width) * 0.02)
        self.attention_in = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.neighbours = nn.Conv1d(width, width, 5, groups=width)
        self.hidden = nn.Linear(width, 4 * width)
        self.out = nn.Linear(4 * width, width)
        nn.init.zeros_(self.neighbours.weight)
        nn.init.zeros_(self.neighbours.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(batch, tokens, width) with condition (batch, 6, width)."""
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = (
            (condition + self.modulation).unsqueeze(2).unbind(1)
        )
        y = F.layer_norm(x, x.shape[-1:]) * (1 + scale_a) + shift_a
        x = x + gate_a * self._attend(y)
        # Channels first for the convolution, which wraps around the loop.
        x = x + self.neighbours(wrap(x.transpose(1, 2), 2)).transpose(1, 2)
        y = F.layer_norm(x, x.shape[-1:]) * (1 + scale_m) + shift_m
        return x + gate_m * self.out(F.gelu(self.hidden(y), approximate="tanh"))

    def _attend(self, y: Tensor) -> Tensor:
        batch, tokens, width = y.shape
        q, k, v = (
            self.attention_in(y)
            .view(batch, tokens, 3, self.heads, width // self.heads)
            .permute(2, 0, 3, 1, 4)
        )
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.attention_out(mixed.transpose(1, 2).reshape(batch, tokens, width))


def wrap(x: Tensor, size: int) -> Tensor:
    """Pad the last axis circularly on both sides."""
    return torch.cat([x[..., -size:], x, x[..., :size]], dim=-1)


class FlowNetwork(nn.Module):
    """Velocity of a loop's codes on its way from noise (time 0) to data (time 1)."""

    frequencies: Tensor

    def __init__(self, config: FlowConfig, data: DataInfo) -> None:
        super().__init__()
        if data.patches % config.fold:
            raise ValueError(f"{data.patches} patches cannot be folded into {config.fold} bars")
        self.fold, self.width = config.fold, config.width
        channels, tokens = config.fold * data.dims, data.patches // config.fold
        self.enter = nn.Linear(channels, config.width)
        self.position = nn.Parameter(torch.randn(tokens, config.width) * 0.02)
        self.register_buffer(
            "frequencies", torch.exp(torch.linspace(0.0, math.log(1000.0), 64)), persistent=False
        )
        self.time = nn.Sequential(
            nn.Linear(128, config.width), nn.SiLU(), nn.Linear(config.width, config.width)
        )
        self.voice = nn.Embedding(len(data.voices), config.width)
        # A control is seen as its value and as whether it is known at all.
        self.controls = nn.Sequential(
            nn.Linear(2 * max(1, len(data.controls)), config.width),
            nn.SiLU(),
            nn.Linear(config.width, config.width),
        )
        self.condition = nn.Linear(config.width, 6 * config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.leave_modulation = nn.Linear(config.width, 2 * config.width)
        self.leave = nn.Linear(config.width, channels)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, latent: Tensor, time: Tensor, voice: Tensor, controls: Tensor, known: Tensor) -> Tensor:
        """Velocity (batch, patches, dims).

        Shapes: latent (batch, patches, dims), time (batch,), voice (batch,), controls and known (batch, n).
        """
        batch, patches, dims = latent.shape
        tokens = patches // self.fold
        # (batch, bars x tokens, dims) -> (batch, tokens, bars x dims): the same place in each bar side by side.
        x = (
            latent.view(batch, self.fold, tokens, dims)
            .transpose(1, 2)
            .reshape(batch, tokens, self.fold * dims)
        )
        x = self.enter(x) + self.position
        angle = time[:, None] * self.frequencies
        vector = self.time(torch.cat([angle.cos(), angle.sin()], dim=-1)) + self.voice(voice)
        vector = F.silu(vector + self.controls(torch.cat([controls * known, known], dim=-1)))
        condition = self.condition(vector).view(batch, 6, self.width)
        for block in self.blocks:
            x = block(x, condition)
        shift, scale = self.leave_modulation(vector).unsqueeze(1).chunk(2, dim=-1)
        x = self.leave(F.layer_norm(x, x.shape[-1:]) * (1 + scale) + shift)
        loop = x.view(batch, tokens, self.fold, dims).transpose(1, 2).reshape(batch, patches, dims)
        return (loop - latent) / (1.0 - time).clamp_min(NEAREST)[:, None, None]


class FlowTask(GeneratorTask):
    """Training of a flow."""

    def __init__(self, config: FlowConfig, train: TrainConfig, data: DataInfo) -> None:
        self.config, self.train, self.data = config, train, data
        network = FlowNetwork(config, data)
        self.networks = nn.ModuleDict({"flow": network, "average": Average(network, train.ema_decay)})
        self.optimizers = {"flow": train.optimizer(network)}

    def step(self, batch: CodeBatch, random: torch.Generator, step: int) -> Metrics:
        """Regress the straight line from noise to each loop at a random time."""
        config, network = self.config, self.networks["flow"]
        codes = batch.codes
        noise = standard_normal(tuple(codes.shape), random).to(codes.device)
        time = torch.randn(len(codes), generator=random) * config.time_spread + config.time_mean
        time = torch.sigmoid(time).to(codes.device)
        known = draw_known(batch.controls, config.known_chance, random)
        mixed = torch.lerp(noise, codes, time[:, None, None])
        velocity = network(mixed, time, batch.voice, batch.controls, known)
        loss = F.mse_loss(velocity, codes - noise)
        gradient = self.descend("flow", loss)
        self.networks["average"].update(network, step)  # type: ignore[operator]
        return {"loss": loss.detach(), "gradient": gradient}

    @torch.no_grad()
    def sample(self, voice: Tensor, controls: Tensor, known: Tensor, random: torch.Generator) -> Tensor:
        """Integrate from noise with the exported number of Euler steps."""
        network = self.networks["average"].network
        x = standard_normal((len(voice), self.data.patches, self.data.dims), random).to(voice.device)
        times = sample_times(self.config.steps, self.config.shift).tolist()
        for now, then in pairwise(times):
            time = torch.full((len(voice),), now, device=voice.device)
            x = x + (then - now) * network(x, time, voice, controls, known)  # type: ignore[operator]
        return x

    def graph(self) -> Graph:
        """Velocity network; the pack's sampler integrates it."""
        data, count = self.data, len(self.data.controls)
        inputs = {
            "latent": torch.zeros(2, data.patches, data.dims),
            "time": torch.full((2,), 0.5),
            "voice": torch.zeros(2, dtype=torch.int64),
            "controls": torch.zeros(2, count),
            "known": torch.zeros(2, count),
        }
        sampler = {"kind": "euler", "steps": self.config.steps, "shift": self.config.shift}
        entry = {
            "latent_shape": [data.patches, data.dims],
            "controls": list(data.controls),
            "sampler": sampler,
        }
        return Graph(self.networks["average"].network, inputs, ("velocity",), entry)  # type: ignore[arg-type]
