"""How long it takes from a hand's move to the first sample of the loop that came of it."""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from aijockey.music.grid import RATE_HZ

KEPT = 256
# Moves that wait for a loop; of more, the oldest are forgotten.
MOST_WAITING = 64


class GestureDelays:
    """Moves of one deck that wait to be heard, and how long the last ones took.

    delays_s : of the last `KEPT` moves through latent space, from the sample on which the engine took them.
    launches_s : of the last `KEPT` launches, which wait for a coarser grid.
    """

    def __init__(self) -> None:
        self.delays_s: deque[float] = deque(maxlen=KEPT)
        self.launches_s: deque[float] = deque(maxlen=KEPT)
        self._waiting: deque[tuple[Fraction, int, bool]] = deque(maxlen=MOST_WAITING)

    def moved(self, beat: Fraction, sample: int, launches: bool = False) -> None:
        """A hand moved, or launched, something at ``sample`` that acts from ``beat`` on. Thread: audio"""
        self._waiting.append((beat, sample, launches))

    def waits_at(self, planned: Fraction) -> bool:
        """Whether a move waits for a loop that is planned for the beat ``planned``. Thread: audio"""
        return any(beat <= planned for beat, _, _ in self._waiting)

    def heard(self, planned: Fraction, sample: int) -> None:
        """A new loop that was planned for the beat ``planned`` is heard from ``sample`` on. Thread: audio"""
        waiting = deque(maxlen=MOST_WAITING) if self._waiting else self._waiting
        for beat, moved, launches in self._waiting:
            if beat <= planned:
                delays_s = self.launches_s if launches else self.delays_s
                delays_s.append(max(0, sample - moved) / RATE_HZ)
            else:
                waiting.append((beat, moved, launches))
        self._waiting = waiting


def delay_figures(delays_s: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, and of how many moves; 0 of none."""
    ordered = sorted(delays_s)
    if not ordered:
        return {"p50": 0.0, "p95": 0.0, "count": 0}
    places = {"p50": 0.5, "p95": 0.95}
    ranks = {name: min(len(ordered) - 1, int(share * len(ordered))) for name, share in places.items()}
    return {**{name: round(1000 * ordered[rank], 1) for name, rank in ranks.items()}, "count": len(ordered)}
