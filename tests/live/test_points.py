import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.live.latent_math import (
    PARTS,
    angle_between,
    coins,
    latent_at,
    part_mask,
    ring,
    ring_weights,
    slerp,
)
from aijockey.live.loops import LoopRequest
from aijockey.live.point_text import read_point
from aijockey.live.points import (
    MOST_DEPTH,
    MOST_LEAVES,
    Blend,
    Child,
    Neighbour,
    Point,
    PointError,
    Ring,
    Seed,
    Stored,
    Style,
    Way,
)

SHAPE = (64, 32)


def normal(seed):
    return np.random.default_rng([seed, 5]).normal(size=SHAPE).astype(np.float32)


def latent(text, **stored):
    return latent_at(read_point(text), normal, lambda key: stored["stored"])


@given(point=st.from_type(Point))
def test_a_point_is_read_as_it_was_written(point):
    assert read_point(str(point)) == point
    request = LoopRequest("kick", point, (("a", -1.0),))
    assert LoopRequest.from_json(request.as_json()) == request


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("7", Seed(7)),
        ("7>9@0.5", Way(Seed(7), Seed(9), 0.5)),
        ("7>(9>3@0.25)@0.5", Way(Seed(7), Way(Seed(9), Seed(3), 0.25), 0.5)),
        ("7>(9)@1", Way(Seed(7), Seed(9), 1.0)),
        ("7>9@.5~3@0.2", Neighbour(Way(Seed(7), Seed(9), 0.5), 3, 0.2)),
        ("#0123456789ab~3@-0.2", Neighbour(Stored("0123456789ab"), 3, -0.2)),
        ("7/9@sound", Style(Seed(7), Seed(9), "sound")),
        ("7&(8&9@1)@2~2@1e-1", Neighbour(Child(Seed(7), Child(Seed(8), Seed(9), 1), 2), 2, 0.1)),
        ("(7*0.5+9*0.25)", Blend((Seed(7), Seed(9)), (0.5, 0.25))),
        ("(7+9*-2)", Blend((Seed(7), Seed(9)), (1.0, -2.0))),
        ("(7>9@0.5|3|4)@0.25>1@0", Way(Ring((Way(Seed(7), Seed(9), 0.5), Seed(3), Seed(4)), 0.25), Seed(1), 0.0)),
    ],
)  # fmt: skip
def test_texts_mean_what_the_grammar_says(text, point):
    assert read_point(text) == point


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("", "it ends"), ("x", "'x' at character 1"), ("-7", "seed"), ("7>9", "'@'"), ("7>9@2", "0 to 1"),
        ("7>9@nan", "a number"),
        ("7>9@0.5@3", "the end"), ("7>9>3@0.1@0.2", "'@'"), ("(7", "'\\)'"), ("(7|8)", "'@'"), ("(7|8)@1.5", "0 to 1"),
        ("#01234", "12 hex digits"), ("#0123456789AB", "12 hex digits"), ("7~3@4", "-3.14159 to 3.14159"),
        ("7~#0123456789ab@1", "seed"),
        ("7/9@Sound", "part"), ("7/9@0.5", "part"), ("7&9@x", "seed"), ("(7*0+9*0)", "all 0"),
        ("(7*1e9+9)", "-1000 to 1000"),
        ("7 ", "end"), ("٧", "seed"), (str(2**64), "out of range"), ("9" * 30, "out of range"),
        ("(" * 400 + "7", "brackets"),
        ("7" + "~1@0.1" * 40, "operations"), ("1" * 2000, "characters"),
        ("(" + "+".join("123456789") * 9 + ")", "latents"),
    ],
)  # fmt: skip
def test_other_texts_say_what_is_wrong(text, guess):
    with pytest.raises(PointError, match=guess):
        read_point(text)


@given(text=st.text("0123456789#()>~/&*+|@.-esound", max_size=60))
@settings(max_examples=200)
def test_whatever_is_written_is_a_point_or_an_error(text):
    try:
        point = read_point(text)
    except PointError:
        return
    assert point.leaves <= MOST_LEAVES
    assert point.depth <= MOST_DEPTH
    assert read_point(str(point)) == point


@given(amount=st.floats(0, 1), seed=st.integers(0, 1000))
def test_slerp_meets_its_ends_and_keeps_the_length_of_normal_samples(amount, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 64, 8)).astype(np.float32)
    np.testing.assert_allclose(slerp(a, b, 0.0), a, atol=1e-5)
    np.testing.assert_allclose(slerp(a, b, 1.0), b, atol=1e-5)
    low, high = sorted([np.linalg.norm(a), np.linalg.norm(b)])
    assert low * 0.999 <= np.linalg.norm(slerp(a, b, amount)) <= high * 1.001


def test_slerp_of_parallel_opposite_and_zero_latents_is_finite():
    a = np.ones((4, 2), np.float32)
    for b in (a, 2 * a, -a, 0 * a):
        assert np.isfinite(slerp(a, b, 0.3)).all()
    np.testing.assert_allclose(slerp(a, 2 * a, 0.5), 1.5 * a, atol=1e-6)


@given(point=st.from_type(Point))
@settings(max_examples=60, deadline=None)
def test_every_point_has_the_length_of_a_normal_latent(point):
    made = latent_at(point, normal, lambda key: normal(int(key, 16) % 1000))
    assert made.shape == SHAPE
    assert made.dtype == np.float32
    assert 0.85 <= np.linalg.norm(made) / math.sqrt(math.prod(SHAPE)) <= 1.15


@pytest.mark.parametrize("distance", [0.0, 0.2, -0.2, 1.0, math.pi])
def test_a_neighbour_is_as_far_as_it_says_and_no_other_way_than_its_seed(distance):
    start, near = normal(7), latent(f"7~3@{distance}")
    assert angle_between(start, near) == pytest.approx(abs(distance), abs=1e-3)
    assert np.linalg.norm(near) == pytest.approx(np.linalg.norm(start), rel=1e-5)
    if 0 < distance < 3:
        assert angle_between(near, normal(3)) < angle_between(start, normal(3))
    np.testing.assert_allclose(latent("7~7@0.5"), start, atol=1e-6)


def test_a_blend_meets_what_alone_weighs_and_lies_between_the_others():
    np.testing.assert_allclose(latent("(7*2+9*0)"), normal(7), atol=1e-5)
    middle = latent("(7+9+8)")
    angles = [angle_between(middle, normal(seed)) for seed in (7, 8, 9)]
    assert max(angles) - min(angles) < 0.1
    np.testing.assert_allclose(latent("(7*0.5+9*0.5)"), latent("7>9@0.5"), atol=0.05)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
def test_a_ring_is_closed_smooth_and_of_even_pace(count):
    ends = [normal(seed).astype(np.float64) for seed in range(count)]
    for index in range(count if count > 2 else 1):
        np.testing.assert_allclose(ring(ends, index / count), ends[index], atol=1e-6)
        if count > 2:
            assert ring_weights(count, index / count)[index] == pytest.approx(1.0)
    path = [ring(ends, phase) for phase in np.linspace(0, 1, 97)]
    np.testing.assert_allclose(path[0], path[-1], atol=1e-6)
    steps = np.array([angle_between(a, b) for a, b in pairwise(path)])
    assert steps.max() / steps.mean() < (1.1 if count % 2 or count == 2 else 1.5)


def test_a_child_is_half_of_each_parent_and_its_own():
    child = latent("7&9@3")
    from_seven = child == normal(7)
    assert np.all(from_seven | (child == normal(9)))
    assert 0.45 < from_seven.mean() < 0.55
    assert not np.array_equal(child, latent("7&9@4"))
    np.testing.assert_array_equal(coins(2**64 - 1, (5,)), coins(2**64 - 1, (5,)))


def test_the_parts_of_a_style_make_the_whole_in_pairs():
    for one, other in (("sound", "rhythm"), ("coarse", "fine")):
        assert np.all(part_mask(one, SHAPE) ^ part_mask(other, SHAPE))
        np.testing.assert_array_equal(latent(f"7/9@{one}"), latent(f"9/7@{other}"))
    assert all(0 < part_mask(part, SHAPE).mean() < 1 for part in PARTS)
    with pytest.raises(PointError, match="no part 'bass'"):
        latent("7/9@bass")
    with pytest.raises(PointError, match="two axes"):
        latent_at(read_point("7/9@sound"), lambda seed: np.ones(4, np.float32))


def test_where_there_are_layers_a_part_is_some_of_them_and_the_rest_of_a_point_goes_along():
    def row(seed):
        return normal(seed)[0]

    def layered(text, layers=8, stored=None):
        return latent_at(read_point(text), row, lambda key: stored, layers)

    for one, other in (("rhythm", "sound"), ("coarse", "fine")):
        assert np.all(part_mask(one, (32,), 8) ^ part_mask(other, (32,), 8))
        np.testing.assert_array_equal(layered(f"7/9@{one}"), layered(f"9/7@{other}"))
    mixed = layered("7/9@sound")
    np.testing.assert_array_equal(mixed, np.stack([row(7)] + [row(9)] * 7))
    # A point without parts is the one row that it was.
    assert layered("7>9@0.5").shape == (32,)
    twice = np.stack([row(3)] * 8)
    for text in ("7>#0123456789ab@0.3", "#0123456789ab~7@0.2", "(7*1+#0123456789ab*2)", "7&#0123456789ab@3",
                 "(7|#0123456789ab)@0.3", "(7|9|#0123456789ab)@0.3"):  # fmt: skip
        plain = layered(text.replace("#0123456789ab", "3"))
        np.testing.assert_allclose(layered(text, stored=twice), np.stack([plain] * 8), atol=1e-5)
    # Half-way between a mixture and a point each layer is half-way.
    half = layered("7/9@sound>9@0.5")
    np.testing.assert_allclose(half[5], row(9), atol=1e-5)
    np.testing.assert_allclose(half[0], slerp(row(7), row(9), 0.5), atol=1e-5)
    with pytest.raises(PointError, match="another voice"):
        layered("#0123456789ab", layers=4, stored=twice)


def test_a_stored_latent_is_looked_up_and_checked():
    kept = normal(77)
    np.testing.assert_array_equal(latent("#0123456789ab", stored=kept), kept)
    with pytest.raises(PointError, match="another voice"):
        latent("#0123456789ab", stored=kept[:3])
    with pytest.raises(PointError, match="finite"):
        latent("#0123456789ab", stored=np.full(SHAPE, np.nan, np.float32))
    with pytest.raises(PointError, match="none are kept"):
        latent_at(Stored("0123456789ab"), normal)
