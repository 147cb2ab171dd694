"""The transport follows a clock from outside: its tempo by short ramps, its place by bending, never by a jump."""

from typing import Any

from aijockey.control.beat_clock import Course
from aijockey.control.desk import Desk
from aijockey.control.midi.clock_in import ClockIn
from aijockey.control.parameters import ParameterError
from aijockey.music.grid import BEATS_PER_BAR

TEMPO, NUDGE = "transport.tempo_bpm", "transport.nudge"
TURN_S = 0.1
# A tempo that differs by less is the same one.
LEAST_BPM = 0.03
RAMP_BEATS = 0.5
# One beat off is bent by so much; at most by MOST_PERCENT, which nobody hears as another pitch.
PERCENT_PER_BEAT = 25.0
MOST_PERCENT = 4.0
# Nearer than this is together (2 ms at 120 BPM).
NEAR_BEATS = 0.004


class Follower:
    """Moves tempo and nudge so that what is heard falls together with a clock.

    Parameters
    ----------
    starts_and_stops : whether stop lets the decks that play end, and start or continue lets them play again.
    """

    def __init__(self, desk: Desk, clock: ClockIn, source: str, *, starts_and_stops: bool = False) -> None:
        self.desk, self.clock, self.source = desk, clock, source
        self.error_beats: float | None = None
        self.last_error = ""
        self._starts_and_stops = starts_and_stops
        self._ran = False
        self._stopped: list[str] = []
        self._nudge = 0.0
        self._turned_s = 0.0

    def turn(self, now_s: float, course: Course | None) -> None:
        """Move what has to be moved; ten times a second."""
        if now_s - self._turned_s < TURN_S:
            return
        self._turned_s = now_s
        if self._starts_and_stops:
            self._follow_stop()
        tempo_bpm = self.clock.tempo_bpm
        if not (self.clock.alive(now_s) and self.clock.settled and tempo_bpm):
            self.error_beats = None
            self._bend(0.0)
            return
        present = float(self.desk.value(TEMPO))
        if abs(tempo_bpm - present) > LEAST_BPM:
            self._move(TEMPO, round(tempo_bpm, 2), RAMP_BEATS)
        beat = self.clock.beat_at(now_s)
        if course is None or beat is None:
            return
        # Without a start nobody knows where the bar begins, only where the beat does.
        period = float(BEATS_PER_BAR) if self.clock.placed else 1.0
        error = beat - course.beat_at(now_s)
        self.error_beats = (error + period / 2.0) % period - period / 2.0
        together = abs(self.error_beats) < NEAR_BEATS
        percent = 0.0 if together else PERCENT_PER_BEAT * self.error_beats
        self._bend(min(MOST_PERCENT, max(-MOST_PERCENT, percent)))

    def let_go(self) -> None:
        """Bend no more."""
        self._bend(0.0)

    def status(self) -> dict[str, Any]:
        """What is followed, and how far off it is."""
        tempo_bpm, error = self.clock.tempo_bpm, self.error_beats
        return {
            "tempo_bpm": None if tempo_bpm is None else round(tempo_bpm, 2),
            "error_beats": None if error is None else round(error, 4),
            "running": self.clock.running,
            "placed": self.clock.placed,
            "last_error": self.last_error,
        }

    def _bend(self, percent: float) -> None:
        percent = round(percent, 2)
        if abs(percent - self._nudge) >= 0.05 or (percent == 0.0 and self._nudge):
            self._nudge = percent
            self._move(NUDGE, percent)

    def _follow_stop(self) -> None:
        if self.clock.running == self._ran:
            return
        self._ran = self.clock.running
        if self._ran:
            again, self._stopped = self._stopped, []
            for address in again:
                self._move(address, 1.0)
            return
        plays = [f"deck.{number}.play" for number in range(1, self.desk.instrument.decks + 1)]
        self._stopped = [address for address in plays if self.desk.value(address)]
        for address in self._stopped:
            self._move(address, 0.0)

    def _move(self, address: str, value: float, over_beats: float = 0.0) -> None:
        try:
            self.desk.move(address, value, over_beats=over_beats, source=self.source)
        except ParameterError as error:  # a hand is at it
            self.last_error = str(error)
