"""Generator and critic of a StyleGAN2 over the grid, in two forms with the same blocks.

``light``: one-dimensional along time over codes, frequency is channels. ``full``: two-dimensional over the
log-mel. Both speak codes: the full generator's mel goes through the patch code's encoder and the full
critic's codes through its decoder, which are linear, so real and generated loops lie in the same space and a
pack needs to know one contract.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.train.families.base import DataInfo
from aijockey.train.families.stylegan2_layers import (
    POOLINGS,
    CodeMap,
    EqualConv,
    EqualLinear,
    LatentNoise,
    ModulatedConv,
    StyledConv,
    activate,
    enlarge,
    normalize,
)

# Log amplitudes lie around -6 with a spread of 3.
MEL_MEAN, MEL_SPREAD = -6.0, 3.0
STYLE_MEAN_RATE = 0.01


@dataclass(frozen=True)
class Shape:
    """Sizes of a network from its coarse map to full resolution.

    Attributes
    ----------
    axes : 1 (time) or 2 (frequency, time). coarse : size of the smallest map.
    channels : at each level, coarsest first. ends : channels at full resolution.
    """

    axes: int
    coarse: tuple[int, ...]
    channels: tuple[int, ...]
    ends: int

    @staticmethod
    def of(form: str, levels: int, widest: int, thinnest: int, data: DataInfo) -> "Shape":
        """Sizes of a form with so many doublings.

        Raises
        ------
        ValueError : the map cannot be halved so often.
        """
        fine = (data.patches,) if form == "light" else (data.mel.bands, data.frames)
        if any(size % 2**levels for size in fine):
            raise ValueError(f"a map of {fine} cannot be halved {levels} times; lower model.levels")
        channels = tuple(min(widest, thinnest * 2 ** (levels - level)) for level in range(levels + 1))
        coarse = tuple(size // 2**levels for size in fine)
        return Shape(len(fine), coarse, channels, data.dims if form == "light" else 1)

    @property
    def coarse_size(self) -> int:
        """Places in the smallest map."""
        return math.prod(self.coarse)


class Condition(nn.Module):
    """Voice and known controls as one vector of unit mean square."""

    def __init__(self, data: DataInfo, width: int) -> None:
        super().__init__()
        self.voice = nn.Embedding(len(data.voices), width)
        # A control is seen as its value and as whether it is known at all.
        self.controls = EqualLinear(2 * len(data.controls), width) if data.controls else None

    def forward(self, voice: Tensor, controls: Tensor | None, known: Tensor | None) -> Tensor:
        """voice (batch,), controls and known (batch, n) -> (batch, width)."""
        vector = self.voice(voice)
        if self.controls is not None and controls is not None and known is not None:
            vector = vector + self.controls(torch.cat([controls * known, known], dim=-1))
        return normalize(vector)


class Mapping(nn.Module):
    """Latent and condition to style, truncated towards the mean style of each voice."""

    style_mean: Tensor

    def __init__(self, latent: int, style: int, layers: int, data: DataInfo) -> None:
        super().__init__()
        self.condition = Condition(data, style)
        sizes = [latent + style] + [style] * layers
        self.layers = nn.ModuleList(EqualLinear(a, b, rate=0.01) for a, b in pairwise(sizes))
        self.register_buffer("style_mean", torch.zeros(len(data.voices), style))

    def forward(
        self,
        latent: Tensor,
        voice: Tensor,
        controls: Tensor | None,
        known: Tensor | None,
        truncation: Tensor | None,
    ) -> Tensor:
        """Style (batch, style); ``truncation`` (batch,): 1 or None leaves it, 0 is the voice's mean."""
        w = torch.cat([normalize(latent), self.condition(voice, controls, known)], dim=-1)
        for layer in self.layers:
            w = activate(layer(w))
        if self.training:
            self._follow(w.detach(), voice)
        if truncation is None:
            return w
        return torch.lerp(F.embedding(voice, self.style_mean), w, truncation[:, None])

    @torch.no_grad()
    def _follow(self, w: Tensor, voice: Tensor) -> None:
        """Let the mean style of each voice in the batch follow, the faster the more loops it has."""
        count = torch.zeros(len(self.style_mean), device=w.device).index_add_(
            0, voice, torch.ones_like(voice, dtype=w.dtype)
        )
        total = torch.zeros_like(self.style_mean).index_add_(0, voice, w.to(self.style_mean.dtype))
        rate = 1.0 - (1.0 - STYLE_MEAN_RATE) ** count[:, None]
        self.style_mean.lerp_(total / count[:, None].clamp_min(1.0), rate)


class StyleGenerator(nn.Module):
    """Latent to codes.

    The latent's first ``latent`` numbers make the style, its last ``noise`` numbers the noise of every layer.
    The coarse map is a linear function of the style, not a constant: a style that only scales channels can
    hardly say which steps sound.
    """

    path_mean: Tensor

    def __init__(
        self, shape: Shape, latent: int, noise: int, style: int, mapping_layers: int, data: DataInfo
    ) -> None:
        super().__init__()
        self.shape, self.latent, self.noise_size = shape, latent, noise
        self.mapping = Mapping(latent, style, mapping_layers, data)
        self.coarse = EqualLinear(style, shape.channels[0] * shape.coarse_size)
        self.convolutions, self.noises, self.exits = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        before = shape.channels[0]
        for level, channels in enumerate(shape.channels):
            size = tuple(length * 2**level for length in shape.coarse)
            for part in range(2):
                self.convolutions.append(StyledConv(shape.axes, before, channels, style))
                self.noises.append(LatentNoise(noise, size, seed=2 * level + part))
                before = channels
            self.exits.append(
                ModulatedConv(shape.axes, channels, shape.ends, style, kernel=1, demodulate=False)
            )
        self.bias = nn.Parameter(torch.zeros(shape.ends, *[1] * shape.axes))
        self.code = CodeMap(data) if shape.axes == 2 else None
        self.register_buffer("path_mean", torch.zeros(()))

    @property
    def layers(self) -> int:
        """Styles that can differ within one loop."""
        return len(self.convolutions)

    def forward(
        self,
        latent: Tensor,
        partner: Tensor,
        cut: Tensor,
        voice: Tensor,
        controls: Tensor | None,
        known: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Training: codes, and styles (batch, layers, style); from layer ``cut`` (batch,) on the style is a
        partner's.

        latent and partner (batch, latent + noise), voice (batch,), controls and known (batch, n).
        """
        own = self.mapping(latent[:, : self.latent], voice, controls, known, None)
        other = self.mapping(partner[:, : self.latent], voice, controls, known, None)
        layer = torch.arange(self.layers, device=cut.device)
        styles = torch.where((layer < cut[:, None])[..., None], own[:, None], other[:, None])
        return self.paint(list(styles.unbind(1)), latent[:, self.latent :]), styles

    def generate(
        self, latent: Tensor, voice: Tensor, controls: Tensor | None, known: Tensor | None, truncation: Tensor
    ) -> Tensor:
        """Playing: codes (batch, patches, dims) of latent (batch, latent + noise), voice and truncation
        (batch,).
        """
        return self.generate_styled(latent, voice, controls, known, truncation, None)[0]

    def generate_styled(
        self,
        latent: Tensor,
        voice: Tensor,
        controls: Tensor | None,
        known: Tensor | None,
        truncation: Tensor,
        offset: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """`generate`, and the style (batch, style) that the latent made.

        offset : (batch, layers, style), added to the style of each layer: directions move it, and the difference of two
            styles in some layers mixes them. The noise stays the latent's.
        """
        w = self.mapping(latent[:, : self.latent], voice, controls, known, truncation)
        styles = [w] * self.layers if offset is None else list((w[:, None] + offset).unbind(1))
        return self.paint(styles, latent[:, self.latent :]), w

    @torch.no_grad()
    def style_factors(self, count: int) -> Tensor:
        """The directions of the style that the layers' own weights amplify most, strongest first: (count, style).

        Shen and Zhou, "Closed-form factorization of latent semantics in GANs" (SeFa, 2021): eigenvectors of the affine
        layers' Gram matrix. All layers that a style enters count, the coarse map, which is the first, with them.
        """
        weights = [self.coarse.weight * self.coarse.gain]
        for module in self.modules():
            if isinstance(module, ModulatedConv):
                weights.append(module.style.weight * module.style.gain)
        # Each layer weighs the same, however many channels it has.
        rows = torch.cat([weight / weight.norm() for weight in weights])
        return torch.linalg.eigh(rows.T @ rows)[1].T.flip(0)[:count].clone()

    def paint(self, styles: list[Tensor], noise: Tensor) -> Tensor:
        """Codes of one style a layer, each (batch, style), and the latent's noise part."""
        x = self.coarse(styles[0]).view(noise.shape[0], self.shape.channels[0], *self.shape.coarse)
        picture: Tensor | None = None
        for layer, (convolution, source) in enumerate(zip(self.convolutions, self.noises, strict=True)):
            if layer % 2 == 0 and layer > 0:
                x = enlarge(x)
            x = convolution(x, styles[layer], source(noise))
            if layer % 2 == 1:
                part = self.exits[layer // 2](x, styles[layer])
                picture = part if picture is None else enlarge(picture) + part
        assert picture is not None
        picture = picture + self.bias
        if self.code is None:
            return picture.transpose(1, 2)  # (batch, dims, patches) -> (batch, patches, dims)
        return self.code.encode(picture.squeeze(1) * MEL_SPREAD + MEL_MEAN)

    def fold(self) -> None:
        """Make constants of everything that only training needs apart."""
        for module in self.modules():
            if isinstance(module, EqualLinear | ModulatedConv):
                module.fold()


class CriticBlock(nn.Module):
    """Residual block that halves its map."""

    def __init__(self, axes: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.axes = axes
        self.first = EqualConv(axes, inputs, inputs, 3)
        self.second = EqualConv(axes, inputs, outputs, 3)
        self.skip = EqualConv(axes, inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, …) -> (batch, outputs, … / 2)."""
        pool = POOLINGS[self.axes]
        y = activate(pool(self.second(activate(self.first(x))), 2))
        total: Tensor = (y + self.skip(pool(x, 2))) / math.sqrt(2.0)
        return total


class Critic(nn.Module):
    """Scores codes as real (high) or generated, as loops of their voice and controls.

    A projection critic: Miyato and Koyama, "cGANs with projection discriminator" (2018).
    """

    def __init__(self, shape: Shape, data: DataInfo) -> None:
        super().__init__()
        self.shape = shape
        self.code = CodeMap(data) if shape.axes == 2 else None
        channels = shape.channels[::-1]
        self.enter = EqualConv(shape.axes, shape.ends, channels[0], 1)
        self.blocks = nn.ModuleList(CriticBlock(shape.axes, a, b) for a, b in pairwise(channels))
        width = channels[-1]
        self.gather = EqualConv(shape.axes, width + 1, width, 3)
        self.features = EqualLinear(width * shape.coarse_size, width)
        self.condition = Condition(data, width)
        self.leave = EqualLinear(width, 1)

    def forward(self, codes: Tensor, voice: Tensor, controls: Tensor | None, known: Tensor | None) -> Tensor:
        """(batch,) of codes (batch, patches, dims)."""
        if self.code is None:
            x = codes.transpose(1, 2)  # dims are channels
        else:
            x = ((self.code.decode(codes) - MEL_MEAN) / MEL_SPREAD).unsqueeze(1)
        x = activate(self.enter(x))
        for block in self.blocks:
            x = block(x)
        x = activate(self.gather(torch.cat([x, minibatch_deviation(x)], dim=1)))
        x = activate(self.features(x.flatten(1)))
        matched: Tensor = (x * self.condition(voice, controls, known)).mean(dim=1) * math.sqrt(x.shape[1])
        return self.leave(x).squeeze(1) + matched


def minibatch_deviation(x: Tensor, group: int = 4) -> Tensor:
    """How much examples differ within groups of the batch, as one more channel (Karras et al. 2018).

    (batch, channels, …) -> (batch, 1, …). A generator that makes the same loop again and again is betrayed by
    it.
    """
    size = next(size for size in range(min(group, len(x)), 0, -1) if len(x) % size == 0)
    groups = x.view(size, -1, *x.shape[1:])
    deviation = (groups.var(dim=0, correction=0) + 1e-8).sqrt().flatten(1).mean(dim=1)
    return deviation.repeat(size).view(-1, *[1] * (x.ndim - 1)).expand(-1, 1, *x.shape[2:])
