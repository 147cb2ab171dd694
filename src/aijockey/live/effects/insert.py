"""What an insert effect is, and where it is when it works."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double


@dataclass(slots=True)
class Place:
    """Where a block lies.

    Parameters
    ----------
    start : its first sample, counted from the set's beginning; below 0 where earlier effects delay the sound.
    beats : (samples,) position of each sample in beats, straight: swing moves sounds, not the grid.
    beat_samples : length of a beat at the present tempo.
    key : (channels, samples) signal that presses on this one, or None.
    """

    start: int
    beats: Double
    beat_samples: float
    key: Float | None = None


class Insert(Protocol):
    """An effect of one deck. It keeps its state from block to block and knows nothing of block sizes.

    latency_samples : by how much its output is late; known after `prepare`, and compensated by the mixer.
    """

    latency_samples: int

    def prepare(self, channels: int) -> None:
        """Allocate, and be as after `reset`. Thread: control"""

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """Shape ``audio`` (channels, samples) without changing it in place.

        amount : 0 to 1, single or (samples,); at 0 the sound stays as it is. tone : 0 to 1. Thread: audio
        """

    def reset(self) -> None:
        """Forget all sound. Thread: audio"""


def wet_share(amount: Gain, whole_at: float) -> Gain:
    """How much of the effect is heard: from 0 all of it comes in by ``whole_at``, so that 0 is no effect."""
    if isinstance(amount, float):
        return min(1.0, amount / whole_at)
    return np.minimum(1.0, amount / whole_at)


def mixed(dry: Float, wet: npt.NDArray[np.floating], share: Gain) -> Float:
    """``dry`` and ``wet`` (channels, samples), with a ``share`` 0 to 1 of wet."""
    if isinstance(share, float) and share == 1.0:
        return wet.astype(np.float32, copy=False)
    return (dry + (wet - dry) * share).astype(np.float32, copy=False)


def by_channel(plugins: Sequence[Any], audio: npt.NDArray[np.floating]) -> Float:
    """``audio`` (channels, samples) through one of pedalboard's effects for each channel.

    One for all would guess which axis is which, and guess wrong for blocks of one sample. They work in quanta
    inside, since at a longer block than ever before they would forget all sound.
    """
    sound = audio.astype(np.float32, copy=False)
    if len(plugins) == 1:
        made: Float = plugins[0].process(sound[0], RATE_HZ, buffer_size=QUANTUM_SAMPLES, reset=False)
        return made.reshape(1, -1)
    channels = zip(plugins, sound, strict=True)
    return np.stack([
        plugin.process(channel, RATE_HZ, buffer_size=QUANTUM_SAMPLES, reset=False) for plugin, channel in channels
    ])  # fmt: skip
