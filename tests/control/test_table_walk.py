"""The table of parameters walked over every surface: each kind of value of each row goes there and back unchanged, and
what the table does not allow is refused with name, value and range.

A surface here is three functions: `back` sends a value the way a hand would and gives what comes back to somebody who
watches, `refusal` sends what may not be and gives what is said of it, `carries` says what its way can carry at all.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from tests.control.conftest import FakeLink
from tests.control.midi.fakes import Clock
from tests.control.web.conftest import Stage

from aijockey.control import keys, parameters
from aijockey.control.desk import Desk, Instrument, Voice
from aijockey.control.keys import Key, Keyboard
from aijockey.control.midi.map_file import as_toml, parse_map
from aijockey.control.midi.surface import Surface
from aijockey.control.osc import codec
from aijockey.control.osc.addresses import from_osc, to_argument, to_osc, to_value
from aijockey.control.osc.service import ERRORS_A_SECOND, OscConfig
from aijockey.control.osc.subscribers import Subscribers
from aijockey.control.parameters import Parameter, Value
from aijockey.control.travel import has_travel, is_centred
from aijockey.control.web import hub, visitor
from aijockey.control.web.client import Client
from aijockey.errors import AijockeyError
from aijockey.live.set_file import LiveSet, format_set, parse_set
from aijockey.live.set_parts import Event, check_move, toml

MOMENT = "voice=a b%3Bc; point=7>(9>5@0.25)@0.5; gain_db=-3.5; side=a; low_db=-90"
TEXTS: dict[str, tuple[str, ...]] = {
    "point": ("0", "7>9@0.5", "1>(2>3@0.1)@0.25", "7~3@0.2"),
    "glide": ("0", "7~3@0.2"),
    "queue": ("-", "12 7>9@0.5 m3"),
    "enqueue": ("12 7>9@0.5 m3",),
    "loop": ("-", MOMENT),
    "moment_": ("-", MOMENT),
    "breed": ("1 2", "1 2 7"),
    "member_pans": ("-", "-1 x 0.25 1"),
}
UNKNOWN = ("deck.2.gain_bd", "mixer.crosfader", "deck.2.controls.swnig", "deck.7.pan", "nonsense")
ROWS = {
    row.address.replace(".N.control", ".2.controls.swing").replace(".N.", ".2."): row
    for row in parameters.PARAMETERS
}
FADERS = {address: row for address, row in ROWS.items() if has_travel(row) and not row.gesture}


def values_of(row: Parameter) -> tuple[Value, ...]:
    """Ends, default and a few in between; all choices; texts of each form."""
    if row.curve == "name":
        return ("techno", "Ünïcode, with a comma", *((row.default,) if row.default == "" else ()))
    if row.curve == "text":
        return TEXTS[row.name.rstrip("12345678")]
    if row.choices:
        return row.choices
    if row.curve in ("switch", "hold"):
        return (0.0, 1.0)
    if row.curve == "trigger":
        return (1.0,) if row.high == 1.0 else (1234.5,)
    between = [row.low + share * (row.high - row.low) for share in (0.123, 0.5, 0.877)]
    whole = row.curve in parameters.WHOLE
    rounded = [float(math.floor(value)) if whole else float(f"{value:.4g}") for value in between]
    return (row.low, row.high, row.default, *rounded)


def bad_values_of(row: Parameter) -> tuple[Any, ...]:
    """Beyond both ends, not a number, of another kind."""
    if row.curve in ("name", "text"):
        return (7.0, math.nan, *(() if row.default == "" else ("",)))
    if row.choices:
        return ("loud", 0.3, math.nan)
    # Values that 32 bits hold.
    bad = (
        row.low - abs(row.low) - 1.0,
        3e9 if row.high > 1e5 else 2.0 * row.high + 1.0,
        math.nan,
        math.inf,
        -math.inf,
        "loud",
    )
    return (*bad, row.low + 0.5) if row.curve in parameters.WHOLE else bad


def says(told: str, row: Parameter, value: Any) -> bool:
    """Whether it names parameter, value and what is allowed."""
    shown = {repr(value), str(value)} | (
        {f"{value:g}", repr(value).lower()} if isinstance(value, float) else set()
    )
    if isinstance(value, float) and value.is_integer():
        shown.add(str(int(value)))
    if row.choices:
        allowed = [str(choice) if isinstance(choice, str) else f"{choice:g}" for choice in row.choices]
    elif row.curve in ("name", "text"):
        allowed = ["expected"]
    else:
        allowed = [f"expected {row.low:g} to {row.high:g}"]
    name = "swing" if row.name == "control" else row.name
    return name in told and any(text in told for text in shown) and all(text in told for text in allowed)


class CheckingLink(FakeLink):
    """An engine that takes what the real one takes."""

    def check(self, address: str, value: object) -> Value:
        return check_move(address, value)


class Way:
    """A desk that a surface moves."""

    def __init__(self) -> None:
        self.link = CheckingLink()
        voices = (Voice("techno", False, ("swing",)), Voice("bass", True, ("bass",)))
        self.desk = Desk(Instrument("walk", 2, voices), self.link)

    @property
    def sent(self) -> list[tuple[str, Value, float]]:
        return self.link.sent

    def carries(self, row: Parameter, value: object) -> bool:
        return True

    def value(self, address: str) -> Value:
        """What the desk has, or what a gesture was sent with."""
        return self.sent[-1][1] if parameters.resolve(address).parameter.gesture else self.desk.value(address)

    def close(self) -> None:
        pass


class Page(Way):
    """One client moves, another is told."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(hub, "TURN_S", 1e3)  # turns are made here
        self.patch.setattr(visitor, "MESSAGES_PER_S", 1e6)
        self.stage = Stage(desk=self.desk)
        self.hand, self.other = self.stage.client("hand"), self.stage.client("other")

    def back(self, address: str, value: Value) -> Value:
        assert self.hand.move(address, value) == value
        self.stage.call(self.stage.service.hub.turn)
        self.other._wait(lambda: bool(self.other.changes), "a change")
        (told,) = self.other.changes
        self.other.changes.clear()
        assert told[0] == address
        assert told[2] == self.hand.name
        if not parameters.resolve(address).parameter.gesture:
            assert self.other.values[address] == told[1]
        return told[1]

    def refusal(self, address: str, value: object) -> str:
        client: Client = self.hand
        client.send_text(json.dumps({"set": address, "to": value, "id": "walk"}))  # a NaN as Python writes it
        client._wait(lambda: "walk" in client._answers, "an answer")
        return str(client._answers.pop("walk").get("error", ""))

    def close(self) -> None:
        self.stage.close()
        self.patch.undo()


class Osc(Way):
    """A datagram comes in, and a subscriber elsewhere is told."""

    def __init__(self) -> None:
        super().__init__()
        self.service = OscConfig(0).build(self.desk)
        self.told: list[bytes] = []
        self.service.subscribers = Subscribers(self.desk, lambda data, peer: self.told.append(data))
        self.service.subscribers.add(("127.0.0.3", 9), for_good=True)
        self.desk.subscribe(self.service.subscribers.changed)
        self.turn()

    def turn(self) -> None:
        """With nothing that is kept for later: feedback, errors that are told a few a second."""
        self.service.subscribers._told_s = 0.0
        self.service._errors_left = ERRORS_A_SECOND
        self.service.turn()

    def back(self, address: str, value: Value) -> Value:
        row = parameters.resolve(address).parameter
        self.told.clear()
        self.service.receive(codec.encode(to_osc(address), to_argument(row, value)), ("127.0.0.2", 9))
        self.turn()
        if row.gesture:
            return self.sent[-1][1]
        ((_, taken, _),) = self.sent[-1:]
        assert taken == value
        (message,) = [one for data in self.told for one in codec.decode(data)]
        assert from_osc(message.address) == address
        if row.curve == "trigger":
            return float(message.arguments[0])
        move = to_value(row, message.arguments, message.address)
        assert move is not None
        return move[0]

    def refusal(self, address: str, value: object) -> str:
        self.service.last_error = ""
        self.service.receive(codec.encode(to_osc(address), value), ("127.0.0.2", 9))
        self.turn()
        return self.service.last_error


class Midi(Way):
    """A button of a map that was written to a file and read again sends a value, and its light says so."""

    def back(self, address: str, value: Value) -> Value:
        made = parse_map(as_toml(parse_map(_map(address, value))))
        told: list[bytes] = []
        surface = Surface("box", made, self.desk, "midi", told.append, Clock())
        surface.receive(bytes.fromhex("90 01 7f"))
        surface.turn()
        if not parameters.resolve(address).parameter.gesture:
            assert told[-1] == bytes.fromhex("90 01 7f")
        return self.value(address)

    def refusal(self, address: str, value: object) -> str:
        return _error(lambda: parse_map(_map(address, value)))


class Keys(Way):
    """A key that sends a value."""

    def press(self, address: str, value: Any) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keys, "KEYS", (Key("x", "a key of the walk", "Walk", address, value=value),))
            return Keyboard(self.desk).press("x")

    def back(self, address: str, value: Value) -> Value:
        self.press(address, value)
        return self.value(address)

    def refusal(self, address: str, value: object) -> str:
        return self.press(address, value)


class SetFile(Way):
    """An event, and the value that a set begins with, written and read."""

    def carries(self, row: Parameter, value: object) -> bool:
        return not row.gesture  # a set holds what comes of a gesture

    def back(self, address: str, value: Value) -> Value:
        target = parameters.resolve(address)
        decks: list[dict[str, Value]] = [{}, {}]
        tempo, mixer = 120.0, {}
        if target.deck is not None:
            decks[target.deck] = {address.split(".", 2)[2]: value}
        elif address == "transport.tempo_bpm":
            tempo = float(value)
        else:
            mixer = {address: value}
        wanted = LiveSet(tuple(decks), (Event(4.0, address, value),), tempo_bpm=tempo, mixer=mixer)
        read = parse_set(format_set(wanted))
        assert read == wanted
        self.link.sent.append((address, read.events[0].value, 0.0))
        return read.events[0].value

    def refusal(self, address: str, value: object) -> str:
        event = (
            f'format = 2\n[[deck]]\n[[deck]]\n[[event]]\nbeat = 0\nset = "{address}"\nto = {_toml(value)}\n'
        )
        if address in ROWS:
            target = parameters.resolve(address)
            name = address.split(".", 2)[2] if target.deck is not None else f'"{address}"'
            place = "[[deck]]\n[[deck]]\n" if target.deck is not None else "[[deck]]\n[mixer]\n"
            assert _error(lambda: parse_set(f"format = 2\n{place}{name} = {_toml(value)}\n"))
        return _error(lambda: parse_set(event))


def _map(address: str, value: object) -> str:
    entry = f'control = "note 1"\nset = "{address}"\nmode = "press"\nto = {_toml(value)}\n'
    return f'format = 1\ntitle = "box"\nports = ["box"]\n[[map]]\n{entry}'


def _toml(value: Any) -> str:
    """As TOML writes it, NaN and infinity too."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else toml(value)


def _error(act: Any) -> str:
    try:
        act()
    except AijockeyError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module", params=[Page, Osc, Midi, Keys, SetFile], ids=lambda way: way.__name__.lower())
def way(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = request.param()
    yield made
    made.close()


@pytest.mark.parametrize(("address", "row"), ROWS.items(), ids=ROWS)
def test_every_value_goes_there_and_back_unchanged(way: Any, address: str, row: Parameter) -> None:
    for value in values_of(row):
        if way.carries(row, value):
            assert way.back(address, value) == value
            assert way.sent[-1][:2] == (address, 0.0 if row.name == "tap" and value == 1.0 else value)


@pytest.mark.parametrize(("address", "row"), ROWS.items(), ids=ROWS)
def test_what_may_not_be_is_refused_with_name_value_and_range(way: Any, address: str, row: Parameter) -> None:
    before, sent = dict(way.desk.values), list(way.sent)
    for value in bad_values_of(row):
        told = way.refusal(address, value)
        assert told, value
        if way.carries(row, value):
            assert says(told, row, value), told
    assert dict(way.desk.values) == before
    assert way.sent == sent


@pytest.mark.parametrize("address", UNKNOWN)
def test_what_nobody_knows_is_refused_by_name(way: Any, address: str) -> None:
    sent = list(way.sent)
    told = way.refusal(address, 0.5)
    if told or not isinstance(
        way, Midi | SetFile
    ):  # those are read before there is a set with decks and voices
        assert address.split(".")[-1] in told
    assert way.sent == sent


@pytest.mark.parametrize(("address", "row"), FADERS.items(), ids=FADERS)
def test_a_fader_of_midi_stands_where_it_was_left(address: str, row: Parameter) -> None:
    """14 bits: ends, default and all choices are met; every step in between comes back as the same step."""
    way = Way()
    head = 'format = 1\ntitle = "box"\nports = ["box"]\n[[map]]\ncontrol = "cc14 6"\n'
    entry = f'set = "{address}"\npickup = false\ncentred = {str(is_centred(row)).lower()}\n'
    made = parse_map(as_toml(parse_map(head + entry)))
    (binding,) = made.bindings
    top = binding.control.top
    whole = bool(row.choices) or row.curve in parameters.WHOLE
    for value in row.choices or (row.low, row.high, row.default):
        reached = binding.value_at(binding.raw_of(value, top), top)
        if row.choices or (whole and row.high - row.low < top) or value in (row.low, row.high):
            assert reached == value
        else:  # the nearest step
            assert reached == pytest.approx(value, abs=(row.high - row.low) / top)
    surface = Surface("box", made, way.desk, "midi", lambda data: None, Clock())
    for raw in (0, 1, top // 3, top // 2, top // 2 + 1, top - 1, top):
        surface.receive(bytes((0xB0, 6, raw >> 7)))
        surface.receive(bytes((0xB0, 38, raw & 0x7F)))
        value = way.value(address)
        assert parameters.check(address, value) == value
        if not whole:
            assert binding.raw_of(value, top) == raw
