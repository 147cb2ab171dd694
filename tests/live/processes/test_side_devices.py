"""A live input and headphones of their own, on real processes: what becomes of them never touches the master."""

import numpy as np
import pytest

from aijockey.live.processes.device import open_null

pytestmark = pytest.mark.slow
HZ = 1000


def share_of(sound, hz):
    """Share of a second's power that lies at ``hz``."""
    if len(sound) < 48_000:
        return 0.0
    power = np.abs(np.fft.rfft(sound[-48_000:] * np.hanning(48_000))) ** 2
    return float(power[hz - 3 : hz + 4].sum() / max(1e-12, power.sum()))


def test_both_play_and_their_loss_never_touches_the_master(perform, makers, eventually, stage):
    decks = ({"voice": "tone", "play": 1.0, "headphones": 1.0}, {"input": 1.0})
    supervisor, ear = perform(
        decks=decks,
        events=(),
        live_input="tone",
        open_input=makers.open_tone_input,
        headphones="ears",
        open_headphones=open_null,
    )

    def told(role):
        return supervisor.state()[role]

    eventually(lambda: told("input").get("state") == told("headphones").get("state") == "open")
    assert told("input")["delay_ms"] > 1000 * (512 + 1024) / 48_000
    eventually(lambda: share_of(ear.sound[0], HZ) > 0.2 if ear.pieces else 0)
    cue = supervisor.memory.cue
    assert abs(cue.written - supervisor.heard.written) <= 512
    # What is cued is the tone of the first deck alone.
    eventually(lambda: share_of(cue.copy(cue.written - 48_000, 48_000)[0][0], 250) > 0.9)
    for role in ("input", "headphones"):
        starts = supervisor.children[role].starts
        stage.kill(supervisor, role)
        eventually(stage.alive_again(supervisor, role, starts))
        eventually(lambda role=role: told(role).get("state") == "open")
    written = supervisor.ring.written
    eventually(lambda: supervisor.ring.written > written + 96_000)
    eventually(lambda: share_of(ear.sound[0], HZ) > 0.2)
    ear.stop()
    state = supervisor.state()
    assert state["engine_restarts"] == state["device_restarts"] == 0
    assert state["input_restarts"] >= 1
    assert state["headphones_restarts"] >= 1
    stage.check_whole(ear.sound)


def test_an_input_that_is_not_there_is_silence_and_is_told_once(perform, makers, eventually, stage):
    decks = ({"voice": "tone", "play": 1.0}, {"input": 1.0})
    supervisor, ear = perform(decks=decks, live_input="gone", open_input=makers.open_tone_input, events=())
    eventually(lambda: supervisor.children["input"].starts > 2)
    eventually(lambda: supervisor.ring.written > 96_000)
    ear.stop()
    lines = [line for line in supervisor.notes if line.startswith("input")]
    assert lines == ["input ended (no input device 'gone'; there are: 'tone')"]
    assert share_of(ear.sound[0], HZ) < 0.01
    stage.check_whole(ear.sound)
