"""Held-out sources: what is tested on was cut from files that nothing was trained on."""

import hashlib
from collections.abc import Mapping


def split_sources(loops: Mapping[str, int], test_share: float) -> dict[str, str]:
    """Which sources are for testing.

    Sources are taken in an order that depends on their names alone, until about ``test_share`` of all loops
    is held out; one that would overshoot that by more than half is passed over. With two or more sources at
    least one is held out (the smallest, if no other fits), and at least one is always left for training.

    Parameters
    ----------
    loops : how many loops each source has given. test_share : 0 to 1; 0 holds nothing out.

    Returns
    -------
    "train" or "test" for each source.
    """
    split = dict.fromkeys(loops, "train")
    if test_share <= 0 or len(loops) < 2:
        return split
    wanted = test_share * sum(loops.values())
    held_out = 0
    for source in sorted(loops, key=_order):
        if held_out >= wanted or sum(name == "train" for name in split.values()) == 1:
            break
        if held_out + loops[source] <= 1.5 * wanted:
            split[source] = "test"
            held_out += loops[source]
    if not held_out:
        split[min(loops, key=lambda source: (loops[source], _order(source)))] = "test"
    return split


def _order(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
