"""Starting a process that ends with the one that started it.

Linux forks children off a server that has imported what they need: the first sound comes seconds sooner, and one that
was lost is back in a moment. Elsewhere every child is a fresh interpreter.
"""

import contextlib
import ctypes
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

if sys.platform == "linux":
    from multiprocessing import forkserver, resource_tracker

# Matrix libraries start a thread for each core unless told; ours compute on the thread that calls.
SINGLE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PR_SET_PDEATHSIG = 1
AUDIO_PRIORITY = 5  # of SCHED_RR, 1 to 99: above all that is not real-time, below the system's own
AUDIO_NICENESS = -10
FORKS = sys.platform == "linux"
# What children import, as far as it starts no thread of its own: a fork keeps the thread that forks, and no other.
# (onnxruntime and PortAudio start some. Each child imports these itself, in less than a tenth of a second.)
IMPORTED_AHEAD = (
    "aijockey.live.processes.audio",
    "aijockey.live.processes.device",
    "aijockey.live.processes.keeper",
    "aijockey.live.processes.server",
    "aijockey.live.processes.side_devices",
    "aijockey.live.processes.workers",
    "aijockey.live.loudness",
    "scipy.special",
)

# A function that runs in a process of its own, or its name as "module:function".
Entry = Callable[..., None] | str

_starting = threading.Lock()


def get_ready() -> None:
    """Begin to import what children need, beside whatever follows; returns at once. Thread: control"""
    if FORKS:
        with _starting, _environment(SINGLE_THREAD):
            multiprocessing.set_forkserver_preload(list(IMPORTED_AHEAD))
            # Starting it lets interrupts through again, so it comes before they are held.
            resource_tracker.ensure_running()
            # Inherited: an interrupt while the server still imports would end it with a traceback.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                forkserver.ensure_running()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start(name: str, entry: Entry, *arguments: Any) -> BaseProcess:
    """Start ``entry(*arguments)`` in a process of its own.

    ``entry`` and arguments are handed over by `multiprocessing`, so functions must be importable.

    Thread: control
    """
    get_ready()
    make: Callable[..., BaseProcess] = (
        multiprocessing.get_context("forkserver").Process
        if FORKS
        else multiprocessing.get_context("spawn").Process
    )
    process = make(target=_begin, args=(entry, *arguments), name=f"aijockey-{name}", daemon=True)
    with _starting, _environment(SINGLE_THREAD):
        process.start()
    return process


def end_server() -> None:
    """End at once what children are forked off, also while it still imports; whoever starts another begins anew.

    Thread: control
    """
    if FORKS:
        with _starting:
            number = getattr(getattr(forkserver, "_forkserver", None), "_forkserver_pid", None)
            if isinstance(number, int):
                with contextlib.suppress(OSError):
                    os.kill(number, signal.SIGKILL)


def end(process: BaseProcess, patience_s: float = 0.0) -> None:
    """Wait ``patience_s`` for a process to end by itself, then kill it. Thread: control"""
    if patience_s:
        process.join(patience_s)
    if process.is_alive():
        process.kill()
    process.join(5.0)


def prioritise_audio(*, threads: bool = False) -> str:
    """Ask for real-time scheduling, or at least precedence; says what was given.

    threads : also for threads started from now on, as a driver starts those that ask for sound.

    Thread: the process's main
    """
    if hasattr(os, "sched_setscheduler") and (os.cpu_count() or 1) > 1:
        with contextlib.suppress(OSError):
            alone = 0 if threads else getattr(os, "SCHED_RESET_ON_FORK", 0)
            os.sched_setscheduler(0, os.SCHED_RR | alone, os.sched_param(AUDIO_PRIORITY))
            return "real-time"
    with contextlib.suppress(OSError, AttributeError):
        os.nice(AUDIO_NICENESS)
        return "high"
    return "normal"


def step_forward(niceness: int) -> None:
    """Go before what is not real-time, where the system allows it. Thread: the process's main"""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(-niceness)


def step_back(niceness: int) -> None:
    """Let other processes go first. Thread: the process's main"""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(niceness)


def _begin(entry: Entry, *arguments: Any) -> None:
    # The terminal's interrupt is for the player, who fades out; children are told.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    if isinstance(entry, str):
        module, _, function = entry.partition(":")
        getattr(importlib.import_module(module), function)(*arguments)
    else:
        entry(*arguments)


def _end_with_parent() -> None:
    if FORKS:
        # The server ends when nobody holds this end of a pipe to it any more, and each child has a copy. Without ours
        # it ends with the player's process, and the line below takes even a child that hangs or is stopped.
        held = getattr(getattr(forkserver, "_forkserver", None), "_forkserver_alive_fd", None)
        if isinstance(held, int):
            with contextlib.suppress(OSError):
                os.close(held)
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
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
