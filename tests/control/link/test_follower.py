"""Link: the set comes to a session without a jump and stays within 3 ms; a session that plays is never moved."""

import itertools
from collections.abc import Iterator

import pytest
from tests.control.link.conftest import FakeSession, Transport

from aijockey.control.beat_clock import BeatClock
from aijockey.control.desk import Desk, Instrument
from aijockey.control.link.follower import MOST_PERCENT, LinkFollower

TURN_S = 0.02
TEMPO = "transport.tempo_bpm"


class Together:
    """A desk, its transport, a session and the follower between them."""

    def __init__(
        self, tempo_bpm: float, session_bpm: float, beat: float = 0.0, peers: int = 1, **options: object
    ) -> None:
        self.transport = Transport(tempo_bpm)
        self.desk = Desk(Instrument("link", 2, ()), self.transport, lambda: self.transport.now_s)
        self.transport._set(TEMPO, tempo_bpm)
        self.desk.turn()
        self.session = FakeSession(self.transport, session_bpm, beat, peers)
        self.follower = LinkFollower(self.desk, self.session, **options)  # type: ignore[arg-type]
        self.clock = BeatClock()
        self.beats: list[float] = []
        self.turns = 0

    def run(self, seconds: float) -> None:
        for now_s in self._times(seconds):
            self.transport.go_on(now_s)
            self.desk.turn()
            self.follower.turn(now_s, self.clock.update(self.transport.state(), now_s))
            self.beats.append(self.transport.heard())

    def _times(self, seconds: float) -> Iterator[float]:
        for _ in range(round(seconds / TURN_S)):
            self.turns += 1
            yield self.turns * TURN_S

    def error_ms(self) -> float:
        beats = (self.session.phase() - self.transport.heard() + 2.0) % 4.0 - 2.0
        return 1000.0 * beats * 60.0 / self.session.tempo_bpm

    def rates(self) -> list[float]:
        """How fast beats passed, in BPM, from turn to turn."""
        return [
            60.0 * (after - before) / TURN_S
            for before, after in zip(self.beats, self.beats[1:], strict=False)
        ]


@pytest.mark.parametrize("beat", [0.0, 0.3, 1.9, 2.1, 3.99])
def test_joining_meets_tempo_and_phase_without_a_jump_and_leaves_the_session_alone(beat: float) -> None:
    both = Together(120.0, 128.0, beat)
    both.run(60.0)
    assert both.session.touched == []
    assert both.desk.value(TEMPO) == 128.0
    assert abs(both.error_ms()) < 3.0
    rates = both.rates()
    assert min(rates) > 120.0 * (1 - MOST_PERCENT / 100) - 0.5
    assert max(rates) < 128.0 * (1 + MOST_PERCENT / 100) + 0.5
    assert max(abs(after - before) for before, after in itertools.pairwise(rates)) < 128.0 * 0.05


def test_it_stays_together(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Together(124.0, 124.0, 1.0)
    both.run(40.0)
    worst = 0.0
    for _ in range(60):
        both.run(1.0)
        worst = max(worst, abs(both.error_ms()))
    assert worst < 3.0


@pytest.mark.parametrize("tempo_bpm", [121.0, 90.0, 174.5])
def test_a_change_of_the_sessions_tempo_is_followed(tempo_bpm: float) -> None:
    both = Together(120.0, 120.0)
    both.run(5.0)
    both.session.others_change(tempo_bpm)
    both.run(60.0)
    assert both.desk.value(TEMPO) == tempo_bpm
    assert both.transport.map.target_bpm == tempo_bpm
    assert abs(both.error_ms()) < 3.0
    assert both.session.touched == []


def test_a_hand_on_the_tempo_changes_the_session_once() -> None:
    both = Together(120.0, 120.0)
    both.run(5.0)
    both.desk.move(TEMPO, 126.0, over_beats=4, source="page")
    both.run(40.0)
    assert both.session.touched == [("tempo", 126.0)]
    assert both.session.tempo_bpm == 126.0
    assert abs(both.error_ms()) < 3.0


def test_a_set_that_moves_its_tempo_by_itself_changes_the_session() -> None:
    both = Together(120.0, 120.0)
    both.run(5.0)
    both.transport._set(TEMPO, 122.0)
    both.run(0.1)
    assert both.session.touched == [("tempo", 122.0)]


def test_a_hand_that_nudges_is_not_worked_against() -> None:
    both = Together(120.0, 120.0)
    both.run(10.0)
    both.desk.move("transport.nudge", 5.0, source="page")
    count = len(both.transport.sent)
    both.run(3.0)
    assert [move for move in both.transport.sent[count:] if move[0] == "transport.nudge"] == []
    both.desk.move("transport.nudge", 0.0, source="page")
    both.run(40.0)
    assert abs(both.error_ms()) < 3.0


def test_alone_the_session_is_laid_to_the_set() -> None:
    both = Together(120.0, 120.0, beat=1.7, peers=0)
    both.run(8.0)
    assert {name for name, _ in both.session.touched} == {"align"}
    assert abs(both.error_ms()) < 3.0
    assert all(move[0] != "transport.nudge" for move in both.transport.sent)


def test_sound_that_is_heard_later_is_ahead_by_as_much() -> None:
    both = Together(120.0, 120.0, 1.0, delay_s=0.05)
    both.run(60.0)
    # The engine's beat runs ahead of the session's by the delay; in the room they fall together.
    assert both.error_ms() == pytest.approx(-50.0, abs=3.0)


def test_start_and_stop_go_both_ways() -> None:
    both = Together(120.0, 120.0, starts_and_stops=True)
    both.run(0.5)
    both.desk.move("deck.1.play", 1, source="page")
    both.run(0.5)
    assert both.session.playing
    both.session.others_play(False)
    both.run(0.5)
    assert both.desk.value("deck.1.play") == 0.0
    both.session.others_play(True)
    both.run(0.5)
    assert both.desk.value("deck.1.play") == 1.0
    assert both.desk.value("deck.2.play") == 0.0
    both.desk.move("deck.1.play", 0, source="page")
    both.run(0.5)
    assert not both.session.playing
    assert both.session.touched == [("playing", True), ("playing", False)]


def test_joining_a_session_that_stands_still_does_not_stop_the_set() -> None:
    both = Together(120.0, 120.0)
    both.desk.move("deck.1.play", 1, source="page")
    both.follower = LinkFollower(both.desk, both.session, starts_and_stops=True)
    both.run(2.0)
    assert both.desk.value("deck.1.play") == 1.0
    assert both.session.touched == []


def test_a_tempo_that_the_table_does_not_allow_is_said_and_not_followed() -> None:
    both = Together(120.0, 120.0)
    both.run(1.0)
    both.session.others_change(900.0)
    both.run(1.0)
    assert both.desk.value(TEMPO) == 120.0
    assert "900" in both.follower.status()["last_error"]


def test_leaving_lets_go_of_the_tempo() -> None:
    both = Together(120.0, 120.0, beat=2.0)
    both.run(5.0)
    assert both.desk.value("transport.nudge")
    both.follower.close()
    assert both.desk.value("transport.nudge") == 0.0
