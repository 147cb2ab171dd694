from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.live.loops import LoopRequest
from aijockey.live.plan import DeckPlan, PlanEvent
from aijockey.live.points import Seed, Way


def swaps_of(events, setup=None, until=256, step=None):
    plan = DeckPlan({"voice": "kick", "refresh_bars": 0.0} | (setup or {}))
    for beat, name, value, *over in events:
        plan.add(PlanEvent(Fraction(beat), name, value, *over))
    if step is None:
        return plan.advance(Fraction(until) + Fraction(1, 1000))  # up to and with
    found = []
    position = Fraction(0)
    while position <= until:
        found += plan.advance(position + Fraction(1, 1000))
        position += Fraction(step)
    return found


def test_a_launch_waits_for_the_grid():
    (swap,) = swaps_of([(5.2, "play", 1.0)], {"quantise_beats": 8.0})
    assert swap.beat == 8
    assert swap.request == LoopRequest("kick", Seed(0))
    (swap,) = swaps_of([(8, "play", 1.0)], {"quantise_beats": 8.0})
    assert swap.beat == 8


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("grid", [0.0, 1.0, 4.0, 8.0, 16.0, 32.0])
@given(beat=st.fractions(0, 200, max_denominator=96))
def test_swaps_fall_on_the_grid_at_once_after_their_event(grid, beat):
    (swap,) = swaps_of([(beat, "play", 1.0)], {"quantise_beats": grid})
    line = Fraction(grid) if grid else Fraction(1, 4)
    assert swap.beat % line == 0
    assert beat <= swap.beat < beat + line


def test_events_of_one_grid_line_make_one_swap():
    swaps = swaps_of([(1, "play", 1.0), (2, "voice", "hats"), (3, "seed", 9.0), (4, "controls.density", 1.5)])
    assert [(swap.beat, swap.request) for swap in swaps] == [
        (4, LoopRequest("hats", Seed(9), (("density", 1.5),)))
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("point", "7"), ("controls.density", 1.0), ("spread", 0.4), ("pad_x", 0.2)]
)
@pytest.mark.parametrize(("ride_beats", "line"), [(1.0, 6), (-1.0, 8), (0.0, Fraction(11, 2)), (16.0, 16)])
def test_a_move_through_latent_space_has_a_grid_of_its_own(name, value, ride_beats, line):
    moments = {f"moment_{number}": f"voice=kick; point={number}" for number in (1, 2, 3, 4)}
    setup = {"play": 1.0, "ride_beats": ride_beats, **moments}
    _, swap = swaps_of([(Fraction(53, 10), name, value)], setup)
    assert swap.beat == line
    assert swap.ride


def test_moves_come_with_a_launch_that_waits():
    events = [(5, "voice", "hats"), (5, "point", "7"), (Fraction(11, 2), "controls.density", 1.0)]
    _, swap = swaps_of(events, {"play": 1.0})
    assert (swap.beat, swap.ride) == (8, False)
    assert swap.request == LoopRequest("hats", Seed(7), (("density", 1.0),))


def test_stop_is_a_swap_to_nothing_and_start_again_asks_again():
    swaps = swaps_of([(0, "play", 1.0), (6, "play", 0.0), (9, "play", 1.0)])
    assert [(swap.beat, swap.request is None) for swap in swaps] == [(0, False), (8, True), (12, False)]


def test_a_walk_shows_at_each_refresh_and_arrives():
    swaps = swaps_of([(0, "play", 1.0), (8, "walk", 5.0, 32.0)], {"refresh_bars": 4.0}, until=64)
    assert [swap.beat for swap in swaps] == [0, 16, 32, 48]
    assert [swap.request.point for swap in swaps] == [
        Seed(0),
        Way(Seed(0), Seed(5), 0.25),
        Way(Seed(0), Seed(5), 0.75),
        Seed(5),
    ]


def test_a_walk_from_the_middle_of_a_walk_starts_where_it_is():
    swaps = swaps_of(
        [(0, "play", 1.0), (0, "walk", 5.0, 32.0), (16, "walk", 7.0, 16.0)], {"refresh_bars": 2.0}, until=32
    )
    points = {float(swap.beat): swap.request.point for swap in swaps}
    half = Way(Seed(0), Seed(5), 0.5)
    assert points[16] in (half, Way(half, Seed(7), 0.0))
    assert points[24] == Way(half, Seed(7), 0.5)
    assert points[32] == Seed(7)


def test_many_unfinished_walks_stay_small():
    events = [(0, "play", 1.0), *((beat, "walk", float(beat), 64.0) for beat in range(0, 500, 3))]
    swaps = swaps_of(events, {"refresh_bars": 1.0}, until=500)
    assert max(swap.request.point.depth for swap in swaps) == 7


def test_a_held_deck_and_an_unmoved_one_ask_once():
    assert len(swaps_of([(0, "play", 1.0)], {"refresh_bars": 0.0})) == 1
    assert len(swaps_of([(0, "play", 1.0)], {"refresh_bars": 1.0})) == 1


def test_a_control_glides_over_its_beats():
    swaps = swaps_of([(0, "play", 1.0), (0, "controls.density", 2.0, 32.0)], {"refresh_bars": 2.0}, until=40)
    assert [dict(swap.request.controls)["density"] for swap in swaps] == [0.0, 0.5, 1.0, 1.5, 2.0]


@settings(max_examples=40, deadline=None)
@given(
    events=st.lists(
        st.tuples(
            st.integers(0, 100),
            st.sampled_from(["play", "seed", "walk", "refresh_bars"]),
            st.integers(0, 1).map(float),
            st.sampled_from([0.0, 8.0]),
        ),
        max_size=8,
    ),
    step=st.sampled_from([Fraction(1, 4), Fraction(1, 3), 7]),
)
def test_how_often_the_plan_is_asked_does_not_matter(events, step):
    whole = swaps_of(events, until=126)
    assert swaps_of(events, until=126, step=step) == [
        swap for swap in whole if swap.beat <= 126 // step * step
    ]


def test_points_and_requests_travel_as_json():
    request = LoopRequest("kick", Way(Seed(3), Way(Seed(4), Seed(5), 0.25), 0.5), (("a", -1.0), ("b", 0.5)))
    assert LoopRequest.from_json(request.as_json()) == request
