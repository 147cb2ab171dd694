"""Loops from the processes that make them to the engine, through slots of shared memory.

A slot is written by one side at a time: the engine puts a request into a free one and names the worker, that worker
takes it and puts the loop in, the engine copies the loop out and frees it. So nothing is locked, and the death of
a worker leaves a slot that its successor finds. The engine hands out few at once and keeps the rest itself, newest
first; what nobody waits for any more is dropped.
"""

import json
import os
import time
import weakref
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from aijockey.live.loop_source import CACHED_LOOPS
from aijockey.live.loops import Loop, LoopRequest, Ticket
from aijockey.live.pace import Pace
from aijockey.live.points import SEEDS, Seed
from aijockey.live.processes.shared import SharedArrays

SLOTS = 16
MOST_WORKERS = 8
TEXT_BYTES = 4096
# One that is being made and one to go on with.
SLOTS_PER_WORKER = 2
# Requests that wait beyond this are older than anybody can use.
MOST_WAITING = 64
# A request that its worker died of this often is given up.
MOST_ATTEMPTS = 2

FREE, WANTED, TAKEN, MADE, FAILED = range(5)
ABSENT, STARTING, READY, BROKEN = range(4)
_STATE, _NUMBER, _WORKER, _ATTEMPTS, _CHANNELS, _SAMPLES, _TEXT = range(7)
WORKER_WORDS = ("state", "beat_ns", "busy_since_ns", "made", "loop_us", "process_id")


class LoopExchange:
    """The slots, seen from both sides.

    Parameters
    ----------
    channels, samples : the largest loop; the same in every process.
    name : of an existing one to attach; None makes one.
    """

    def __init__(self, channels: int, samples: int, name: str | None = None) -> None:
        self.channels, self.samples = channels, samples
        self._shared = SharedArrays(
            {
                "slots": (np.int64, (SLOTS, 8)),
                "gains": (np.float64, (SLOTS,)),
                "workers": (np.int64, (MOST_WORKERS, 8)),
                "texts": (np.uint8, (SLOTS, TEXT_BYTES)),
                "sound": (np.float32, (SLOTS, channels * samples)),
            },
            name,
        )

    @property
    def name(self) -> str:
        """What another process attaches by. Thread: any"""
        return self._shared.name

    def close(self) -> None:
        """Let go of the memory. Thread: control"""
        self._shared.close()

    def worker(self, worker: int, word: str) -> int:
        """What a worker (0 to 7) says of itself, a name of `WORKER_WORDS`. Thread: any"""
        return int(self._shared["workers"][worker, WORKER_WORDS.index(word)])

    def set_worker(self, worker: int, word: str, value: int) -> None:
        """Say it. Thread: the worker's, or the supervisor's while there is none"""
        self._shared["workers"][worker, WORKER_WORDS.index(word)] = value

    # The engine's side.

    def free_slot(self) -> int | None:
        """A slot that nobody uses. Thread: audio"""
        free = np.flatnonzero(self._shared["slots"][:, _STATE] == FREE)
        return int(free[0]) if len(free) else None

    def put(self, slot: int, number: int, worker: int, request: LoopRequest) -> bool:
        """Ask ``worker`` for a loop through a free slot; False where the request is too long. Thread: audio"""
        row = self._shared["slots"][slot]
        if not self._write_text(slot, json.dumps(request.as_json())):
            return False
        row[[_NUMBER, _WORKER, _ATTEMPTS]] = number, worker, 0
        self._shared.keep_order()
        row[_STATE] = WANTED
        return True

    def answers(self) -> list[tuple[int, int]]:
        """Slots that hold a loop or what went wrong, and their numbers. Thread: audio"""
        slots = self._shared["slots"]
        done = np.flatnonzero(slots[:, _STATE] >= MADE)
        return [(int(slot), int(slots[slot, _NUMBER])) for slot in done]

    def collect(self, slot: int) -> Loop | str:
        """The loop, or what went wrong; the slot is free then. Thread: audio"""
        self._shared.keep_order()
        row = self._shared["slots"][slot]
        result: Loop | str
        if row[_STATE] == FAILED:
            result = self._read_text(slot)
        else:
            channels, samples = int(row[_CHANNELS]), int(row[_SAMPLES])
            sound = self._shared["sound"][slot, : channels * samples].copy().reshape(channels, samples)
            result = Loop(sound, float(self._shared["gains"][slot]))
        self._shared.keep_order()
        row[_STATE] = FREE
        return result

    def in_use(self, worker: int) -> int:
        """Slots that a worker has not answered yet. Thread: audio"""
        slots = self._shared["slots"]
        return int(((slots[:, _WORKER] == worker) & np.isin(slots[:, _STATE], (WANTED, TAKEN))).sum())

    def clear(self) -> None:
        """Free every slot that holds an answer or waits; for an engine that takes over. Thread: audio"""
        slots = self._shared["slots"]
        # What a worker has in hand it will still answer; with this number nobody waits for it.
        slots[:, _NUMBER] = -1
        slots[slots[:, _STATE] >= MADE, _STATE] = FREE

    # The worker's side.

    def take(self, worker: int) -> tuple[int, LoopRequest] | None:
        """The newest request for a worker, one that its predecessor died of included. Thread: the worker's"""
        slots = self._shared["slots"]
        mine = np.flatnonzero((slots[:, _WORKER] == worker) & np.isin(slots[:, _STATE], (WANTED, TAKEN)))
        if not len(mine):
            return None
        slot = int(mine[np.argmax(slots[mine, _NUMBER])])
        self._shared.keep_order()
        slots[slot, _STATE] = TAKEN
        slots[slot, _ATTEMPTS] += 1
        if slots[slot, _ATTEMPTS] > MOST_ATTEMPTS:
            self.fail(slot, "the process that makes loops died of this request")
            return self.take(worker)
        try:
            return slot, LoopRequest.from_json(json.loads(self._read_text(slot)))
        except (ValueError, KeyError, TypeError) as error:
            self.fail(slot, f"a request that cannot be read ({error})")
            return self.take(worker)

    def give(self, slot: int, loop: Loop) -> None:
        """Answer with a loop. Thread: the worker's"""
        if loop.audio.size > self.channels * self.samples:
            self.fail(
                slot, f"a loop of shape {loop.audio.shape}; expected at most {self.channels}, {self.samples}"
            )
            return
        row = self._shared["slots"][slot]
        self._shared["sound"][slot, : loop.audio.size] = loop.audio.ravel()
        self._shared["gains"][slot] = loop.gain
        row[[_CHANNELS, _SAMPLES]] = loop.audio.shape
        self._shared.keep_order()
        row[_STATE] = MADE

    def fail(self, slot: int, reason: str) -> None:
        """Answer with what went wrong. Thread: the worker's"""
        self._write_text(slot, reason[:1000])
        self._shared.keep_order()
        self._shared["slots"][slot, _STATE] = FAILED

    def beat(self, worker: int) -> None:
        """Say that a worker is alive. Thread: the worker's"""
        self.set_worker(worker, "process_id", os.getpid())
        self.set_worker(worker, "beat_ns", time.monotonic_ns())

    def _write_text(self, slot: int, text: str) -> bool:
        data = text.encode()
        if len(data) > TEXT_BYTES:
            return False
        self._shared["texts"][slot, : len(data)] = np.frombuffer(data, dtype=np.uint8)
        self._shared["slots"][slot, _TEXT] = len(data)
        return True

    def _read_text(self, slot: int) -> str:
        length = int(self._shared["slots"][slot, _TEXT])
        return self._shared["texts"][slot, :length].tobytes().decode(errors="replace")


@dataclass
class _Wish:
    """A request and who waits for it; numbers grow with time."""

    number: int
    tickets: list["weakref.ref[Ticket]"]


class ExchangeSource:
    """A `LoopSource` whose loops come through an exchange; `poll` moves them.

    Parameters
    ----------
    voices : name -> whether tonal.
    variations : loops that are made for each request, it included; the others, of the seeds that follow, are made
    when there is time and kept at hand.
    paces : of the voices that were measured, for walks.

    Attributes
    ----------
    dropped : requests that came to nothing, since newer ones took their place.
    """

    def __init__(
        self,
        exchange: LoopExchange,
        voices: Mapping[str, bool],
        variations: int = 1,
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self.voices = voices
        self.paces: Mapping[str, Pace] = dict(paces or {})
        self._variations = variations
        self._at_hand: deque[Ticket] = deque(maxlen=CACHED_LOOPS)
        self.channels = exchange.channels
        self.dropped = 0
        self._exchange = exchange
        self._number = 0
        self._asked: dict[int, tuple[LoopRequest, _Wish]] = {}  # by number, in a slot
        self._waiting: OrderedDict[LoopRequest, _Wish] = OrderedDict()
        self._cache: OrderedDict[LoopRequest, Loop] = OrderedDict()
        exchange.clear()

    @property
    def waiting(self) -> int:
        """Requests that no worker has yet. Thread: audio"""
        return len(self._waiting)

    def request(self, request: LoopRequest) -> Ticket:
        """Ask for a loop; the ticket is filled by a later `poll`, if it still exists then. Thread: audio"""
        ticket = self._request(request)
        for number in range(1, self._variations):
            other = replace(request, point=Seed((request.point.seed + number) % SEEDS))
            self._at_hand.append(self._request(other, urgent=False))
        return ticket

    def _request(self, request: LoopRequest, *, urgent: bool = True) -> Ticket:
        ticket = Ticket(request)
        if request in self._cache:
            self._cache.move_to_end(request)
            ticket.loop = self._cache[request]
            return ticket
        for asked, wish in self._asked.values():
            if asked == request:
                wish.tickets.append(weakref.ref(ticket))
                return ticket
        self._number += 1
        wish = self._waiting.setdefault(request, _Wish(self._number, []))
        wish.number = self._number
        wish.tickets.append(weakref.ref(ticket))
        self._waiting.move_to_end(request, last=urgent)
        if len(self._waiting) > MOST_WAITING:
            _, oldest = self._waiting.popitem(last=False)
            self._refuse(oldest, "too many loops were asked for at once")
        return ticket

    def poll(self, most: int = 1) -> None:
        """Take in up to ``most`` loops and hand out requests; a fraction of a millisecond each. Thread: audio"""
        for slot, number in self._exchange.answers()[:most]:
            answer = self._exchange.collect(slot)
            if number not in self._asked:
                continue
            request, wish = self._asked.pop(number)
            if isinstance(answer, str):
                self._refuse(wish, answer)
                continue
            for reference in wish.tickets:
                ticket = reference()
                if ticket is not None:
                    ticket.loop = answer
            self._cache[request] = answer
            if len(self._cache) > CACHED_LOOPS:
                self._cache.popitem(last=False)
        if self._waiting:
            self._hand_out()

    def close(self) -> None:
        """Forget the loops made so far. Thread: control"""
        self._cache.clear()

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
            load, _, worker = min((self._exchange.in_use(one), -states[one], one) for one in alive)
            slot = self._exchange.free_slot()
            if load >= SLOTS_PER_WORKER or slot is None:
                return
            request, wish = self._waiting.popitem()  # the newest
            if not any(reference() is not None for reference in wish.tickets):
                self.dropped += 1
            elif self._exchange.put(slot, wish.number, worker, request):
                self._asked[wish.number] = (request, wish)
            else:
                self._refuse(wish, "a request with too many controls")

    def _refuse(self, wish: _Wish, reason: str) -> None:
        self.dropped += 1
        for reference in wish.tickets:
            ticket = reference()
            if ticket is not None:
                ticket.error = reason
