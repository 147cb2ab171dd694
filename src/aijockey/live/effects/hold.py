"""Peaks that are held and let go exponentially, as limiter and duck need them."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aijockey.live.span import QUANTUM_SAMPLES

Double = npt.NDArray[np.float64]


def held_peaks(level: Double, decay: float, before: float) -> tuple[Double, float]:
    """``held[n] = max(level[n], decay * held[n - 1])``, going on from ``before``; and what that is at the end.

    In closed form, and quantum by quantum, so that what comes out is the same to the bit however many come at once.

    Parameters
    ----------
    level : (samples,), not below 0.
    """
    if len(level) % QUANTUM_SAMPLES or len(level) == QUANTUM_SAMPLES:
        powers = _powers(decay, len(level))
        held = np.maximum.accumulate(level / powers)
        np.maximum(held, before, out=held)
        held *= powers
        return held, float(held[-1])
    powers = _powers(decay, QUANTUM_SAMPLES)
    raised = level.reshape(-1, QUANTUM_SAMPLES) / powers
    np.maximum.accumulate(raised, axis=1, out=raised)
    last, starts = float(powers[-1]), []
    for most in raised[:, -1].tolist():
        starts.append(before)
        before = max(before, most) * last
    np.maximum(raised, np.array(starts)[:, np.newaxis], out=raised)
    raised *= powers
    return raised.ravel(), before


@lru_cache(maxsize=256)
def _powers(decay: float, count: int) -> Double:
    powers: Double = np.power(decay, np.arange(1, count + 1), dtype=np.float64)
    powers.flags.writeable = False
    return powers
