"""Endless knobs: by how many steps they were turned, in the three ways in which devices say so."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

Encoding = Literal["twos", "offset", "sign"]


def _twos(value: int) -> int:
    return value if value < 64 else value - 128


def _offset(value: int) -> int:
    return value - 64


def _sign(value: int) -> int:
    return value if value < 64 else 64 - value


# 1 and 127 are one step up and down; 65 and 63; 1 and 65.
ENCODINGS: dict[Encoding, Callable[[int], int]] = {"twos": _twos, "offset": _offset, "sign": _sign}
# Steps that one message tells of when somebody turns fast; more is something else.
MOST_STEPS = 15
LEAST_MESSAGES = 3


def steps(encoding: Encoding, value: int) -> int:
    """Steps that a value (0 to 127) stands for: above 0 clockwise."""
    return ENCODINGS[encoding](value)


def guess(values: Sequence[int]) -> Encoding | None:
    """Which encoding a row of values from one controller is in; None where it is an ordinary one.

    An ordinary knob does not send the same value twice running and does not leap; an endless one does little else.
    """
    if len(values) < LEAST_MESSAGES:
        return None
    repeats = sum(first == second for first, second in pairwise(values))
    leaps = sum(abs(first - second) > 40 for first, second in pairwise(values))
    if 2 * (repeats + leaps) < len(values) - 1 or set(values) <= {0, 127}:
        return None
    fitting = [
        name
        for name, read in ENCODINGS.items()
        if all(0 < abs(read(value)) <= MOST_STEPS for value in values)
    ]
    return fitting[0] if fitting else None
