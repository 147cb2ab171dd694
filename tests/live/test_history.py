import numpy as np
import pytest

from aijockey.errors import AijockeyError
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


def points(engine, deck=0):
    return [str(request.point) for _, request in engine.decks[deck].entered if request]


def test_shakes_and_children_are_events_that_can_be_undone_and_played_again(make_source):
    live_set = LiveSet(
        (
            {
                "voice": "ramp",
                "play": 1.0,
                "seed": 3.0,
                "moment_1": "voice=kick; point=1",
                "moment_2": "point=2",
            },
        )
    )
    engine = Engine(live_set, make_source())
    engine.process(512)
    for move in (
        ("shake", 0.25),
        ("shake", 0.25),
        ("breed", "1 2 7"),
        ("breed", "1 2"),
        ("glide", "7~3@0.5"),
    ):
        engine.submit(f"deck.1.{move[0]}", move[1])
        engine.process(int(2.5 * SECOND))
    for _ in range(4):
        engine.submit("history.undo", 1)
        engine.process(int(2.5 * SECOND))
    sound = points(engine)
    assert sound[0] == sound[-1].split("~")[0] == "3"
    assert sound[1].startswith("3~")
    assert sound[2].startswith(sound[1] + "~")
    assert sound[3] == "1&2@7~7@0.2"
    assert sound[4].startswith("1&2@")
    assert sound[-4:] == [sound[4], sound[3], sound[2], sound[1]][-len(sound[-4:]) :]
    with pytest.raises(AijockeyError, match="moment 5 holds no loop"):
        engine.submit("deck.1.breed", "1 5")
    for wrong in ("1", "1 1", "0 2", "1 2 x", "1 9"):
        with pytest.raises(AijockeyError, match="no pair"):
            engine.submit("deck.1.breed", wrong)
    again = Engine(engine.recorded(), make_source())
    again.process(engine.position_samples)
    assert points(again) == sound


def test_a_walk_is_recorded_and_played_again_to_the_bit(make_source):
    walk = {"walk_kind": "drift", "refresh": "change", "walk_pace": 3.0}
    engine = Engine(LiveSet(({"voice": "ramp", "play": 1.0, **walk},)), make_source())
    first = engine.process(5 * SECOND)
    engine.submit("deck.1.walk_range", 0.3)
    engine.submit("deck.1.walk_kind", "orbit")
    sound = np.concatenate([first, engine.process(6 * SECOND)], axis=1)
    assert len(set(points(engine))) >= 5
    again = Engine(engine.recorded(), make_source())
    np.testing.assert_array_equal(again.process(sound.shape[1]), sound)
