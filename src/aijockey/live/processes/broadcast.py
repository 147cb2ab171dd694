"""The process that streams: reads the ring, encodes, sends; whatever it waits for, nobody here hears it."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from aijockey.live.processes.board import Board
from aijockey.live.processes.children import step_back
from aijockey.live.processes.turns import After, take_turns
from aijockey.live.shared_ring import SharedRing
from aijockey.live.streaming.config import StreamConfig
from aijockey.live.streaming.streamer import Streamer
from aijockey.music.grid import RATE_HZ

NICENESS = 4
# What is still to be sent when the set has ended.
LAST_S = 5.0


@dataclass(frozen=True)
class BroadcastSetup:
    """What it is told: shared memory by name, and where to send to.

    position : frame of the ring to begin at; None is where the sound is now, for one that takes over.
    """

    ring: str
    board: str
    config: StreamConfig
    position: int | None = None


def broadcast(setup: BroadcastSetup) -> None:
    """Stream until the set has ended. Runs in a process of its own."""
    step_back(NICENESS)
    board = Board(setup.board)
    with SharedRing.attach(setup.ring) as ring:
        reader = ring.reader(setup.position)
        streamer = Streamer(setup.config)

        def turn() -> After:
            streamer.feed(reader.read(RATE_HZ)[:2])  # the master; decks may follow
            return After.END if ring.finished and not reader.available else After.REST

        def status() -> dict[str, Any]:
            return {**dataclasses.asdict(streamer.status()), "lost_s": reader.lost / RATE_HZ}

        take_turns(board, "stream", turn, status)
        streamer.close(LAST_S)
        board.publish("stream", status())
