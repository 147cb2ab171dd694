"""Which processors make loops, and how many processes: found out by a short measurement, so that sound goes first."""

import math
import os
import threading
import time

from aijockey.live.processes.exchange import MOST_WORKERS
from aijockey.music.grid import BEATS_PER_BAR, LOOP_BARS

PROBE_STEPS = 20_000
PROBES = 3
MOST_PROBED = 32
# Loops are made in this share of the time that there is for them, or another process is started.
COMFORT = 0.5


def usable_cores() -> tuple[int, ...]:
    """Processors that this process may use, by number. Thread: any"""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def worker_cores(cores: tuple[int, ...], times_s: dict[int, float]) -> tuple[int, ...]:
    """Processors for the workers: all but the fastest, which is the sound's; empty where nobody may choose.

    Only workers are bound. The audio process may move, for nobody knows what else will run where tomorrow.
    """
    if len(cores) < 2 or not times_s:
        return ()
    best = min(cores, key=lambda core: (times_s.get(core, math.inf), core))
    return tuple(core for core in cores if core != best)


def most_workers(cores: tuple[int, ...]) -> int:
    """How many workers leave a processor to the sound. Thread: any"""
    return max(1, min(MOST_WORKERS, len(cores) - 1))


def workers_wanted(decks: int, loop_s: float, tempo_bpm: float, most: int) -> int:
    """Workers that make a loop for each deck every two bars in comfort, from the time that one loop took."""
    period_s = LOOP_BARS * BEATS_PER_BAR * 60.0 / tempo_bpm
    return max(1, min(most, math.ceil(decks * loop_s / (COMFORT * period_s))))


def probe(cores: tuple[int, ...]) -> dict[int, float]:
    """Seconds that each processor takes for a few milliseconds of work: the least of three tries.

    Tells slow cores from fast ones, and those that somebody else keeps busy. Empty where a thread cannot be bound.
    """
    if not hasattr(os, "sched_setaffinity") or not 2 <= len(cores) <= MOST_PROBED:
        return {}
    times_s: dict[int, float] = {}

    def run() -> None:
        # Binds this thread alone, which ends after it.
        for core in cores:
            try:
                os.sched_setaffinity(0, {core})
            except OSError:
                continue
            times_s[core] = min(_timed() for _ in range(PROBES))

    thread = threading.Thread(target=run, name="probe")
    thread.start()
    thread.join()
    return times_s


def _timed() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(PROBE_STEPS):
        total += number
    return time.perf_counter() - began
