"""The surface protocol's frames: what is in a snapshot, how binary frames lie, what counts as a message.

Server and client both read this module; docs/surface-protocol.md is its meaning.
"""

import json
import math
import re
import struct
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.control.desk import Instrument
from aijockey.control.parameters import PARAMETERS, Parameter
from aijockey.errors import AijockeyError

Float = npt.NDArray[np.float32]
Int16 = npt.NDArray[np.int16]

VERSION = 1
DEFAULT_PORT = 8765
MOST_MESSAGE_BYTES = 64 << 10
MOST_NAME = 32
MOST_ERROR = 500
METERS, SOUND = 1, 2
# kind, version, decks, reserved, beat, sample, tempo, limiter; then four numbers for master and each deck.
_METERS_HEADER = struct.Struct("<BBHIddff")
# kind, version, channels, frames, first frame, beat; then int16 frames.
_SOUND_HEADER = struct.Struct("<BBHIdd")
LEVELS = ("peak_left_db", "peak_right_db", "rms_db", "lufs")
FLOOR_DB = -120.0
_NAME = re.compile(rf"[A-Za-z0-9-]{{1,{MOST_NAME}}}")


class MessageError(AijockeyError):
    """Not a message of the protocol."""


class RefusedError(AijockeyError):
    """A message of the protocol that asks for what may not, or cannot, be done."""


@dataclass(frozen=True)
class Meters:
    """What sounds now.

    beat, sample : position that sounds.
    limiter_db : gain that the limiter takes away.
    levels : (1 + decks, 4), the master first, columns as `LEVELS`.
    """

    beat: float
    sample: float
    tempo_bpm: float
    limiter_db: float
    levels: Float


@dataclass(frozen=True)
class SoundFrame:
    """Sound as a page gets it. sample, beat : of the first frame. frames : (n, 2)."""

    sample: float
    beat: float
    frames: Int16


def encode(message: dict[str, Any]) -> str:
    """A message as text; what is not finite becomes null, which JSON has no other word for."""
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(message), separators=(",", ":"), allow_nan=False)


def decode(text: str, most_bytes: int = MOST_MESSAGE_BYTES) -> dict[str, Any]:
    """A message of text.

    Raises
    ------
    MessageError : not one JSON object, or nested deeper than anything that makes sense.
    """
    if len(text) > most_bytes:
        raise MessageError(f"a message of {len(text)} characters; expected at most {most_bytes}")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise MessageError("not a JSON object") from None
    if not isinstance(message, dict):
        raise MessageError("not a JSON object")
    return message


def pack_meters(meters: Meters) -> bytes:
    """Binary frame of kind 1."""
    header = _METERS_HEADER.pack(
        METERS, VERSION, len(meters.levels) - 1, 0,
        meters.beat, meters.sample, meters.tempo_bpm, meters.limiter_db,
    )  # fmt: skip
    return header + np.ascontiguousarray(meters.levels, dtype="<f4").tobytes()


def pack_sound(frame: SoundFrame) -> bytes:
    """Binary frame of kind 2."""
    count, channels = frame.frames.shape
    header = _SOUND_HEADER.pack(SOUND, VERSION, channels, count, frame.sample, frame.beat)
    return header + np.ascontiguousarray(frame.frames, dtype="<i2").tobytes()


def unpack(data: bytes) -> Meters | SoundFrame:
    """A binary frame.

    Raises
    ------
    MessageError : of another kind or version, or cut off.
    """
    if len(data) < 2 or data[1] != VERSION:
        raise MessageError("a binary frame of another version")
    try:
        if data[0] == METERS:
            _, _, decks, _, beat, sample, tempo_bpm, limiter_db = _METERS_HEADER.unpack_from(data)
            levels = np.frombuffer(data, "<f4", 4 * (decks + 1), _METERS_HEADER.size)
            return Meters(beat, sample, tempo_bpm, limiter_db, levels.reshape(-1, 4))
        if data[0] == SOUND:
            _, _, channels, count, sample, beat = _SOUND_HEADER.unpack_from(data)
            frames = np.frombuffer(data, "<i2", channels * count, _SOUND_HEADER.size)
            return SoundFrame(sample, beat, frames.reshape(count, channels))
    except (struct.error, ValueError):
        raise MessageError("a binary frame that is cut off") from None
    raise MessageError(f"a binary frame of kind {data[0]}; expected {METERS} or {SOUND}")


def as_int16(sound: Float) -> Int16:
    """Sound (2, samples) within -1 to 1 as interleaved frames (samples, 2)."""
    return np.round(np.clip(sound, -1.0, 1.0) * 32767.0).astype(np.int16).T


def rows() -> list[dict[str, Any]]:
    """The table of parameters, for a snapshot."""
    return [_row(parameter) for parameter in PARAMETERS]


def instrument(given: Instrument) -> dict[str, Any]:
    """The instrument, for a snapshot."""
    return asdict(given)


def client_name(wanted: object, number: int) -> str:
    """What a client is called: unique, and nothing else than it asked for.

    Raises
    ------
    MessageError : not a name.
    """
    if not isinstance(wanted, str) or not _NAME.fullmatch(wanted):
        raise MessageError(f"name {wanted!r:.60}: expected up to {MOST_NAME} letters, digits and '-'")
    return f"{wanted}-{number}"


def number_of(message: dict[str, Any], key: str, low: float, high: float, default: float) -> float:
    """A number of a message.

    Raises
    ------
    RefusedError : not a number, or out of range.
    """
    value = message.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RefusedError(f"{key} = {value!r:.60}: expected a number from {low:g} to {high:g}")
    return float(value)


def _row(row: Parameter) -> dict[str, Any]:
    told = {key: value for key, value in asdict(row).items() if key != "choices"}
    return {
        **told,
        "address": row.address,
        "choices": list(row.choices),
        "default": None if row.gesture else row.default,
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
