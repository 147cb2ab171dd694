import contextlib
import io

import numpy as np
import pytest
import scipy.linalg
from prdc import compute_prdc

from aijockey.evaluate.distribution import (
    frechet,
    frechet_halves,
    frechet_infinite,
    kernel_distance,
    manifolds,
    spread,
)

Rng = np.random.Generator


def gaussian(rng: Rng, count: int, dims: int = 8, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    return rng.normal(shift, scale, (count, dims)) / np.sqrt(dims)


def test_frechet_of_a_set_against_itself_is_zero(rng: Rng) -> None:
    points = gaussian(rng, 100)
    assert frechet(points, points) == pytest.approx(0.0, abs=1e-9)


def test_frechet_equals_the_formula_with_a_matrix_square_root(rng: Rng) -> None:
    a = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    b = rng.normal(size=(150, 6)) @ rng.normal(size=(6, 6)) + 0.3
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(cov_a + cov_b - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_gaussians_is_known_and_extrapolation_finds_it(rng: Rng) -> None:
    # N(0, I/8) and N(1/sqrt(8), 4I/8): the gap gives 1, the deviations (2 - 1)^2 = 1.
    a, b = gaussian(rng, 1500), gaussian(rng, 1500, scale=2.0, shift=1.0)
    assert frechet_infinite(a, b, rng) == pytest.approx(2.0, rel=0.12)


def test_extrapolation_takes_the_bias_of_small_sets_away(rng: Rng) -> None:
    a, b = gaussian(rng, 300, 24), gaussian(rng, 300, 24)
    biased = frechet(a, b)
    assert biased > 0.03
    assert abs(frechet_infinite(a, b, rng)) < 0.35 * biased


def test_halves_share_one_bias(rng: Rng) -> None:
    to_fake, to_real = frechet_halves(gaussian(rng, 400), gaussian(rng, 300), rng, repeats=20)
    assert to_fake / to_real == pytest.approx(1.0, abs=0.5)
    far, _ = frechet_halves(gaussian(rng, 400), gaussian(rng, 300, shift=1.0), rng)
    assert far > 10 * to_real


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_manifolds_are_those_of_prdc(rng: Rng, shift: float) -> None:
    real, fake = gaussian(rng, 120), gaussian(rng, 90, scale=0.8, shift=shift)
    ours = manifolds(real, fake, 5)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = compute_prdc(real, fake, 5)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(ours, name).mean() == pytest.approx(theirs[name], abs=1e-12), name


def test_coverage_of_equal_sets_is_what_theory_says(rng: Rng) -> None:
    values = [manifolds(gaussian(rng, 200), gaussian(rng, 200)).coverage.mean() for _ in range(5)]
    assert np.mean(values) == pytest.approx(1 - 2.0**-5, abs=0.015)


def test_collapse_keeps_precision_and_loses_coverage(rng: Rng) -> None:
    real = gaussian(rng, 200)
    collapsed = real[:1] + 0.001 * rng.normal(size=(200, 8))
    found = manifolds(real, collapsed)
    assert found.precision.mean() == 1.0
    assert found.coverage.mean() < 0.1
    assert spread(collapsed).mean() < 0.02 * spread(real).mean()


def test_kernel_distance_is_unbiased_and_grows(rng: Rng) -> None:
    same = [kernel_distance(gaussian(rng, 30), gaussian(rng, 30)) for _ in range(200)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(len(same))
    near = kernel_distance(gaussian(rng, 200), gaussian(rng, 200, shift=0.3))
    far = kernel_distance(gaussian(rng, 200), gaussian(rng, 200, shift=1.0))
    assert 0 < near < far


def test_spread_is_the_mean_distance_to_others() -> None:
    points = np.array([[0.0], [1.0], [3.0]])
    np.testing.assert_allclose(spread(points), [2.0, 1.5, 2.5], atol=1e-9)


def test_too_few_points_are_refused(rng: Rng) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        frechet(gaussian(rng, 1), gaussian(rng, 9))
    with pytest.raises(ValueError, match="need more"):
        manifolds(gaussian(rng, 5), gaussian(rng, 9))
