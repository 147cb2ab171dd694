"""The loop of a process beside the sound: it says that it lives, does a little, tells how it is, and rests."""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from aijockey.live.processes.board import Board

REST_S = 0.05
REPORT_S = 0.25


class After(Enum):
    """What follows a turn: a rest; the next turn at once, for there was something to do; or nothing."""

    REST = auto()
    GO_ON = auto()
    END = auto()


def take_turns(
    board: Board, role: str, turn: Callable[[], After], status: Callable[[], dict[str, Any]]
) -> None:
    """Take turns until one is the last, showing ``status()`` on the board under the name of the role.

    Thread: the process's main
    """
    reported, after = -REPORT_S, After.REST
    while after is not After.END:
        board.beat(role)
        after = turn()
        now = time.monotonic()
        if now - reported >= REPORT_S or after is not After.REST:
            reported = now
            board.publish(role, status())
        if after is After.REST:
            time.sleep(REST_S)
