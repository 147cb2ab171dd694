"""Bindings and map files: the table walked, what is written is read, what is wrong is named."""

import math

import pytest

from aijockey.control import parameters
from aijockey.control.midi.map_file import ControllerMap, MapError, MapFolder, as_toml, parse_map, read_map
from aijockey.control.midi.mapping import Binding, checked, learned
from aijockey.control.midi.messages import Control, Decoder, encode
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, WHOLE, ParameterError
from aijockey.control.travel import has_travel, is_centred

ADDRESSES = [*GLOBAL_PARAMETERS, *(f"deck.3.{name}" for name in DECK_PARAMETERS), "deck.3.controls.swing"]
FINE = Control("cc14", 1, 20)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if has_travel(parameters.resolve(a).parameter)])
def test_every_value_goes_to_fourteen_bits_and_back_within_their_resolution(address):
    row = parameters.resolve(address).parameter
    binding = Binding(FINE, address, "absolute", centred=is_centred(row))
    decoder = Decoder(frozenset({(1, 20)}))
    values = row.choices or [
        row.low + share * (row.high - row.low) for share in (0, 0.001, 0.37, 0.5, 0.9, 1)
    ]
    for value in [*values, row.default]:
        value = row.check(math.floor(value) if row.curve in WHOLE else value)
        raw = binding.raw_of(value, FINE.top)
        moved = [movement for message in encode(FINE, raw) for movement in decoder.decode(message)]
        assert moved[-1].value == raw
        back = binding.value_at(moved[-1].value, FINE.top)
        if isinstance(value, str) or row.choices:
            assert back == value
        else:
            # The steepest part of a fader is 600 dB for its whole way.
            step = max((row.high - row.low) / FINE.top, 1200 / FINE.top if row.curve == "decibel" else 0)
            assert abs(float(back) - value) <= step
        assert binding.raw_of(back, FINE.top) == raw or row.curve in WHOLE or row.choices
        if row.curve in WHOLE and row.high - row.low < FINE.top / 2:
            assert back == value


@pytest.mark.parametrize("top", [127, 16383])
def test_the_middle_of_a_knob_is_its_default(top):
    for name in ("pan", "low_db", "filter"):
        binding = learned(Control("cc", 1, 9), f"deck.1.{name}")
        assert binding.value_at((top + 1) // 2, top) == DECK_PARAMETERS[name].default
        assert binding.raw_of(DECK_PARAMETERS[name].default, top) == (top + 1) // 2


@pytest.mark.parametrize("address", ADDRESSES)
def test_whatever_can_be_learned_can_be_done(address):
    row = parameters.resolve(address).parameter
    for control in (Control("cc", 1, 9), Control("note", 1, 9), Control("nrpn", 1, 300)):
        needs_to = not has_travel(row) or control.kind == "note"
        if needs_to and row.curve not in ("switch", "hold", "trigger"):
            with pytest.raises(ParameterError, match="'to'"):  # it could send anything
                learned(control, address)
            continue
        binding = learned(control, address)
        if binding.mode == "absolute":
            row.check(binding.value_at(77, 127))
        else:
            row.check(binding.on_value)


def test_bindings_that_make_no_sense_are_refused():
    note = Control("note", 1, 1)
    for binding in (
        Binding(note, "deck.1.gain", "press", 1.0),
        Binding(note, "deck.1.gain_db", "press", 99.0),
        Binding(note, "deck.1.gain_db", "relative"),
        Binding(note, "deck.1.voice", "absolute"),
        Binding(Control("cc", 1, 1), "deck.1.pan", "relative", step=0.0),
        Binding(note, "deck.1.pan", "press", math.nan),
    ):
        with pytest.raises(ParameterError):
            checked(binding)


def test_what_is_written_is_read():
    bindings = (
        Binding(Control("cc", 1, 1), "deck.1.gain_db", "absolute", pickup=False),
        Binding(Control("cc", 1, 2), "deck.1.pan", "absolute", centred=True, inverted=True),
        Binding(Control("cc", 1, 3), "deck.1.low_db", "absolute"),
        Binding(Control("cc", 1, 4), "transport.tempo_bpm", "relative", encoding="sign", step=0.01),
        Binding(
            Control("note", 2, 5),
            "deck.2.insert_1",
            "press",
            "drive",
            light=Control("note", 7, 5),
            lit=21,
            dark=3,
        ),
        Binding(Control("note", 2, 6), "deck.2.roll_beats", "hold", 0.25, 0.0, shows=False),
    )
    made = ControllerMap('A "box" \\ ü', ("Box", "Other"), bindings, "a chart", hello=(b"\xf0\x01\xf7",))
    assert parse_map(as_toml(made)) == made


HEAD = 'format = 1\nports = ["x"]\n'
ENTRY = HEAD + "[[map]]\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("format = 2", "format = 2"),
        ("format = 1", "ports"),
        ("format", "not TOML"),
        (HEAD + "titel = 'x'", "title"),
        (ENTRY + "set = 'deck.1.pan'", "map 1: 'control' is missing"),
        (ENTRY + "control = 'cc 200'\nset = 'deck.1.pan'", "number 200"),
        (ENTRY + "control = 'cc 1'\nset = 'deck.1.pann'", "pan"),
        (ENTRY + "control = 'cc 1'\nset = 'deck.1.pan'\nmode = 'absolut'", "absolute"),
        (ENTRY + "control = 'cc 1'\nset = 'deck.1.pan'\npickup = 1", "true or false"),
        (ENTRY + "control = 'cc 1'\nset = 'deck.1.pan'\nto = 7", "-1 to 1"),
        (ENTRY + "control = 'note 1'\nset = 'deck.1.pan'", "'to'"),
        (ENTRY + "control = 'cc 1'\nset = 'deck.1.pan'\ntimes = 4", "{n}"),
        (ENTRY + "control = 'cc 126'\nset = 'deck.{n}.pan'\ntimes = 4", "number 128"),
        (ENTRY + "control = 'cc 1'\nset = 'deck.1.pan'\nlit = 300", "0 to 127"),
        (ENTRY + "control='cc 1'\nset='deck.1.pan'\n[[map]]\ncontrol = 'cc 1'\nset = 'deck.2.pan'", "map 2: ch1 cc 1"),
        (HEAD + "hello = ['F0 xx']", "hello"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_named(text, named):
    with pytest.raises(MapError) as caught:
        parse_map(text, "mine.toml")
    assert named in str(caught.value)
    assert str(caught.value).startswith("mine.toml")


def test_shipped_maps_are_whole_and_say_where_they_come_from(tmp_path):
    folder = MapFolder(tmp_path)
    maps = folder.all()
    assert len(maps) >= 5
    assert folder.problems == []
    for made in maps.values():
        assert made.source
        assert made.title
        assert len(made.bindings) >= 20
        lights = [binding.told for binding in made.bindings if binding.shows and not binding.row.gesture]
        assert len(lights) == len(set(lights))
    assert folder.for_port("nanoKONTROL2 SLIDER/KNOB") == maps["nanokontrol2"]
    assert folder.for_port("APC mini mk2 Control") == maps["apc-mini-mk2"]
    assert folder.for_port("some keyboard") is None


def test_the_players_maps_stand_over_shipped_ones_and_broken_ones_are_told(tmp_path):
    folder = MapFolder(tmp_path / "midi")
    own = ControllerMap("mine", ("nanoKONTROL2",), (Binding(Control("cc", 1, 0), "deck.1.pan", "absolute"),))
    path = folder.save(own, "nanoKONTROL2:nanoKONTROL2 MIDI 1/../..")
    assert path.parent == tmp_path / "midi"
    assert read_map(path) == own
    assert folder.for_port("nanoKONTROL2") == own
    (tmp_path / "midi" / "broken.toml").write_text("format = 9")
    assert folder.for_port("nanoKONTROL2") == own
    assert any("broken.toml" in problem for problem in folder.problems)
