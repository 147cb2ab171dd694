"""Gate on the grid: opens and closes in time with the transport."""

import numpy as np
import numpy.typing as npt

from aijockey.live.effects.insert import Double, Float, Gain, Place, mixed
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
_TABLE = np.array([[float(step == "x") for step in pattern] for pattern in PATTERNS])


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
        steps = np.floor(steps_at).astype(np.int64)
        passed = np.minimum((steps_at - steps) * (place.beat_samples / STEPS_PER_BEAT / EDGE_SAMPLES), 1.0)
        opened = self._opened(self._pattern, steps, passed)
        if wanted == self._pattern:
            self._asked = None
        else:
            if self._asked is None or self._asked[0] != wanted:
                self._asked = wanted, int(steps[0])
            later = steps > self._asked[1]
            if later.any():
                step = int(steps[np.argmax(later)])
                self._entered = step, float(_TABLE[self._pattern][(step - 1) % STEPS])
                self._pattern, self._asked = wanted, None
                opened[later] = self._opened(wanted, steps[later], passed[later])
        return mixed(audio, audio * opened, amount)

    def _opened(self, pattern: int, steps: npt.NDArray[np.int64], passed: Double) -> Double:
        """How far it is open, 0 to 1, where ``passed`` (0 to 1) of each step's edge is over."""
        table = _TABLE[pattern]
        before, now = table[(steps - 1) % STEPS], table[steps % STEPS]
        before = np.where(steps == self._entered[0], self._entered[1], before)
        opened: Double = before + (now - before) * passed
        return opened
