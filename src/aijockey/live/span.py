"""In what pieces the engine works: quanta on an absolute grid, and spans of several where nothing changes.

A quantum is what everything is defined by: whatever is looked at once in a while (the tempo, which way of reading
suits a deck, whether a deck has fallen silent) is looked at when a quantum begins. Most of what a quantum costs is
calls, not samples. So where nothing that is looked at can change before a later quantum, all up to that one are made
at once, as a span; what comes out is the same, to the bit where the same machine makes both.
"""

from collections.abc import Iterable

QUANTUM_SAMPLES = 512
# A quarter of a second: 24 were a third faster than 8, 32 no faster.
MOST_QUANTA = 24


def quanta_until(start: int, changes: Iterable[float], most: int = MOST_QUANTA) -> int:
    """How many quanta from ``start`` on may be made at once, at least 1.

    changes : samples at which something changes; the quantum in which one lies begins a span of its own.
    """
    first = min(changes, default=float("inf"))
    return int(max(1, min(most, (first - start) // QUANTUM_SAMPLES)))
