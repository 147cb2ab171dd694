"""What was done and what came of it, so that a performance can be written down as a set and heard again."""

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import Entry, Event, PackReference
from aijockey.music.grid import BEATS_PER_BAR

# Whether a machine played along is no part of what was played: a replay must not bring it in again.
PLAYED_BY = "autopilot."


class Performance:
    """The log of one engine: grows while it plays.

    events : what hands did, with the beat it acted from, in that order. entries : what became of each loop
    that was planned, in the order in which it was settled. forgotten : how many events lay before the first of them.
    """

    def __init__(self, live_set: LiveSet) -> None:
        self.live_set = live_set
        self.events: list[Event] = []
        self.entries: list[Entry] = []
        self.forgotten = 0

    def forget(self, events: int, entries: int) -> None:
        """Let go of the oldest of both, which somebody else has taken down. Thread: audio"""
        self.forgotten += len(self.events[:events])
        del self.events[:events], self.entries[:entries]

    def live_set_at(
        self,
        beat: Fraction | float,
        title: str | None = None,
        pack: PackReference | None = None,
        overdue: Iterable[Entry] = (),
    ) -> LiveSet:
        """All of it up to ``beat`` as a set that plays the same again: what it began with, what hands did, and
        when each loop entered.

        overdue : what became of the loops that wait at ``beat``, as far as it is heard by then.

        Thread: audio, or any while the engine rests
        """
        live_set = self.live_set
        return replace(
            live_set,
            title=live_set.title if title is None else title,
            bars=max(1, math.ceil(beat / BEATS_PER_BAR)),
            mixer={name: value for name, value in live_set.mixer.items() if not name.startswith(PLAYED_BY)},
            events=tuple(
                event for event in (*live_set.events, *self.events) if not event.address.startswith(PLAYED_BY)
            ),
            entries=tuple(sorted([*self.entries, *overdue], key=lambda entry: (entry.planned, entry.deck))),
            pack=pack or live_set.pack,
        )
