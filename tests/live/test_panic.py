"""Panic: silence within a few milliseconds, whatever plays; undo brings back what was."""

import numpy as np

from aijockey.control.parameters import SILENCE_DB
from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.set_file import LiveSet
from aijockey.music.grid import RATE_HZ

FIFTY_MS = RATE_HZ // 20
SET = LiveSet(
    (
        {"voice": "tone", "play": 1.0, "headphones": 1.0, "echo_send": 1.0, "room_send": 1.0},
        {"voice": "kick", "play": 1.0},
    ),
    mixer={"master.gain_db": -3.0},
)


def test_everything_is_silent_at_once_and_undo_brings_it_back(make_source):
    engine = Engine(SET, make_source())
    engine.process(RATE_HZ // 2)
    engine.submit("master.panic", 1.0)
    outputs = engine.process_outputs(RATE_HZ // 2)
    for sound in (outputs.master, outputs.cue):
        assert np.abs(sound[:, :QUANTUM_SAMPLES]).max() > 0.01  # on its way down, without a click
        # What is left at -60 dB is the end of the filter that keeps out direct current.
        assert np.abs(sound[:, FIFTY_MS:]).max() < 1e-3
        assert np.abs(sound[:, 4 * FIFTY_MS :]).max() < 1e-5
    engine.submit("history.undo", 1.0)
    engine.process(RATE_HZ // 10)
    assert engine.conductor.values["master.gain_db"] == -3.0
    assert engine.conductor.values["master.cue_gain_db"] == 0.0
    outputs = engine.process_outputs(RATE_HZ)
    assert np.abs(outputs.master).max() > 0.1
    assert np.abs(outputs.cue).max() > 0.1


def test_it_is_one_step_back_and_a_second_one_is_none(make_source):
    engine = Engine(SET, make_source())
    engine.process(512)
    steps = len(engine.conductor.history)
    for _ in range(3):
        engine.submit("master.panic", 1.0)
        engine.process(512)
    assert len(engine.conductor.history) == steps + 1
    assert engine.submit("master.panic", 0.0) is None
    silenced = {event.address: event.value for event in engine.performance.events}
    assert silenced == {"master.gain_db": SILENCE_DB, "master.cue_gain_db": SILENCE_DB}


def test_what_was_recorded_replays_the_same(make_source):
    engine = Engine(SET, make_source())
    first = engine.process(RATE_HZ // 4)
    engine.submit("master.panic", 1.0)
    sound = np.concatenate([first, engine.process(RATE_HZ // 4)], axis=1)
    replay = Engine(engine.recorded(), make_source()).process(RATE_HZ // 2)
    np.testing.assert_array_equal(replay, sound)
