"""Ducking: another deck presses on this one."""

import math

import numpy as np

from aijockey.live.effects.hold import held_peaks
from aijockey.live.effects.insert import Double, Float, Gain, Place
from aijockey.live.effects.sections import recursion
from aijockey.music.grid import RATE_HZ

# A key of this size presses all the way: -12 dBFS, what a matched kick has.
WHOLE_AT = 0.25
ATTACK_S = 0.0015
RELEASE_S = (0.04, 0.6)


class Duck:
    """``amount`` is how far the key presses the sound down, ``tone`` how long it takes to come back (40 to
    600 ms). Without a key the sound stays as it is.
    """

    latency_samples = 0

    def prepare(self, channels: int) -> None:
        """Nothing is heard yet."""
        attack = float(np.exp(-1.0 / (ATTACK_S * RATE_HZ)))
        self._smoother = np.array([1.0 - attack]), np.array([1.0, -attack])
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._held = 0.0
        self._state = np.zeros(1)

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        if place.key is None and self._held == 0.0 and not self._state.any():
            return audio
        pressed = self._pressed(
            place.key, audio.shape[1], RELEASE_S[0] * (RELEASE_S[1] / RELEASE_S[0]) ** tone
        )
        return (audio * (1.0 - amount * pressed)).astype(np.float32)

    def _pressed(self, key: Float | None, count: int, release_s: float) -> Double:
        """0 to 1: the key's peaks, held and let go exponentially, then smoothed."""
        level = np.zeros(count) if key is None else np.minimum(np.abs(key).max(axis=0) / WHOLE_AT, 1.0)
        held, self._held = held_peaks(level, _decay(release_s), self._held)
        pressed: Double
        pressed, self._state = recursion(*self._smoother, held, self._state)
        return pressed


def _decay(release_s: float) -> float:
    return math.exp(-1.0 / (release_s * RATE_HZ))
