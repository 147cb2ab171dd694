"""Reads a ring at the pace of another clock: two sound devices never agree on what a second is.

The reader is told where it should be. How far it is from there swings with the blocks of both sides, so it waits until
it knows the mean of that; from then on a mean that wanders off is drift, and is made good by reading a little faster
or slower, far less than anybody hears. Within the slack it reads the samples as they are.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aijockey.live.interpolation import TAPS, read_between
from aijockey.live.shared_ring import SharedRing
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
# Frame of the ring that should be read now.
Aim = Callable[[], int]

SETTLE_SAMPLES = RATE_HZ  # until the mean is known
SLACK_SAMPLES = 48.0
CORRECT_S = 4.0
MEAN_S = 1.0
MOST_RATE = 0.003  # 5 cents; crystals differ by less than a tenth of that
MOST_ERROR_SAMPLES = RATE_HZ // 10  # beyond, something happened, and the reader begins anew
EDGE_SAMPLES = 64


class Follower:
    """One reader.

    rate : frames of the ring for each that is given; 1 but while drift is made good.
    gaps : how often there was nothing to give, or the reader had to begin anew.
    """

    def __init__(self, ring: SharedRing, aim: Aim) -> None:
        self._ring, self._aim = ring, aim
        self.rate = 1.0
        self.gaps = 0
        self._heard = 0  # nothing before this frame is heard (again)
        self._begin()
        self._last = np.zeros((ring.channels, 1), dtype=np.float32)
        self._broken = True
        # What interpolation needs is made here, not by the thread that sounds.
        read_between(lambda _, count: np.zeros((1, count), dtype=np.float32), 0, np.array([0.5]), 1.0)

    def _begin(self) -> None:
        self._place: int | None = None
        self._fraction = 0.0  # of a frame, beyond the place
        self._seen = 0
        self._usual = self._mean = 0.0
        self.rate = 1.0

    def read(self, count: int) -> Float:
        """The next frames, (channels, count); silence, with soft edges, where there are none. Thread: the reader's"""
        aim = self._aim()
        if self._place is None and aim >= self._heard:
            self._place = aim
        if self._place is not None:
            self._steer(aim - self._place - self._fraction, count)
        sound = self._frames(count) if self._place is not None else None
        if sound is None:
            return self._silence(count)
        if self._broken:
            edge = min(EDGE_SAMPLES, count)
            sound = sound.copy()
            sound[:, :edge] *= np.linspace(0.0, 1.0, edge, endpoint=False, dtype=np.float32)
            self._broken = False
        self._last = sound[:, -1:].copy()
        return sound

    def _steer(self, error: float, count: int) -> None:
        if abs(error - self._usual) > MOST_ERROR_SAMPLES:
            self._begin()
            return
        self._seen += count
        if self._seen <= SETTLE_SAMPLES:
            self._usual += (error - self._usual) * count / self._seen
            return
        self._mean += (error - self._usual - self._mean) * min(1.0, count / (MEAN_S * RATE_HZ))
        # It begins beyond the slack and goes on until the drift is nearly made good.
        if abs(self._mean) > (SLACK_SAMPLES if self.rate == 1.0 else SLACK_SAMPLES / 4):
            self.rate = 1.0 + max(-MOST_RATE, min(MOST_RATE, self._mean / (CORRECT_S * RATE_HZ)))
        else:
            self.rate = 1.0

    def _frames(self, count: int) -> Float | None:
        assert self._place is not None
        place, end = self._place, self._fraction + self.rate * count
        before = TAPS // 2 - 1 if end != count or self._fraction else 0
        last = place + int(end) + (TAPS // 2 + 1 if before else 0)
        if last > self._ring.written or place - before < self._ring.written - self._ring.samples:
            return None
        if before:
            offsets = self._fraction + self.rate * np.arange(count, dtype=np.float64)
            sound = read_between(self._copied, place, offsets, 1.0)
        else:
            sound = self._copied(place, count)
        self._place, self._fraction = place + int(end), end - int(end)
        self._heard = self._place
        return sound

    def _copied(self, start: int, count: int) -> Float:
        sound, lost = self._ring.copy(max(0, start), count + min(0, start))
        missing = count - sound.shape[1]
        if missing or lost:  # before the beginning, or overtaken while it was copied
            sound = np.concatenate([np.zeros((len(sound), missing), dtype=np.float32), sound], axis=1)
        return sound

    def _silence(self, count: int) -> Float:
        made = np.zeros((self._ring.channels, count), dtype=np.float32)
        if not self._broken:
            self.gaps += 1
            edge = min(EDGE_SAMPLES, count)
            made[:, :edge] = self._last * np.linspace(1.0, 0.0, edge, endpoint=False, dtype=np.float32)
        self._broken = True
        self._begin()
        return made
