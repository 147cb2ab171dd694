"""Three-band isolator EQ, with kills, whose bands sum flat."""

import operator
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import butter

from aijockey.live.effects.sections import recursion
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double
Rows = npt.NDArray[np.intp]

LOW_HZ = 250.0
HIGH_HZ = 2500.0
# The filters' answers are below 1e-16 of an impulse after half of this.
WARM_SAMPLES = 4096


def _polynomial(*factors: Double) -> Double:
    product = np.ones(1)
    for factor in factors:
        product = np.convolve(product, factor)
    return product


def _bands() -> tuple[Double, Double]:
    """Numerators (3, 9) of bass, middle and the all-passed whole, and the denominator (9,) that they share.

    Linkwitz-Riley of fourth order is a Butterworth of second order, twice; its low-pass and high-pass sum to an
    all-pass, whose numerator is its denominator reversed. What a band lacks of the common denominator is in its
    numerator too.
    """
    bass, low = butter(2, LOW_HZ, fs=RATE_HZ)
    over_bass, _ = butter(2, LOW_HZ, btype="highpass", fs=RATE_HZ)
    under_treble, high = butter(2, HIGH_HZ, fs=RATE_HZ)
    numerators = [
        _polynomial(bass, bass, high[::-1], high),
        _polynomial(over_bass, over_bass, under_treble, under_treble),
        _polynomial(low[::-1], low, high[::-1], high),
    ]
    return np.stack(numerators), _polynomial(low, low, high, high)


class Isolator:
    """Splits at 250 Hz and 2.5 kHz (Linkwitz-Riley, fourth order) and weighs the bands, of many rows at once.

    All bands at 1 sum to an all-pass: flat. Until a row's band first leaves 1 its sound passes untouched;
    then the filters, warmed on what came before, are faded in over one block.

    The bands share their poles, so where a row's knobs rest, all three and their weights are one filter of eighth
    order, whose state is that of the bands weighed alike: exact, and a third of the work, since a recursion takes as
    long for each sample whatever its order. (In doubles; the poles are far enough apart. A chain of second-order
    sections for each deck took four times as long.) Where a knob moves, the bands are weighed sample by sample; their
    states are found again from the last ``WARM_SAMPLES``, after which nothing older is left in them.

    Parameters
    ----------
    rows : how many signals: channels, or decks times channels.
    """

    latency_samples = 0

    def __init__(self, rows: int = 2) -> None:
        self._numerators, self._denominator = _bands()
        order = len(self._denominator) - 1
        self._bands = [np.zeros((rows, order)) for _ in self._numerators]  # of rows whose knobs move
        self._joined = np.zeros((rows, order))  # of the others, and what their bands are weighed by
        self._weights = np.full((rows, len(self._numerators)), np.nan)
        self._engaged = np.zeros(rows, dtype=bool)
        self._recent: deque[Float] = deque()
        self._all = np.arange(rows)
        self._resting: list[tuple[Double, Rows]] = []
        self._resting_for: tuple[Gain, ...] = ()

    def reset(self, rows: Rows | None = None) -> None:
        """Forget all sound, of ``rows`` or of all; untouched again."""
        chosen = self._all if rows is None else rows
        self._engaged[chosen] = False
        self._resting_for = ()
        if rows is None:
            self._recent.clear()
        else:
            self._recent = deque(_without(block, rows) for block in self._recent)

    def process(self, audio: Float, low: Gain, mid: Gain, high: Gain) -> Float:
        """Weigh the bands of ``audio`` (rows, samples); gains are factors: single, (samples,), (rows, 1) or
        (rows, samples).
        """
        gains = (low, mid, high)
        everyone = bool(self._engaged.all())
        fading = None if everyone else self._engage(audio, low, mid, high)
        if not self._engaged.any():
            self._remember(audio)
            return audio
        made = audio.copy()
        # Gains that are the same arrays as before have not moved.
        if not (self._resting_for and all(map(operator.is_, gains, self._resting_for))):
            moving = self._join(np.stack(self._of_rows(gains, audio.shape[1])))
            if len(moving):
                made[moving] = self._weigh(audio[moving], moving, low, mid, high)
            self._resting_for = () if len(moving) else gains
        for numerator, rows in self._resting:
            whole = len(rows) == len(self._all)
            sound = (audio if whole else audio[rows]).astype(np.float64)
            wet, self._joined[rows] = recursion(numerator, self._denominator, sound, self._joined[rows])
            made[rows] = wet
        if fading is not None and fading.any():
            fade = np.linspace(0.0, 1.0, audio.shape[1], endpoint=False)
            dry = audio[fading]
            made[fading] = dry + (made[fading] - dry) * fade
        self._remember(audio)
        return made

    def _of_rows(self, gains: Sequence[Gain], count: int) -> list[Double]:
        """Gains as (rows, 1) where all rest, else as (rows, count)."""
        rest = all(np.ndim(gain) == 0 or np.shape(gain)[-1] == 1 for gain in gains)
        return [np.broadcast_to(gain, (len(self._all), 1 if rest else count)) for gain in gains]

    def _join(self, gains: Double) -> Rows:
        """Make one filter of the bands of each row whose ``gains`` (3, rows, samples) rest; which rows move."""
        moves = self._engaged & (gains != gains[:, :, :1]).any(axis=(0, 2))
        low, mid, high = gains[:, :, 0]
        # The treble is the all-passed whole less the rest: bands sum flat by construction.
        weights = np.stack([low - high, mid - high, high], axis=1)
        weights[moves] = np.nan
        changed = self._engaged & (weights != self._weights).any(axis=1)
        joined = ~np.isnan(self._weights[:, 0])
        if (changed & joined).any():
            self._part(np.flatnonzero(changed & joined))
        rows = np.flatnonzero(changed & ~moves)
        if len(rows):
            self._joined[rows] = sum(
                weight[:, np.newaxis] * states[rows]
                for weight, states in zip(weights[rows].T, self._bands, strict=True)
            )
        self._weights[changed] = weights[changed]
        alike: dict[tuple[float, ...], list[int]] = {}
        for row in np.flatnonzero(self._engaged & ~moves).tolist():
            alike.setdefault(tuple(weights[row].tolist()), []).append(row)
        self._resting = [
            (np.asarray(weight) @ self._numerators, np.array(rows)) for weight, rows in alike.items()
        ]
        return np.flatnonzero(moves)

    def _engage(self, audio: Float, low: Gain, mid: Gain, high: Gain) -> npt.NDArray[np.bool_]:
        """Wake the rows of which a band leaves 1; which of them are to be faded over to."""
        touched = self._touched(low) | self._touched(mid) | self._touched(high)
        fresh = touched & ~self._engaged
        # After silence there is nothing to fade from.
        fading = fresh & self._recent[-1][:, -QUANTUM_SAMPLES:].any(axis=1) if self._recent else fresh
        if fresh.any():
            self._engaged |= fresh
            self._resting_for = ()
            self._part(np.flatnonzero(fresh))
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

    def _part(self, rows: Rows) -> None:
        """Find the states of the bands of ``rows`` again, from what came in of late."""
        self._weights[rows] = np.nan
        for state in self._bands:
            state[rows] = 0.0
        if self._recent:
            self._split(
                np.concatenate([block[rows] for block in self._recent], axis=1)[:, -WARM_SAMPLES:], rows
            )

    def _weigh(self, audio: Float, rows: Rows, low: Gain, mid: Gain, high: Gain) -> Double:
        low, mid, high = _of(low, rows), _of(mid, rows), _of(high, rows)
        bass, middle, whole = self._split(audio, rows)
        bass *= low - high
        middle *= mid - high
        whole *= high
        whole += bass
        whole += middle
        return whole

    def _split(self, audio: Float, rows: Rows) -> list[Double]:
        sound = audio.astype(np.float64)
        bands = []
        for numerator, state in zip(self._numerators, self._bands, strict=True):
            band, state[rows] = recursion(numerator, self._denominator, sound, state[rows])
            bands.append(band)
        return bands


def _without(audio: Float, rows: Rows) -> Float:
    """A copy of ``audio`` with silence in ``rows``: what was forgotten must not warm a filter."""
    kept = audio.copy()
    kept[rows] = 0.0
    return kept


def _of(gain: Gain, rows: Rows) -> Gain:
    return gain[rows] if not isinstance(gain, float) and gain.ndim == 2 else gain
