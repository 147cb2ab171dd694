import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.evaluate.movement import path_changes_db, path_figures, spherical_path

Rng = np.random.Generator


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 20))
def test_spherical_paths_keep_their_length_and_step_evenly(seed: int, dims: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, dims))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    path = spherical_path(a, b, steps).astype(np.float64)
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(a), rtol=1e-4)
    gaps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(gaps, gaps.mean(), rtol=1e-2, atol=1e-4)


def test_a_path_between_equal_points_stands_still() -> None:
    point = np.ones((3, 2), np.float32)
    np.testing.assert_allclose(spherical_path(point, point, 4), np.ones((5, 3, 2)), atol=1e-6)


def test_change_is_in_db() -> None:
    mels = np.log(np.array([1.0, 10.0, 10.0]))[:, None, None] * np.ones((3, 4, 8))
    np.testing.assert_allclose(path_changes_db(mels), [20.0, 0.0], atol=1e-9)


def test_a_jump_is_uneven_and_a_glide_is_not(rng: Rng) -> None:
    latents = rng.normal(size=(2, 2)).astype(np.float32)

    def glide(points: np.ndarray) -> np.ndarray:
        return np.broadcast_to(points[:, :1, None], (len(points), 4, 8))

    def jump(points: np.ndarray) -> np.ndarray:
        halfway = np.arange(len(points)) >= len(points) // 2
        return np.broadcast_to(halfway[:, None, None].astype(np.float64), (len(points), 4, 8))

    smooth, abrupt = (path_figures(model, latents[0], latents[1], steps=16) for model in (glide, jump))
    assert abrupt["evenness"] == pytest.approx(1 / 16)
    assert smooth["evenness"] > 0.4
    assert abrupt["worst_step_db"] == pytest.approx(abrupt["whole_db"])
    assert abrupt["detour"] == pytest.approx(1.0)
