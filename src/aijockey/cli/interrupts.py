"""Ctrl-C and SIGTERM, from the first moment of a process to its last.

By itself Ctrl-C raises an exception wherever the program is. Within an import, a callback of the interpreter or the
start of another process that shows a traceback, or leaves something behind. So until a verb has begun it ends the
process at once, there being nothing to take down (`leave_at_once`); while a set is played it is noted, and heeded
where everything can be taken down (`Interrupts`); any other verb gets the exception as ever (`let_raise`).
"""

import os
import signal
import time
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A signal that is not heeded for this long found something that hangs: the next one raises after all.
HEEDED_S = 3.0
STOPPED = 128  # exit status of what a signal ended, less the signal's number


class StoppedError(Exception):
    """Somebody stopped this before it had begun to do what it is for. ``status`` : to exit with."""

    def __init__(self, number: int) -> None:
        super().__init__("stopped")
        self.status = STOPPED + number


class Interrupts:
    """Within its context a signal that would end the process is kept until somebody looks. Thread: the process's main

    One that the process was told to ignore, as what runs in the background may be, stays ignored.
    """

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._unheeded_since_s: float | None = None
        self._before: dict[int, Any] = {}
        self._ending = False

    def __enter__(self) -> "Interrupts":
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before in (None, signal.SIG_IGN):
                continue
            try:
                signal.signal(number, self._note)
            except ValueError:  # not the main thread, which has no signals to handle
                return self
            self._before[number] = before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    @property
    def waiting(self) -> bool:
        """Whether there is a signal to heed."""
        self._unheeded_since_s = None
        return bool(self._numbers)

    def take(self) -> bool:
        """Whether there was a signal; it counts as heeded."""
        waited = self.waiting
        del self._numbers[:1]
        return waited

    def check(self) -> None:
        """Go on, unless somebody wants to stop.

        Raises
        ------
        StoppedError : there was a signal.
        """
        if self.waiting:
            raise StoppedError(self._numbers[0])

    def end(self) -> None:
        """From now on everything is being taken down, which is not to be disturbed and takes a while at most."""
        self._ending = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        since_s = self._unheeded_since_s
        self._numbers.append(number)
        if since_s is None:
            self._unheeded_since_s = now_s
        elif now_s - since_s > HEEDED_S and not self._ending:
            raise KeyboardInterrupt


def leave_at_once() -> None:
    """Let Ctrl-C end the process without a word. Thread: the process's main"""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def let_raise() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, where it was told to `leave_at_once`. Thread: the process's main"""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def hear_no_more() -> None:
    """The process ends by itself now: Ctrl-C has nothing left to end. Thread: the process's main"""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(STOPPED + number)
