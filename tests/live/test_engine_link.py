"""Somebody who plays along offline: the same whatever the size of blocks, and heard on the very sample."""

from collections.abc import Callable

import numpy as np
import pytest

from aijockey.control.autopilot.jockey import Autopilot
from aijockey.control.autopilot.style import read_style
from aijockey.control.desk import ENGINE, Change, Instrument, Voice
from aijockey.live.arrange import arrange
from aijockey.live.engine import Engine
from aijockey.live.engine_link import AccompaniedEngine, Rehearsal, silent_source
from aijockey.live.jockey_stage import on_stage
from aijockey.live.loop_source import DirectSource
from aijockey.live.set_file import LiveSet

VOICES = {"kick": False, "hats": False, "drone": True}
SECONDS = 1.8
MakeSource = Callable[..., DirectSource]


def played(make_source: MakeSource, block: int, samples: int) -> np.ndarray:
    instrument = Instrument("test", 3, tuple(Voice(name, tonal) for name, tonal in VOICES.items()))
    style = read_style("breaks")
    live_set = on_stage(arrange(VOICES), instrument, style, tempo_bpm=300.0)
    engine = AccompaniedEngine(live_set, make_source(), instrument)
    engine.companion = Autopilot(engine.desk, style, 2).turn
    pieces = [engine.process(min(block, samples - at)) for at in range(0, samples, block)]
    assert len(engine.performance.events) > 3
    return np.concatenate(pieces, axis=1)


def test_blocks_make_no_difference(make_source: MakeSource) -> None:
    samples = round(SECONDS * 48_000)
    whole = played(make_source, samples, samples)
    assert np.abs(whole).max() > 0.01
    for block in (65, 480, 4096):
        assert np.array_equal(played(make_source, block, samples), whole), block


def test_blocks_of_one_sample_too(make_source: MakeSource) -> None:
    live_set = LiveSet(({"voice": "kick", "play": 1.0},), tempo_bpm=120.0)
    instrument = Instrument("test", 1, (Voice("kick", False),))

    def sound(block: int) -> np.ndarray:
        engine = AccompaniedEngine(live_set, make_source(), instrument)
        turns = []

        def fade(beat: float) -> None:
            turns.append(beat)
            if len(turns) == 3:
                engine.desk.move("deck.1.gain_db", -20, source="test")

        engine.companion = fade
        return np.concatenate([engine.process(block) for _ in range(4096 // block)], axis=1)

    assert np.array_equal(sound(1), sound(4096))


def test_without_a_companion_it_is_an_engine(make_source: MakeSource) -> None:
    live_set = LiveSet(({"voice": "kick", "play": 1.0},), tempo_bpm=120.0)
    instrument = Instrument("test", 1, (Voice("kick", False),))
    accompanied = AccompaniedEngine(live_set, make_source(), instrument).process(24_000)
    assert np.array_equal(accompanied, Engine(live_set, make_source()).process(24_000))


def test_the_desk_hears_what_the_engine_does(make_source: MakeSource) -> None:
    live_set = LiveSet(({"voice": "kick", "play": 1.0},), tempo_bpm=120.0)
    engine = AccompaniedEngine(live_set, make_source(), Instrument("test", 1, (Voice("kick", False),)))
    changes: list[Change] = []
    engine.desk.subscribe(changes.append)
    engine.companion = lambda beat: None
    engine.process(512)
    assert Change("deck.1.play", 1.0, ENGINE) in changes
    assert engine.desk.state()["beat"] == pytest.approx(512 / 24_000)


def test_a_rehearsal_lets_loops_in_where_the_engine_does(make_source: MakeSource) -> None:
    live_set = LiveSet(
        ({"voice": "kick", "play": 1.0, "refresh_bars": 1.0}, {"voice": "hats"}), tempo_bpm=240.0
    )
    instrument = Instrument("test", 2, (Voice("kick", False), Voice("hats", False)))
    rehearsal = Rehearsal(live_set, silent_source(VOICES), instrument)
    real = AccompaniedEngine(live_set, make_source(), instrument)
    for engine in (rehearsal, real):
        done = set()

        def play(beat: float, engine: AccompaniedEngine = engine, done: set[str] = done) -> None:
            for at, address in ((1.0, "deck.2.play"), (5.0, "deck.1.skip")):
                if beat >= at and address not in done:
                    done.add(address)
                    engine.desk.move(address, 1, source="test")

        engine.companion = play
    rehearsal.play_until(16.0)
    real.process(4 * 48_000)
    for one, other in zip(rehearsal.decks, real.decks, strict=True):
        entered = [entry for entry in other.entered if entry[0] < 16]
        assert list(one.entered)[: len(entered)] == entered
    assert rehearsal.plays(1)
    assert rehearsal.plays(2)
