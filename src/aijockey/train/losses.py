"""Losses between waveforms, and the adversarial ones, by the names that recipes weigh them with."""

import numpy as np
import torch
from torch import Tensor, nn

from aijockey.train.torch_mel import pad_circular, stft_centred


class MultiResolutionStft(nn.Module):
    """Distance of STFT magnitudes at several resolutions (Yamamoto et al. 2020).

    The mean over resolutions of spectral convergence plus the mean absolute difference of log magnitudes. Magnitudes
    are floored well below hearing so that silence does not dominate. The longest windows, a sixth and a third of a
    second, are what tells a bass note from its neighbours; without them a network has no reason to hold a pitch.
    """

    def __init__(
        self, windows: tuple[int, ...] = (512, 1024, 2048, 4096, 8192, 16384), floor: float = 1e-3
    ) -> None:
        super().__init__()
        self.windows, self.floor = windows, floor
        for size in windows:
            self.register_buffer(f"window_{size}", torch.hann_window(size), persistent=False)

    def forward(self, estimate: Tensor, truth: Tensor) -> Tensor:
        """Scalar distance of audio (batch, samples)."""
        total = estimate.new_zeros(())
        for size in self.windows:
            ours, theirs = (
                _power(audio, size, getattr(self, f"window_{size}")).sqrt() for audio in (estimate, truth)
            )
            difference = (theirs - ours).flatten(1).norm(dim=1) / theirs.flatten(1).norm(dim=1).clamp_min(
                self.floor
            )
            logarithmic = ((ours + self.floor).log() - (theirs + self.floor).log()).abs().mean()
            total = total + difference.mean() + logarithmic
        return total / len(self.windows)


class SemitoneDistance(nn.Module):
    """Distance of levels on the semitones, each counting alike: like `MultiResolutionStft`, on a scale of pitch.

    A wrong bass note moves three bins in thousands of a linear spectrum, which no network notices; here it moves
    two rows of six dozen. Windows of a third and two thirds of a second; the levels are those of the power under a
    bell a semitone wide.
    """

    def __init__(
        self,
        rate_hz: int,
        windows: tuple[int, ...] = (16384, 32768),
        count: int = 73,
        lowest_hz: float = 32.703,
        floor: float = 1e-3,
    ) -> None:
        super().__init__()
        self.windows, self.floor = windows, floor
        notes_hz = lowest_hz * 2.0 ** (np.arange(count) / 12.0)
        for size in windows:
            bins_hz = np.arange(size // 2 + 1) * rate_hz / size
            # At least as wide as what the window itself smears.
            width_hz = np.maximum(0.5 * notes_hz * (2.0 ** (1 / 12) - 1.0), rate_hz / size)
            bells = np.exp(-0.5 * np.square((bins_hz - notes_hz[:, None]) / width_hz[:, None]))
            # A sine of amplitude 1 on a note has about level 1.
            scale = bells.max(axis=1, keepdims=True) * (size / 4.0) ** 2 * 1.5
            used = int(notes_hz[-1] * 1.2 * size / rate_hz)
            matrix = (bells / scale)[:, :used].T.astype(np.float32)
            self.register_buffer(f"bells_{size}", torch.from_numpy(matrix), persistent=False)
            self.register_buffer(f"window_{size}", torch.hann_window(size), persistent=False)

    def forward(self, estimate: Tensor, truth: Tensor) -> Tensor:
        """Scalar distance of audio (batch, samples); windows longer than the audio are left out.

        Raises
        ------
        ValueError : all are.
        """
        windows = [size for size in self.windows if size <= truth.shape[-1]]
        if not windows:
            raise ValueError(f"{truth.shape[-1]} samples are less than a window of {min(self.windows)}")
        total = estimate.new_zeros(())
        for size in windows:
            ours, theirs = (self.levels(audio, size) for audio in (estimate, truth))
            scale = theirs.flatten(1).norm(dim=1).clamp_min(self.floor)
            convergence = (theirs - ours).flatten(1).norm(dim=1) / scale
            logarithmic = ((ours + self.floor).log() - (theirs + self.floor).log()).abs().mean()
            total = total + convergence.mean() + logarithmic
        return total / len(windows)

    def levels(self, audio: Tensor, size: int) -> Tensor:
        """Amplitudes (batch, semitones, frames) of audio (batch, samples) under windows of ``size``."""
        bells: Tensor = getattr(self, f"bells_{size}")
        power = _power(audio, size, getattr(self, f"window_{size}"))
        return ((power[:, : len(bells)].transpose(1, 2) @ bells).transpose(1, 2) + 1e-12).sqrt()


def _power(audio: Tensor, size: int, window: Tensor) -> Tensor:
    """Power (batch, bins, frames), a little above 0, of a circular STFT in steps of a quarter window."""
    usable = audio.shape[-1] - audio.shape[-1] % (size // 4)
    spectrum = stft_centred(pad_circular(audio[..., :usable], size), size, size // 4, window)
    return spectrum.real.square() + spectrum.imag.square() + 1e-12
