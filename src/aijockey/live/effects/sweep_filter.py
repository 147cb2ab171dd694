"""The one-knob filter of a DJ mixer: a low-pass to the left, a high-pass to the right."""

import math

import numpy as np
import numpy.typing as npt

from aijockey.live.effects.sections import TunedSections
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

# Butterworth of fourth order: quality of its two sections.
QUALITIES = (0.54119610, 1.30656296)
LOW_PASS_HZ = (20_000.0, 60.0)  # cutoff where the knob leaves 0, and at its end
HIGH_PASS_HZ = (20.0, 10_000.0)
# Within this much of 0 the filter is faded in, so that 0 leaves the sound as it is.
BLEND = 0.04
STEP_SAMPLES = 64


class SweepFilter:
    """Low-pass or high-pass, 24 dB an octave, 3 dB down at its cutoff; the coefficients follow every 64
    samples.
    """

    latency_samples = 0

    def __init__(self, channels: int = 2) -> None:
        self._channels = channels
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._sections = TunedSections(len(QUALITIES), self._channels)
        self._side = 0

    def process(self, audio: Float, position: float | Double) -> Float:
        """Filter ``audio`` (channels, samples); ``position`` -1 to 1, single or (samples,); 0 leaves it as it
        is.
        """
        if isinstance(position, float):
            if position == 0.0:
                self._side = 0
                return audio
            return self._step(audio, position)
        pieces = []
        for start in range(0, audio.shape[1], STEP_SAMPLES):
            pieces.append(
                self._step(audio[:, start : start + STEP_SAMPLES], position[start : start + STEP_SAMPLES])
            )
        return np.concatenate(pieces, axis=1)

    def _step(self, audio: Float, position: float | Double) -> Float:
        middle = position if isinstance(position, float) else float(position[len(position) // 2])
        side = (middle > 0) - (middle < 0)
        if side == 0:
            return audio
        if side != self._side:
            self._sections.reset()
            self._side = side
        filtered = self._sections.process(audio, sections(middle))
        wet = np.clip(np.abs(position) / BLEND, 0.0, 1.0)
        return (audio + (filtered - audio) * wet).astype(np.float32)


def cutoff_hz(position: float) -> float:
    """Cutoff at a ``position`` of the knob, -1 to 1: octaves are spread evenly over each half."""
    start, end = LOW_PASS_HZ if position < 0 else HIGH_PASS_HZ
    return start * math.pow(end / start, abs(position))


def sections(position: float) -> list[list[float]]:
    """Second-order sections at a ``position`` other than 0 (Bristow-Johnson's cookbook)."""
    angle = 2.0 * math.pi * cutoff_hz(position) / RATE_HZ
    cosine, sine = math.cos(angle), math.sin(angle)
    rows = []
    for quality in QUALITIES:
        alpha = sine / (2.0 * quality)
        if position < 0:
            b0, b1 = (1.0 - cosine) / 2.0, 1.0 - cosine
        else:
            b0, b1 = (1.0 + cosine) / 2.0, -(1.0 + cosine)
        a0 = 1.0 + alpha
        rows.append([b0 / a0, b1 / a0, b0 / a0, 1.0, -2.0 * cosine / a0, (1.0 - alpha) / a0])
    return rows
