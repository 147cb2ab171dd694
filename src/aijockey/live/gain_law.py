"""How knobs become factors: faders, pan, crossfader, pump, width."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import SILENCE_DB

Double = npt.NDArray[np.float64]
Gain = float | Double

# Where the crossfader's "cut" lets go of a side: within the last twentieth of its way.
CUT_WIDTH = 0.1


def factor(level_db: Gain) -> Gain:
    """Amplitude factor of a fader; its lowest position is silence."""
    if isinstance(level_db, float):
        return 0.0 if level_db <= SILENCE_DB else float(10.0 ** (level_db / 20.0))
    return np.where(level_db <= SILENCE_DB, 0.0, 10.0 ** (level_db / 20.0))


def pan_gains(pan: Gain) -> tuple[Gain, Gain]:
    """Left and right factors: equal power, their squares sum to 2; exactly 1 and 1 in the middle."""
    if isinstance(pan, float) and pan == 0.0:
        return 1.0, 1.0
    angle = (np.asarray(pan) + 1.0) * (np.pi / 4)
    middle = np.asarray(pan) == 0.0
    left, right = np.sqrt(2.0) * np.cos(angle), np.sqrt(2.0) * np.sin(angle)
    return np.where(middle, 1.0, left), np.where(middle, 1.0, right)


def pump_gain(beats: Double, depth: Gain) -> Double:
    """Factor that dips by ``depth`` (0 to 1) on each beat and is back after three quarters of it."""
    phase = np.mod(beats, 1.0)
    # Down within a hundredth of a beat at the end of the last one, so that the kick finds the room it needs.
    back = np.clip(phase / 0.75, 0.0, 1.0)
    shape = np.where(phase > 0.98, (phase - 0.98) / 0.02, (1.0 - back) ** 2)
    gain: Double = 1.0 - depth * shape
    return gain


def _smooth(near: Double) -> Double:
    quarter: Double = np.sin(near * (np.pi / 2))
    return quarter


def _cut(near: Double) -> Double:
    return np.minimum(near / CUT_WIDTH, 1.0)


# Factor of a side by how near the crossfader is to it, from 0 (at the other end) to 1.
CURVES = {"smooth": _smooth, "linear": lambda near: near, "cut": _cut}


def crossfader_gain(side: Double, position: Gain, curves: Mapping[str, Gain]) -> Double:
    """Factor of decks on sides a (-1) to b (1); 1 for a deck on neither (0), blended as it moves over.

    position : -1 to 1. curves : weight of each of `CURVES` that is in use; they sum to 1.
    """
    near = (1.0 + np.sign(side) * np.asarray(position)) / 2.0
    toward = sum((CURVES[name](near) * weight for name, weight in curves.items()), np.zeros(1))
    share = np.abs(side)
    gain: Double = (1.0 - share) + share * toward
    return gain


def solo_gain(solo: Double, safe: Double) -> Double:
    """Factors (decks, …) of decks by their solo and solo-safe switches, each 0 to 1 on its way."""
    most = solo.max(axis=0, keepdims=True)
    gain: Double = 1.0 - most * (1.0 - np.maximum(solo, safe))
    return gain
