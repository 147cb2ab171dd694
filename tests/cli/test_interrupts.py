"""Ctrl-C and SIGTERM at any moment: no traceback, process or shared memory stays, and the status says what it was."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aijockey.cli import interrupts
from aijockey.cli.interrupts import Interrupts, StoppedError

PATIENCE_S = 240.0
PLAYING = "Ctrl-C ends it"
# The shared memory of one process is known by its names. Before ours, a signal finds a handler of the test.
PROGRAM = """
import os, signal, sys
sys.argv[1:] = {words!r}
from multiprocessing import shared_memory
shared_memory._SHM_NAME_PREFIX = "/{mark}"
signal.signal(signal.SIGINT, signal.default_int_handler)
from aijockey.cli.start import start
from aijockey.cli import interrupts
interrupts.leave_at_once()
print("up", flush=True)
raise SystemExit(start())
"""
RUNS = itertools.count()
in_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


class Run:
    """``aijockey play`` in a process group of its own, and what can be seen of it."""

    def __init__(self, pack, folder: Path, *words: str):
        self.mark = f"t{os.getpid() % 100_000:x}-{next(RUNS):x}"
        self.told = folder / "told"
        self.words = [
            "play",
            "--pack",
            str(pack.path),
            "--output",
            "null",
            "--port",
            "0",
            "--no-open",
            *words,
        ]
        program = PROGRAM.format(mark=self.mark, words=self.words)
        with self.told.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program],
                stdout=subprocess.PIPE,
                stderr=told,
                start_new_session=True,
                cwd=folder,
            )
        assert self.process.stdout.readline() == b"up\n"

    @property
    def said(self) -> str:
        return self.told.read_text(errors="replace")

    @property
    def cpu_s(self) -> float:
        """Time that the player's own process has computed, however busy the machine is."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("inf")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def group(self) -> list[int]:
        """All processes that it started and that live, itself included."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
        return found

    @property
    def memory(self) -> list[str]:
        return [path.name for path in Path("/dev/shm").glob(f"{self.mark}*")]

    def wait_until(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition() and self.process.poll() is None:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.002)

    def check_end(self, number: int) -> None:
        """It has ended quietly, by a signal or, where it played already, by a fade."""
        self.process.communicate(timeout=PATIENCE_S)
        said = self.said
        assert self.process.returncode in ((0,) if PLAYING in said else (128 + number, -number)), said
        for bad in ("Traceback", "Exception ignored", "Error", "leaked", "Fatal"):
            assert bad not in said
        deadline = time.monotonic() + 30.0
        while (left := (self.group, self.memory)) != ([], []):
            assert time.monotonic() < deadline, left
            time.sleep(0.02)


def strike_at_random(pack, folder: Path, seed: int) -> None:
    """Stop a set at a moment of its start: after so much computing, or once there are so many processes."""
    rng = random.Random(seed)
    kept = folder / "kept.set"
    run = Run(pack, folder, "--save", str(kept))
    number = rng.choice([signal.SIGINT, signal.SIGINT, signal.SIGTERM])
    if rng.random() < 0.6:
        after_s = rng.uniform(0.0, 1.5)
        run.wait_until(lambda: run.cpu_s >= after_s or PLAYING in run.said)
    else:
        processes = rng.randint(3, 8)
        run.wait_until(lambda: len(run.group) >= processes or PLAYING in run.said)
        time.sleep(rng.uniform(0.0, 0.2))
    # A terminal interrupts all processes of the group; who asks a program to end asks that one.
    (os.killpg if number == signal.SIGINT else os.kill)(run.process.pid, number)
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0.0, 0.3))
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGINT)  # somebody is impatient
    run.check_end(number)
    assert kept.exists() == (PLAYING in run.said)


@in_proc
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_signal_at_any_moment_of_the_start_ends_it_quietly(tiny_pack, tmp_path, seed):
    strike_at_random(tiny_pack, tmp_path, seed)


@in_proc
@pytest.mark.endurance
@pytest.mark.parametrize("seed", range(100, 220))
def test_a_signal_at_any_of_many_more_moments(tiny_pack, tmp_path, seed):
    strike_at_random(tiny_pack, tmp_path, seed)


@in_proc
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_plays_fades_out_and_is_kept(tiny_pack, tmp_path, number):
    kept = tmp_path / "kept.set"
    run = Run(tiny_pack, tmp_path, "--save", str(kept))
    run.wait_until(lambda: PLAYING in run.said)
    os.kill(run.process.pid, number)
    run.check_end(number)
    assert run.process.returncode == 0
    assert kept.is_file()


@pytest.fixture
def ours():
    """The signal handlers of the tests come back, and are those of an ordinary process meanwhile."""
    before = {number: signal.getsignal(number) for number in interrupts.SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("ours")
def test_a_signal_is_kept_until_somebody_looks():
    with Interrupts() as kept:
        assert not kept.waiting
        kept.check()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert kept.waiting
        with pytest.raises(StoppedError) as stop:
            kept.check()
        assert stop.value.status == 128 + signal.SIGTERM
        assert kept.take()
        assert kept.take()
        assert not kept.take()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("ours")
def test_where_something_hangs_a_second_signal_raises_but_never_while_all_is_taken_down(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(interrupts.time, "monotonic", lambda: clock[0])
    with Interrupts() as kept:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # at once: nobody had the time to look
        clock[0] += interrupts.HEEDED_S + 0.1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        kept.end()
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("ours")
def test_what_was_to_be_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.leave_at_once()
    with Interrupts() as kept:
        signal.raise_signal(signal.SIGINT)
        assert not kept.waiting
    interrupts.let_raise()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.usefixtures("ours")
def test_a_verb_gets_the_exception_as_ever():
    interrupts.leave_at_once()
    assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    interrupts.let_raise()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
