"""Which way in latent space a measure grows: ridge regression, and vectors that leave the other measures alone.

In a space of thousands of numbers a thousand loops say little about each. What helps is to know beforehand which
numbers matter: a flow's latent counts by how far it moves the loop (`scale`), a style by how it varies. For those who
think in GANs: this is InterFaceGAN (Shen et al. 2020) with a regression for its classifier.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PENALTIES = tuple(float(x) for x in np.geomspace(1e-3, 300.0, 15))
POWERS = (0.0, 0.5, 1.0, 1.5)
RIDGE = 0.02
"""Added to squared responses, which are per deviation of latent and rarely above 0.8."""


@dataclass(frozen=True)
class Fit:
    """A linear guess at measures.

    slopes : (measures, numbers), of each measure in deviations, per unit of the whitened place.
    explained : (measures,), share of the variance that is foreseen of a loop that was left out; may be negative.
    """

    slopes: Array
    explained: Array


def fit_slopes(places: npt.NDArray[np.floating], targets: Array, scale: npt.NDArray[np.floating]) -> Fit:
    """Ridge regression of each measure on places, with the penalty that foresees left-out loops best.

    Parameters
    ----------
    places : (loops, numbers), of unit variance each.
    targets : (loops, measures) of zero mean and unit deviation.
    scale : (numbers,) positive, how much each number is likely to matter; raised to one of `POWERS`.
    """
    count, measures = targets.shape
    best = np.full(measures, -np.inf)
    slopes = np.zeros((measures, places.shape[1]))
    for power in POWERS if np.ptp(scale) > 0.0 else (0.0,):
        weight = np.asarray(scale, dtype=np.float64) ** power
        features = (places * weight).astype(np.float32)
        gram = (features @ features.T).astype(np.float64)
        unit = float(np.trace(gram)) / count
        values, vectors = np.linalg.eigh(gram / unit)
        rotated = vectors.T @ targets
        for penalty in PENALTIES:
            shrink = values / (values + penalty)
            hat = np.einsum("ij,j,ij->i", vectors, shrink, vectors)
            missed = (targets - vectors @ (shrink[:, None] * rotated)) / (1.0 - hat)[:, None]
            explained = 1.0 - np.square(missed).mean(axis=0)
            for index in np.flatnonzero(explained > best + 1e-6):
                best[index] = explained[index]
                dual = vectors @ (rotated[:, index] / (values + penalty))
                slopes[index] = weight * (features.T @ dual) / unit
    return Fit(slopes, best)


def response_of(changes: Array, amounts: Array) -> Array:
    """Slopes (vectors, measures) of changes (loops, measures) by amounts (loops, vectors), by least squares."""
    return np.asarray(np.linalg.lstsq(amounts, changes, rcond=None)[0])


def untangle(response: Array, ridge: float = RIDGE) -> Array:
    """The shortest combinations (measures, movers) of movers that change one measure each, nearly.

    Gram and Schmidt for all at once: the pseudo-inverse of ``response`` (movers, measures), damped so that what hardly
    shows in it is not divided by.
    """
    square = response.T @ response + ridge * np.eye(response.shape[1])
    return np.asarray(np.linalg.solve(square, response.T))


def separable(response: Array, wanted: Sequence[int], longest: float) -> list[int]:
    """Those of the ``wanted`` measures, first come first served, that can all be moved alone by short combinations.

    response : (movers, measures), per deviation that a mover is moved by. longest : deviations of latent that one
    deviation of a measure may cost. A measure that costs more, or makes an earlier one cost more, is left out.
    """
    chosen: list[int] = []
    for index in wanted:
        tried = [*chosen, index]
        shares = untangle(response[:, tried])
        own = np.diag(shares @ response[:, tried])
        if np.all(np.linalg.norm(shares, axis=1) <= longest * np.maximum(own, 1e-9)):
            chosen = tried
    return chosen


def rising(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Array:
    """The nearest curve that never falls (pool adjacent violators, Ayer et al. 1955)."""
    rows = np.asarray(values, dtype=np.float64)
    heavy = np.ones_like(rows) if weights is None else np.asarray(weights, dtype=np.float64)
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(rows, heavy, strict=True):
        blocks.append((float(value), float(weight), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2:]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return np.concatenate([np.full(number, value) for value, _, number in blocks])


def smooth_curve(strengths: Array, changes: Array, at: Array) -> Array:
    """A rising curve through 0, like a t + b t |t| + c t^2: a slope that may wear off, and another on either side.

    Parameters
    ----------
    strengths, changes : (loops,) what was measured, one loop each: three numbers are safer than a mean at every place.
    at : (places,) where the curve is wanted, ascending.
    """

    def terms(t: Array) -> Array:
        return np.stack([t, t * np.abs(t), np.square(t)], axis=1)

    found = np.linalg.lstsq(terms(strengths), changes, rcond=None)[0]
    curve = rising(terms(at) @ found)
    return curve - np.interp(0.0, at, curve)


NEARLY = 0.02
"""Of the whole reach: so little more is not worth more strength."""


def invert_curve(strengths: Array, effect: Array, amounts: Array, least_step: float = 0.02) -> Array:
    """Strengths at which a rising effect reaches each of ``amounts``; ascending, 0 at 0.

    ``strengths`` (ascending, 0 among them) are where ``effect`` was measured. Where an amount is out of reach, the
    least strength holds that goes as far as any, but for small steps, so that the curve still ascends: what is pushed
    on where it gives way no more gives way elsewhere.
    """
    curve = rising(effect)
    curve = curve - np.interp(0.0, strengths, curve)
    near = NEARLY * np.ptp(curve)
    middle = int(np.argmin(np.abs(strengths)))
    low = min(middle, int(np.flatnonzero(curve <= curve[0] + near)[-1]))
    high = max(middle, int(np.argmax(curve >= curve[-1] - near)))
    strengths, curve = strengths[low : high + 1], curve[low : high + 1]
    # Plateaus have many strengths for one effect: tilt them a little.
    tilted = curve + 1e-6 * strengths
    found = np.interp(amounts, tilted, strengths)
    zero = int(np.argmin(np.abs(amounts)))
    found[zero] = 0.0
    for index in range(zero + 1, len(found)):
        found[index] = max(found[index], found[index - 1] + least_step)
    for index in range(zero - 1, -1, -1):
        found[index] = min(found[index], found[index + 1] - least_step)
    return found
