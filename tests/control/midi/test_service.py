"""The service: devices come and go, controls are learned, maps are kept."""

from pathlib import Path

import pytest
from tests.control.midi.fakes import Clock, FakePorts, a_desk

from aijockey.control.midi.learn import PATIENCE_S, WATCH_S
from aijockey.control.midi.map_file import read_map
from aijockey.control.midi.ports import is_controller, numbered, partner
from aijockey.control.midi.service import LOOK_FOR_PORTS_S, MidiConfig, MidiService
from aijockey.control.parameters import ParameterError
from aijockey.errors import AijockeyError

KORG = "nanoKONTROL2 SLIDER/KNOB"
BOX = "Strange Box MIDI 1"


class Bench:
    def __init__(self, folder: Path, *names: str, **config: object) -> None:
        self.clock = Clock()
        self.desk, self.link = a_desk(self.clock)
        self.ports = FakePorts(*names)
        self.service = MidiService(MidiConfig(folder, **config), self.desk, self.ports, self.clock)
        self.desk.subscribe(self.service._changed)
        self.turn()

    def turn(self, after_s: float = 0.0) -> None:
        self.clock.now += after_s
        self.service.turn()

    def play(self, name: str, *messages: str) -> None:
        self.ports.play(name, *messages)
        self.turn()

    def learn(self, address: str, name: str, *messages: str) -> str:
        self.service.command({"learn": address})
        self.play(name, *messages)
        self.turn(2 * WATCH_S)
        return self.service.learned

    def moves(self) -> list[tuple[str, object]]:
        moved = [(address, value) for address, value, _ in self.link.sent]
        self.link.sent.clear()
        return moved


def test_a_known_controller_works_at_once_and_again_when_it_is_plugged_in_again(tmp_path):
    bench = Bench(tmp_path, KORG)
    assert bench.service.status()["devices"][KORG]["map"] == "Korg nanoKONTROL2"
    bench.play(KORG, "b0 30 7f")
    assert bench.moves() == [("deck.1.mute", 1.0)]
    bench.ports.names.remove(KORG)
    bench.turn(2 * LOOK_FOR_PORTS_S)
    assert bench.service.devices == {}
    assert bench.ports.listening == {}
    bench.ports.names.append(KORG)
    bench.ports.told()
    bench.turn(2 * LOOK_FOR_PORTS_S)
    for _ in range(20):
        bench.turn()
    assert "b0 30 7f" in bench.ports.told()  # its light is shown what is so
    bench.play(KORG, "b0 31 7f")
    assert bench.moves() == [("deck.2.mute", 1.0)]


def test_what_is_learned_works_at_once_is_kept_and_restored(tmp_path):
    bench = Bench(tmp_path, BOX)
    told = bench.learn("deck.1.pan", BOX, "b0 0a 40", "b0 0a 41", "b0 0a 42")
    assert told == f"deck.1.pan: ch1 cc 10 of {BOX}, absolute"
    bench.play(BOX, "b0 0a 40", "b0 0a 7f")
    assert bench.moves()[-1] == ("deck.1.pan", 1.0)
    (path,) = tmp_path.glob("*.toml")
    assert [binding.address for binding in read_map(path).bindings] == ["deck.1.pan"]
    again = Bench(tmp_path, BOX)
    again.play(BOX, "b0 0a 40", "b0 0a 00")
    assert again.moves()[-1] == ("deck.1.pan", -1.0)


@pytest.mark.parametrize(
    ("address", "messages", "control", "mode"),
    [
        ("deck.1.mute", ["90 24 7f"], "ch1 note 36", "toggle"),
        ("deck.1.cue", ["99 24 10"], "ch10 note 36", "hold"),
        ("history.undo", ["90 24 7f", "80 24 00"], "ch1 note 36", "press"),
        ("deck.1.mute", ["b0 14 7f", "b0 14 00"], "ch1 cc 20", "toggle"),
        ("deck.1.pan", ["b0 14 7f", "b0 14 7f", "b0 14 01", "b0 14 01"], "ch1 cc 20", "relative"),
        ("deck.1.pan", ["b0 14 41", "b0 14 41", "b0 14 3f", "b0 14 3f"], "ch1 cc 20", "relative"),
        ("deck.1.pan", ["b0 07 20", "b0 27 11", "b0 07 20", "b0 27 40", "b0 07 21"], "ch1 cc14 7", "absolute"),
        ("deck.1.pan", ["b0 63 01", "b0 62 02", "b0 06 40", "b0 26 00"], "ch1 nrpn 130", "absolute"),
        ("deck.1.pan", ["e0 00 40", "e0 00 41"], "ch1 bend", "absolute"),
        ("deck.1.pan", ["80 24 00", "b0 14 40", "b0 14 41"], "ch1 cc 20", "absolute"),
    ],
)  # fmt: skip
def test_what_a_control_is_shows_from_how_it_moves(tmp_path, address, messages, control, mode):
    bench = Bench(tmp_path, BOX)
    assert bench.learn(address, BOX, *messages) == f"{address}: {control} of {BOX}, {mode}"


def test_while_something_is_learned_nothing_moves_and_learning_ends_by_itself(tmp_path):
    bench = Bench(tmp_path, KORG)
    bench.service.command({"learn": "deck.2.pan"})
    bench.play(KORG, "b0 30 7f", "b0 30 00")
    assert bench.moves() == []
    bench.turn(2 * WATCH_S)
    assert bench.service.learned.startswith(
        "deck.2.pan: "
    )  # a button for a pan: an absolute control of two places
    bench.service.command({"learn": "deck.1.pan"})
    bench.turn(2 * PATIENCE_S)
    assert bench.service.learned == "deck.1.pan: nothing moved"
    assert bench.service.learning is None
    bench.service.command({"learn": "deck.1.pan"})
    bench.service.command({"cancel": True})
    assert bench.service.status()["learning"] == ""


def test_a_control_is_learned_for_one_thing_and_can_be_forgotten(tmp_path):
    bench = Bench(tmp_path, KORG)
    bench.learn("deck.2.solo", KORG, "b0 30 7f")
    bench.play(KORG, "b0 30 00", "b0 30 7f")
    assert bench.moves() == [("deck.2.solo", 1.0)]  # no longer the mute of the shipped map
    assert bench.service.command({"forget": "deck.2.solo"}) == {"forgotten": 2}  # the shipped one too
    bench.play(KORG, "b0 30 00", "b0 30 7f")
    assert bench.moves() == []


def test_commands_that_are_none_are_refused(tmp_path):
    bench = Bench(tmp_path, BOX)
    for command in ({}, {"learn": 3}, {"dance": True}):
        with pytest.raises(AijockeyError, match="expected learn"):
            bench.service.command(command)
    with pytest.raises(ParameterError, match="pan"):
        bench.service.command({"learn": "deck.1.pann"})


def test_words_cannot_be_learned_and_say_so(tmp_path):
    bench = Bench(tmp_path, BOX)
    assert "'to'" in bench.learn("deck.1.voice", BOX, "90 24 7f")


def test_a_port_that_is_in_use_is_told_and_tried_again(tmp_path):
    bench = Bench(tmp_path)
    bench.ports.names.append(KORG)
    bench.ports.busy.add(KORG)
    bench.turn(2 * LOOK_FOR_PORTS_S)
    assert any(KORG in problem for problem in bench.service.status()["problems"])
    bench.ports.busy.clear()
    bench.turn(2 * LOOK_FOR_PORTS_S)
    assert KORG in bench.service.devices
    assert bench.service.status()["problems"] == []


def test_only_chosen_controllers_are_used(tmp_path):
    bench = Bench(tmp_path, KORG, BOX, "Midi Through Port-0", only=("strange",))
    assert set(bench.service.devices) == {BOX}


def test_a_flood_of_messages_takes_bounded_room_and_the_newest_stay(tmp_path):
    bench = Bench(tmp_path, KORG)
    for number in range(6_000):
        bench.ports.listening[KORG](bytes((0xB0, 16, number % 128)))
    assert len(bench.service.devices[KORG].unread) == 4096
    bench.turn()
    assert len(bench.service.devices[KORG].unread) == 0


def test_ports_keep_their_names_from_one_plugging_in_to_the_next():
    assert numbered(["nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0"]) == ["nanoKONTROL2:nanoKONTROL2 MIDI 1"]
    assert numbered(["Box:Box 20:0", "Box:Box 24:0"]) == ["Box:Box", "Box:Box (2)"]
    assert partner("a2j:Box (capture)", ["x", "a2j:Box (playback)"]) is not None
    assert partner("Box", ["Other"]) is None
    assert not is_controller("Midi Through:Midi Through Port-0")
    assert not is_controller("AI Jockey:nanoKONTROL2")
    assert is_controller("X-TOUCH MINI")
