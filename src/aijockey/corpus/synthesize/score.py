"""What the studio hands out: audio together with the score that it was played from."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Event:
    """One sounding thing.

    time : start in sixteenths from the loop's start, swing and humanisation included, in [0, sixteenths of
    the loop). instrument : its name within the loop.
    velocity : 0 to 1.
    midi : pitch, or None where there is none worth naming.
    duration : in sixteenths; what the player holds, not what rings.
    """

    time: float
    instrument: str
    velocity: float
    midi: int | None = None
    duration: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """The event as plain JSON values."""
        return asdict(self) | {"time": round(self.time, 4), "velocity": round(self.velocity, 3)}


@dataclass(frozen=True)
class StudioLoop:
    """A rendered loop.

    audio : (2, samples) float32, circular, peak below 0.98.
    score : its events in order of time.
    labels : genre, key, tempo and the drawn parameters, as JSON values.
    """

    audio: Float
    score: tuple[Event, ...]
    labels: dict[str, Any]


@dataclass(frozen=True)
class Sketch:
    """A loop before mastering: what a voice's renderer returns."""

    audio: Float
    score: list[Event]
    labels: dict[str, Any]
