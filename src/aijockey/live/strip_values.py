"""The knobs of all strips as arrays over decks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aijockey.live.strip import SMOOTHED, Strip

Double = npt.NDArray[np.float64]


class StripValues:
    """Reads the controls of all strips; what rests is kept and not asked again.

    version : changes whenever a control has come to rest somewhere else.
    """

    def __init__(self, strips: Sequence[Strip]) -> None:
        self._strips = strips
        self._moving: list[tuple[int, Strip]] = []
        self._resting = {
            name: np.array([[strip.controls[name].target] for strip in strips])
            for name in (*SMOOTHED, "side")
        }
        self.version = 0

    def look(self) -> bool:
        """Whether any control moves in the span that comes; to be called once before its values are read.

        Thread: audio
        """
        self._moving = [(deck, strip) for deck, strip in enumerate(self._strips) if strip.moving]
        return bool(self._moving)

    def read(self, name: str, start: int, count: int) -> Double:
        """Values of a control: (decks, 1) where it rests on all, else (decks, samples). Thread: audio"""
        moves: dict[int, Double] = {}
        for deck, strip in self._moving:
            if name not in strip.moving:
                continue
            control = strip.controls[name]
            value = control.render(start, count)
            if not isinstance(value, float):
                moves[deck] = value
                continue
            if self._resting[name][deck, 0] != value:
                self._resting[name][deck, 0] = value
                self.version += 1
            if control.resting:
                strip.moving.discard(name)
        if not moves:
            return self._resting[name]
        values = np.repeat(self._resting[name], count, axis=1)
        for deck, value in moves.items():
            values[deck] = value
        return values
