"""Undo and redo: what each step was before and after, as values that ordinary events carry."""

from collections import deque
from dataclasses import dataclass, field

from aijockey.control.parameters import Parameter, Value

STEPS = 200
# Moves of one knob that follow each other within this are one step.
MOMENT_SAMPLES = 24_000
# What is held and comes back by itself is no step.
MOMENTARY = ("cue", "roll_beats", "stutter_beats")
OUTSIDE = ("transport", "history")

Move = tuple[str, Value, float]  # address, value, over_beats


@dataclass
class _Step:
    sample: int
    before: dict[str, Value] = field(default_factory=dict)
    after: dict[str, Move] = field(default_factory=dict)


def is_undone(row: Parameter) -> bool:
    """Whether moves of a parameter are steps that can be taken back."""
    return row.group not in OUTSIDE and not row.gesture and row.name not in MOMENTARY


class History:
    """Steps back and forth, `STEPS` of them."""

    def __init__(self) -> None:
        self._done: deque[_Step] = deque(maxlen=STEPS)
        self._undone: list[_Step] = []

    def __len__(self) -> int:
        return len(self._done)

    def add(self, sample: int, move: Move, before: dict[str, Value], *, joined: bool = False) -> None:
        """A hand moved something at ``sample``: ``before`` are the values that bring back what was.

        joined : it is part of the step before, as with a gesture of several moves.

        Thread: audio
        """
        self._undone.clear()
        if joined and self._done:
            step = self._done[-1]
            step.before = {**before, **step.before}
            step.after[move[0]] = move
            return
        for step in reversed(self._done):
            if sample - step.sample > MOMENT_SAMPLES:
                break
            if move[0] in step.after:
                step.sample = sample
                step.after[move[0]] = move
                return
        self._done.append(_Step(sample, before, {move[0]: move}))

    def undo(self) -> list[Move]:
        """Moves that take the last step back; none if there is none. Thread: audio"""
        if not self._done:
            return []
        step = self._done.pop()
        self._undone.append(step)
        return [(address, value, 0.0) for address, value in step.before.items()]

    def redo(self) -> list[Move]:
        """Moves that do again what was undone last. Thread: audio"""
        if not self._undone:
            return []
        step = self._undone.pop()
        self._done.append(step)
        return list(step.after.values())
