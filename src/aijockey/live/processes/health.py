"""How a performance goes, in figures: for the terminal, for surfaces, for the log."""

from typing import Any

import numpy as np
import numpy.typing as npt

LOWEST_SHARE = 1e-4
HIGHEST_SHARE = 1e2
BINS_PER_DECADE = 64
_BINS = round(BINS_PER_DECADE * float(np.log10(HIGHEST_SHARE / LOWEST_SHARE)))


class Shares:
    """Times as shares of what was allowed, in a histogram of fixed size: quantiles within 4 %, the greatest exactly.

    1.0 is all the time that there was; what lies above was late by itself.
    """

    def __init__(self) -> None:
        self._counts: npt.NDArray[np.int64] = np.zeros(_BINS, dtype=np.int64)
        self.count = 0
        self.total = 0.0
        self.most = 0.0

    def add(self, share: float) -> None:
        """Count one. Thread: any one"""
        place = BINS_PER_DECADE * np.log10(max(share, LOWEST_SHARE) / LOWEST_SHARE)
        self._counts[min(int(place), _BINS - 1)] += 1
        self.count += 1
        self.total += share
        self.most = max(self.most, share)

    def quantile(self, part: float) -> float:
        """Share that ``part`` (0 to 1) of all stay below; 0 before the first. Thread: the same"""
        if not self.count:
            return 0.0
        index = int(np.searchsorted(np.cumsum(self._counts), part * self.count))
        return min(self.most, LOWEST_SHARE * 10.0 ** ((min(index, _BINS - 1) + 1) / BINS_PER_DECADE))

    def as_json(self) -> dict[str, float]:
        """Mean, p50, p99, p99.9, greatest and how many."""
        return {
            "mean": round(self.total / max(1, self.count), 4),
            "p50": round(self.quantile(0.5), 4),
            "p99": round(self.quantile(0.99), 4),
            "p99_9": round(self.quantile(0.999), 4),
            "max": round(self.most, 4),
            "count": self.count,
        }


def health_line(state: dict[str, Any]) -> str:
    """Tempo and health in a few words, from a state."""
    load = state["load"]
    words = [
        f"{state['tempo_bpm']:.1f} BPM",
        f"load {100 * load['mean']:.0f} % (p99 {100 * load['p99']:.0f} %)",
        f"{state['underruns']} underruns",
        f"{state['worker_restarts']} worker restarts",
        f"{state['late_loops']} late loops",
        *([f"{max(state['loop_ms']):.0f} ms a loop"] if any(state.get("loop_ms", ())) else []),
        f"limiter {state['limiter_db']:.1f} dB",
    ]
    if state.get("failed_loops"):
        words.append(f"{state['failed_loops']} failed loops")
    if state.get("engine_restarts"):
        words.append(f"{state['engine_restarts']} engine restarts")
    if state.get("stream"):
        words.append(f"stream: {state['stream']['state']}")
    if state.get("recording", {}).get("error"):
        words.append(f"recording: {state['recording']['error']}")
    if state.get("device", {}).get("state") not in (None, "open", "ended"):
        words.append(f"device: {state['device']['state']}")
    return ", ".join(words)
