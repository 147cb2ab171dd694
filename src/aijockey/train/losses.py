"""Losses between waveforms, and the adversarial ones, by the names that recipes weigh them with."""

import torch
from torch import Tensor, nn

from aijockey.train.torch_mel import pad_circular, stft_centred


class MultiResolutionStft(nn.Module):
    """Distance of STFT magnitudes at several resolutions (Yamamoto et al. 2020).

    The mean over resolutions of spectral convergence plus the mean absolute difference of log magnitudes. Magnitudes
    are floored well below hearing so that silence does not dominate. The longest window, a third of a second, is what
    tells a bass note from its neighbours; without it a network has no reason to hold a pitch.
    """

    def __init__(
        self, windows: tuple[int, ...] = (512, 1024, 2048, 4096, 16384), floor: float = 1e-3
    ) -> None:
        super().__init__()
        self.windows, self.floor = windows, floor
        for size in windows:
            self.register_buffer(f"window_{size}", torch.hann_window(size), persistent=False)

    def forward(self, estimate: Tensor, truth: Tensor) -> Tensor:
        """Scalar distance of audio (batch, samples)."""
        total = estimate.new_zeros(())
        for size in self.windows:
            ours, theirs = self._magnitude(estimate, size), self._magnitude(truth, size)
            difference = (theirs - ours).flatten(1).norm(dim=1) / theirs.flatten(1).norm(dim=1).clamp_min(
                self.floor
            )
            logarithmic = ((ours + self.floor).log() - (theirs + self.floor).log()).abs().mean()
            total = total + difference.mean() + logarithmic
        return total / len(self.windows)

    def _magnitude(self, audio: Tensor, size: int) -> Tensor:
        window = getattr(self, f"window_{size}")
        usable = audio.shape[-1] - audio.shape[-1] % (size // 4)
        spectrum = stft_centred(pad_circular(audio[..., :usable], size), size, size // 4, window)
        return (spectrum.real.square() + spectrum.imag.square() + 1e-12).sqrt()
