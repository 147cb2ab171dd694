"""A vocoder as it is exported: the arithmetic of `vocos_network.VocosNetwork`, frame by frame until its end.

Traced as it is trained, with channels before frames, a tenth of its time went into transposes, another into a gelu
written out, more into padding what the partials add to a fifth of the bins. Here all is (batch, frames, channels), and
the bins that partials reach and those above are made apart.

The parameters are the trained network's own. The module is only traced; the exporter compares what it became with
the trained one.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.train.families.graph_layers import (
    circular_convolution,
    circular_depthwise,
    linear,
    one_by_one,
    row_norm,
    softplus,
)
from aijockey.train.families.vocos_network import (
    CONTRAST_LIMIT,
    CONTRAST_UNIT,
    ConvNextBlock,
    Oscillators,
    Partials,
    VocosNetwork,
)


class VocosGraph(nn.Module):
    """What `vocos_network.VocosNetwork` computes of a whole loop, to be traced."""

    spread: Tensor

    def __init__(self, network: VocosNetwork) -> None:
        super().__init__()
        self.network = network
        bins, partials = network.bins, network.partials
        edges = [0, bins] if partials is None or partials.bins >= bins else [0, partials.bins, bins]
        # Bins in one or two ranges, each with the rows of the last layer that make its real and its imaginary part.
        self.ranges = nn.ModuleList(BinRange(network, low, high) for low, high in pairwise(edges))
        # Whole numbers, exact also in half precision: five times a band less the five around it.
        around = around_bands(network.prior.shape[1] - 1)
        self.register_buffer("spread", around, persistent=False)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary part, (batch, bins, frames * subframes) each, of (batch, bands, frames)."""
        network = self.network
        normal = (mel + 6.0) / 3.0
        x = circular_convolution(normal, network.enter)
        if network.oscillators is not None:
            x = x + _oscillate(network.oscillators, normal)
        x = _norm(x, network.enter_norm)
        for block in network.blocks:
            assert isinstance(block, ConvNextBlock)
            y = block.norm(circular_depthwise(x, block.depthwise))
            y = F.gelu(block.hidden(y), approximate="tanh")
            # Weights times the scale are made once, when the graph is loaded.
            x = x + linear(y, block.scale[:, None] * block.out.weight, block.scale * block.out.bias)
        features = _norm(x, network.norm)
        bands = mel.transpose(1, 2)  # (batch, frames, bands) from here on
        levels = between_rows(bands, network.subframes)
        parts = [part(features, levels) for part in self.ranges]
        if network.partials is not None:
            added = self._partials(network.partials, features, mel, bands)
            parts[0] = (parts[0][0] + added[0], parts[0][1] + added[1])
        # Frames first -> bins first.
        real, imag = ([part[side].transpose(1, 2) for part in parts] for side in (0, 1))
        return torch.cat(real, dim=1), torch.cat(imag, dim=1)

    def _partials(
        self, partials: Partials, features: Tensor, mel: Tensor, bands: Tensor
    ) -> tuple[Tensor, Tensor]:
        standing = torch.clamp((self.spread @ mel) * (CONTRAST_UNIT / 5.0), -CONTRAST_LIMIT, CONTRAST_LIMIT)
        heard = F.gelu(circular_convolution(standing, partials.listen), approximate="tanh")
        level = softplus(partials.level(features) + one_by_one(heard, partials.heard))
        level = level * torch.exp(torch.clamp(F.linear(bands, partials.prior), max=3.0))
        level = between_rows(level, partials.subframes)
        sines = torch.cat([level, level], dim=2) * partials.bank.T
        return F.linear(sines, partials.columns[0]), F.linear(sines, partials.columns[1])


class BinRange(nn.Module):
    """Some of the bins of every spectrum frame: what the network says of them, times the mel's envelope."""

    real_weight: Tensor
    real_bias: Tensor
    imag_weight: Tensor
    imag_bias: Tensor
    prior: Tensor
    constant: Tensor

    def __init__(self, network: VocosNetwork, low: int, high: int) -> None:
        super().__init__()
        self.bins = high - low
        width, sides = network.leave.in_features, (network.subframes, 2, network.bins)
        weight = network.leave.weight.detach().view(*sides, width)[:, :, low:high]
        bias = network.leave.bias.detach().view(*sides)[:, :, low:high]
        for side, name in enumerate(("real", "imag")):
            self.register_buffer(f"{name}_weight", weight[:, side].reshape(-1, width).clone())
            self.register_buffer(f"{name}_bias", bias[:, side].reshape(-1).clone())
        self.register_buffer("prior", network.prior[low:high, :-1].clone())
        self.register_buffer("constant", network.prior[low:high, -1].clone())

    def forward(self, features: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary part, (batch, frames * subframes, bins) each."""
        magnitude = torch.exp(torch.clamp(linear(levels, self.prior, self.constant), max=7.0))
        frames = levels.shape[1]
        real = linear(features, self.real_weight, self.real_bias).reshape(-1, frames, self.bins)
        imag = linear(features, self.imag_weight, self.imag_bias).reshape(-1, frames, self.bins)
        return magnitude * real, magnitude * imag


def _norm(x: Tensor, norm: nn.LayerNorm) -> Tensor:
    return row_norm(x, norm.weight, norm.bias, norm.eps)


def _oscillate(oscillators: Oscillators, normal: Tensor) -> Tensor:
    heard = F.gelu(circular_convolution(normal, oscillators.listen), approximate="tanh")
    gains = softplus(one_by_one(heard, oscillators.gains))
    return one_by_one(gains * oscillators.bank.T, oscillators.mix)


def between_rows(rows: Tensor, subframes: int) -> Tensor:
    """`vocos_network.between` of (batch, frames, numbers)."""
    following = torch.cat([rows[:, 1:], rows[:, :1]], dim=1)
    parts = [rows, *(torch.lerp(rows, following, part / subframes) for part in range(1, subframes))]
    return torch.cat(parts, dim=2).reshape(-1, rows.shape[1] * subframes, rows.shape[2])


def around_bands(bands: int) -> Tensor:
    """Five times a band less it and the two on either side, the outermost standing for those beyond: (bands, bands)."""
    matrix = 5.0 * torch.eye(bands)
    for offset in range(-2, 3):
        place = torch.arange(bands)
        matrix[place, (place + offset).clamp(0, bands - 1)] -= 1.0
    return matrix
