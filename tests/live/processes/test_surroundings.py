"""What happens around a performance: disks fill, clocks are set, surfaces go wild."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.control.web.client import Client
from aijockey.live.processes.front import SurfacePlan
from aijockey.live.recording.disk import RESERVE_BYTES

pytestmark = pytest.mark.endurance
EVENTS = 50_000


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with 8 MB more than what recordings leave free."""
    folder = tmp_path / "small"
    folder.mkdir()
    size = RESERVE_BYTES + (8 << 20)
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
        )
    except OSError as error:
        pytest.skip(f"nothing can be mounted here ({error})")
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here ({mounted.stderr.strip()})")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_the_recording_alone(perform, eventually, stage, small_disk):
    supervisor, ear = perform(folder=small_disk, record="night", log=small_disk / "log.txt")
    recording = lambda: supervisor.board.read("writer") or {}  # noqa: E731
    eventually(lambda: recording().get("seconds", 0) > 1)
    # It is said before it happens: 8 MB are half a minute.
    assert recording()["disk_level"] == "urgent"
    (small_disk / "another program's").write_bytes(bytes(9 << 20))
    eventually(lambda: "disk full" in recording()["error"])
    assert not recording()["recording"]
    written = supervisor.ring.written
    eventually(lambda: supervisor.ring.written > written + 48_000)
    state = supervisor.state()
    ear.stop()
    supervisor.close()
    stage.check_undisturbed(state)
    stage.check_whole(ear.sound)
    back, _ = soundfile.read(small_disk / "night.wav", dtype="float32", always_2d=True)
    assert len(back) > 48_000
    np.testing.assert_allclose(back.T, ear.sound[:, : len(back)], atol=2.0**-23)


def test_events_from_a_surface_gone_wild_are_thinned_and_the_newest_of_each_wins(perform, eventually, stage):
    supervisor, ear = perform(surfaces=SurfacePlan(port=0))
    addresses = ("deck.1.gain_db", "deck.1.low_db", "deck.1.pan", "mixer.crossfader", "room.gain_db")
    values = np.random.default_rng(5).uniform(-1, 0, EVENTS)
    last = {address: -0.5 - number / 100 for number, address in enumerate(addresses)}
    began = time.monotonic()
    with Client(supervisor.port, timeout_s=300) as client:
        for number, value in enumerate(values):
            client.send({"set": addresses[number % len(addresses)], "to": round(float(value), 4)})
            if number % 100 == 0:
                client.turn()
        for address, value in last.items():
            assert client.move(address, value) == value
        print(f"{EVENTS} events taken in {time.monotonic() - began:.2f} s")

    def newest():
        return {event.address: event.value for event in supervisor._live}

    eventually(lambda: newest() == last)
    written = supervisor.ring.written
    eventually(lambda: supervisor.ring.written > written + 24_000)
    ear.stop()
    state = supervisor.state()
    assert state["refused_commands"] == 0
    stage.check_undisturbed(state)
    stage.check_whole(ear.sound)


SET_BY_A_STEPPED_CLOCK = """
import json, sys, time
from pathlib import Path
import fault_makers
from aijockey.live.processes.device import open_null
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import Event, LiveSet

if __name__ == "__main__":
    folder, clock = Path(sys.argv[1]), Path(sys.argv[2])
    deck = {"voice": "tone", "play": 1.0, "refresh_bars": 1.0}
    live_set = LiveSet((deck,), events=(Event(0.0, "deck.1.walk", 2.0, 1e6),), tempo_bpm=120.0)
    supervisor = Supervisor(
        Plan(live_set, fault_makers.make, "", fault_makers.VOICES, 1000, open_output=open_null, folder=folder,
             record="stepped", log=folder / "log.txt")
    )
    supervisor.start()
    supervisor.wait_until_playing(240)
    jumps_s = []
    for ahead_s in (3600, -3600, 0):
        written = supervisor.ring.written
        while supervisor.ring.written < written + 96_000:
            time.sleep(0.01)
        before = time.time()
        with clock.open("r+b") as file:
            file.write(ahead_s.to_bytes(8, sys.byteorder, signed=True))
        jumps_s.append(time.time() - before)
    while supervisor.ring.written < written + 192_000:
        time.sleep(0.01)
    supervisor.close()
    print(json.dumps([jumps_s, supervisor.state()]))
"""
# Laid over the system's clock of the day by LD_PRELOAD: it is ahead by the seconds that a file holds.
SHIFTED_CLOCK = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t none, *ahead_s = &none;

__attribute__((constructor)) static void look(void) {
    const char *path = getenv("CLOCK_AHEAD");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *seen = mmap(0, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (seen != MAP_FAILED) ahead_s = seen;
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, which, now);
    if (!result && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += *ahead_s;
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds) *seconds = now.tv_sec;
    return now.tv_sec;
}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs LD_PRELOAD")
def test_a_wall_clock_that_is_stepped_by_hours_is_not_heard(stage, tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make a clock that can be set without setting the machine's")
    library, source = tmp_path / "clock.so", tmp_path / "clock.c"
    source.write_text(SHIFTED_CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
    script, clock = tmp_path / "set.py", tmp_path / "clock"
    script.write_text(SET_BY_A_STEPPED_CLOCK)
    clock.write_bytes(bytes(8))
    paths = [str(Path(__file__).parent), *sys.path]
    environment = {
        "LD_PRELOAD": str(library),
        "CLOCK_AHEAD": str(clock),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(clock)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    jumps_s, state = json.loads(done.stdout)
    # The clock really was set: by +1 h, -2 h, +1 h.
    assert jumps_s == pytest.approx([3600, -7200, 3600], abs=60)
    stage.check_undisturbed(state)
    assert state["decks"][0]["swaps"] >= 2
    assert state["recording"]["error"] == ""
    assert state["recording"]["lost_samples"] == 0
    back, _ = soundfile.read(tmp_path / "stepped.wav", dtype="float32", always_2d=True)
    assert len(back) > 4 * 96_000
    stage.check_whole(back.T)
