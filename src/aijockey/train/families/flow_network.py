"""The networks of a flow: a transformer on the musical grid, and the directions of each voice that it is seen along.

A small transformer with adaptive layer norms (Peebles and Xie, "DiT", 2022; one modulation shared by all layers, as in
Chen et al., "PixArt", 2023). What is ours is the shape: the bars of a loop are folded into channels, so one token is
the same place in every bar, positions are learned on the musical grid, and a circular convolution mixes neighbours.

What a normal distribution can say is not left to the network. A voice's codes are seen along directions of their own
(`aijockey.representation.loop_basis`), in which the numbers of a loop hardly depend on each other; each has a mean and
a deviation. Were it normal, its way from noise to data would be a quarter turn at its own pace, and the network learns
only what differs from that (Karras et al., "Elucidating the design space of diffusion-based generative models", 2022,
precondition like this with one deviation for all; the trigonometric form is Lu and Song's, "Simplifying, stabilizing
and scaling continuous-time consistency models", 2024). A network 192 wide that had to carry 256 noisy numbers a token
through itself, and 8 plain Euler steps, left the finest components half as strong as real ones; with a deviation for
each place in the bar but no directions in time, held notes fluttered.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.representation.loop_basis import fit_loop_basis, to_components
from aijockey.train.families.base import DataInfo, Float
from aijockey.train.families.circular import wrap


@dataclass(frozen=True)
class FlowConfig:
    """Shape and training of a flow.

    Attributes
    ----------
    fold : bars that are folded into channels.
    known_chance : how often a control is shown; voices are always shown.
    time_mean, time_spread : of the normal whose logistic gives training times (0 noise, 1 data).
    steps, shift : of the sampler that is exported; see `sample_times`.
    taught_steps : 0 learns from loops. More: each step learns what so many steps of the flow that the run began with
        do, so that ``steps`` are as good as ``steps * taught_steps`` of it.
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
    taught_steps: int = 0

    def __post_init__(self) -> None:
        if self.taught_steps < 0:
            raise ValueError(f"taught_steps is {self.taught_steps}; expected at least 0")


PRIOR_LOOPS = 8.0
"""What is measured of each number alone counts as much as what all suggest when it was measured on so many loops."""

LEAST_DEVIATION = 1e-3


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


class FlowNetwork(nn.Module):
    """Velocity of a loop on its way from noise (time 0) to data (time 1), in standard units, by angle."""

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
        self.controls = (
            nn.Sequential(
                nn.Linear(2 * len(data.controls), config.width),
                nn.SiLU(),
                nn.Linear(config.width, config.width),
            )
            if data.controls
            else None
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
        vector = self.vector(time, voice, controls, known)
        condition = self.condition(vector).view(batch, 6, self.width)
        for block in self.blocks:
            x = block(x, condition)
        shift, scale = self.leave_modulation(vector).unsqueeze(1).chunk(2, dim=-1)
        x = self.leave(F.layer_norm(x, x.shape[-1:]) * (1 + scale) + shift)
        return x.view(batch, tokens, self.fold, dims).transpose(1, 2).reshape(batch, patches, dims)

    def vector(self, time: Tensor, voice: Tensor, controls: Tensor, known: Tensor) -> Tensor:
        """What every layer is told of a loop, (batch, width): time, voice and controls as in `forward`."""
        angle = time[:, None] * self.frequencies
        vector: Tensor = self.time(torch.cat([angle.cos(), angle.sin()], dim=-1)) + self.voice(voice)
        if self.controls is not None:
            vector = vector + self.controls(torch.cat([controls * known, known], dim=-1))
        return F.silu(vector)


class Moments(nn.Module):
    """What a normal distribution says of each voice: directions of its codes, and mean and deviation along them."""

    mean: Tensor
    deviation: Tensor
    time_basis: Tensor
    code_basis: Tensor

    def __init__(self, voices: int, fold: int, patches: int, dims: int) -> None:
        super().__init__()
        self.fold = fold
        self.register_buffer("mean", torch.zeros(voices, patches, dims))
        self.register_buffer("deviation", torch.ones(voices, patches, dims))
        self.register_buffer("time_basis", torch.eye(patches).repeat(voices, 1, 1))
        self.register_buffer("code_basis", torch.eye(dims).repeat(voices, 1, 1))

    def measure(self, codes: Iterable[Float]) -> None:
        """Measure each voice's codes, (loops, patches, dims) each, in the order of the voices.

        Loops count in every rotation by bars, as they are trained on: all bars have the same mean. Deviations are
        shared between what each direction shows by itself and the product of what all in its row and in its column
        show, by how many loops there are, so that a voice of a dozen loops gets no accidental silence.
        """
        for voice, loops in enumerate(codes):
            if not len(loops):
                continue
            count, patches, dims = loops.shape
            bar = loops.reshape(count, self.fold, patches // self.fold, dims).mean(
                axis=(0, 1), dtype=np.float64
            )
            mean = np.tile(bar, (self.fold, 1)).astype(np.float32)
            time_basis, code_basis = fit_loop_basis(loops - mean, self.fold, PRIOR_LOOPS)
            square = np.square(to_components(loops - mean, time_basis, code_basis)).mean(axis=0)
            rows, columns = square.mean(axis=1, keepdims=True), square.mean(axis=0, keepdims=True)
            shared = rows * columns / max(float(square.mean()), LEAST_DEVIATION**2)
            square = (count * square + PRIOR_LOOPS * shared) / (count + PRIOR_LOOPS)
            self.mean[voice] = torch.from_numpy(mean)
            self.deviation[voice] = torch.from_numpy(np.sqrt(square)).clamp_min(LEAST_DEVIATION)
            self.time_basis[voice] = torch.from_numpy(time_basis)
            self.code_basis[voice] = torch.from_numpy(code_basis)

    def to_components(self, codes: Tensor, voice: Tensor) -> Tensor:
        """Codes (batch, patches, dims) along the directions of their voices: the same shape."""
        return self.time_basis[voice] @ codes @ self.code_basis[voice].transpose(1, 2)

    def from_components(self, components: Tensor, voice: Tensor) -> Tensor:
        """The inverse of `to_components`."""
        return self.time_basis[voice].transpose(1, 2) @ components @ self.code_basis[voice]

    def standardize(self, codes: Tensor, voice: Tensor) -> Tensor:
        """Codes in standard units along the directions of their voices."""
        return self.to_components(codes - self.mean[voice], voice) / self.deviation[voice]

    def codes(self, state: Tensor, voice: Tensor) -> Tensor:
        """The inverse of `standardize`."""
        return self.mean[voice] + self.from_components(self.deviation[voice] * state, voice)


class Velocity(nn.Module):
    """The network between the directions of a voice, where the state lives, and the grid, where it can look around.

    Both bases are orthonormal, so noise is white on either side. On the grid the network sees what a plain rectified
    flow would see: the noisy loop in the code's own proportions, as strong as noise. And what it says is taken in
    those proportions where they are large: by as much as a number moves the code in a turn, it is turned back down.
    """

    def __init__(self, network: nn.Module, moments: Moments) -> None:
        super().__init__()
        self.network, self.moments = network, moments

    def forward(self, latent: Tensor, time: Tensor, voice: Tensor, controls: Tensor, known: Tensor) -> Tensor:
        """Velocity (batch, patches, dims) of a state of that shape, in standard units, by angle."""
        deviation, when = self.moments.deviation[voice], time[:, None, None]
        distance = torch.sqrt((when * deviation).square() + (1.0 - when).square())
        on_grid = self.moments.from_components(latent * (distance / strength(distance)), voice)
        said = self.moments.to_components(self.network(on_grid, time, voice, controls, known), voice)
        reach = deviation / distance
        return said * torch.clamp(strength(reach) / reach, max=1.0)


class Uncontrolled(nn.Module):
    """A velocity that only the voice conditions, as it is exported: a graph has no inputs that hold nothing."""

    def __init__(self, velocity: nn.Module) -> None:
        super().__init__()
        self.velocity = velocity

    def forward(self, latent: Tensor, time: Tensor, voice: Tensor) -> Tensor:
        """As `Velocity.forward`, with no controls."""
        nothing = latent.new_zeros(latent.shape[0], 0)
        velocity: Tensor = self.velocity(latent, time, voice, nothing, nothing)
        return velocity


def strength(x: Tensor) -> Tensor:
    """Root mean square of each loop, (batch, 1, 1)."""
    return torch.sqrt(x.square().mean(dim=(1, 2), keepdim=True))
