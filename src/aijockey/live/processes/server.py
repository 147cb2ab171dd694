"""The control process: the desk, and the surfaces that run beside each other on one event loop.

It holds what `aijockey.control` needs of the engine's shared memory. When it is lost, it is started again and the
surfaces connect anew; nothing of that is heard.
"""

import asyncio
import socket
import sys
import time
from dataclasses import dataclass

from aijockey.control.desk import Desk, Instrument
from aijockey.control.keys import rows
from aijockey.control.services import ServiceConfig, Services
from aijockey.control.web.guard import Access
from aijockey.errors import AijockeyError
from aijockey.live.processes import children
from aijockey.live.processes.board import Board
from aijockey.live.processes.desk_link import DeskLink
from aijockey.live.processes.gallery import Gallery
from aijockey.live.processes.mailbox import Mailbox, Outbox
from aijockey.live.shared_ring import SharedRing

HOST, EVERYWHERE = "127.0.0.1", "0.0.0.0"
BACKLOG = 128
SEND_BYTES, RECEIVE_BYTES = 128 << 10, 16 << 10
TURN_S = 1.0 / 60.0
PUBLISH_S = 0.25
NICENESS = 5
# So long a thread that computes keeps the interpreter from another that would go on: OSC is read by one of its own.
SWITCH_S = 0.001


class PortTakenError(AijockeyError):
    """Somebody else listens on the port."""


@dataclass(frozen=True)
class ServerSetup:
    """What the control process is told: shared memory by name, and a socket that listens already.

    urgent, inbox : ways to the engine. commands : the way to the supervisor.
    ring, cue : sound of master and headphones; "" where there is none to be had.
    services : surfaces beside the web server.
    """

    board: str
    urgent: str
    inbox: str
    commands: str
    gallery: str
    ring: str
    listener: socket.socket
    instrument: Instrument
    access: Access
    services: tuple[ServiceConfig, ...] = ()
    cue: str = ""


def listen(port: int, host: str = HOST) -> socket.socket:
    """A socket that listens on ``port`` (0: any free one).

    Raises
    ------
    PortTakenError : the port is in use, or may not be had.
    """
    # With the protocol named, asyncio lets small frames go at once (TCP_NODELAY); without, each waits up to 40 ms for
    # the client's word of the one before.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows, where REUSEADDR would share the port
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)
    # What connects inherits these. Of what a client does not read, the system keeps no megabytes either; and one that
    # sends as fast as it can is taken in by small pieces, with others in between.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"port {port} cannot be had ({error.strerror}); does AI Jockey run already? --port chooses another"
        ) from error
    listener.setblocking(False)
    return listener


def serve(setup: ServerSetup) -> None:
    """Serve surfaces for good. Runs in a process of its own."""
    children.step_forward(NICENESS)  # what a hand does is waited for
    sys.setswitchinterval(SWITCH_S)
    asyncio.run(ControlProcess(setup).run())


class ControlProcess:
    """The desk, its services and what joins them to the rest."""

    def __init__(self, setup: ServerSetup) -> None:
        # Who starts this process imports this module too, and has no use for a web server.
        from aijockey.control.web.service import WebConfig
        from aijockey.live.processes.backstage import SharedBackstage

        self.board = Board(setup.board)
        self._urgent = Mailbox(name=setup.urgent)
        self._outbox = Outbox(Mailbox(name=setup.inbox))
        self._commands = Outbox(Mailbox(name=setup.commands))
        names = {"master": setup.ring, "cue": setup.cue}
        self._rings = {sound: SharedRing.attach(name) for sound, name in names.items() if name}
        self._gallery = Gallery(setup.gallery)
        voices = [voice.name for voice in setup.instrument.voices]
        link = DeskLink(self.board, self._outbox, self._urgent, voices, self._gallery)
        self.desk = Desk(setup.instrument, link)
        backstage = SharedBackstage(
            self.board,
            self.desk,
            self._rings,
            self._gallery,
            self._commands,
            setup.access,
            rows(setup.instrument.decks),
        )
        web = WebConfig(setup.listener, backstage, setup.access)
        self.services = backstage.services = Services(self.desk, (web, *setup.services))

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._turn())
            group.create_task(self.services.run())

    async def _turn(self) -> None:
        published = 0.0
        while True:
            self.board.beat("server")
            if (now := time.monotonic()) - published > PUBLISH_S:
                published = now
                self.board.publish("services", self.services.status())
            self.desk.turn()
            self._outbox.flush()
            self._commands.flush()
            await asyncio.sleep(TURN_S)
