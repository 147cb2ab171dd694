"""The web server as a service of the control process."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from aijockey.control.desk import Desk
from aijockey.control.web.app import build_app
from aijockey.control.web.backstage import Backstage
from aijockey.control.web.guard import Access, Guard
from aijockey.control.web.hub import NAME, Hub
from aijockey.control.web.protocol import MOST_MESSAGE_BYTES

# Connections that are no clients: files of the page, handshakes.
MOST_CONNECTIONS = 128
SILENT_S = 10.0
WATCH_S = 1.0
# The answer of a client that floods lies behind all that it sent.
PING_S, PONG_S = 20.0, 60.0
MOST_HEADER_BYTES = 16 << 10
END_S = 2


@dataclass(frozen=True)
class WebConfig:
    """Where to listen and whom to let in.

    listener : a socket that listens already; it stays open when the service ends.
    """

    listener: socket.socket
    backstage: Backstage
    access: Access = field(default_factory=Access)
    name: str = NAME

    def build(self, desk: Desk) -> "WebService":
        """The service."""
        return WebService(self, desk)


class WebService:
    """Serves page and WebSocket."""

    def __init__(self, config: WebConfig, desk: Desk) -> None:
        self.name = config.name
        self.hub = Hub(desk, config.backstage, config.access)
        self._config = config
        self._since: dict[Any, float] = {}
        self._server = _Server(
            uvicorn.Config(
                build_app(self.hub, Guard(config.access), self._abort),
                http="h11",
                ws="websockets-sansio",
                ws_max_size=MOST_MESSAGE_BYTES,
                ws_per_message_deflate=False,  # costs more time here than it saves on a local network
                ws_ping_interval=PING_S,
                ws_ping_timeout=PONG_S,
                lifespan="off",
                log_config=None,
                access_log=False,
                log_level="critical",  # what strangers send is counted, not written down
                proxy_headers=False,  # who connects is who the system says
                server_header=False,
                timeout_graceful_shutdown=END_S,
                h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            )
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        serving = asyncio.create_task(self._server.serve([self._config.listener.dup()]))
        others = [asyncio.create_task(self.hub.run()), asyncio.create_task(self._watch_connections())]
        try:
            done, _ = await asyncio.wait([serving, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in others:
                task.cancel()
            for visitor in self.hub.visitors:
                visitor.leave()
            self._server.should_exit = True
            await asyncio.gather(serving, *others, return_exceptions=True)

    def status(self) -> dict[str, Any]:
        """For health displays."""
        return {**self.hub.status(), "connections": len(self._server.server_state.connections)}

    async def _watch_connections(self) -> None:
        """End connections that ask for nothing, and beyond a number those that are oldest."""
        while True:
            await asyncio.sleep(WATCH_S)
            now = time.monotonic()
            there = self._server.server_state.connections
            self._since = {one: self._since.get(one, now) for one in there}
            # A connection that has asked for something has a cycle (HTTP) or a scope (WebSocket).
            idle = sorted(
                (since, number, one)
                for number, (one, since) in enumerate(self._since.items())
                if getattr(one, "cycle", True) is None
            )
            excess = len(there) - MOST_CONNECTIONS
            for place, (since, _, one) in enumerate(idle):
                if place < excess or now - since > SILENT_S:
                    one.transport.abort()

    def _abort(self, client: tuple[str, int]) -> None:
        for one in list(self._server.server_state.connections):
            if getattr(one, "client", None) == client:
                one.transport.abort()


class _Server(uvicorn.Server):
    """uvicorn, without its handling of signals: those are for the player's own process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield
