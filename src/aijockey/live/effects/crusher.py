"""Bit-crusher: fewer bits, and fewer samples."""

import numpy as np

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
            index = np.arange(place.start, place.start + audio.shape[1])
            # 0 is the sample that is held from the last block.
            first = np.maximum(index - index % held_samples - place.start + 1, 0)
            sound = np.concatenate([self._held, audio], axis=1)[:, first]
        self._held = sound[:, -1:].copy()
        steps = 2.0 ** (MOST_BITS - 1.0 - SPAN_BITS * np.asarray(amount))
        return mixed(audio, np.rint(sound * steps) / steps, wet_share(amount, 0.1))
