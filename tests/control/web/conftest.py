"""A web server with nothing behind it, on an event loop of its own."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from tests.control.conftest import FakeLink

from aijockey.control.desk import Desk, Instrument, Voice
from aijockey.control.web.client import Client
from aijockey.control.web.guard import Access
from aijockey.control.web.protocol import Meters, RefusedError
from aijockey.control.web.service import WebConfig, WebService
from aijockey.live.processes.server import listen

INSTRUMENT = Instrument(
    "test", 2, (Voice("techno", False, ("swing",)), Voice("bass", True, ("bass",))), "tiny"
)


class FakeReader:
    """A sine that is always there, as a ring that is written in real time would be behind."""

    def __init__(self) -> None:
        self.position, self.written = 0, 0

    @property
    def available(self) -> int:
        return self.written - self.position

    def read(self, most: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
        count = min(most, self.available)
        time = np.arange(self.position, self.position + count) / 48_000
        self.position += count
        return np.stack([0.5 * np.sin(2 * np.pi * 440 * time), np.zeros(count)]).astype(np.float32)


class FakeBackstage:
    """Everything behind a desk, without it."""

    def __init__(self) -> None:
        self.sounds = ("master",)
        self.keys = [
            {"key": "Space", "address": "deck.1.play", "value": 1, "meaning": "play", "group": "deck"}
        ]
        self.reader = FakeReader()
        self.reset()

    def reset(self) -> None:
        """As it was when it began."""
        self.shown: dict[str, Any] = {"bar": 0, "decks": [{"voice": "techno"}]}
        self.told: list[str] = []
        self.done: list[tuple[str, Mapping[str, Any]]] = []

    def state(self) -> dict[str, Any]:
        return dict(self.shown)

    def notes(self) -> list[str]:
        told, self.told = self.told, []
        return told

    def meters(self) -> Meters:
        return Meters(4.0, 96_000.0, 120.0, -1.5, np.full((3, 4), -12.0, np.float32))

    def beat_at(self, sample: float) -> float:
        return sample / 24_000

    def listen(self, name: str) -> FakeReader:
        return self.reader

    def picture(self, deck: int, which: str) -> dict[str, Any] | None:
        return {"picture": "k", "beats": 8} if which == "present" else None

    def history(self) -> dict[str, Any]:
        return {"events": [[3.0, "deck.1.pan", 0.5, "live"]], "loops": [[4.0, 1, "7"]]}

    def do(self, what: str, arguments: Mapping[str, Any]) -> Any:
        if what != "fade_out":
            raise RefusedError(f"do = {what!r}: expected fade_out")
        self.done.append((what, arguments))
        return True


class Stage:
    """A server that runs, what is behind it, and clients."""

    def __init__(self, token: str = "", names: tuple[str, ...] = (), desk: Desk | None = None) -> None:
        self.link, self.backstage = FakeLink(), FakeBackstage()
        self.desk = desk or Desk(INSTRUMENT, self.link)
        self.listener = listen(0)
        self.port = int(self.listener.getsockname()[1])
        self.access = Access(self.port, token, names)
        self.service: WebService = WebConfig(self.listener, self.backstage, self.access).build(self.desk)
        self._clients: list[Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._serve())
        self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _serve(self) -> None:
        try:
            await self.service.run()
        except asyncio.CancelledError:
            return

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call something on the server's own thread and wait for what it returns."""

        async def run() -> Any:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def client(self, name: str = "test", **settings: Any) -> Client:
        client = Client(self.port, name=name, timeout_s=30, **settings)
        self._clients.append(client)
        return client

    def leave(self) -> None:
        """All clients go."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        deadline = time.monotonic() + 30
        while self.call(lambda: list(self.service.hub.visitors)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        self.link.sent.clear()

    def close(self) -> None:
        self.leave()
        assert self.service.hub.last_error == ""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(30)
        self.listener.close()


@pytest.fixture(scope="module")
def serving() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture
def stage(serving: Stage) -> Iterator[Stage]:
    """A server on loopback, for all tests of a file; each begins without clients."""
    yield serving
    serving.leave()
    serving.call(serving.desk._holders.clear)
    serving.call(serving.desk._sent.clear)
    for address, value in serving.desk._defaults.items():
        serving.desk._values[address] = value
    serving.backstage.reset()
    serving.service.hub._state_at = -1.0  # what was told a moment ago is told anew


@pytest.fixture(scope="module")
def paired() -> Iterator[Stage]:
    """A server that wants to be paired with, known as jockey.test too."""
    stage = Stage("a-token-of-this-test", ("jockey.test",))
    yield stage
    stage.close()
