"""When a worker is taken to hang, by what it says of itself and by the clock alone."""

from types import SimpleNamespace

import pytest

from aijockey.live.processes.exchange import READY, STARTING, LoopExchange
from aijockey.live.processes.watched import STARTING_S, WORKER_HANGS_S, Child, why_worker_hangs

PROCESS_ID = 999_999_999  # nobody's
BEGAN_S = 100.0


@pytest.fixture
def exchange():
    made = LoopExchange(1, 8)
    yield made
    made.close()


def why(exchange, now_s, deadline_s=10.0):
    child = Child("worker 0", SimpleNamespace(pid=PROCESS_ID), started=BEGAN_S)
    return why_worker_hangs(child, exchange, round(now_s * 1e9), deadline_s, 1000)


def says(exchange, state, beat_s, busy_since_s=0.0):
    exchange.set_worker(0, "process_id", PROCESS_ID)
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
