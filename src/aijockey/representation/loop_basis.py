"""A loop's codes along directions of their own: how a voice moves in time, and what moves together.

Two orthonormal bases, one over the patches of the loop and one over the numbers of a code, chosen so that the numbers
of a typical loop of the voice hardly depend on each other (a separable Karhunen-Loeve transform). A pad's time basis
is close to a Fourier series; a drum loop's is a set of bar patterns; bars that repeat fall into half of the rows.
"""

import numpy as np
import numpy.typing as npt

from aijockey.audio.products import product

Float = npt.NDArray[np.float32]


def to_components(codes: Float, time_basis: Float, code_basis: Float) -> Float:
    """Codes (..., patches, dims) along bases (..., patches, patches) and (..., dims, dims), rows being directions."""
    return np.asarray(product(product(time_basis, codes), np.swapaxes(code_basis, -1, -2)), dtype=np.float32)


def from_components(components: Float, time_basis: Float, code_basis: Float) -> Float:
    """The inverse of `to_components`."""
    return np.asarray(
        product(product(np.swapaxes(time_basis, -1, -2), components), code_basis), dtype=np.float32
    )


def orthonormal(basis: Float) -> Float:
    """The orthonormal basis beside a nearly orthonormal one, (..., n, n): undoes rounding, keeps order and sign."""
    q, r = np.linalg.qr(np.swapaxes(basis, -1, -2).astype(np.float64))
    sign = np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0.0, -1.0, 1.0)
    return np.swapaxes(q * sign[..., None, :], -1, -2).astype(np.float32)


def fit_loop_basis(codes: Float, fold: int, prior_loops: float) -> tuple[Float, Float]:
    """Time basis (patches, patches) and code basis (dims, dims) of a voice, strongest directions first.

    Parameters
    ----------
    codes : (loops, patches, dims) with the mean already taken off.
    fold : bars of a loop; every loop counts in all its rotations by bars.
    prior_loops : how many loops weigh as much as the assumption that patches resemble each other.
    """
    loops, patches, dims = codes.shape
    x = codes.astype(np.float64)
    # Directions in which whole loops differ: a chord, a drum. What moves within a loop decides where loops are few.
    level = x.reshape(loops, fold, patches // fold, dims).mean(axis=2).reshape(-1, dims)
    each = x.reshape(-1, dims)
    share = prior_loops / (loops + prior_loops)
    code_basis = _principal(level.T @ level / len(level) + share * (each.T @ each) / len(each))
    rows = np.swapaxes(x, 1, 2).reshape(-1, patches)
    square = rows.T @ rows
    bar = patches // fold
    rotations = [np.roll(square, (turn * bar, turn * bar), axis=(0, 1)) for turn in range(fold)]
    return _principal(np.sum(rotations, axis=0)).astype(np.float32), code_basis.astype(np.float32)


def _principal(covariance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Eigenvectors as rows, strongest first."""
    return np.linalg.eigh(covariance)[1][:, ::-1].T
