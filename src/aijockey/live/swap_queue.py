"""Planned swaps of a deck that wait for their loops, and what becomes of those whose loops are late."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from aijockey.live.loops import Loop, LoopRequest, Ticket
from aijockey.live.plan import Swap
from aijockey.live.set_parts import Entry
from aijockey.live.stretch import LOOKAHEAD_BEATS
from aijockey.music.grid import BEATS_PER_BAR


@dataclass
class _Waiting:
    """A swap whose loop was asked for; ``beat`` is where it enters as things stand."""

    swap: Swap
    ticket: Ticket | None
    beat: Fraction

    @property
    def is_awaited(self) -> bool:
        """Whether its loop is still to come."""
        return self.ticket is not None and self.ticket.loop is None and self.ticket.error is None

    @property
    def settles(self) -> Fraction:
        """When it must be known whether the loop is there."""
        return self.beat - Fraction(self.swap.fade_beats) - Fraction(LOOKAHEAD_BEATS)


class SwapQueue:
    """Swaps in the order in which they enter, each with the loop that it waits for.

    Parameters
    ----------
    number : of the deck, from 1. ask : gets a loop made for a swap. outcomes : what becomes of swaps that do not enter
    is told here. entries : outcomes of an earlier performance by planned beat, to be repeated.

    Attributes
    ----------
    late : whether the next loop is late. late_loops : how often one was. failed_loops : loops that could not be made,
    and ``last_error`` of these.
    """

    def __init__(
        self,
        number: int,
        ask: Callable[[Swap], Ticket],
        outcomes: Callable[[Entry], None],
        entries: Mapping[float, Entry],
    ) -> None:
        self.late = False
        self.late_loops = self.failed_loops = 0
        self.last_error: str | None = None
        self._number, self._ask, self._outcomes, self._entries = number, ask, outcomes, entries
        self._waiting: deque[_Waiting] = deque()

    @property
    def next(self) -> tuple[Fraction, LoopRequest | None] | None:
        """The swap that waits first: its beat and loop (None: it stops); None if none does."""
        return (self._waiting[0].beat, self._waiting[0].swap.request) if self._waiting else None

    @property
    def settles_beats(self) -> float | None:
        """The beat at which it is settled whether the first one enters; None if none waits."""
        # In floats, which are quicker than fractions.
        first = self._waiting[0] if self._waiting else None
        return float(first.beat) - first.swap.fade_beats - LOOKAHEAD_BEATS if first else None

    @property
    def pending(self) -> bool:
        """Whether a loop that was asked for is not there yet."""
        return any(item.is_awaited for item in self._waiting)

    def overdue(self) -> list[Entry]:
        """Planned loops that have been put off and are still not there: none of them has been heard. Thread: audio"""
        return [
            Entry(self._number, float(item.swap.beat), None, item.swap.request, "late")
            for item in self._waiting
            if item.beat > item.swap.beat and item.swap.request is not None
        ]

    def is_lost(self, swap: Swap) -> bool:
        """Whether it did not enter in the performance that is repeated."""
        entry = self._entries.get(float(swap.beat))
        return entry is not None and entry.beat is None

    def add(self, swap: Swap) -> None:
        """Ask for the loop of a swap and let it wait, in the place of what would enter no earlier. Thread: audio"""
        before = self._entries.get(float(swap.beat))
        if before is not None and before.beat is None:
            self._lose(swap, before.lost)
            return
        beat = Fraction(before.beat) if before is not None and before.beat is not None else swap.beat
        if before is None and self._waiting and self._waiting[0].beat >= beat:
            # A late loop was put off to here. Were each renewal, or each move of a hand that does not rest, to take the
            # place of the one before, a machine that is too slow would never come to play a fresh one.
            if swap.renewal:
                self._lose(swap, "late")
                return
            if swap.ride and self._waiting[0].swap.ride:
                beat = self._waiting[0].beat + swap.grid_beats
        while self._waiting and self._waiting[-1].beat >= beat:
            self._lose(self._waiting.pop().swap, "late")
        self._waiting.append(_Waiting(swap, self._ask(swap) if swap.request else None, beat))

    def settle(self, until: Fraction) -> Iterator[tuple[Swap, Loop | None, Fraction]]:
        """Swaps that enter, with their loops and beats, of all that must be settled by the beat ``until``; those
        whose loop is late are put off to a later line of their grid. Thread: audio
        """
        while self._waiting and self._waiting[0].settles <= until:
            first = self._waiting[0]
            ticket = first.ticket
            if ticket is not None and ticket.error is not None:
                self.failed_loops += 1
                self.last_error = ticket.error
                self._lose(self._waiting.popleft().swap, "failed")
            elif first.is_awaited:
                self._put_off(first, until)
                continue
            else:
                self._waiting.popleft()
                yield first.swap, ticket.loop if ticket else None, first.beat
            self.late = False

    def _put_off(self, first: _Waiting, until: Fraction) -> None:
        """The loop of the first one is late."""
        swap = first.swap
        if len(self._waiting) > 1 and self._waiting[1].swap.request is None:
            self.late = True
            self._lose(self._waiting.popleft().swap, "late")  # it would come in only to be stopped
            return
        earliest = until + (first.beat - first.settles)
        first.beat = (earliest // swap.grid_beats + 1) * swap.grid_beats
        # A hand's move may come with the first loop that can be there; only within a bar it must.
        if not swap.ride or first.beat >= swap.beat + BEATS_PER_BAR:
            self.late = True
            self.late_loops += 1
        while len(self._waiting) > 1 and self._waiting[1].beat <= first.beat:
            first = self._rank_next(first)

    def _rank_next(self, late: _Waiting) -> _Waiting:
        """What goes first of the late one and the next, which is due by the same line.

        The next one takes its place; unless that is not there either and only fresher, which leaves it out, or only a
        move further on, which then comes a line later, the last one of these.
        """
        later = self._waiting[1]
        ridden = later.swap.ride and late.swap.ride and later.is_awaited
        if (later.swap.renewal and later.is_awaited) or (ridden and len(self._waiting) > 2):
            del self._waiting[1]
            self._lose(later.swap, "late")
            return late
        if ridden:
            later.beat = late.beat + later.swap.grid_beats
            return late
        self._lose(self._waiting.popleft().swap, "late")
        return later

    def _lose(self, swap: Swap, why: str) -> None:
        if swap.request is not None:
            self._outcomes(Entry(self._number, float(swap.beat), None, swap.request, why))
