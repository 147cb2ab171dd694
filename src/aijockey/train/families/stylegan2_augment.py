"""Adaptive augmentation that leaves the downbeat where it is.

Karras et al., "Training generative adversarial networks with limited data" (ADA, 2020): the critic sees only
augmented loops, real and generated, and the chance of each augmentation follows how surely the critic knows
the real ones. Images may be turned; loops may not, since a shift by anything but bars moves the downbeat. So:
rotation by whole bars, gain, and a filter of four broad bands. Gain and filter add to the log-mel, which in
codes is a shift too.
"""

import torch
from torch import Tensor, nn

from aijockey.music.grid import BAR_SAMPLES
from aijockey.train.families.base import DataInfo
from aijockey.train.families.stylegan2_layers import CodeMap

GAIN_SPREAD = 0.35
"""Natural logarithm: 3 dB."""
FILTER_SPREAD = 0.35
FILTER_BANDS = 4
MOST_CHANCE = 0.8
"""Above this, augmentations leak into what is generated (Karras et al. 2020, section 2.2)."""


class AdaptiveAugment(nn.Module):
    """Augments codes with a chance that adapts; the chance is a buffer, so a resumed run goes on with it.

    Parameters
    ----------
    target : wanted share of real loops that the critic is sure of, less that of the others; 0 switches all
        off.
    loops : real loops over which the chance can go from 0 to 1.
    """

    chance: Tensor
    certainty: Tensor
    hats: Tensor

    def __init__(self, data: DataInfo, target: float, loops: int) -> None:
        super().__init__()
        self.target, self.loops = target, loops
        self.bars = data.samples // BAR_SAMPLES
        self.code = CodeMap(data)
        self.register_buffer("chance", torch.zeros(()))
        self.register_buffer("certainty", torch.zeros(()))
        place = torch.linspace(0.0, FILTER_BANDS - 1.0, data.mel.bands)
        hats = (1.0 - (place - torch.arange(FILTER_BANDS)[:, None]).abs()).clamp_min(0.0)
        self.register_buffer("hats", hats, persistent=False)

    def forward(self, codes: Tensor, random: torch.Generator) -> Tensor:
        """Codes (batch, patches, dims), each augmentation of each loop by chance."""
        chance, batch = float(self.chance), len(codes)
        if self.target == 0.0 or chance == 0.0:
            return codes
        # Drawn on the CPU, so that a run does not depend on its device.
        gain = torch.randn(batch, 1, generator=random) * GAIN_SPREAD * _happens((batch, 1), chance, random)
        levels = torch.randn(batch, FILTER_BANDS, generator=random) * FILTER_SPREAD
        levels = levels * _happens((batch, FILTER_BANDS), chance, random)
        curve = gain.to(codes.device) + levels.to(codes.device) @ self.hats
        turns = torch.randint(0, max(1, self.bars), (batch,), generator=random) * _happens(
            (batch,), chance, random
        )
        return self.rotate(codes + (curve @ self.code.directions)[:, None], turns.to(codes.device))

    def rotate(self, codes: Tensor, turns: Tensor) -> Tensor:
        """Rotate each loop later by so many bars."""
        if self.bars < 2:
            return codes
        patches = codes.shape[1]
        shift = turns.long() * (patches // self.bars)
        place = (torch.arange(patches, device=codes.device) - shift[:, None]) % patches
        return codes.gather(1, place[..., None].expand_as(codes))

    @torch.no_grad()
    def adapt(self, certain: Tensor) -> None:
        """Follow the critic: ``certain`` (batch,) is positive where it took a real loop for real."""
        self.certainty.lerp_(certain.sign().mean().to(self.certainty), 0.05)
        step = torch.sign(self.certainty - self.target) * len(certain) / self.loops
        self.chance.add_(step).clamp_(0.0, MOST_CHANCE)


def _happens(shape: tuple[int, ...], chance: float, random: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=random) < chance
