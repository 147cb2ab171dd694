"""StyleGAN2 over the grid: one call from a latent to a loop, in a light form for a CPU and a full one for a
GPU.

Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020): mapping network, modulated
convolutions, noise, style mixing, lazy R1 (Mescheder et al. 2018), path lengths, averaged weights,
truncation. With adaptive augmentation (Karras et al., ADA, 2020) and a critic that knows voices and controls
by projection (Miyato and Koyama 2018). As options the relativistic pairing loss and R2 of Huang et al., "The
GAN is dead; long live the GAN! (R3GAN)" (2024): each generated loop is compared with a real one of its voice,
which no single mode can satisfy.

What is ours is in `stylegan2_networks` (two forms that both speak codes, a coarse map that comes from the
style), `stylegan2_layers` (circular time, noise made from the latent) and `stylegan2_augment` (nothing moves
the downbeat). Its risk is that it covers less of a corpus than a flow does: watch ``spread`` while training,
which is how varied its loops are beside real ones (1), and the judge's diversity.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.representation.patch_code import PatchCode
from aijockey.train.config import TrainConfig
from aijockey.train.families.base import (
    Average,
    CodeBatch,
    DataInfo,
    Float,
    GeneratorTask,
    Graph,
    Metrics,
    draw_known,
    standard_normal,
    to_numpy,
)
from aijockey.train.families.stylegan2_augment import AdaptiveAugment
from aijockey.train.families.stylegan2_layers import CodeMap
from aijockey.train.families.stylegan2_networks import Critic, Shape, StyleGenerator

FORMS = ("light", "full")
LOSSES = ("logistic", "relativistic")
FACTORS = 16
"""Directions of the style that travel in a pack, to make controls of."""


@dataclass(frozen=True)
class StyleGan2Config:
    """Shape and training of a StyleGAN2.

    Attributes
    ----------
    form : ``light`` (one-dimensional over codes) or ``full`` (two-dimensional over the log-mel).
    latent, noise : numbers of the latent that make the style and the noise; a pack's latent holds both.
    style, mapping_layers : size of the style, depth of the network that makes it.
    levels : doublings from the coarse map to full resolution; 3 make a coarse column of 64 patches a beat.
    width, thinnest : channels of the generator at most, and at full resolution. critic_width, critic_thinnest
        likewise.
    known_chance : how often a control is shown; voices are always shown.
    mixing_chance : how often a loop is made of two styles.
    loss : ``logistic`` (non-saturating) or ``relativistic`` (pairs of a real and a generated loop).
    r1, r2 : gamma, weight of the critic's squared gradient at real and at generated loops.
    penalty_every : steps between gradient penalties, which are then that much heavier.
    path_length : weight of the path length penalty, 0 for none; path_every : steps between them.
    augment_target, augment_loops : of adaptive augmentation; a target of 0 switches it off.
    truncation : that a pack plays with, 0 to 1; 1 is none.
    """

    form: str = "light"
    latent: int = 128
    noise: int = 64
    style: int = 192
    mapping_layers: int = 4
    levels: int = 3
    width: int = 224
    thinnest: int = 224
    critic_width: int = 224
    critic_thinnest: int = 224
    known_chance: float = 0.5
    mixing_chance: float = 0.5
    loss: str = "logistic"
    r1: float = 1.0
    r2: float = 0.0
    penalty_every: int = 8
    path_length: float = 0.0
    path_every: int = 8
    augment_target: float = 0.6
    augment_loops: int = 200_000
    truncation: float = 1.0

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form is {self.form!r}; expected {' or '.join(FORMS)}")
        if self.loss not in LOSSES:
            raise ValueError(f"loss is {self.loss!r}; expected {' or '.join(LOSSES)}")
        if self.noise < 2:
            raise ValueError(f"noise is {self.noise}; expected at least 2 numbers of the latent")
        if min(self.penalty_every, self.path_every, self.augment_loops) < 1:
            raise ValueError("penalty_every, path_every and augment_loops must be at least 1")


class StyleGan2Task(GeneratorTask):
    """Training of a StyleGAN2: generator, critic and augmentation."""

    def __init__(self, config: StyleGan2Config, train: TrainConfig, data: DataInfo) -> None:
        self.config, self.train, self.data = config, train, data
        made = Shape.of(config.form, config.levels, config.width, config.thinnest, data)
        judged = Shape.of(config.form, config.levels, config.critic_width, config.critic_thinnest, data)
        generator = StyleGenerator(
            made, config.latent, config.noise, config.style, config.mapping_layers, data
        )
        critic = Critic(judged, data)
        self.networks = nn.ModuleDict(
            {
                "generator": generator,
                "critic": critic,
                "average": Average(generator, train.ema_decay),
                "augment": AdaptiveAugment(data, config.augment_target, config.augment_loops),
            }
        )
        self.optimizers = {"generator": train.optimizer(generator), "critic": train.optimizer(critic)}

    def see_codes(self, code: PatchCode, codes: Iterable[Float]) -> None:
        """Networks that look at the log-mel, and augmentation, need the map between it and codes."""
        for module in self.networks.modules():
            if isinstance(module, CodeMap):
                module.load(code)

    def step(self, batch: CodeBatch, random: torch.Generator, step: int) -> Metrics:
        """One update of the critic, then of the generator by the updated critic."""
        config, generator = self.config, self.networks["generator"]
        given = (batch.voice, batch.controls, draw_known(batch.controls, config.known_chance, random))
        made, _ = generator(*self._latents(batch, random), *given)
        metrics = self._judge(batch.codes, made.detach(), given, random, step)
        critic = _bare(self.networks["critic"])
        score = self._scores(critic, made, given, random)
        if config.loss == "relativistic":
            with torch.no_grad():
                rival = self._scores(critic, batch.codes, given, random)
            score = score - rival
        loss = F.softplus(-score).mean()
        # Through the critic only towards the loops: its weights' gradients would be thrown away.
        (pull,) = torch.autograd.grad(loss, made)
        gradient = self.descend("generator", (made * pull).sum())
        if config.path_length > 0 and step % config.path_every == 0:
            metrics |= self._straighten(batch, given, random)
        self.networks["average"].update(_bare(generator), step)  # type: ignore[operator]
        spread = made.detach().std(dim=0).mean() / batch.codes.std(dim=0).mean().clamp_min(1e-6)
        return metrics | {"loss": loss.detach(), "gradient": gradient, "spread": spread}

    def _judge(
        self, real: Tensor, made: Tensor, given: tuple[Tensor, ...], random: torch.Generator, step: int
    ) -> Metrics:
        """Update the critic on real and generated loops, with gradient penalties now and then."""
        config, critic, augment = self.config, self.networks["critic"], self.networks["augment"]
        penalized = step % config.penalty_every == 0
        real = real.detach().requires_grad_(penalized and config.r1 > 0)
        made = made.requires_grad_(penalized and config.r2 > 0)
        real_score = self._scores(critic, real, given, random)
        made_score = self._scores(critic, made, given, random)
        if config.loss == "relativistic":
            loss = F.softplus(made_score - real_score).mean()
            certain = real_score - made_score
        else:
            loss = F.softplus(-real_score).mean() + F.softplus(made_score).mean()
            certain = real_score
        metrics = {
            "critic_loss": loss.detach(),
            "real_score": real_score.detach().mean(),
            "made_score": made_score.detach().mean(),
        }
        for name, gamma, loops, score in (
            ("r1", config.r1, real, real_score),
            ("r2", config.r2, made, made_score),
        ):
            if loops.requires_grad:
                (slope,) = torch.autograd.grad(score.sum(), loops, create_graph=True)
                penalty = slope.square().sum(dim=(1, 2)).mean()
                loss = loss + 0.5 * gamma * config.penalty_every * penalty
                metrics[name] = penalty.detach()
        metrics["critic_gradient"] = self.descend("critic", loss)
        augment.adapt(certain.detach())  # type: ignore[operator]
        return metrics | {"augment_chance": augment.chance.clone(), "certainty": augment.certainty.clone()}  # type: ignore[operator]

    def _straighten(self, batch: CodeBatch, given: tuple[Tensor, ...], random: torch.Generator) -> Metrics:
        """Path length regularisation: a step in style space should change a loop by the same amount
        everywhere.
        """
        half = max(1, len(batch.codes) // 2)
        parts = tuple(part[:half] for part in self._latents(batch, random))
        made, styles = self.networks["generator"](*parts, *(part[:half] for part in given))
        noise = standard_normal(tuple(made.shape), random).to(made.device) / (made[0].numel() ** 0.5)
        (slope,) = torch.autograd.grad((made * noise).sum(), styles, create_graph=True)
        lengths = slope.square().sum(dim=2).mean(dim=1).sqrt()
        mean = _bare(self.networks["generator"]).path_mean
        mean.lerp_(lengths.detach().mean(), 0.01)
        penalty = (lengths - mean).square().mean()
        self.descend("generator", self.config.path_length * self.config.path_every * penalty)
        return {"path_length": penalty.detach()}

    def _scores(
        self, critic: nn.Module, codes: Tensor, given: tuple[Tensor, ...], random: torch.Generator
    ) -> Tensor:
        score: Tensor = critic(self.networks["augment"](codes, random), *given)
        return score

    def _latents(self, batch: CodeBatch, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Two latents of each loop, and the layer at which the second takes over (the last: nowhere)."""
        config, count = self.config, len(batch.codes)
        layers = 2 * (config.levels + 1)
        pair = standard_normal((2, count, config.latent + config.noise), random)
        cut = torch.randint(1, layers, (count,), generator=random)
        whole = torch.rand(count, generator=random) >= config.mixing_chance
        cut = torch.where(whole, layers, cut)
        device = batch.codes.device
        return pair[0].to(device), pair[1].to(device), cut.to(device)

    @torch.no_grad()
    def sample(self, voice: Tensor, controls: Tensor, known: Tensor, random: torch.Generator) -> Tensor:
        """New loops with the truncation that is exported."""
        size = (len(voice), self.config.latent + self.config.noise)
        latent = standard_normal(size, random).to(voice.device)
        truncation = torch.full((len(voice),), self.config.truncation, device=voice.device)
        network: Any = self.networks["average"].network
        made: Tensor = network.generate(latent, voice, controls, known, truncation)
        return made

    def graph(self) -> Graph:
        """Latent to codes in one call, with the style to be seen and moved on the way."""
        config, controls = self.config, list(self.data.controls)
        size = config.latent + config.noise
        network: Any = self.networks["average"].network
        shape = (network.layers, config.style)
        inputs = {
            "latent": torch.zeros(2, size),
            "voice": torch.zeros(2, dtype=torch.int64),
            "truncation": torch.ones(2),
            "style_offset": torch.zeros(2, *shape),
        }
        if controls:
            inputs |= {"controls": torch.zeros(2, len(controls)), "known": torch.zeros(2, len(controls))}
        factors = to_numpy(network.style_factors(min(FACTORS, config.style)))
        sampler = {
            "kind": "direct",
            "truncation": config.truncation,
            "style_shape": shape,
            "style_factors": factors,
            "factors": len(factors),
        }
        entry: dict[str, Any] = {"latent_shape": [size], "controls": controls, "sampler": sampler}
        return Graph(_Playing(network), inputs, ("codes", "style"), entry)


class _Playing(nn.Module):
    """The generator as it is exported: constants folded, inputs by the names of a pack."""

    def __init__(self, generator: StyleGenerator) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator).eval()
        self.generator.fold()

    def forward(
        self,
        latent: Tensor,
        voice: Tensor,
        truncation: Tensor,
        controls: Tensor | None = None,
        known: Tensor | None = None,
        style_offset: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Codes (batch, patches, dims), and the style before ``style_offset`` is added (batch, style)."""
        return self.generator.generate_styled(latent, voice, controls, known, truncation, style_offset)


def _bare(network: nn.Module) -> Any:
    """A network without what Fabric wraps it in; several devices need not gather gradients of what it
    computes.
    """
    return getattr(network, "module", network)
