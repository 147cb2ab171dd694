"""One controller: take-over, endless knobs, buttons, and feedback that never fights the hand."""

import pytest
from tests.control.conftest import FakeLink
from tests.control.midi.fakes import Clock, a_desk

from aijockey.control.desk import Desk
from aijockey.control.midi.map_file import ControllerMap, parse_map
from aijockey.control.midi.surface import MOST_FEEDBACK, STILL_S, Surface

MAP = """
format = 1
title = "box"
ports = ["box"]
hello = ["F0 01 F7"]
[[map]]
control = "cc 1"
set = "deck.1.pan"
[[map]]
control = "cc 2"
set = "deck.1.echo_send"
mode = "relative"
encoding = "offset"
[[map]]
control = "cc 3"
set = "deck.1.insert_1"
mode = "relative"
[[map]]
control = "note 1"
set = "deck.1.mute"
[[map]]
control = "note 2"
set = "deck.1.cue"
[[map]]
control = "note 3"
set = "deck.1.moment"
to = 3
lit = 21
light = "ch7 note 3"
[[map]]
control = "note 4"
set = "deck.1.roll_beats"
mode = "hold"
to = 0.25
off = 0
[[map]]
control = "note 5"
set = "history.undo"
[[map]]
control = "cc 4"
set = "deck.1.room_send"
pickup = false
[[map]]
control = "cc 5"
set = "deck.7.pan"
[[map]]
control = "cc14 6"
set = "deck.2.pan"
"""


class Bench:
    """A surface and all around it."""

    def __init__(self, made: ControllerMap) -> None:
        self.clock = Clock()
        self.desk: Desk
        self.link: FakeLink
        self.desk, self.link = a_desk(self.clock)
        self.sent: list[str] = []
        self.surface = Surface(
            "box", made, self.desk, "midi", lambda data: self.sent.append(data.hex(" ")), self.clock
        )
        self.desk.subscribe(self.surface.changed)

    def play(self, *messages: str) -> None:
        for message in messages:
            self.surface.receive(bytes.fromhex(message))

    def told(self, after_s: float = 0.0) -> list[str]:
        self.clock.now += after_s
        for _ in range(20):
            self.surface.turn()
        told, self.sent[:] = list(self.sent), []
        return told

    def moves(self) -> list[tuple[str, object]]:
        moved = [(address, value) for address, value, _ in self.link.sent]
        self.link.sent.clear()
        return moved


@pytest.fixture
def bench() -> Bench:
    made = Bench(parse_map(MAP))
    made.told()
    return made


def test_a_device_is_greeted_and_shown_where_everything_is():
    bench = Bench(parse_map(MAP))
    bench.surface.greet()
    told = bench.told()
    assert told[0] == "f0 01 f7"
    assert "b0 01 40" in told  # the pan is in the middle
    assert "96 03 00" in told
    assert not any(
        message.startswith(("b0 05", "90 05")) for message in told
    )  # no such deck, and no light for undo
    bench.surface.greet()
    bench.sent.clear()
    bench.surface.turn()
    assert 0 < len(bench.sent) <= MOST_FEEDBACK + 1


def test_a_fader_moves_nothing_until_it_has_met_the_value(bench):
    bench.play("b0 01 00", "b0 01 10")
    assert bench.moves() == []
    assert bench.surface.status()["waiting"] == {"deck.1.pan": "up"}
    bench.play("b0 01 50")  # across the middle, where the pan is
    assert bench.moves() == [("deck.1.pan", pytest.approx(16 / 63))]
    bench.play("b0 01 60")
    assert len(bench.moves()) == 1
    assert bench.surface.status()["waiting"] == {}


def test_somebody_else_takes_a_fader_s_value_away_and_it_has_to_meet_it_again(bench):
    bench.play("b0 01 40", "b0 01 50")
    bench.moves()
    bench.desk.move("deck.1.pan", -0.5, source="page")
    bench.moves()
    bench.play("b0 01 51", "b0 01 52")
    assert bench.moves() == []
    bench.play("b0 01 10")
    assert bench.moves() == [("deck.1.pan", -0.75)]


def test_without_pickup_it_jumps(bench):
    bench.play("b0 04 7f")
    assert bench.moves() == [("deck.1.room_send", 1.0)]


def test_an_endless_knob_turns_from_where_the_value_is(bench):
    bench.desk.move("deck.1.echo_send", 0.5, source="page")
    bench.moves()
    bench.play("b0 02 41", "b0 02 43", "b0 02 3f")
    assert bench.moves() == [("deck.1.echo_send", pytest.approx(0.5 + n / 64)) for n in (1, 4, 3)]
    bench.play(*["b0 02 7f"] * 9)
    assert bench.moves()[-1] == ("deck.1.echo_send", 1.0)


def test_an_endless_knob_steps_through_choices_one_by_one(bench):
    bench.play("b0 03 01", "b0 03 01", "b0 03 7f", "b0 03 7f", "b0 03 7f")
    assert [value for _, value in bench.moves()] == ["compressor", "drive", "compressor", "none"]


def test_buttons_switch_hold_and_press(bench):
    bench.play("90 01 7f", "80 01 00", "90 01 7f", "90 01 00")
    assert bench.moves() == [("deck.1.mute", 1.0), ("deck.1.mute", 0.0)]
    bench.play("90 02 7f", "80 02 00")
    assert bench.moves() == [("deck.1.cue", 1.0), ("deck.1.cue", 0.0)]
    bench.play("90 03 7f", "80 03 00")
    assert bench.moves() == [("deck.1.moment", 3.0)]
    bench.play("90 04 7f", "80 04 00")
    assert bench.moves() == [("deck.1.roll_beats", 0.25), ("deck.1.roll_beats", 0.0)]
    bench.play("90 05 7f", "80 05 00", "90 05 7f")
    assert bench.moves() == [("history.undo", 1.0)] * 2


def test_what_others_move_is_shown_what_the_hand_moves_is_not(bench):
    bench.desk.move("deck.1.mute", 1, source="page")
    assert bench.told() == ["90 01 7f"]
    bench.desk.move("deck.1.moment", 3, source="page")
    assert bench.told() == ["96 03 15"]
    bench.play("b0 01 40", "b0 01 45", "b0 01 4a")
    assert bench.told() == []
    assert bench.told(after_s=2 * STILL_S) == []  # it is where it is
    bench.desk.move("deck.1.pan", 0.0, source="page")
    assert bench.told() == ["b0 01 40"]


def test_a_motor_does_not_fight_the_hand_and_ends_where_the_value_is(bench):
    bench.play("b0 01 40", "b0 01 4a")
    bench.desk.move("deck.1.pan", -1.0, source="set")
    assert bench.told() == []
    assert bench.told(after_s=2 * STILL_S) == ["b0 01 00"]


def test_fine_controls_are_shown_in_two_halves(bench):
    bench.desk.move("deck.2.pan", 1.0, source="page")
    assert bench.told() == ["b0 06 7f", "b0 26 7f"]


def test_what_another_hand_holds_is_not_moved_and_its_motor_goes_back(bench):
    bench.desk.hold("deck.1.room_send", "page")
    bench.play("b0 04 7f")
    assert bench.moves() == []
    assert "held" in bench.surface.status()["last_error"]
    assert bench.told(after_s=2 * STILL_S) == ["b0 04 00"]


def test_a_device_that_goes_lets_go_of_its_buttons(bench):
    bench.play("90 04 7f")
    bench.moves()
    bench.surface.release()
    assert bench.moves() == [("deck.1.roll_beats", 0.0)]
