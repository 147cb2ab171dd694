"""MIDI through JACK's ports: a device of the system's, as far as the service can tell."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tests.control.midi.fakes import a_desk

from aijockey.control.beat_clock import Course
from aijockey.control.desk import Desk
from aijockey.control.midi.ports import PortError, RtMidiPorts
from aijockey.control.midi.sender import Sender
from aijockey.control.midi.service import MidiConfig, MidiService

rtmidi = pytest.importorskip("rtmidi", reason="python-rtmidi is not installed (pip install 'aijockey[midi]')")
DEVICE = "Test Box"


@pytest.fixture(scope="module")
def jack() -> Iterator[None]:
    """A JACK server of this module's own."""
    if sys.platform != "linux" or shutil.which("jackd") is None:
        pytest.skip("jackd is not installed (apt install jackd2)")
    name = f"aijockey-midi-{os.getpid()}"
    words = ["jackd", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "128"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    patch = pytest.MonkeyPatch()
    patch.setenv("JACK_DEFAULT_SERVER", name)
    patch.setenv("JACK_NO_START_SERVER", "1")
    try:
        for _ in range(50):
            time.sleep(0.1)
            if server.poll() is not None:
                pytest.skip(f"jackd ended with status {server.returncode}")
            try:
                RtMidiPorts("jack").close()
                break
            except PortError:
                continue
        else:
            pytest.skip("jackd does not answer")
        yield
    finally:
        patch.undo()
        server.terminate()  # it takes itself out of JACK's list of servers, which has room for eight
        server.wait(10)


class Box:
    """A device with an input and an output."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.heard: list[tuple[float, str]] = []
        self.outward = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=f"{DEVICE} capture")
        self.outward.open_virtual_port("out")
        self.inward = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=f"{DEVICE} playback")
        self.inward.ignore_types(timing=False)
        self.inward.set_callback(
            lambda event, _: self.heard.append((time.monotonic(), bytes(event[0]).hex(" ")))
        )
        self.inward.open_virtual_port("in")

    def close(self) -> None:
        for port in (self.outward, self.inward):
            port.close_port()
            port.delete()


@pytest.fixture
def box(jack: None) -> Iterator[Box]:
    made = Box()
    yield made
    made.close()


async def until(true: Callable[[], object], seconds: float = 30.0, again: Callable[[], object] = int) -> None:
    """Wait for something to become true, doing something ``again`` every three seconds: JACK drops what a client writes
    in a cycle that it ends too late, as it does on a machine that is busy.
    """
    began = last = time.monotonic()
    while not true():
        now = time.monotonic()
        assert now - began < seconds, "it never came about"
        if now - last > 3.0:
            last = now
            again()
        await asyncio.sleep(0.01)


def with_service(work: Callable[[MidiService, Desk], Awaitable[None]], config: MidiConfig) -> None:
    async def run() -> None:
        desk, _ = a_desk(time.monotonic)
        service = config.build(desk)
        task = asyncio.create_task(service.run())
        try:
            await work(service, desk)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_a_device_is_found_learned_shown_lost_and_found_again(jack: None, box: Box, tmp_path) -> None:
    async def work(service: MidiService, desk: Desk) -> None:
        def is_ready() -> bool:
            return any(device.outward for device in service.devices.values())

        def press() -> None:
            box.outward.send_message([0x80, 36, 0])
            box.outward.send_message([0x90, 36, 127])

        def is_lit() -> bool:
            return any(message == "90 24 7f" for _, message in box.heard)

        await until(is_ready)
        service.command({"learn": "deck.1.mute"})
        press()
        await until(lambda: service.learned, again=press)
        assert service.learned.startswith("deck.1.mute: ch1 note 36")
        press()
        await until(lambda: desk.value("deck.1.mute") == 1.0, again=press)
        await until(is_lit, again=press)
        await until(lambda: desk.value("deck.1.mute") == 1.0, again=press)
        box.close()
        await until(lambda: not service.devices)
        box.open()
        await until(is_ready)
        # The lamp comes by itself; what its one message may have missed, the next press says again.
        await until(is_lit, again=press)
        before = desk.value("deck.1.mute")
        press()
        await until(lambda: desk.value("deck.1.mute") != before, again=press)

    with_service(work, MidiConfig(tmp_path, api="jack"))


def test_a_clock_goes_out_and_comes_in(jack: None, box: Box) -> None:
    ports = RtMidiPorts("jack")
    name = next(name for name in ports.outputs() if DEVICE in name)
    out = ports.open_output(name)
    sender = Sender([out.send])
    sender.follow(Course(time.monotonic(), -0.02, 240.0))
    sender.begin()
    try:
        asyncio.run(until(lambda: len(box.heard) > 100))
    finally:
        sender.close()
        out.close()
        ports.close()
    kinds = [message for _, message in box.heard]
    assert kinds[0] == "fa"
    assert set(kinds[1:100]) == {"f8"}
