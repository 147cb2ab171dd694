"""Judges of waveforms: multi-period (Kong et al., HiFi-GAN, 2020), multi-resolution (Jang et al., UnivNet, 2021).

They are kept narrow so that two CPU cores can train against them; a GPU recipe widens them.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from aijockey.train.torch_mel import pad_circular, stft_centred


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Sizes of the judges.

    Attributes
    ----------
    periods : samples between the columns that a multi-period judge sees.
    windows : STFT windows of the multi-resolution judges.
    channels : of their first layers.
    """

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    windows: tuple[int, ...] = (512, 1024, 2048)
    channels: int = 16


class PeriodJudge(nn.Module):
    """Sees every ``period``-th sample as a column."""

    def __init__(self, period: int, channels: int) -> None:
        super().__init__()
        self.period = period
        sizes = [1, channels, 2 * channels, 4 * channels, 4 * channels]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in pairwise(sizes)
        )
        self.leave = weight_norm(nn.Conv2d(sizes[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores and features of (batch, samples)."""
        usable = audio.shape[-1] - audio.shape[-1] % self.period
        return _run(audio[:, None, :usable].unflatten(-1, (-1, self.period)), self.layers, self.leave)


class ResolutionJudge(nn.Module):
    """Sees the magnitudes of an STFT, compressed to a 0.3 power."""

    window: Tensor

    def __init__(self, window_samples: int, channels: int) -> None:
        super().__init__()
        self.window_samples = window_samples
        self.register_buffer("window", torch.hann_window(window_samples), persistent=False)
        sizes = [1, channels, channels, 2 * channels, 2 * channels]
        # Frequency (the third axis) is halved at each layer, time at the first two.
        strides = [(2, 1), (2, 2), (2, 2), (2, 1)]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (7, 5), stride, (3, 2)))
            for a, b, stride in zip(sizes, sizes[1:], strides, strict=False)
        )
        self.leave = weight_norm(nn.Conv2d(sizes[-1], 1, (3, 3), padding=(1, 1)))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores and features of (batch, samples)."""
        hop = self.window_samples // 4
        usable = audio.shape[-1] - audio.shape[-1] % hop
        spectrum = stft_centred(
            pad_circular(audio[:, :usable], self.window_samples), self.window_samples, hop, self.window
        )
        magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-8).pow(0.15)
        return _run(magnitude[:, None], self.layers, self.leave)


def _run(x: Tensor, layers: nn.ModuleList, leave: nn.Module) -> tuple[Tensor, list[Tensor]]:
    features = []
    for layer in layers:
        x = F.leaky_relu(layer(x), 0.1)
        features.append(x)
    return leave(x), features


class Discriminators(nn.Module):
    """All judges together, with hinge losses (Lim and Ye 2017)."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.judges = nn.ModuleList(
            [PeriodJudge(period, config.channels) for period in config.periods]
            + [ResolutionJudge(window, config.channels) for window in config.windows]
        )

    def judge_loss(self, made: Tensor, truth: Tensor) -> Tensor:
        """Loss of the judges on detached audio."""
        total = made.new_zeros(())
        for judge in self.judges:
            total = total + F.relu(1.0 - judge(truth)[0]).mean() + F.relu(1.0 + judge(made)[0]).mean()
        return total / len(self.judges)

    def maker_losses(self, made: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        """How far the judges are from being fooled, and the distance of their features relative to the truth's size."""
        fooled, distance = made.new_zeros(()), made.new_zeros(())
        for judge in self.judges:
            score, ours = judge(made)
            with torch.no_grad():
                _, theirs = judge(truth)
            fooled = fooled + F.relu(1.0 - score).mean()
            parts = [
                F.l1_loss(a, b) / b.abs().mean().clamp_min(1e-4) for a, b in zip(ours, theirs, strict=True)
            ]
            distance = distance + torch.stack(parts).mean()
        return fooled / len(self.judges), distance / len(self.judges)
