"""What may happen on a stage, done to the real processes. Sound is judged in samples, never by a clock."""

import random
import signal
import socket
import sys
import time

import numpy as np
import pytest

from aijockey.control.web.client import Client
from aijockey.errors import AijockeyError
from aijockey.live.output import NoDeviceError
from aijockey.live.processes.front import SurfacePlan
from aijockey.live.processes.server import PortTakenError
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import LiveSet

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs signals and /proc of Linux")
pytestmark = pytest.mark.slow


@linux
def test_writer_server_and_device_are_killed_and_the_sound_goes_on(perform, eventually, stage, tmp_path):
    supervisor, ear = perform(
        surfaces=SurfacePlan(port=0), folder=tmp_path, record="night", log=tmp_path / "log.txt"
    )
    eventually(lambda: (supervisor.board.read("writer") or {}).get("recording"))
    for role in ("writer", "server", "device"):
        stage.kill(supervisor, role)
    for role in ("writer", "server", "device"):
        eventually(stage.alive_again(supervisor, role, 1))
    # The device takes sound again, from where it then is.
    eventually(lambda: supervisor.board.age_s("device") < 0.3)
    taken = supervisor.board["device_position"]
    eventually(lambda: supervisor.board["device_position"] > taken + 24_000)
    # Surfaces are served again, on the same port.
    with Client(supervisor.port, timeout_s=60) as client:
        assert client.get("state")["device_restarts"] == 1
    # The recording goes on in a second file; the first can be read.
    eventually(lambda: (supervisor.board.read("writer") or {}).get("path", "").endswith("night-2.wav"))
    eventually(lambda: (supervisor.board.read("writer") or {}).get("seconds", 0) > 0.5)
    eventually(lambda: supervisor.ring.written > 96_000)
    ear.stop()
    supervisor.close()
    stage.check_whole(ear.sound)
    assert {"night.wav", "night-2.wav", "log.txt"} <= {path.name for path in tmp_path.iterdir()}
    assert "writer ended (signal 9)" in (tmp_path / "log.txt").read_text()


@linux
def test_a_worker_that_is_killed_twenty_times_is_not_heard(perform, eventually, stage):
    supervisor, ear = perform()
    random.seed(20)
    for number in range(20):
        eventually(stage.alive_again(supervisor, "worker 0", number))
        time.sleep(random.uniform(0.0, 0.3))
        stage.kill(supervisor, "worker 0").join(60)
    eventually(stage.alive_again(supervisor, "worker 0", 20))
    killed = time.monotonic()
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) >= made + 2)
    print(f"two fresh loops {time.monotonic() - killed:.1f} s after the last start")
    ear.stop()
    assert supervisor.state()["worker_restarts"] == 20
    assert supervisor.state()["engine_restarts"] == 0
    stage.check_whole(ear.sound)


@linux
def test_a_worker_that_is_stopped_is_replaced(perform, eventually, stage):
    supervisor, ear = perform()
    stage.kill(supervisor, "worker 0", signal.SIGSTOP)
    eventually(stage.alive_again(supervisor, "worker 0", 1))
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) >= made + 2)
    ear.stop()
    stage.check_whole(ear.sound)


def test_loops_that_take_longer_than_there_is_time_come_late_and_the_present_one_goes_on(
    perform, eventually, stage
):
    # A fresh loop is due every 2 s; two workers take 5 s for one each, however early it is asked for.
    decks = ({"voice": "tone", "play": 1.0, "refresh_bars": 1.0, "seed": 1.0},)
    supervisor, ear = perform("5.0", decks=decks)
    eventually(lambda: (supervisor.board.read("state") or {}).get("late_loops", 0) >= 2)
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) > made)
    ear.stop()
    assert supervisor.state()["worker_restarts"] == 0
    stage.check_whole(ear.sound)


@linux
def test_a_worker_that_runs_out_of_memory_fails_that_loop_alone(perform, eventually, stage):
    decks = ({"voice": "tone", "play": 1.0, "refresh_bars": 1.0}, {"voice": "hog"})
    supervisor, ear = perform(decks=decks, worker_memory_mib=512)
    supervisor.send("deck.2.play", 1.0)
    # Once more in a fresh process, then it is given up.
    eventually(lambda: supervisor.state().get("failed_loops", 0) >= 1)
    assert "died of this request" in supervisor.state()["decks"][1]["error"]
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) >= made + 1)
    ear.stop()
    assert supervisor.state()["worker_restarts"] >= 2
    assert supervisor.state()["decks"][0]["failed"] == 0
    stage.check_whole(ear.sound)


def test_whatever_a_pack_makes_only_that_deck_suffers(perform, eventually, stage):
    kinds = ("nan", "infinite", "short", "raise", "dc", "loud")
    decks = (
        {"voice": "tone", "play": 1.0, "refresh_bars": 1.0},
        *({"voice": kind, "play": 1.0} for kind in kinds),
    )
    supervisor, ear = perform(decks=decks)
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) >= made + 2)
    state = supervisor.state()
    ear.stop()
    assert [deck["failed"] > 0 for deck in state["decks"]] == [False, True, True, True, True, False, False]
    assert state["worker_restarts"] == 0
    stage.check_whole(ear.sound)


@linux
def test_an_engine_that_is_killed_goes_on_with_the_set_as_it_was(perform, eventually, stage):
    supervisor, ear = perform(decks=({"voice": "tone", "play": 1.0, "refresh_bars": 1.0}, {"voice": "dc"}))
    supervisor.send("deck.1.gain_db", -6.0)
    supervisor.send("transport.tempo_bpm", 150.0)
    eventually(lambda: (supervisor.board.read("state") or {}).get("bar", 0) >= 2)
    eventually(lambda: len(supervisor.chronicle.events) == 2)
    bar = supervisor.board.read("state")["bar"]
    before = supervisor.ring.written
    stage.kill(supervisor, "engine").join(60)
    killed = time.monotonic()
    eventually(lambda: supervisor.ring.written > before + 4_800)
    print(f"sound again {time.monotonic() - killed:.2f} s after the engine was killed")
    eventually(lambda: supervisor.ring.written > before + 96_000)
    state = supervisor.state()
    assert state["engine_restarts"] == 1
    assert state["tempo_bpm"] == 150.0
    assert state["bar"] >= int(bar)
    ear.stop()
    # What was written after the kill is the tone at its new level, without a gap.
    after = ear.sound[:, before + 24_000 : before + 72_000]
    assert stage.longest_gap(after) < stage.TEN_MS
    quiet = ear.sound[:, before - 24_000 : before]
    assert np.sqrt(np.mean(after**2)) == pytest.approx(np.sqrt(np.mean(quiet**2)), rel=0.1)


def test_fifty_thousand_events_are_thinned_and_the_newest_wins(perform, eventually, stage):
    supervisor, ear = perform()
    values = np.random.default_rng(5).uniform(-12, 0, 50_000)
    for value in values:
        supervisor.send("deck.1.gain_db", float(value))
        assert supervisor.post.engine.waiting <= 2
    supervisor.send("deck.1.gain_db", -3.0)
    eventually(lambda: not supervisor.post.engine.waiting)
    eventually(lambda: supervisor.chronicle.events and supervisor.chronicle.events[-1].value == -3.0)
    written = supervisor.ring.written
    eventually(lambda: supervisor.ring.written > written + 24_000)
    ear.stop()
    assert supervisor.post.engine.replaced > 0
    assert supervisor.state()["refused_commands"] == 0
    stage.check_whole(ear.sound)


def test_a_move_is_in_what_is_rendered_next(perform, eventually):
    supervisor, ear = perform(ahead_samples=1024)
    eventually(lambda: supervisor.ring.written > 96_000)
    supervisor.send("deck.1.mute", 1.0)
    # Whatever the machine did meanwhile: at most the quantum that was being rendered lies between.
    latest = supervisor.ring.written + 2 * 512 + 176
    eventually(lambda: supervisor.ring.written > latest + 9_600)
    ear.stop()
    changed = ear.sound[:, latest - 1 :]
    assert np.abs(changed[:, 4800:]).max() < 1e-3
    assert np.abs(ear.sound[:, latest - 9_600 : latest - 4_800]).max() > 0.05


def test_a_device_that_is_pulled_out_is_followed_by_its_spare(perform, makers, eventually, stage):
    supervisor, ear = perform(open_output=makers.open_failing, devices=("first", "spare"))
    eventually(
        lambda: supervisor.state()["device"].get("name") == "spare" and supervisor.board.age_s("device") < 0.3
    )
    taken = supervisor.board["device_position"]
    eventually(lambda: supervisor.board["device_position"] > taken + 96_000)
    ear.stop()
    stage.check_whole(ear.sound)


def test_what_cannot_begin_says_why(perform, makers):
    supervisor, _ = perform(open_output=makers.open_none, wait=False)
    with pytest.raises(NoDeviceError, match="no sound output device"):
        supervisor.wait_until_playing()
    supervisor, _ = perform(open_output=makers.open_refused, devices=("moon",), wait=False)
    with pytest.raises(AijockeyError, match="no output device 'moon'"):
        supervisor.wait_until_playing()
    supervisor, _ = perform(maker=makers.make_nothing, wait=False)
    with pytest.raises(AijockeyError, match="makes loops ended 5 times"):
        supervisor.wait_until_playing()


def test_a_port_is_had_once(makers):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        plan = Plan(
            LiveSet(({"voice": "tone"},)), makers.make, "", makers.VOICES, 4,
            surfaces=SurfacePlan(port=taken.getsockname()[1]),
        )  # fmt: skip
        with pytest.raises(PortTakenError, match="does AI Jockey run already"):
            Supervisor(plan)
