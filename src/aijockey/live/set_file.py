"""A set: decks, mixer and events, as one readable text file that replays sample for sample.

The file is TOML. Beats count from 0 at the set's first sample; bar 1 starts on beat 0. ``over`` is how many
beats a move takes. The pack is named and pinned by hash, never opened by a path that a file states::

    format = 1
    title = "First light"
    tempo_bpm = 125.0
    bars = 64

    [pack]
    name = "default"

    [mixer]
    "master.gain_db" = -1.0

    [[deck]]
    voice = "techno"
    seed = 7
    controls.onset_density = 0.5

    [[event]]
    beat = 0.0
    set = "deck.1.play"
    to = 1

Events may also stand one to a line, as an array: ``events = [{ beat = 0, set = "deck.1.play", to = 1 }, …]``.
"""

import json
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import CONTROL_PREFIX, MAX_DECKS, ParameterError, Value, near
from aijockey.errors import AijockeyError

FORMAT = 1
MAX_FILE_BYTES = 16 << 20
MAX_BEAT = 1e7
TOP_KEYS = ("format", "title", "tempo_bpm", "bars", "pack", "mixer", "deck", "events", "event")
EVENT_KEYS = ("beat", "set", "to", "over")
PACK_KEYS = ("name", "sha256")


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
        object.__setattr__(self, "beat", _number(self.beat, "beat", 0.0, MAX_BEAT))
        object.__setattr__(self, "over_beats", _number(self.over_beats, "over", 0.0, MAX_BEAT))
        object.__setattr__(self, "value", parameters.check(self.address, self.value))


@dataclass(frozen=True)
class PackReference:
    """Which pack a set was made with: its name, and the SHA-256 of its manifest ("" pins nothing)."""

    name: str
    sha256: str = ""


@dataclass(frozen=True)
class LiveSet:
    """A performance: where everything starts, and what is then moved.

    decks : initial values of each deck by parameter name, ``controls.NAME`` included; what is missing has
    its default.
    mixer : initial values of the parameters that belong to no deck, by address.
    events : in order of time.
    bars : the set's length; it can be played on beyond.
    """

    decks: tuple[Mapping[str, Value], ...]
    events: tuple[Event, ...] = ()
    title: str = "untitled"
    tempo_bpm: float = 120.0
    bars: int = 32
    mixer: Mapping[str, Value] = field(default_factory=dict)
    pack: PackReference | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.decks) <= MAX_DECKS:
            raise SetError(f"a set has 1 to {MAX_DECKS} decks, this one {len(self.decks)}")
        if isinstance(self.bars, bool) or not isinstance(self.bars, int) or not 1 <= self.bars <= 1_000_000:
            raise SetError(f"bars = {self.bars!r}: expected a whole number from 1 to 1000000")
        object.__setattr__(self, "tempo_bpm", parameters.check("transport.tempo_bpm", self.tempo_bpm))
        decks = tuple(_checked_deck(number, deck) for number, deck in enumerate(self.decks, start=1))
        object.__setattr__(self, "decks", decks)
        object.__setattr__(self, "mixer", _checked_mixer(self.mixer))
        for number, event in enumerate(self.events, start=1):
            deck = parameters.resolve(event.address).deck
            if deck is not None and deck >= len(self.decks):
                where = f"event {number} ({event.address}, beat {event.beat:g})"
                raise SetError(f"{where}: the set has {len(self.decks)} decks")
        # Stable, so that events of one beat keep the order they were written in.
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda event: event.beat)))

    @property
    def voices(self) -> tuple[str, ...]:
        """Voices that the set names, in order of first mention."""
        names = [str(deck["voice"]) for deck in self.decks if "voice" in deck]
        names += [str(event.value) for event in self.events if event.address.endswith(".voice")]
        return tuple(dict.fromkeys(names))

    def varied(self, seed: int = 0, tempo_bpm: float | None = None) -> "LiveSet":
        """The same shape with ``seed`` added to every seed, and another starting tempo if one is given."""
        row = parameters.DECK_PARAMETERS["seed"]

        def moved(value: Value) -> float:
            return (float(value) + seed) % (row.high + 1)

        decks = tuple({**deck, "seed": moved(deck.get("seed", row.default))} for deck in self.decks)
        events = tuple(
            replace(event, value=moved(event.value)) if event.address.endswith((".seed", ".walk")) else event
            for event in self.events
        )
        return (
            replace(self, decks=decks, events=events, tempo_bpm=tempo_bpm or self.tempo_bpm)
            if seed or tempo_bpm
            else self
        )


def read_set(path: Path) -> LiveSet:
    """The set in a file.

    Raises
    ------
    SetError : missing, too large, not TOML (with line and column), unknown keys, a newer format, or a
    value that the
        table of parameters does not allow (with the number of deck or event).
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SetError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; is it a set file?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetError(f"{path}: cannot be read ({error}); is it a set file?") from error
    try:
        return parse_set(text)
    except (SetError, ParameterError) as error:
        raise SetError(f"{path}: {error}") from error


def parse_set(text: str) -> LiveSet:
    """The set that ``text`` describes; raises as `read_set` does, without the file's name."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetError(f"not a set file: {error}") from error
    version = table.get("format")
    if version != FORMAT or isinstance(version, bool):
        known = f"this version of aijockey reads format {FORMAT}"
        raise SetError(f"format = {version!r}; {known}" + ("; is it a set file?" if version is None else ""))
    _only_keys(table, TOP_KEYS, "the set")
    entries = _tables(table, "events") + _tables(table, "event")
    events = tuple(_parse_event(number, entry) for number, entry in enumerate(entries, start=1))
    pack = _parse_pack(table["pack"]) if "pack" in table else None
    mixer = table.get("mixer", {})
    if not isinstance(mixer, dict):
        raise SetError(f"mixer = {mixer!r}: expected a table of addresses and values")
    return LiveSet(
        decks=tuple(_flat(deck) for deck in _tables(table, "deck")),
        events=events,
        title=_text(table.get("title", "untitled"), "title"),
        tempo_bpm=table.get("tempo_bpm", 120.0),
        bars=table.get("bars", 32),
        mixer=_flat(mixer),
        pack=pack,
    )


def write_set(path: Path, live_set: LiveSet) -> None:
    """Write ``live_set`` so that `read_set` gives it back equal; the file appears only when it is whole.

    Raises
    ------
    SetError : the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(format_set(live_set), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise SetError(f"{path}: cannot be written ({error})") from error
    finally:
        partial.unlink(missing_ok=True)


def format_set(live_set: LiveSet) -> str:
    """The text of a set file."""
    lines = [
        f"format = {FORMAT}",
        f"title = {_toml(live_set.title)}",
        f"tempo_bpm = {_toml(live_set.tempo_bpm)}",
        f"bars = {live_set.bars}",
        "",
    ]
    if live_set.events:
        lines += ["events = [", *(f"  {_event_line(event)}," for event in live_set.events), "]", ""]
    if live_set.pack:
        lines += [
            "[pack]",
            f"name = {_toml(live_set.pack.name)}",
            f"sha256 = {_toml(live_set.pack.sha256)}",
            "",
        ]
    if live_set.mixer:
        lines += ["[mixer]", *(f"{_toml(key)} = {_toml(value)}" for key, value in live_set.mixer.items()), ""]
    for deck in live_set.decks:
        lines += ["[[deck]]", *(f"{_key(name)} = {_toml(value)}" for name, value in deck.items()), ""]
    return "\n".join(lines)


def _event_line(event: Event) -> str:
    over = f", over = {_toml(event.over_beats)}" if event.over_beats else ""
    return f"{{ beat = {_toml(event.beat)}, set = {_toml(event.address)}, to = {_toml(event.value)}{over} }}"


def _key(name: str) -> str:
    if name.startswith(CONTROL_PREFIX):
        return f"controls.{_toml(name.removeprefix(CONTROL_PREFIX))}"
    return name


def _toml(value: Value) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    number = float(value)
    return str(int(number)) if number == int(number) and abs(number) < 2**53 else repr(number)


def _parse_event(number: int, entry: Mapping[str, Any]) -> Event:
    _only_keys(entry, EVENT_KEYS, f"event {number}")
    missing = [key for key in ("beat", "set", "to") if key not in entry]
    if missing:
        raise SetError(
            f"event {number}: no '{missing[0]}'; expected {{ beat = 0, set = \"deck.1.play\", to = 1 }}"
        )
    address = _text(entry["set"], f"event {number}: set")
    try:
        return Event(entry["beat"], address, entry["to"], entry.get("over", 0.0))
    except AijockeyError as error:
        raise SetError(f"event {number} (beat {entry['beat']}): {error}") from error


def _parse_pack(entry: object) -> PackReference:
    if not isinstance(entry, dict):
        raise SetError(f"pack = {entry!r}: expected a table with a name")
    _only_keys(entry, PACK_KEYS, "pack")
    return PackReference(_text(entry.get("name"), "pack.name"), _text(entry.get("sha256", ""), "pack.sha256"))


def _checked_deck(number: int, deck: Mapping[str, Value]) -> dict[str, Value]:
    return {name: parameters.check(f"deck.{number}.{name}", value) for name, value in deck.items()}


def _checked_mixer(mixer: Mapping[str, Value]) -> dict[str, Value]:
    for address in mixer:
        if parameters.resolve(address).deck is not None:
            raise SetError(f"mixer: {address} belongs to a deck; write it under [[deck]]")
        if address == "transport.tempo_bpm":
            raise SetError("mixer: the tempo is the set's tempo_bpm")
    return {address: parameters.check(address, value) for address, value in mixer.items()}


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted names: TOML reads ``controls.swing = 1`` as a table within a table."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _tables(table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SetError(f"{key}: expected a list of tables")
    return entries


def _only_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise SetError(f"{where}: unknown key '{key}'{near(key, known)}; known are {', '.join(known)}")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise SetError(f"{where} = {value!r}: expected text")
    return value


def _number(value: object, where: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SetError(f"{where} = {value!r}: expected a number")
    if not low <= value <= high:
        raise SetError(f"{where} = {value!r}: expected {low:g} to {high:g} (are these samples?)")
    return float(value)
