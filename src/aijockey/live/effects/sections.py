"""A chain of recursive filters with their state, cheap enough for short blocks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Double = npt.NDArray[np.float64]


class Sections:
    """Second-order sections in a row.

    `scipy.signal.lfilter` on each section: for blocks of 512 samples `sosfilt` spends five times as long
    checking its arguments as filtering.
    """

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
            sound, self._states[index] = lfilter(
                numerator, denominator, sound, axis=-1, zi=self._states[index]
            )
        return sound


class TunedSections:
    """Second-order sections whose coefficients move.

    A section is carried over to new coefficients by its last two inputs and outputs (its direct form I).
    Keeping the state of `lfilter` (direct form II, transposed) instead clicks at each change: at -40 dB
    for a slow sweep.
    """

    def __init__(self, count: int, channels: int) -> None:
        self._history = [np.zeros((2, channels, 2)) for _ in range(count)]  # (in or out, channels, last two)

    def reset(self) -> None:
        """Forget all sound."""
        for history in self._history:
            history[:] = 0.0

    def process(self, audio: npt.NDArray[np.floating], sos: Sequence[Sequence[float]]) -> Double:
        """Filter ``audio`` (channels, samples), going on from the last block, with ``sos``."""
        sound: Double = audio.astype(np.float64, copy=False)
        for row, history in zip(sos, self._history, strict=True):
            numerator, denominator = row[:3], row[3:]
            (x2, x1), (y2, y1) = history[0].T, history[1].T
            state = np.stack(
                [
                    numerator[1] * x1 + numerator[2] * x2 - denominator[1] * y1 - denominator[2] * y2,
                    numerator[2] * x1 - denominator[2] * y1,
                ],
                axis=1,
            )
            filtered, _ = lfilter(numerator, denominator, sound, axis=-1, zi=state)
            if sound.shape[1] >= 2:
                history[0], history[1] = sound[:, -2:], filtered[:, -2:]
            else:
                history[:, :, 0] = history[:, :, 1]
                history[0, :, 1], history[1, :, 1] = sound[:, -1], filtered[:, -1]
            sound = filtered
        return sound
