"""Messages from one process to another that never block: a ring of bytes with one writer and one reader.

A message is JSON with its length before it. What a reader had not taken when it was killed, its successor gets.
`Outbox` is the patient side: where the mailbox is full, the newest value for each key replaces the older one, so
that a flood of moves costs neither memory nor time at the other end.
"""

import json
from collections import OrderedDict
from typing import Any

import numpy as np

from aijockey.control import parameters
from aijockey.live.processes.shared import SharedArrays

LENGTH_BYTES = 4
DEFAULT_BYTES = 16 << 10  # some 160 moves: three quanta of what an engine takes in
MOST_WAITING = 4096
CROWDED_BYTES = 1 << 10  # some ten moves, of the up to 32 that one quantum takes in
_WRITTEN, _READ = 0, 1


def key_of(address: str) -> str | None:
    """Key under which a newer move of a parameter replaces one that waits; None for what counts each time."""
    row = parameters.resolve(address).parameter
    return None if row.gesture or row.curve == "trigger" else address


class Mailbox:
    """One direction between two processes.

    Parameters
    ----------
    size : bytes that may wait; the same in both processes.
    name : of an existing one to attach; None makes one.
    """

    def __init__(self, size: int = DEFAULT_BYTES, name: str | None = None) -> None:
        self._size = size
        self._shared = SharedArrays({"counters": (np.int64, (2, 8)), "bytes": (np.uint8, (size,))}, name)

    @property
    def name(self) -> str:
        """What another process attaches by. Thread: any"""
        return self._shared.name

    def put(self, message: dict[str, Any]) -> bool:
        """Leave a message; False where there is no room now. Thread: the writer's"""
        data = json.dumps(message, separators=(",", ":")).encode()
        data = len(data).to_bytes(LENGTH_BYTES, "little") + data
        counters = self._shared["counters"]
        written = int(counters[_WRITTEN, 0])
        if len(data) > self._size - (written - int(counters[_READ, 0])):
            return False
        at = written % self._size
        first = min(len(data), self._size - at)
        cells, content = self._shared["bytes"], np.frombuffer(data, dtype=np.uint8)
        cells[at : at + first] = content[:first]
        cells[: len(data) - first] = content[first:]
        self._shared.keep_order()
        counters[_WRITTEN, 0] = written + len(data)
        return True

    def take(self) -> dict[str, Any] | None:
        """The oldest message, or None. Thread: the reader's"""
        counters = self._shared["counters"]
        read = int(counters[_READ, 0])
        if int(counters[_WRITTEN, 0]) == read:
            return None
        self._shared.keep_order()
        length = int.from_bytes(self._bytes(read, LENGTH_BYTES), "little")
        message: dict[str, Any] = json.loads(self._bytes(read + LENGTH_BYTES, length))
        counters[_READ, 0] = read + LENGTH_BYTES + length
        return message

    @property
    def waiting_bytes(self) -> int:
        """What was put and not taken yet. Thread: any"""
        counters = self._shared["counters"]
        return int(counters[_WRITTEN, 0]) - int(counters[_READ, 0])

    def fits(self, message: dict[str, Any]) -> bool:
        """Whether a message could ever be put. Thread: any"""
        return len(json.dumps(message, separators=(",", ":")).encode()) + LENGTH_BYTES <= self._size

    def close(self) -> None:
        """Let go of the memory. Thread: control"""
        self._shared.close()

    def _bytes(self, start: int, count: int) -> bytes:
        at = start % self._size
        first = min(count, self._size - at)
        cells = self._shared["bytes"]
        return cells[at : at + first].tobytes() + cells[: count - first].tobytes()


class Outbox:
    """The writer's end of a mailbox, for any number of messages.

    Attributes
    ----------
    replaced : messages that a newer one with the same key took the place of.
    refused : messages that were thrown away, since `MOST_WAITING` others waited.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._waiting: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._number = 0
        self.replaced = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """Messages that the mailbox had no room for yet. Thread: the writer's"""
        return len(self._waiting)

    @property
    def crowded(self) -> bool:
        """Whether more waits than the other end takes at once. Thread: the writer's"""
        return bool(self._waiting) or self._mailbox.waiting_bytes > CROWDED_BYTES

    def send(self, message: dict[str, Any], key: str | None = None) -> bool:
        """Send in order; of messages that wait with the same key only the newest stays. Thread: the writer's

        What has to wait goes on with a later `send` or `flush`.

        Returns False where the message is refused: too long, or too many wait already.
        """
        if key is None:
            self._number += 1
            key = f"\0{self._number}"
        if key in self._waiting:
            self._waiting[key] = message
            self.replaced += 1
            return True  # a flush for each of 50,000 a second would cost more than all the rest
        if not self._waiting and self._mailbox.put(message):
            return True
        if len(self._waiting) >= MOST_WAITING or not self._mailbox.fits(message):
            self.refused += 1
            return False
        self._waiting[key] = message
        self.flush()
        return True

    def flush(self) -> None:
        """Move what waits into the mailbox, as far as there is room. Thread: the writer's"""
        while self._waiting:
            key, message = next(iter(self._waiting.items()))
            if not self._mailbox.put(message):
                if self._mailbox.fits(message):
                    return
                self.refused += 1  # it took the place of one that was shorter
            del self._waiting[key]
