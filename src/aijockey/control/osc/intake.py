"""What comes in by UDP, sorted by a thread of its own so cheaply that the system's buffer does not fill.

The thread reads in bulk, looks at the address alone, and of several moves of one parameter keeps only the newest; the
desk's thread takes over what there is when it has time, and decodes that. What must not wait is handed over as soon
as it is seen. Nothing in here grows with a flood: of each kind a stated number is kept and the rest is counted.

Between the two threads is one place for one `Batch`: the reader fills it when it is empty, the desk empties it. What
comes meanwhile is gathered in the reader's own next batch. So nobody waits for a lock, and the newest stays newest.
"""

import selectors
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from aijockey.control.osc import codec
from aijockey.control.osc.bulk import MOST_AT_ONCE, MOST_BYTES, BulkReader
from aijockey.control.osc.network import Sender, Sockets

MOST_WAITING = 4096
# What counts each time (taps, undo, skips) is not thinned but bounded: so many may wait.
MOST_GESTURES = 64
MOST_LATER = 1024
MOST_REFUSED = 20
MOST_QUESTION_BYTES = 64
MOST_HOSTS = 4096
# While there is much, it is let gather for so long, and others have the interpreter; the buffer holds a hundred times
# as much. Of a bundle's messages, so many are sorted before others have it too.
GATHER_S = 0.001
MUCH = 16
MOST_SORTED = 512
PATIENCE_S = 0.5
MOST_READS = 16

COUNTED = ("received", "thinned", "lost", "refused", "strangers")
EXPECTED = f"expected an address that begins with / and ends with NUL, and at most {MOST_BYTES} bytes"

Known = Mapping[bytes, "Kind"]


class Kind(Enum):
    """What a message of an address is: a move of which the newest counts; one that counts each time; a question;
    or something that must not wait."""

    MOVE = 0
    GESTURE = 1
    QUESTION = 2
    URGENT = 3


@dataclass
class Batch:
    """What came since the last one. Messages are bytes, not decoded.

    newest : of each address, or question of each sender. later : with the time it is for, seconds since 1970.
    refused : a few of those that are none, or have unknown addresses, with the reason ("" where the address says it).
    """

    newest: dict[bytes, tuple[bytes, Sender]] = field(default_factory=dict)
    gestures: deque[tuple[bytes, Sender]] = field(default_factory=lambda: deque(maxlen=MOST_GESTURES))
    later: list[tuple[float, bytes, Sender]] = field(default_factory=list)
    refused: list[tuple[str, bytes, Sender]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.newest or self.gestures or self.later or self.refused)


class Intake:
    """Sorts datagrams.

    Parameters
    ----------
    known : addresses as bytes and what they are.
    trusts : whether a host is listened to; asked once for each, on the thread that sorts.
    urgent : called with each message that must not wait, on the thread that sorts.
    ready : called there when there is something to `take` and was nothing before.

    counts : what came and was left out: received, thinned, lost, refused, strangers. failure : what ended the thread.
    """

    def __init__(
        self,
        known: Known,
        trusts: Callable[[str], bool],
        urgent: Callable[[bytes, Sender], None],
        ready: Callable[[], None],
    ) -> None:
        self._known, self._trusts, self._urgent, self._ready = known, trusts, urgent, ready
        self._moves = frozenset(key for key, kind in known.items() if kind is Kind.MOVE)
        self._trusted: dict[str, bool] = {}
        self._own = Batch()
        self._given: Batch | None = None
        self._thread: threading.Thread | None = None
        self._stop: tuple[socket.socket, socket.socket] | None = None
        self._ending = False
        # All of them from the beginning: the other thread reads them meanwhile.
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        self.failure: Exception | None = None

    def begin(self, sockets: Sockets) -> None:
        """Read ``sockets`` from now on. Thread: the desk's"""
        self._stop = socket.socketpair()
        self._thread = threading.Thread(
            target=self._run, args=(sockets, self._stop[1]), name="osc", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the thread, so that the sockets can be closed. Thread: the desk's"""
        if self._thread is None or self._stop is None:
            return
        self._ending = True
        self._stop[0].send(b"x")  # it may be asleep
        self._thread.join()
        self._thread = None
        for end in self._stop:
            end.close()

    def take(self) -> Batch | None:
        """What came since the last time; None where there is nothing. Thread: the desk's"""
        if self._thread is None:  # who sorts is who takes
            self.give()
        batch = self._given
        if batch is not None:  # not otherwise: the other thread may be about to give one
            self._given = None
        return batch

    def give(self) -> None:
        """Hand over what there is, where the last was taken. Thread: the one that sorts"""
        if self._own and self._given is None:
            self._given, self._own = self._own, Batch()
            self._ready()

    def sort(self, data: bytes, sender: Sender) -> int:
        """One datagram to where it belongs; returns how many messages it held. Thread: the one that sorts"""
        self.counts["received"] += 1
        host = sender[0]
        trusted = self._trusted.get(host)
        if not (self._ask(host) if trusted is None else trusted):
            self.counts["strangers"] += 1
            return 1
        if data[:1] != b"#":
            self._message(data, sender)
            return 1
        try:
            messages = codec.split(data)
        except codec.OscError as error:
            self._refuse(str(error), b"", sender)
            return 1
        for at_s, message in messages:
            self._message(message, sender, at_s)
        return len(messages)

    def _message(self, data: bytes, sender: Sender, at_s: float | None = None) -> None:
        end = data.find(b"\0")
        key = data[:end]
        kind = self._known.get(key)
        if end <= 0 or data[:1] != b"/" or len(data) > MOST_BYTES:
            self._refuse(f"{data[:8]!r}, {len(data)} bytes: {EXPECTED}", b"", sender)
        elif kind is None or (kind is Kind.QUESTION and len(data) > MOST_QUESTION_BYTES):
            self._refuse("", key[:MOST_QUESTION_BYTES], sender)
        elif kind is Kind.URGENT:
            self._urgent(data, sender)
            # And once more behind what was sent before it, which may undo it and be read only now.
            self._own.newest.pop(key, None)
            self._wait(key, data, sender)
        elif at_s is not None and at_s > time.time():
            self._keep_for_later(at_s, data, sender)
        elif kind is Kind.GESTURE:
            self.counts["lost"] += len(self._own.gestures) == MOST_GESTURES
            self._own.gestures.append((data, sender))
        elif kind is Kind.QUESTION or (len(data) - end <= 8 and data[end:].strip(b"\0") in (b"", b",")):
            self._wait(_question(key, sender), data, sender)
        else:
            self._wait(key, data, sender)

    def _wait(self, key: bytes, data: bytes, sender: Sender) -> None:
        """Until it is taken; a newer one with the same key takes its place."""
        newest = self._own.newest
        if key in newest:
            self.counts["thinned"] += 1
        elif len(newest) >= MOST_WAITING:
            self.counts["lost"] += 1
            return
        newest[key] = (data, sender)

    def _keep_for_later(self, at_s: float, data: bytes, sender: Sender) -> None:
        if len(self._own.later) >= MOST_LATER:
            self.counts["lost"] += 1
            return
        self._own.later.append((at_s, data, sender))

    def _refuse(self, reason: str, key: bytes, sender: Sender) -> None:
        self.counts["refused"] += 1
        if len(self._own.refused) < MOST_REFUSED:
            self._own.refused.append((reason, key, sender))

    def _ask(self, host: str) -> bool:
        if len(self._trusted) >= MOST_HOSTS:  # more than one network of strangers: begin anew
            self._trusted.clear()
        trusted = self._trusted[host] = self._trusts(host)
        return trusted

    def _run(self, sockets: Sockets, stop: socket.socket) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                for one in (stop, *sockets.all):
                    selector.register(one, selectors.EVENT_READ)
                self._read(sockets, selector)
        except Exception as error:  # the desk's thread raises it
            self.failure = error
            self._ready()

    def _read(self, sockets: Sockets, selector: selectors.BaseSelector) -> None:
        reader, much = BulkReader(), 0
        while not self._ending:
            if much > MUCH:
                time.sleep(GATHER_S)
            else:  # what the desk has no place for yet is offered again soon
                selector.select(GATHER_S if self._own else PATIENCE_S)
            much = 0
            # To the end of what waits: whoever has the processor only now and then may not leave the rest for later.
            for _ in range(MOST_READS):
                count = sum(self._read_from(one, reader, sockets.urgent) for one in sockets.all)
                self.give()
                much += count
                if count < MOST_AT_ONCE:
                    break

    def _read_from(self, one: socket.socket, reader: BulkReader, urgent: socket.socket | None) -> int:
        """Sort what waits in a socket, and how much that was; where it takes long, look for urgent ones in between."""
        read = reader.read(one)
        count = 0
        for data, sender in self._sort_moves(read):
            count += self.sort(data, sender)
            if count > MOST_SORTED:
                count = 0
                self.give()
                time.sleep(GATHER_S)
                if urgent is not None and one is not urgent:
                    for other, its_sender in reader.read(urgent)[:MUCH]:
                        self.sort(other, its_sender)
        return len(read)

    def _sort_moves(self, read: Sequence[tuple[bytes, Sender]]) -> Iterator[tuple[bytes, Sender]]:
        """What `sort` does with moves, of which a flood consists, in a third of the time; gives what is none."""
        moves, newest, known = self._moves, self._own.newest, None
        thinned = 0
        for both in read:
            data, sender = both
            end = data.find(b"\0")
            key = data[:end]
            if sender is not known:
                known = sender if self._trusted.get(sender[0]) else None
            # What has no more than eight bytes behind its address may be a question.
            if (
                known is None
                or key not in newest
                or key not in moves
                or not 8 < len(data) - end < MOST_BYTES - end
            ):
                yield both
                newest = self._own.newest  # it may have been handed over meanwhile
                continue
            thinned += 1
            newest[key] = both
        self.counts["received"] += thinned
        self.counts["thinned"] += thinned


def _question(key: bytes, sender: Sender) -> bytes:
    """A key of its own, for each who asks: a question takes the place of no move."""
    return key + f"?{sender[0]}:{sender[1]}".encode()
