"""The hub: what clients ask is done here, and everybody is told what changed, in step.

What is told to all is written once and numbered once. A turn, 60 times a second, gathers what moved since the last one.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from aijockey.control.desk import Change, Desk
from aijockey.control.parameters import ParameterError
from aijockey.control.web import protocol
from aijockey.control.web.backstage import Backstage
from aijockey.control.web.guard import Access
from aijockey.control.web.pairing_code import code_rows
from aijockey.control.web.protocol import MessageError, RefusedError, encode, number_of
from aijockey.control.web.sound_pump import SoundPump
from aijockey.control.web.visitor import MOST_MALFORMED, Send, Visitor
from aijockey.errors import AijockeyError

TURN_S = 1.0 / 60.0
STATE_S = 0.05
MOST_CLIENTS = 32
MOST_STATE_HZ, MOST_METERS_HZ, MOST_OVER_BEATS = 20.0, 60.0, 1e5
# Is obeyed whatever else was sent.
URGENT = ("master.panic",)
NAME = "web"
REPLACED = "a newer move took its place"

Message = dict[str, Any]


class Hub:
    """All clients and what they see.

    Parameters
    ----------
    desk, backstage : what is seen and moved.
    access : whose pairing link is told to whoever asks.
    clock : seconds, steady.

    refused, dropped : messages and clients so far. last_error : what went wrong in here; "" is nothing, as it should.
    """

    def __init__(
        self,
        desk: Desk,
        backstage: Backstage,
        access: Access | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.desk, self.backstage, self.access = desk, backstage, access or Access()
        self.visitors: list[Visitor] = []
        self.refused = 0
        self.last_error = ""
        self.dropped = 0
        self._clock = clock
        self._numbers = itertools.count(1)
        self._seq = 0
        self._changes: dict[str, Change] = {}
        self._held: dict[str, str] = {}
        self._state: dict[str, Any] = {}
        self._state_numbers: dict[str, int] = {}  # key -> number of the state in which it changed
        self._state_number = 0
        self._state_at = -STATE_S
        self._rows = protocol.rows()
        self._pump = SoundPump(backstage)
        self._asks: dict[str, Callable[[Visitor, Message], Any]] = {
            "hello": self._meet,
            "set": self._set,
            "hold": self._hold,
            "release": self._release,
            "do": self._do,
            "get": self._get,
            "watch": self._watch,
            "resync": self._resync,
            "ping": self._ping,
        }

    # Clients.

    @property
    def full(self) -> bool:
        """Whether there are as many clients as there may be."""
        return len(self.visitors) >= MOST_CLIENTS

    def enter(self, send: Send) -> Visitor:
        """A client has connected; it has no name yet and is told nothing."""
        visitor = Visitor("", send, self._clock)
        self.visitors.append(visitor)
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """A client has gone: what it held is free."""
        visitor.leave()
        if visitor in self.visitors:
            self.visitors.remove(visitor)
        if visitor.name:
            self.desk.release_all(visitor.name)

    def hear(self, visitor: Visitor, text: str | None) -> None:
        """Do what a client says; ``text`` None is something that no client should send."""
        try:
            if text is None:
                raise MessageError("a binary message; expected text")
            message = protocol.decode(text)
        except MessageError as error:
            self._misunderstand(visitor, error)
            return
        # Before the rate is looked at: what may not wait does not.
        urgent = message.get("set") in URGENT if isinstance(message.get("set"), str) else False
        if not urgent and not visitor.may_ask():
            self._too_fast(visitor, message)
            return
        address = message.get("set")
        if isinstance(address, str) and (older := visitor.held_back.pop(address, None)) is not None:
            self._refuse(visitor, older, REPLACED)
        self._obey(visitor, message)

    def _obey(self, visitor: Visitor, message: Message) -> None:
        tag = {"id": message["id"]} if _is_tag(message.get("id")) else {}
        try:
            word = next((word for word in self._asks if word in message), None)
            if word is None:
                said = ", ".join(sorted(message))[:100]
                raise MessageError(
                    f"a message with {said or 'nothing'}; expected one of {', '.join(self._asks)}"
                )
            if not visitor.met and word != "hello":
                raise MessageError("the first message is a hello")
            answer = self._asks[word](visitor, message)
        except MessageError as error:
            self._misunderstand(visitor, error, tag)
        except AijockeyError as error:
            self.refused += 1
            visitor.say({**tag, "error": str(error)[: protocol.MOST_ERROR]})
        else:
            if tag:
                visitor.say({**tag, "ok": answer})

    def _misunderstand(self, visitor: Visitor, error: MessageError, tag: Message | None = None) -> None:
        visitor.malformed += 1
        self.refused += 1
        visitor.say({**(tag or {}), "error": str(error)[: protocol.MOST_ERROR]})
        if visitor.malformed >= MOST_MALFORMED:
            visitor.leave()

    def _too_fast(self, visitor: Visitor, message: Message) -> None:
        if not visitor.met or not isinstance(message.get("set"), str):
            self._refuse(visitor, message, "too many messages at once", always=True)
            return
        left_out = visitor.hold_back(message)
        if left_out is message:
            self._refuse(visitor, message, "too many moves at once", always=True)
        elif left_out is not None:
            self._refuse(visitor, left_out, REPLACED)

    def _refuse(self, visitor: Visitor, message: Message, reason: str, *, always: bool = False) -> None:
        """Say that a message comes to nothing, to who waits for its answer, or ``always``."""
        tag = {"id": message["id"]} if _is_tag(message.get("id")) else {}
        self.refused += always
        if tag or always:
            visitor.say({**tag, "error": reason})

    # What they ask.

    def _meet(self, visitor: Visitor, message: Message) -> None:
        if message["hello"] != protocol.VERSION:
            raise MessageError(f"hello = {message['hello']!r:.60}: this is version {protocol.VERSION}")
        if visitor.met:
            raise MessageError("hello is said once")
        visitor.name = protocol.client_name(message.get("name", "client"), next(self._numbers))
        self._greet(visitor)
        visitor.met = True

    def _set(self, visitor: Visitor, message: Message) -> Any:
        over_beats = number_of(message, "over", 0.0, MOST_OVER_BEATS, 0.0)
        return self.desk.move(
            _address(message, "set"), message.get("to"), over_beats=over_beats, source=visitor.name
        )

    def _hold(self, visitor: Visitor, message: Message) -> bool:
        address = _address(message, "hold")
        if not self.desk.hold(address, visitor.name):
            raise RefusedError(f"{address} is held by {self.desk.holder(address)}")
        return True

    def _release(self, visitor: Visitor, message: Message) -> bool:
        self.desk.release(_address(message, "release"), visitor.name)
        return True

    def _do(self, visitor: Visitor, message: Message) -> Any:
        return self.backstage.do(str(message["do"]), message)

    def _get(self, visitor: Visitor, message: Message) -> Any:
        what = message["get"]
        if what == "state":
            self._refresh_state()
            return self._state
        if what == "loop":
            deck, which = message.get("deck"), message.get("which", "present")
            decks = self.desk.instrument.decks
            if isinstance(deck, bool) or not isinstance(deck, int) or not 1 <= deck <= decks:
                raise RefusedError(f"deck = {deck!r:.60}: expected 1 to {decks}")
            if which not in ("present", "next"):
                raise RefusedError(f"which = {which!r:.60}: expected present or next")
            return self.backstage.picture(deck, which)
        if what == "history":
            return self.backstage.history()
        if what == "pairing":
            link = self.access.pairing_link
            return {"link": link, "qr": code_rows(link)} if link else None
        raise RefusedError(f"get = {what!r:.60}: expected state, loop, history or pairing")

    def _watch(self, visitor: Visitor, message: Message) -> bool:
        wanted = message["watch"]
        if not isinstance(wanted, dict):
            raise MessageError("watch: expected an object with meters, state, sound")
        meters_hz = number_of(wanted, "meters", 0.0, MOST_METERS_HZ, visitor.watch.meters_hz)
        state_hz = number_of(wanted, "state", 0.0, MOST_STATE_HZ, visitor.watch.state_hz)
        sound = wanted.get("sound", visitor.watch.sound)
        if sound != "off" and sound not in self.backstage.sounds:
            there = ", ".join(("off", *self.backstage.sounds))
            raise RefusedError(f"sound = {sound!r:.60}: expected one of {there}")
        visitor.watch.meters_hz, visitor.watch.state_hz, visitor.watch.sound = meters_hz, state_hz, sound
        return True

    def _resync(self, visitor: Visitor, message: Message) -> None:
        self._greet(visitor)

    def _ping(self, visitor: Visitor, message: Message) -> None:
        stamp = number_of(message, "ping", -1e300, 1e300, 0.0)
        now = self.backstage.meters()
        visitor.say({"pong": stamp, "beat": now.beat, "sample": now.sample, "tempo_bpm": now.tempo_bpm})

    # What they are told.

    async def run(self) -> None:
        """Tell everybody, until cancelled."""
        end = self.desk.subscribe(self._take)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._turn_for_good())
                group.create_task(self._pump.run(self.visitors))
        finally:
            end()

    async def _turn_for_good(self) -> None:
        while True:
            self.turn()
            await asyncio.sleep(TURN_S)

    def _take(self, change: Change) -> None:
        self._changes[change.address] = change

    def turn(self) -> None:
        """Tell what is new."""
        for visitor in self.visitors:
            while visitor.held_back and visitor.may_ask():
                self._obey(visitor, visitor.held_back.popitem(last=False)[1])
            if visitor.stalled:
                visitor.leave()
        self._tell_changes()
        self._tell_holders()
        for text in self.backstage.notes():
            self._tell(encode({"event": text[: protocol.MOST_ERROR]}))
        now = self._clock()
        if any(visitor.met and visitor.watch.state_hz for visitor in self.visitors):
            self._refresh_state()
        meters = b""
        for visitor in self.visitors:
            if not visitor.met:
                continue
            if visitor.behind and not visitor.unread_bytes:
                visitor.behind = False
                self._greet(visitor)
            if visitor.watch.state_hz and now >= visitor.state_due:
                visitor.state_due = now + 1.0 / visitor.watch.state_hz - TURN_S / 2
                self._tell_state(visitor)
            if visitor.watch.meters_hz and now >= visitor.meters_due:
                visitor.meters_due = now + 1.0 / visitor.watch.meters_hz - TURN_S / 2
                meters = meters or protocol.pack_meters(self.backstage.meters())
                visitor.show(meters)

    def _tell(self, frame: str) -> None:
        for visitor in self.visitors:
            if visitor.met:
                visitor.tell(frame)

    def _tell_changes(self) -> None:
        if not self._changes:
            return
        self._seq += 1
        changes = {address: [change.value, change.source] for address, change in self._changes.items()}
        self._changes.clear()
        self._tell(encode({"seq": self._seq, "changes": changes}))

    def _tell_holders(self) -> None:
        held = self.desk.holders
        if held == self._held:
            return
        news: dict[str, str | None] = {address: None for address in self._held if address not in held}
        news |= {address: name for address, name in held.items() if self._held.get(address) != name}
        self._held = held
        self._tell(encode({"held": news}))

    def _tell_state(self, visitor: Visitor) -> None:
        news = {key: value for key, value in self._state.items() if self._state_numbers[key] > visitor.told}
        if news:
            visitor.tell(encode({"state": news}))
        visitor.told = self._state_number

    def _refresh_state(self) -> None:
        now = self._clock()
        if now - self._state_at < STATE_S:
            return
        self._state_at = now
        state = {**self.backstage.state(), "clients": sum(visitor.met for visitor in self.visitors)}
        self._state_number += 1
        for key, value in state.items():
            if key not in self._state or self._state[key] != value:
                self._state_numbers[key] = self._state_number
        self._state = state

    def _greet(self, visitor: Visitor) -> None:
        """A snapshot. Changes that were not told yet are told first, to everybody, so that its number is right."""
        self._tell_changes()
        self._tell_holders()
        self._refresh_state()
        visitor.told = self._state_number
        desk = self.desk
        visitor.say(
            {
                "snapshot": {
                    "protocol": protocol.VERSION,
                    "seq": self._seq,
                    "client": visitor.name,
                    "instrument": protocol.instrument(desk.instrument),
                    "parameters": self._rows,
                    "values": dict(desk.values),
                    "held": self._held,
                    "state": self._state,
                    "sounds": list(self.backstage.sounds),
                    "keys": self.backstage.keys,
                }
            }
        )

    def status(self) -> dict[str, Any]:
        """For health displays."""
        return {
            "clients": sum(visitor.met for visitor in self.visitors),
            "refused": self.refused,
            "last_error": self.last_error,
            "dropped": self.dropped,
            "most_unread_bytes": max((visitor.most_bytes for visitor in self.visitors), default=0),
            "lost_sound_frames": sum(visitor.lost_sound for visitor in self.visitors),
        }


def _address(message: Message, key: str) -> str:
    address = message[key]
    if not isinstance(address, str) or len(address) > 100:
        raise ParameterError(f"{key} = {address!r:.60}: expected an address such as deck.1.gain_db")
    return address


def _is_tag(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= 64
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
