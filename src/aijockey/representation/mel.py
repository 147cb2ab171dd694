"""Circular log-mel on the musical grid: what generators make and vocoders read.

The hop divides a sixteenth (6,000 samples), so a frame never straddles the grid: 750 samples give 8 frames a
sixteenth and 256 a two-bar loop. Analysis wraps around, so a rotated loop has the rotated mel.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aijockey.audio.stft import Complex, Float, stft_circular
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES

if TYPE_CHECKING:
    import scipy.sparse


@dataclass(frozen=True)
class MelConfig:
    """What one log-mel means. Travels in every checkpoint and pack.

    ``floor`` is added to every band before the logarithm: amplitudes well below it are not told apart. At 1e-4,
    80 dB under a full-scale sine, a network spends nothing on what nobody hears between two hits.
    """

    rate_hz: int = RATE_HZ
    hop_samples: int = 750
    window_samples: int = 2048
    bands: int = 128
    low_hz: float = 20.0
    high_hz: float = 20_000.0
    floor: float = 1e-4

    def __post_init__(self) -> None:
        if SIXTEENTH_SAMPLES % self.hop_samples:
            raise ValueError(
                f"hop of {self.hop_samples} samples does not divide a sixteenth of {SIXTEENTH_SAMPLES}"
            )
        if not 0.0 <= self.low_hz < self.high_hz <= self.rate_hz / 2:
            raise ValueError(
                f"bands from {self.low_hz} to {self.high_hz} Hz do not fit a rate of {self.rate_hz} Hz"
            )


def hz_to_mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mel scale of O'Shaughnessy (1987): nearly linear below 700 Hz, logarithmic above."""
    return 2595.0 * np.log10(1.0 + np.asarray(frequency_hz, dtype=np.float64) / 700.0)


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)


def band_centres_hz(config: MelConfig) -> npt.NDArray[np.float64]:
    """Centre frequency of each band, (bands,)."""
    edges = np.linspace(hz_to_mel(config.low_hz), hz_to_mel(config.high_hz), config.bands + 2)
    return mel_to_hz(edges[1:-1])


def filterbank(config: MelConfig) -> Float:
    """Triangular filters over spectral power, (bands, window_samples // 2 + 1), each with a peak of about 1.

    A weight is the mean of the triangle over the width of its bin, not its value at the bin's centre, so that the
    lowest bands, narrower than a bin, are not empty.
    """
    bins = config.window_samples // 2 + 1
    width_hz = config.rate_hz / config.window_samples
    fine = 32
    offsets = (np.arange(fine) + 0.5) / fine - 0.5
    grid_hz = (np.arange(bins)[:, None] + offsets) * width_hz
    edges_hz = mel_to_hz(np.linspace(hz_to_mel(config.low_hz), hz_to_mel(config.high_hz), config.bands + 2))
    weights = np.empty((config.bands, bins))
    for band in range(config.bands):
        low, centre, high = edges_hz[band : band + 3]
        rise = (grid_hz - low) / (centre - low)
        fall = (high - grid_hz) / (high - centre)
        weights[band] = np.maximum(0.0, np.minimum(rise, fall)).mean(axis=1)
    return weights.astype(np.float32)


@dataclass(frozen=True)
class LogMel:
    """Encoder from circular audio to log-mel."""

    config: MelConfig = MelConfig()

    @cached_property
    def _filters(self) -> "scipy.sparse.csr_array":
        import scipy.sparse  # who plays without making loops needs none of it

        # A filter has few bins. With all the zeros between it took ten times as long, and the last bits of a mel
        # depended on the threads of a BLAS.
        return scipy.sparse.csr_array(filterbank(self.config))

    def encode(self, audio: Float) -> Float:
        """Natural logarithm of band amplitude: (..., samples) -> (..., bands, frames), float32.

        Amplitude is scaled so that a full-scale sine at a band's centre gives about 0. The number of samples must be
        a multiple of the hop.
        """
        config = self.config
        # Loop by loop: what a batch of spectra takes, some allocators fetch anew from the system each time, which took
        # longer than the transform (20 ms a loop in batches of 16, 7 ms like this).
        rows = [
            self.from_spectrum(stft_circular(row, config.window_samples, config.hop_samples))
            for row in audio.reshape(-1, audio.shape[-1])
        ]
        return np.stack(rows).reshape(*audio.shape[:-1], *rows[0].shape)

    def from_spectrum(self, spectrum: Complex) -> Float:
        """Log-mel of a `stft_circular` with this window and hop: (..., bins, frames) -> (..., bands, frames)."""
        scale = (
            4.0 / self.config.window_samples
        )  # a Hann window sums to half its length; a sine splits in two
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        amplitude = np.sqrt(self._bands_of(power)) * scale
        return np.log(amplitude + self.config.floor).astype(np.float32)

    def _bands_of(self, power: Float) -> Float:
        """Power in bands, (..., bands, frames)."""
        rows = [self._filters @ each for each in power.reshape(-1, *power.shape[-2:])]
        return np.stack(rows).reshape(*power.shape[:-2], *rows[0].shape)
