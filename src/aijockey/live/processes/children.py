"""Starting a process that ends with the one that started it."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

# Matrix libraries start a thread for each core unless told; ours compute on the thread that calls.
SINGLE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PR_SET_PDEATHSIG = 1
AUDIO_PRIORITY = 5  # of SCHED_RR, 1 to 99: above all that is not real-time, below the system's own
AUDIO_NICENESS = -10

_starting = threading.Lock()


def start(name: str, entry: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start ``entry(*arguments)`` in a fresh interpreter.

    ``entry`` and arguments are handed over by `multiprocessing`, so functions must be importable. On Linux the
    child also ends when the *thread* that called this does; call it from one that lives as long as the child may.

    Thread: control
    """
    process = multiprocessing.get_context("spawn").Process(
        target=_begin, args=(os.getpid(), entry, *arguments), name=f"aijockey-{name}", daemon=True
    )
    with _starting, _environment(SINGLE_THREAD):
        process.start()
    return process


def end(process: BaseProcess, patience_s: float = 0.0) -> None:
    """Wait ``patience_s`` for a process to end by itself, then kill it. Thread: control"""
    if patience_s:
        process.join(patience_s)
    if process.is_alive():
        process.kill()
    process.join(5.0)


def prioritise_audio() -> str:
    """Ask for real-time scheduling, or at least precedence; says what was given. Thread: the process's main"""
    if hasattr(os, "sched_setscheduler") and (os.cpu_count() or 1) > 1:
        with contextlib.suppress(OSError):
            policy = os.SCHED_RR | getattr(os, "SCHED_RESET_ON_FORK", 0)
            os.sched_setscheduler(0, policy, os.sched_param(AUDIO_PRIORITY))
            return "real-time"
    with contextlib.suppress(OSError, AttributeError):
        os.nice(AUDIO_NICENESS)
        return "high"
    return "normal"


def step_back(niceness: int) -> None:
    """Let other processes go first. Thread: the process's main"""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(niceness)


def _begin(parent_id: int, entry: Callable[..., None], *arguments: Any) -> None:
    # The terminal's interrupt is for the player, who fades out; children are told.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent(parent_id)
    entry(*arguments)


def _end_with_parent(parent_id: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_id:  # it ended before the line above
            os._exit(1)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update({key: value for key, value in values.items() if before[key] is None})
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
