"""Loudness as ITU-R BS.1770-4 measures it, at 48 kHz."""

import math

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

# The K weighting of the recommendation, table 1 and 2: a high shelf, then a high-pass.
K_WEIGHTING = np.array([
    [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
    [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
])  # fmt: skip
BLOCK_SAMPLES = RATE_HZ * 4 // 10
HOP_SAMPLES = RATE_HZ // 10
OFFSET_LUFS = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
HIGHEST_LUFS = 20.0
STEP_LU = 0.01


class LoudnessMeter:
    """Integrated loudness of audio that comes in pieces of any length."""

    def __init__(self) -> None:
        self._state: npt.NDArray[np.float64] | None = None
        self._rest = np.zeros(0)
        self._hops: list[npt.NDArray[np.float64]] = []

    def add(self, audio: Float) -> None:
        """Take the next piece (channels, samples); the number of channels stays the same."""
        if self._state is None:
            self._state = np.zeros((len(K_WEIGHTING), audio.shape[0], 2))
        weighted, self._state = sosfilt(K_WEIGHTING, audio.astype(np.float64), axis=-1, zi=self._state)
        power = np.concatenate([self._rest, np.sum(weighted**2, axis=0)])
        whole = len(power) // HOP_SAMPLES * HOP_SAMPLES
        self._rest = power[whole:]
        if whole:
            self._hops.append(power[:whole].reshape(-1, HOP_SAMPLES).sum(axis=1))

    def integrated_lufs(self) -> float:
        """Gated loudness of all so far; -inf for silence or less than 0.4 s."""
        hops = np.concatenate(self._hops) if self._hops else np.zeros(0)
        steps = BLOCK_SAMPLES // HOP_SAMPLES
        if len(hops) < steps:
            return -np.inf
        power = np.convolve(hops, np.ones(steps), mode="valid") / BLOCK_SAMPLES
        return _gated(power)


class GatedLoudness:
    """Integrated loudness of a set of any length: blocks are counted by level, so that hours take no more memory
    than seconds.
    """

    def __init__(self) -> None:
        levels = int((HIGHEST_LUFS - ABSOLUTE_GATE_LUFS) / STEP_LU)
        self._counts = np.zeros(levels, dtype=np.int64)
        self._powers = np.zeros(levels)

    def add(self, power: float) -> None:
        """Take the weighted mean power of the next block of 0.4 s."""
        level = OFFSET_LUFS + 10.0 * math.log10(max(power, 1e-30))
        if level > ABSOLUTE_GATE_LUFS:
            index = min(len(self._counts) - 1, int((level - ABSOLUTE_GATE_LUFS) / STEP_LU))
            self._counts[index] += 1
            self._powers[index] += power

    def lufs(self) -> float:
        """Gated loudness of all so far, within 0.01 LU; -inf for silence."""
        blocks = int(self._counts.sum())
        if not blocks:
            return -math.inf
        gate = OFFSET_LUFS + 10.0 * math.log10(self._powers.sum() / blocks) + RELATIVE_GATE_LU
        first = max(0, math.ceil((gate - ABSOLUTE_GATE_LUFS) / STEP_LU))
        power = self._powers[first:].sum() / max(1, int(self._counts[first:].sum()))
        return OFFSET_LUFS + 10.0 * math.log10(max(power, 1e-30))


def loudness_lufs(loop: Float) -> float:
    """Loudness of a circular ``loop`` (channels, samples); mono counts as one channel; -inf for silence."""
    meter = LoudnessMeter()
    # A lap before warms the filters, so that the loop is measured as it repeats.
    warm = loop[:, -min(loop.shape[1], RATE_HZ // 2) :]
    meter.add(warm)
    meter._hops.clear()
    meter._rest = np.zeros(0)
    meter.add(loop)
    return meter.integrated_lufs()


def _gated(power: npt.NDArray[np.float64]) -> float:
    def lufs(mean_power: float) -> float:
        return OFFSET_LUFS + 10.0 * float(np.log10(max(mean_power, 1e-30)))

    levels = OFFSET_LUFS + 10.0 * np.log10(np.maximum(power, 1e-30))
    loud = power[levels > ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return -np.inf
    gate = lufs(float(loud.mean())) + RELATIVE_GATE_LU
    kept = power[(levels > ABSOLUTE_GATE_LUFS) & (levels > gate)]
    return lufs(float(kept.mean()))
