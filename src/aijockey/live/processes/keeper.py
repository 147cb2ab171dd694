"""The writer process: recordings, track lists and the log, by a process that may wait for a disk."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from aijockey.live.processes.board import Board
from aijockey.live.processes.children import step_back
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.processes.turns import After, take_turns
from aijockey.live.recording.writer import Writer, ring_tracks
from aijockey.live.shared_ring import SharedRing

INBOX_BYTES = 256 << 10
NICENESS = 2


@dataclass(frozen=True)
class KeeperSetup:
    """What the writer is told: shared memory by name, the folder of recordings, the file of the log.

    position : frame of the ring to begin at; None is where the sound is now, for one that takes over.
    """

    ring: str
    board: str
    inbox: str
    folder: str
    log_path: str | None = None
    position: int | None = None


def keep(setup: KeeperSetup) -> None:
    """Write until told to end by ``{"do": "end"}``. Runs in a process of its own."""
    step_back(NICENESS)
    board, inbox = Board(setup.board), Mailbox(INBOX_BYTES, setup.inbox)
    log_path = Path(setup.log_path) if setup.log_path else None
    with SharedRing.attach(setup.ring) as ring:
        reader = ring.reader(setup.position)
        writer = Writer(reader, ring_tracks(ring.channels // 2 - 1), Path(setup.folder), log_path=log_path)

        def turn() -> After:
            message = inbox.take()
            if message is not None and message.get("do") != "end":
                writer.do(message)
            while writer.tick():  # what is there is taken down before the end, too
                board.beat("writer")
            if message is None:
                return After.REST
            return After.END if message.get("do") == "end" else After.GO_ON

        take_turns(board, "writer", turn, lambda: dataclasses.asdict(writer.status))
        writer.close()
        board.publish("writer", dataclasses.asdict(writer.status))
