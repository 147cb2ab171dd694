"""Latents of generators that cannot be run backwards: guessed by regression, then improved step by step.

A ridge regression from codes to latents is fitted on loops that the voice itself makes, whose latents are known, and
kept, since it is the same for good (fitted at first use, as the encoders of Zhu et al. 2016 are trained). Its guess is
improved by damped least squares: a generator that is only called has no gradient, but it is so quick that each number
of the latent can be tried out. Where a voice shows its style, each layer then gets a latent of its own (Song et al.,
"AgileGAN", 2021): many more numbers, all of them of the kind that the network was trained on.
"""

import contextlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.live.generator import Generator
from aijockey.live.latent_store import data_folder

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

LOOPS = 2000
HELD_OUT = 0.1
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
# Seeds of the loops that are fitted; far from those that hands use.
FIRST_SEED = 1 << 40
FORMAT = 1

# By how much a number is moved to try it out, in deviations: far enough to be heard in float32.
REACH = 0.05
FIRST_DAMPING = 1e-2
TRIALS = 6
# A step that takes less than this share of the squared error is the last.
LEAST_GAIN = 2e-3
CHUNK = 64


class LatentEncoder:
    """A ridge regression from codes of a voice to its latents.

    error : mean square error of the latents of held-out loops; 1 is that of knowing nothing.
    """

    def __init__(
        self, mean: Float, weights: Float, bias: Float, latent_shape: tuple[int, ...], error: float
    ) -> None:
        self._mean, self._weights, self._bias = mean, weights, bias
        self.latent_shape = latent_shape
        self.error = error

    def encode(self, codes: Float) -> Float:
        """Latents of codes: (batch, patches, dims) -> (batch, *latent_shape)."""
        flat = codes.reshape(len(codes), -1) - self._mean
        latents = (flat @ self._weights + self._bias).reshape(len(codes), *self.latent_shape)
        return np.asarray(latents, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write it; the file appears only when it is whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.npz")
        try:
            np.savez(
                partial,
                format=np.int64(FORMAT),
                mean=self._mean,
                weights=self._weights.astype(np.float16),
                bias=self._bias,
                shape=np.array(self.latent_shape, dtype=np.int64),
                error=np.float64(self.error),
            )
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, features: int, latent_shape: tuple[int, ...]) -> "LatentEncoder | None":
        """What `save` wrote, if it is there, whole, and for codes and latents of these sizes; else None."""
        try:
            # From memory, since NumPy leaves a damaged file open.
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                mean, weights, bias = file["mean"], file["weights"].astype(np.float32), file["bias"]
                error, shape = float(file["error"]), tuple(int(size) for size in file["shape"])
                known = int(file["format"]) == FORMAT
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        outputs = int(np.prod(latent_shape))
        fits = mean.shape == (features,) and weights.shape == (features, outputs) and bias.shape == (outputs,)
        if not (known and fits and shape == latent_shape and np.isfinite(weights).all()):
            return None
        return cls(mean.astype(np.float32), weights, bias.astype(np.float32), latent_shape, error)


def encoder_of(
    generator: Generator,
    voice: str,
    *,
    loops: int | None = None,
    folder: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> LatentEncoder:
    """The encoder of a voice: the kept one, or one that is fitted now and kept.

    Parameters
    ----------
    loops : how many are generated to fit it; None: `LOOPS`.
    folder : where it is kept; None: in the player's data folder.

    Raises
    ------
    GenerationError : the voice's loops cannot be made.

    Thread: any but audio
    """
    loops = LOOPS if loops is None else loops
    spec = generator.pack.manifest.voice(voice)
    shape = generator.pack.manifest.generators[spec.generator].latent_shape
    folder = data_folder() / "encoders" if folder is None else folder
    path = folder / f"{generator.pack.hash[:24]}-{voice}-{loops}.npz"
    features = int(np.prod(generator.codes(voice, generator.latent(voice, FIRST_SEED)[None]).shape[1:]))
    kept = LatentEncoder.load(path, features, shape)
    if kept is not None:
        return kept
    latents = np.stack([generator.latent(voice, FIRST_SEED + index) for index in range(loops)])
    codes = np.empty((loops, features), dtype=np.float32)
    for index in range(loops):
        codes[index] = generator.codes(voice, latents[index : index + 1])[0].ravel()
        progress(index + 1, loops)
    encoder = fit_encoder(codes, latents)
    with contextlib.suppress(OSError):  # then it is fitted again next time
        encoder.save(path)
    return encoder


def fit_encoder(codes: Float, latents: Float) -> LatentEncoder:
    """Fit codes (loops, features) to latents (loops, *shape); the strength of the ridge is the best of `RIDGES` on a
    tenth of the loops, held out.
    """
    shape = latents.shape[1:]
    bias = latents.reshape(len(latents), -1).mean(axis=0, dtype=np.float64)
    targets = latents.reshape(len(latents), -1).astype(np.float64) - bias
    held = max(1, int(len(codes) * HELD_OUT))
    mean = codes.mean(axis=0)
    centred = (codes - mean).astype(np.float64)
    kernel = centred @ centred.T
    scale = float(np.trace(kernel)) / len(kernel)
    train, test = slice(held, None), slice(0, held)

    def error(ridge: float) -> float:
        duals = _duals(kernel[train, train], targets[train], ridge * scale)
        return float(np.mean(np.square(kernel[test, train] @ duals - targets[test])))

    errors = {ridge: error(ridge) for ridge in RIDGES}
    best = min(errors, key=lambda ridge: errors[ridge])
    weights = centred.T @ _duals(kernel, targets, best * scale)
    return LatentEncoder(
        mean.astype(np.float32), weights.astype(np.float32), bias.astype(np.float32), shape, errors[best]
    )


def _duals(kernel: Double, targets: Double, ridge: float) -> Double:
    return np.asarray(np.linalg.solve(kernel + ridge * np.eye(len(kernel)), targets))


def improve(
    made_of: Callable[[Float], npt.NDArray[np.floating]],
    target: npt.NDArray[np.floating],
    latent: Float,
    *,
    steps: int = 6,
    free: npt.NDArray[np.bool_] | None = None,
    progress: Progress = lambda done, total: None,
) -> Float:
    """A latent whose ``made_of`` is nearer to ``target`` than that of ``latent``, or ``latent`` itself.

    Each step tries out every free number by itself and goes where least squares says, damped as by Levenberg and
    Marquardt until that gains something; it ends early where nothing does. Each row of the latent (its last axis) keeps
    its length. ``made_of`` is called with one latent more than there are free numbers, and up to `TRIALS` more, a step.

    Parameters
    ----------
    made_of : latents (batch, *shape) -> what they make, (batch, …), whose squared difference counts.
    free : which numbers of the latent may move; None: all.
    """
    numbers = np.flatnonzero(np.ones(latent.shape, np.bool_) if free is None else free)
    length = float(np.linalg.norm(latent[(0,) * (latent.ndim - 1)]))
    reach = np.float32(REACH * length / np.sqrt(latent.shape[-1]))
    wanted = target.astype(np.float64).ravel()
    damping = FIRST_DAMPING

    def made(latents: Float) -> Double:
        return made_of(latents).reshape(len(latents), -1).astype(np.float64)

    present = made(latent[None])[0]
    least = float(np.sum(np.square(wanted - present)))
    for step in range(steps):
        slopes = np.empty((len(numbers), wanted.size))
        for start in range(0, len(numbers), CHUNK):
            part = numbers[start : start + CHUNK]
            moved = np.repeat(latent.reshape(1, -1), len(part), axis=0)
            moved[np.arange(len(part)), part] += reach
            slopes[start : start + len(part)] = (made(moved.reshape(-1, *latent.shape)) - present) / reach
            progress(step * len(numbers) + start + len(part), steps * len(numbers))
        square, pull = slopes @ slopes.T, slopes @ (wanted - present)
        unit = np.trace(square) / len(numbers)
        for _ in range(TRIALS):
            change = np.zeros(latent.size)
            change[numbers] = np.linalg.solve(square + damping * unit * np.eye(len(numbers)), pull)
            there = _turned(latent, change)
            result = made(there[None])[0]
            error = float(np.sum(np.square(wanted - result)))
            if error < least:
                break
            damping *= 8.0
        else:
            break
        gained, latent, present, least = 1.0 - error / least, there, result, error
        damping *= 0.25
        if gained < LEAST_GAIN:
            break
    progress(steps * len(numbers), steps * len(numbers))
    return latent


def _turned(latent: Float, change: Double) -> Float:
    """``latent`` plus a flat change, each row at the length that it had."""
    moved = latent + change.reshape(latent.shape)
    before, after = (np.linalg.norm(rows, axis=-1, keepdims=True) for rows in (latent, moved))
    return (moved * (before / np.maximum(after, 1e-12))).astype(np.float32)
