"""From the engine's 48 kHz to a device that runs at another rate, block by block."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import soxr

from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
# Fills a block (samples, channels) and returns False when it was the last.
Fill = Callable[[Float], bool]

PULL_SAMPLES = 128
QUALITY = "HQ"


class RateAdapter:
    """A `Fill` at ``rate_hz`` made of one at 48 kHz; what it gives equals resampling the whole at once.

    The resampler (libsoxr, linear phase) works in chunks: up to `latency_samples` (24 ms) of the source are taken
    before they are heard, several hundred at once, so the source must have them. At 48 kHz nothing is changed
    or delayed.

    Parameters
    ----------
    fill : fills blocks (samples, channels) at 48 kHz; False when its block was the last.
    """

    def __init__(self, fill: Fill, rate_hz: int, channels: int = 2) -> None:
        self._source, self.rate_hz, self._channels = fill, rate_hz, channels
        self._resampler = soxr.ResampleStream(RATE_HZ, rate_hz, channels, dtype="float32", quality=QUALITY)
        self._pulled = np.zeros((PULL_SAMPLES, channels), dtype=np.float32)
        self._ready = np.zeros((0, channels), dtype=np.float32)
        self._ended = False
        self.latency_samples = 0 if rate_hz == RATE_HZ else look_ahead_samples(rate_hz)

    def fill(self, block: Float) -> bool:
        """Fill ``block`` (samples, channels) at the device's rate; False when it was the last. Thread: device"""
        if self.rate_hz == RATE_HZ:
            return self._source(block)
        while len(self._ready) < len(block) and not self._ended:
            self._ended = not self._source(self._pulled)
            made = self._resampler.resample_chunk(self._pulled, last=self._ended)
            self._ready = np.concatenate([self._ready, made]) if len(self._ready) else made
        count = min(len(block), len(self._ready))
        block[:count] = self._ready[:count]
        block[count:] = 0.0
        self._ready = self._ready[count:]
        return not (self._ended and not len(self._ready))


def look_ahead_samples(rate_hz: int) -> int:
    """Samples at 48 kHz that are taken at most before they are heard: the resampler works in chunks of its own."""
    resampler = soxr.ResampleStream(RATE_HZ, rate_hz, 1, dtype="float32", quality=QUALITY)
    zeros = np.zeros((PULL_SAMPLES, 1), dtype=np.float32)
    taken = PULL_SAMPLES
    while not len(resampler.resample_chunk(zeros)):
        taken += PULL_SAMPLES
    return taken + PULL_SAMPLES
