"""Sound between processes: one writes, any number read, and nobody waits for anybody.

Frames lie in shared memory as float32 (channels, samples), after a header of 64-bit words. The writer moves two
counters that only grow: ``claimed`` before it touches the samples, ``written`` after. A reader copies what lies
between its cursor and ``written`` and looks at ``claimed`` again: what the writer has meanwhile gone over is
dropped and counted as lost, never returned torn. A writer that is killed in the middle of a block leaves
``written`` where it was, so the next one goes on without a seam in the counting.

The process that creates a ring owns its memory and removes it with `close`. Whoever attaches should be its
``multiprocessing`` child: children share the owner's resource tracker, an unrelated process brings its own, which
removes the segment under everybody when that process ends (CPython issue 82300).
"""

import threading
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError

Float = npt.NDArray[np.float32]

MAGIC = 0x414A_5249_4E47_0001  # "AJRING", layout 1
HEADER_WORDS = 16
_MAGIC, _CHANNELS, _SAMPLES, _CLAIMED, _WRITTEN, _FINISHED = range(6)
_FIRST_MARK = 8
MARKS = HEADER_WORDS - _FIRST_MARK  # positions that readers may show to others


class SharedRingError(AijockeyError):
    """The memory is gone, or is not a ring."""


class SharedRing:
    """A ring of ``samples`` frames; made by `create` or `attach`, never directly.

    Parameters
    ----------
    memory : the segment.
    owner : whether `close` removes it.
    """

    def __init__(self, memory: SharedMemory, *, owner: bool) -> None:
        self._memory, self._owner = memory, owner
        words: npt.NDArray[np.int64] = np.ndarray(HEADER_WORDS, dtype=np.int64, buffer=memory.buf)
        if words[_MAGIC] != MAGIC:
            raise SharedRingError(f"shared memory '{memory.name}' holds no ring (of another version?)")
        self._words = words
        self.channels, self.samples = int(words[_CHANNELS]), int(words[_SAMPLES])
        self._sound: Float = np.ndarray(
            (self.channels, self.samples), dtype=np.float32, buffer=memory.buf, offset=words.nbytes
        )
        self._fence = threading.Lock()

    @classmethod
    def create(cls, channels: int, samples: int) -> "SharedRing":
        """An empty ring of silence. Thread: control

        Raises
        ------
        ValueError : no channels or no samples.
        """
        if channels < 1 or samples < 1:
            raise ValueError(
                f"a ring of {channels} channels and {samples} samples; expected 1 or more of each"
            )
        memory = SharedMemory(create=True, size=8 * HEADER_WORDS + 4 * channels * samples)
        words: npt.NDArray[np.int64] = np.ndarray(HEADER_WORDS, dtype=np.int64, buffer=memory.buf)
        words[:] = 0
        words[_MAGIC], words[_CHANNELS], words[_SAMPLES] = MAGIC, channels, samples
        del words
        return cls(memory, owner=True)

    @classmethod
    def attach(cls, name: str) -> "SharedRing":
        """The ring called ``name``, which another process owns. Thread: control

        Raises
        ------
        SharedRingError : there is none of that name, or it is something else.
        """
        try:
            memory = SharedMemory(name=name)
        except FileNotFoundError:
            raise SharedRingError(f"there is no ring '{name}' (has its owner ended?)") from None
        return cls(memory, owner=False)

    @property
    def name(self) -> str:
        """What `attach` needs. Thread: any"""
        return self._memory.name

    @property
    def written(self) -> int:
        """Frames written since the beginning. Thread: any"""
        return int(self._words[_WRITTEN])

    @property
    def finished(self) -> bool:
        """Whether the writer has said that nothing follows. Thread: any"""
        return bool(self._words[_FINISHED])

    def finish(self, finished: bool = True) -> None:
        """Say that nothing follows. Thread: writer"""
        self._words[_FINISHED] = finished

    def write(self, block: Float) -> None:
        """Append ``block`` (channels, n), over the oldest frames; n may be anything up to the ring's length.

        Raises
        ------
        ValueError : another number of channels, or more frames than the ring holds.

        Thread: writer
        """
        count = block.shape[1]
        if block.shape[0] != self.channels or count > self.samples:
            raise ValueError(
                f"block of shape {block.shape}; expected ({self.channels}, up to {self.samples})"
            )
        start = int(self._words[_WRITTEN])
        self._words[_CLAIMED] = start + count
        self._keep_order()
        at = start % self.samples
        first = min(count, self.samples - at)
        self._sound[:, at : at + first] = block[:, :first]
        self._sound[:, : count - first] = block[:, first:]
        self._keep_order()
        self._words[_WRITTEN] = start + count

    def reader(self, position: int | None = None) -> "RingReader":
        """A cursor of one's own, at frame ``position``; None: at what is written next. Thread: any"""
        return RingReader(self, self.written if position is None else position)

    def mark(self, number: int) -> int:
        """A position that somebody has put down for others to see, 0 at first. Thread: any"""
        return int(self._words[_FIRST_MARK + self._mark_index(number)])

    def set_mark(self, number: int, position: int) -> None:
        """Put ``position`` down as mark ``number`` (0 to 7); one process for each. Thread: any"""
        self._words[_FIRST_MARK + self._mark_index(number)] = position

    def close(self) -> None:
        """Let go of the memory; the owner's call removes it for good. Thread: control"""
        # The arrays look into the segment, which cannot be unmapped before they are gone.
        self._words = np.zeros(HEADER_WORDS, dtype=np.int64)
        self._sound = np.zeros((self.channels, 0), dtype=np.float32)
        self._memory.close()
        if self._owner:
            self._owner = False
            self._memory.unlink()

    def __enter__(self) -> "SharedRing":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def copy(self, position: int, count: int) -> tuple[Float, int]:
        """Frames from ``position``, (channels, up to count), and how many of the first were lost. Thread: any"""
        words = self._words
        start = max(position, int(words[_CLAIMED]) - self.samples)
        end = min(start + count, int(words[_WRITTEN]))
        self._keep_order()
        sound = np.empty((self.channels, max(end - start, 0)), dtype=np.float32)
        at = start % self.samples
        first = min(sound.shape[1], self.samples - at)
        sound[:, :first] = self._sound[:, at : at + first]
        sound[:, first:] = self._sound[:, : sound.shape[1] - first]
        self._keep_order()
        torn = min(max(int(words[_CLAIMED]) - self.samples - start, 0), sound.shape[1])
        return sound[:, torn:], max(start + torn - position, 0)

    def _keep_order(self) -> None:
        # x86 keeps stores and loads in order; for processors that do not, taking a lock of one's own is a barrier.
        with self._fence:
            pass

    @staticmethod
    def _mark_index(number: int) -> int:
        if not 0 <= number < MARKS:
            raise ValueError(f"mark {number}; expected 0 to {MARKS - 1}")
        return number


class RingReader:
    """One reader's place in a ring. Every reader gets everything, at its own pace.

    Attributes
    ----------
    position : frame that is read next.
    lost : frames that the writer went over before they were read.
    """

    def __init__(self, ring: SharedRing, position: int) -> None:
        self._ring = ring
        self.position = position
        self.lost = 0

    @property
    def available(self) -> int:
        """Frames that are written and not yet read, some perhaps lost already. Thread: the reader's"""
        return max(self._ring.written - self.position, 0)

    def read(self, most: int) -> Float:
        """What is there, oldest first, (channels, up to most); a copy. Thread: the reader's"""
        sound, lost = self._ring.copy(self.position, most)
        self.lost += lost
        self.position += lost + sound.shape[1]
        return sound
