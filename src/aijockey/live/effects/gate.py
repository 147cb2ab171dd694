"""Gate on the grid: opens and closes in time with the transport."""

import math

import numpy as np

from aijockey.live.effects.insert import Float, Gain, Place
from aijockey.music.grid import RATE_HZ

# One bar each in halves of a sixteenth; ``tone`` goes through them from the left.
PATTERNS = (
    "xxxx....xxxx....xxxx....xxxx....",  # eighths
    "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.",  # sixteenths
    "....xxxx....xxxx....xxxx....xxxx",  # off-beats
    "xx....xx....xx..xx....xx....xx..",  # three, three, two
    "xx..xxxx..xxxx..xx..xxxx..xxxx..",  # a trance gate
    "xxxxxxxxxxxxxxxxxxxxxxxxx.x.x.x.",  # stutters at the end of the bar
)
STEPS_PER_BEAT = 8
EDGE_SAMPLES = RATE_HZ * 3 // 1000
STEPS = len(PATTERNS[0])
_OPEN = [[float(step == "x") for step in pattern] for pattern in PATTERNS]


class Gate:
    """``amount`` is how far it closes, ``tone`` chooses one of six patterns of a bar. Edges take 3 ms.

    A new pattern begins with its next step, so that it does not click.
    """

    latency_samples = 0

    def prepare(self, channels: int) -> None:
        """Nothing is heard yet."""
        self.reset()

    def reset(self) -> None:
        """Forget which pattern ran: the transport says where it is."""
        self._pattern: int | None = None
        self._asked: tuple[int, int] | None = (
            None  # pattern that waits, and the step in which it was asked for
        )
        self._entered = (-1, 0.0)  # step that a new pattern began with, and what the old one was before it

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        wanted = min(len(PATTERNS) - 1, int(tone * len(PATTERNS)))
        if self._pattern is None:
            self._pattern = wanted
        steps_at = place.beats * STEPS_PER_BEAT
        first, last = math.floor(steps_at[0]), math.floor(steps_at[-1])
        if wanted == self._pattern:
            self._asked = None
        elif self._asked is None or self._asked[0] != wanted:
            self._asked = wanted, first
        opened = np.empty(len(steps_at))
        edge = place.beat_samples / STEPS_PER_BEAT / EDGE_SAMPLES
        later = np.searchsorted(steps_at, np.arange(first + 1, last + 1)).tolist() if last > first else []
        begins = [0, *later, len(steps_at)]
        for step, begin, end in zip(range(first, last + 1), begins[:-1], begins[1:], strict=True):
            before, now = self._around(step)
            if before == now:
                opened[begin:end] = now
            else:
                passed = np.minimum((steps_at[begin:end] - step) * edge, 1.0)
                opened[begin:end] = before + (now - before) * passed
        return audio * (1.0 - amount * (1.0 - opened)).astype(np.float32)

    def _around(self, step: int) -> tuple[float, float]:
        """How far it is open, 0 to 1, before a step and in it; takes a new pattern that waits for this one."""
        assert self._pattern is not None
        if self._asked is not None and step > self._asked[1]:
            self._entered = step, _OPEN[self._pattern][(step - 1) % STEPS]
            self._pattern, self._asked = self._asked[0], None
        pattern = _OPEN[self._pattern]
        before = self._entered[1] if step == self._entered[0] else pattern[(step - 1) % STEPS]
        return before, pattern[step % STEPS]
