import ast
import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import aijockey
from aijockey.live.processes.cores import most_workers, probe, usable_cores, worker_cores, workers_wanted
from aijockey.live.processes.health import Shares, health_line
from aijockey.live.processes.pace import Pace
from aijockey.live.processes.restore import bar_of, event_of, set_at
from aijockey.live.processes.watched import is_stopped
from aijockey.live.set_file import Event, LiveSet


class Clock:
    def __init__(self):
        self.ns = 10**9

    def __call__(self):
        return self.ns

    def wait_s(self, seconds):
        self.ns += round(seconds * 1e9)


def test_the_position_follows_the_device_and_then_the_clock_and_never_goes_back():
    clock = Clock()
    pace = Pace(clock, 100)
    assert pace.update(0.01, 612, 10_000) == 612
    clock.wait_s(0.2)
    assert pace.update(0.2, 612, 10_000) == 612  # it may still come
    clock.wait_s(0.2)
    assert pace.update(0.4, 612, 20_000) == 612 + 9600
    clock.wait_s(10)
    assert pace.update(10.4, 612, 20_000) == 20_000  # nothing is written beyond
    # A new device begins where the clock is; one that lags does not pull it back.
    assert pace.update(0.0, 612, 30_000) == 20_000
    assert pace.update(0.0, 25_000, 30_000) == 25_000


def test_the_clock_loses_no_samples_to_rounding():
    clock = Clock()
    pace = Pace(clock, 0)
    for _ in range(100_000):
        clock.wait_s(0.0001)
        pace.update(math.inf, 0, 1 << 40)
    assert pace.position == pytest.approx(480_000, abs=1)


def test_shares_know_their_quantiles(rng):
    shares = Shares()
    values = rng.lognormal(-2, 1, 20_000)
    for value in values:
        shares.add(float(value))
    for part in (0.5, 0.99, 0.999):
        assert shares.quantile(part) == pytest.approx(np.quantile(values, part), rel=0.04)
    assert shares.as_json()["max"] == pytest.approx(values.max(), abs=1e-4)
    assert shares.as_json()["mean"] == pytest.approx(values.mean(), abs=1e-4)
    assert Shares().as_json()["p99"] == 0.0


def test_health_is_said_in_one_line():
    state = {
        "tempo_bpm": 125.0, "load": {"mean": 0.2, "p99": 0.35}, "underruns": 3, "worker_restarts": 1,
        "late_loops": 2, "limiter_db": 1.25, "device": {"state": "refused"}, "engine_restarts": 1,
    }  # fmt: skip
    line = health_line(state)
    for words in (
        "125.0 BPM",
        "load 20 % (p99 35 %)",
        "3 underruns",
        "1 worker restarts",
        "2 late loops",
        "refused",
    ):
        assert words in line


def test_workers_leave_the_best_core_to_the_sound():
    assert worker_cores((0, 1, 2, 3), {0: 3.0, 1: 1.0, 2: 2.0, 3: 2.0}) == (0, 2, 3)
    assert worker_cores((0,), {0: 1.0}) == ()
    assert worker_cores((0, 1), {}) == ()
    assert most_workers((0,)) == most_workers((0, 1)) == 1
    assert most_workers(tuple(range(64))) == 8
    # Eight decks every two bars at 120 BPM are eight loops in four seconds.
    assert workers_wanted(8, 0.1, 120.0, 8) == 1
    assert workers_wanted(8, 0.5, 120.0, 8) == 2
    assert workers_wanted(8, 0.5, 240.0, 8) == 4
    assert workers_wanted(8, 5.0, 120.0, 3) == 3
    before = usable_cores()
    assert set(probe(before)) <= set(before)
    assert usable_cores() == before


@pytest.fixture
def live_set():
    return LiveSet(
        ({"voice": "kick", "seed": 3.0}, {"voice": "hats", "filter": -1.0}),
        events=(
            Event(0, "deck.1.play", 1),
            Event(8, "deck.2.filter", 0, 16),
            Event(8, "transport.tempo_bpm", 130),
            Event(16, "deck.1.walk", 9, 32),
            Event(40, "deck.2.play", 1),
            Event(60, "deck.1.seed", 5),
        ),
        tempo_bpm=120.0,
        mixer={"master.gain_db": -2.0},
    )


def test_a_set_taken_up_in_the_middle_stands_as_it_would_have(live_set):
    live = [
        Event(10, "mixer.crossfader", 0.5),
        Event(12, "mixer.crossfader", -0.5),
        Event(13, "deck.1.pan", 1.0),
    ]
    there = set_at(live_set, live, 20.0)
    assert there.tempo_bpm == 130.0
    assert there.mixer == {"master.gain_db": -2.0, "mixer.crossfader": -0.5}
    # Four of the 32 beats from 3 to 9 have been walked.
    assert there.decks[0] == {"voice": "kick", "point": "3>9@0.125", "play": 1.0, "pan": 1.0}
    assert there.decks[1] == {"voice": "hats", "filter": pytest.approx(-0.25)}
    assert there.events[:2] == (
        Event(0, "deck.2.filter", 0, 4),
        Event(0, "deck.1.glide", "9", 28),
    )
    assert there.events[2:] == (Event(20, "deck.2.play", 1), Event(40, "deck.1.seed", 5))


def test_a_walk_that_has_arrived_is_where_it_went_and_a_jump_ends_it(live_set):
    arrived = set_at(live_set, [], 48.0)
    assert arrived.decks[0]["seed"] == 9.0
    jumped = set_at(live_set, [Event(30, "deck.1.seed", 77)], 40.0)
    assert jumped.decks[0]["seed"] == 77.0
    assert not [event for event in jumped.events if event.address == "deck.1.walk"]
    assert set_at(live_set, [], 0.0).decks[0]["play"] == 1.0
    assert bar_of(23.9) == 20.0
    assert event_of({"beat": 1, "set": "deck.1.pan", "to": 0.5}) == Event(1, "deck.1.pan", 0.5)


def test_a_set_taken_up_twice_is_the_same_as_once(live_set):
    assert set_at(set_at(live_set, [], 12.0), [], 8.0) == set_at(live_set, [], 20.0)


def test_nothing_that_plays_asks_for_the_time_of_day():
    # The wall clock may be stepped in the middle of a set. Recordings alone are dated, for people.
    asked = []
    folder = Path(aijockey.__path__[0]) / "live"
    paths = [path for path in folder.rglob("*.py") if "recording" not in path.parts]
    assert len(paths) > 30
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                asked += [
                    f"{path.name}: {node.value.id}.{node.attr}"
                    for names in (("time", "time_ns", "localtime", "gmtime"), ("now", "today", "utcnow"))
                    if node.attr in names and node.value.id in ("time", "datetime", "date")
                ]
    assert not asked


def test_a_stopped_process_is_told_from_one_that_runs():
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        assert not is_stopped(sleeper.pid)
        sleeper.send_signal(signal.SIGSTOP)
        if not Path(f"/proc/{sleeper.pid}/stat").is_file():
            pytest.skip("this system does not say whether a process is stopped")
        while not is_stopped(sleeper.pid):
            time.sleep(0.01)
        sleeper.send_signal(signal.SIGCONT)
        while is_stopped(sleeper.pid):
            time.sleep(0.01)
    finally:
        sleeper.kill()
        sleeper.wait()
    assert not is_stopped(sleeper.pid)
