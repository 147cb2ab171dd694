"""Processes that neither end nor go on: a deadline finds them. And one whose end takes all others with it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from aijockey.live.streaming.config import StreamConfig

pytestmark = [
    pytest.mark.endurance,
    pytest.mark.skipif(sys.platform != "linux", reason="needs signals and /proc of Linux"),
]


def test_a_loop_that_never_comes_is_given_up_and_other_decks_go_on(perform, eventually, stage):
    decks = ({"voice": "tone", "play": 1.0, "refresh_bars": 1.0}, {"voice": "hang"})
    supervisor, ear = perform(decks=decks, loop_deadline_s=1.0)
    supervisor.send("deck.2.play", 1.0)
    # Once more in a fresh process, then never again.
    eventually(lambda: supervisor.state().get("failed_loops", 0) >= 1)
    state = supervisor.state()
    assert "died of this request" in state["decks"][1]["error"]
    assert state["worker_restarts"] >= 2
    assert any("worked at one loop for 1 s" in note for note in supervisor.notes)
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) >= made + 2)
    ear.stop()
    assert supervisor.state()["decks"][0]["failed"] == 0
    stage.check_whole(ear.sound)


def test_a_device_that_hangs_is_replaced_while_set_and_recording_go_on(perform, eventually, stage, tmp_path):
    supervisor, ear = perform(folder=tmp_path, record="night")
    eventually(lambda: supervisor.ring.written > 48_000)
    process = stage.kill(supervisor, "device", signal.SIGSTOP)
    stopped, at = time.monotonic(), supervisor.board["device_position"]
    eventually(lambda: not process.is_alive())
    noticed = time.monotonic() - stopped
    eventually(stage.alive_again(supervisor, "device", 1))
    eventually(lambda: supervisor.board["device_position"] > at + 48_000)
    print(
        f"noticed after {noticed:.2f} s, sound again after {time.monotonic() - stopped - 1.0:.2f} s or less"
    )
    # It goes on where the sound is by then, not where the lost one was.
    assert supervisor.state()["engine_restarts"] == 0
    eventually(lambda: supervisor.state()["recording"].get("seconds", 0) > (at + 48_000) / 48_000)
    ear.stop()
    supervisor.close()
    assert supervisor.state()["recording"]["lost_samples"] == 0
    stage.check_whole(ear.sound)


def test_an_engine_that_hangs_is_replaced(perform, eventually, stage):
    supervisor, ear = perform()
    supervisor.send("deck.1.gain_db", -6.0)
    eventually(lambda: len(supervisor._live) == 1 and supervisor.ring.written > 96_000)
    before = supervisor.ring.written
    stage.kill(supervisor, "engine", signal.SIGSTOP)
    eventually(stage.alive_again(supervisor, "engine", 1))
    eventually(lambda: supervisor.ring.written > before + 96_000)
    ear.stop()
    after = ear.sound[:, before + 24_000 : before + 72_000]
    assert stage.longest_gap(after) < stage.TEN_MS
    quiet = ear.sound[:, before - 24_000 : before - 2_048]
    assert np.sqrt(np.mean(after**2)) == pytest.approx(np.sqrt(np.mean(quiet**2)), rel=0.1)


def test_a_stream_to_nowhere_that_is_killed_is_tried_again_and_never_heard(perform, eventually, stage):
    pytest.importorskip("av", reason="needs PyAV: pip install 'aijockey[stream]'")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    config = StreamConfig("127.0.0.1", "/set", "a secret of this test", port, backlog_s=1.0)
    supervisor, ear = perform(stream=config)

    def told():
        return supervisor.board.read("stream") or {}

    eventually(lambda: "nobody answers" in told().get("error", ""))
    # What waits for the server is bounded; the oldest goes.
    eventually(lambda: told()["dropped_s"] > 1)
    assert told()["backlog_s"] <= 1.0
    stage.kill(supervisor, "stream").join(60)
    eventually(stage.alive_again(supervisor, "stream", 1))
    written = supervisor.ring.written
    eventually(lambda: supervisor.ring.written > written + 48_000)
    state = supervisor.state()
    ear.stop()
    assert (state["stream_restarts"], state["engine_restarts"], state["device_restarts"]) == (1, 0, 0)
    assert "secret" not in json.dumps(state)
    stage.check_whole(ear.sound)


SET_THAT_IS_KILLED = """
import json, os, signal, sys, time
import fault_makers
from aijockey.live.processes.device import open_null
from aijockey.live.processes.front import SurfacePlan
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import LiveSet

if __name__ == "__main__":
    deck = {"voice": "tone", "play": 1.0}
    supervisor = Supervisor(
        Plan(LiveSet((deck,)), fault_makers.make, "", fault_makers.VOICES, 1000, open_output=open_null,
             surfaces=SurfacePlan(port=0))
    )
    supervisor.start()
    supervisor.wait_until_playing(240)
    children = {role: child.process.pid for role, child in supervisor.children.items()}
    memory = [supervisor.ring.name, supervisor.board.name, supervisor.exchange.name]
    # One of them hangs, so that it could not end by itself.
    os.kill(children["device"], signal.SIGSTOP)
    print(json.dumps([children, memory]), flush=True)
    time.sleep(3600)
"""


def runs(process_id):
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_all_processes_and_memory_go_with_the_supervisor_even_when_it_is_killed(eventually, tmp_path):
    script = tmp_path / "set.py"
    script.write_text(SET_THAT_IS_KILLED)
    paths = [str(Path(__file__).parent), *sys.path]
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        children, memory = json.loads(process.stdout.readline())
        assert set(children) == {"engine", "device", "server", "writer", "worker 0"}
        assert all(runs(child) for child in children.values())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    eventually(lambda: not [role for role, child in children.items() if runs(child)])
    eventually(lambda: not [name for name in memory if Path("/dev/shm", name.lstrip("/")).exists()])
