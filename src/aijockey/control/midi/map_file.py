"""Map files: which controls of a device move what, in TOML.

::

    format = 1
    title = "Korg nanoKONTROL2"
    source = "where its chart was published"
    ports = ["nanoKONTROL2"]            # parts of the names of its ports

    [[map]]
    control = "ch1 cc 0"
    set = "deck.{n}.gain_db"
    times = 8                           # for n = 1 to 8, each with the next controller

Read strictly: an unknown key, an impossible value or a control that is used twice stops with the entry's number, the
key and a guess. `docs/midi.md` has all keys.
"""

import dataclasses
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aijockey.control import parameters
from aijockey.control.midi.encoders import ENCODINGS
from aijockey.control.midi.mapping import MODES, STEP, Binding, checked, natural_mode
from aijockey.control.midi.messages import Control
from aijockey.control.parameters import near
from aijockey.control.travel import is_centred
from aijockey.errors import AijockeyError

FORMAT = 1
SUFFIX = ".toml"
MOST_BYTES = 1 << 20
MOST_BINDINGS = 2048
HEAD_KEYS = ("format", "title", "source", "ports", "hello", "note", "map")
ENTRY_KEYS = (
    "control", "set", "mode", "to", "off", "pickup", "encoding", "step", "centred", "inverted", "light", "lit",
    "dark", "shows", "times", "first", "next_number", "next_channel",
)  # fmt: skip


class MapError(AijockeyError):
    """A map file that cannot be used; the text says where and why."""


@dataclass(frozen=True)
class ControllerMap:
    """A map.

    ports : parts of port names that it is for; compared without regard to case.
    hello : messages (bytes) that set the device up, sent when it is found.
    """

    title: str
    ports: tuple[str, ...]
    bindings: tuple[Binding, ...]
    source: str = ""
    note: str = ""
    hello: tuple[bytes, ...] = ()

    def fits(self, port: str) -> bool:
        """Whether it is for the port of this name."""
        return any(part.lower() in port.lower() for part in self.ports)


@dataclass
class _Reader:
    """One file: its name and entry, for errors."""

    name: str
    where: str = ""

    def fail(self, text: str) -> MapError:
        place = f"{self.name}: {self.where}: " if self.where else f"{self.name}: "
        return MapError(place + text)

    def take(self, table: Mapping[str, Any], key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = table.get(key, default)
        if value is default and key not in table:
            return default
        if (isinstance(value, bool) and kind is not bool) or not isinstance(value, kind):
            kinds = " or ".join(_KINDS[entry] for entry in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.fail(f"{key} = {value!r}: expected {kinds}")
        return value

    def only(self, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                raise self.fail(f"unknown key '{key}'{near(key, known)}; known are {', '.join(known)}")


_KINDS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
}


def read_map(path: Path) -> ControllerMap:
    """The map in a file.

    Raises
    ------
    MapError : not TOML, too big, another format, or an entry that makes no sense; says which.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MapError(f"{path.name}: {path.stat().st_size} bytes; a map has less than {MOST_BYTES}")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MapError(f"{path}: no such file; 'aijockey midi maps' lists the shipped ones") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: cannot be read ({error})") from None
    return parse_map(text, path.name)


def parse_map(text: str, name: str = "map") -> ControllerMap:
    """The map that ``text`` says; ``name`` is for errors.

    Raises
    ------
    MapError : as `read_map`.
    """
    reader = _Reader(name)
    try:
        head = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise reader.fail(f"not TOML: {error}") from None
    if head.get("format") != FORMAT:
        raise reader.fail(f"format = {head.get('format')!r}: expected {FORMAT}")
    reader.only(head, HEAD_KEYS)
    ports = reader.take(head, "ports", list, [])
    if not ports or not all(isinstance(port, str) and port.strip() for port in ports):
        raise reader.fail(f'ports = {ports!r}: expected parts of port names, such as ["nanoKONTROL2"]')
    bindings: list[Binding] = []
    used: dict[tuple[Control, object], int] = {}
    for number, entry in enumerate(reader.take(head, "map", list, []), 1):
        reader.where = f"map {number}"
        if not isinstance(entry, dict):
            raise reader.fail(f"{entry!r}: expected a table, [[map]]")
        for binding in _entry(reader, entry):
            key = (binding.control, None if binding.mode != "press" else binding.address)
            if key in used:
                raise reader.fail(f"{binding.control} is used by map {used[key]} already")
            used[key] = number
            bindings.append(binding)
            if len(bindings) > MOST_BINDINGS:
                raise reader.fail(f"more than {MOST_BINDINGS} controls")
    reader.where = ""
    return ControllerMap(
        reader.take(head, "title", str, name),
        tuple(ports),
        tuple(bindings),
        reader.take(head, "source", str, ""),
        reader.take(head, "note", str, ""),
        tuple(_hello(reader, line) for line in reader.take(head, "hello", list, [])),
    )


def _entry(reader: _Reader, entry: Mapping[str, Any]) -> Iterable[Binding]:
    reader.only(entry, ENTRY_KEYS)
    for key in ("control", "set"):
        if key not in entry:
            raise reader.fail(f"'{key}' is missing")
    times = reader.take(entry, "times", int, 1)
    first = reader.take(entry, "first", int, 1)
    if not 1 <= times <= 128 or not 0 <= first <= 128:
        raise reader.fail(f"times = {times}, first = {first}: expected 1 to 128")
    address = str(reader.take(entry, "set", str, ""))
    if times > 1 and "{n}" not in address and "{n}" not in str(entry.get("to", "")):
        raise reader.fail(f"times = {times}, but neither 'set' nor 'to' holds {{n}}")
    for turn in range(times):
        yield _binding(reader, entry, turn, first + turn)


def _binding(reader: _Reader, entry: Mapping[str, Any], turn: int, number: int) -> Binding:
    try:
        control = _moved(reader, entry, Control.parse(reader.take(entry, "control", str, "")), turn)
        address = str(entry["set"]).replace("{n}", str(number))
        row = parameters.resolve(address).parameter
        to, off = (_value(reader, entry, key, number) for key in ("to", "off"))
        mode = reader.take(entry, "mode", str, natural_mode(control, row, to is not None))
        if mode not in MODES:
            raise reader.fail(f"mode = {mode!r}{near(mode, MODES)}; expected one of {', '.join(MODES)}")
        encoding = reader.take(entry, "encoding", str, "twos")
        if encoding not in ENCODINGS:
            raise reader.fail(
                f"encoding = {encoding!r}{near(encoding, ENCODINGS)}; expected {', '.join(ENCODINGS)}"
            )
        light = reader.take(entry, "light", str, None)
        return checked(
            Binding(
                control,
                address,
                mode,
                to,
                off,
                pickup=reader.take(entry, "pickup", bool, True),
                encoding=encoding,
                step=float(reader.take(entry, "step", (float, int), STEP)),
                centred=reader.take(entry, "centred", bool, mode == "absolute" and is_centred(row)),
                inverted=reader.take(entry, "inverted", bool, False),
                light=_moved(reader, entry, Control.parse(light), turn) if light else None,
                lit=_seven(reader, entry, "lit", 127),
                dark=_seven(reader, entry, "dark", 0),
                shows=reader.take(entry, "shows", bool, True),
            )
        )
    except MapError:
        raise
    except AijockeyError as error:
        raise reader.fail(str(error)) from None


def _value(reader: _Reader, entry: Mapping[str, Any], key: str, number: int) -> float | str | None:
    value = reader.take(entry, key, (str, float, int), None)
    if isinstance(value, str):
        return float(number) if value == "{n}" else value.replace("{n}", str(number))
    return None if value is None else float(value)


def _seven(reader: _Reader, entry: Mapping[str, Any], key: str, default: int) -> int:
    value = int(reader.take(entry, key, int, default))
    if not 0 <= value <= 127:
        raise reader.fail(f"{key} = {value}: expected 0 to 127")
    return value


def _moved(reader: _Reader, entry: Mapping[str, Any], control: Control, turn: int) -> Control:
    """The control of the n-th time: the next number, unless the entry says otherwise."""
    channels = reader.take(entry, "next_channel", int, 0)
    numbers = reader.take(entry, "next_number", int, 0 if channels else 1)
    moved = dataclasses.replace(
        control, channel=control.channel + turn * channels, number=control.number + turn * numbers
    )
    return Control.parse(str(moved))


def _hello(reader: _Reader, line: object) -> bytes:
    if not isinstance(line, str) or not re.fullmatch(r"([0-9a-fA-F]{2} ?)+", line.strip()):
        raise reader.fail(f"hello = {line!r}: expected bytes such as 'F0 7E 7F 06 01 F7'")
    return bytes.fromhex(line)


def as_toml(made: ControllerMap) -> str:
    """A map as text that `parse_map` reads back; one entry for each binding."""
    lines = [f"format = {FORMAT}", f"title = {_toml(made.title)}"]
    lines += [
        f"{key} = {_toml(text)}" for key, text in (("source", made.source), ("note", made.note)) if text
    ]
    lines.append(f"ports = [{', '.join(_toml(port) for port in made.ports)}]")
    if made.hello:
        lines.append(f"hello = [{', '.join(_toml(data.hex(' ')) for data in made.hello)}]")
    for binding in made.bindings:
        lines += ["", "[[map]]", *(f"{key} = {_toml(value)}" for key, value in _items(binding))]
    return "\n".join(lines) + "\n"


def _items(binding: Binding) -> Iterable[tuple[str, Any]]:
    yield "control", str(binding.control)
    yield "set", binding.address
    yield "mode", binding.mode
    plain = Binding(binding.control, binding.address, binding.mode)
    texts: dict[str, Callable[[Any], Any]] = {"light": str}
    for entry in dataclasses.fields(Binding)[3:]:
        value = getattr(binding, entry.name)
        if entry.name == "centred" or value != getattr(plain, entry.name):
            yield entry.name, texts.get(entry.name, lambda told: told)(value)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            f"\\u{ord(letter):04x}" if letter < " " or letter in '"\\\x7f' else letter for letter in value
        )
        return f'"{escaped}"'
    return repr(value)


@dataclass
class MapFolder:
    """The player's own maps before those that are shipped.

    problems : files that could not be used, and why.
    """

    own: Path
    problems: list[str] = field(default_factory=list)

    def for_port(self, port: str) -> ControllerMap | None:
        """The map for a port: the player's first, then the shipped; of several the one that names most of it."""
        for made in (self._read(self.own), self._read(SHIPPED)):
            fitting = [entry for entry in made.values() if entry.fits(port)]
            if fitting:
                return max(fitting, key=lambda entry: max(len(part) for part in entry.ports))
        return None

    def all(self) -> dict[str, ControllerMap]:
        """Every map by name of its file; the player's stand over shipped ones of the same name."""
        return {**self._read(SHIPPED), **self._read(self.own)}

    def save(self, made: ControllerMap, port: str) -> Path:
        """Write a map of the player's for a port; the file appears whole.

        Raises
        ------
        MapError : the folder cannot be written.
        """
        stem = re.sub(r"[^a-z0-9]+", "-", port.lower()).strip("-")[:60] or "controller"
        path = self.own / f"{stem}{SUFFIX}"
        try:
            self.own.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(path.name + ".part")
            fresh.write_text(as_toml(made), encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            raise MapError(f"{path} cannot be written: {error.strerror}") from error
        return path

    def _read(self, folder: Path) -> dict[str, ControllerMap]:
        made = {}
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                made[path.stem] = read_map(path)
            except MapError as error:
                if str(error) not in self.problems:
                    self.problems.append(str(error))
        return made


SHIPPED = Path(__file__).parent / "maps"
