"""What a deck plays and how it is asked for: requests and loops."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import db_to_gain
from aijockey.errors import AijockeyError
from aijockey.live.members import Ensemble, ensemble_of_values
from aijockey.live.point_text import read_point
from aijockey.live.points import Point
from aijockey.music.grid import BEAT_SAMPLES

Float = npt.NDArray[np.float32]

# Every loop is brought to this level, so that eight decks at 0 dB sum to about what a club record has.
TARGET_LUFS = -19.0
MOST_BOOST_DB = 12.0


class LoopError(AijockeyError):
    """A loop that cannot be played: wrong length, not finite, or never made."""


@dataclass(frozen=True)
class LoopRequest:
    """All that decides what a generator makes; equal requests give equal loops.

    controls : pairs of name and standard deviations, sorted by name; a control that is absent is left free.
    second_voice, morph : the voice is so much, 0 to 1, of the way to another; "" is none.
    ensemble : neighbours that play along, in stereo; None: the point alone, in mono.
    """

    voice: str
    point: Point
    controls: tuple[tuple[str, float], ...] = ()
    second_voice: str = ""
    morph: float = 0.0
    ensemble: Ensemble | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values for another process."""
        entry: dict[str, Any] = {
            "voice": self.voice,
            "point": str(self.point),
            "controls": dict(self.controls),
        }
        entry |= {"second_voice": self.second_voice, "morph": self.morph} if self.second_voice else {}
        return {**entry, "ensemble": self.ensemble.as_values()} if self.ensemble else entry

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "LoopRequest":
        """The inverse of `as_json`."""
        controls = tuple(sorted((str(name), float(value)) for name, value in entry["controls"].items()))
        second, morph = str(entry.get("second_voice", "")), float(entry.get("morph", 0.0))
        ensemble = ensemble_of_values(entry["ensemble"]) if "ensemble" in entry else None
        return cls(str(entry["voice"]), read_point(str(entry["point"])), controls, second, morph, ensemble)


@dataclass(frozen=True)
class Loop:
    """Circular audio (channels, samples) of whole beats at 120 BPM, already at playing level."""

    audio: Float
    gain: float = 1.0

    @property
    def samples(self) -> int:
        """Length on the 120 BPM grid."""
        return self.audio.shape[1]

    def within(self, channels: int) -> "Loop":
        """The loop in at most so many channels: stereo becomes its mono sum where there is one."""
        if self.audio.shape[0] <= channels:
            return self
        return Loop(self.audio.mean(axis=0, keepdims=True, dtype=np.float32), self.gain)


@dataclass
class Ticket:
    """A loop that was asked for. ``loop`` or ``error`` is set once, by whoever makes it.

    Thread: any
    """

    request: LoopRequest
    loop: Loop | None = None
    error: str | None = None
    notes: list[str] = field(default_factory=list)


def make_loop(audio: Float, *, match_level: bool = True) -> Loop:
    """Check what a generator made and bring it to playing level.

    Parameters
    ----------
    audio : (samples,) or (channels, samples), 1 or 2 channels, a whole number of beats at 120 BPM.

    Raises
    ------
    LoopError : wrong shape or length, or values that are not finite.
    """
    if audio.ndim == 1:
        audio = audio[np.newaxis]
    if audio.ndim != 2 or audio.shape[0] not in (1, 2):
        raise LoopError(f"a loop of shape {audio.shape}: expected (samples,), (1, samples) or (2, samples)")
    if audio.shape[1] == 0 or audio.shape[1] % BEAT_SAMPLES:
        raise LoopError(
            f"a loop of {audio.shape[1]} samples: expected a multiple of {BEAT_SAMPLES}, one beat at 120 BPM"
        )
    if not np.all(np.isfinite(audio)):
        raise LoopError("a loop holds values that are not finite (NaN or infinity); it is left out")
    if not match_level:
        return Loop(np.ascontiguousarray(audio, dtype=np.float32))
    level_lufs = _level_lufs(audio)
    gain = db_to_gain(min(MOST_BOOST_DB, TARGET_LUFS - level_lufs)) if np.isfinite(level_lufs) else 1.0
    return Loop(np.ascontiguousarray(audio * np.float32(gain), dtype=np.float32), gain)


def _level_lufs(audio: Float) -> float:
    """Loudness of a loop as the mixer hears it, where mono goes to both sides: that of the mono sum, which a wide loop
    shares with a mono one; not below half of both sides, for loops whose sides cancel.
    """
    # scipy.signal takes longer to import than everything else here together; who makes no loops needs none.
    from aijockey.live.loudness import loudness_lufs

    if audio.shape[0] == 1:
        return loudness_lufs(audio)
    middle = loudness_lufs(audio.mean(axis=0, keepdims=True))
    return max(middle, loudness_lufs(audio) - 20.0 * float(np.log10(2.0)))
