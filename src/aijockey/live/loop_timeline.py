"""Which loops a deck plays from where on: their signal on the 120 BPM grid, end to end, with their cross-fades."""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aijockey.live.head import lap
from aijockey.live.loops import Loop, LoopRequest
from aijockey.live.reading import Reading
from aijockey.music.grid import BEAT_SAMPLES

Float = npt.NDArray[np.float32]

# What was read behind the transport by a stretcher must still be there.
KEEP_SAMPLES = 2 * BEAT_SAMPLES


@dataclass(frozen=True)
class Playing:
    """From reference position ``at`` on, ``loop`` plays alone; it comes in over ``fade`` samples before."""

    at: int
    fade: int
    loop: Loop | None
    tonal: bool
    beat: Fraction
    request: LoopRequest | None


class LoopTimeline:
    """The loops of a deck, in order.

    loaded : the last that was not silence, for a cue; None before the first.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._loops = deque([Playing(-(1 << 60), 0, None, False, Fraction(0), None)])
        self.loaded: Playing | None = None

    @property
    def last(self) -> Playing:
        """What entered last, though perhaps it does not sound yet."""
        return self._loops[-1]

    @property
    def silent(self) -> bool:
        """Whether nothing plays and nothing is about to."""
        return len(self._loops) == 1 and self._loops[0].loop is None

    def add(self, playing: Playing) -> None:
        """Let a loop in, after all others. Thread: audio"""
        self._loops.append(playing)
        if playing.loop is not None:
            self.loaded = playing

    def forget(self, reference: int) -> None:
        """Drop what nobody reads any more when the transport is at ``reference``. Thread: audio"""
        while len(self._loops) > 1 and self._loops[1].at + KEEP_SAMPLES < reference:
            self._loops.popleft()

    def present(self, reference: int) -> Playing:
        """What plays alone at ``reference``, or is faded out."""
        return next((item for item in reversed(self._loops) if item.at <= reference), self._loops[0])

    def next_after(self, reference: int) -> Playing | None:
        """What plays alone next, after ``reference``."""
        return next((item for item in self._loops if item.at > reference), None)

    def is_tonal(self, reference: int) -> bool:
        """Whether what plays at ``reference`` is to be stretched as tones are."""
        loops = self._loops
        if len(loops) == 1:
            return loops[0].tonal
        tonal = False
        for entry in loops:
            if entry.at <= reference and entry.loop is not None:
                tonal = entry.tonal
        return tonal or (loops[0].loop is None and loops[-1].tonal)

    def read(self, start: int, count: int, reading: Reading) -> Float:
        """The deck's signal, (channels, count): loops end to end, and their cross-fades.

        Thread: audio
        """
        loops, index = self._loops, 0
        for number in range(len(loops) - 1, 0, -1):
            if loops[number].at <= start:
                index = number
                break
        sound = self._lap(loops[index].loop, start, count, reading)
        for number in range(index + 1, len(loops)):
            entry = loops[number]
            begin = entry.at - entry.fade
            if begin >= start + count:
                continue
            incoming = self._lap(entry.loop, start, count, reading)
            # Before the fade it is what was there, past its grid line the new loop alone.
            first, whole = max(0, begin - start), min(count, max(0, entry.at - start))
            out, into = _fades(entry.fade)
            passed = slice(start + first - begin, start + whole - begin)
            faded = np.empty((self._channels, count), dtype=np.float32)
            faded[:, :first] = sound[:, :first]
            np.multiply(sound[:, first:whole], out[passed], out=faded[:, first:whole])
            faded[:, first:whole] += incoming[:, first:whole] * into[passed]
            faded[:, whole:] = incoming[:, whole:]
            sound = faded
        return sound

    def _lap(self, loop: Loop | None, start: int, count: int, reading: Reading) -> Float:
        if loop is None or reading.is_plain:
            return lap(loop, start, count, self._channels)
        return lap(reading.loop(loop), start + reading.offset, count, self._channels)


@lru_cache(maxsize=32)
def _fades(samples: int) -> tuple[Float, Float]:
    """Factors of what leaves and of what comes in over so many samples, at equal power: worked out once, since all
    decks fade at the same line, and a frame of a stretcher reads seven thousand of them.
    """
    angle = np.arange(samples) / max(1, samples) * (np.pi / 2)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
