"""A process that is watched: when it is taken to hang, and when it is started again."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from aijockey.live.processes.exchange import READY, LoopExchange

# Without a sign of life for this long, a process hangs. A device is asked most: half a second may be silent.
HANGS_S: Mapping[str, float] = {
    "engine": 3.0, "device": 0.4, "server": 5.0, "writer": 20.0, "stream": 20.0, "input": 2.0, "headphones": 2.0,
}  # fmt: skip
# Beside the master: what becomes of them is heard on one deck or in the headphones only.
SIDE_DEVICES = ("input", "headphones")
OPENING_S = 15.0  # a device may take to open
# So long may any process take to its first sign of life, on a machine where much else starts.
STARTING_S = 60.0
WORKER_HANGS_S = 2.0
# One that wants to compute and gets no processor is no better off in a fresh process: so long it may wait.
STARVED_S = 20.0
# One that the system says is stopped is not merely starved by others: there is nothing to wait for.
STOPPED_S = 0.5
BACKOFF_S = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
LIVED_S = 10.0
# Ends of a process that fails by itself, one after the other, before it is given up.
MOST_FAILURES = 5
MIB = 1 << 20


@dataclass
class Child:
    """A process, and its past.

    fruitless : how often in a row it did not live long, whatever ended it. failures : how often of late it ended by
    itself as it should not; an end by a signal is somebody else's doing.
    """

    role: str
    process: BaseProcess | None = None
    starts: int = 0
    fruitless: int = 0
    failures: int = 0
    started: float = 0.0
    due: float = 0.0  # when to start it next
    last_words: str = ""

    @property
    def is_worker(self) -> bool:
        """Whether it makes loops."""
        return self.role.startswith("worker")

    @property
    def number(self) -> int:
        """Of a worker, from 0."""
        return int(self.role.split()[1])

    @property
    def runs(self) -> bool:
        """Whether there is a process that lives."""
        return self.process is not None and self.process.is_alive()

    @property
    def is_given_up(self) -> bool:
        """Whether it is not to be started again."""
        return self.due == math.inf

    def bury(self, now: float) -> int | None:
        """It has ended: decide when it is started again; gives its exit status."""
        assert self.process is not None
        code = self.process.exitcode
        self.process.join()
        self.process = None
        if now - self.started >= LIVED_S:
            self.fruitless = self.failures = 0
        self.fruitless += 1
        self.failures += code is not None and code > 0
        self.due = now + BACKOFF_S[min(self.fruitless - 1, len(BACKOFF_S) - 1)]
        return code


def why_worker_hangs(
    child: Child, exchange: LoopExchange, now_ns: int, deadline_s: float, memory_mib: int
) -> str:
    """Why a worker is to be replaced; "" if it is well.

    now_ns : on the steady clock, as ``child.started`` in seconds. deadline_s : for one loop. memory_mib : what it may
    hold.
    """
    number, said, process = child.number, exchange.worker, child.process
    if process is None:
        return ""
    if said(number, "process_id") != process.pid:
        return "does not start" if now_ns / 1e9 - child.started > STARTING_S else ""
    if said(number, "state") != READY:
        return ""
    silent_s = (now_ns - said(number, "beat_ns")) / 1e9
    if (silent_s > WORKER_HANGS_S and not (silent_s < STARVED_S and wants_processor(process.pid))) or (
        silent_s > STOPPED_S and is_stopped(process.pid)
    ):
        return "does not move"
    busy_ns = said(number, "busy_since_ns")
    if busy_ns and (now_ns - busy_ns) / 1e9 > deadline_s:
        return f"has worked at one loop for {deadline_s:g} s"
    used_mib = resident_mib(process.pid)
    return f"holds {used_mib:.0f} MiB of memory" if used_mib > memory_mib else ""


def ending(code: int | None) -> str:
    """How a process ended, for people."""
    if code is None:
        return "no exit status"
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def is_stopped(process_id: int | None) -> bool:
    """Whether somebody has stopped a process (SIGSTOP); False where the system does not say."""
    try:
        # The name, in brackets, may hold anything; the state is what follows it.
        after = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return after[:1] == ["T"]


def wants_processor(process_id: int | None) -> bool:
    """Whether any thread of a process computes or waits for a processor; False where the system does not say."""
    try:
        tasks = [(task / "stat").read_text() for task in Path(f"/proc/{process_id}/task").iterdir()]
    except OSError:
        return False
    return any(task.rpartition(")")[2].split()[:1] == ["R"] for task in tasks)


def resident_mib(process_id: int | None) -> float:
    """Memory that a process holds; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB
