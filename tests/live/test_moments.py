"""Moments and queues as texts, and what a deck makes of them: loops in their order, on the grid."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.control.parameters import ParameterError
from aijockey.errors import AijockeyError
from aijockey.live.moments import format_moment, format_queue, parse_moment, parse_queue
from aijockey.live.plan import DeckPlan, PlanEvent
from aijockey.live.points import Point, Seed, Way


@given(
    voice=st.text(max_size=12),
    point=st.from_type(Point),
    control=st.text(min_size=1, max_size=8),
    density=st.floats(-4, 4),
    gain_db=st.floats(-90, 12),
)
def test_a_moment_is_read_as_it_was_written(voice, point, control, density, gain_db):
    values = {
        "voice": voice, "point": str(point), f"controls.{control}": density, "gain_db": gain_db, "side": "a",
        "loop_beats": 2.0, "insert_1": "gate", "insert_1_plugin": "",
    }  # fmt: skip
    assert parse_moment(format_moment(values)) == values


@given(items=st.lists(st.one_of(st.from_type(Point), st.integers(1, 8)), max_size=8).map(tuple))
def test_a_queue_is_read_as_it_was_written(items):
    assert parse_queue(format_queue(items)) == items


@pytest.mark.parametrize(
    "text", ["m9", "m0", "x", "7>", "7>8", "7>8@2", "-1", "1 " * 65, "7>8@nan", "٣", "1e3", " "]
)
def test_what_is_no_queue_is_refused(text):
    with pytest.raises(AijockeyError):
        parse_queue(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [("gain_db", "name=value"), ("gain_db=loud", "number"), ("gain_db=99", "out of range"), ("play=1", "play"),
     ("halve=1", "halve"), ("side=c", "side"), ("nothing=1", "no parameter"), ("queue=1", "queue")],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text, says):
    with pytest.raises(ParameterError, match=says):
        parse_moment(text)


def swaps(setup, events=(), until=64):
    plan = DeckPlan({"voice": "a", "play": 1.0, "refresh_bars": 2.0, "quantise_beats": 4.0} | setup)
    for beat, name, value, *over in events:
        plan.add(PlanEvent(Fraction(beat), name, value, *over))
    return [
        (float(swap.beat), swap.request.point if swap.request else None)
        for swap in plan.advance(Fraction(until))
    ]


def test_what_is_queued_comes_one_a_refresh_and_then_the_last_one_stays():
    queue = "4 5>6@0.5 m2"
    setup = {"queue": queue, "moment_2": "voice=b; point=9"}
    # The queue's first is for the first refresh, not for the launch.
    assert swaps(setup) == [
        (0.0, Seed(0)), (8.0, Seed(4)), (16.0, Way(Seed(5), Seed(6), 0.5)), (24.0, Seed(9)),
    ]  # fmt: skip


def test_skip_takes_the_next_of_the_queue_or_the_next_seed_at_once():
    events = [(1, "skip", 1.0), (5, "skip", 1.0), (9.5, "skip", 1.0), (9.75, "skip", 1.0)]
    found = swaps({"queue": "40", "seed": 7.0, "refresh_bars": 0.0}, events)
    assert found == [(0.0, Seed(7)), (4.0, Seed(40)), (8.0, Seed(41)), (12.0, Seed(43))]


def test_a_moment_launches_a_stopped_deck_and_an_empty_one_does_not():
    setup = {"play": 0.0, "moment_1": "voice=b; point=3; gain_db=-6"}
    assert swaps(setup, [(5, "moment", 1.0)]) == [(8.0, Seed(3))]
    assert swaps(setup, [(5, "moment", 2.0)]) == []


def test_the_mixer_of_a_moment_comes_with_its_loop_on_the_line():
    plan = DeckPlan({"voice": "a", "play": 1.0, "moment_1": "point=3; gain_db=-6; pan=0.5"})
    plan.add(PlanEvent(Fraction(5), "moment", 1.0))
    first, second = plan.advance(Fraction(16))
    assert not first.mixer
    assert (second.beat, dict(second.mixer)) == (8, {"gain_db": -6.0, "pan": 0.5})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("hold", [0.0]),  # not even what a control did
        ("bars", [0.0, 8.0, 16.0, 24.0]),  # as long as it walks, every two bars
        ("change", [0.0, 4.0, 8.0, 12.0, 16.0, 20.0]),  # each bar while it moves, and then no more
    ],
)
def test_the_policy_says_when_loops_are_renewed(policy, expected):
    events = [(3, "walk", 9.0, 17.0), (30, "controls.density", 0.0)]
    found = [beat for beat, _ in swaps({"refresh": policy}, events, until=29)]
    assert found == expected


def test_on_change_a_control_is_heard_at_the_next_line_and_nothing_else_is_renewed():
    events = [(5, "controls.density", 1.0), (21.5, "controls.density", 0.5)]
    assert [beat for beat, _ in swaps({"refresh": "change"}, events)] == [0.0, 5.0, 22.0]
    on_bars = {"refresh": "change", "ride_beats": -1.0}
    assert [beat for beat, _ in swaps(on_bars, events)] == [0.0, 8.0, 24.0]


@pytest.mark.parametrize(
    ("grid", "line"), [(0.0, 5.5), (1.0, 6.0), (4.0, 8.0), (8.0, 8.0), (16.0, 16.0), (32.0, 32.0)]
)
def test_every_quantisation_launches_on_its_own_line(grid, line):
    assert swaps({"play": 0.0, "quantise_beats": grid}, [(5.4, "play", 1.0)], 40)[0][0] == line
    common = swaps({"play": 0.0, "quantise_beats": -1.0},
                   [(0, "transport.quantise_beats", grid), (5.4, "play", 1.0)], 40)  # fmt: skip
    assert common[0][0] == line
