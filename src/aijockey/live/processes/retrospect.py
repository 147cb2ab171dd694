"""What was done and what entered lately, short enough to be shown to every surface that joins.

The journal has all of it; this is its end: of a ride of a fader the last value of each beat, of texts their beginning,
and of the set's own events those around the present. The supervisor keeps it, so that a control process that is
started again, and a page that was asleep, find it as it was.
"""

import json
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from aijockey.live.processes.board import Board
from aijockey.live.processes.pulse import read_pulse
from aijockey.live.set_parts import Event

TEXT = "history"
MOST_EVENTS, MOST_LOOPS = 400, 100
# Moves of one parameter within this are one.
RIDE_BEATS = 1.0
# Of the set's own events: so far back and ahead, and so many.
PAST_BEATS, FUTURE_BEATS, MOST_OF_SET = 512.0, 128.0, 150
MOST_TEXT = 100
MOST_BYTES = 60_000
PUBLISH_S, REFRESH_S = 0.25, 5.0
HANDS, SET = "live", "set"

Told = list[Any]  # beat, address, value, source; or beat, deck, point


class Retrospect:
    """The last events and loops.

    Parameters
    ----------
    set_events : those of the set file, which no journal tells of.

    Thread: the supervisor's own
    """

    def __init__(self, set_events: Iterable[Event] = ()) -> None:
        self._of_set = [_told(event, SET) for event in set_events]
        self._events: deque[Told] = deque(maxlen=MOST_EVENTS)
        self._loops: deque[Told] = deque(maxlen=MOST_LOOPS)
        self._newest: dict[str, Told] = {}
        self._is_new = True
        self._published_s = 0.0

    def add(self, event: Event) -> None:
        """A hand did something."""
        told = _told(event, HANDS)
        last = self._newest.get(event.address)
        if last is not None and 0.0 <= event.beat - last[0] < RIDE_BEATS:
            last[2] = told[2]
        else:
            self._newest[event.address] = told
            self._events.append(told)
        self._is_new = True

    def enter(self, loop: Mapping[str, Any]) -> None:
        """A deck began to play a loop, as the journal tells it."""
        point = str(loop.get("point", ""))[:MOST_TEXT]
        self._loops.append([round(float(loop["beat"]), 3), int(loop["deck"]), point])
        self._is_new = True

    def as_told(self, beat: float) -> dict[str, Any]:
        """What a surface is told at ``beat``: events and loops, the newest last."""
        near = [told for told in self._of_set if -PAST_BEATS <= told[0] - beat <= FUTURE_BEATS]
        near = sorted(near, key=lambda told: abs(told[0] - beat))[:MOST_OF_SET]
        events = sorted([*self._events, *near], key=lambda told: told[0])
        return {"events": _last_of(events), "loops": list(self._loops)}

    def publish(self, board: Board) -> None:
        """Put it on the board where there is something new, a few times a second at most."""
        now = time.monotonic()
        due = PUBLISH_S if self._is_new else REFRESH_S if self._of_set else float("inf")
        if now - self._published_s < due:
            return
        pulse = read_pulse(board)
        if board.publish(TEXT, self.as_told(pulse.beat if pulse else 0.0)):
            self._is_new = False
        self._published_s = now


def _told(event: Event, source: str) -> Told:
    value = event.value[:MOST_TEXT] if isinstance(event.value, str) else event.value
    return [round(event.beat, 3), event.address, value, source]


def _last_of(events: list[Told]) -> list[Told]:
    """As many of the newest as there is room for."""
    size, first = 0, len(events)
    while first and size < MOST_BYTES - 100 * MOST_LOOPS:
        first -= 1
        size += len(json.dumps(events[first])) + 1
    return events[first:]
