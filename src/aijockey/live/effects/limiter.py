"""The last thing before the speakers: a look-ahead true-peak limiter that nothing passes."""

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import db_to_gain
from aijockey.live.effects.hold import held_peaks
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.live.true_peak import Interpolator
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

CEILING_DBTP = -1.0
# What interpolation with finite filters, and the gain's own movement, may hide.
MARGIN_DB = 0.4
# Four times and 32 taps let tones near half the rate through 1.2 dB higher than a longer meter allows; this
# costs the same 0.1 ms a block.
OVERSAMPLING = 8
TAPS = 64
LOOKAHEAD_SAMPLES = 144  # 3 ms: bass is not distorted, drums keep their edge
RELEASE_S = 0.12
FORGOTTEN = 1e-9  # of its gain that is still to come back
LOUDEST = 1e6  # +120 dB; beyond, a sample is a fault and not a sound


class Limiter:
    """Keeps the reconstructed waveform of both channels at or below -1 dB.

    Peaks are looked for at eight times the rate. The gain that each needs is held over the look-ahead (a
    running minimum), recovers exponentially, and is averaged over the look-ahead, so that it has arrived
    when the peak does and never jumps. Channels are turned down together. The sound is delayed by
    ``latency_samples``.
    """

    latency_samples = LOOKAHEAD_SAMPLES + TAPS // 2

    def __init__(self) -> None:
        self._interpolator = Interpolator(OVERSAMPLING, TAPS)
        self._ceiling = db_to_gain(CEILING_DBTP - MARGIN_DB)
        self._most = np.float32(db_to_gain(CEILING_DBTP))
        self._decay = float(np.exp(-1.0 / (RELEASE_S * RATE_HZ)))
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._interpolator.reset()
        self._delayed = np.zeros((2, self.latency_samples), dtype=np.float32)
        self._needed = np.ones(LOOKAHEAD_SAMPLES)
        self._cut = 0.0
        self._held = np.ones(LOOKAHEAD_SAMPLES)
        self.gain_reduction_db = 0.0

    @property
    def quiet(self) -> bool:
        """Whether silence would leave it as it is: nothing is under way, and its gain has come back."""
        return self._cut < FORGOTTEN and not self._delayed.any()

    def process(self, audio: Float) -> Float:
        """Limit ``audio`` (2, samples); anything may come in, what goes out is finite."""
        count = audio.shape[1]
        sound = audio
        if not (audio.max() <= LOUDEST and audio.min() >= -LOUDEST):  # so for what is not a number too
            sound = np.clip(np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0), -LOUDEST, LOUDEST)
        peaks = self._interpolator.peaks(sound, self._ceiling).astype(np.float64)
        needed = self._ceiling / np.maximum(peaks, self._ceiling)
        if (
            needed.min() == 1.0
            and self._cut < FORGOTTEN
            and self._needed.min() == 1.0
            and self._held.min() == 1.0
        ):
            self._cut = 0.0
            gain: Double | None = None
        else:
            gain = self._gain(needed)
        delayed = np.concatenate([self._delayed, sound], axis=1)
        self._delayed = delayed[:, count:]
        limited = delayed[:, :count]
        if gain is None:
            self.gain_reduction_db = 0.0
            return np.clip(limited, -self._most, self._most)
        self.gain_reduction_db = -20.0 * float(np.log10(gain.min()))
        return np.clip((limited * gain).astype(np.float32), -self._most, self._most)

    def _gain(self, needed: Double) -> Double:
        count, span = len(needed), LOOKAHEAD_SAMPLES
        history = np.concatenate([self._needed, needed])
        self._needed = history[-span:]
        lowest = _running_least(history, span + 1)
        cut, self._cut = held_peaks(1.0 - lowest, self._decay, self._cut)
        held = np.concatenate([self._held, 1.0 - cut])
        self._held = held[-span:]
        # Sums begin anew with each quantum, so that what comes out is the same however many come at once.
        quantum = QUANTUM_SAMPLES if count % QUANTUM_SAMPLES == 0 else count
        strides = (quantum * held.itemsize, held.itemsize)
        total = np.ndarray((count // quantum, quantum + span), buffer=held, strides=strides).cumsum(axis=1)
        mean: Double = ((total[:, span:] - total[:, :quantum]) / span).ravel()
        return mean


def _running_least(values: Double, width: int) -> Double:
    """The least of each ``width`` values in a row, from those of half as many: (values - width + 1,)."""
    reach = 1
    while 2 * reach <= width:
        values, reach = np.minimum(values[:-reach], values[reach:]), 2 * reach
    more = width - reach
    return np.minimum(values[:-more], values[more:]) if more else values
