"""Three-band isolator EQ, with kills, whose bands sum flat."""

from collections import deque

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sos2tf

from aijockey.live.effects.sections import recursion
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double

LOW_HZ = 250.0
HIGH_HZ = 2500.0
WARM_SAMPLES = 4096


def _twice(kind: str, cutoff_hz: float) -> Double:
    """Linkwitz-Riley of fourth order, low- or high-pass: a Butterworth of second order, twice."""
    sos = butter(2, cutoff_hz, btype=kind, fs=RATE_HZ, output="sos")
    return np.concatenate([sos, sos])


def _all_pass(cutoff_hz: float) -> Double:
    """What a Linkwitz-Riley low-pass and high-pass of fourth order sum to: numerator is the denominator
    reversed.
    """
    sos = butter(2, cutoff_hz, fs=RATE_HZ, output="sos").copy()
    sos[:, :3] = sos[:, :2:-1]
    return np.asarray(sos)


class Isolator:
    """Splits at 250 Hz and 2.5 kHz (Linkwitz-Riley, fourth order) and weighs the bands, of many rows at once.

    All bands at 1 sum to an all-pass: flat. Until a row's band first leaves 1 its sound passes untouched;
    then the filters, warmed on what came before, are faded in over one block. Each band is one recursion of
    up to eighth order for all rows (in doubles, where its poles are far enough apart): a chain of second-order
    sections for each deck took four times as long.

    Parameters
    ----------
    rows : how many signals: channels, or decks times channels.
    """

    latency_samples = 0

    def __init__(self, rows: int = 2) -> None:
        low = np.concatenate([_twice("lowpass", LOW_HZ), _all_pass(HIGH_HZ)])
        mid = np.concatenate([_twice("highpass", LOW_HZ), _twice("lowpass", HIGH_HZ)])
        whole = np.concatenate([_all_pass(LOW_HZ), _all_pass(HIGH_HZ)])
        self._filters = [sos2tf(sos) for sos in (low, mid, whole)]
        self._states = [np.zeros((rows, len(a) - 1)) for _, a in self._filters]
        self._engaged = np.zeros(rows, dtype=bool)
        self._recent: deque[Float] = deque()
        self._all = np.arange(rows)

    def reset(self, rows: npt.NDArray[np.intp] | None = None) -> None:
        """Forget all sound, of ``rows`` or of all; untouched again."""
        chosen = self._all if rows is None else rows
        self._engaged[chosen] = False
        for state in self._states:
            state[chosen] = 0.0
        if rows is None:
            self._recent.clear()
        else:
            self._recent = deque(_without(block, rows) for block in self._recent)

    def process(self, audio: Float, low: Gain, mid: Gain, high: Gain) -> Float:
        """Weigh the bands of ``audio`` (rows, samples); gains are factors: single, (samples,), (rows, 1) or
        (rows, samples).
        """
        everyone = bool(self._engaged.all())
        fading = self._engage(audio, low, mid, high) if not everyone else None
        rows = self._all if everyone else np.flatnonzero(self._engaged)
        if not len(rows):
            return audio
        whole = len(rows) == len(self._all)
        wet = self._weigh(audio if whole else audio[rows], rows, low, mid, high)
        if fading is not None and fading.any():
            fade = np.linspace(0.0, 1.0, audio.shape[1], endpoint=False)
            new = fading[rows]
            dry = audio[rows[new]]
            wet[new] = dry + (wet[new] - dry) * fade
        if whole:
            return wet.astype(np.float32)
        made = audio.copy()
        made[rows] = wet
        return made

    def _engage(self, audio: Float, low: Gain, mid: Gain, high: Gain) -> npt.NDArray[np.bool_]:
        """Wake the rows of which a band leaves 1; which of them are to be faded over to."""
        touched = self._touched(low) | self._touched(mid) | self._touched(high)
        fresh = touched & ~self._engaged
        # After silence there is nothing to fade from.
        fading = fresh & self._recent[-1][:, -QUANTUM_SAMPLES:].any(axis=1) if self._recent else fresh
        if fresh.any():
            self._warm(np.flatnonzero(fresh))
        if not self._engaged.all():
            self._remember(audio)
        return fading

    def _touched(self, gain: Gain) -> npt.NDArray[np.bool_]:
        if isinstance(gain, float):
            return np.full(len(self._all), gain != 1.0)
        away = gain != 1.0
        touched: npt.NDArray[np.bool_] = (
            away.any(axis=1) if away.ndim == 2 else np.full(len(self._all), away.any())
        )
        return touched

    def _remember(self, audio: Float) -> None:
        """Keep the last ``WARM_SAMPLES`` of what came in, to warm the filters with."""
        self._recent.append(audio)
        while sum(block.shape[1] for block in self._recent) - self._recent[0].shape[1] >= WARM_SAMPLES:
            self._recent.popleft()

    def _warm(self, rows: npt.NDArray[np.intp]) -> None:
        self._engaged[rows] = True
        if self._recent:
            self._split(np.concatenate([block[rows] for block in self._recent], axis=1), rows)

    def _weigh(self, audio: Float, rows: npt.NDArray[np.intp], low: Gain, mid: Gain, high: Gain) -> Double:
        low, mid, high = _of(low, rows), _of(mid, rows), _of(high, rows)
        bass, middle, whole = self._split(audio, rows)
        # The treble is the all-passed whole less the rest: bands sum flat by construction.
        bass *= low - high
        middle *= mid - high
        whole *= high
        whole += bass
        whole += middle
        return whole

    def _split(self, audio: Float, rows: npt.NDArray[np.intp]) -> list[Double]:
        sound = audio.astype(np.float64)
        bands = []
        for (numerator, denominator), state in zip(self._filters, self._states, strict=True):
            band, state[rows] = recursion(numerator, denominator, sound, state[rows])
            bands.append(band)
        return bands


def _without(audio: Float, rows: npt.NDArray[np.intp]) -> Float:
    """A copy of ``audio`` with silence in ``rows``: what was forgotten must not warm a filter."""
    kept = audio.copy()
    kept[rows] = 0.0
    return kept


def _of(gain: Gain, rows: npt.NDArray[np.intp]) -> Gain:
    return gain[rows] if not isinstance(gain, float) and gain.ndim == 2 else gain
