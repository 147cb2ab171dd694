"""A stream that comes back: sound waits in a bounded backlog while the server is away."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from aijockey.live.streaming.config import StreamConfig, StreamError
from aijockey.live.streaming.encoder import Encoder
from aijockey.live.streaming.icecast import Connection
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
State = Literal["connecting", "streaming", "waiting", "ended"]

BLOCK_SAMPLES = RATE_HZ // 10
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
# A new title in Ogg is a new chained stream with its headers; players stumble over many.
TITLE_S = 10.0


class Wire(Protocol):
    """The part of `Connection` that a streamer needs."""

    def send(self, data: bytes) -> None:
        """Send bytes of the stream."""

    def closed_by_server(self) -> bool:
        """Whether the server has gone."""

    def set_title(self, title: str) -> None:
        """Say what is playing."""

    def close(self) -> None:
        """End."""


class Backlog:
    """Sound on its way, (channels, samples), never more than ``most_samples``: the oldest goes.

    Thread: any
    """

    def __init__(self, most_samples: int) -> None:
        self._most = most_samples
        self._blocks: deque[Float] = deque()
        self._changed = threading.Condition()
        self.samples = 0
        self.dropped_samples = 0

    def add(self, audio: Float) -> None:
        """Append a block; what is then too much is dropped from the oldest end, and counted."""
        with self._changed:
            self._blocks.append(audio)
            self.samples += audio.shape[1]
            while (over := self.samples - self._most) > 0:
                oldest = self._blocks.popleft()
                cut = min(over, oldest.shape[1])
                if cut < oldest.shape[1]:
                    self._blocks.appendleft(oldest[:, cut:].copy())
                self.samples -= cut
                self.dropped_samples += cut
            self._changed.notify()

    def take(self, timeout_s: float) -> Float | None:
        """The oldest block, no more than `BLOCK_SAMPLES` of it; None if nothing came in time."""
        with self._changed:
            if not self._blocks and not self._changed.wait_for(lambda: bool(self._blocks), timeout_s):
                return None
            oldest = self._blocks.popleft()
            if oldest.shape[1] > BLOCK_SAMPLES:
                self._blocks.appendleft(oldest[:, BLOCK_SAMPLES:])
                oldest = oldest[:, :BLOCK_SAMPLES]
            self.samples -= oldest.shape[1]
            return oldest


@dataclass(frozen=True)
class StreamStatus:
    """How the stream goes, for surfaces and the log. dropped_s : sound that nobody will hear there."""

    state: State
    place: str
    sent_bytes: int
    dropped_s: float
    backlog_s: float
    connections: int
    error: str


class Streamer:
    """Encodes and sends what it is fed, in a thread of its own, until `close`.

    Parameters
    ----------
    connect : makes a connection, or raises `StreamError`.
    pause : waits so many seconds before the next try; tests put another in its place.
    """

    def __init__(
        self,
        config: StreamConfig,
        *,
        connect: Callable[[StreamConfig], Wire] = Connection,
        pause: Callable[[float], object] | None = None,
        seed: int | None = None,
    ) -> None:
        self._config, self._connect = config, connect
        self._backlog = Backlog(round(config.backlog_s * RATE_HZ))
        self._ended = threading.Event()
        self._pause = pause or self._ended.wait
        self._random = random.Random(seed)
        self._state: State = "connecting"
        self._sent_bytes = self._connections = 0
        self._error = ""
        self._title, self._told_title, self._told_at = config.title, config.title, 0.0
        Encoder(config.format).close()  # a missing extra is said now, not in the thread
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._thread.start()

    def feed(self, audio: Float) -> None:
        """Give it sound, (2, samples) at 48 kHz; never waits. Thread: any but audio"""
        if audio.shape[1]:
            self._backlog.add(audio)

    def set_title(self, title: str) -> None:
        """What is playing now; listeners are told when the format allows, every 10 s at most. Thread: any"""
        plain = "".join(letter if letter.isprintable() else " " for letter in title)[:200]
        self._title = plain or self._config.title

    def status(self) -> StreamStatus:
        """How it goes. Thread: any"""
        return StreamStatus(
            self._state,
            self._config.place,
            self._sent_bytes,
            self._backlog.dropped_samples / RATE_HZ,
            self._backlog.samples / RATE_HZ,
            self._connections,
            self._error,
        )

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what is there, if the server takes it in time, and end. Thread: control"""
        deadline = time.monotonic() + timeout_s
        while self._state == "streaming" and self._backlog.samples and time.monotonic() < deadline:
            time.sleep(0.02)
        self._ended.set()
        self._thread.join(timeout=max(0.1, deadline - time.monotonic()))

    def _run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            self._state = "connecting"
            try:
                wire = self._connect(self._config)
            except StreamError as error:
                self._error = str(error)
            else:
                self._connections += 1
                before = self._sent_bytes
                try:
                    self._stream(wire)
                except StreamError as error:
                    self._error = str(error)
                finally:
                    wire.close()
                # A server that takes nothing before it hangs up is no better than one that is away.
                failures = 0 if self._sent_bytes > before else failures
            if self._ended.is_set():
                break
            self._state = "waiting"
            # Jitter, so that many players do not come back to a server in the same moment.
            longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures, 16))
            self._pause(longest * self._random.uniform(0.5, 1.0))
            failures += 1
        self._state = "ended"

    def _stream(self, wire: Wire) -> None:
        encoder = self._encoder()
        while not self._ended.is_set():
            if wire.closed_by_server():
                raise StreamError(f"{self._config.place}: the server ended the connection")
            audio = self._backlog.take(0.25)
            if audio is not None:
                self._send(wire, encoder.encode(audio))
            if self._title != self._told_title and time.monotonic() - self._told_at >= TITLE_S:
                encoder = self._tell_title(wire, encoder)
        self._send(wire, encoder.close())

    def _send(self, wire: Wire, data: bytes) -> None:
        if data:
            wire.send(data)
            self._sent_bytes += len(data)
            self._state, self._error = "streaming", ""

    def _tell_title(self, wire: Wire, encoder: Encoder) -> Encoder:
        self._told_title, self._told_at = self._title, time.monotonic()
        if self._config.format != "mp3":
            self._send(wire, encoder.close())
            return self._encoder()
        try:
            wire.set_title(self._told_title)
        except StreamError as error:  # the sound matters more than its name
            self._error = str(error)
        return encoder

    def _encoder(self) -> Encoder:
        self._told_title = self._title
        config = self._config
        metadata = {"title": self._title, "artist": "AI Jockey"}
        return Encoder(config.format, bitrate_kbps=config.bitrate_kbps, metadata=metadata)
