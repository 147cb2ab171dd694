"""When a worker is taken to hang, by what it says of itself and by the clock alone."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from aijockey.live.processes.device import open_null
from aijockey.live.processes.exchange import BROKEN, READY, STARTING, LoopExchange
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.processes.watched import (
    LIVED_S,
    MOST_FAILURES,
    STARTING_S,
    STARVED_S,
    WORKER_HANGS_S,
    Child,
    wants_processor,
    why_worker_hangs,
)
from aijockey.live.set_file import LiveSet

PROCESS_ID = 999_999_999  # nobody's
BEGAN_S = 100.0


@pytest.fixture
def exchange():
    made = LoopExchange(1, 8)
    yield made
    made.close()


def why(exchange, now_s, deadline_s=10.0, process_id=PROCESS_ID):
    child = Child("worker 0", SimpleNamespace(pid=process_id), started=BEGAN_S)
    return why_worker_hangs(child, exchange, round(now_s * 1e9), deadline_s, 1000)


def says(exchange, state, beat_s, busy_since_s=0.0, process_id=PROCESS_ID):
    exchange.set_worker(0, "process_id", process_id)
    exchange.set_worker(0, "state", state)
    exchange.set_worker(0, "beat_ns", round(beat_s * 1e9))
    exchange.set_worker(0, "busy_since_ns", round(busy_since_s * 1e9))


def test_one_that_never_says_anything_is_replaced_after_a_while(exchange):
    assert why(exchange, BEGAN_S + 0.9 * STARTING_S) == ""
    assert "does not start" in why(exchange, BEGAN_S + 1.1 * STARTING_S)


def test_one_that_lives_may_take_its_time_to_get_ready(exchange):
    says(exchange, STARTING, BEGAN_S + 99)
    assert why(exchange, BEGAN_S + 10 * STARTING_S) == ""


def test_one_that_falls_silent_or_works_for_too_long_is_replaced(exchange):
    says(exchange, READY, BEGAN_S + 5)
    assert why(exchange, BEGAN_S + 5 + 0.9 * WORKER_HANGS_S) == ""
    assert "does not move" in why(exchange, BEGAN_S + 5 + 1.1 * WORKER_HANGS_S)
    says(exchange, READY, BEGAN_S + 20, busy_since_s=BEGAN_S + 9)
    assert "one loop" in why(exchange, BEGAN_S + 20)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who waits for a processor")
@pytest.mark.parametrize(("work", "starves"), [("while True: pass", True), ("input()", False)])
def test_one_that_gets_no_processor_is_given_time_and_one_that_waits_for_nothing_is_not(
    exchange, work, starves
):
    process = subprocess.Popen(
        [sys.executable, "-c", f"print(flush=True)\n{work}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        process.stdout.readline()  # while it starts it waits for this and that, and computes again
        while wants_processor(process.pid) != starves:
            assert process.poll() is None
        says(exchange, READY, BEGAN_S + 5, process_id=process.pid)
        now_s = BEGAN_S + 5 + 2 * WORKER_HANGS_S
        assert ("does not move" in why(exchange, now_s, process_id=process.pid)) != starves
        assert "does not move" in why(exchange, BEGAN_S + 5 + 1.1 * STARVED_S, process_id=process.pid)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def supervisor():
    plan = Plan(
        live_set=LiveSet(({"voice": "tone"},)), maker=str, material="", voices={"tone": False}, bars=1,
        open_output=open_null,
    )  # fmt: skip
    made = Supervisor(plan)
    yield made
    made.close()


def end(supervisor, child, code, lived_s=0.1):
    """The process of ``child`` ends, as the supervisor finds it."""
    child.process = SimpleNamespace(exitcode=code, join=lambda: None)
    child.started = 1000.0
    supervisor._bury(child, child.started + lived_s)


def test_who_is_killed_often_may_still_fail_as_often_as_anybody(supervisor):
    supervisor.memory.board["go"] = 1
    child = Child("worker 0")
    for _ in range(3 * MOST_FAILURES):
        end(supervisor, child, -9)
    for _ in range(MOST_FAILURES - 1):
        end(supervisor, child, 1)
        assert not child.is_given_up
    end(supervisor, child, -9)
    end(supervisor, child, 1)
    assert child.is_given_up
    assert supervisor.exchange.worker(0, "state") == BROKEN


def test_whoever_lived_for_a_while_begins_to_count_anew(supervisor):
    child = Child("writer")
    for _ in range(3 * MOST_FAILURES):
        end(supervisor, child, 1, lived_s=2 * LIVED_S)
    assert child.failures == 1
    assert not child.is_given_up
