"""Live input for the engine: what comes in now, at the engine's own pace."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from aijockey.live.follower import Follower
from aijockey.live.shared_ring import SharedRing
from aijockey.live.span import QUANTUM_SAMPLES

Float = npt.NDArray[np.float32]


class LiveInput(Protocol):
    """What a deck plays whose ``input`` is 1."""

    def read(self, count: int) -> Float:
        """The next samples, (2, count). Thread: audio"""


class RingInput:
    """Input that another process writes into a ring.

    Parameters
    ----------
    block_samples : of the device.

    delay_samples : by how much it is late here, beside what the device itself says.
    """

    def __init__(self, ring: SharedRing, block_samples: int) -> None:
        self.delay_samples = input_delay_samples(block_samples)
        self._follower = Follower(ring, lambda: ring.written - self.delay_samples)

    @property
    def gaps(self) -> int:
        """How often nothing had come in."""
        return self._follower.gaps

    def read(self, count: int) -> Float:
        """The next samples, (2, count). Thread: audio"""
        return self._follower.read(count)


def input_delay_samples(block_samples: int) -> int:
    """What must have come in before it is read: a block of the device, and what the engine takes at once."""
    return block_samples + 2 * QUANTUM_SAMPLES


def in_channels(sound: Float, channels: int) -> Float:
    """Stereo as the decks' sound is: mono is the mean of both sides."""
    mono: Float = sound.mean(axis=0, keepdims=True, dtype=np.float32)
    return mono if channels == 1 else sound
