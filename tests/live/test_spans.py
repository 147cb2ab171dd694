"""Several quanta at once: the same sound, whatever happens within them."""

import numpy as np
import pytest
from tests.live.test_engine import BUSY

from aijockey.live.crew import Crew
from aijockey.live.effects.gate import Gate
from aijockey.live.effects.insert import Place
from aijockey.live.engine import Engine
from aijockey.live.set_file import Event, LiveSet
from aijockey.live.span import MOST_QUANTA, QUANTUM_SAMPLES, quanta_until

SPAN = MOST_QUANTA * QUANTUM_SAMPLES
# A deck that falls silent and comes back, on and off the borders of spans; one that fails; a tempo that jumps.
GAPS = LiveSet(
    decks=(
        {"voice": "kick", "play": 1.0, "filter": -0.4, "insert_1": "compressor", "insert_2": "phaser"},
        {"voice": "tone", "play": 1.0, "insert_1": "gate", "insert_1_tone": 0.1, "room_send": 0.5},
        {"voice": "hats", "insert_1": "duck", "low_db": -12.0, "headphones": 1.0, "echo_send": 0.4},
    ),
    events=(
        Event(0.7, "deck.3.play", 1.0),
        Event(1.03, "deck.2.insert_1_tone", 0.9),
        Event(1.5, "transport.tempo_bpm", 150.0),
        Event(2.01, "deck.1.roll_beats", 0.25),
        Event(2.4, "deck.1.roll_beats", 0.0),
        Event(3.2, "transport.tempo_bpm", 128.0),
    ),
    tempo_bpm=131.0,
)


def played(live_set, source, block, samples=96_000, **settings):
    engine = Engine(live_set, source, **settings)
    outputs = [engine.process_outputs(block) for _ in range(samples // block + 1)]
    return np.concatenate([np.stack([each.master, each.cue]) for each in outputs], axis=2)[:, :, :samples]


@pytest.mark.parametrize("live_set", [BUSY, GAPS], ids=["busy", "gaps"])
@pytest.mark.parametrize(("block", "threads"), [(SPAN, 1), (24_000, 2)])
def test_spans_and_threads_give_what_quanta_give(live_set, block, threads, make_source):
    expected = played(live_set, make_source(), QUANTUM_SAMPLES)
    assert np.abs(expected[0]).max() > 0.1
    sound = played(live_set, make_source(), block, threads=threads)
    np.testing.assert_array_equal(sound, expected)


def test_a_fault_within_a_span_takes_out_its_own_quantum(make_source):
    def faulty(request):
        sound = np.full((1, 192_000), 0.1, np.float32)
        if request.voice == "kick":
            sound[0, 12 * QUANTUM_SAMPLES + 100] = np.nan
        return sound

    live_set = LiveSet(({"voice": "kick", "play": 1.0}, {"voice": "hats", "play": 1.0}))
    make = make_source
    expected = played(live_set, make(render=faulty), QUANTUM_SAMPLES, 24 * QUANTUM_SAMPLES)
    sound = played(live_set, make(render=faulty), 24 * QUANTUM_SAMPLES, 24 * QUANTUM_SAMPLES)
    np.testing.assert_allclose(sound, expected, atol=1e-6, rtol=0)
    assert np.isfinite(sound).all()


def test_a_quantum_in_which_something_changes_begins_a_span():
    assert quanta_until(0, []) == MOST_QUANTA
    assert quanta_until(0, [3 * QUANTUM_SAMPLES]) == 3
    assert quanta_until(0, [3 * QUANTUM_SAMPLES - 1]) == 2
    assert quanta_until(512, [600.0]) == 1
    assert quanta_until(512, [0.0], 4) == 1


def test_a_gate_takes_its_new_pattern_with_the_step_after_it_was_asked():
    """Whether the step's first sample is the first of a block or not."""
    step = 3_000
    sound = np.ones((1, 4 * step), np.float32)
    beats = np.arange(4 * step) / 24_000
    made = []
    for sizes in ([1_000] * 12, [2_000] * 6):
        gate, start, pieces = Gate(), 0, []
        gate.prepare(1)
        for size in sizes:
            tone = 0.0 if start < 2_000 else 0.2
            place = Place(start, beats[start : start + size], 24_000.0)
            pieces.append(gate.process(sound[:, start : start + size], 1.0, tone, place))
            start += size
        made.append(np.concatenate(pieces, axis=1))
    np.testing.assert_allclose(made[0], made[1], atol=1e-6)


def test_a_crew_keeps_the_order_of_its_items():
    for threads in (1, 2, 3):
        assert Crew(threads).map(lambda number: number * number, list(range(7))) == [n * n for n in range(7)]
