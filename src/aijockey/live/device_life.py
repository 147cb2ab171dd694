"""How long a device of sound lives: what a stream of PortAudio's and a clock without a device have in common."""

import threading
from collections.abc import Callable
from typing import Any


class StreamLife:
    """Has a stream of PortAudio's once it has begun.

    stream : as sounddevice makes it; None before that.
    """

    stream: Any = None

    @property
    def active(self) -> bool:
        """Whether blocks still come or go. Thread: any"""
        return self.stream is not None and bool(self.stream.active)

    def close(self) -> None:
        """Let go of the device. Thread: control"""
        if self.stream is not None:
            self.stream.close()


class ThreadLife:
    """Has a thread in the place of a device once it has begun; it ends by itself, or soon after `stopped` is set."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, name: str, run: Callable[[], None]) -> None:
        """Run ``run`` in a thread. Thread: control"""
        self._thread = threading.Thread(target=run, name=name, daemon=True)
        self._thread.start()

    @property
    def active(self) -> bool:
        """Whether blocks still come or go. Thread: any"""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Stop. Thread: control"""
        self.stopped.set()
        if self._thread is not None:
            self._thread.join()
