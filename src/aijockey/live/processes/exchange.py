"""Loops from the processes that make them to the engine, through slots of shared memory.

A slot is written by one side at a time: the engine puts a request into a free one and names the worker, that worker
takes it and puts the loop in, the engine copies the loop out and frees it. So nothing is locked, and the death of
a worker leaves a slot that its successor finds. A request that nobody waits for any more is marked as withdrawn by the
engine; a worker passes over it. `aijockey.live.processes.exchange_source` is the engine's way to ask.
"""

import json
import os
import time

import numpy as np

from aijockey.live.loops import Loop, LoopRequest
from aijockey.live.processes.shared import SharedArrays

SLOTS = 16
MOST_WORKERS = 8
TEXT_BYTES = 4096
# A request that its worker died of this often is given up.
MOST_ATTEMPTS = 2

# What a worker answers for a request that was withdrawn before it began.
WITHDRAWN = "nobody waits for it"

FREE, WANTED, TAKEN, MADE, FAILED = range(5)
ABSENT, STARTING, READY, BROKEN = range(4)
_STATE, _NUMBER, _WORKER, _ATTEMPTS, _CHANNELS, _SAMPLES, _TEXT, _WITHDRAWN = range(8)
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
        row[[_NUMBER, _WORKER, _ATTEMPTS, _WITHDRAWN]] = number, worker, 0, 0
        self._shared.keep_order()
        row[_STATE] = WANTED
        return True

    def withdraw(self, slot: int, withdrawn: bool = True) -> None:
        """Say that nobody waits for what is asked in a slot, or that somebody does again. A worker that has not begun
        answers with `WITHDRAWN` at once; whether it came in time is seen by the answer. Thread: audio
        """
        self._shared["slots"][slot, _WITHDRAWN] = int(withdrawn)

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

    def orphans(self) -> list[int]:
        """Slots whose worker has been given up before it answered; no process uses them. Thread: audio"""
        broken = self._shared["workers"][:, WORKER_WORDS.index("state")] == BROKEN
        if not broken.any():
            return []
        slots = self._shared["slots"]
        asked = np.isin(slots[:, _STATE], (WANTED, TAKEN))
        return [int(slot) for slot in np.flatnonzero(asked & broken[slots[:, _WORKER]])]

    def take_back(self, slot: int) -> int:
        """Free such a slot; gives the number of what was asked in it. Thread: audio"""
        row = self._shared["slots"][slot]
        row[_STATE] = FREE
        return int(row[_NUMBER])

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
        if slots[slot, _WITHDRAWN]:
            self.fail(slot, WITHDRAWN)
            return self.take(worker)
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
