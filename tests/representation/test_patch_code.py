import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.representation.patch_code import cut_patches, fit_patch_code

BANDS, FRAMES, PATCH_FRAMES = 6, 32, 4
SIZE = BANDS * PATCH_FRAMES


@pytest.fixture(scope="module")
def mels() -> np.ndarray:
    """Smooth, correlated pictures: (loops, bands, frames)."""
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((40, BANDS, FRAMES))
    smooth = noise + np.roll(noise, 1, axis=-1) + np.roll(noise, 1, axis=-2)
    return (smooth * np.linspace(2, 0.2, BANDS)[:, None] - 5).astype(np.float32)


@pytest.mark.parametrize("whiten", [0.0, 0.5, 1.0])
def test_rows_are_orthogonal_and_codes_have_unit_mean_variance(mels: np.ndarray, whiten: float) -> None:
    code = fit_patch_code(mels, PATCH_FRAMES, 10, whiten)
    lengths = np.linalg.norm(code.basis, axis=1)
    unit = code.basis / lengths[:, None]
    np.testing.assert_allclose(unit @ unit.T, np.eye(10), atol=1e-5)
    variances = code.encode(mels).reshape(-1, 10).var(axis=0)
    assert variances.mean() == pytest.approx(1.0, rel=1e-3)
    if whiten == 1.0:
        np.testing.assert_allclose(variances, 1.0, rtol=1e-3)
    if whiten == 0.0:
        np.testing.assert_allclose(lengths, lengths[0], rtol=1e-5)
        assert (np.diff(variances) < 1e-6).all()


def test_codes_are_uncorrelated_and_centred(mels: np.ndarray) -> None:
    codes = fit_patch_code(mels, PATCH_FRAMES, 10).encode(mels).reshape(-1, 10)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.corrcoef(codes.T), np.eye(10), atol=1e-3)


def test_more_dimensions_lose_less_and_all_of_them_nothing(mels: np.ndarray) -> None:
    errors = []
    for dims in (1, 4, 12, SIZE):
        code = fit_patch_code(mels, PATCH_FRAMES, dims)
        errors.append(float(np.abs(code.decode(code.encode(mels)) - mels).mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-5 < 0.1 * errors[0]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, SIZE), st.integers(0, 2**31))
def test_what_was_decoded_encodes_to_the_same_codes(dims: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    code = fit_patch_code(rng.standard_normal((8, BANDS, FRAMES)).astype(np.float32), PATCH_FRAMES, dims)
    codes = rng.standard_normal((2, FRAMES // PATCH_FRAMES, dims)).astype(np.float32)
    np.testing.assert_allclose(code.encode(code.decode(codes)), codes, atol=2e-4)


def test_rotation_by_patches_rotates_the_codes(mels: np.ndarray) -> None:
    code = fit_patch_code(mels, PATCH_FRAMES, 10)
    turned = np.roll(mels, 3 * PATCH_FRAMES, axis=-1)
    np.testing.assert_allclose(code.encode(turned), np.roll(code.encode(mels), 3, axis=-2), atol=1e-5)


def test_the_same_data_gives_the_same_signs(mels: np.ndarray) -> None:
    a, b = fit_patch_code(mels, PATCH_FRAMES, 5), fit_patch_code(mels[::-1].copy(), PATCH_FRAMES, 5)
    np.testing.assert_allclose(a.basis, b.basis, atol=1e-3)


def test_errors_say_what_came(mels: np.ndarray) -> None:
    code = fit_patch_code(mels, PATCH_FRAMES, 5)
    with pytest.raises(ValueError, match="mel of 3 bands for a code of 6"):
        code.encode(mels[:, :3])
    with pytest.raises(ValueError, match="30 frames are not whole patches of 4"):
        cut_patches(mels[..., :30], PATCH_FRAMES)
    with pytest.raises(ValueError, match="25 dimensions cannot be fitted"):
        fit_patch_code(mels, PATCH_FRAMES, SIZE + 1)
    with pytest.raises(ValueError, match="cannot be fitted to 0 patches"):
        fit_patch_code(np.zeros((0, BANDS, FRAMES), np.float32), PATCH_FRAMES, 2)
