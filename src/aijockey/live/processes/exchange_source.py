"""How the engine asks for loops through an exchange, and what goes first.

First what a hand has asked for and has a place in the timeline now, the oldest before all, so that a hand that does not
rest hears something (`request_fixed`); then what one has just asked for, the newest first (`request`). Then other loops
whose place is fixed: the deck that has waited longest for a new one goes first, so where there is not time for all,
none of them stands still. Last what decks will play if nothing changes (`request_ahead`), soonest first. A request
whose tickets are all gone is dropped, also when a worker has it already and has not begun.
"""

import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from aijockey.live.loop_source import CACHED_LOOPS
from aijockey.live.loops import Loop, LoopRequest, Ticket
from aijockey.live.pace import Pace
from aijockey.live.processes.exchange import (
    BROKEN,
    MOST_WORKERS,
    READY,
    STARTING,
    WITHDRAWN,
    LoopExchange,
)

# One that is being made and one to go on with; what a hand wants may come on top of that.
SLOTS_PER_WORKER = 2
SLOTS_BY_HAND = 3
# Requests that wait beyond this are older than anybody can use.
MOST_WAITING = 64
# How far ahead decks look: so often the time that one loop for each of them takes, within these bounds.
ROUNDS_AHEAD = 2.0
LEAST_AHEAD_S = 2.0
MOST_AHEAD_S = 16.0
# Classes of wishes, and where the numbers of their slots begin.
AHEAD, FIXED, BY_HAND, FIXED_BY_HAND = range(4)
NUMBERED_FROM = (1 << 48, 1 << 50, 1 << 52, 1 << 54)


@dataclass
class _Wish:
    """A request and who waits for it.

    kind : a class of wishes. order : within it, the lowest goes first. number : grows with time.
    """

    request: LoopRequest
    number: int
    kind: int
    order: float
    tickets: list["weakref.ref[Ticket]"]

    @property
    def rank(self) -> tuple[int, float, int]:
        """The highest goes first."""
        return self.kind, -self.order, self.number if self.kind == BY_HAND else -self.number

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody still has a ticket for it."""
        return any(reference() is not None for reference in self.tickets)


@dataclass
class _Asked:
    """A wish that a worker has."""

    wish: _Wish
    slot: int
    withdrawn: bool = False


class ExchangeSource:
    """A `LoopSource` whose loops come through an exchange; `poll` moves them.

    Parameters
    ----------
    voices : name -> whether tonal.
    paces : of the voices that were measured, for walks.

    Attributes
    ----------
    dropped : requests that came to nothing, since newer ones took their place.
    withdrawn : how many of these a worker had already, and was spared.
    decks : how many ask, by which it is judged how far ahead they should.
    """

    def __init__(
        self,
        exchange: LoopExchange,
        voices: Mapping[str, bool],
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self.voices = voices
        self.paces: Mapping[str, Pace] = dict(paces or {})
        self.channels = exchange.channels
        self.dropped = 0
        self.withdrawn = 0
        self.decks = 1
        self._exchange = exchange
        self._number = self._put = 0
        self._asked: dict[int, _Asked] = {}  # by the number that its slot has
        self._waiting: dict[LoopRequest, _Wish] = {}
        self._cache: OrderedDict[LoopRequest, Loop] = OrderedDict()
        exchange.clear()

    @property
    def waiting(self) -> int:
        """Requests that no worker has yet. Thread: audio"""
        return len(self._waiting)

    @property
    def ahead_s(self) -> float:
        """How far ahead decks should say what they will need: by how long loops take here. Thread: audio"""
        workers = [
            worker for worker in range(MOST_WORKERS) if self._exchange.worker(worker, "state") == READY
        ]
        if not workers:
            return LEAST_AHEAD_S
        loop_s = sum(self._exchange.worker(worker, "loop_us") for worker in workers) / 1e6 / len(workers)
        return min(MOST_AHEAD_S, max(LEAST_AHEAD_S, ROUNDS_AHEAD * loop_s * self.decks / len(workers)))

    def request(self, request: LoopRequest) -> Ticket:
        """Ask for a loop; the ticket is filled by a later `poll`, if it still exists then. Thread: audio"""
        return self._request(request, BY_HAND)

    def request_ahead(self, request: LoopRequest, due: float) -> Ticket:
        """Ask for a loop that will be needed at the beat ``due`` if nothing changes. Thread: audio"""
        return self._request(request, AHEAD, due)

    def request_fixed(self, request: LoopRequest, since: float, by_hand: bool) -> Ticket:
        """Ask for a loop that a deck is certain to need whose present one has played since the beat ``since``; whether
        a hand waits for it.

        Thread: audio
        """
        return self._request(request, FIXED_BY_HAND) if by_hand else self._request(request, FIXED, since)

    def _request(self, request: LoopRequest, kind: int, order: float = 0.0) -> Ticket:
        ticket = Ticket(request)
        if request in self._cache:
            self._cache.move_to_end(request)
            ticket.loop = self._cache[request]
            return ticket
        self._number += 1
        for asked in self._asked.values():
            if asked.wish.request == request:
                asked.wish.tickets.append(weakref.ref(ticket))
                if asked.withdrawn:
                    asked.withdrawn = False
                    self._exchange.withdraw(asked.slot, False)
                return ticket
        wish = self._waiting.setdefault(request, _Wish(request, self._number, kind, order, []))
        wish.tickets.append(weakref.ref(ticket))
        if (kind, -order) >= (wish.kind, -wish.order):
            wish.number, wish.kind, wish.order = self._number, kind, order
        if len(self._waiting) > MOST_WAITING:
            oldest = min(self._waiting.values(), key=lambda waiting: waiting.rank)
            del self._waiting[oldest.request]
            self._refuse(oldest, "too many loops were asked for at once")
        return ticket

    def poll(self, most: int = 1) -> None:
        """Take in up to ``most`` loops and hand out requests; a fraction of a millisecond each. Thread: audio"""
        for slot, number in self._exchange.answers()[:most]:
            answer = self._exchange.collect(slot)
            if number in self._asked:
                self._take_in(self._asked.pop(number), answer)
        for slot in self._exchange.orphans():
            asked = self._asked.pop(self._exchange.take_back(slot), None)
            if asked is not None:
                self._waiting.setdefault(asked.wish.request, asked.wish)  # somebody else may make it
        for asked in self._asked.values():
            if not asked.withdrawn and not asked.wish.is_waited_for:
                asked.withdrawn = True
                self._exchange.withdraw(asked.slot)
        for wish in [wish for wish in self._waiting.values() if not wish.is_waited_for]:
            del self._waiting[wish.request]
            self.dropped += 1
        if self._waiting:
            self._hand_out()

    def close(self) -> None:
        """Forget the loops made so far. Thread: control"""
        self._cache.clear()

    def _take_in(self, asked: _Asked, answer: Loop | str) -> None:
        wish = asked.wish
        if answer == WITHDRAWN:
            if wish.is_waited_for:
                self._waiting.setdefault(wish.request, wish)  # somebody came just too late to say so
            else:
                self.dropped += 1
                self.withdrawn += 1
            return
        if isinstance(answer, str):
            self._refuse(wish, answer)
            return
        for reference in wish.tickets:
            ticket = reference()
            if ticket is not None:
                ticket.loop = answer
        self._cache[wish.request] = answer
        if len(self._cache) > CACHED_LOOPS:
            self._cache.popitem(last=False)

    def _hand_out(self) -> None:
        states = [self._exchange.worker(worker, "state") for worker in range(MOST_WORKERS)]
        alive = [worker for worker, state in enumerate(states) if state in (STARTING, READY)]
        if not alive:
            if BROKEN in states:
                for wish in self._waiting.values():
                    self._refuse(wish, "the processes that make loops keep ending")
                self._waiting.clear()
            return
        while self._waiting:
            wish = max(self._waiting.values(), key=lambda waiting: waiting.rank)
            load, _, worker = min((self._exchange.in_use(one), -states[one], one) for one in alive)
            slot = self._exchange.free_slot()
            if slot is None or load >= (SLOTS_BY_HAND if wish.kind == BY_HAND else SLOTS_PER_WORKER):
                return
            del self._waiting[wish.request]
            number = self._slot_number(wish)
            if self._exchange.put(slot, number, worker, wish.request):
                self._asked[number] = _Asked(wish, slot)
            else:
                self._refuse(wish, "a request with too many controls")

    def _slot_number(self, wish: _Wish) -> int:
        """Of those that a worker has, it takes the highest first: by hand the newest, of others what was put first."""
        self._put += 1
        return NUMBERED_FROM[wish.kind] + (wish.number if wish.kind == BY_HAND else -self._put)

    def _refuse(self, wish: _Wish, reason: str) -> None:
        self.dropped += 1
        for reference in wish.tickets:
            ticket = reference()
            if ticket is not None:
                ticket.error = reason
