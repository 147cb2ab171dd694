"""Parameters over UDP: moves come in, changes go out to whoever asked for them.

A thread reads (`intake`) and keeps of several moves of one parameter only the newest; here, on the desk's thread, what
it kept is decoded and made, a bounded share of each turn, so a flood costs the event loop little and no memory. What
must not wait (`URGENT`) is done as soon as it is read, and has a buffer of its own in the system (`steering`).

Thread: that of the desk, all of it
"""

import asyncio
import contextlib
import ipaddress
import json
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Any

from aijockey.control import parameters
from aijockey.control.desk import Change, Desk, HeldError
from aijockey.control.osc import codec
from aijockey.control.osc.addresses import from_osc, to_argument, to_osc, to_value
from aijockey.control.osc.description import all_addresses, as_tree
from aijockey.control.osc.intake import MOST_GESTURES, MOST_LATER, MOST_WAITING, Batch, Intake, Kind
from aijockey.control.osc.network import Sender, Sockets, allowed, listen, target_of
from aijockey.control.osc.subscribers import Subscribers
from aijockey.errors import AijockeyError

NAME = "osc"
URGENT = ("master.panic",)
TURN_S = 0.004
# Of each turn, so much may go to moving; the rest belongs to the other surfaces.
MOVE_S = 0.001
GESTURES_A_TURN = 4
MOST_PRESSING = 64
LONGEST_WAIT_S = 60.0
ERRORS_A_SECOND = 20
# Answers of hundreds of messages, to one host.
LISTS_A_SECOND = 4
MOST_HOSTS = 64
MOST_NAMES = 20


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
        self._urgent = {to_osc(address).encode(): address for address in URGENT}
        self._intake = Intake(_kinds(desk), self._trusts, self._hear_urgent, self._hear)
        self._pressing: deque[tuple[codec.Message, Sender]] = deque(maxlen=MOST_PRESSING)
        self._waiting: dict[bytes, tuple[bytes, Sender]] = {}
        self._gestures: deque[tuple[bytes, Sender]] = deque(maxlen=MOST_GESTURES)
        self._later: list[tuple[float, bytes, Sender]] = []
        self._errors_left, self._errors_since = ERRORS_A_SECOND, 0.0
        self._listed: OrderedDict[str, deque[float]] = OrderedDict()
        self._done: Counter[str] = Counter()
        self.last_error = ""
        self.port = 0
        self._sockets: Sockets | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self.subscribers = Subscribers(desk, self._send)

    async def run(self) -> None:
        """Serve until cancelled.

        Raises
        ------
        PortError : the port is in use.
        """
        self._sockets = listen(self.config.host, self.config.port, URGENT_ADDRESSES)
        self.port = self._sockets.port
        self._loop = asyncio.get_running_loop()
        end = self.desk.subscribe(self._changed)
        try:
            for target in self.config.targets:
                self.subscribers.add(target_of(target), for_good=True)
            self._intake.begin(self._sockets)
            while True:
                # Not wait_for: where both happen at once, that of Python 3.11 loses a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience_s):
                        await self._wake.wait()
                self._wake.clear()
                if self._intake.failure is not None:
                    raise self._intake.failure
                self.turn()
                await asyncio.sleep(TURN_S)
        finally:
            end()
            self._intake.close()
            self._sockets.close()
            self._sockets = self._loop = None

    @property
    def counts(self) -> Counter[str]:
        """What came (received), was done (moved) and was left out, and why."""
        return self._intake.counts + self._done

    def status(self) -> dict[str, Any]:
        """Port, counts of what came and was left out, who gets feedback."""
        counts = self.counts
        return {
            "port": self.port,
            **{
                name: counts[name]
                for name in ("received", "moved", "thinned", "refused", "strangers", "lost")
            },
            "overflowed": self._sockets.overflowed() if self._sockets else 0,
            "subscribers": self.subscribers.names[:MOST_NAMES],
            "last_error": self.last_error,
        }

    def turn(self) -> None:
        """Take over what came, do the newest of it, tell subscribers."""
        self._obey_urgent()
        while (batch := self._intake.take()) is not None:
            self._merge(batch)
        self._move()
        self.subscribers.turn(time.monotonic())

    def receive(self, data: bytes, sender: Sender) -> None:
        """One datagram as if it had been read, where no thread reads; what is urgent is done before this returns."""
        self._intake.sort(data, sender)

    def _hear(self) -> None:
        """There is something to take. Thread: that which reads"""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def _hear_urgent(self, data: bytes, sender: Sender) -> None:
        """Something must not wait. Several that nobody has obeyed yet are one. Thread: that which reads"""
        try:
            (message,) = codec.decode(data)
            row = parameters.resolve(from_osc(message.address)).parameter
            if to_value(row, message.arguments, message.address) is None:
                return  # a button that is let go
        except AijockeyError:
            return  # it is told so when its turn comes
        waited = bool(self._pressing)  # then it is to be obeyed already, or will be with the next turn
        self._pressing.append((message, sender))
        if self._loop is None:
            self._obey_urgent()
        elif not waited:
            self._loop.call_soon_threadsafe(self._obey_urgent)

    def _obey_urgent(self) -> None:
        newest = {}
        while self._pressing:
            message, sender = self._pressing.popleft()
            newest[message.address] = (message, sender)
        for message, sender in newest.values():
            self._obey(message, sender)

    def _merge(self, batch: Batch) -> None:
        for key, message in batch.newest.items():
            if key in self._urgent:
                self._waiting.pop(key, None)  # behind all that came before it
            self._wait(key, *message)
        for gesture in batch.gestures:
            self._wait_for_turn(gesture)
        now, steady = time.time(), time.monotonic()
        for at_s, data, sender in batch.later:
            if at_s - now > LONGEST_WAIT_S or len(self._later) >= MOST_LATER:
                name = data[: codec.address_end(data)].decode(errors="replace")
                self._refuse(
                    f"{name}: {at_s - now:.0f} s ahead; at most {LONGEST_WAIT_S:g} s can wait", sender
                )
                self._done["refused"] += 1
                continue
            self._later.append((steady + at_s - now, data, sender))
        for reason, address, sender in batch.refused:
            self._refuse(reason, sender) if reason else self._refuse_unknown(address, sender)

    def _wait(self, key: bytes, data: bytes, sender: Sender) -> None:
        if key in self._waiting:
            self._done["thinned"] += 1
        elif len(self._waiting) >= MOST_WAITING:
            self._done["lost"] += 1
            return
        self._waiting[key] = (data, sender)

    def _wait_for_turn(self, gesture: tuple[bytes, Sender]) -> None:
        self._done["lost"] += len(self._gestures) == MOST_GESTURES
        self._gestures.append(gesture)

    def _move(self) -> None:
        until = time.thread_time() + MOVE_S
        if self._later:
            self._let_in(time.monotonic())
        for _ in range(min(GESTURES_A_TURN, len(self._gestures))):
            self._decode_and_obey(*self._gestures.popleft())
        first = True
        # No more than the engine takes in: what hands do elsewhere would wait behind it.
        while self._waiting and (first or (time.thread_time() < until and not self.desk.crowded)):
            first = False
            self._decode_and_obey(*self._waiting.pop(next(iter(self._waiting))))
        if self._waiting or self._gestures:
            self._wake.set()

    def _let_in(self, now: float) -> None:
        """What waited for its time is as if it came now."""
        due = [entry for entry in self._later if entry[0] <= now]
        if due:
            self._later = [entry for entry in self._later if entry[0] > now]
        for _, data, sender in sorted(due, key=lambda entry: entry[0]):
            key = data[: codec.address_end(data)]
            if counts_each_time(from_osc(key.decode())):
                self._wait_for_turn((data, sender))
            else:
                self._wait(key, data, sender)

    def _decode_and_obey(self, data: bytes, sender: Sender) -> None:
        try:
            (message,) = codec.decode(data)
        except codec.OscError as error:
            self._done["refused"] += 1
            self._refuse(str(error), sender)
            return
        self._obey(message, sender)

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
            self._done["moved"] += 1
        except HeldError as error:
            self.last_error = str(error)  # a hand has it; the fader that moved in vain is told where it is
            self.subscribers.again(address)
        except AijockeyError as error:
            self._done["refused"] += 1
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
        elif not self._may_list(sender[0]):
            raise parameters.ParameterError(f"{message.address}: at most {LISTS_A_SECOND} a second")
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

    @property
    def _patience_s(self) -> float:
        return TURN_S if self._later else self.subscribers.patience_s

    def _trusts(self, host: str) -> bool:
        """Thread: that which reads"""
        address = ipaddress.ip_address(host.partition("%")[0])
        return any(address in network for network in self._networks)

    def _may_list(self, host: str) -> bool:
        now = time.monotonic()
        listed = self._listed.setdefault(host, deque(maxlen=LISTS_A_SECOND))
        self._listed.move_to_end(host)
        if len(self._listed) > MOST_HOSTS:
            self._listed.popitem(last=False)
        if len(listed) == LISTS_A_SECOND and now - listed[0] < 1.0:
            return False
        listed.append(now)
        return True

    def _refuse_unknown(self, key: bytes, sender: Sender) -> None:
        """Guesses what was meant, which takes a millisecond, only as often as errors are told."""
        if not self._may_complain():
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
        self.last_error = reason[:300]
        if self._may_complain():
            self._send(codec.encode("/error", self.last_error.replace("\0", "")), sender)

    def _send(self, data: bytes, back: Sender) -> None:
        if self._sockets is None:
            return
        try:
            self._sockets.main.sendto(data, back)
        except OSError:  # its buffer is full, or nobody is there; feedback may be lost, as UDP may
            self._done["unsent"] += 1


QUESTIONS = ("/subscribe", "/unsubscribe", "/list", "/describe")
URGENT_ADDRESSES = tuple(to_osc(address) for address in URGENT)


def counts_each_time(address: str) -> bool:
    """Whether each message counts, so that a newer one may not take the place of an older."""
    row = parameters.resolve(address).parameter
    return row.gesture or row.curve == "trigger"


def _kinds(desk: Desk) -> dict[bytes, Kind]:
    """What a message is, by its address."""
    known = {
        to_osc(address).encode(): Kind.GESTURE if counts_each_time(address) else Kind.MOVE
        for address in all_addresses(desk)
    }
    known |= {word.encode(): Kind.QUESTION for word in QUESTIONS}
    return known | {address.encode(): Kind.URGENT for address in URGENT_ADDRESSES}
