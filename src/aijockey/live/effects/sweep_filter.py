"""The one-knob filter of a DJ mixer: a low-pass to the left, a high-pass to the right."""

import math

import numpy as np
import numpy.typing as npt

from aijockey.live.effects.sections import filter_rows
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

# Butterworth of fourth order: quality of its two sections.
QUALITIES = np.array([0.54119610, 1.30656296])
LOW_PASS_HZ = (20_000.0, 60.0)  # cutoff where the knob leaves 0, and at its end
HIGH_PASS_HZ = (20.0, 10_000.0)
# Within this much of 0 the filter is faded in, so that 0 leaves the sound as it is.
BLEND = 0.04
STEP_SAMPLES = 64


class SweepFilter:
    """Low-pass or high-pass, 24 dB an octave, 3 dB down at its cutoff; the coefficients follow every 64
    samples.

    Between two settings the state is carried over as that of a state-variable filter in trapezoidal form
    (Zavalishin 2012), whose state means the same whatever its cutoff. The sections' own state (direct form II,
    transposed) clicks at each change: at -40 dB for a slow sweep.

    Parameters
    ----------
    rows : how many signals: channels, or decks times channels, each with a knob of its own.
    """

    latency_samples = 0

    def __init__(self, rows: int = 2) -> None:
        self._states = np.zeros((rows, 1, len(QUALITIES), 2))
        self._sos = np.zeros((rows, len(QUALITIES), 6))
        self._from_svf = np.zeros((rows, len(QUALITIES), 2, 2))
        self._set = np.zeros(rows)  # position that the coefficients are for; 0: none yet

    def reset(self, rows: npt.NDArray[np.intp] | None = None) -> None:
        """Forget all sound, of ``rows`` or of all."""
        chosen = slice(None) if rows is None else rows
        self._states[chosen] = 0.0
        self._set[chosen] = 0.0

    def process(self, audio: Float, position: float | Double) -> Float:
        """Filter ``audio`` (rows, samples); ``position`` -1 to 1, single, (samples,), (rows, 1) or
        (rows, samples); 0 leaves it as it is.
        """
        rows, count = audio.shape
        knob = np.atleast_2d(np.asarray(position, dtype=np.float64))
        away = knob.any(axis=1)
        if not away.any():
            self._set[:] = 0.0
            return audio
        made = audio.copy()
        if knob.shape[1] == 1:
            self._filter_resting(made, np.broadcast_to(knob[:, 0], rows))
            return made
        knob = np.broadcast_to(knob, (rows, knob.shape[1]))
        for row in range(rows):
            values = knob[row]
            if not values.any():
                self._set[row] = 0.0
            elif (values == values[0]).all():
                self._sweep_row(made[row], row, values[:1], count)
            else:
                self._sweep_row(made[row], row, values, STEP_SAMPLES)
        return made

    def _filter_resting(self, sound: Float, positions: Double) -> None:
        """Filter in place what stands at ``positions`` (rows,), all rows with the same at once."""
        for position in set(positions.tolist()):
            rows = np.flatnonzero(positions == position)
            if position == 0.0:
                self._set[rows] = 0.0
                continue
            moved = rows[self._set[rows] != position]
            if len(moved):
                there = np.array([position])
                sos, from_svf = sections(there)[0], _from_svf(there)[0]
                for row in moved.tolist():
                    self._move(row, position, sos, from_svf)
            filtered, states = sound[rows].astype(np.float64), self._states[rows, 0]
            filter_rows(self._sos[rows[0]], filtered, states)
            self._states[rows, 0] = states
            wet = min(abs(position) / BLEND, 1.0)
            if wet == 1.0:
                sound[rows] = filtered
            else:
                sound[rows] += ((filtered - sound[rows]) * wet).astype(np.float32)

    def _sweep_row(self, sound: Float, row: int, values: Double, step: int) -> None:
        """Filter one row in place, with new coefficients every ``step`` samples."""
        starts = range(0, len(sound), step)
        if len(values) == 1:
            middles = values
        else:
            middles = np.array([values[(start + min(len(sound), start + step)) // 2] for start in starts])
        moved = len(middles) > 1 or middles[0] != self._set[row]
        tables = (sections(middles), _from_svf(middles)) if moved else None
        filtered = sound.astype(np.float64)
        for number, start in enumerate(starts):
            middle = middles[number]
            if middle == 0.0:
                self._set[row] = 0.0
                continue
            if tables and middle != self._set[row]:
                self._move(row, middle, tables[0][number], tables[1][number])
            filter_rows(self._sos[row], filtered[np.newaxis, start : start + step], self._states[row])
        wet = np.minimum(np.abs(values) / BLEND, 1.0)
        if wet.min() == 1.0:
            sound[:] = filtered
        else:
            sound += ((filtered - sound) * wet).astype(np.float32)

    def _move(self, row: int, middle: float, sos: Double, from_svf: Double) -> None:
        if self._set[row] * middle <= 0.0:  # other side, or out of the middle
            self._states[row] = 0.0
        else:
            state = self._states[row, 0][:, :, np.newaxis]
            self._states[row, 0] = (from_svf @ np.linalg.solve(self._from_svf[row], state))[:, :, 0]
        self._sos[row], self._from_svf[row], self._set[row] = sos, from_svf, middle


def cutoff_hz(position: float) -> float:
    """Cutoff at a ``position`` of the knob, -1 to 1: octaves are spread evenly over each half."""
    start, end = LOW_PASS_HZ if position < 0 else HIGH_PASS_HZ
    return start * math.pow(end / start, abs(position))


def _warped(positions: Double) -> Double:
    """Tangent of half the cutoff's angle, (positions, 1)."""
    return np.array([[math.tan(math.pi * cutoff_hz(position) / RATE_HZ)] for position in positions])


def sections(positions: npt.ArrayLike) -> Double:
    """Second-order sections (positions, 2, 6) at ``positions`` other than 0; (2, 6) of a single one."""
    knob = np.atleast_1d(np.asarray(positions, dtype=np.float64))
    g = _warped(knob)
    low = knob[:, np.newaxis] < 0
    scale = 1.0 / (1.0 + g * (g + 1.0 / QUALITIES))
    b0 = np.where(low, g * g, 1.0) * scale
    rows = np.stack(
        [
            b0,
            np.where(low, 2.0, -2.0) * b0,
            b0,
            np.ones_like(b0),
            2.0 * (g * g - 1.0) * scale,
            (1.0 + g * (g - 1.0 / QUALITIES)) * scale,
        ],
        axis=-1,
    )
    return rows if np.ndim(positions) else rows[0]


def _from_svf(positions: Double) -> Double:
    """Matrices (positions, 2, 2, 2) that make a section's state of the state-variable filter's two."""
    g = _warped(positions)
    k = 1.0 / QUALITIES
    one = 1.0 / (1.0 + g * (g + k))
    two, three = g * one, g * g * one
    # Without input: the band's and the low-pass's value, and the next state, of the two states.
    band, bass = np.stack([one, -two], axis=-1), np.stack([two, 1.0 - three], axis=-1)
    low = positions[:, np.newaxis, np.newaxis] < 0
    now = np.where(low, bass, -k[:, np.newaxis] * band - bass)
    step = np.stack([2.0 * band - np.array([1.0, 0.0]), 2.0 * bass - np.array([0.0, 1.0])], axis=-2)
    later = (now[..., np.newaxis, :] @ step)[..., 0, :]
    a1 = 2.0 * (g * g - 1.0) * one
    return np.stack([now, later + a1[..., np.newaxis] * now], axis=-2)
