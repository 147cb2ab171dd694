"""A voice's own directions: orthonormal, decorrelating, and safe from rounding."""

import numpy as np
import pytest

from aijockey.representation.loop_basis import fit_loop_basis, from_components, orthonormal, to_components


def _held_notes(rng, loops=400, patches=16, dims=4):
    """Loops that hold one of many colours and move slowly, with a little noise."""
    colour = rng.normal(size=(loops, 1, 1)) * np.array([1.0, 1.0, 0.0, 0.0])
    phase = rng.uniform(0, 2 * np.pi, size=(loops, 1))
    wave = 0.5 * np.cos(2 * np.pi * np.arange(patches) / patches + phase)
    slow = wave[:, :, None] * np.array([0.0, 0.0, 1.0, 0.0])
    return (colour + slow + 0.01 * rng.normal(size=(loops, patches, dims))).astype(np.float32)


def test_there_and_back(rng):
    codes = _held_notes(rng)
    bases = fit_loop_basis(codes, 2, 8.0)
    assert from_components(to_components(codes, *bases), *bases) == pytest.approx(codes, abs=1e-5)


def test_what_moves_together_becomes_one_number(rng):
    codes = _held_notes(rng)
    time_basis, code_basis = fit_loop_basis(codes, 2, 8.0)
    energy = np.square(to_components(codes, time_basis, code_basis)).mean(axis=0)
    # The colour is one number, the wave two (its sine and its cosine); all else is noise.
    strongest = np.sort(energy.ravel())[::-1]
    assert strongest[:3].sum() > 0.98 * energy.sum()
    assert abs(code_basis[0] @ np.array([1, 1, 0, 0])) == pytest.approx(np.sqrt(2.0), abs=1e-2)
    assert np.abs(time_basis[0]) == pytest.approx(np.full(16, 0.25), abs=1e-2)


@pytest.mark.parametrize("fold", [1, 2])
def test_a_voice_is_seen_alike_in_every_rotation_by_bars(rng, fold):
    codes = rng.normal(size=(50, 16, 3)).astype(np.float32) * np.linspace(1, 3, 16, dtype=np.float32)[:, None]
    time_basis, _ = fit_loop_basis(codes, fold, 8.0)
    turned, _ = fit_loop_basis(np.roll(codes, 16 // fold, axis=1), fold, 8.0)
    variance = np.square(time_basis @ codes).sum(axis=(0, 2))
    again = np.square(turned @ np.roll(codes, 16 // fold, axis=1)).sum(axis=(0, 2))
    assert again == pytest.approx(variance, rel=1e-3)


def test_one_loop_still_gives_whole_bases(rng):
    for basis in fit_loop_basis(rng.normal(size=(1, 16, 6)).astype(np.float32), 2, 8.0):
        assert basis @ basis.T == pytest.approx(np.eye(len(basis)), abs=1e-5)


def test_rounding_to_half_precision_is_undone(rng):
    basis = np.linalg.qr(rng.normal(size=(3, 64, 64)))[0].astype(np.float32)
    rounded = basis.astype(np.float16).astype(np.float32)
    restored = orthonormal(rounded)
    error = np.abs(restored @ np.swapaxes(restored, 1, 2) - np.eye(64)).max()
    assert error < 2e-6 < np.abs(rounded @ np.swapaxes(rounded, 1, 2) - np.eye(64)).max()
    assert restored == pytest.approx(basis, abs=5e-3)
