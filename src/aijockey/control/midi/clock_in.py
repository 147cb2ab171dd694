"""MIDI clock from outside: 24 ticks a beat become a smooth tempo and a place in the song.

A delay-locked loop predicts each tick and is corrected by a part of each error (Adriaensen, "Using a DLL to filter
time", 2005). It begins wide, to be there within a beat, and then narrows, so that the jitter of cables and of USB (some
milliseconds) comes through several times smaller. Where errors keep their sign it is wide again: the tempo moves.
"""

import math
from dataclasses import dataclass

TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0
# Of the loop: at first, and after so many ticks.
WIDE_HZ, NARROW_HZ = 4.0, 0.2
SETTLED_TICKS = 48
# Errors that average to more than this over some ten ticks are no jitter.
DRIFT_S, DRIFT_SHARE = 0.003, 0.1
# Further off than this it is another tempo, or ticks were lost: begin anew.
LOST_TICKS = 1.5
SILENT_S = 60.0 / SLOWEST_BPM / TICKS_PER_BEAT * 4.0


@dataclass
class ClockIn:
    """A clock that is listened to; times are of a steady clock, in seconds.

    running : between a start (or continue) and a stop. ticks : since the song's beginning.
    placed : whether a start or a song position said where the bar begins.
    """

    running: bool = False
    placed: bool = False
    ticks: int = 0
    starts: int = 0
    _seen: int = 0
    _seen_s: float = -math.inf
    _next_s: float = 0.0
    _period_s: float = 0.0
    _drift_s: float = 0.0
    _waits: bool = False

    def tick(self, time_s: float) -> None:
        """A tick came."""
        if self._waits:  # the first tick after a start is the place itself
            self._waits = False
        else:
            self.ticks += 1
        self._track(time_s)

    def start(self) -> None:
        """From the song's beginning, with the next tick."""
        self.ticks, self.placed, self.running, self._waits = 0, True, True, True
        self.starts += 1

    def proceed(self) -> None:
        """On from where it is, with the next tick ("continue")."""
        self.running = self._waits = True
        self.starts += 1

    def stop(self) -> None:
        """Stand still; ticks may go on."""
        self.running = False

    def locate(self, sixteenths: int) -> None:
        """The song is here; taken while it stands, as devices do."""
        self.ticks, self.placed = sixteenths * TICKS_PER_SIXTEENTH, True

    def alive(self, now_s: float) -> bool:
        """Whether ticks came lately."""
        return now_s - self._seen_s < SILENT_S

    @property
    def settled(self) -> bool:
        """Whether tempo and place can be relied on."""
        return self._seen > SETTLED_TICKS

    @property
    def tempo_bpm(self) -> float | None:
        """The smoothed tempo; None before two ticks came."""
        return 60.0 / (TICKS_PER_BEAT * self._period_s) if self._period_s else None

    def beat_at(self, time_s: float) -> float | None:
        """The song's beat at a time near now; None where there is no tempo yet."""
        if not self._period_s:
            return None
        return (self.ticks + (time_s - self._place_s) / self._period_s) / TICKS_PER_BEAT

    @property
    def _place_s(self) -> float:
        """When the last tick was, with its jitter taken off."""
        return self._next_s - self._period_s

    def _track(self, time_s: float) -> None:
        passed_s, self._seen_s = time_s - self._seen_s, time_s
        if not 0.0 < passed_s < SILENT_S:
            self._seen, self._period_s = 1, 0.0
            return
        if not self._period_s:
            self._seen, self._period_s = 2, self._bounded(passed_s)
            self._next_s = time_s + self._period_s
            return
        error_s = time_s - self._next_s
        if abs(error_s) > LOST_TICKS * self._period_s + 0.01:
            self._seen, self._period_s = 1, 0.0
            return
        self._drift_s += DRIFT_SHARE * (error_s - self._drift_s)
        self._seen += 1
        if abs(self._drift_s) > DRIFT_S:
            self._seen, self._drift_s = min(self._seen, SETTLED_TICKS // 2), 0.0
        bandwidth_hz = max(NARROW_HZ, WIDE_HZ * min(1.0, 12.0 / self._seen))
        # The loop is of second order and critically damped at the root of two.
        omega = min(1.0, 2.0 * math.pi * bandwidth_hz * self._period_s)
        self._period_s = self._bounded(self._period_s + omega * omega * error_s)
        self._next_s += self._period_s + math.sqrt(2.0) * omega * error_s

    @staticmethod
    def _bounded(period_s: float) -> float:
        return min(
            60.0 / (TICKS_PER_BEAT * SLOWEST_BPM), max(60.0 / (TICKS_PER_BEAT * FASTEST_BPM), period_s)
        )
