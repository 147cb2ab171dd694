"""Places in latent space as short texts, so that they are ordinary values: recorded, undone, kept in a file.

A point is an expression over seeds and stored latents. It is written from left to right, each operation on all that
stands before it; a right side that is itself an operation stands in brackets::

    7                    the latent of a seed
    #0123456789ab        a stored latent, by the first 12 hex digits of the SHA-256 of its bytes
    7>9@0.5              half of the way from 7 to 9, along the sphere
    7~3@0.2              a neighbour of 7: 0.2 radians from it, toward the noise of seed 3
    7/9@sound            7 with a part of 9: its sound (`aijockey.live.latent_math.PARTS`)
    7&9@3                a child of 7 and 9: each number of the latent from one of them, by the coin of seed 3
    (7*0.5+9*0.3+8*0.2)  several at once, by weight; weights may be negative
    (7|9|8)@0.25         a closed path through latents, a quarter of the way around

`aijockey.live.point_text` reads such texts; what they mean as arrays is `aijockey.live.latent_math`'s.
"""

import math
import re
from dataclasses import dataclass
from typing import ClassVar

from aijockey.errors import AijockeyError

MOST_POINT_TEXT = 1024
MOST_DEPTH = 16
MOST_LEAVES = 48
SEEDS = 1 << 64
MOST_WEIGHT = 1e3


class PointError(AijockeyError):
    """A text that is no point, or an expression that is too long to be one."""


class Point:
    """A place in latent space. Equal points have equal texts, and equal latents in every voice.

    leaves, depth : seeds and stored latents that it is made of, and how far operations are nested.
    seed : of what it begins with, 0 if that is a stored latent; what "the next seed" counts from.
    """

    @property
    def parts(self) -> "tuple[Point, ...]":
        """Points that it is made of; none for a seed or a stored latent."""
        return ()

    @property
    def leaves(self) -> int:
        """How many seeds and stored latents it is made of."""
        return sum(part.leaves for part in self.parts) if self.parts else 1

    @property
    def depth(self) -> int:
        """How far operations are nested; 0 for a seed."""
        return 1 + max(part.depth for part in self.parts) if self.parts else 0

    @property
    def seed(self) -> int:
        """Seed of what it begins with; 0 if that is a stored latent."""
        return self.parts[0].seed if self.parts else 0

    @property
    def fits(self) -> bool:
        """Whether its text is short enough to be read again."""
        return self.depth <= MOST_DEPTH and self.leaves <= MOST_LEAVES and len(str(self)) <= MOST_POINT_TEXT


@dataclass(frozen=True)
class Seed(Point):
    """The latent of a seed, 0 to 2^64 - 1: for each voice its own noise."""

    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < SEEDS:
            raise PointError(f"seed {self.number} is out of range; expected 0 to {SEEDS - 1}")

    @property
    def seed(self) -> int:
        """Itself."""
        return self.number

    def __str__(self) -> str:
        return str(self.number)


@dataclass(frozen=True)
class Stored(Point):
    """A latent that is no seed's, kept beside the set; ``key`` is 12 hex digits of its bytes' SHA-256."""

    key: str
    PATTERN: ClassVar[re.Pattern[str]] = re.compile(r"[0-9a-f]{12}")

    def __post_init__(self) -> None:
        if not self.PATTERN.fullmatch(self.key):
            raise PointError(f"'#{self.key[:40]}' names no stored latent; expected 12 hex digits after '#'")

    def __str__(self) -> str:
        return f"#{self.key}"


class _Step(Point):
    """An operation on what stands before it: written ``start SIGN operand @ argument``."""

    SIGN: ClassVar[str]

    def _text(self, operand: Point | int, argument: object) -> str:
        start, shown = self.parts[0], operand
        return f"{start}{self.SIGN}{_bracketed(shown) if isinstance(shown, Point) else shown}@{argument}"


@dataclass(frozen=True)
class Way(_Step):
    """``amount`` of the way, 0 to 1, from ``start`` to ``toward``."""

    start: Point
    toward: Point
    amount: float
    SIGN = ">"

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _number(self.amount, 0.0, 1.0, "a way's amount"))

    @property
    def parts(self) -> tuple[Point, ...]:
        """Both ends."""
        return self.start, self.toward

    def __str__(self) -> str:
        return self._text(self.toward, repr(self.amount))


@dataclass(frozen=True)
class Neighbour(_Step):
    """``distance`` radians from ``start``, toward the noise of seed ``toward``; below 0 away from it."""

    start: Point
    toward: int
    distance: float
    SIGN = "~"

    def __post_init__(self) -> None:
        Seed(self.toward)
        object.__setattr__(
            self, "distance", _number(self.distance, -math.pi, math.pi, "a neighbour's distance")
        )

    @property
    def parts(self) -> tuple[Point, ...]:
        """What it is near to."""
        return (self.start,)

    def __str__(self) -> str:
        return self._text(self.toward, repr(self.distance))


@dataclass(frozen=True)
class Style(_Step):
    """``start`` with one part, by name, of ``other``."""

    start: Point
    other: Point
    part: str
    SIGN = "/"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z_]{0,23}", self.part):
            raise PointError(f"{self.part!r} is not the name of a part; expected a word such as 'sound'")

    @property
    def parts(self) -> tuple[Point, ...]:
        """Both."""
        return self.start, self.other

    def __str__(self) -> str:
        return self._text(self.other, self.part)


@dataclass(frozen=True)
class Child(_Step):
    """Each number of the latent from ``start`` or from ``other``, by the coin of seed ``coin``."""

    start: Point
    other: Point
    coin: int
    SIGN = "&"

    def __post_init__(self) -> None:
        Seed(self.coin)

    @property
    def parts(self) -> tuple[Point, ...]:
        """Both parents."""
        return self.start, self.other

    def __str__(self) -> str:
        return self._text(self.other, self.coin)


@dataclass(frozen=True)
class Blend(Point):
    """Several points by weight, at the length that such latents have; weights need not sum to 1."""

    points: tuple[Point, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2 or len(self.points) != len(self.weights):
            raise PointError(
                f"a blend of {len(self.points)} points and {len(self.weights)} weights; "
                "expected two or more and one for each"
            )
        weights = tuple(_number(value, -MOST_WEIGHT, MOST_WEIGHT, "a weight") for value in self.weights)
        if not any(weights):
            raise PointError("a blend whose weights are all 0; expected one that counts")
        object.__setattr__(self, "weights", weights)

    @property
    def parts(self) -> tuple[Point, ...]:
        """All of them."""
        return self.points

    def __str__(self) -> str:
        items = (
            f"{_bracketed(part)}*{weight!r}" for part, weight in zip(self.points, self.weights, strict=True)
        )
        return f"({'+'.join(items)})"


@dataclass(frozen=True)
class Ring(Point):
    """A smooth closed path through points at equal distances of phase; ``phase`` 0 is the first, 1 it again.

    Two points lie on a great circle, the second a quarter of the way around.
    """

    points: tuple[Point, ...]
    phase: float

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise PointError(f"a closed path of {len(self.points)} points; expected two or more")
        object.__setattr__(self, "phase", _number(self.phase, 0.0, 1.0, "a phase"))

    @property
    def parts(self) -> tuple[Point, ...]:
        """All of them."""
        return self.points

    def __str__(self) -> str:
        return f"({'|'.join(_bracketed(part) for part in self.points)})@{self.phase!r}"


def _bracketed(point: Point) -> str:
    """The text of a point where only one word is allowed."""
    return str(point) if isinstance(point, Seed | Stored | Blend | Ring) else f"({point})"


def _number(value: float, low: float, high: float, what: str) -> float:
    number = float(value)
    if not low <= number <= high:
        raise PointError(f"{what} is {value!r}; expected {low:g} to {high:g}")
    return number + 0.0  # -0.0 is 0.0
