"""Which beat is heard now, between what the engine says 20 times a second: for whatever has to sound together with it.

The engine says the beat that sounds and when it was so, on the steady clock that all processes of a machine share.
What it says is as coarse as the blocks of the sound device, so it is smoothed: a small error is walked off, a large one
(another engine, a jump) is believed at once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Share of an error that one report corrects; at 20 reports a second that is a time of a second.
GAIN = 0.05
# A phase that is further off than this is no jitter but a device that stumbled: it is caught up with within a fifth
# of a second. What is further off than a beat is another place.
STUMBLE_BEATS, STUMBLE_GAIN = 0.1, 0.3
JUMP_BEATS = 1.0
# An engine that has been silent for so long does not play.
SILENT_S = 2.0
# One whose beat stands for so long does neither: it waits to begin, or has come to its end.
STANDS_S = 0.5


@dataclass(frozen=True)
class Course:
    """Beats as a straight line of time: what `BeatClock` believes, for any thread.

    serial : counts the jumps, so that whoever counts ticks begins anew.
    """

    at_s: float
    beat: float
    tempo_bpm: float
    serial: int = 0

    def beat_at(self, time_s: float) -> float:
        """The beat that is heard at a time of the steady clock."""
        return self.beat + (time_s - self.at_s) * self.tempo_bpm / 60.0

    def time_of(self, beat: float) -> float:
        """When a beat is heard."""
        return self.at_s + (beat - self.beat) * 60.0 / self.tempo_bpm


class BeatClock:
    """What is heard, from states of the engine. Thread: that of the desk; its `course` any"""

    def __init__(self) -> None:
        self.course: Course | None = None
        self._last_s = self._moved_s = -math.inf
        self._beat = math.nan
        self._serial = 0

    def update(self, state: Mapping[str, Any], now_s: float) -> Course | None:
        """Take in a state; returns the course, None while nothing plays.

        now_s : the steady clock, for engines that do not say when their report was true.
        """
        reported = _report(state, now_s)
        if reported is None:
            return self._silent(now_s)
        at_s, beat, tempo_bpm = reported
        if at_s <= self._last_s and self.course is not None and self.course.tempo_bpm == tempo_bpm:
            return self._silent(now_s)
        self._last_s = max(at_s, self._last_s)
        if beat != self._beat:
            self._beat, self._moved_s = beat, at_s
        if at_s - self._moved_s > STANDS_S:
            self.course = None
            return None
        course = self.course
        error = math.inf if course is None else beat - course.beat_at(at_s)
        if course is None or abs(error) > JUMP_BEATS:
            self._serial += 1
            self.course = Course(at_s, beat, tempo_bpm, self._serial)
        else:
            gain = GAIN if abs(error) < STUMBLE_BEATS else STUMBLE_GAIN
            self.course = Course(at_s, course.beat_at(at_s) + gain * error, tempo_bpm, course.serial)
        return self.course

    def _silent(self, now_s: float) -> Course | None:
        if now_s - self._last_s > SILENT_S:
            self.course = None
        return self.course


def _report(state: Mapping[str, Any], now_s: float) -> tuple[float, float, float] | None:
    tempo_bpm = state.get("tempo_bpm")
    if not isinstance(tempo_bpm, int | float) or not tempo_bpm > 0.0:
        return None
    heard = state.get("heard")
    if "heard" in state and heard is None:
        return None  # it waits to begin
    if isinstance(heard, Mapping):
        return float(heard["at_s"]), float(heard["beat"]), float(heard.get("tempo_bpm", tempo_bpm))
    beat = state.get("beat")
    if not isinstance(beat, int | float):
        return None
    ahead_beats = float(state.get("ahead_ms", 0.0)) / 1000.0 * tempo_bpm / 60.0
    return now_s, beat - ahead_beats, float(tempo_bpm)
