import numpy as np

from aijockey.live.engine import Engine
from aijockey.live.set_file import LiveSet
from aijockey.music.grid import RATE_HZ

START = LiveSet(({"voice": "kick", "play": 1.0, "seed": 3.0, "gain_db": -4.0}, {"voice": "hats"}))
SECOND = RATE_HZ


def engine_of(make_source):
    engine = Engine(START, make_source())
    engine.process(512)
    return engine


def values(engine, *addresses):
    return [engine.conductor.values[address] for address in addresses]


def test_fifty_steps_back_and_forth(make_source):
    engine = engine_of(make_source)
    for number in range(60):
        engine.submit("deck.1.filter", number / 100)
        engine.process(SECOND)
    for number in reversed(range(60)):
        assert values(engine, "deck.1.filter") == [number / 100]
        engine.submit("history.undo", 1)
    assert values(engine, "deck.1.filter") == [0.0]
    assert engine.submit("history.undo", 1) is None
    for number in range(60):
        engine.submit("history.redo", 1)
        assert values(engine, "deck.1.filter") == [number / 100]
    assert engine.submit("history.redo", 1) is None


def test_moves_of_one_knob_within_a_moment_are_one_step_also_of_two_hands(make_source):
    engine = engine_of(make_source)
    for number in range(20):
        engine.submit("deck.1.gain_db", -number / 2)
        engine.submit("deck.2.filter", number / 20)
        engine.process(2048)
    assert len(engine.conductor.history) == 2
    engine.submit("history.undo", 1)
    engine.submit("history.undo", 1)
    assert values(engine, "deck.1.gain_db", "deck.2.filter") == [-4.0, 0.0]


def test_transport_and_what_is_only_held_are_no_steps(make_source):
    engine = engine_of(make_source)
    engine.submit("transport.tempo_bpm", 130.0)
    engine.submit("transport.nudge", 2.0)
    engine.submit("deck.1.roll_beats", 0.25)
    engine.submit("deck.1.cue", 1.0)
    assert engine.submit("history.undo", 1) is None


def test_a_new_move_ends_what_can_be_redone(make_source):
    engine = engine_of(make_source)
    engine.submit("deck.1.pan", 0.5)
    engine.submit("history.undo", 1)
    engine.submit("deck.1.filter", 0.5)
    assert engine.submit("history.redo", 1) is None


def test_the_loop_comes_back_with_voice_point_and_controls(make_source):
    engine = engine_of(make_source)
    engine.submit("deck.1.controls.density", 1.0)
    engine.process(6 * SECOND)
    before = engine.decks[0].request
    assert dict(before.controls) == {"density": 1.0}
    for address, value in [
        ("voice", "hats"),
        ("seed", 9.0),
        ("controls.density", -2.0),
        ("controls.brightness", 1.0),
    ]:
        engine.submit(f"deck.1.{address}", value)
        engine.process(SECOND)
    engine.process(4 * SECOND)
    assert engine.decks[0].request != before
    for _ in range(4):
        engine.submit("history.undo", 1)
    engine.process(6 * SECOND)
    assert engine.decks[0].request == before


def test_a_stored_moment_brings_back_loop_and_mixer_on_the_grid_and_can_be_undone(make_source):
    engine = engine_of(make_source)
    engine.process(4 * SECOND)
    engine.submit("deck.1.store", 2)
    stored = engine.decks[0].request
    engine.submit("deck.1.seed", 20.0)
    engine.submit("deck.1.gain_db", -12.0)
    engine.submit("deck.1.filter", 0.4)
    engine.process(8 * SECOND)
    moved = engine.decks[0].request
    assert moved != stored
    engine.submit("deck.1.moment", 2)
    while engine.decks[0].request != stored:
        engine.process(512)
    enters = float(engine.decks[0]._timeline.last.beat)
    assert enters % 4 == 0
    engine.process(engine.clock.sample_at(enters) - engine.position_samples - 512)
    assert engine.strips[0].controls["gain_db"].target == -12.0
    engine.process(2048)
    assert engine.strips[0].controls["gain_db"].target == -4.0
    assert values(engine, "deck.1.gain_db", "deck.1.filter") == [-4.0, 0.0]
    engine.submit("history.undo", 1)
    engine.process(6 * SECOND)
    assert engine.decks[0].request == moved
    assert values(engine, "deck.1.gain_db", "deck.1.filter") == [-12.0, 0.4]


def test_an_undo_is_recorded_and_replays(make_source):
    engine = engine_of(make_source)
    pieces = []
    for address, value in [
        ("deck.1.gain_db", -9.0),
        ("deck.1.seed", 8.0),
        ("history.undo", 1),
        ("history.undo", 1),
    ]:
        engine.submit(address, value)
        pieces.append(engine.process(3 * SECOND))
    live = np.concatenate(pieces, axis=1)
    assert all(not event.address.startswith("history") for event in engine.recorded().events)
    replay = Engine(engine.recorded(), make_source())
    replay.process(512)
    np.testing.assert_array_equal(replay.process(live.shape[1]), live)
