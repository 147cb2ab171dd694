"""The pulse: position, tempo and meters, many times a second, as numbers on the board.

The engine shows where it is and what it measures; whoever reads counts back to what sounds now.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.live.processes.board import Board
from aijockey.music.grid import RATE_HZ

Double = npt.NDArray[np.float64]

PULSE = "pulse"
# Of a snapshot of meters: peak, RMS, momentary and short-term loudness.
COLUMNS = 4
_HEADER = 8


@dataclass(frozen=True)
class Pulse:
    """What the engine showed last.

    frame : of the ring, that it writes next. beat : that it is at there.
    levels : (1 + decks, `COLUMNS`), the master first.
    """

    frame: float
    beat: float
    tempo_bpm: float
    limiter_db: float
    levels: Double

    def beat_at(self, frame: float) -> float:
        """Beat of a frame near by, where the tempo is the present one."""
        return self.beat + (frame - self.frame) * self.tempo_bpm / (60.0 * RATE_HZ)


def show_pulse(board: Board, pulse: Pulse) -> None:
    """Put it on the board. Thread: audio"""
    head = (
        pulse.frame,
        pulse.beat,
        pulse.tempo_bpm,
        pulse.limiter_db,
        len(pulse.levels) - 1.0,
        0.0,
        0.0,
        0.0,
    )
    board.show(PULSE, np.concatenate([head, pulse.levels.ravel()]))


def read_pulse(board: Board) -> Pulse | None:
    """What the board shows; None before the engine began. Thread: any"""
    numbers = board.look(PULSE)
    if numbers is None:
        return None
    frame, beat, tempo_bpm, limiter_db, decks = (float(number) for number in numbers[:5])
    levels = numbers[_HEADER : _HEADER + COLUMNS * (int(decks) + 1)].reshape(-1, COLUMNS)
    return Pulse(frame, beat, tempo_bpm, limiter_db, levels)
