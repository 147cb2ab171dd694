"""MIDI ports that are not there, and a desk for them."""

from collections.abc import Callable

from tests.control.conftest import FakeLink

from aijockey.control.desk import Desk, Instrument, Voice
from aijockey.control.midi.ports import PortError


class FakePort:
    def __init__(self, owner: "FakePorts", name: str, outward: bool) -> None:
        self.owner, self.name, self.outward = owner, name, outward
        self.is_open = True

    def send(self, data: bytes) -> None:
        assert self.is_open
        self.owner.sent.append((self.name, data))

    def close(self) -> None:
        self.is_open = False
        if not self.outward:
            self.owner.listening.pop(self.name, None)


class FakePorts:
    """What is plugged in, who listens, what was sent to whom."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.listening: dict[str, Callable[[bytes], None]] = {}
        self.sent: list[tuple[str, bytes]] = []
        self.busy: set[str] = set()

    def inputs(self) -> list[str]:
        return list(self.names)

    def outputs(self) -> list[str]:
        return list(self.names)

    def open_input(self, name: str, receive: Callable[[bytes], None]) -> FakePort:
        if name in self.busy:
            raise PortError(f"port '{name}' cannot be opened")
        self.listening[name] = receive
        return FakePort(self, name, False)

    def open_output(self, name: str) -> FakePort:
        return FakePort(self, name, True)

    def play(self, name: str, *messages: str) -> None:
        """The device sends these, as hex."""
        for message in messages:
            self.listening[name](bytes.fromhex(message))

    def told(self) -> list[str]:
        """What was sent since the last time, as hex."""
        told, self.sent = [data.hex(" ") for _, data in self.sent], []
        return told


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_desk(clock: Callable[[], float] | None = None, decks: int = 2) -> tuple[Desk, FakeLink]:
    link = FakeLink()
    voices = (Voice("techno", False, ("swing",)), Voice("bass", True, ("bass",)))
    return Desk(Instrument("test", decks, voices), link, clock or Clock()), link
