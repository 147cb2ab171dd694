"""Devices beside the master's: a live input, and headphones with a clock of their own.

Each has a process that can be thrown away. Neither ever holds up the master: an input that is gone is silence on its
deck, headphones that are gone are silent, and both are tried again for as long as the set runs.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aijockey.errors import AijockeyError
from aijockey.live.follower import Follower
from aijockey.live.output import Float, Output
from aijockey.live.processes.board import Board
from aijockey.live.processes.children import prioritise_audio
from aijockey.live.processes.device import OpenOutput
from aijockey.live.shared_ring import SharedRing
from aijockey.live.sound_input import DeviceInput, Input

LOOK_S = 0.02
REPORT_S = 0.5

# Name of a device (None: the default), samples of a block -> the input.
OpenInput = Callable[[str | None, int], Input]


def open_input(device: str | None, block_samples: int) -> Input:
    """An input through PortAudio."""
    return DeviceInput(device, block_samples)


@dataclass(frozen=True)
class InputSetup:
    """What the input's process is told. Names are those of shared memory.

    serial : which start of such a process this is; one that has been replaced falls silent.
    """

    ring: str
    board: str
    serial: int
    device: str | None
    block_samples: int
    open_input: OpenInput


@dataclass(frozen=True)
class HeadphonesSetup:
    """What the headphones' process is told; as `InputSetup`."""

    ring: str
    board: str
    serial: int
    device: str | None
    block_samples: int
    open_output: OpenOutput


def listen_in(setup: InputSetup) -> None:
    """Put what comes in into the ring. Runs in a process of its own."""
    ring, board = SharedRing.attach(setup.ring), Board(setup.board)

    def take(sound: Float) -> bool:
        if board["input_serial"] != setup.serial:
            return False
        board.beat("input")
        for start in range(0, sound.shape[1], ring.samples):
            ring.write(sound[:, start : start + ring.samples])
        return True

    def begin() -> Input:
        device = setup.open_input(setup.device, setup.block_samples)
        device.start(take)
        return device

    def figures(device: Input) -> dict[str, Any]:
        return {"latency_ms": round(1000 * device.latency_s, 1), "overflows": device.overflows}

    _attend("input", setup, board, begin, figures)


def play_cue(setup: HeadphonesSetup) -> None:
    """Give the headphones what the master's listeners will hear at the same time. Runs in a process of its own."""
    ring, board = SharedRing.attach(setup.ring), Board(setup.board)
    follower = Follower(ring, lambda: board["clock_position"])

    def fill(block: Float) -> bool:
        if board["headphones_serial"] != setup.serial:
            block[:] = 0.0
            return False
        board.beat("headphones")
        # The ring is (channels, samples); devices interleave, (samples, channels).
        block[:] = follower.read(len(block)).T
        return True

    def begin() -> Output:
        device = setup.open_output(setup.device, setup.block_samples)
        while not board["go"] and board["headphones_serial"] == setup.serial:
            board.beat("headphones")
            time.sleep(LOOK_S)
        device.start(fill)
        return device

    def figures(device: Output) -> dict[str, Any]:
        drift_ppm = round(1e6 * (follower.rate - 1.0))
        return {"gaps": follower.gaps, "drift_ppm": drift_ppm, "underflows": device.underflows}

    _attend("headphones", setup, board, begin, figures)


def _attend(
    role: str,
    setup: InputSetup | HeadphonesSetup,
    board: Board,
    begin: Callable[[], Any],
    figures: Callable[[Any], dict[str, Any]],
) -> None:
    """Begin, and tell the board how it goes until the device ends or somebody else has taken over."""

    def say(state: str, **more: Any) -> None:
        if board[f"{role}_serial"] == setup.serial:
            board.publish(role, {"name": setup.device or "default", "state": state, **more})

    scheduling = prioritise_audio(threads=True)
    try:
        device = begin()
    except AijockeyError as error:
        say("refused", error=str(error))
        return
    shown = 0.0
    while device.active and board[f"{role}_serial"] == setup.serial:
        if time.monotonic() - shown > REPORT_S:
            shown = time.monotonic()
            say("open", name=device.name, scheduling=scheduling, **figures(device))
        time.sleep(LOOK_S)
    device.close()
    say("ended", name=device.name)
