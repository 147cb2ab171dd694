"""What a hand does to the transport, through the engine: taps, nudges, ramps, the counter; and decks by number."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.control.parameters import MAX_DECKS, ParameterError
from aijockey.errors import AijockeyError
from aijockey.live.engine import Engine
from aijockey.live.set_file import Event, LiveSet, SetError
from aijockey.live.tapping import TapTempo
from aijockey.music.grid import RATE_HZ


def engine_of(make_source, decks=({"voice": "kick", "play": 1.0},), **settings):
    return Engine(LiveSet(tuple(decks), **settings), make_source())


@given(bpm=st.floats(20, 300), jitter=st.lists(st.floats(-0.02, 0.02), min_size=8, max_size=8))
def test_taps_of_a_hand_that_is_not_quite_steady_give_the_tempo(bpm, jitter):
    tapping, found = TapTempo(), None
    for number, slip in enumerate(jitter):
        found = tapping.tap(100.0 + (number + slip) * 60.0 / bpm)
        assert (found is None) == (number < 2)
    assert found == pytest.approx(bpm, rel=0.02, abs=0.01)


@given(times=st.lists(st.floats(0, 1e6), max_size=20))
def test_no_taps_at_all_break_it(times):
    tapping = TapTempo()
    for time_s in times:
        found = tapping.tap(time_s)
        assert found is None or 20 <= found <= 300


def test_a_slip_is_left_out_and_a_pause_begins_anew():
    tapping = TapTempo()
    for time_s in (0.0, 0.5, 1.0, 1.12, 1.5, 2.0):
        found = tapping.tap(time_s)
    assert found == pytest.approx(120.0, abs=1.0)
    assert tapping.tap(9.0) is None


def test_taps_become_a_tempo_in_the_log_and_are_none_themselves(make_source):
    engine = engine_of(make_source)
    for time_s in (50.0, 50.4, 50.8, 51.2):
        engine.submit("transport.tap", time_s)
        engine.process(4096)
    assert engine.tempo_bpm == pytest.approx(150.0)
    assert {event.address for event in engine.performance.events} == {"transport.tempo_bpm"}


def test_a_nudge_bends_the_tempo_and_lets_go_by_itself(make_source):
    engine = engine_of(make_source)
    engine.process(1024)
    engine.submit("transport.nudge", 5.0, 2.0)
    engine.process(1024)
    assert engine.tempo_bpm == pytest.approx(126.0)
    assert engine.state()["target_bpm"] == 120.0
    engine.process(2 * RATE_HZ)
    assert engine.tempo_bpm == 120.0
    # In two beats at 126 the transport has gained a twentieth of two beats of time.
    ahead = engine.position_beats - engine.position_samples / RATE_HZ * 2
    assert ahead == pytest.approx(2 - 2 / 1.05, abs=1e-6)


def test_a_nudge_within_a_ramp_bends_it_and_the_ramp_arrives(make_source):
    engine = engine_of(make_source)
    engine.submit("transport.tempo_bpm", 150.0, 8.0)
    engine.process(RATE_HZ)
    middle = engine.tempo_bpm
    assert 120.0 < middle < 150.0
    engine.submit("transport.nudge", -4.0, 1.0)
    engine.process(2048)
    assert engine.tempo_bpm < middle + 1.0
    engine.process(5 * RATE_HZ)
    assert engine.tempo_bpm == pytest.approx(150.0)


@pytest.mark.parametrize("tempo_bpm", [20.0, 300.0])
def test_the_slowest_and_the_fastest_tempo_play(tempo_bpm, make_source):
    decks = [{"voice": voice, "play": 1.0, "gain_db": -6.0} for voice in ("kick", "tone", "ramp")]
    sound = engine_of(make_source, decks, tempo_bpm=tempo_bpm).process(4 * RATE_HZ)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.1
    for wrong in (19.9, 300.1, float("nan")):
        with pytest.raises(ParameterError, match="20 to 300"):
            engine_of(make_source).submit("transport.tempo_bpm", wrong)


def test_the_counter_counts_bars_and_phrases_from_nought(make_source):
    engine = engine_of(make_source, tempo_bpm=120.0)
    seen = []
    for _ in range(40):
        state = engine.state()
        seen.append((state["phrase"], state["bar_of_phrase"], int(state["beat"])))
        engine.process(RATE_HZ // 2)  # a beat
    assert seen == [(bar // 8, bar % 8, beat) for bar, beat in itertools.product(range(10), range(4))]


@pytest.mark.parametrize("decks", [1, MAX_DECKS])
def test_one_deck_plays_and_sixteen_do(decks, make_source):
    engine = engine_of(
        make_source,
        [{"voice": "tone", "seed": float(n), "play": 1.0, "gain_db": -20.0} for n in range(decks)],
    )
    assert np.abs(engine.process(RATE_HZ)).max() > 0.01
    assert [deck["plays"] for deck in engine.state()["decks"]] == [True] * decks
    with pytest.raises(AijockeyError, match="deck"):
        engine.submit(f"deck.{decks + 1}.play", 1.0)
    with pytest.raises(SetError, match="1 to 16 decks"):
        LiveSet(({"voice": "kick"},) * (MAX_DECKS + 1))


def test_a_deck_shows_what_it_plays_what_comes_and_what_is_late(make_source):
    engine = engine_of(make_source, [{"voice": "kick", "play": 1.0, "seed": 3.0, "quantise_beats": 4.0}])
    engine.process(RATE_HZ)
    engine.submit("deck.1.voice", "hats")
    engine.submit("deck.1.enqueue", "5 m2")
    engine.submit("deck.1.store", 2)
    while not engine.state()["decks"][0]["next"]:
        engine.process(512)
    deck = engine.state()["decks"][0]
    assert deck["loop"] == "voice=kick; point=3"
    assert deck["next"] == "voice=hats; point=3"
    assert deck["enters"] % 4 == 0
    assert (deck["queue"], deck["moments"][:3], deck["late"]) == ("5 m2", (False, True, False), False)


@pytest.mark.parametrize(
    ("address", "value", "says"),
    [
        ("deck.1.voice", "kik", "did you mean kick"),
        ("deck.1.enqueue", "m9", "m9"),
        ("deck.1.queue", "x", "'x'"),
        ("deck.1.moment_1", "gain_db=99", "out of range"),
        ("deck.1.roll_beats", 3.0, "one of"),
        ("deck.1.nothing", 1, "no parameter"),
        ("transport.quantise_beats", 3, "one of"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_changes_nothing(address, value, says, make_source):
    engine = engine_of(make_source)
    with pytest.raises(AijockeyError, match=says):
        engine.submit(address, value)
    assert not engine.performance.events
    assert len(engine.conductor.history) == 0


def test_halving_and_doubling_go_through_the_lengths_and_stop_at_their_ends(make_source):
    engine = engine_of(make_source)
    lengths = []
    for gesture in ["halve"] * 7 + ["double"] * 7:
        engine.submit(f"deck.1.{gesture}", 1)
        engine.process(512)
        lengths.append(engine.state()["decks"][0]["loop_beats"])
    assert lengths == [4, 2, 1, 0.5, 0.25, 0.125, 0.125, 0.25, 0.5, 1, 2, 4, 8, 8]
    assert {event.address for event in engine.performance.events} == {"deck.1.loop_beats"}


def test_a_set_may_hold_what_hands_do_at_its_beat(make_source):
    events = (Event(2.0, "transport.nudge", 4.0, 1.0), Event(4.0, "transport.tempo_bpm", 140.0, 2.0))
    engine = engine_of(make_source, events=events)
    engine.process(RATE_HZ * 6)
    assert engine.tempo_bpm == 140.0
