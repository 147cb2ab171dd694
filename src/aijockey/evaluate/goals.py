"""What is wanted of a figure: the one table from which reports take their marks."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What is wanted, in words, and how far a value may be from it.

    ``excess`` : of a value, 0 or less where the goal is met; up to 1 is fair, beyond is poor.
    """

    wanted: str
    excess: Callable[[float], float]


GOALS = {
    "frechet_ratio": Goal("at most 1.5", lambda value: (value - 1.5) / 1.5),
    "coverage": Goal("at least 0.9", lambda value: (0.9 - value) / 0.15),
    "diversity": Goal("at least 0.9", lambda value: (0.9 - value) / 0.15),
    "frequency_detail": Goal("0.8 to 1.25", lambda value: max(0.8 - value, value - 1.25) / 0.15),
    "time_detail": Goal("0.8 to 1.25", lambda value: max(0.8 - value, value - 1.25) / 0.15),
    "copying_ratio": Goal("at least 0.9", lambda value: (0.9 - value) / 0.3),
    "on_grid_gap": Goal("within 2 points of real", lambda value: (abs(value) - 0.02) / 0.04),
}


def verdict(name: str, value: float | None) -> str:
    """ "good", "fair" or "poor"; empty where there is no goal or no value."""
    if value is None or name not in GOALS:
        return ""
    excess = GOALS[name].excess(value)
    return "good" if excess <= 0.0 else "fair" if excess <= 1.0 else "poor"
