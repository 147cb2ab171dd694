"""A chain of recursive filters with their state, cheap enough for short blocks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter, sosfilt

# The inner loops of `sosfilt` and `lfilter`, whose checks take as long as what they do to a quantum or two. They are
# not public and may go; then the public functions do.
try:
    from scipy.signal._sosfilt import _sosfilt
except ImportError:
    _sosfilt = None
try:
    from scipy.signal._sigtools import _linear_filter
except ImportError:
    _linear_filter = None

Double = npt.NDArray[np.float64]


def recursion(numerator: Double, denominator: Double, sound: Double, state: Double) -> tuple[Double, Double]:
    """`scipy.signal.lfilter` along the samples of ``sound`` (rows, samples), going on from ``state`` (rows, order).

    Gives the filtered sound, and the state that it leaves.
    """
    if _linear_filter is None:
        made: tuple[Double, Double] = lfilter(numerator, denominator, sound, axis=-1, zi=state)
    else:
        made = _linear_filter(numerator, denominator, sound, -1, state)
    return made


class Sections:
    """Second-order sections in a row."""

    def __init__(self, sos: Double | Sequence[Sequence[float]], channels: int) -> None:
        rows = np.asarray(sos, dtype=np.float64)
        self._pairs = [(row[:3].copy(), row[3:].copy()) for row in rows]
        self._states = [np.zeros((channels, 2)) for _ in self._pairs]

    def reset(self) -> None:
        """Forget all sound."""
        for state in self._states:
            state[:] = 0.0

    def __call__(self, audio: npt.NDArray[np.floating]) -> Double:
        """Filter ``audio`` (channels, samples), going on from the last block."""
        sound: Double = audio.astype(np.float64, copy=False)
        for index, (numerator, denominator) in enumerate(self._pairs):
            sound, self._states[index] = recursion(numerator, denominator, sound, self._states[index])
            state = self._states[index]
            state[np.abs(state) < 1e-30] = 0.0  # silence would crawl through denormals
        return sound


def filter_rows(sos: Double, rows: Double, states: Double) -> None:
    """Filter signals in place, going on from ``states``, which are moved on.

    Parameters
    ----------
    sos : (sections, 6).
    rows : (rows, samples), each contiguous.
    states : (rows, sections, 2), contiguous.
    """
    if _sosfilt is not None:
        _sosfilt(sos, rows, states)
    else:
        for row, state in zip(rows, states, strict=True):
            row[:], state[:] = sosfilt(sos, row, zi=state)
