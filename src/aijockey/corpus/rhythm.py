"""When things happen in a recording: band levels and onset strength of all of it, 128 times a second.

The samples are read in blocks, so a recording may be longer than memory; what is kept is 1/375 of it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.onsets import BANDS, FLOOR_DB, HOP_SAMPLES, WINDOW_SAMPLES, band_matrix
from aijockey.audio.stft import hann
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

FRAMES_PER_SECOND = RATE_HZ // HOP_SAMPLES
KICK_BANDS = slice(0, 2)
SNARE_BANDS = slice(5, 15)
DRUM_BANDS = slice(0, 4)
_BLOCK_FRAMES = 512


@dataclass(frozen=True)
class Rhythm:
    """The rhythm of a recording at 48 kHz; frame ``t`` is centred on sample ``375 * t``.

    Attributes
    ----------
    power : (frames, bands) band powers of the mono sum.
    """

    power: Float

    @cached_property
    def level_db(self) -> Float:
        """Band levels below the loud parts of the recording, floored at -50 dB: (frames, bands)."""
        loud = float(np.quantile(self.power.max(axis=1), 0.99)) if len(self.power) else 0.0
        if loud < 1e-9:
            return np.full_like(self.power, FLOOR_DB)
        floor = 10.0 ** (FLOOR_DB / 10.0)
        level: Float = 10.0 * np.log10(self.power / np.float32(loud) + np.float32(floor))
        return level

    @cached_property
    def rises_db(self) -> Float:
        """How much each band rises within two frames: (frames, bands). Before the beginning was silence."""
        floor = np.full((2, self.level_db.shape[1]), FLOOR_DB, dtype=np.float32)
        before = np.concatenate([floor, self.level_db[:-2]])
        rises: Float = np.maximum(self.level_db - before, 0.0)
        return rises

    @cached_property
    def strength_db(self) -> Float:
        """Onset strength: the mean rise over all bands, (frames,)."""
        strength: Float = self.rises_db.mean(axis=1)
        return strength

    @cached_property
    def kick_strength(self) -> Float:
        """Onset strength below 290 Hz, where kicks are: (frames,), about 1 for a loud one.

        In amplitude, not in dB: a snare too rises by many dB down there, from nothing to little.
        """
        return self._amplitude_rise(KICK_BANDS)

    @cached_property
    def snare_strength(self) -> Float:
        """Onset strength from 0.8 to 6 kHz, where snares and claps are, in amplitude: (frames,)."""
        return self._amplitude_rise(SNARE_BANDS)

    @cached_property
    def drum_strength_db(self) -> Float:
        """Mean rise below 620 Hz, where drums have their bodies: (frames,)."""
        strength: Float = self.rises_db[:, DRUM_BANDS].mean(axis=1)
        return strength

    def _amplitude_rise(self, bands: slice) -> Float:
        amplitude = np.sqrt(self.power[:, bands].sum(axis=1))
        # 31 ms: a kick that falls from above into these bands takes that long.
        before = np.concatenate([np.zeros(4, dtype=np.float32), amplitude[:-4]])
        rise = np.maximum(amplitude - before, 0.0)
        loud = float(np.quantile(rise, 0.99)) if len(rise) else 0.0
        strength: Float = np.minimum(rise / np.float32(max(loud, 1e-9)), np.float32(2.0))
        return strength

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.power)

    @property
    def seconds(self) -> float:
        """Length of the recording, to a frame."""
        return self.frames / FRAMES_PER_SECOND


def listen(audio: Float) -> Rhythm:
    """The rhythm of ``audio`` (channels, samples) at 48 kHz, which may be memory-mapped."""
    samples = audio.shape[1]
    frames = samples // HOP_SAMPLES + 1
    power = np.empty((frames, BANDS), dtype=np.float32)
    bands, window, half = band_matrix(WINDOW_SAMPLES), hann(WINDOW_SAMPLES), WINDOW_SAMPLES // 2
    for first in range(0, frames, _BLOCK_FRAMES):
        count = min(_BLOCK_FRAMES, frames - first)
        start = first * HOP_SAMPLES - half
        stop = start + (count - 1) * HOP_SAMPLES + WINDOW_SAMPLES
        block = audio[:, max(0, start) : min(samples, stop)].mean(axis=0, dtype=np.float32)
        block = np.pad(block, (max(0, -start), max(0, stop - samples)))
        windows = np.lib.stride_tricks.sliding_window_view(block, WINDOW_SAMPLES)[::HOP_SAMPLES]
        spectrum = scipy.fft.rfft(windows * window, axis=-1)
        power[first : first + count] = (spectrum.real**2 + spectrum.imag**2) @ bands
    return Rhythm(power)
