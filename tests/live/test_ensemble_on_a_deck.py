"""Ensembles as a deck plays them: planned, glided, dealt, undone, written down and heard again."""

import json
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from aijockey.control.parameters import ParameterError
from aijockey.live.engine import Engine
from aijockey.live.loop_maker import LoopMaker
from aijockey.live.loop_source import DirectSource
from aijockey.live.loops import LoopError, LoopRequest
from aijockey.live.members import Ensemble
from aijockey.live.moments import parse_queue
from aijockey.live.plan import DeckPlan, PlanEvent, request_text
from aijockey.live.points import Blend, Neighbour, Seed
from aijockey.live.processes.restore import entry_message, entry_of
from aijockey.live.set_file import LiveSet, format_set, parse_set
from aijockey.live.set_parts import checked
from aijockey.music.grid import BAR_SAMPLES, LOOP_SAMPLES, RATE_HZ

HZ = np.arange(LOOP_SAMPLES // 2 + 1) * RATE_HZ / LOOP_SAMPLES
VOICES = {"noise": False}


class NoiseGenerator:
    """Steady noise whose spectrum is the latent: neighbours sound a little different."""

    def latent(self, voice, seed):
        return np.random.default_rng(seed).normal(size=(2, 400)).astype(np.float32)

    def generate(self, voice, latents, controls=None):
        spectra = np.zeros((len(latents), len(HZ)), np.complex64)
        bins = np.linspace(200, 40_000, 400).astype(int)
        spectra[:, bins] = latents[:, 0] + 1j * latents[:, 1]
        return np.fft.irfft(spectra, n=LOOP_SAMPLES).astype(np.float32) * 100


@pytest.fixture(scope="module")
def maker():
    return LoopMaker(NoiseGenerator())


@pytest.fixture
def make_engine(maker):
    def make(live_set, channels=2):
        return Engine(live_set, DirectSource(maker, VOICES, channels=channels, strict=True))

    return make


def deck(**values):
    return {"voice": "noise", "play": 1.0, "seed": 3.0, "refresh": "hold"} | values


def correlation(sound):
    return float(np.corrcoef(sound)[0, 1])


def test_spread_makes_a_deck_wide_and_none_leaves_it_mono(make_engine):
    found = []
    for spread in (0.0, 0.4, 1.2):
        engine = make_engine(LiveSet((deck(spread=spread),)))
        engine.process(4096)
        found.append(correlation(engine.process(RATE_HZ)))
    assert found[0] == pytest.approx(1.0, abs=1e-9)
    assert found[-1] < 0.8
    assert all(after < before for before, after in pairwise(found))


def test_mono_loops_sound_the_same_whether_others_could_be_wide(make_engine):
    """So a performance that was played in stereo is rendered in mono where it never used it."""
    inserts = [
        {"insert_1": name, "insert_1_amount": 0.8}
        for name in ("compressor", "drive", "phaser", "crusher", "gate")
    ]
    strip = {"pan": -0.5, "filter": 0.4, "low_db": -9.0, "width": 2.0, "echo_send": 0.5, "room_send": 0.5}
    live_set = LiveSet(
        tuple(deck(gain_db=-9.0, seed=float(n), **each) for n, each in enumerate([strip, *inserts]))
    )
    assert live_set.channels == 1
    mono, stereo = (make_engine(live_set, channels).process(BAR_SAMPLES) for channels in (1, 2))
    np.testing.assert_allclose(stereo, mono, atol=1e-5)


def test_a_set_says_whether_it_needs_two_channels():
    moment = "voice=noise; point=3; spread=0.5"
    for decks, events in [
        ((deck(spread=0.3),), ()),
        ((deck(moment_2=moment),), ()),
        ((deck(),), [(4.0, "deck.1.spread", 0.3)]),
        ((deck(),), [(4.0, "deck.1.loop", moment)]),
    ]:
        live_set = LiveSet(decks, tuple(event(*each) for each in events))
        assert live_set.channels == 2
        assert parse_set(format_set(live_set)) == live_set
    assert LiveSet((deck(members=6.0),)).channels == 1


def event(beat, address, value, over_beats=0.0):
    from aijockey.live.set_file import Event

    return Event(beat, address, value, over_beats)


def requests_of(plan, beats):
    return [(float(swap.beat), swap.request) for swap in plan.advance(Fraction(beats))]


def test_the_spread_is_turned_at_grid_lines_and_glides():
    plan = DeckPlan(deck(refresh="change", voice="noise"))
    plan.add(PlanEvent(Fraction(2), "spread", 0.8, 16.0))
    swaps = requests_of(plan, 25)
    assert [beat for beat, _ in swaps] == [0, 4, 8, 12, 16, 20]
    spreads = [request.ensemble.spread if request.ensemble else 0.0 for _, request in swaps]
    np.testing.assert_allclose(spreads, [0.0, 0.1, 0.3, 0.5, 0.7, 0.8])
    assert {request.point for _, request in swaps} == {Seed(3)}


def test_knobs_of_the_ensemble_act_at_the_next_line_and_hold_waits():
    for refresh, expected in [("bars", [0, 2]), ("hold", [0])]:
        plan = DeckPlan(deck(refresh=refresh, refresh_bars=0.0, spread=0.3))
        plan.add(PlanEvent(Fraction(3, 2), "member_solo", 2.0))
        assert [beat for beat, _ in requests_of(plan, 16)] == expected


def test_a_moment_without_spread_is_one_member_and_one_with_it_brings_it_back():
    plan = DeckPlan(deck(spread=0.3, member_pans="-1 x 1"))
    ((_, request),) = requests_of(plan, 1)
    text = request_text(request)
    assert text == "voice=noise; point=3; spread=0.3; member_pans=-1%20x%201"
    plan.add(PlanEvent(Fraction(2), "loop", "voice=noise; point=5"))
    plan.add(PlanEvent(Fraction(6), "loop", text))
    assert [each.ensemble for _, each in requests_of(plan, 16)] == [None, request.ensemble]


def test_another_plan_that_takes_over_goes_on_with_the_glide():
    plan = DeckPlan(deck(refresh="change"))
    plan.add(PlanEvent(Fraction(0), "spread", 0.8, 16.0))
    plan.advance(Fraction(8))
    setup, moves = plan.setup_at(Fraction(8))
    heir = DeckPlan(setup | {"play": 1.0})
    for move in moves:
        heir.add(move)
    expected = [(beat - 8, request) for beat, request in requests_of(plan, 24)]
    got = requests_of(heir, 16)
    assert [request for _, request in got if request][-1] == expected[-1][1]


def test_dealt_members_play_on_decks_of_their_own_where_they_stood(make_engine):
    decks = (deck(spread=0.4, members=3.0), {"seed": 9.0}, {}, {})
    engine = make_engine(LiveSet(decks, mixer={"transport.quantise_beats": 1.0}))
    played = [engine.process(BAR_SAMPLES // 2)]
    engine.submit("deck.1.deal", 1)
    played.append(engine.process(BAR_SAMPLES))
    texts = [state["loop"] for state in engine.state()["decks"]]
    assert texts == [
        "voice=noise; point=3", "voice=noise; point=3~4294967297@0.4", "voice=noise; point=3~4294967298@0.4", "",
    ]  # fmt: skip
    values = engine.conductor.values
    assert [values[f"deck.{number}.pan"] for number in (1, 2, 3)] == [-1.0, 0.0, 1.0]
    assert values["deck.2.trim_db"] == pytest.approx(-4.77, abs=0.01)
    replay = make_engine(parse_set(format_set(engine.recorded())))
    np.testing.assert_array_equal(replay.process(3 * BAR_SAMPLES // 2), np.concatenate(played, axis=1))


def test_dealing_is_one_step_to_take_back(make_engine):
    engine = make_engine(LiveSet((deck(spread=0.4), deck(seed=9.0), {})))
    engine.process(BAR_SAMPLES)
    engine.submit("deck.1.deal", 1)
    engine.process(BAR_SAMPLES)
    engine.submit("history.undo", 1)
    engine.process(2 * BAR_SAMPLES)
    states = engine.state()["decks"]
    assert [state["loop"] for state in states] == [
        "voice=noise; point=3; spread=0.4", "voice=noise; point=9", "",
    ]  # fmt: skip
    assert engine.conductor.values["deck.1.trim_db"] == 0.0
    assert engine.submit("history.undo", 1) is None


def test_there_is_nothing_to_deal_without_an_ensemble(make_engine):
    engine = make_engine(LiveSet((deck(), {})))
    engine.process(BAR_SAMPLES)
    assert engine.submit("deck.1.deal", 1) is None


def test_knobs_of_the_ensemble_are_taken_back(make_engine):
    engine = make_engine(LiveSet((deck(spread=0.4),)))
    engine.process(4096)
    for name, value in [("spread", 0.9), ("members", 2.0), ("member_pans", "1 -1"), ("member_solo", 2.0)]:
        before = engine.conductor.values[f"deck.1.{name}"]
        engine.submit(f"deck.1.{name}", value)
        engine.process(4096)
        engine.submit("history.undo", 1)
        assert engine.conductor.values[f"deck.1.{name}"] == before
        engine.process(BAR_SAMPLES // 3)  # a step of its own


def test_more_like_this_queues_neighbours_of_what_plays(make_engine):
    engine = make_engine(LiveSet((deck(refresh="bars", refresh_bars=1.0, spread=0.2, queue="12 13 14"),)))
    engine.process(5 * BAR_SAMPLES // 8)  # what comes with the next bar is fixed already
    queued = engine.submit("deck.1.more_like_this", 0.3)
    items = parse_queue(str(queued.value))
    assert [type(item) for item in items] == [Neighbour] * 4 + [Seed] * 2
    assert {(item.start, item.distance) for item in items[:4]} == {(Seed(3), 0.3)}
    assert len({item.toward for item in items[:4]}) == 4
    again = engine.submit("deck.1.more_like_this", 0.3)
    assert len(parse_queue(str(again.value))) == 10
    engine.process(3 * BAR_SAMPLES)
    present = engine.decks[0].request
    assert isinstance(present.point, Neighbour)
    assert present.ensemble == Ensemble(0.2, 4)
    engine.submit("history.undo", 1)
    for bad in (0.0, 2.0, float("nan")):
        with pytest.raises(ParameterError):
            engine.submit("deck.1.more_like_this", bad)


def test_a_point_that_is_too_long_says_so(make_engine):
    from aijockey.live.gestures import deal, more_like_this

    long = Blend(tuple(Seed(2**60 + number) for number in range(44)), (1.0,) * 44)
    request = LoopRequest("noise", long, ensemble=Ensemble(0.3, 2))
    assert long.fits or len(str(long)) > 1000
    for act in (lambda: more_like_this(request, 0.3, "-", 1), lambda: deal(request, 0, 2, [0.0, 0.0])):
        with pytest.raises(LoopError, match="too long"):
            act()


@pytest.mark.parametrize("value", ["left", "-1 2", ""])
def test_places_are_checked_where_they_come_in(value):
    with pytest.raises(Exception, match=r"places|not a name|expected"):
        checked("deck.1.member_pans", value)


def test_an_entry_of_a_performance_names_the_ensemble(make_engine):
    engine = make_engine(LiveSet((deck(spread=0.4, members=3.0),)))
    engine.process(BAR_SAMPLES)
    text = format_set(engine.recorded())
    assert "spread = 0.4, members = 3" in text
    entry = parse_set(text).entries[0]
    assert entry.request == engine.decks[0].request
    assert entry_of(json.loads(json.dumps(entry_message(entry)))) == entry
