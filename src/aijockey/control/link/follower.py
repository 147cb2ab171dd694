"""The set and a Link session keep together: tempo both ways by ramps, phase by bending, start and stop if wanted.

Nothing jumps on either side. With others there, the set comes to them: a tempo is taken over by a ramp, and what is
then still missing in phase is made up by bending the tempo for a stretch of beats that the engine counts itself, so a
correction is exact however late it is heard of. Alone, the session is laid to the set, so that whoever joins finds its
bars.
"""

import math
from typing import Any

from aijockey.control.beat_clock import Course
from aijockey.control.desk import ENGINE, Change, Desk
from aijockey.control.link.session import Session
from aijockey.control.parameters import ParameterError

SOURCE = "link"
QUANTUM_BEATS = 4.0
TEMPO, NUDGE = "transport.tempo_bpm", "transport.nudge"
# Another tempo is reached within so many beats; a little one sooner.
RAMP_BEATS, SHORT_RAMP_BEATS = 4.0, 1.0
SMALL_CHANGE = 0.02
LEAST_BPM = 0.005
# The most that the tempo is bent to meet the phase: heard as pitch by nobody, since loops keep theirs.
MOST_PERCENT = 4.0
# A correction takes at least so long, so that small ones are gentle.
LEAST_BEND_BEATS = 2.0
NEAR_S = 0.0007
# The course is smoothed: what was done shows in it so much later.
SETTLE_S = 2.5
# A hand on nudge or tempo is left alone for so long.
HANDS_S = 4.0
# For so long the engine's word may be of before what was sent.
ECHO_S = 2.0
ALIGN_EVERY_S = 1.0
ALIGN_FROM_S = 0.001


class LinkFollower:
    """Keeps a desk and a session together.

    Parameters
    ----------
    starts_and_stops : whether the session's stop ends the decks that play and its start lets them play again, and the
        other way round.
    delay_s : how much later than the engine thinks its sound is heard (converters, wireless): its beats count later.
    """

    def __init__(
        self, desk: Desk, session: Session, *, starts_and_stops: bool = False, delay_s: float = 0.0
    ) -> None:
        self.desk, self.session = desk, session
        self.error_s: float | None = None
        self.last_error = ""
        self._delay_s, self._starts_and_stops = delay_s, starts_and_stops
        self._bpm: float | None = None  # of the session, as last seen or set
        self._now_s = 0.0
        self._sent_s = self._wait_s = self._aligned_s = -math.inf
        self._plays = [f"deck.{number}.play" for number in range(1, desk.instrument.decks + 1)]
        # Joining starts and stops nobody: only what changes from now on counts.
        self._ran = session.playing
        self._played = any(desk.value(address) for address in self._plays)
        self._stopped: list[str] = []
        self._end = desk.subscribe(self._hear)

    def close(self) -> None:
        """Hear no more; the tempo is bent no more."""
        self._end()
        if self.desk.value(NUDGE):
            self._move(NUDGE, 0.0)

    def turn(self, now_s: float, course: Course | None, phase: float | None = None) -> None:
        """Do what is to be done; some 20 times a second.

        now_s : the steady clock. course : what is heard when. phase : of the session at ``now_s``; None: it is asked.
        """
        self._now_s = now_s
        self._follow_tempo()
        if self._starts_and_stops:
            self._follow_start()
        if course is None:
            self.error_s = None
            return
        beat = course.beat_at(now_s - self._delay_s)
        phase = self.session.phase() if phase is None else phase
        error = (phase - beat + QUANTUM_BEATS / 2) % QUANTUM_BEATS - QUANTUM_BEATS / 2
        self.error_s = error * 60.0 / course.tempo_bpm
        if self.session.peers == 0:
            self._align(beat)
        elif now_s >= self._wait_s and self._is_steady(course):
            self._bend(error, course.tempo_bpm)

    def status(self) -> dict[str, Any]:
        """Peers, the session's tempo, how far off the phase is."""
        return {
            "peers": self.session.peers,
            "tempo_bpm": round(self.session.tempo_bpm, 3),
            "playing": self.session.playing,
            "error_ms": None if self.error_s is None else round(1000.0 * self.error_s, 2),
            "last_error": self.last_error,
        }

    def _hear(self, change: Change) -> None:
        if change.source == SOURCE:
            return
        if change.address == TEMPO:
            if change.source == ENGINE and self._now_s - self._sent_s < ECHO_S:
                return  # of before what we sent
            self._bpm = self.session.tempo_bpm = float(change.value)
            self._wait_s = self._now_s + HANDS_S
        elif change.address == NUDGE and change.source != ENGINE:
            self._wait_s = self._now_s + HANDS_S

    def _follow_tempo(self) -> None:
        tempo_bpm = self.session.tempo_bpm
        if self._bpm is None:
            # Alone a new session has our tempo already; where others are, theirs counts.
            self._bpm = float(self.desk.value(TEMPO))
        if abs(tempo_bpm - self._bpm) < LEAST_BPM:
            return
        small = abs(tempo_bpm - self._bpm) < SMALL_CHANGE * self._bpm
        self._bpm = tempo_bpm
        over_beats = SHORT_RAMP_BEATS if small else RAMP_BEATS
        # Link counts whole microseconds a beat: 126 BPM come as 126.0001.
        if self._move(TEMPO, round(tempo_bpm, 3), over_beats):
            self._sent_s = self._now_s
            self._wait_s = self._now_s + over_beats * 60.0 / min(tempo_bpm, self._bpm) + SETTLE_S

    def _is_steady(self, course: Course) -> bool:
        """Whether the engine runs at the session's tempo, unbent, so that a phase can be measured."""
        return not self.desk.value(NUDGE) and abs(course.tempo_bpm - self.session.tempo_bpm) < 0.02

    def _bend(self, error: float, tempo_bpm: float) -> None:
        """Gain ``error`` beats on what would be without: (100 + p) / 100 as fast, for as long as it takes."""
        if abs(error) * 60.0 / tempo_bpm < NEAR_S:
            return
        beats = max(LEAST_BEND_BEATS, abs(error) * (100.0 + MOST_PERCENT) / MOST_PERCENT)
        # Of `beats` that pass bent by p percent, beats * p / (100 + p) are gained.
        percent = 100.0 * error / (beats - error)
        if self._move(NUDGE, percent, beats):
            self._wait_s = self._now_s + beats * 60.0 / tempo_bpm + SETTLE_S

    def _align(self, beat: float) -> None:
        """Nobody else is there: the session's bars are the set's."""
        assert self.error_s is not None
        if abs(self.error_s) > ALIGN_FROM_S and self._now_s - self._aligned_s > ALIGN_EVERY_S:
            self._aligned_s = self._now_s
            self.session.align(beat)

    def _follow_start(self) -> None:
        on = [address for address in self._plays if self.desk.value(address)]
        running = self.session.playing
        if running != self._ran:
            self._ran = running
            if running and not on:
                for address in self._stopped:
                    self._move(address, 1.0)
            elif not running and on:
                self._stopped = on
                for address in on:
                    self._move(address, 0.0)
            self._played = any(self.desk.value(address) for address in self._plays)
        elif bool(on) != self._played:
            self._played = bool(on)
            if running != self._played:
                self.session.playing = self._ran = self._played

    def _move(self, address: str, value: float, over_beats: float = 0.0) -> bool:
        try:
            self.desk.move(address, value, over_beats=over_beats, source=SOURCE)
        except ParameterError as error:  # a hand is at it, or a tempo that the table does not allow
            self.last_error = str(error)
            return False
        return True
