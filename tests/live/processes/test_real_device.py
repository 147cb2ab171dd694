"""A device with a clock of its own that goes away and comes back: JACK's dummy."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from aijockey.live.devices import NoDeviceError, load_sounddevice

pytestmark = pytest.mark.slow


@pytest.fixture
def jack():
    """A JACK server of this test's own, which can be started again."""
    if sys.platform != "linux" or shutil.which("jackd") is None:
        pytest.skip("jackd is not installed (apt install jackd2)")
    try:
        load_sounddevice()
    except NoDeviceError as error:
        pytest.skip(str(error))
    servers, name = [], f"aijockey-{os.getpid()}"

    def start():
        words = [
            "jackd",
            "-n",
            name,
            "-r",
            "-d",
            "dummy",
            "-r",
            "48000",
            "-p",
            "512",
        ]
        servers.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return servers[-1]

    start()
    yield start, servers, name
    for server in servers:
        server.send_signal(signal.SIGCONT)
        server.kill()
        server.wait()


def test_a_device_that_goes_away_is_opened_again_when_it_is_back(jack, perform, makers, eventually, stage):
    start, servers, name = jack
    time.sleep(1.0)
    if servers[0].poll() is not None:
        pytest.skip(f"jackd ended with status {servers[0].returncode}")
    supervisor, ear = perform(open_output=makers.open_jack, devices=(name,))
    taken = supervisor.board["device_position"]
    eventually(lambda: supervisor.board["device_position"] > taken + 48_000)
    assert "system" in supervisor.state()["device"]["name"]
    servers[0].kill()
    servers[0].wait()
    lost, position = time.monotonic(), supervisor.board["clock_position"]
    # Set and clock go on without it.
    eventually(lambda: supervisor.state()["device_restarts"] >= 1)
    print(f"the loss was noticed within {time.monotonic() - lost:.2f} s")
    eventually(lambda: supervisor.board["clock_position"] > position + 96_000)
    start()
    back = time.monotonic()
    eventually(lambda: supervisor.board.age_s("device") < 0.2)
    print(f"sound in the device {time.monotonic() - back:.2f} s after it was back")
    # It plays what is due now, not what was due when it went.
    taken = supervisor.board["device_position"]
    assert taken > position + 48_000
    eventually(lambda: supervisor.board["device_position"] > taken + 48_000)
    ear.stop()
    assert supervisor.state()["engine_restarts"] == 0
    stage.check_whole(ear.sound)


def test_a_live_input_and_headphones_through_jack(jack, perform, makers, eventually):
    _, servers, name = jack
    time.sleep(1.0)
    if servers[0].poll() is not None:
        pytest.skip(f"jackd ended with status {servers[0].returncode}")
    supervisor, _ = perform(
        decks=({"voice": "tone", "play": 1.0, "headphones": 1.0}, {"input": 1.0}),
        live_input=name,
        open_input=makers.open_jack_input,
        headphones=name,
        open_headphones=makers.open_jack,
    )
    for role in ("input", "headphones"):
        eventually(lambda role=role: supervisor.state()[role].get("state") == "open")
        eventually(lambda role=role: supervisor.board.age_s(role) < 0.5)
    assert "system" in supervisor.state()["input"]["name"]
    came = supervisor.memory.input.written
    eventually(lambda: supervisor.memory.input.written > came + 48_000)
