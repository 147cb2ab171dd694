"""Controls that never jump: each value moves in a straight line to where it was sent."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aijockey.music.grid import RATE_HZ

Double = npt.NDArray[np.float64]
RAMP_SAMPLES = RATE_HZ // 100  # 10 ms: no zipper, and people do not hear it as delay


class _Move(NamedTuple):
    start: int
    value: float
    samples: int


class Smoothed:
    """A value on the sample clock.

    ``send`` asks for a value from an absolute sample on; ``render`` gives the values of a stretch of
    samples. What comes out depends only on the moves, never on how the time is cut into stretches.
    """

    def __init__(self, value: float) -> None:
        self._value = value  # where the move that is under way began
        self._move = _Move(0, value, 0)
        self._waiting: deque[_Move] = deque()

    @property
    def target(self) -> float:
        """Where the value is going, or is."""
        return self._waiting[-1].value if self._waiting else self._move.value

    @property
    def resting(self) -> bool:
        """Whether nothing moves or waits (as of the last `render`)."""
        return not self._waiting and self._value == self._move.value

    def send(self, start: int, value: float | str, samples: int = 0) -> None:
        """Move to ``value`` from sample ``start`` on, within ``samples``, but never faster than 10 ms.

        Thread: audio
        """
        self._waiting.append(_Move(start, float(value), max(samples, RAMP_SAMPLES)))

    def render(self, start: int, count: int) -> float | Double:
        """Values of samples ``start`` to ``start + count``: one float where it rests, else (count,).

        Thread: audio
        """
        if self._value == self._move.value and (not self._waiting or self._waiting[0].start >= start + count):
            return self._value
        index = np.arange(start, start + count)
        values = self._at(index)
        while self._waiting and self._waiting[0].start < start + count:
            move = self._waiting.popleft()
            self._value = float(self._at(np.asarray([move.start]))[0])
            self._move = move
            late = max(0, move.start - start)
            values[late:] = self._at(index[late:])
        if self._move.start + self._move.samples <= start + count:
            self._value = self._move.value
        return values

    def _at(self, index: npt.NDArray[np.int64]) -> Double:
        move = self._move
        if move.samples == 0:
            return np.full(len(index), move.value)
        passed = np.clip((index - move.start) / move.samples, 0.0, 1.0)
        return self._value + (move.value - self._value) * passed


class SmoothedChoice:
    """One of several ways, on the sample clock: a change is a cross-fade of their weights, which sum to 1."""

    def __init__(self, choices: Sequence[str], value: str) -> None:
        self.target = value
        self._weights = {choice: Smoothed(float(choice == value)) for choice in choices}

    @property
    def resting(self) -> bool:
        """Whether nothing moves or waits (as of the last `render`)."""
        return all(weight.resting for weight in self._weights.values())

    def send(self, start: int, value: float | str, samples: int = 0) -> None:
        """Change to ``value`` from sample ``start`` on. Thread: audio"""
        self.target = str(value)
        for choice, weight in self._weights.items():
            weight.send(start, float(choice == value), samples)

    def render(self, start: int, count: int) -> dict[str, float | Double]:
        """Weights of the choices that are heard in samples ``start`` to ``start + count``. Thread: audio"""
        weights = {choice: weight.render(start, count) for choice, weight in self._weights.items()}
        return {
            choice: weight
            for choice, weight in weights.items()
            if not (isinstance(weight, float) and weight == 0.0)
        }
