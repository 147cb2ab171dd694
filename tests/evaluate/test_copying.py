import numpy as np
import pytest

from aijockey.evaluate.copying import TrainingSet, copying_pictures, judge_copying

Rng = np.random.Generator


def make_mels(rng: Rng, count: int) -> np.ndarray:
    """Loops with hits of random bands at random moments, (count, 48, 256)."""
    mels = rng.normal(-6, 0.2, (count, 48, 256))
    for mel in mels:
        for place in rng.choice(64, 12, replace=False):
            band = rng.integers(0, 40)
            mel[band : band + 8, place * 4 : place * 4 + 4] += rng.uniform(2, 5)
    return mels.astype(np.float32)


def test_a_rolled_and_louder_copy_is_distance_zero_and_found(rng: Rng) -> None:
    train = make_mels(rng, 30)
    copies = np.roll(train[[7, 3]], 20, axis=2) + 0.8
    found = TrainingSet(copying_pictures(train)).nearest(copying_pictures(copies))
    np.testing.assert_array_equal(found.index, [7, 3])
    np.testing.assert_array_equal(found.roll, [5, 5])
    np.testing.assert_allclose(found.distance, 0.0, atol=2e-3)


def test_distance_is_the_least_over_all_rolls(rng: Rng) -> None:
    pictures = copying_pictures(make_mels(rng, 12))
    train, probe = pictures[:11], pictures[11:]
    found = TrainingSet(train).nearest(probe)
    mean = train.mean(axis=(0, 2), keepdims=True)
    scale = np.sqrt(np.square(train - mean).sum(axis=(1, 2)).mean())
    brute = [
        [np.linalg.norm((probe[0] - np.roll(other, roll, axis=1)) / scale) for roll in range(64)]
        for other in train
    ]
    assert found.distance[0] == pytest.approx(np.min(brute), rel=1e-4)
    assert (found.index[0], found.roll[0]) == np.unravel_index(np.argmin(brute), (11, 64))


def test_new_material_is_as_far_as_held_out_material(rng: Rng) -> None:
    pictures = copying_pictures(make_mels(rng, 240))
    train = TrainingSet(pictures[:100])
    fresh, held_out = train.nearest(pictures[100:170]), train.nearest(pictures[170:])
    verdict = judge_copying(fresh, held_out, rng)
    assert verdict.ratio.low < 1.0 < verdict.ratio.high + 0.02
    assert verdict.ratio.value == pytest.approx(1.0, abs=0.03)
    assert verdict.suspicious.value < 0.08


def test_a_few_copies_among_many_are_the_worst_pairs(rng: Rng) -> None:
    pictures = copying_pictures(make_mels(rng, 200))
    train = TrainingSet(pictures[:80])
    suspects = np.concatenate([pictures[80:140], np.roll(pictures[:3], 9, axis=2)])
    verdict = judge_copying(train.nearest(suspects), train.nearest(pictures[140:]), rng)
    assert set(verdict.pairs[:3]) == {60, 61, 62}
    assert verdict.closest_ratio < 0.05
    assert verdict.ratio.value > 0.9, "the median does not see three copies; the closest ones do"


def test_no_training_loops_is_an_error() -> None:
    with pytest.raises(ValueError, match="no training loops"):
        TrainingSet(np.zeros((0, 24, 64), np.float32))
