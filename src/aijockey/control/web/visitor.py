"""One client: what it is sent, how much may wait for it, and how much it may ask.

Nobody waits for a client. What it does not read waits here, bounded: sound and meters are left out first, then changes
and states, for which it gets a new snapshot when it reads again; answers that pile up, or long silence, end it.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aijockey.control.web.protocol import encode

MOST_UNREAD_BYTES = 1 << 20  # then the connection ends
BEHIND_BYTES = 128 << 10  # then nothing more is told, until it has read what it has
SOUND_BYTES = 96 << 10  # half a second
STALLED_S = 10.0
MESSAGES_PER_S = 400.0
MESSAGES_AT_ONCE = 800.0
MOST_MALFORMED = 20
MOST_HELD_BACK = 512

Frame = str | bytes
Send = Callable[[Frame], Awaitable[None]]


class GoneError(Exception):
    """The client is to be dropped."""


@dataclass
class Watch:
    """What comes by itself."""

    meters_hz: float = 0.0
    state_hz: float = 10.0
    sound: str = "off"


@dataclass
class Visitor:
    """A client.

    Parameters
    ----------
    name : what it is called, as source of its moves.
    send : hands a frame to the connection; may wait as long as it likes.
    clock : seconds, steady.

    held_back : moves that came too fast, by address: the newest of each.
    behind : it missed something and is to get a snapshot.
    told : number of the state that it was told last.
    lost_sound : frames of sound that were left out. most_bytes : that ever waited for it.
    """

    name: str
    send: Send
    clock: Callable[[], float] = time.monotonic
    watch: Watch = field(default_factory=Watch)
    held_back: "OrderedDict[str, dict[str, Any]]" = field(default_factory=OrderedDict)
    behind: bool = False
    told: int = 0
    lost_sound: int = 0
    most_bytes: int = 0
    malformed: int = 0
    met: bool = False  # it has said hello
    state_due: float = 0.0
    meters_due: float = 0.0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._unread: deque[Frame] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._allowance, self._allowed_at = MESSAGES_AT_ONCE, self.clock()
        self._read_at = self.clock()

    @property
    def unread_bytes(self) -> int:
        """What waits for the client."""
        return self._bytes

    def say(self, message: dict[str, Any]) -> None:
        """Send an answer, which must not be left out; a client that never reads them ends."""
        self._put(encode(message))

    def tell(self, frame: Frame) -> None:
        """Send what everybody is told; left out, for a snapshot later, where too much waits."""
        if self.behind or self._bytes > BEHIND_BYTES:
            self.behind = True
            return
        self._put(frame)

    def show(self, frame: bytes) -> bool:
        """Send what is old in a moment, sound or meters; False where it is left out."""
        if self.behind or self._bytes > SOUND_BYTES:
            return False
        self._put(frame)
        return True

    def may_ask(self) -> bool:
        """Whether one more message is within its rate."""
        now = self.clock()
        self._allowance = min(MESSAGES_AT_ONCE, self._allowance + MESSAGES_PER_S * (now - self._allowed_at))
        self._allowed_at = now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True

    def hold_back(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Keep a move for later; returns the one it takes the place of, or itself where there is no room."""
        address = str(message["set"])
        before = self.held_back.get(address)
        if before is None and len(self.held_back) >= MOST_HELD_BACK:
            return message
        self.held_back[address] = message
        return before

    @property
    def stalled(self) -> bool:
        """Whether it has read nothing for long, though there is something."""
        return bool(self._bytes) and self.clock() - self._read_at > STALLED_S

    async def deliver(self) -> None:
        """Hand frames to the connection, one after the other, until cancelled."""
        while True:
            while self._unread:
                frame = self._unread.popleft()
                await self.send(frame)
                self._bytes = max(0, self._bytes - len(frame))
                self._read_at = self.clock()
            self._wake.clear()
            await self._wake.wait()

    def _put(self, frame: Frame) -> None:
        if self.gone.is_set():
            return
        if not self._bytes:
            self._read_at = self.clock()
        self._unread.append(frame)
        self._bytes += len(frame)
        self.most_bytes = max(self.most_bytes, self._bytes)
        self._wake.set()
        if self._bytes > MOST_UNREAD_BYTES:
            self.leave()

    def leave(self) -> None:
        """It is dropped; nothing more is kept for it."""
        self.gone.set()
        self._unread.clear()
        self._bytes = 0
