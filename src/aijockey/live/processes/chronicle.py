"""What was done and what sounded, as the engine tells it: to restore the set by, to keep it, to list the loops, and to
show it to surfaces.
"""

from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import Any

from aijockey.live.processes.common_memory import CommonMemory
from aijockey.live.processes.performance_plan import Plan
from aijockey.live.processes.post import Post
from aijockey.live.processes.restore import entry_of, event_of
from aijockey.live.processes.retrospect import Retrospect
from aijockey.live.set_journal import SetJournal
from aijockey.live.set_parts import Entry, Event, PackReference
from aijockey.music.grid import BEATS_PER_BAR

MOST_REMEMBERED = 10_000
LOOPS_TOLD_AGAIN = 4  # of each deck, to a writer that takes over


class Chronicle:
    """Reads the engine's journal.

    Parameters
    ----------
    note : takes a line for people.

    events : what was done so far, by which a set is restored; of what is long past, the last of each address.
    recording : what the writer was asked to record, None for nothing.
    """

    def __init__(self, plan: Plan, memory: CommonMemory, post: Post, note: Callable[[str], None]) -> None:
        self._plan, self._memory, self._post, self._note = plan, memory, post, note
        self.events: list[Event] = []
        self.recording: dict[str, Any] | None = None
        # Deck -> the loops that entered last: a loop is told of before it is heard, so the last may not sound yet.
        self._sounding: dict[int, deque[dict[str, Any]]] = {}
        self._retrospect = Retrospect(plan.live_set.events)
        self._kept: SetJournal | None = None
        self._failed = False
        if plan.keep is not None:
            pack = plan.packs[0] if len(plan.packs) == 1 else None
            reference = PackReference(str(pack["name"]), str(pack["sha256"])) if pack else None
            self._kept = SetJournal(plan.keep, plan.live_set, plan.bars, reference)

    def record(self, name: str) -> None:
        """Begin a recording. Thread: any"""
        self.recording = {
            "do": "start", "name": name, "title": self._plan.live_set.title, "packs": list(self._plan.packs),
            "decks": self._plan.record_decks,
        }  # fmt: skip
        self._post.tell_writer(self.recording)

    def stop_recording(self) -> None:
        """End the recording; nothing where there is none. Thread: any"""
        self.recording = None
        self._post.tell_writer({"do": "stop"})

    def tell_again(self) -> None:
        """Tell a writer that takes over what it must know. Thread: the supervisor's own"""
        again = list(chain.from_iterable(self._sounding.values()))
        self._post.tell_writer(*again, *([self.recording] if self.recording else []))

    def read(self) -> None:
        """Take down what the engine has told since. Thread: the supervisor's own"""
        while (entry := self._memory.journal.take()) is not None:
            if "loop" in entry:
                self._enter(entry["loop"])
                self._retrospect.enter(entry["loop"])
            elif "entry" in entry:
                self._keep(entry_of(entry["entry"]))
            else:
                event = event_of(entry["event"])
                self.events.append(event)
                self._retrospect.add(event)
                self._keep(event)
                if len(self.events) > MOST_REMEMBERED:
                    self._thin()
        self._retrospect.publish(self._memory.board)

    def close(self, beat: float, played: bool) -> None:
        """Close the kept set at ``beat``; where nothing was played there is none. Thread: control"""
        self.read()
        if self._kept is None:
            return
        self._kept.close(min(beat, float(self._plan.bars * BEATS_PER_BAR)))
        if not played:
            self._kept.path.unlink(missing_ok=True)
        if self._kept.error:
            self._note(self._kept.error)

    def _keep(self, item: Event | Entry) -> None:
        if self._kept is None:
            return
        self._kept.add(item)
        if self._kept.error and not self._failed:
            self._failed = True
            self._note(self._kept.error)

    def _enter(self, entry: dict[str, Any]) -> None:
        """A deck has begun to play a loop: the writer lists it."""
        packs = self._plan.packs
        message = {"do": "loop", **entry, "pack": packs[0]["name"] if len(packs) == 1 else ""}
        self._sounding.setdefault(entry["deck"], deque(maxlen=LOOPS_TOLD_AGAIN)).append(message)
        self._post.tell_writer(message)

    def _thin(self) -> None:
        """Of what is long past, the newest event of each address will do to restore the set."""
        keep = set({event.address: index for index, event in enumerate(self.events)}.values())
        keep.update(range(len(self.events) - MOST_REMEMBERED // 2, len(self.events)))
        self.events = [event for index, event in enumerate(self.events) if index in keep]
