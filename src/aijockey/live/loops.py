"""What a deck plays and how it is asked for: points in latent space, requests, loops."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import db_to_gain
from aijockey.errors import AijockeyError
from aijockey.music.grid import BEAT_SAMPLES

Float = npt.NDArray[np.float32]

# Every loop is brought to this level, so that eight decks at 0 dB sum to about what a club record has.
TARGET_LUFS = -19.0
MOST_BOOST_DB = 12.0
MOST_POINT_TEXT = 512


class LoopError(AijockeyError):
    """A loop that cannot be played: wrong length, not finite, or never made."""


@dataclass(frozen=True)
class Point:
    """A place in latent space: the latent of ``seed``, or ``amount`` of the way from it to another point."""

    seed: int
    toward: "Point | None" = None
    amount: float = 0.0

    def as_json(self) -> list[Any]:
        """Nested lists for another process: [seed, toward, amount]."""
        return [self.seed, self.toward.as_json() if self.toward else None, self.amount]

    def __str__(self) -> str:
        """A short text: ``7``, or ``7>9@0.5`` for half-way from 7 to 9; ends may be points in brackets."""
        if self.toward is None:
            return str(self.seed)
        toward = f"({self.toward})" if self.toward.toward else str(self.toward)
        return f"{self.seed}>{toward}@{self.amount!r}"

    @classmethod
    def parse(cls, text: str) -> "Point":
        """The inverse of `str`.

        Raises
        ------
        LoopError : not the text of a point.
        """
        seed, arrow, rest = text.partition(">")
        toward, _, amount = rest.rpartition("@")
        if toward.startswith("(") and toward.endswith(")"):
            toward = toward[1:-1]
        try:
            # Limits before numbers: what is longer is no point, and a parser should not climb far.
            if len(text) > MOST_POINT_TEXT or not (seed.isascii() and seed.isdigit()) or int(seed) >= 2**64:
                raise ValueError
            if not arrow:
                return cls(int(seed))
            share = float(amount)
            if not 0.0 <= share <= 1.0:
                raise ValueError
            return cls(int(seed), cls.parse(toward), share)
        except ValueError:
            raise LoopError(
                f"{text[:80]!r} is not a point; expected a seed such as '7', or '7>9@0.5'"
            ) from None

    @classmethod
    def from_json(cls, entry: list[Any]) -> "Point":
        """The inverse of `as_json`."""
        seed, toward, amount = entry
        return cls(int(seed), cls.from_json(toward) if toward else None, float(amount))


@dataclass(frozen=True)
class LoopRequest:
    """All that decides what a generator makes; equal requests give equal loops.

    controls : pairs of name and standard deviations, sorted by name; a control that is absent is left free.
    """

    voice: str
    point: Point
    controls: tuple[tuple[str, float], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values for another process."""
        return {"voice": self.voice, "point": self.point.as_json(), "controls": dict(self.controls)}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "LoopRequest":
        """The inverse of `as_json`."""
        controls = tuple(sorted((str(name), float(value)) for name, value in entry["controls"].items()))
        return cls(str(entry["voice"]), Point.from_json(entry["point"]), controls)


@dataclass(frozen=True)
class Loop:
    """Circular audio (channels, samples) of whole beats at 120 BPM, already at playing level."""

    audio: Float
    gain: float = 1.0

    @property
    def samples(self) -> int:
        """Length on the 120 BPM grid."""
        return self.audio.shape[1]


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
    # scipy.signal takes longer to import than everything else here together; who makes no loops needs none.
    from aijockey.live.loudness import loudness_lufs

    level_lufs = loudness_lufs(audio)
    gain = db_to_gain(min(MOST_BOOST_DB, TARGET_LUFS - level_lufs)) if np.isfinite(level_lufs) else 1.0
    return Loop(np.ascontiguousarray(audio * np.float32(gain), dtype=np.float32), gain)


def slerp(start: Float, end: Float, amount: float) -> Float:
    """Spherical interpolation of two latents (any shape), 0 to 1, which keeps the length that a normal
    sample has.

    The angle is between the flattened vectors and their lengths are interpolated apart; nearly parallel
    vectors fall back to a straight line. Shoemake 1985, as used for latents by White 2016.
    """
    a, b = start.astype(np.float64).ravel(), end.astype(np.float64).ravel()
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if length_a == 0.0 or length_b == 0.0:
        mixed = (1.0 - amount) * a + amount * b
        return mixed.reshape(start.shape).astype(np.float32)
    cosine = float(np.clip(a @ b / (length_a * length_b), -1.0, 1.0))
    angle = float(np.arccos(cosine))
    if np.sin(angle) < 1e-4:
        mixed = (1.0 - amount) * a + amount * b
    else:
        direction = np.sin((1.0 - amount) * angle) * a / length_a + np.sin(amount * angle) * b / length_b
        mixed = direction / np.sin(angle) * ((1.0 - amount) * length_a + amount * length_b)
    return mixed.reshape(start.shape).astype(np.float32)
