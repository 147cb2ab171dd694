"""A tempo from taps of a hand."""

from collections import deque
from itertools import pairwise
from statistics import median_low

from aijockey.control.parameters import GLOBAL_PARAMETERS

# A longer pause begins anew; the slowest tempo has 3 s a beat.
LONGEST_PAUSE_S = 3.2
KEPT_TAPS = 9
LEAST_INTERVALS = 2
# An interval further than this from the median is a slip of the hand.
OUTLIER_SHARE = 0.2


class TapTempo:
    """Median of the last intervals between taps, without those that are far from it."""

    def __init__(self) -> None:
        self._taps_s: deque[float] = deque(maxlen=KEPT_TAPS)

    def tap(self, time_s: float) -> float | None:
        """A tap at ``time_s`` of a steady clock: the tempo in BPM, None until three taps have been made.

        Thread: any one
        """
        if self._taps_s and not 0.0 < time_s - self._taps_s[-1] <= LONGEST_PAUSE_S:
            self._taps_s.clear()
        self._taps_s.append(time_s)
        taps = list(self._taps_s)
        intervals = [after - before for before, after in pairwise(taps)]
        if len(intervals) < LEAST_INTERVALS:
            return None
        middle = median_low(intervals)
        kept = [interval for interval in intervals if abs(interval - middle) <= OUTLIER_SHARE * middle]
        row = GLOBAL_PARAMETERS["transport.tempo_bpm"]
        bpm = 60.0 / (sum(kept) / len(kept))
        return round(min(row.high, max(row.low, bpm)), 2)
