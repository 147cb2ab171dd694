"""The device process: copies from the ring into a sound device, and can be thrown away at any moment.

A driver that hangs, a device that is pulled out, a server of sound that dies: whatever happens in here, the engine
goes on by its own clock, and another device process takes over where the sound then is.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aijockey.errors import AijockeyError
from aijockey.live.output import DeviceOutput, Fill, Float, NoDeviceError, NullOutput, Output
from aijockey.live.processes.board import DEVICE_STATES, Board
from aijockey.live.processes.children import prioritise_audio
from aijockey.live.processes.health import Shares
from aijockey.live.shared_ring import RingReader, SharedRing
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

# Where the sound breaks off and comes back, it does so within this many samples instead of with a click.
EDGE_SAMPLES = 64
LOOK_S = 0.02
REPORT_S = 0.5

# Name of a device (None: the default), samples of a block -> the device.
OpenOutput = Callable[[str | None, int], Output]


@dataclass(frozen=True)
class DeviceSetup:
    """What a device process is told. Names are those of shared memory.

    serial : which start of a device process this is; one that has been replaced falls silent.
    open_output : an importable function.
    """

    ring: str
    board: str
    serial: int
    device: str | None
    block_samples: int
    open_output: OpenOutput


def open_device(device: str | None, block_samples: int) -> Output:
    """A device through PortAudio."""
    return DeviceOutput(device, block_samples)


def open_null(device: str | None, block_samples: int) -> Output:
    """No device: a clock that takes blocks in real time."""
    return NullOutput(block_samples)


def serve(setup: DeviceSetup) -> None:
    """Open the device and feed it until it ends. Runs in a process of its own."""
    ring, board = SharedRing.attach(setup.ring), Board(setup.board)
    clock = CallbackTimes()
    told = {"serial": setup.serial, "name": setup.device or "default"}

    def say(state: str, **more: Any) -> None:
        if board["device_serial"] == setup.serial:
            board.publish("device", {**told, "state": state, **more})
            board["device_state"] = DEVICE_STATES.index(state)

    try:
        output = setup.open_output(setup.device, setup.block_samples)
        while not board["go"]:
            say("open", name=output.name)
            if board["device_serial"] != setup.serial:
                return
            time.sleep(LOOK_S)
        scheduling = prioritise_audio(threads=True)
        feed = Feed(ring, board, setup.serial)
        output.start(Timed(feed.fill, clock).fill)
    except NoDeviceError as error:
        say("no device", error=str(error))
        return
    except AijockeyError as error:
        say("refused", error=str(error))
        return
    shown = 0.0
    while output.active:
        if time.monotonic() - shown > REPORT_S:
            shown = time.monotonic()
            say(
                "open",
                name=output.name,
                scheduling=scheduling,
                **clock.as_json(),
                underflows=output.underflows,
            )
        time.sleep(LOOK_S)
    output.close()
    say("ended", name=output.name)


class CallbackTimes:
    """What a device's callbacks took, and how late they came, as shares of a block."""

    def __init__(self) -> None:
        self.took, self.late = Shares(), Shares()

    def as_json(self) -> dict[str, Any]:
        """Quantiles of both."""
        return {"callback": self.took.as_json(), "lateness": self.late.as_json()}


class Timed:
    """A `fill` whose calls are timed."""

    def __init__(self, fill: Fill, times: CallbackTimes) -> None:
        self._fill, self._times = fill, times
        self._due = 0.0

    def fill(self, block: Float) -> bool:
        """Fill ``block`` (samples, channels). Thread: device"""
        began = time.perf_counter()
        block_s = len(block) / RATE_HZ
        if self._due:
            self._times.late.add(max(0.0, began - self._due) / block_s)
        # Devices ask early as often as late; a block is due one block after the last one was, or was asked for.
        self._due = max(self._due, began - block_s) + block_s if self._due else began + block_s
        going_on = self._fill(block)
        self._times.took.add((time.perf_counter() - began) / block_s)
        return going_on


class Feed:
    """What a device is given: the ring from where the sound is now, and silence where there is not enough."""

    def __init__(self, ring: SharedRing, board: Board, serial: int) -> None:
        self._ring, self._board, self._serial = ring, board, serial
        self._reader: RingReader | None = None
        self._broken = True

    def fill(self, block: Float) -> bool:
        """Fill ``block`` (samples, channels); False when nothing follows. Thread: device"""
        board, ring = self._board, self._ring
        if board["device_serial"] != self._serial:
            block[:] = 0.0
            return False
        if self._reader is None:
            # At a border of quanta: the ring grows by whole ones, so that from anywhere else up to one of those made
            # ahead could never be used.
            position = board["clock_position"]
            self._reader = ring.reader(position - position % QUANTUM_SAMPLES)
        sound = self._reader.read(len(block))
        there = sound.shape[1]
        # The ring is (channels, samples); devices interleave, (samples, channels).
        block[:there] = sound.T
        block[there:] = 0.0
        if self._broken and there:
            edge = min(EDGE_SAMPLES, there)
            block[:edge] *= np.linspace(0.0, 1.0, edge, endpoint=False, dtype=np.float32)[:, np.newaxis]
            self._broken = False
        over = ring.finished and not self._reader.available
        if there < len(block) and not over:
            edge = min(EDGE_SAMPLES, there)
            block[there - edge : there] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)[:, np.newaxis]
            self._broken = True
            board["underruns"] = board["underruns"] + 1
        board["device_position"] = self._reader.position
        board.beat("device")
        return not over
