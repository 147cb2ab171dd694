import numpy as np
import pytest

from aijockey.live.effects.hold import held_peaks


@pytest.mark.parametrize("block", [1, 65, 512, 1024, 4096])
def test_a_peak_is_held_and_let_go_whatever_the_blocks(block, rng):
    level, decay = rng.uniform(0.0, 1.0, 8192) ** 8, 0.9995
    expected, held = np.empty(len(level)), 0.3
    for number, value in enumerate(level):
        expected[number] = held = max(value, decay * held)
    pieces, last = [], 0.3
    for start in range(0, len(level), block):
        piece, last = held_peaks(level[start : start + block], decay, last)
        pieces.append(piece)
    np.testing.assert_allclose(np.concatenate(pieces), expected, rtol=1e-9)
    assert last == pytest.approx(held, rel=1e-9)


def test_quanta_at_once_or_one_by_one_are_the_same_to_the_bit(rng):
    level = rng.uniform(0.0, 1.0, 12 * 512) ** 8
    together, _ = held_peaks(level, 0.9995, 0.0)
    last, pieces = 0.0, []
    for start in range(0, len(level), 512):
        piece, last = held_peaks(level[start : start + 512], 0.9995, last)
        pieces.append(piece)
    np.testing.assert_array_equal(together, np.concatenate(pieces))
