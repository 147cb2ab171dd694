from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.control.parameters import WALK_KINDS
from aijockey.live.latent_math import angle_between, latent_at
from aijockey.live.moments import format_moment
from aijockey.live.pace import USUAL_PACE, Pace, pace_of
from aijockey.live.plan import DeckPlan, PlanEvent
from aijockey.live.point_text import read_point
from aijockey.live.points import Blend, Neighbour, Seed, Way
from aijockey.live.ride import PAD_PLACES, bred, pad_point, shaken, shortened
from aijockey.live.walks import WALKS, directions_of, walk_point

SHAPE = (64, 64)
BY_PACE = [name for name, walk in WALKS.items() if not walk.by_period]
SLOW = Pace((0.1, 1.0), (1.0, 10.0))  # a tenth of a radian is a decibel


@cache
def normal(seed):
    return np.random.default_rng([seed, 5]).normal(size=SHAPE).astype(np.float32)


def latents(points):
    return [latent_at(point, normal) for point in points]


def steps_of(path):
    return np.array([angle_between(a, b) for a, b in pairwise(path)])


def points_of(setup, events=(), until=200, paces=None):
    plan = DeckPlan({"voice": "kick", "play": 1.0, "refresh": "change", **setup}, paces=paces)
    for beat, name, value, *over in events:
        plan.add(PlanEvent(Fraction(beat), name, value, *over))
    return {float(swap.beat): swap.request.point for swap in plan.advance(Fraction(until) + Fraction(1, 9))}


def test_the_table_of_parameters_names_every_walk():
    assert ("none", *WALKS) == WALK_KINDS


@pytest.mark.parametrize("kind", BY_PACE)
@pytest.mark.parametrize("range_rad", [0.3, 0.6, 1.0])
def test_a_walk_by_pace_has_no_jumps_and_the_pace_that_was_asked_for(kind, range_rad):
    gone = np.arange(0, 60, 0.05)
    path = latents(walk_point(Seed(7), kind, 3, range_rad, float(angle)) for angle in gone)
    steps = steps_of(path)
    # From the first step on, and wherever on the sphere it is; a few parts in a hundred are the noise of directions.
    assert steps == pytest.approx(0.05, rel=0.1)
    assert steps[:20].mean() == pytest.approx(0.05, rel=0.05)
    assert steps.mean() == pytest.approx(0.05, rel=0.03)
    away = np.array([angle_between(normal(7), latent) for latent in path])
    assert away[0] == 0.0
    assert away.max() < 1.6 * range_rad
    assert away.max() > 0.9 * range_rad


@pytest.mark.parametrize("kind", BY_PACE)
def test_walks_of_other_seeds_go_elsewhere_and_the_same_seed_goes_the_same_way(kind):
    one, again, other = (walk_point(Seed(7), kind, seed, 0.6, 1.0) for seed in (3, 3, 4))
    assert one == again
    assert angle_between(*latents([one, other])) > 0.3
    assert not set(directions_of(kind, 3)) & set(directions_of(kind, 4))


def test_a_circle_closes_and_an_orbit_stays_at_its_distance():
    turn = 2 * np.pi * np.sin(0.3)
    assert walk_point(Seed(7), "circle", 1, 0.6, turn) == Seed(7)
    for gone in np.linspace(4, 20, 30):
        (latent,) = latents([walk_point(Seed(7), "orbit", 1, 0.5, float(gone))])
        assert angle_between(normal(7), latent) == pytest.approx(0.5, abs=0.02)


def test_walks_by_period_repeat_and_do_what_they_are_called():
    at = {
        kind: [np.arcsin(WALKS[kind].place(0.5, gone, 0)[1]) for gone in (0.0, 0.25, 0.5, 0.75)]
        for kind in ("sine", "triangle", "decay")
    }
    assert at["sine"] == pytest.approx([0, 0.5, 0, -0.5])
    assert at["triangle"] == pytest.approx([0, 0.25, 0.5, 0.25])
    assert at["decay"][0] == pytest.approx(0.5)
    assert at["decay"] == sorted(at["decay"], reverse=True)
    for kind in at:
        assert walk_point(Seed(7), kind, 3, 0.5, 0.3) == walk_point(Seed(7), kind, 3, 0.5, 4.3)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("range_rad", [0.0, 1e-3, 0.6, 1.5])
def test_places_of_walks_lie_on_the_sphere(kind, range_rad):
    for gone in (0.0, 0.01, 0.7, 30.0):
        place = WALKS[kind].place(range_rad, gone, 2)
        assert len(place) == WALKS[kind].directions + 1
        assert np.linalg.norm(place) == pytest.approx(1.0)


def test_drift_never_comes_back_within_many_turns():
    path = [WALKS["drift"].place(0.6, gone, 5) for gone in np.arange(3.0, 200.0, 0.1)]
    assert min(np.linalg.norm(np.array(path[500:]) - path[0], axis=1)) > 0.02


@given(changes=st.lists(st.floats(0.01, 30), min_size=2, max_size=6, unique=True), change=st.floats(0, 40))
def test_a_pace_is_read_from_its_curve(changes, change):
    rising = tuple(sorted(changes))
    pace = Pace(tuple(0.1 * (index + 1) for index in range(len(rising))), rising)
    for angle, at in zip(pace.angles_rad, pace.changes_db, strict=True):
        assert pace.angle_rad(at) == pytest.approx(angle)
    assert 0.0 <= pace.angle_rad(change) <= pace.angles_rad[-1]
    assert pace.angle_rad(change) <= pace.angle_rad(change * 1.1)
    assert pace_of("unknown", {}) is USUAL_PACE


def test_a_deck_walks_at_its_voices_pace():
    setup = {"walk_kind": "orbit", "walk_pace": 2.0, "walk_range": 0.5}
    points = points_of(setup, paces={"kick": SLOW})
    assert list(points) == list(np.arange(0.0, 201.0, 4.0))  # a new loop every bar
    assert points[0.0] == Seed(0)
    assert points[20.0] == walk_point(Seed(0), "orbit", 0, 0.5, 5 * 0.2)
    slower = points_of({**setup, "voice": "hats"}, paces={"kick": SLOW})
    assert slower[20.0] == walk_point(Seed(0), "orbit", 0, 0.5, 5 * USUAL_PACE.angle_rad(2.0))


def test_turning_the_pace_or_the_range_does_not_jump():
    setup = {"walk_kind": "orbit", "walk_pace": 1.0, "walk_range": 0.5}
    points = points_of(setup, [(50, "walk_pace", 3.0)], until=100, paces={"kick": SLOW})
    path = latents(points.values())
    steps = steps_of(path)
    assert steps.max() < 0.35
    assert points[100.0] == walk_point(Seed(0), "orbit", 0, 0.5, 12.5 * 0.1 + 12.5 * 0.3)


def test_a_jump_is_heard_as_it_is_and_the_walk_begins_again_there():
    setup = {"walk_kind": "orbit", "walk_pace": 2.0}
    points = points_of(setup, [(41, "seed", 9.0), (81, "point", "7~3@0.2")], until=100, paces={"kick": SLOW})
    assert points[44.0] == Seed(9)
    assert points[48.0] == walk_point(Seed(9), "orbit", 0, 0.6, 0.2)
    assert points[81.0] == read_point("7~3@0.2")


def test_a_walk_goes_around_where_a_glide_is():
    events = [(0, "glide", "7~3@0.5", 64.0)]
    points = points_of({"walk_kind": "sine", "walk_beats": 16.0, "walk_range": 0.3}, events, until=80)
    assert points[32.0] == Way(Seed(0), Neighbour(Seed(7), 3, 0.5), 0.5)  # at a zero of the sine
    assert points[36.0].parts[0] == Way(Seed(0), Neighbour(Seed(7), 3, 0.5), 36 / 64)
    assert points[80.0] == Neighbour(Seed(7), 3, 0.5)


def test_a_hand_puts_the_walk_anywhere_along_its_path():
    setup = {"walk_kind": "circle", "walk_pace": 0.0}
    points = points_of(setup, [(5, "walk_place", 0.4), (21, "walk_kind", "none")], until=40)
    assert points == {0.0: Seed(0), 5.0: walk_point(Seed(0), "circle", 0, 0.6, 0.4), 21.0: Seed(0)}


MOMENTS = {f"moment_{number}": f"voice=kick; point={number}" for number in (1, 2, 3, 4)}


def test_the_pad_mixes_by_distance():
    texts = {number: MOMENTS[f"moment_{number}"] for number in (1, 2, 3, 4)}
    for number in texts:
        assert pad_point(*PAD_PLACES[number - 1], texts, "kick") == Seed(number)
    middle = pad_point(0.5, 0.5, texts, "kick")
    assert middle == Blend(tuple(map(Seed, (1, 2, 3, 4))), (0.25,) * 4)
    upper = pad_point(0.5, 0.9, texts, "kick")
    assert upper.weights[0] == upper.weights[1] > 4 * upper.weights[2]
    assert pad_point(0.5, 0.5, {1: "voice=hats; point=3"}, "kick") is None
    assert pad_point(0.5, 0.5, {1: "gain_db=-3"}, "kick") is None


def test_a_deck_follows_the_pad_and_leaves_it_with_the_next_jump():
    points = points_of(
        MOMENTS,
        [(5, "pad_x", 0.0), (9, "pad_y", 1.0), (13, "pad_y", 0.0, 8.0), (30, "seed", 5.0)],
        until=40,
    )
    texts = {number: MOMENTS[f"moment_{number}"] for number in (1, 2, 3, 4)}
    assert points[5.0] == pad_point(0.0, 0.5, texts, "kick")
    assert points[9.0] == Seed(1)
    assert points[16.0] == pad_point(0.0, 1.0 - 3 / 8, texts, "kick")
    assert points[24.0] == Seed(4)
    assert points[32.0] == Seed(5)


def test_morphing_names_both_voices_only_while_both_are_heard():
    plan = DeckPlan({"voice": "kick", "play": 1.0, "refresh": "change", "morph_voice": "hats"})
    for beat, name, value, over in [(2, "morph", 1.0, 16.0), (30, "morph_voice", "", 0.0)]:
        plan.add(PlanEvent(Fraction(beat), name, value, over))
    swaps = {float(swap.beat): swap.request for swap in plan.advance(Fraction(50))}
    assert (swaps[0.0].second_voice, swaps[0.0].morph) == ("", 0.0)
    assert (swaps[8.0].second_voice, swaps[8.0].morph) == ("hats", 6 / 16)
    assert (swaps[20.0].second_voice, swaps[20.0].morph) == ("hats", 1.0)
    assert swaps[32.0].second_voice == ""
    moment = {"voice": "kick", "point": "3", "morph_voice": "hats", "morph": 0.5}
    plan.add(PlanEvent(Fraction(60), "loop", format_moment(moment)))
    (swap,) = plan.advance(Fraction(70))
    assert (swap.request.second_voice, swap.request.morph) == ("hats", 0.5)


events = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(
            [
                ("walk_kind", "orbit"), ("walk_kind", "sine"), ("walk_kind", "none"), ("walk_pace", 3.0),
                ("walk_range", 0.2),
                ("walk_seed", 4.0), ("walk_place", 0.7), ("pad_x", 0.2), ("pad_y", 0.8), ("glide", "9"), ("walk", 5.0),
                ("seed", 8.0), ("morph", 0.5), ("voice", "hats"), ("play", 0.0), ("skip", 1.0), ("moment", 2.0),
            ]
        ),
        st.sampled_from([0.0, 10.0]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(events=events, cut=st.integers(4, 70))
def test_a_plan_that_takes_over_rides_on_as_the_other_would_have(events, cut):
    setup = {
        "voice": "kick",
        "play": 1.0,
        "refresh": "change",
        "walk_kind": "drift",
        "morph_voice": "snare",
    } | MOMENTS
    first = DeckPlan(setup, paces={"kick": SLOW})
    for beat, (name, value), over in sorted(events, key=lambda event: event[0]):
        first.add(PlanEvent(Fraction(beat), name, value, over))
    first.advance(Fraction(cut))
    standing, moves = first.foresee(Fraction(cut)).setup_at(Fraction(cut))
    second = DeckPlan(standing, paces={"kick": SLOW})
    for move in moves:
        second.add(move)
    second = second.foresee(Fraction(0))
    whole = first.foresee(Fraction(cut))
    for later in (0, 1, 5, 30):
        one, other = (
            latent_at(plan.point(Fraction(beat)), normal)
            for plan, beat in ((whole, cut + later), (second, later))
        )
        assert angle_between(one, other) < 0.02


@settings(max_examples=40, deadline=None)
@given(
    events=events.filter(lambda drawn: all(event[1][0] != "skip" for event in drawn)),
    step=st.sampled_from([Fraction(1, 4), Fraction(7, 3), 7]),
)
def test_how_often_a_walking_plan_is_asked_does_not_matter(events, step):
    found = []
    for often in (None, step):
        plan = DeckPlan({"voice": "kick", "play": 1.0, "walk_kind": "drift", "refresh": "change"})
        for beat, (name, value), over in sorted(events, key=lambda event: event[0]):
            plan.add(PlanEvent(Fraction(beat), name, value, over))
        if often is None:
            swaps = plan.advance(Fraction(80))
        else:
            swaps = [swap for at in range(1, 500) if at * often <= 80 for swap in plan.advance(at * often)]
            swaps += plan.advance(Fraction(80))
        found.append(swaps)
    assert found[0] == found[1]


def test_shakes_and_children_stay_short():
    point = Seed(7)
    for seed in range(60):
        point = shaken(point, 0.25, 2**31 - 1 - seed)
        assert read_point(str(point)) == point
    assert angle_between(*latents([point, shaken(point, 0.25, 1)])) == pytest.approx(0.25, abs=0.1)
    child = bred(Seed(1), Seed(2), 9)
    assert read_point(str(child)) == child
    for parent in (1, 2):
        assert angle_between(normal(parent), latents([child])[0]) == pytest.approx(np.pi / 3, abs=0.1)
    assert shortened(Way(Way(Way(Seed(1), Seed(2), 0.5), Seed(3), 0.5), Seed(4), 0.5), 1) == Way(
        Seed(3), Seed(4), 0.5
    )
