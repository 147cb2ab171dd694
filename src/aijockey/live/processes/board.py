"""What every process may read at any time: heartbeats, counters and texts. Writers never wait for readers.

A word has one process that writes it. A text is written under a sequence number that is odd while it changes, so
that a reader takes either the old one or the new one, never a mixture (a seqlock).
"""

import json
import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import MAX_DECKS
from aijockey.live.processes.shared import Layout, SharedArrays

Double = npt.NDArray[np.float64]

WORDS = (
    "engine_beat_ns",  # when each process was last alive, on the monotonic clock; 0: not yet
    "device_beat_ns",
    "writer_beat_ns",
    "server_beat_ns",
    "stream_beat_ns",
    "input_beat_ns",
    "headphones_beat_ns",
    "go",  # 1: the set may begin to run (written by the supervisor)
    "primed",  # 1: the engine has its first loops
    "clock_position",  # frame of the ring that sounds now (written by the engine)
    "device_position",  # frame of the ring that the device takes next (written by the device process)
    "device_state",  # one of DEVICE_STATES
    "device_serial",  # counts the starts of device processes (written by the supervisor)
    "input_serial",  # as device_serial, of the live input
    "headphones_serial",  # and of the headphones
    "underruns",  # blocks that the device had to fill up with silence
    "written_at_start",  # of the ring, when the present engine began
)
# Name -> most bytes. Each is a JSON object.
TEXTS = {
    "state": 64 << 10,
    "values": 128 << 10,
    "device": 4 << 10,
    "writer": 8 << 10,
    "stream": 4 << 10,
    "input": 2 << 10,
    "headphones": 2 << 10,
    "watch": 8 << 10,
    "history": 64 << 10,
    "services": 16 << 10,
}
# Name -> numbers in it. Each is written whole, as a text is.
NUMBERS = {"pulse": 8 + 4 * (MAX_DECKS + 1)}
DEVICE_STATES = ("opening", "open", "no device", "refused", "ended")
READ_ATTEMPTS = 50


class Board:
    """The board.

    Parameters
    ----------
    name : of an existing one to attach; None makes one.
    """

    def __init__(self, name: str | None = None) -> None:
        layout: Layout = {
            "words": (np.int64, (len(WORDS), 8)),  # a cache line each
            "sequences": (np.int64, (len(TEXTS), 8)),
            "lengths": (np.int64, (len(TEXTS), 8)),
            **{f"text {key}": (np.uint8, (size,)) for key, size in TEXTS.items()},
            "number sequences": (np.int64, (len(NUMBERS), 8)),
            **{f"numbers {key}": (np.float64, (count,)) for key, count in NUMBERS.items()},
        }
        self._shared = SharedArrays(layout, name)
        self._index = {word: number for number, word in enumerate(WORDS)}
        self._texts = {word: number for number, word in enumerate(TEXTS)}
        self._numbers = {word: number for number, word in enumerate(NUMBERS)}

    @property
    def name(self) -> str:
        """What another process attaches by. Thread: any"""
        return self._shared.name

    def __getitem__(self, word: str) -> int:
        return int(self._shared["words"][self._index[word], 0])

    def __setitem__(self, word: str, value: int) -> None:
        self._shared["words"][self._index[word], 0] = value

    def beat(self, role: str) -> None:
        """Say that a process is alive. Thread: any"""
        self[f"{role}_beat_ns"] = time.monotonic_ns()

    def age_s(self, role: str) -> float:
        """Seconds since a process was last alive; infinite before it first was. Thread: any"""
        beat_ns = self[f"{role}_beat_ns"]
        return (time.monotonic_ns() - beat_ns) / 1e9 if beat_ns else math.inf

    def publish(self, text: str, content: dict[str, Any]) -> bool:
        """Show ``content`` under a name of `TEXTS`; False where it is too long, and the old one stays.

        Thread: the one process that writes this text
        """
        data = json.dumps(content, separators=(",", ":")).encode()
        if len(data) > TEXTS[text]:
            return False
        index = self._texts[text]
        sequence = self._shared["sequences"]
        # A writer that was killed half-way has left an odd number.
        sequence[index, 0] |= 1
        self._shared.keep_order()
        self._shared[f"text {text}"][: len(data)] = np.frombuffer(data, dtype=np.uint8)
        self._shared["lengths"][index, 0] = len(data)
        self._shared.keep_order()
        sequence[index, 0] += 1
        return True

    def read(self, text: str) -> dict[str, Any] | None:
        """What was last shown under a name; None before the first time, or while it cannot be had whole.

        Thread: any
        """
        index = self._texts[text]
        sequence, lengths = self._shared["sequences"], self._shared["lengths"]
        for _ in range(READ_ATTEMPTS):
            before = int(sequence[index, 0])
            if before & 1:
                time.sleep(0.0002)
                continue
            if not before:
                return None
            self._shared.keep_order()
            data = self._shared[f"text {text}"][: int(lengths[index, 0])].tobytes()
            self._shared.keep_order()
            if int(sequence[index, 0]) == before:
                content: dict[str, Any] = json.loads(data)
                return content
        return None

    def serial(self, text: str) -> int:
        """A number that is another one after each `publish` of a text. Thread: any"""
        return int(self._shared["sequences"][self._texts[text], 0])

    def show(self, name: str, numbers: Double) -> None:
        """Show ``numbers``, as many as fit, under a name of `NUMBERS`. Thread: the one process that writes these"""
        sequences, index = self._shared["number sequences"], self._numbers[name]
        sequences[index, 0] |= 1
        self._shared.keep_order()
        self._shared[f"numbers {name}"][: len(numbers)] = numbers
        self._shared.keep_order()
        sequences[index, 0] += 1

    def look(self, name: str) -> Double | None:
        """What was last shown; None before the first time, or while it cannot be had whole. Thread: any"""
        sequences, index = self._shared["number sequences"], self._numbers[name]
        for _ in range(READ_ATTEMPTS):
            before = int(sequences[index, 0])
            if not before:
                return None
            self._shared.keep_order()
            numbers: Double = self._shared[f"numbers {name}"].copy()
            self._shared.keep_order()
            if not before & 1 and int(sequences[index, 0]) == before:
                return numbers
        return None

    def close(self) -> None:
        """Let go of the memory. Thread: control"""
        self._shared.close()
