"""How smoothly a voice moves: change of the log-mel per step along spherical paths through latent space."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
MelOfLatents = Callable[[Float], Float]

DB_PER_NEPER = 20.0 / float(np.log(10.0))
STEPS = 16


def spherical_path(start: Float, end: Float, steps: int = STEPS) -> Float:
    """Points from ``start`` to ``end`` (any shape) at even angles: (steps + 1, *shape) (Shoemake 1985).

    Latents of many dimensions lie near a sphere; a straight line would leave it. Lengths are interpolated.
    """
    a, b = start.ravel().astype(np.float64), end.ravel().astype(np.float64)
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    cosine = float(np.clip(a @ b / max(length_a * length_b, 1e-12), -1.0, 1.0))
    angle = np.arccos(cosine)
    u = np.linspace(0.0, 1.0, steps + 1)[:, None]
    if np.sin(angle) < 1e-6:
        points = (1.0 - u) * a + u * b
    else:
        towards_a, towards_b = np.sin((1.0 - u) * angle), np.sin(u * angle)
        direction = (towards_a * a / length_a + towards_b * b / length_b) / np.sin(angle)
        points = direction * ((1.0 - u) * length_a + u * length_b)
    path: Float = points.reshape(steps + 1, *start.shape).astype(np.float32)
    return path


def path_changes_db(mels: Float) -> npt.NDArray[np.float64]:
    """Mean absolute change in dB from each log-mel of a path (steps + 1, bands, frames) to the next:
    (steps,).
    """
    return DB_PER_NEPER * np.abs(np.diff(mels, axis=0)).mean(axis=(1, 2), dtype=np.float64)


def path_figures(
    mel_of_latents: MelOfLatents, start: Float, end: Float, steps: int = STEPS
) -> dict[str, float]:
    """Figures of the spherical path between two latents.

    Returns
    -------
    ``step_db`` : mean change a step. ``worst_step_db`` : the largest step. ``evenness`` : mean over worst
    step, 1 for an even walk, 1 / steps for a single jump. ``whole_db`` : change from one end straight to the
    other. ``detour`` : all steps together over the whole, 1 for a path that wanders nowhere else.
    """
    mels = mel_of_latents(spherical_path(start, end, steps))
    change = path_changes_db(mels)
    whole = float(path_changes_db(mels[[0, -1]])[0])
    return {
        "step_db": float(change.mean()),
        "worst_step_db": float(change.max()),
        "evenness": float(change.mean() / max(change.max(), 1e-9)),
        "whole_db": whole,
        "detour": float(change.sum() / max(whole, 1e-9)),
    }
