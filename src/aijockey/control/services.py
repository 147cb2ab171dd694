"""Surfaces that run beside each other in the control process: page, MIDI, OSC, Link, autopilot.

Each is a service: something that runs on the event loop until it is cancelled. One that fails is started again, later
each time, and does not touch the others.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from aijockey.control.desk import Desk
from aijockey.errors import AijockeyError

BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
LIVED_S = 60.0
MOST_NOTES = 50


class Service(Protocol):
    """One surface. name : unique, short; also what `Desk.move` is told as the source."""

    name: str

    async def run(self) -> None:
        """Serve until cancelled; an error ends it, and it is built and run again."""

    def status(self) -> dict[str, Any]:
        """Plain values for health displays: what is connected, what was refused."""


@runtime_checkable
class Commanded(Protocol):
    """A service that also takes commands, from a page's settings: learn, forget, connect."""

    def command(self, command: Mapping[str, Any]) -> Any:
        """Do something; returns plain values for who asked.

        Raises
        ------
        AijockeyError : it cannot be done; the text says why.
        """


class ServiceConfig(Protocol):
    """What is asked for on the command line; plain and picklable, so that it travels to the control process."""

    @property
    def name(self) -> str:
        """That of the service."""

    def build(self, desk: Desk) -> Service:
        """The service. Imports its libraries here, so that whoever does not use it need not have them."""


class Services:
    """Several services and what became of them.

    notes : what failed, newest last, for the player. noted : how many there were.
    """

    def __init__(self, desk: Desk, configs: Sequence[ServiceConfig]) -> None:
        self._desk, self._configs = desk, tuple(configs)
        self._running: dict[str, Service] = {}
        self._errors: dict[str, str] = {}
        self.notes: deque[str] = deque(maxlen=MOST_NOTES)
        self.noted = 0

    async def run(self) -> None:
        """Run all until cancelled."""
        async with asyncio.TaskGroup() as group:
            for config in self._configs:
                group.create_task(self._keep_running(config), name=config.name)

    def status(self) -> dict[str, Any]:
        """Status of each service by name, with ``error`` where it does not run."""
        told: dict[str, Any] = {}
        for config in self._configs:
            service = self._running.get(config.name)
            told[config.name] = service.status() if service else {"error": self._errors.get(config.name, "")}
        return told

    def command(self, name: str, command: Mapping[str, Any]) -> Any:
        """Hand a command to a service; returns its answer.

        Raises
        ------
        AijockeyError : no such service, it does not run, it takes none, or what it says itself.
        """
        service = self._running.get(name)
        if service is None:
            running = ", ".join(self._running) or "none"
            raise AijockeyError(f"no surface '{name[:60]}' runs; running: {running}")
        if not isinstance(service, Commanded):
            raise AijockeyError(f"the surface '{name}' takes no commands")
        return service.command(command)

    async def _keep_running(self, config: ServiceConfig) -> None:
        attempt = 0
        while True:
            began = time.monotonic()
            try:
                service = config.build(self._desk)
                self._running[config.name] = service
                await service.run()
                return
            except AijockeyError as error:
                self._fail(config.name, str(error))
            # A surface that breaks must not take the other surfaces with it.
            except Exception as error:
                self._fail(config.name, f"{type(error).__name__}: {error}")
            finally:
                self._running.pop(config.name, None)
                self._desk.release_all(config.name)
            attempt = 0 if time.monotonic() - began > LIVED_S else attempt + 1
            await asyncio.sleep(BACKOFF_S[min(max(attempt - 1, 0), len(BACKOFF_S) - 1)])

    def _fail(self, name: str, reason: str) -> None:
        if self._errors.get(name) != reason:
            self.notes.append(f"{name}: {reason}")
            self.noted += 1
        self._errors[name] = reason
