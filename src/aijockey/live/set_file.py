"""A set: decks, mixer, events and entries, as one readable text file that replays sample for sample.

The file is TOML. Beats count from 0 at the set's first sample; bar 1 starts on beat 0. ``over`` is how many
beats a move takes. The pack is named and pinned by hash, never opened by a path that a file states::

    format = 2
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

Events may also stand one to a line, as an array: ``events = [{ beat = 0, set = "deck.1.play", to = 1 }, …]``. A
recorded performance also holds ``entries``: what became of each planned loop, so that a replay lets late ones in
where they came in. Format 1 had none; docs/set-format.md tells all.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import CONTROL_PREFIX, MAX_DECKS, ParameterError, Value
from aijockey.errors import AijockeyError
from aijockey.live.moments import parse_moment
from aijockey.live.set_latents import format_latents, parse_latents
from aijockey.live.set_parts import (
    Entry,
    Event,
    PackReference,
    SetError,
    bare_key,
    checked,
    entry_items,
    event_items,
    inline,
    only_keys,
    parse_entry,
    text_of,
    toml,
)

FORMAT = 2
READABLE = (1, 2)
MAX_FILE_BYTES = 64 << 20
TOP_KEYS = (
    "format",
    "title",
    "tempo_bpm",
    "bars",
    "pack",
    "mixer",
    "deck",
    "events",
    "event",
    "latents",
    "latent",
)
ENTRY_LISTS = ("entries", "entry")
EVENT_KEYS = ("beat", "set", "to", "over")
PACK_KEYS = ("name", "sha256")


@dataclass(frozen=True)
class LiveSet:
    """A performance: where everything starts, and what is then moved.

    decks : initial values of each deck by parameter name, ``controls.NAME`` included; what is missing has
    its default.
    mixer : initial values of the parameters that belong to no deck, by address.
    events : in order of time.
    entries : of a recorded performance: what became of the loops that were planned.
    bars : the set's length; it can be played on beyond.
    latents : bytes of stored latents that its points refer to, by key, so that it is whole on any machine.
    """

    decks: tuple[Mapping[str, Value], ...]
    events: tuple[Event, ...] = ()
    title: str = "untitled"
    tempo_bpm: float = 120.0
    bars: int = 32
    mixer: Mapping[str, Value] = field(default_factory=dict)
    pack: PackReference | None = None
    entries: tuple[Entry, ...] = ()
    latents: Mapping[str, bytes] = field(default_factory=dict)

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
        for number, entry in enumerate(self.entries, start=1):
            if not 1 <= entry.deck <= len(self.decks):
                raise SetError(f"entry {number}: deck {entry.deck}; the set has {len(self.decks)} decks")
        # Stable, so that events of one beat keep the order they were written in.
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda event: event.beat)))

    @property
    def voices(self) -> tuple[str, ...]:
        """Voices that the set names, in order of first mention."""
        sent = [(name, value) for deck in self.decks for name, value in deck.items()]
        sent += [(event.address.rpartition(".")[2], event.value) for event in self.events]
        names = [str(value) for name, value in sent if name in ("voice", "morph_voice")]
        for name, value in sent:
            if name == "loop" or name.startswith("moment_"):
                moment = parse_moment(str(value))
                names += [str(moment.get(key, "")) for key in ("voice", "morph_voice")]
        return tuple(name for name in dict.fromkeys(names) if name)

    @property
    def channels(self) -> int:
        """Channels that its decks need: 2 where an ensemble plays or a plug-in is named, else 1."""
        sent = [(name, value) for deck in self.decks for name, value in deck.items()]
        sent += [(event.address.rpartition(".")[2], event.value) for event in self.events]
        for name, value in sent:
            if name == "loop" or name.startswith("moment_"):
                value, name = parse_moment(str(value)).get("spread", 0.0), "spread"
            if (name == "spread" or name.endswith("_plugin")) and value:
                return 2
        return 1

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
    if version not in READABLE or isinstance(version, bool):
        known = f"this version of aijockey reads formats {' and '.join(map(str, READABLE))}"
        raise SetError(f"format = {version!r}; {known}" + ("; is it a set file?" if version is None else ""))
    only_keys(table, TOP_KEYS + (ENTRY_LISTS if version >= 2 else ()), "the set")
    listed = _tables(table, "events") + _tables(table, "event")
    events = tuple(_parse_event(number, entry) for number, entry in enumerate(listed, start=1))
    entered = _tables(table, "entries") + _tables(table, "entry")
    entries = tuple(parse_entry(number, entry) for number, entry in enumerate(entered, start=1))
    pack = _parse_pack(table["pack"]) if "pack" in table else None
    latents = parse_latents(table.get("latents", {}), _tables(table, "latent"))
    mixer = table.get("mixer", {})
    if not isinstance(mixer, dict):
        raise SetError(f"mixer = {mixer!r}: expected a table of addresses and values")
    return LiveSet(
        decks=tuple(_flat(deck) for deck in _tables(table, "deck")),
        events=events,
        title=text_of(table.get("title", "untitled"), "title"),
        tempo_bpm=table.get("tempo_bpm", 120.0),
        bars=table.get("bars", 32),
        mixer=_flat(mixer),
        pack=pack,
        entries=entries,
        latents=latents,
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
        f"title = {toml(live_set.title)}",
        f"tempo_bpm = {toml(live_set.tempo_bpm)}",
        f"bars = {live_set.bars}",
        "",
    ]
    if live_set.events:
        lines += ["events = [", *(f"  {inline(event_items(event))}," for event in live_set.events), "]", ""]
    if live_set.entries:
        lines += ["entries = [", *(f"  {inline(entry_items(entry))}," for entry in live_set.entries), "]", ""]
    if live_set.pack:
        lines += [
            "[pack]",
            f"name = {toml(live_set.pack.name)}",
            f"sha256 = {toml(live_set.pack.sha256)}",
            "",
        ]
    if live_set.mixer:
        lines += ["[mixer]", *(f"{toml(key)} = {toml(value)}" for key, value in live_set.mixer.items()), ""]
    lines += format_latents(live_set.latents)
    for deck in live_set.decks:
        lines += ["[[deck]]", *(f"{_key(name)} = {toml(value)}" for name, value in deck.items()), ""]
    return "\n".join(lines)


def _key(name: str) -> str:
    if name.startswith(CONTROL_PREFIX):
        return f"controls.{bare_key(name.removeprefix(CONTROL_PREFIX))}"
    return name


def _parse_event(number: int, entry: Mapping[str, Any]) -> Event:
    only_keys(entry, EVENT_KEYS, f"event {number}")
    missing = [key for key in ("beat", "set", "to") if key not in entry]
    if missing:
        raise SetError(
            f"event {number}: no '{missing[0]}'; expected {{ beat = 0, set = \"deck.1.play\", to = 1 }}"
        )
    address = text_of(entry["set"], f"event {number}: set")
    try:
        return Event(entry["beat"], address, entry["to"], entry.get("over", 0.0))
    except AijockeyError as error:
        raise SetError(f"event {number} (beat {entry['beat']}): {error}") from error


def _parse_pack(entry: object) -> PackReference:
    if not isinstance(entry, dict):
        raise SetError(f"pack = {entry!r}: expected a table with a name")
    only_keys(entry, PACK_KEYS, "pack")
    return PackReference(
        text_of(entry.get("name"), "pack.name"), text_of(entry.get("sha256", ""), "pack.sha256")
    )


def _checked_deck(number: int, deck: Mapping[str, Value]) -> dict[str, Value]:
    return {name: checked(f"deck.{number}.{name}", value) for name, value in deck.items()}


def _checked_mixer(mixer: Mapping[str, Value]) -> dict[str, Value]:
    for address in mixer:
        if parameters.resolve(address).deck is not None:
            raise SetError(f"mixer: {address} belongs to a deck; write it under [[deck]]")
        if address == "transport.tempo_bpm":
            raise SetError("mixer: the tempo is the set's tempo_bpm")
    return {address: checked(address, value) for address, value in mixer.items()}


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
