"""Three-band isolator EQ, with kills, whose bands sum flat."""

import numpy as np
import numpy.typing as npt
from scipy.signal import butter

from aijockey.live.effects.sections import Sections
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double

LOW_HZ = 250.0
HIGH_HZ = 2500.0
WARM_SAMPLES = 4096


def _low_pass_4(cutoff_hz: float) -> Double:
    """Linkwitz-Riley low-pass of fourth order: a Butterworth of second order, twice."""
    sos = butter(2, cutoff_hz, fs=RATE_HZ, output="sos")
    return np.concatenate([sos, sos])


def _all_pass(cutoff_hz: float) -> Double:
    """What a Linkwitz-Riley low-pass and high-pass of fourth order sum to: numerator is the denominator
    reversed.
    """
    sos = butter(2, cutoff_hz, fs=RATE_HZ, output="sos").copy()
    sos[:, :3] = sos[:, :2:-1]
    return np.asarray(sos)


class Isolator:
    """Splits at 250 Hz and 2.5 kHz (Linkwitz-Riley, fourth order) and weighs the bands.

    All bands at 1 sum to an all-pass: flat. Until a band first leaves 1 the sound passes untouched; then
    the filters, warmed on what came before, are faded in over one block.
    """

    latency_samples = 0

    def __init__(self, channels: int = 2) -> None:
        self._channels = channels
        self.reset()

    def reset(self) -> None:
        """Forget all sound; untouched again."""
        channels = self._channels
        self._low = Sections(_low_pass_4(LOW_HZ), channels)
        self._low_whole = Sections(_all_pass(LOW_HZ), channels)
        self._mid = Sections(_low_pass_4(HIGH_HZ), channels)
        self._mid_whole = Sections(_all_pass(HIGH_HZ), channels)
        self._low_aligned = Sections(_all_pass(HIGH_HZ), channels)
        self._engaged = False
        self._recent = np.zeros((channels, WARM_SAMPLES), dtype=np.float32)

    def process(self, audio: Float, low: Gain, mid: Gain, high: Gain) -> Float:
        """Weigh the bands of ``audio`` (channels, samples); gains are factors, single or (samples,)."""
        if not self._engaged:
            if all(isinstance(gain, float) and gain == 1.0 for gain in (low, mid, high)):
                self._recent = np.concatenate([self._recent, audio], axis=1)[:, -WARM_SAMPLES:]
                return audio
            self._engaged = True
            self._split(self._recent)
            wet = self._weigh(audio, low, mid, high)
            fade = np.linspace(0.0, 1.0, audio.shape[1], endpoint=False, dtype=np.float32)
            return audio + (wet - audio) * fade
        return self._weigh(audio, low, mid, high)

    def _weigh(self, audio: Float, low: Gain, mid: Gain, high: Gain) -> Float:
        bands = self._split(audio)
        return (bands[0] * low + bands[1] * mid + bands[2] * high).astype(np.float32)

    def _split(self, audio: Float) -> tuple[Double, Double, Double]:
        sound = audio.astype(np.float64)
        low = self._low(sound)
        rest = self._low_whole(sound) - low  # the all-pass less the low-pass is the high-pass
        mid = self._mid(rest)
        high = self._mid_whole(rest) - mid
        return self._low_aligned(low), mid, high
