"""The control process as the supervisor has it: what it is started with, and what surfaces ask of the supervisor."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any

from aijockey.control.desk import Instrument, Voice
from aijockey.control.services import ServiceConfig
from aijockey.control.web.guard import Access, network_names, new_token
from aijockey.live.processes import children, server
from aijockey.live.processes.gallery import Gallery
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.set_file import LiveSet


@dataclass(frozen=True)
class SurfacePlan:
    """What surfaces a performance has.

    port : to listen on; None serves nothing, 0 takes any free one.
    any_port : take a free one where ``port`` is taken.
    network : listen to others than this machine too, who have to pair.
    controls : of each voice's generator, by voice. pack : its name.
    services : surfaces beside the web server.
    """

    port: int | None = None
    any_port: bool = False
    network: bool = False
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pack: str = ""
    services: tuple[ServiceConfig, ...] = ()


class Front:
    """Shared memory and socket of the control process, which outlive it.

    Raises
    ------
    PortTakenError : the port is in use.
    """

    def __init__(self, plan: SurfacePlan, live_set: LiveSet, voices: Mapping[str, bool]) -> None:
        self.plan = plan
        self.instrument = Instrument(
            live_set.title,
            len(live_set.decks),
            tuple(Voice(name, tonal, plan.controls.get(name, ())) for name, tonal in voices.items()),
            plan.pack,
        )
        self._listener = None if plan.port is None else self._listen(plan.port)
        names = network_names() if plan.network else ()
        self.access = Access(self.port or 0, new_token() if plan.network else "", names)
        self.urgent, self.inbox = Mailbox(), Mailbox()
        self._commands = Mailbox()
        self.gallery = Gallery()

    @property
    def serves(self) -> bool:
        """Whether there is a control process at all. Thread: any"""
        return self._listener is not None

    @property
    def port(self) -> int | None:
        """Where it listens. Thread: any"""
        return self._listener.getsockname()[1] if self._listener else None

    def start(self, board: str, ring: str, cue: str = "") -> BaseProcess:
        """Start the control process. Thread: control"""
        assert self._listener is not None
        setup = server.ServerSetup(
            board=board,
            urgent=self.urgent.name,
            inbox=self.inbox.name,
            commands=self._commands.name,
            gallery=self.gallery.name,
            ring=ring,
            listener=self._listener,
            instrument=self.instrument,
            access=self.access,
            services=self.plan.services,
            cue=cue,
        )
        return children.start("server", server.serve, setup)

    def take(self) -> dict[str, Any] | None:
        """The oldest thing that a surface asks of the supervisor, or None. Thread: control"""
        return self._commands.take()

    def close(self) -> None:
        """Give back socket and memory. Thread: control"""
        if self._listener is not None:
            self._listener.close()
        for memory in (self.urgent, self.inbox, self._commands, self.gallery):
            memory.close()

    def _listen(self, port: int) -> socket.socket:
        host = server.EVERYWHERE if self.plan.network else server.HOST
        try:
            return server.listen(port, host)
        except server.PortTakenError:
            if not self.plan.any_port:
                raise
            return server.listen(0, host)
