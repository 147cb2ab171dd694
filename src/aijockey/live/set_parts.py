"""What a set file holds beside its decks: events, the loops that really entered, the pack it was made with."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import MAX_DECKS, Value, near
from aijockey.errors import AijockeyError
from aijockey.live.loops import LoopRequest
from aijockey.live.members import OF_THE_ENSEMBLE, ensemble_of_values, parse_pans
from aijockey.live.moments import parse_moment, parse_pair, parse_queue
from aijockey.live.point_text import read_point
from aijockey.live.points import Seed

MAX_BEAT = 1e7
ENTRY_KEYS = (
    "deck", "planned", "beat", "lost", "voice", "point", "controls", "morph_voice", "morph", *OF_THE_ENSEMBLE,
)  # fmt: skip
LOSSES = ("late", "failed")


class SetError(AijockeyError):
    """A set that cannot be played; the text says where and why."""


@dataclass(frozen=True)
class Event:
    """At ``beat``, send the parameter at ``address`` to ``value`` within ``over_beats``."""

    beat: float
    address: str
    value: Value
    over_beats: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "beat", number_in(self.beat, "beat", 0.0, MAX_BEAT))
        object.__setattr__(self, "over_beats", number_in(self.over_beats, "over", 0.0, MAX_BEAT))
        object.__setattr__(self, "value", checked(self.address, self.value))


@dataclass(frozen=True)
class Entry:
    """What became of one loop that a deck planned: which one it was, and when it really entered.

    deck : from 1. planned : the beat it was meant for. beat : where it entered; None if it never did.
    lost : why it never did: "late" (another took its place first) or "failed" (it could not be made).
    request : the loop.

    A replay lets each planned loop in where it entered, and leaves out the lost ones.
    """

    deck: int
    planned: float
    beat: float | None
    request: LoopRequest = field(default_factory=lambda: LoopRequest("", Seed(0)))
    lost: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it entered later than it was meant to, or not at all because it came too late."""
        return self.lost == "late" or (self.beat is not None and self.beat > self.planned)


@dataclass(frozen=True)
class PackReference:
    """Which pack a set was made with: its name, and the SHA-256 of its manifest ("" pins nothing)."""

    name: str
    sha256: str = ""


def checked(address: str, value: object) -> Value:
    """``value`` for ``address``, texts parsed on trial.

    Raises
    ------
    ParameterError : as `aijockey.control.parameters.check`, or a point, queue or moment that cannot be read.
    SetError : a gesture of a hand, of which a set holds only what came of it.
    """
    row = parameters.resolve(address).parameter
    if row.gesture:
        raise SetError(f"{address} is a gesture of a hand; a set holds what comes of it: {row.summary}")
    checked_value = row.check(value, address)
    if row.curve == "text" and (parse := TEXTS.get(row.name.rstrip("12345678"))):
        parse(str(checked_value))
    return checked_value


TEXTS: dict[str, Callable[[str], object]] = {
    "point": read_point,
    "glide": read_point,
    "loop": parse_moment,
    "queue": parse_queue,
    "moment_": parse_moment,
    "member_pans": parse_pans,
}
GESTURE_TEXTS: dict[str, Callable[[str], object]] = {"enqueue": parse_queue, "breed": parse_pair}


def check_move(address: str, value: object) -> Value:
    """``value`` for ``address`` as a hand may send it: as `checked`, and gestures too.

    Raises
    ------
    ParameterError, SetError, PointError : as `checked`.
    """
    row = parameters.resolve(address).parameter
    if not row.gesture:
        return checked(address, value)
    sent = row.check(value, address)
    if row.curve == "text":
        GESTURE_TEXTS[row.name](str(sent))
    return sent


def parse_entry(number: int, table: Mapping[str, Any]) -> Entry:
    """An entry as a set file writes it.

    Raises
    ------
    SetError : unknown or missing keys, or values that make no sense; names the entry's number.
    """
    where = f"entry {number}"
    only_keys(table, ENTRY_KEYS, where)
    missing = [key for key in ("deck", "planned") if key not in table]
    if missing or ("beat" in table) == ("lost" in table):
        raise SetError(
            f'{where}: expected {{ deck = 1, planned = 32, beat = 36 }}, or lost = "late" for beat'
        )
    deck = number_in(table["deck"], f"{where}: deck", 1, MAX_DECKS)
    planned = number_in(table["planned"], f"{where}: planned", 0.0, MAX_BEAT)
    beat = number_in(table["beat"], f"{where}: beat", planned, MAX_BEAT) if "beat" in table else None
    lost = text_of(table.get("lost", ""), f"{where}: lost")
    if beat is None and lost not in LOSSES:
        raise SetError(f"{where}: lost = {lost!r}{near(lost, LOSSES)}; expected one of {', '.join(LOSSES)}")
    controls = table.get("controls", {})
    if not isinstance(controls, Mapping):
        raise SetError(f"{where}: controls = {controls!r}: expected a table of names and numbers")
    values = tuple(
        sorted(
            (name, number_in(value, f"{where}: controls.{name}", -1e3, 1e3))
            for name, value in controls.items()
        )
    )
    try:
        point = read_point(str(table.get("point", "0")))
        ensemble = ensemble_of_values({name: table[name] for name in OF_THE_ENSEMBLE if name in table})
    except AijockeyError as error:
        raise SetError(f"{where}: {error}") from error
    second = text_of(table.get("morph_voice", ""), f"{where}: morph_voice")
    morph = number_in(table.get("morph", 0.0), f"{where}: morph", 0.0, 1.0)
    voice = text_of(table.get("voice", ""), f"{where}: voice")
    request = LoopRequest(voice, point, values, second, morph, ensemble)
    return Entry(int(deck), planned, beat, request, lost)


def entry_items(entry: Entry) -> list[str]:
    """The inverse of `parse_entry`: keys and values as TOML writes them."""
    request = entry.request
    controls = ", ".join(f"{toml(name)} = {toml(value)}" for name, value in request.controls)
    return [
        f"deck = {entry.deck}",
        f"planned = {toml(entry.planned)}",
        f"lost = {toml(entry.lost)}" if entry.beat is None else f"beat = {toml(entry.beat)}",
        f"voice = {toml(request.voice)}",
        f"point = {toml(str(request.point))}",
        *([f"controls = {{ {controls} }}"] if controls else []),
        *(
            [f"morph_voice = {toml(request.second_voice)}", f"morph = {toml(request.morph)}"]
            if request.second_voice
            else []
        ),
        *(
            f"{name} = {toml(value)}"
            for name, value in (request.ensemble.as_values() if request.ensemble else {}).items()
        ),
    ]


def event_items(event: Event) -> list[str]:
    """Keys and values of an event as TOML writes them."""
    items = [f"beat = {toml(event.beat)}", f"set = {toml(event.address)}", f"to = {toml(event.value)}"]
    return [*items, f"over = {toml(event.over_beats)}"] if event.over_beats else items


def inline(items: list[str]) -> str:
    """Keys and values as a table within a line."""
    return f"{{ {', '.join(items)} }}"


def toml(value: Value) -> str:
    """A number or text as TOML writes it; numbers come back exactly."""
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    number = float(value)
    return str(int(number)) if number == int(number) and abs(number) < 2**53 else repr(number)


def bare_key(name: str) -> str:
    """A key of TOML, quoted where it must be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)


def only_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raises SetError for a key of ``table`` that is not known, with its neighbour."""
    for key in table:
        if key not in known:
            raise SetError(f"{where}: unknown key '{key}'{near(key, known)}; known are {', '.join(known)}")


def text_of(value: object, where: str) -> str:
    """``value`` if it is text; else raises SetError."""
    if not isinstance(value, str):
        raise SetError(f"{where} = {value!r}: expected text")
    return value


def number_in(value: object, where: str, low: float, high: float) -> float:
    """``value`` if it is a finite number from ``low`` to ``high``; else raises SetError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SetError(f"{where} = {value!r}: expected a number")
    if not low <= value <= high:
        raise SetError(f"{where} = {value!r}: expected {low:g} to {high:g} (are these samples?)")
    return float(value)
