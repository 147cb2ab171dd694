"""The gallery: small pictures of loops, by the process that makes a loop for whoever shows it.

A picture is found by the key of its loop's text. Every worker has slots of its own and goes round in them, so a slot
has one writer; readers take a picture whole or not at all (a seqlock). Pictures go when newer ones need the room, so
who shows one keeps it.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aijockey.audio.drum_hits import CLASSES, MOST_HITS, NO_HITS, Hits, drum_hits
from aijockey.live.loops import LoopRequest
from aijockey.live.plan import request_text
from aijockey.live.processes.exchange import MOST_WORKERS
from aijockey.live.processes.shared import SharedArrays
from aijockey.music.grid import BEAT_SAMPLES

if TYPE_CHECKING:
    from aijockey.representation.mel import LogMel

Float = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Int8 = npt.NDArray[np.int8]

COLUMNS = 256
BANDS, FRAMES = 32, 128
SLOTS_PER_WORKER = 48
MEL_FLOOR_DB = -80.0
_SEQUENCE, _BEATS, _HITS = 0, 1, 2


@dataclass(frozen=True)
class Picture:
    """What a loop looks like.

    low, high : (COLUMNS,) least and greatest sample of each column, 127 is full scale.
    mel : (BANDS, FRAMES), the lowest band first, 0 is -80 dB, 255 is 0 dB.
    hits : what is struck in it.
    """

    beats: int
    low: Int8
    high: Int8
    mel: Bytes
    hits: Hits = NO_HITS

    def as_json(self) -> dict[str, Any]:
        """Plain values, arrays as base64 row by row."""
        return {
            "beats": self.beats,
            "columns": COLUMNS,
            "low": _text(self.low),
            "high": _text(self.high),
            "bands": BANDS,
            "frames": FRAMES,
            "mel": _text(self.mel),
            "onsets": [
                [round(float(beat), 3), CLASSES[kind], round(float(strength), 2)]
                for beat, kind, strength in zip(
                    self.hits.beats, self.hits.classes, self.hits.strengths, strict=True
                )
            ],
        }


@lru_cache(maxsize=256)
def key_of_text(text: str) -> str:
    """Key of a loop's text, "" for none. Thread: any"""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest() if text else ""


def draw(audio: Float) -> Picture:
    """Picture of a loop (channels, samples) of whole beats."""
    mono = audio.mean(axis=0)
    edges = np.linspace(0, len(mono), COLUMNS + 1).astype(int)[:-1]
    low, high = (
        np.clip(np.round(127 * extreme.reduceat(mono, edges)), -127, 127)
        for extreme in (np.minimum, np.maximum)
    )
    mel = _encoder().encode(mono)
    frames = mel.shape[1]
    mel = mel.reshape(BANDS, 2, frames).max(axis=1)
    # Whatever its length, a loop is as wide as any other.
    at = np.linspace(0, frames, FRAMES + 1).astype(int)[:-1]
    coarse = np.maximum.reduceat(mel, at, axis=1)
    shade = np.clip(np.round(255 * (1.0 - coarse * (20.0 / np.log(10.0)) / MEL_FLOOR_DB)), 0, 255)
    return Picture(
        len(mono) // BEAT_SAMPLES,
        low.astype(np.int8),
        high.astype(np.int8),
        shade.astype(np.uint8),
        drum_hits(mono),
    )


class Gallery:
    """Pictures in shared memory.

    Parameters
    ----------
    name : of an existing one to attach; None makes one.
    """

    def __init__(self, name: str | None = None) -> None:
        slots = MOST_WORKERS * SLOTS_PER_WORKER
        self._shared = SharedArrays(
            {
                "words": (np.int64, (slots, 3)),
                "keys": (np.uint64, (slots,)),
                "low": (np.int8, (slots, COLUMNS)),
                "high": (np.int8, (slots, COLUMNS)),
                "mel": (np.uint8, (slots, BANDS, FRAMES)),
                "hits": (np.float32, (slots, MOST_HITS, 3)),
                "places": (np.int64, (MOST_WORKERS, 8)),
            },
            name,
        )

    @property
    def name(self) -> str:
        """What another process attaches by. Thread: any"""
        return self._shared.name

    def hang(self, worker: int, request: LoopRequest, audio: Float) -> None:
        """Draw a loop and show it; one that is there already stays. Thread: the worker's"""
        key = np.uint64(int(key_of_text(request_text(request)), 16))
        mine = slice(worker * SLOTS_PER_WORKER, (worker + 1) * SLOTS_PER_WORKER)
        shared = self._shared
        if key in shared["keys"][mine]:
            return
        picture = draw(audio)
        slot = mine.start + int(shared["places"][worker, 0]) % SLOTS_PER_WORKER
        shared["places"][worker, 0] += 1
        words = shared["words"][slot]
        words[_SEQUENCE] |= 1  # a worker that was killed half-way has left an odd number
        shared.keep_order()
        shared["keys"][slot], words[_BEATS] = key, picture.beats
        shared["low"][slot], shared["high"][slot], shared["mel"][slot] = (
            picture.low,
            picture.high,
            picture.mel,
        )
        hits = picture.hits
        words[_HITS] = len(hits)
        shared["hits"][slot, : len(hits)] = np.stack([hits.beats, hits.classes, hits.strengths], axis=1)
        shared.keep_order()
        words[_SEQUENCE] += 1

    def find(self, key: str) -> Picture | None:
        """The picture of a loop, None where it is not there, or not whole now. Thread: any"""
        shared = self._shared
        for slot in np.flatnonzero(shared["keys"] == np.uint64(int(key or "0", 16))):
            before = int(shared["words"][slot, _SEQUENCE])
            if not key or not before or before & 1:
                continue
            shared.keep_order()
            picture = Picture(
                int(shared["words"][slot, _BEATS]),
                shared["low"][slot].copy(),
                shared["high"][slot].copy(),
                shared["mel"][slot].copy(),
                _hits(shared["hits"][slot, : int(shared["words"][slot, _HITS]) % (MOST_HITS + 1)].copy()),
            )
            shared.keep_order()
            if int(shared["words"][slot, _SEQUENCE]) == before:
                return picture
        return None

    def close(self) -> None:
        """Let go of the memory. Thread: control"""
        self._shared.close()


@lru_cache(maxsize=1)
def _encoder() -> "LogMel":
    from aijockey.representation.mel import LogMel, MelConfig  # who only reads pictures needs none of this

    return LogMel(MelConfig(bands=2 * BANDS))


def _hits(rows: Float) -> Hits:
    return Hits(rows[:, 0], rows[:, 1].astype(np.int8), rows[:, 2])


def _text(numbers: npt.NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()
