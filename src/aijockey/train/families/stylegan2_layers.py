"""Layers of a StyleGAN2 in one and two dimensions: time wraps around, frequency has edges.

Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020). Learning rates are equalised
(Karras et al., "Progressive growing of GANs", 2018): weights are drawn from a unit normal and scaled where
they are used. The one-dimensional form has shapes (batch, channels, patches), the two-dimensional (batch,
channels, bands, frames).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.representation.patch_code import PatchCode
from aijockey.train.families.base import DataInfo
from aijockey.train.families.circular import wrap

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d}
POOLINGS = {1: F.avg_pool1d, 2: F.avg_pool2d}


def activate(x: Tensor) -> Tensor:
    """Leaky rectifier that keeps the variance of unit-normal input at about 1."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2.0)


def normalize(x: Tensor) -> Tensor:
    """Scale rows to a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + 1e-8)


def pad(x: Tensor, size: int, axes: int) -> Tensor:
    """Time around the circle; frequency with zeros, which also tell a layer where the edges of the spectrum
    are.
    """
    if size == 0:
        return x
    x = wrap(x, size)
    return F.pad(x, (0, 0, size, size)) if axes == 2 else x


def enlarge(x: Tensor) -> Tensor:
    """Twice as many columns (and rows), each repeated: a subdivision, not an interpolation across it."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


class EqualLinear(nn.Module):
    """Linear layer of equalised rate; ``rate`` slows its learning further, as in the mapping network."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.gain, self.bias_gain = rate / math.sqrt(inputs), rate

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        if self.gain == 1.0:
            return F.linear(x, self.weight, self.bias)
        return F.linear(x, self.weight * self.gain, self.bias * self.bias_gain)

    @torch.no_grad()
    def fold(self) -> None:
        """Put the gains into the weights, for export."""
        self.weight.mul_(self.gain)
        self.bias.mul_(self.bias_gain)
        self.gain = self.bias_gain = 1.0


class EqualConv(nn.Module):
    """Convolution of equalised rate with an odd kernel; the size of its input stays."""

    def __init__(self, axes: int, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.axes, self.margin = axes, kernel // 2
        self.weight = nn.Parameter(torch.randn(outputs, inputs, *[kernel] * axes))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1.0 / math.sqrt(inputs * kernel**axes)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, …) -> (batch, outputs, …)."""
        y: Tensor = CONVOLUTIONS[self.axes](
            pad(x, self.margin, self.axes), self.weight * self.gain, self.bias
        )
        return y


class ModulatedConv(nn.Module):
    """Convolution whose input channels are scaled by a style, its output brought back to unit variance.

    Computed as: scale the input, convolve with one shared weight, scale the output by
    ``1 / sqrt(style^2 @ sum of squared weights)``. That equals the paper's convolution with a weight of each
    example's own, needs no grouped convolution, and its sum of squares is a constant once training is over
    (`fold`).
    """

    squares: Tensor | None

    def __init__(
        self, axes: int, inputs: int, outputs: int, style: int, kernel: int = 3, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.axes, self.margin, self.demodulate = axes, kernel // 2, demodulate
        self.style = EqualLinear(style, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, *[kernel] * axes))
        self.gain = 1.0 / math.sqrt(inputs * kernel**axes)
        self.register_buffer("squares", None)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(batch, inputs, …) with style (batch, style) -> (batch, outputs, …)."""
        weight = self.weight if self.gain == 1.0 else self.weight * self.gain
        scale = self.style(style)
        y: Tensor = CONVOLUTIONS[self.axes](pad(self._spread(scale) * x, self.margin, self.axes), weight)
        if self.demodulate:
            squares = self._sum_squares(weight) if self.squares is None else self.squares
            y = y * self._spread(torch.rsqrt(scale.square() @ squares.T + 1e-8))
        return y

    def _spread(self, x: Tensor) -> Tensor:
        return x.view(*x.shape, *[1] * self.axes)

    @staticmethod
    def _sum_squares(weight: Tensor) -> Tensor:
        """(outputs, inputs)."""
        return weight.square().flatten(2).sum(dim=2)

    @torch.no_grad()
    def fold(self) -> None:
        """Put the gain into the weight and compute its sum of squares once, for export."""
        self.weight.mul_(self.gain)
        self.gain = 1.0
        if self.demodulate:
            self.squares = self._sum_squares(self.weight)


class StyledConv(nn.Module):
    """Modulated convolution, noise of a learned strength, bias, activation."""

    def __init__(self, axes: int, inputs: int, outputs: int, style: int) -> None:
        super().__init__()
        self.axes = axes
        self.convolve = ModulatedConv(axes, inputs, outputs, style)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """(batch, inputs, …), noise (batch, 1, …)."""
        y = self.convolve(x, style) + self.strength * noise
        return activate(y + self.bias.view(-1, *[1] * self.axes))


class LatentNoise(nn.Module):
    """Noise maps of one layer, made from part of the latent by fixed matrices, so that a latent says
    everything.

    StyleGAN2 draws fresh noise at each call, and the same latent would then give other samples each time. Here,
    in one dimension, the noise is ``part @ R`` where R has orthonormal columns: exactly white for up to as many
    patches as the part has numbers. In two dimensions it is the mean of up to four products, one half of the
    part projected for each band, times the other half projected for each frame: of unit variance in every cell,
    and nearly uncorrelated between cells, though of low rank.
    """

    RANK = 4
    axis_0: Tensor
    axis_1: Tensor

    def __init__(self, size: int, shape: tuple[int, ...], seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.shape, self.middle = shape, size // 2
        if len(shape) == 1:
            self.register_buffer("axis_0", _orthonormal(size, shape[0], random), persistent=False)
            return
        self.rank = min(self.RANK, self.middle)
        for axis, length in enumerate(shape):
            # Orthonormal for each place, so that the products of one cell do not add up.
            matrices, _ = torch.linalg.qr(torch.randn(length, self.middle, self.rank, generator=random))
            self.register_buffer(f"axis_{axis}", matrices.permute(1, 2, 0).contiguous(), persistent=False)

    def forward(self, part: Tensor) -> Tensor:
        """(batch, size) -> (batch, 1, *shape)."""
        if len(self.shape) == 1:
            return (part @ self.axis_0).unsqueeze(1)
        bands = torch.einsum("bs,srf->brf", part[:, : self.middle], self.axis_0)
        frames = torch.einsum("bs,srt->brt", part[:, self.middle : 2 * self.middle], self.axis_1)
        return torch.einsum("brf,brt->bft", bands, frames).unsqueeze(1) / math.sqrt(self.rank)


def _orthonormal(size: int, length: int, random: torch.Generator) -> Tensor:
    """(size, length) with unit columns, orthogonal where there are at most ``size`` of them."""
    blocks = []
    for start in range(0, length, size):
        square, _ = torch.linalg.qr(torch.randn(size, size, generator=random))
        blocks.append(square[:, : min(size, length - start)])
    return torch.cat(blocks, dim=1)


class CodeMap(nn.Module):
    """Torch twin of `representation.patch_code.PatchCode`; its arrays are buffers, so they travel in
    checkpoints.
    """

    mean: Tensor
    basis: Tensor
    inverse: Tensor

    def __init__(self, data: DataInfo) -> None:
        super().__init__()
        self.patch_frames, self.bands = data.frames // data.patches, data.mel.bands
        size = self.patch_frames * self.bands
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("basis", torch.zeros(data.dims, size))
        self.register_buffer("inverse", torch.zeros(size, data.dims))

    @torch.no_grad()
    def load(self, code: PatchCode) -> None:
        """Take over a fitted code."""
        basis = torch.from_numpy(code.basis)
        self.mean.copy_(torch.from_numpy(code.mean))
        self.basis.copy_(basis)
        self.inverse.copy_((basis / basis.square().sum(dim=1, keepdim=True)).T)

    def decode(self, codes: Tensor) -> Tensor:
        """(batch, patches, dims) -> (batch, bands, frames)."""
        patches = codes @ self.basis + self.mean
        return patches.view(codes.shape[0], -1, self.bands).transpose(1, 2)

    def encode(self, mel: Tensor) -> Tensor:
        """(batch, bands, frames) -> (batch, patches, dims)."""
        patches = mel.transpose(1, 2).reshape(mel.shape[0], -1, self.patch_frames * self.bands)
        return (patches - self.mean) @ self.inverse

    @property
    def directions(self) -> Tensor:
        """How codes move when one band is louder by 1 (natural log) in the whole patch: (bands, dims)."""
        return self.inverse.view(self.patch_frames, self.bands, -1).sum(dim=0)
