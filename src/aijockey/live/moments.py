"""Hot moments and queues as short texts, so that they are ordinary values: recorded, undone, kept in a file.

A moment is what a deck was: ``voice=techno; point=7>9@0.5; controls.swing=0.5; gain_db=-3``. A queue is a list
of seeds, points and moments: ``12 7>9@0.5 m3``; ``-`` is the empty one.
"""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

from aijockey.control import parameters
from aijockey.control.parameters import ParameterError, Value
from aijockey.live.members import OF_THE_ENSEMBLE, parse_pans
from aijockey.live.point_text import read_point
from aijockey.live.points import Point

MOMENTS = 8
EMPTY = "-"
MOST_QUEUED = 64
# Of the planned parameters, those that say which loop it is.
# Of a point's text, what need not be written as in web addresses.
IN_POINTS = ".>()@_#~/&*+|-"
OF_THE_LOOP = ("voice", "point", "morph_voice", "morph", *OF_THE_ENSEMBLE)


def format_moment(values: Mapping[str, Value]) -> str:
    """Values of a deck by parameter name as a text; ``-`` for none."""
    return (
        "; ".join(
            f"{quote(name, safe='._')}={quote(value, safe=IN_POINTS) if isinstance(value, str) else repr(value)}"
            for name, value in values.items()
        )
        or EMPTY
    )


def parse_moment(text: str) -> dict[str, Value]:
    """The inverse of `format_moment`.

    Raises
    ------
    ParameterError : not such a text, or values that the table does not allow.
    """
    if text == EMPTY:
        return {}
    values: dict[str, Value] = {}
    for part in text.split("; "):
        name, equals, written = part.partition("=")
        name, written = unquote(name), unquote(written)
        if not equals:
            raise ParameterError(f"a moment with the part {part!r}; expected name=value; name=value")
        row = parameters.resolve(f"deck.1.{name}").parameter
        if row.gesture or (row.planned and name not in OF_THE_LOOP and not name.startswith("controls.")):
            raise ParameterError(f"a moment with {name}; it holds a loop, its controls and the deck's mixer")
        value: Value = written
        if row.curve not in ("name", "text") and not (row.curve == "choice" and written in row.choices):
            value = _number(name, written)
        values[name] = row.check(value, name)
        if name == "point":
            read_point(str(value))
        elif name == "member_pans":
            parse_pans(str(value))
    return values


@lru_cache(maxsize=256)  # a plan reads its queue at every look ahead
def parse_queue(text: str) -> tuple[Point | int, ...]:
    """What is queued: points, and the numbers of moments.

    Raises
    ------
    ParameterError : a word that is none of them, or too many.
    """
    if text == EMPTY:
        return ()
    words = text.split()
    if not 1 <= len(words) <= MOST_QUEUED:
        raise ParameterError(f"a queue of {len(words)}; expected 1 to {MOST_QUEUED}, or '{EMPTY}' for none")
    return tuple(_queued(word) for word in words)


def parse_pair(text: str) -> tuple[int, int, int | None]:
    """Numbers of two moments, and the seed of their child; None for another each time.

    Raises
    ------
    ParameterError : not two different moments and perhaps a seed.
    """
    words = text.split()
    if len(words) in (2, 3) and all(word.isascii() and word.isdigit() and len(word) < 11 for word in words):
        first, second, *seed = map(int, words)
        if first != second and min(first, second) >= 1 and max(first, second) <= MOMENTS:
            return first, second, seed[0] if seed else None
    raise ParameterError(
        f"{text[:40]!r} is no pair; expected two moments and perhaps a seed, such as '1 2' or '1 2 7'"
    )


@lru_cache(maxsize=256)  # and writes what is left of it
def format_queue(items: tuple[Point | int, ...]) -> str:
    """The inverse of `parse_queue`."""
    return " ".join(f"m{item}" if isinstance(item, int) else str(item) for item in items) or EMPTY


def _queued(word: str) -> Point | int:
    if len(word) == 2 and word[0] == "m" and word[1] in "12345678":
        return int(word[1])
    return read_point(word)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(name: str, text: str) -> float:
    if not _is_number(text):
        raise ParameterError(f"a moment with {name} = {text!r}; expected a number")
    return float(text)
