"""A segment of shared memory laid out as named arrays, owned by one process and attached by its children."""

import contextlib
import threading
from collections.abc import Mapping
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError

# Name -> (type, shape). Every array starts on a multiple of 64 bytes, a cache line of most processors.
Layout = Mapping[str, tuple[Any, tuple[int, ...]]]
ALIGNMENT = 64


class SharedMemoryError(AijockeyError):
    """A segment is gone, or too small for what is expected in it."""


class SharedArrays:
    """Arrays in one segment.

    Parameters
    ----------
    layout : what lies in it, in order; the same in every process.
    name : of an existing segment to attach; None makes one, full of zeros, which this object then owns.

    Raises
    ------
    SharedMemoryError : no segment of that name, or a smaller one.
    """

    def __init__(self, layout: Layout, name: str | None = None) -> None:
        offsets: dict[str, int] = {}
        size = 0
        for key, (kind, shape) in layout.items():
            offsets[key] = size
            size += -(-int(np.prod(shape)) * np.dtype(kind).itemsize // ALIGNMENT) * ALIGNMENT
        self._owner = name is None
        try:
            self._memory = SharedMemory(create=True, size=size) if name is None else SharedMemory(name=name)
        except FileNotFoundError:
            raise SharedMemoryError(f"there is no shared memory '{name}' (has its owner ended?)") from None
        if self._memory.size < size:
            raise SharedMemoryError(
                f"shared memory '{name}' holds {self._memory.size} bytes, expected {size}"
            )
        self._arrays: dict[str, npt.NDArray[Any]] = {
            key: np.ndarray(shape, dtype=kind, buffer=self._memory.buf, offset=offsets[key])
            for key, (kind, shape) in layout.items()
        }
        self._fence = threading.Lock()

    @property
    def name(self) -> str:
        """What another process attaches by. Thread: any"""
        return self._memory.name

    def __getitem__(self, key: str) -> npt.NDArray[Any]:
        return self._arrays[key]

    def keep_order(self) -> None:
        """Nothing written before this is seen after what is written behind it. Thread: any

        x86 keeps stores in order by itself; elsewhere taking a lock of one's own is a barrier.
        """
        with self._fence:
            pass

    def close(self) -> None:
        """Let go of the memory; the owner's call removes it for good. Thread: control"""
        # The arrays look into the segment, which cannot be unmapped before they are gone.
        self._arrays = {}
        # Where somebody still holds an array, the mapping goes when the process does.
        with contextlib.suppress(BufferError):
            self._memory.close()
        if self._owner:
            self._owner = False
            self._memory.unlink()
