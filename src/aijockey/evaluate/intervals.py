"""A figure with its interval and count: the shape in which every measured number is reported."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

REPEATS = 1000
"""Bootstrap draws for the mean of numbers."""

NORMAL_95 = 1.96


@dataclass(frozen=True)
class Figure:
    """A measured number: value, 95 % interval, and how many loops stand behind it."""

    value: float
    low: float
    high: float
    count: int

    def to_json(self) -> dict[str, float | int]:
        """Plain numbers, for the JSON report."""
        return asdict(self)

    @classmethod
    def exact(cls, value: float, count: int) -> "Figure":
        """A number that is counted rather than estimated: its interval is itself."""
        return cls(float(value), float(value), float(value), count)


def mean_figure(values: npt.ArrayLike, rng: np.random.Generator, repeats: int = REPEATS) -> Figure:
    """Mean of one number a loop, with the bootstrap percentile interval (Efron 1979). NaN where there is
    none.
    """
    numbers = np.asarray(values, dtype=np.float64).ravel()
    if not len(numbers):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    return percentile_figure(float(numbers.mean()), _drawn_means(numbers, rng, repeats), len(numbers))


def percentile_figure(value: float, drawn: npt.ArrayLike, count: int) -> Figure:
    """A value with the middle 95 % of what it was in bootstrap draws."""
    low, high = np.percentile(np.asarray(drawn, dtype=np.float64), [2.5, 97.5])
    return Figure(value, float(low), float(high), count)


def ratio_figure(
    above: npt.ArrayLike,
    below: npt.ArrayLike,
    rng: np.random.Generator,
    widen: float = 1.0,
    repeats: int = REPEATS,
) -> Figure:
    """Mean of one set over the mean of another, with the bootstrap percentile interval over both.

    ``widen`` stretches the interval around the value.
    """
    a, b = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    value = float(a.mean() / max(b.mean(), 1e-12))
    drawn = _drawn_means(a, rng, repeats) / np.maximum(_drawn_means(b, rng, repeats), 1e-12)
    return percentile_figure(value, value + widen * (drawn - value), len(a))


def _drawn_means(numbers: Values, rng: np.random.Generator, repeats: int) -> Values:
    # Multinomial weights draw the same as indices do, in a matrix product.
    weights = rng.multinomial(len(numbers), np.full(len(numbers), 1.0 / len(numbers)), size=repeats)
    means: Values = weights @ numbers / len(numbers)
    return means


def subsample_figure(
    measure: Callable[[npt.NDArray[np.intp], npt.NDArray[np.intp]], float],
    counts: tuple[int, int],
    value: float,
    rng: np.random.Generator,
    repeats: int = 40,
) -> Figure:
    """Interval of a number that belongs to two whole sets, such as a Frechet distance.

    Drawing with replacement repeats points and so biases such numbers; draws of half of each set without
    replacement do not. Half-sets vary as much as whole sets would by chance once the finite population is
    allowed for (Politis and Romano 1994: a draw of b from n varies by (1/b - 1/n) where a whole set varies by
    1/n; for b = n / 2 these are equal), so the interval is ``value`` -/+ 1.96 standard deviations of the
    draws.

    Parameters
    ----------
    measure : takes the drawn indices of both sets.
    counts : sizes of both sets.
    """
    drawn = [
        measure(
            rng.choice(counts[0], max(counts[0] // 2, 2), replace=False),
            rng.choice(counts[1], max(counts[1] // 2, 2), replace=False),
        )
        for _ in range(repeats)
    ]
    half_width = NORMAL_95 * float(np.std(drawn, ddof=1))
    return Figure(value, value - half_width, value + half_width, min(counts))
