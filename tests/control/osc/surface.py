"""A surface that speaks OSC, and the service that it speaks to, on loopback sockets."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import ClassVar

from tests.control.conftest import FakeLink

from aijockey.control.desk import Desk, Instrument, Voice
from aijockey.control.osc import codec
from aijockey.control.osc.service import OscConfig, OscService

Peer = tuple[str, int]
HERE: Peer = ("127.0.0.1", 9)


def a_desk() -> tuple[Desk, FakeLink]:
    link = FakeLink()
    voices = (Voice("techno", False, ("swing",)), Voice("bass", True))
    return Desk(Instrument("test", 2, voices), link), link


class Surface:
    """A socket of somebody who speaks OSC."""

    open: ClassVar[list["Surface"]] = []

    def __init__(self, port: int) -> None:
        self.open.append(self)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.there = ("127.0.0.1", port)
        self.port = self.socket.getsockname()[1]

    def send(self, address: str, *arguments: codec.Argument) -> None:
        self.socket.sendto(codec.encode(address, *arguments), self.there)

    def heard(self) -> list[codec.Message]:
        told: list[codec.Message] = []
        while True:
            try:
                told += codec.decode(self.socket.recv(65536))
            except BlockingIOError:
                return told

    async def wait_for(self, address: str) -> codec.Message:
        told: list[codec.Message] = []
        for _ in range(400):
            told += self.heard()
            for message in told:
                if message.address == address:
                    return message
            await asyncio.sleep(0.005)
        raise AssertionError(f"{address} never came; {told[:5]} did")


def with_service(work: Callable[[OscService, Desk, FakeLink], Awaitable[None]], **config: object) -> None:
    async def run() -> None:
        desk, link = a_desk()
        service = OscConfig(0, **config).build(desk)
        task = asyncio.create_task(service.run())
        try:
            while not service.port:
                await asyncio.sleep(0)
            await work(service, desk, link)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            while Surface.open:
                Surface.open.pop().socket.close()

    asyncio.run(run())


async def until(true: Callable[[], object]) -> None:
    for _ in range(400):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came about")


def drain(service: OscService) -> None:
    """Turns until nothing waits."""
    service.turn()
    while service._waiting or service._gestures:
        service.turn()
