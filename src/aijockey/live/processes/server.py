"""The control process: JSON lines on a loopback socket, for surfaces that are programs.

A line from a client is one object::

    {"set": "deck.1.gain_db", "to": -6, "over": 4}   a move, within 4 beats
    {"get": "state"}                                 answered with one line of state
    {"watch": 20}                                    state 20 times a second from now on; 0 ends it

An object with "id" gets an answer with that id; without, only errors are answered. Something that is no JSON object
ends the connection, so a web page that posts to the port gets nowhere.
"""

import json
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from aijockey.errors import AijockeyError
from aijockey.live.processes.board import Board
from aijockey.live.processes.mailbox import Mailbox, Outbox, key_of
from aijockey.live.set_parts import check_move

HOST = "127.0.0.1"
MOST_CLIENTS = 32
MOST_LINE_BYTES = 64 << 10
MOST_UNSENT_BYTES = 1 << 20
MOST_WATCH_HZ = 60.0
TURN_S = 0.02
READ_BYTES = 1 << 16


class PortTakenError(AijockeyError):
    """Somebody else listens on the port."""


@dataclass(frozen=True)
class ServerSetup:
    """What the control process is told: shared memory by name, and a socket that listens already."""

    board: str
    inbox: str
    listener: socket.socket


@dataclass
class _Client:
    link: socket.socket
    unread: bytes = b""
    unsent: bytes = b""
    watch_s: float = 0.0
    watched: float = field(default_factory=time.monotonic)


def listen(port: int, host: str = HOST) -> socket.socket:
    """A socket that listens on ``port`` (0: any free one).

    Raises
    ------
    PortTakenError : the port is in use, or may not be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows, where REUSEADDR would share the port
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)
    try:
        listener.bind((host, port))
        listener.listen(MOST_CLIENTS)
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"port {port} cannot be had ({error.strerror}); does AI Jockey run already? --port chooses another"
        ) from error
    listener.setblocking(False)
    return listener


def serve(setup: ServerSetup) -> None:
    """Answer clients for good. Runs in a process of its own."""
    Server(setup).run()


class Server:
    """The clients and what they are connected to."""

    def __init__(self, setup: ServerSetup) -> None:
        self._board = Board(setup.board)
        self._outbox = Outbox(Mailbox(name=setup.inbox))
        self._listener = setup.listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._clients: dict[int, _Client] = {}

    def run(self) -> None:
        """Answer until the process is ended."""
        while True:
            self.turn()

    def close(self) -> None:
        """End every connection; the socket that listens stays."""
        for client in list(self._clients.values()):
            self._drop(client)
        self._selector.close()

    def turn(self, timeout_s: float = TURN_S) -> None:
        """Wait a little for clients and serve those that have something."""
        self._board.beat("server")
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._listener:
                self._accept()
            else:
                self._read(self._clients[key.fd])
        self._outbox.flush()
        now = time.monotonic()
        for client in list(self._clients.values()):
            if client.watch_s and now - client.watched >= client.watch_s:
                client.watched = now
                self._say(client, {"state": self.state()})
            self._send(client)

    def state(self) -> dict[str, Any]:
        """What the engine and the supervisor show."""
        return {**(self._board.read("state") or {}), **(self._board.read("watch") or {})}

    def _accept(self) -> None:
        try:
            link, _ = self._listener.accept()
        except OSError:  # it has gone again
            return
        if len(self._clients) >= MOST_CLIENTS:
            link.close()
            return
        link.setblocking(False)
        self._clients[link.fileno()] = _Client(link)
        self._selector.register(link, selectors.EVENT_READ)

    def _read(self, client: _Client) -> None:
        try:
            data = client.link.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        *lines, client.unread = (client.unread + data).split(b"\n")
        if len(client.unread) > MOST_LINE_BYTES:
            self._drop(client)
            return
        for line in lines:
            if line.strip() and not self._obey(client, line):
                self._drop(client)
                return

    def _obey(self, client: _Client, line: bytes) -> bool:
        """Do what a line says; False where it is no message at all."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(message, dict):
            return False
        tag = {"id": message["id"]} if isinstance(message.get("id"), int | str) else {}
        try:
            answer = self._answer(client, message)
        except AijockeyError as error:
            self._say(client, {**tag, "error": str(error)[:500]})
            return True
        if answer is not None or tag:
            self._say(client, {**tag, **(answer or {"ok": True})})
        return True

    def _answer(self, client: _Client, message: dict[str, Any]) -> dict[str, Any] | None:
        if "set" in message:
            address, over = str(message["set"]), _number(message.get("over", 0.0), "over", 0.0, 1e5)
            value = check_move(address, message.get("to"))
            if not self._outbox.send({"set": address, "to": value, "over": over}, key=key_of(address)):
                raise AijockeyError(f"{address}: too many moves at once; this one is left out")
            return None
        if message.get("get") == "state":
            return {"state": self.state()}
        if "watch" in message:
            rate_hz = _number(message["watch"], "watch", 0.0, MOST_WATCH_HZ)
            client.watch_s = 1.0 / rate_hz if rate_hz else 0.0
            return None
        raise AijockeyError(
            f"unknown message with {', '.join(sorted(map(str, message)))[:100]}; expected set, get or watch"
        )

    def _say(self, client: _Client, message: dict[str, Any]) -> None:
        # Somebody who does not read gets no more than this much behind.
        if len(client.unsent) < MOST_UNSENT_BYTES:
            client.unsent += json.dumps(message, separators=(",", ":")).encode() + b"\n"

    def _send(self, client: _Client) -> None:
        if not client.unsent or client.link.fileno() < 0:
            return
        try:
            client.unsent = client.unsent[client.link.send(client.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        number = client.link.fileno()
        if number >= 0:
            self._selector.unregister(client.link)
            self._clients.pop(number, None)
            client.link.close()


def _number(value: object, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise AijockeyError(f"{name} = {value!r}: expected a number from {low:g} to {high:g}")
    return float(value)
