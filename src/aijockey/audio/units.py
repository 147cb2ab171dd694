"""Decibels and gains."""

import numpy as np
import numpy.typing as npt


def db_to_gain(level_db: float) -> float:
    """Amplitude factor of ``level_db``; -inf gives 0."""
    return float(10.0 ** (level_db / 20.0))


def gain_to_db(gain: float, floor_db: float = -200.0) -> float:
    """Level of an amplitude factor in dB, not below ``floor_db``."""
    return max(floor_db, 20.0 * float(np.log10(max(gain, 1e-20))))


def rms(audio: npt.NDArray[np.float32]) -> float:
    """Root mean square over all samples and channels; 0 for an empty array."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if audio.size else 0.0
