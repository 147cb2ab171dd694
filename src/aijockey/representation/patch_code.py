"""A loop as a short sequence of vectors: principal components of small patches of its log-mel.

A patch is ``patch_frames`` frames by all bands. The map is linear and its basis rows are orthogonal, so decoding is
one matrix product and encoding its pseudo-inverse. Rows are scaled between plain principal components (``whiten`` 0:
the first component dwarfs the others and a network learns little else) and whitened ones (``whiten`` 1: noise in the
last component counts as much as the kick drum in the first).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.audio.products import product

Float = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PatchCode:
    """Codes of patches.

    Attributes
    ----------
    mean : (patch_frames * bands,) mean patch.
    basis : (dims, patch_frames * bands) with orthogonal rows; a code of unit variance times its row is a typical patch.
    patch_frames : frames in a patch.
    """

    mean: Float
    basis: Float
    patch_frames: int

    @property
    def dims(self) -> int:
        """Numbers in the code of one patch."""
        return int(self.basis.shape[0])

    @property
    def bands(self) -> int:
        """Mel bands in a patch."""
        return int(self.mean.shape[0]) // self.patch_frames

    def encode(self, mel: Float) -> Float:
        """Codes of log-mels: (..., bands, frames) -> (..., frames / patch_frames, dims).

        Raises
        ------
        ValueError : the frames are not whole patches, or the bands are not those of this code.
        """
        patches = cut_patches(mel, self.patch_frames)
        if patches.shape[-1] != self.mean.shape[0]:
            raise ValueError(f"mel of {mel.shape[-2]} bands for a code of {self.bands}")
        inverse = (self.basis / np.sum(np.square(self.basis), axis=1, keepdims=True)).T
        return product(patches - self.mean, inverse)

    def decode(self, codes: Float) -> Float:
        """Log-mels of codes: (..., patches, dims) -> (..., bands, patches * patch_frames)."""
        patches = product(codes, self.basis) + self.mean
        *lead, count, _ = patches.shape
        frames = patches.reshape(*lead, count * self.patch_frames, self.bands)
        # (..., frames, bands) -> (..., bands, frames)
        return np.ascontiguousarray(np.swapaxes(frames, -1, -2), dtype=np.float32)


def cut_patches(mel: Float, patch_frames: int) -> Float:
    """Flattened patches of log-mels: (..., bands, frames) -> (..., frames / patch_frames, patch_frames * bands)."""
    *lead, bands, frames = mel.shape
    if frames % patch_frames:
        raise ValueError(f"{frames} frames are not whole patches of {patch_frames}")
    # (..., bands, frames) -> (..., frames, bands): a patch is then contiguous.
    swapped = np.swapaxes(mel, -1, -2)
    return swapped.reshape(*lead, frames // patch_frames, patch_frames * bands)


def fit_patch_code(mel: Float, patch_frames: int = 4, dims: int = 128, whiten: float = 0.5) -> PatchCode:
    """Principal components of the patches of some log-mels.

    Parameters
    ----------
    mel : (loops, bands, frames); a few hundred loops are enough, and may be a memory map.
    dims : components kept, at most ``patch_frames * bands``.
    whiten : 0 to 1. Rows are scaled by (standard deviation) ** whiten, then together so that the mean variance of a
        code is 1.

    Raises
    ------
    ValueError : no loops, or more components than a patch has numbers or than there are patches.
    """
    size = patch_frames * mel.shape[1] if mel.ndim == 3 else 0
    count = mel.shape[0] * (mel.shape[2] // patch_frames) if mel.ndim == 3 else 0
    if dims > min(size, count):
        raise ValueError(f"{dims} dimensions cannot be fitted to {count} patches of {size} numbers")
    total, square = np.zeros(size), np.zeros((size, size))
    for start in range(0, len(mel), 64):  # the sums are small, the patches need not fit in memory
        patches = cut_patches(np.asarray(mel[start : start + 64], dtype=np.float32), patch_frames).reshape(
            -1, size
        )
        total += patches.sum(axis=0, dtype=np.float64)
        square += (patches.T @ patches).astype(np.float64)
    mean = total / count
    covariance = square / count - np.outer(mean, mean)
    variances, vectors = np.linalg.eigh(covariance)
    variances, vectors = variances[::-1][:dims], vectors[:, ::-1][:, :dims]
    deviation = np.sqrt(np.maximum(variances, 1e-8))
    scale = deviation**whiten
    scale *= np.sqrt(np.mean((deviation / scale) ** 2))
    # The sign of an eigenvector is free; fix it so that the same data always gives the same code.
    signs = np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(dims)])
    basis = (vectors * signs).T * scale[:, None]
    return PatchCode(mean.astype(np.float32), basis.astype(np.float32), patch_frames)
