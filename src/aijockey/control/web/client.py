"""A small client of the surface protocol, for programs, examples and tests; see docs/surface-protocol.md.

    with Client() as client:
        client.move("deck.1.gain_db", -6, over_beats=4)
        client.turn(0.1)
        print(client.state["bar"], client.values["deck.1.gain_db"])

It does one thing at a time: what the server tells is taken in by `turn`, and while an answer is waited for.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, ClassVar

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import ClientConnection, connect

from aijockey.control.parameters import Value
from aijockey.control.web import protocol
from aijockey.control.web.protocol import Meters, SoundFrame
from aijockey.errors import AijockeyError

MOST_KEPT_FRAMES = 500
MOST_KEPT_CHANGES = 10_000
# A snapshot is larger than what a client may send.
MOST_MESSAGE_BYTES = 4 << 20


class ClientError(AijockeyError):
    """The server cannot be reached, refuses, or has gone."""


class Client:
    """A surface that is a program.

    Parameters
    ----------
    port, host : of the server.
    name : up to 32 letters, digits and '-'; the server adds a number.
    token : of pairing, from another machine.
    timeout_s : for connecting and for each answer.

    snapshot : the newest snapshot. values, held, state : as they are by now.
    changes : (address, value, source), those taken in last. gaps : how often changes were missed.
    meters, sound, events : what came last; sound is kept for 10 s.

    Raises
    ------
    ClientError : nobody listens, or it does not let us in.
    """

    def __init__(
        self,
        port: int = protocol.DEFAULT_PORT,
        host: str = "127.0.0.1",
        *,
        name: str = "program",
        token: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._timeout_s = timeout_s
        self._open = ExitStack()
        headers = {"Authorization": f"Bearer {token}"} if token else None
        try:
            self._link: ClientConnection = self._open.enter_context(
                connect(
                    f"ws://{host}:{port}/ws",
                    additional_headers=headers,
                    open_timeout=timeout_s,
                    close_timeout=1.0,
                    max_size=MOST_MESSAGE_BYTES,
                    compression=None,
                    ping_interval=None,
                    proxy=None,
                )
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage) as error:
            raise ClientError(f"no surface at {host}:{port} ({error}); does 'aijockey play' run?") from error
        self.snapshot: dict[str, Any] = {}
        self.values: dict[str, Value] = {}
        self.held: dict[str, str] = {}
        self.state: dict[str, Any] = {}
        self.changes: deque[tuple[str, Value, str]] = deque(maxlen=MOST_KEPT_CHANGES)
        self.sound: deque[SoundFrame] = deque(maxlen=MOST_KEPT_FRAMES)
        self.events: deque[str] = deque(maxlen=100)
        self.errors: deque[str] = deque(maxlen=100)
        self.meters: Meters | None = None
        self.seq = 0
        self.gaps = 0
        self._number = 0
        self._answers: dict[int | str, dict[str, Any]] = {}
        self._pongs: dict[float, dict[str, Any]] = {}
        try:
            self.send({"hello": protocol.VERSION, "name": name})
            self._wait(lambda: bool(self.snapshot), "a snapshot")
        except ClientError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """What the server calls us; the source of our moves."""
        return str(self.snapshot["client"])

    def move(self, address: str, value: object, over_beats: float = 0.0) -> Value:
        """Move a parameter; returns the value as the engine takes it.

        Raises
        ------
        ClientError : refused; says why.
        """
        taken: Value = self.ask({"set": address, "to": value, "over": over_beats})
        return taken

    def hold(self, address: str) -> None:
        """Keep others from moving a parameter, for 5 s or until `release`."""
        self.ask({"hold": address})

    def release(self, address: str) -> None:
        """Let go of it."""
        self.ask({"release": address})

    def do(self, what: str, **arguments: Any) -> Any:
        """``record`` (name), ``stop_recording``, ``fade_out`` (seconds) or ``service`` (service, command)."""
        return self.ask({"do": what, **arguments})

    def get(self, what: str, **arguments: Any) -> Any:
        """``state``, ``loop`` (deck, which), ``history`` or ``pairing``."""
        return self.ask({"get": what, **arguments})

    def watch(self, **wanted: float | str) -> None:
        """What comes by itself: ``meters`` and ``state`` in Hz, ``sound`` as off, master or cue."""
        self.ask({"watch": wanted})

    def resync(self) -> None:
        """A snapshot again."""
        self.ask({"resync": True})

    def ping(self) -> dict[str, Any]:
        """Beat, sample and tempo that sound now, and ``round_trip_s``."""
        began = time.monotonic()
        self.send({"ping": began})
        self._wait(lambda: began in self._pongs, "a pong")
        return {**self._pongs.pop(began), "round_trip_s": time.monotonic() - began}

    def ask(self, message: Mapping[str, Any]) -> Any:
        """Send a message and wait for its answer.

        Raises
        ------
        ClientError : refused, no answer in time, or the connection has ended.
        """
        self._number += 1
        number = self._number
        self.send({**message, "id": number})
        self._wait(lambda: number in self._answers, "an answer")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ClientError(str(answer["error"]))
        return answer.get("ok")

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message and wait for nothing."""
        self.send_text(protocol.encode(dict(message)))

    def send_text(self, text: str) -> None:
        """Send any text, sense or not."""
        try:
            self._link.send(text)
        except ConnectionClosed as error:
            raise ClientError(f"the server has ended the connection ({error})") from error

    def turn(self, seconds: float = 0.0) -> int:
        """Take in what is told within ``seconds``; returns how many frames came."""
        deadline, count = time.monotonic() + seconds, 0
        while self._take(max(0.0, deadline - time.monotonic())):
            count += 1
        return count

    def close(self) -> None:
        """Leave."""
        self._open.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, done: Any, what: str) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not done():
            left_s = deadline - time.monotonic()
            if left_s <= 0.0:
                raise ClientError(f"{what} did not come within {self._timeout_s:g} s")
            self._take(left_s)

    def _take(self, timeout_s: float) -> bool:
        """Take in one frame; False where none comes."""
        try:
            frame = self._link.recv(timeout=timeout_s)
        except TimeoutError:
            return False
        except ConnectionClosed as error:
            raise ClientError(f"the server has ended the connection ({error})") from error
        if isinstance(frame, bytes):
            told = protocol.unpack(frame)
            if isinstance(told, Meters):
                self.meters = told
            else:
                self.sound.append(told)
            return True
        message = protocol.decode(frame, most_bytes=MOST_MESSAGE_BYTES)
        if "id" in message:
            self._answers[message["id"]] = message
        for key in message.keys() & self._TAKES.keys():
            self._TAKES[key](self, message)
        return True

    def _take_snapshot(self, message: dict[str, Any]) -> None:
        self.snapshot = shot = message["snapshot"]
        self.seq, self.values, self.held = shot["seq"], dict(shot["values"]), dict(shot["held"])
        self.state = dict(shot["state"])

    def _take_changes(self, message: dict[str, Any]) -> None:
        self.gaps += message["seq"] != self.seq + 1
        self.seq = message["seq"]
        gestures = {row["address"] for row in self.snapshot["parameters"] if row["gesture"]}
        for address, (value, source) in message["changes"].items():
            self.changes.append((address, value, source))
            if _row_of(address) not in gestures:
                self.values[address] = value

    def _take_held(self, message: dict[str, Any]) -> None:
        for address, source in message["held"].items():
            if source is None:
                self.held.pop(address, None)
            else:
                self.held[address] = source

    def _take_state(self, message: dict[str, Any]) -> None:
        self.state.update(message["state"])

    def _take_pong(self, message: dict[str, Any]) -> None:
        self._pongs[message["pong"]] = message

    def _take_event(self, message: dict[str, Any]) -> None:
        self.events.append(message["event"])

    def _take_error(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self.errors.append(message["error"])

    _TAKES: ClassVar[dict[str, Callable[["Client", dict[str, Any]], None]]] = {
        "snapshot": _take_snapshot,
        "changes": _take_changes,
        "held": _take_held,
        "state": _take_state,
        "pong": _take_pong,
        "event": _take_event,
        "error": _take_error,
    }


def _row_of(address: str) -> str:
    """Address of the row in the table: deck.3.gain_db is deck.N.gain_db."""
    group, _, rest = address.partition(".")
    return f"deck.N.{rest.partition('.')[2]}" if group == "deck" else address
