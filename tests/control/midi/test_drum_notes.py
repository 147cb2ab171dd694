"""Notes of rhythm decks: on the beat, where the deck reads, and silent where it is."""

from itertools import pairwise

import numpy as np
import pytest
from tests.control.midi.fakes import Clock, a_desk

from aijockey.audio.drum_hits import HAT, KICK, SNARE, Hits
from aijockey.control.beat_clock import Course
from aijockey.control.midi.drum_notes import AHEAD_BEATS, DrumNotes, Lane, beats_of, swung
from aijockey.control.midi.sender import Sender

FOUR = Hits(np.arange(8, dtype=np.float32), np.full(8, KICK, np.int8), np.ones(8, np.float32))
OFF = Hits(
    np.array([0.25, 4.5], dtype=np.float32), np.array([SNARE, HAT], np.int8), np.array([1.0, 0.5], np.float32)
)
LOOPS = {"four": FOUR, "off": OFF}


class Bench:
    """A second of beats at 120 BPM is two; everything that is sent, with its beat."""

    def __init__(self, channel: int = 10) -> None:
        self.clock = Clock()
        self.desk, self.link = a_desk(self.clock)
        self.course = Course(self.clock.now, 0.0, 120.0)
        self.heard: list[tuple[float, int, int, int]] = []
        self.sender = Sender([], clock=self.clock)
        self.sender.follow(self.course)
        self.loops = dict(LOOPS)
        self.notes = DrumNotes(self.desk, lambda key: self.loops.get(key), self.sender, self.take, channel)
        self.decks: list[dict[str, object]] = [self.deck("four"), self.deck("", voice="bass")]

    @staticmethod
    def deck(
        loop: str, following: str = "", enters: float | None = None, voice: str = "techno"
    ) -> dict[str, object]:
        return {
            "voice": voice,
            "plays": bool(loop),
            "loop_key": loop,
            "next_key": following,
            "enters": enters,
        }

    @property
    def beat(self) -> float:
        return self.course.beat_at(self.clock.now)

    def take(self, data: bytes) -> None:
        if data[0] & 0xF0 == 0x90:
            self.heard.append((self.beat, data[0] & 15, data[1], data[2]))

    def run(self, until_beat: float) -> list[tuple[float, int, int, int]]:
        while self.beat < until_beat:
            self.notes.turn(self.clock.now, self.course, {"beat": self.beat + 0.2, "decks": self.decks})
            for _ in range(10):
                self.clock.now += 0.005
                while self.sender.turn(self.clock.now) == 0.0:
                    pass
        heard, self.heard = self.heard, []
        return heard


def beats(heard: list[tuple[float, int, int, int]]) -> list[float]:
    return [round(beat, 1) for beat, *_ in heard]


def test_kicks_go_out_on_the_beat_round_the_loop():
    bench = Bench()
    heard = bench.run(18.5)
    assert beats(heard) == [float(beat) for beat in range(1, 19)]
    assert {(channel, note, velocity) for _, channel, note, velocity in heard} == {(9, 36, 127)}
    # Each is sent with the first turn after its time.
    assert all(0.0 <= (beat + 1e-6) % 1.0 < 0.02 for beat, *_ in heard)


def test_each_deck_has_its_channel_where_none_is_chosen():
    bench = Bench(channel=0)
    bench.decks = [bench.deck("four"), bench.deck("off")]
    assert {(channel, note) for _, channel, note, _ in bench.run(9.0)} == {(0, 36), (1, 38), (1, 42)}


def test_the_next_loop_is_heard_from_where_it_enters():
    bench = Bench()
    bench.decks[0] = bench.deck("four", "off", 4.0)
    heard = bench.run(3.9)
    bench.decks[0] = bench.deck("off")
    heard += bench.run(12.9)
    assert [(round(beat, 2), note) for beat, _, note, _ in heard] == [
        (pytest.approx(1.0, abs=0.02), 36), (pytest.approx(2.0, abs=0.02), 36), (pytest.approx(3.0, abs=0.02), 36),
        (pytest.approx(4.5, abs=0.02), 42), (pytest.approx(8.25, abs=0.02), 38), (pytest.approx(12.5, abs=0.02), 42),
    ]  # fmt: skip


def test_a_loop_that_is_not_made_yet_is_waited_for():
    bench = Bench()
    bench.decks[0] = bench.deck("later")
    assert bench.run(2.5) == []
    bench.loops["later"] = FOUR
    assert beats(bench.run(5.5)) == [3.0, 4.0, 5.0]


@pytest.mark.parametrize("change", [("mute", 1), ("gain_db", -90), ("roll_beats", 0.25), ("reverse", 1)])
def test_a_deck_that_is_not_heard_as_it_is_rests(change):
    bench = Bench()
    bench.run(2.5)
    name, value = change
    bench.desk.move(f"deck.1.{name}", value, source="page")
    assert bench.run(6.5) == []
    bench.desk.move(f"deck.1.{name}", 0, source="page")
    assert beats(bench.run(8.5)) == [7.0, 8.0]


def test_a_shift_turns_the_notes_too():
    bench = Bench()
    bench.run(1.5)
    bench.desk.move("deck.1.shift_sixteenths", 1, source="page")
    assert [round(beat, 2) % 1 for beat, *_ in bench.run(5.1)] == pytest.approx([0.25] * 3, abs=0.03)


def test_a_jump_of_the_engine_leaves_no_note_behind():
    bench = Bench()
    bench.run(2.2)
    bench.course = Course(bench.clock.now, 50.5, 120.0, serial=1)
    bench.sender.follow(bench.course)
    assert beats(bench.run(52.5)) == [51.0, 52.0]


def lane(**values: object) -> Lane:
    return Lane(**{"loop": "", "following": "", "enters": None, "shift_beats": 0.0, "part": None, "swing": 0.0,
                   "rests": False, **values})  # fmt: skip


def test_parts_repeat_and_what_is_outside_them_is_not_heard():
    assert beats_of(2.5, lane(part=(2.0, 1.0)), 8.0, 12.0) == [8.5, 9.5, 10.5, 11.5]
    assert beats_of(3.5, lane(part=(2.0, 1.0)), 8.0, 12.0) == []
    assert beats_of(1.0, lane(), 0.0, 20.0) == [1.0, 9.0, 17.0]


def test_swing_delays_every_second_sixteenth_and_no_note_is_lost_between_two_windows():
    assert swung(0.25, 1.0) == 0.375
    assert swung(0.5, 1.0) == 0.5
    assert beats_of(0.25, lane(swing=1.0), 0.0, 1.0) == [0.375]
    edges = np.arange(0, 16, 0.07)
    found = [
        beat for first, last in pairwise(edges) for beat in beats_of(0.25, lane(swing=0.67), first, last)
    ]
    assert len(found) == 2
    assert AHEAD_BEATS <= 2.0
