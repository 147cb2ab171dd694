"""Parameters over UDP: moves come in, changes go out to whoever asked for them.

What comes in is looked at only as far as its address until the next turn, and of several moves of one parameter only
the newest is decoded and made, so a flood costs a bounded share of the event loop and no memory. What must not wait
(`URGENT`) is done as soon as it is read.

Thread: that of the desk, all of it
"""

import asyncio
import contextlib
import ipaddress
import json
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from aijockey.control import parameters
from aijockey.control.desk import Change, Desk, HeldError
from aijockey.control.osc import codec
from aijockey.control.osc.addresses import from_osc, to_argument, to_osc, to_value
from aijockey.control.osc.description import all_addresses, as_tree
from aijockey.control.osc.network import allowed, listen, target_of
from aijockey.control.osc.subscribers import Subscribers
from aijockey.errors import AijockeyError

NAME = "osc"
URGENT = ("master.panic",)
TURN_S = 0.004
# Of each turn, so much may go to reading datagrams and so much to moving; the rest belongs to the other surfaces.
READ_S = 0.012
READ_AT_ONCE = 64
MOVE_S = 0.001
MOST_DATAGRAM_BYTES = 8192
MOST_WAITING = 4096
# What counts each time (taps, undo, skips) is not thinned but bounded: so many may wait.
MOST_GESTURES = 64
GESTURES_A_TURN = 4
MOST_LATER = 1024
LONGEST_WAIT_S = 60.0
ERRORS_A_SECOND = 20
MOST_NAMES = 20

Sender = tuple[str, int]


@dataclass(frozen=True)
class OscConfig:
    """Where to listen and to whom.

    host : "127.0.0.1" is this machine alone; "" or "0.0.0.0" all networks.
    allow : addresses and networks (``192.168.1.20``, ``10.0.0.0/24``) that are listened to, beside loopback.
    targets : ``host:port`` of surfaces that get feedback without having asked.
    """

    port: int
    host: str = "127.0.0.1"
    allow: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    urgent: tuple[str, ...] = URGENT
    name: str = NAME

    def build(self, desk: Desk) -> "OscService":
        """The service."""
        return OscService(self, desk)


class OscService:
    """See the module's text."""

    def __init__(self, config: OscConfig, desk: Desk) -> None:
        self.name = config.name
        self.config, self.desk = config, desk
        self._networks = allowed(config.allow)
        self._trusted: dict[str, bool] = {}
        self._waiting: dict[bytes, tuple[bytes | codec.Message, Sender]] = {}
        self._gestures: deque[tuple[codec.Message, Sender]] = deque(maxlen=MOST_GESTURES)
        self._later: list[tuple[float, codec.Message, Sender]] = []
        self._urgent = {to_osc(address).encode() for address in config.urgent}
        everything = all_addresses(desk)
        self._known = {to_osc(address).encode() for address in everything} | {
            word.encode() for word in QUESTIONS
        }
        self._counting = {to_osc(address).encode() for address in everything if counts_each_time(address)}
        self._errors_left, self._errors_since = ERRORS_A_SECOND, 0.0
        self.counts: Counter[str] = Counter()
        self.last_error = ""
        self.port = 0
        self._socket: socket.socket | None = None
        self._wake = asyncio.Event()
        self.subscribers = Subscribers(desk, self._send)

    async def run(self) -> None:
        """Serve until cancelled.

        Raises
        ------
        PortError : the port is in use.
        """
        self._socket = listen(self.config.host, self.config.port)
        self.port = self._socket.getsockname()[1]
        for target in self.config.targets:
            self.subscribers.add(target_of(target), for_good=True)
        end = self.desk.subscribe(self._changed)
        loop = asyncio.get_running_loop()
        watched = False
        with contextlib.suppress(NotImplementedError):  # Windows' loop cannot: there it looks every turn
            loop.add_reader(self._socket.fileno(), self._wake.set)
            watched = True
        try:
            while True:
                # Not wait_for: where both happen at once, that of Python 3.11 loses a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience_s(watched)):
                        await self._wake.wait()
                self._wake.clear()
                if watched:  # while it is being read, the loop need not say that there is more
                    loop.remove_reader(self._socket.fileno())
                self.turn()
                await asyncio.sleep(TURN_S)
                if watched:
                    loop.add_reader(self._socket.fileno(), self._wake.set)
        finally:
            end()
            if watched:
                loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def status(self) -> dict[str, Any]:
        """Port, counts of what came and was left out, who gets feedback."""
        return {
            "port": self.port,
            **{
                name: self.counts[name]
                for name in ("received", "moved", "thinned", "refused", "strangers", "lost")
            },
            "subscribers": self.subscribers.names[:MOST_NAMES],
            "last_error": self.last_error,
        }

    def turn(self) -> None:
        """Read what came, do the newest of it, tell subscribers."""
        self._read()
        self._move()
        self.subscribers.turn(time.monotonic())

    def receive(self, data: bytes, sender: Sender) -> None:
        """One datagram, as `turn` takes it from the socket."""
        self.counts["received"] += 1
        host = sender[0]
        trusted = self._trusted.get(host)
        if trusted is None:
            trusted = self._trusts(host)
        if not trusted:
            self.counts["strangers"] += 1
            return
        end = codec.address_end(data)
        key = data[:end]
        if end > 0 and key in self._known and key not in self._urgent and key not in self._counting:
            self._wait(_as_question(key, sender) if _asks(key, data) else key, data, sender)
            return
        if end > 0 and key not in self._known and key not in self._urgent:
            self._refuse_unknown(key, sender)
            return
        try:
            messages = codec.decode(data)
        except codec.OscError as error:
            self._refuse(str(error), sender)
            return
        for message in messages:
            self._sort(message, sender)

    def _sort(self, message: codec.Message, sender: Sender) -> None:
        """A decoded message to where it belongs: now, later, or with its turn."""
        key = message.address.encode()
        if key in self._urgent:
            self._obey(message, sender)
        elif key not in self._known:
            self._refuse_unknown(key, sender)
        elif message.at_s is not None and (wait_s := message.at_s - time.time()) > 0.0:
            if wait_s > LONGEST_WAIT_S or len(self._later) >= MOST_LATER:
                self._refuse(
                    f"{message.address}: {wait_s:.0f} s ahead; at most {LONGEST_WAIT_S:g} s can wait", sender
                )
                return
            self._later.append((time.monotonic() + wait_s, message, sender))
        elif key in self._counting:
            if len(self._gestures) == MOST_GESTURES:
                self.counts["lost"] += 1
            self._gestures.append((message, sender))
        else:
            asks = message.address in QUESTIONS or not message.arguments
            self._wait(_as_question(key, sender) if asks else key, message, sender)

    def _wait(self, key: bytes, what: "bytes | codec.Message", sender: Sender) -> None:
        """Until its turn; a newer one with the same key takes its place."""
        if key in self._waiting:
            self.counts["thinned"] += 1
        elif len(self._waiting) >= MOST_WAITING:
            self.counts["lost"] += 1
            return
        self._waiting[key] = (what, sender)

    def _read(self) -> None:
        if self._socket is None:
            return
        # By the processor's time, not the wall's: a busy machine leaves no less of a flood to be read.
        until = time.thread_time() + READ_S
        while time.thread_time() < until:
            for _ in range(READ_AT_ONCE):
                try:
                    data, sender = self._socket.recvfrom(MOST_DATAGRAM_BYTES)
                except BlockingIOError:
                    return
                except OSError:  # Windows tells here that somebody did not listen to what was sent
                    continue
                self.receive(data, (sender[0], sender[1]))
                if data[:1] == b"#":  # a bundle may hold hundreds
                    break
        self._wake.set()

    def _move(self) -> None:
        until = time.thread_time() + MOVE_S
        now = time.monotonic()
        if self._later:
            due = [entry for entry in self._later if entry[0] <= now]
            self._later = [entry for entry in self._later if entry[0] > now]
            for _, message, sender in due:
                self._sort(codec.Message(message.address, message.arguments), sender)
        for _ in range(min(GESTURES_A_TURN, len(self._gestures))):
            self._obey(*self._gestures.popleft())
        while self._waiting and time.thread_time() < until:
            key = next(iter(self._waiting))
            what, sender = self._waiting.pop(key)
            try:
                messages = [what] if isinstance(what, codec.Message) else codec.decode(what)
            except codec.OscError as error:
                self._refuse(str(error), sender)
                continue
            for message in messages:
                self._obey(message, sender)
        if self._waiting or self._gestures:
            self._wake.set()

    def _obey(self, message: codec.Message, sender: Sender) -> None:
        try:
            if message.address in QUESTIONS:
                self._answer(message, sender)
                return
            address = from_osc(message.address)
            if not message.arguments:
                self._tell_value(address, sender)
                return
            move = to_value(parameters.resolve(address).parameter, message.arguments, message.address)
            if move is None:
                return
            self.subscribers.moved(address, sender)
            self.desk.move(address, move[0], over_beats=move[1], source=self.name)
            self.counts["moved"] += 1
        except HeldError as error:
            self.last_error = str(error)  # a hand has it; the fader that moved in vain is told where it is
            self.subscribers.again(address)
        except AijockeyError as error:
            self._refuse(str(error), sender)

    def _answer(self, message: codec.Message, sender: Sender) -> None:
        port = message.arguments[0] if message.arguments else sender[1]
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
            raise parameters.ParameterError(f"{message.address}: port {port!r}; expected 1 to 65535")
        back = (sender[0], port)
        if message.address == "/subscribe":
            self.subscribers.add(back)
            self._send(codec.encode("/subscribed", self.subscribers.lasts_s), back)
        elif message.address == "/unsubscribe":
            self.subscribers.drop(back)
        elif message.address == "/list":
            for address in self.desk.addresses:
                self._tell_value(address, back)
        else:
            self._send(codec.encode("/describe", json.dumps(as_tree(self.desk), separators=(",", ":"))), back)

    def _tell_value(self, address: str, back: Sender) -> None:
        row = parameters.resolve(address).parameter
        self._send(codec.encode(to_osc(address), to_argument(row, self.desk.value(address))), back)

    def _changed(self, change: Change) -> None:
        self.subscribers.changed(change)
        self._wake.set()

    def _patience_s(self, watched: bool) -> float:
        if not watched or self._later:
            return TURN_S
        return self.subscribers.patience_s

    def _trusts(self, host: str) -> bool:
        address = ipaddress.ip_address(host.partition("%")[0])
        trusted = any(address in network for network in self._networks)
        if len(self._trusted) < MOST_WAITING:
            self._trusted[host] = trusted
        return trusted

    def _refuse_unknown(self, key: bytes, sender: Sender) -> None:
        """Guesses what was meant, which takes a millisecond, only as often as errors are told."""
        if not self._may_complain():
            self.counts["refused"] += 1
            return
        try:
            self.desk.value(from_osc(key.decode()))
        except (AijockeyError, UnicodeDecodeError) as error:
            self._errors_left += 1
            self._refuse(str(error), sender)

    def _may_complain(self) -> bool:
        now = time.monotonic()
        if now - self._errors_since > 1.0:
            self._errors_left, self._errors_since = ERRORS_A_SECOND, now
        self._errors_left = max(0, self._errors_left - 1)
        return self._errors_left > 0

    def _refuse(self, reason: str, sender: Sender) -> None:
        self.counts["refused"] += 1
        self.last_error = reason[:300]
        if self._may_complain():
            self._send(codec.encode("/error", self.last_error), sender)

    def _send(self, data: bytes, back: Sender) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(data, back)
        except OSError:  # its buffer is full, or nobody is there; feedback may be lost, as UDP may
            self.counts["unsent"] += 1


QUESTIONS = ("/subscribe", "/unsubscribe", "/list", "/describe")
_QUESTION_KEYS = frozenset(word.encode() for word in QUESTIONS)


def counts_each_time(address: str) -> bool:
    """Whether each message counts, so that a newer one may not take the place of an older."""
    row = parameters.resolve(address).parameter
    return row.gesture or row.curve == "trigger"


def _asks(key: bytes, data: bytes) -> bool:
    """Whether a message is a question: one of the words, or an address without an argument."""
    return key in _QUESTION_KEYS or (
        len(data) <= len(key) + 8 and data[len(key) :].strip(b"\0") in (b"", b",")
    )


def _as_question(key: bytes, sender: Sender) -> bytes:
    """A key of its own, for each who asks: a question takes the place of no move."""
    return key + f"?{sender[0]}:{sender[1]}".encode()
