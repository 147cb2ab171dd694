"""Messages to movements and back, for every kind of control."""

import random

import pytest

from aijockey.control.midi.encoders import ENCODINGS, guess, steps
from aijockey.control.midi.messages import TOPS, Control, ControlError, Decoder, Movement, encode

CONTROLS = [Control("cc", 1, 7), Control("cc14", 16, 31), Control("nrpn", 3, 1234), Control("note", 10, 36),
            Control("bend", 2), Control("pressure", 5)]  # fmt: skip


@pytest.mark.parametrize("control", CONTROLS, ids=str)
def test_what_is_sent_is_what_moves(control):
    decoder = Decoder(frozenset({(control.channel, control.number)} if control.kind == "cc14" else ()))
    top = TOPS[control.kind]
    for value in (0, 1, 63, 64, top // 2, top - 1, top, 0):
        moved = [movement for message in encode(control, value) for movement in decoder.decode(message)]
        assert moved[-1] == Movement(control, value)
    assert Control.parse(str(control)) == control


def test_fine_faders_do_not_stutter_once_both_halves_are_known():
    control = Control("cc14", 1, 7)
    decoder = Decoder(frozenset({(1, 7)}))
    for message in encode(control, 5000):
        decoder.decode(message)
    values = [
        movement.value
        for value in range(5000, 5300)
        for message in encode(control, value)
        for movement in decoder.decode(message)
    ]
    assert values == list(range(5000, 5300))


def test_a_coarse_half_alone_reaches_the_end_and_is_not_kept_waiting():
    decoder = Decoder(frozenset({(1, 7)}))
    assert decoder.decode(bytes((0xB0, 7, 127))) == [Movement(Control("cc14", 1, 7), 16383)]
    decoder.decode(bytes((0xB0, 39, 5)))
    assert decoder.decode(bytes((0xB0, 7, 64))) == []
    assert decoder.flush() == [Movement(Control("cc14", 1, 7), 64 << 7 | 5)]


def test_controllers_of_nrpns_are_ordinary_ones_where_nothing_was_selected_or_a_map_says_so():
    assert Decoder().decode(bytes((0xB0, 6, 9))) == [Movement(Control("cc", 1, 6), 9)]
    plain = Decoder(plain=frozenset({(1, 98)}))
    assert plain.decode(bytes((0xB0, 98, 9))) == [Movement(Control("cc", 1, 98), 9)]
    decoder = Decoder()
    decoder.decode(bytes((0xB0, 99, 1)))
    decoder.decode(bytes((0xB0, 98, 2)))
    assert decoder.decode(bytes((0xB0, 96, 0))) == [Movement(Control("nrpn", 1, 130), 0, 1)]
    assert decoder.decode(bytes((0xB0, 97, 0))) == [Movement(Control("nrpn", 1, 130), 0, -1)]


def test_a_note_on_without_velocity_is_a_note_off():
    decoder = Decoder()
    assert decoder.decode(bytes((0x90, 36, 0))) == decoder.decode(bytes((0x80, 36, 64)))


@pytest.mark.parametrize(
    "text", ["", "cc", "cc 128", "ch17 cc 1", "ch0 cc 1", "cc14 32", "bend 3", "knob 4", "cc x"]
)
def test_what_names_no_control_says_why(text):
    with pytest.raises(ControlError):
        Control.parse(text)


def test_noise_is_no_error():
    generator = random.Random(3)
    decoder = Decoder(frozenset({(1, 7)}))
    for _ in range(5000):
        data = bytes(generator.randrange(256) for _ in range(generator.randrange(5)))
        for movement in decoder.decode(data[:1] + bytes(byte & 0x7F for byte in data[1:])):
            assert 0 <= movement.value <= movement.control.top


@pytest.mark.parametrize("name", ENCODINGS)
def test_endless_knobs_count_both_ways(name):
    ups, downs = {"twos": (1, 127), "offset": (65, 63), "sign": (1, 65)}[name]
    assert (steps(name, ups), steps(name, downs)) == (1, -1)
    assert steps(name, ups + 2) == 3
    assert guess([ups, ups, ups, downs, downs]) == name


def test_ordinary_knobs_and_buttons_are_not_taken_for_endless_ones():
    assert guess([60, 61, 62, 63, 64, 65, 66]) is None
    assert guess([127, 0, 127, 0]) is None
    assert guess([1, 2, 3, 4, 5]) is None
    assert guess([1]) is None
