"""Reads the texts of points, as `aijockey.live.points` writes them, from left to right."""

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from aijockey.live.points import (
    MOST_DEPTH,
    MOST_LEAVES,
    MOST_POINT_TEXT,
    Blend,
    Child,
    Neighbour,
    Point,
    PointError,
    Ring,
    Seed,
    Stored,
    Style,
    Way,
)

T = TypeVar("T")

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DIGITS = re.compile(r"\d{1,20}", re.ASCII)
_WORD = re.compile(r"[a-z_]+")


def read_point(text: str) -> Point:
    """The point of a text; the inverse of `str`.

    Raises
    ------
    PointError : not the text of a point; shows where it stops making sense.
    """
    return _Reader(text).point()


class _Reader:
    """Reads a text from left to right; the depth of brackets is bounded before it recurses."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_POINT_TEXT:
            raise PointError(
                f"{text[:40]!r}… is not a point: {len(text)} characters; expected at most {MOST_POINT_TEXT}"
            )
        self._text, self._at, self._open = text, 0, 0

    def point(self) -> Point:
        try:
            point = self._steps()
            if self._at < len(self._text):
                self._fail("the end or one of > ~ / &")
        except PointError as error:
            raise PointError(f"{self._text[:80]!r} is not a point: {error}") from None
        if point.leaves > MOST_LEAVES or point.depth > MOST_DEPTH:
            raise PointError(
                f"{self._text[:40]!r}… is too much for a point: {point.leaves} latents, nested {point.depth} deep; "
                f"expected at most {MOST_LEAVES} and {MOST_DEPTH}"
            )
        return point

    def _steps(self) -> Point:
        point = self._operand()
        steps = 0
        while self._next() in _STEPS:
            steps += 1
            if steps > MOST_DEPTH:
                raise PointError(f"more than {MOST_DEPTH} operations one after another")
            sign = self._next()
            self._at += 1
            point = _STEPS[sign](self, point)
        return point

    def _operand(self) -> Point:
        if self._next() == "(":
            return self._bracket()
        if self._next() == "#":
            self._at += 1
            key = self._text[self._at : self._at + 12]
            self._at += 12
            return Stored(key)
        return Seed(self.seed())

    def _bracket(self) -> Point:
        self._open += 1
        if self._open > MOST_DEPTH:
            raise PointError(f"more than {MOST_DEPTH} brackets within one another")
        self._at += 1
        first = self._steps()
        point = first
        if self._next() == "|":
            parts = [first]
            while self._take("|"):
                parts.append(self._steps())
            self._expect(")")
            point = Ring(tuple(parts), self.amount())
        elif self._next() in ("*", "+"):
            parts, weights = [first], [self._weight()]
            while self._take("+"):
                parts.append(self._steps())
                weights.append(self._weight())
            self._expect(")")
            point = Blend(tuple(parts), tuple(weights))
        else:
            self._expect(")")
        self._open -= 1
        return point

    def _weight(self) -> float:
        return self._match(_NUMBER, "a weight", float) if self._take("*") else 1.0

    def operand(self) -> Point:
        return self._operand()

    def amount(self) -> float:
        self._expect("@")
        return self._match(_NUMBER, "a number", float)

    def seed(self) -> int:
        return self._match(_DIGITS, "a seed such as '7'", int)

    def coin(self) -> int:
        self._expect("@")
        return self.seed()

    def word(self) -> str:
        self._expect("@")
        return self._match(_WORD, "the name of a part such as 'sound'", str)

    def _match(self, pattern: re.Pattern[str], what: str, make: Callable[[str], T]) -> T:
        found = pattern.match(self._text, self._at)
        if not found:
            self._fail(what)
        self._at = found.end()
        return make(found.group())

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._fail(f"'{sign}'")

    def _fail(self, expected: str) -> NoReturn:
        there = self._text[self._at : self._at + 20]
        found = f"{there!r} at character {self._at + 1}" if there else "it ends"
        raise PointError(f"{found} where {expected} is expected (as in '7', '7>9@0.5' or '7~3@0.2')")


_STEPS: dict[str, Callable[[_Reader, Point], Point]] = {
    ">": lambda reader, start: Way(start, reader.operand(), reader.amount()),
    "~": lambda reader, start: Neighbour(start, reader.seed(), reader.amount()),
    "/": lambda reader, start: Style(start, reader.operand(), reader.word()),
    "&": lambda reader, start: Child(start, reader.operand(), reader.coin()),
}
