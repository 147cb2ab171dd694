import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live.smoothing import RAMP_SAMPLES, Smoothed


def render(moves, total, block):
    value = Smoothed(0.0)
    for move in moves:
        value.send(*move)
    pieces = []
    for start in range(0, total, block):
        piece = value.render(start, min(block, total - start))
        pieces.append(np.full(min(block, total - start), piece) if isinstance(piece, float) else piece)
    return np.concatenate(pieces)


def test_a_move_begins_on_its_sample_and_takes_its_time():
    values = render([(100, 1.0, 1000)], 2000, 512)
    assert np.all(values[:101] == 0.0)
    np.testing.assert_allclose(values[100:1100], np.arange(1000) / 1000)
    assert np.all(values[1100:] == 1.0)


def test_no_step_is_larger_than_the_ramp_allows():
    values = render([(50, 1.0, 0), (60, -1.0, 0), (800, 1.0, 0)], 3000, 256)
    assert np.abs(np.diff(values)).max() <= 2.0 / RAMP_SAMPLES + 1e-12
    assert values[-1] == 1.0


@given(
    starts=st.lists(st.integers(0, 3000), min_size=1, max_size=5).map(sorted),
    block=st.sampled_from([1, 64, 65, 512, 4096]),
)
def test_blocks_do_not_matter(starts, block):
    moves = [(start, float((7 * number) % 5), 100 * number) for number, start in enumerate(starts)]
    np.testing.assert_allclose(render(moves, 4200, block), render(moves, 4200, 4200), atol=1e-12)


def test_at_rest_it_is_one_number():
    value = Smoothed(0.5)
    assert value.render(0, 512) == 0.5
    value.send(600, 1.0)
    value.render(512, 512)
    value.render(1024, 512)
    assert value.render(1536, 512) == 1.0
    assert value.resting
    assert value.target == 1.0
