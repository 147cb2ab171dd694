"""Chance with taste: drawing parameters from tables of ranges."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

Range = tuple[float, float]
Choice = TypeVar("Choice")


class Weighted(Protocol):
    """A row of a table of genres: how often it is drawn."""

    @property
    def weight(self) -> float:
        """Share, relative to the others."""


# Quantities that ears hear in ratios are drawn evenly in ratios.
LOGARITHMIC = ("_hz", "_ms", "_s", "ratio")


def uniform(rng: np.random.Generator, bounds: Range) -> float:
    """A number between the bounds, evenly."""
    return float(rng.uniform(*bounds))


def log_uniform(rng: np.random.Generator, bounds: Range) -> float:
    """A positive number between the bounds, evenly in its logarithm."""
    return float(np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]))))


def parameters(
    rng: np.random.Generator, ranges: Mapping[str, Range], narrower: Mapping[str, Range] | None = None
) -> dict[str, float]:
    """One value for each range; names that end in a time or frequency unit are drawn evenly in ratio.

    narrower : ranges that replace those of the same name.

    Raises
    ------
    KeyError : ``narrower`` names a parameter that ``ranges`` does not have.
    """
    narrower = narrower or {}
    for name in narrower:
        if name not in ranges:
            raise KeyError(f"no parameter '{name}' among {', '.join(ranges)}")
    values = {}
    for name, default in ranges.items():
        bounds = narrower.get(name, default)
        values[name] = log_uniform(rng, bounds) if name.endswith(LOGARITHMIC) else uniform(rng, bounds)
    return values


def pick(
    rng: np.random.Generator, choices: Sequence[Choice], weights: Sequence[float] | None = None
) -> Choice:
    """One of ``choices``, by ``weights`` (need not sum to 1) or evenly."""
    if weights is None:
        return choices[int(rng.integers(len(choices)))]
    share = np.asarray(weights, dtype=np.float64)
    return choices[int(rng.choice(len(choices), p=share / share.sum()))]


def pick_genre(rng: np.random.Generator, table: Mapping[str, Weighted], wanted: str | None) -> str:
    """The name of a genre of ``table``: ``wanted``, or where that is None one drawn by weight.

    The draw is made in either case, so that the rest of a seed's draws stay where they are.
    """
    drawn = pick(rng, list(table), [genre.weight for genre in table.values()])
    return drawn if wanted is None else wanted


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with ``probability``."""
    return bool(rng.random() < probability)
