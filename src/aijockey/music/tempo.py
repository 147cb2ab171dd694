"""Tempo arithmetic: whole numbers of beats, the errors that estimators make, tempi in file names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
# How a wrong tempo is usually related to the right one.
RATIOS = (1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0)
# Lengths of loops as people make them, in beats of 4/4.
LOOP_BEATS = (2, 4, 8, 16, 32, 64, 128)

_NUMBER = r"(\d{2,3}(?:[.,]\d{1,3})?)"
_WITH_UNIT = re.compile(rf"(?<![\d.,]){_NUMBER}[\s_-]*bpm(?![a-z])|bpm[\s_=-]*{_NUMBER}(?!\d)", re.IGNORECASE)
_ALONE = re.compile(rf"(?:^|[\s_()\[\]-]){_NUMBER}(?=$|[\s_()\[\]-])")


@dataclass(frozen=True)
class NamedTempo:
    """A tempo that a file name states. ``sure`` : it said "bpm"; else it is only a likely number."""

    bpm: float
    sure: bool


def tempo_in_name(stem: str) -> NamedTempo | None:
    """The tempo that a file name (without its suffix) states, or None.

    "loop_126bpm", "BPM 97.5 x" are sure; "techno-130" is a number that could be a tempo. With two different
    ones of the same kind in the name neither is taken.
    """
    for pattern, sure in ((_WITH_UNIT, True), (_ALONE, False)):
        found = {
            float(number.replace(",", "."))
            for match in pattern.finditer(stem)
            for number in match.groups()
            if number
        }
        found = {bpm for bpm in found if SLOWEST_BPM <= bpm <= FASTEST_BPM}
        if len(found) == 1:
            return NamedTempo(found.pop(), sure)
    return None


def whole_beat_tempi(
    seconds: float,
    counts: Sequence[int] = LOOP_BEATS,
    slowest_bpm: float = SLOWEST_BPM,
    fastest_bpm: float = FASTEST_BPM,
) -> list[tuple[float, int]]:
    """Tempi at which ``seconds`` is exactly one of ``counts`` beats: (bpm, beats), slowest first."""
    if seconds <= 0:
        return []
    tempi = [(60.0 * beats / seconds, beats) for beats in sorted(counts)]
    return [(bpm, beats) for bpm, beats in tempi if slowest_bpm <= bpm <= fastest_bpm]


def beats_if_whole(seconds: float, bpm: float, tolerance: float = 0.01) -> int | None:
    """Number of beats in ``seconds`` at ``bpm`` if it is whole, to a relative ``tolerance``; else None."""
    beats = round(seconds * bpm / 60.0)
    if beats < 1 or abs(60.0 * beats / seconds / bpm - 1.0) > tolerance:
        return None
    return beats


def ratio_between(bpm: float, reference_bpm: float, tolerance: float = 0.02) -> float | None:
    """Which of `RATIOS` ``bpm`` is of ``reference_bpm``, or None: 0.5 is an octave below, 1 the same."""
    for ratio in RATIOS:
        if abs(bpm / (ratio * reference_bpm) - 1.0) <= tolerance:
            return ratio
    return None
