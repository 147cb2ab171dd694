"""Bit-crusher: fewer bits, and fewer samples."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aijockey.live.effects.insert import Float, Gain, Place, mixed, wet_share

MOST_BITS, SPAN_BITS = 12.0, 9.5
MOST_HELD_SAMPLES = 32


class Crusher:
    """``amount`` takes bits away, from 12 to 2.5; ``tone`` holds each sample, for 1 to 32 of them.

    Samples are held on the set's own count, so that the sound does not depend on where blocks begin.
    """

    latency_samples = 0

    def prepare(self, channels: int) -> None:
        """Room for the sample that is held."""
        self._held = np.zeros((channels, 1), dtype=np.float32)

    def reset(self) -> None:
        """Forget all sound."""
        self._held[:] = 0.0

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        held_samples = 1 + round((MOST_HELD_SAMPLES - 1) * tone * tone)
        sound = audio
        if held_samples > 1:
            first = _holding(place.start % held_samples, audio.shape[1], held_samples)
            sound = np.concatenate([self._held, audio], axis=1).take(first, axis=1)
        self._held = sound[:, -1:].copy()
        steps = np.float32(2.0) ** np.asarray(MOST_BITS - 1.0 - SPAN_BITS * amount, dtype=np.float32)
        crushed = sound * steps
        np.rint(crushed, out=crushed)
        crushed *= 1.0 / steps
        return mixed(audio, crushed, wet_share(amount, 0.1))


@lru_cache(maxsize=256)
def _holding(phase: int, count: int, held_samples: int) -> npt.NDArray[np.intp]:
    """Which sample is heard in the place of each of a block that begins ``phase`` samples after one that is held; 0 is
    what is held from the last block.
    """
    index = np.arange(phase, phase + count)
    return np.maximum(index - index % held_samples - phase + 1, 0)
