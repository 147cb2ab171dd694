"""A head: one way in which a deck reads and stretches its loops, from one sample on.

Whatever changes how a deck reads starts a new head on the very sample, which is faded in over the old one.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aijockey.live.clock import Moment, TempoMap
from aijockey.live.loops import Loop
from aijockey.live.reading import Reading
from aijockey.live.stretch import GridStretch, Varispeed
from aijockey.live.tone_stretch import ToneStretch
from aijockey.music.grid import RATE_HZ, REFERENCE_BPM

Float = npt.NDArray[np.float32]
ReadLoops = Callable[[int, int, Reading], Float]

# Between two ways of reading: short, and shorter still where a loop begins, so that its attack is heard.
FADE_SAMPLES = RATE_HZ // 200
ATTACK_FADE_SAMPLES = RATE_HZ // 500
MOST_HEADS = 8


class Head:
    """Reads what a deck plays, or the one loop it is given.

    Parameters
    ----------
    begin, fade_samples : where it is faded in over what was before.
    loop : plays this instead of what the deck plays.
    turn : as `GridStretch` takes it.
    """

    def __init__(
        self,
        read: ReadLoops,
        clock: TempoMap,
        channels: int,
        reading: Reading,
        begin: int,
        fade_samples: int,
        *,
        pitch: float = 1.0,
        loop: Loop | None = None,
        tonal: bool = False,
        turn: int = 0,
    ) -> None:
        self.begin, self.fade_samples = begin, fade_samples
        self.reading, self.pitch, self.loop, self.tonal = reading, pitch, loop, tonal
        self.kind = ""
        self._turn = turn
        self._read_loops = read
        self._clock, self._channels = clock, channels
        self._stretch: GridStretch | ToneStretch | Varispeed | None = None

    def wanted(self, now: Moment, tonal: bool) -> str:
        """The stretch that suits what plays now: "grid", "tone" or "vari"."""
        keeps = self._clock.keep_pitch
        if self.pitch == 1.0:
            swings = self._clock.swings
            if now.is_reference and not (tonal and swings):
                return "grid"
            if not keeps and (tonal or not swings):
                return "vari"
        return "tone" if tonal else "grid"

    def again(self, begin: int, fade_samples: int) -> "Head":
        """The same, from another sample on."""
        return Head(
            self._read_loops, self._clock, self._channels, self.reading, begin, fade_samples,
            pitch=self.pitch, loop=self.loop, tonal=self.tonal, turn=self._turn,
        )  # fmt: skip

    def start(self, kind: str) -> None:
        """Choose the stretch."""
        self.kind = kind
        if kind == "vari":
            self._stretch = Varispeed(self._clock, self.read)
        elif kind == "tone":
            self._stretch = ToneStretch(self._clock, self.read, self._channels, self.pitch)
        else:
            self._stretch = GridStretch(self._clock, self.read, self.pitch, self.reading.origin, self._turn)

    def render(self, start: int, count: int) -> Float:
        """Sound of samples ``start`` on, (channels, count). Thread: audio"""
        assert self._stretch is not None
        if not isinstance(self._stretch, Varispeed):
            self._stretch.rate = self._rate_at(start)
        return self._stretch.render(start, count)

    def tone(self, start: int) -> ToneStretch | None:
        """The stretch that will be asked for samples ``start`` on, for `make_frames`; None where it is another kind.

        Thread: audio
        """
        if not isinstance(self._stretch, ToneStretch):
            return None
        self._stretch.rate = self._rate_at(start)
        return self._stretch

    def _rate_at(self, sample: int) -> float:
        return (
            self.pitch
            if self._clock.keep_pitch
            else self.pitch * self._clock.tempo_at(sample) / REFERENCE_BPM
        )

    def read(self, start: int, count: int) -> Float:
        """What it reads at reference positions, (channels, count). Thread: audio"""
        if self.loop is None:
            return self._read_loops(start, count, self.reading)
        return lap(self.reading.loop(self.loop), start + self.reading.offset, count, self._channels)


def lap(loop: Loop | None, start: int, count: int, channels: int) -> Float:
    """``count`` samples of an endlessly repeated loop from ``start`` on, where 0 is its first sample.

    May be a view of the loop: not to be written to.
    """
    if loop is None:
        return np.zeros((channels, count), dtype=np.float32)
    position, filled = start % loop.samples, 0
    if position + count <= loop.samples and loop.audio.shape[0] == channels:
        return loop.audio[:, position : position + count]
    sound = np.empty((channels, count), dtype=np.float32)
    while filled < count:
        piece = loop.audio[:, position : position + count - filled]
        sound[:, filled : filled + piece.shape[1]] = piece
        filled += piece.shape[1]
        position = 0
    return sound
