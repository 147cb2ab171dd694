"""Chords and lines in the studio's one key, so that any two tonal loops fit."""

from dataclasses import dataclass

import numpy as np

from aijockey.corpus.synthesize.draw import pick
from aijockey.music.grid import SIXTEENTHS_PER_BAR
from aijockey.music.key import A_MINOR

KEY = A_MINOR

# Roots as scale degrees, over the whole loop in equal parts. Staying on the tonic is the commonest, since
# another deck may move.
PROGRESSIONS: tuple[tuple[tuple[int, ...], float], ...] = (
    ((0,), 6.0),
    ((0, 5), 2.0),
    ((0, 6), 1.6),
    ((0, 3), 1.6),
    ((0, 2), 1.2),
    ((0, 4), 0.8),
    ((5, 0), 0.8),
    ((0, 5, 2, 6), 1.0),
    ((0, 3, 5, 4), 0.7),
    ((0, 0, 5, 6), 1.0),
    ((0, 2, 3, 5), 0.6),
    ((0, 6, 5, 6), 0.7),
    ((0, 0, 0, 6), 0.9),
)

# Chord members above the root, as scale steps, and how often.
COLOURS: dict[str, tuple[tuple[int, ...], float]] = {
    "fifth": ((0, 4), 0.5),
    "triad": ((0, 2, 4), 3.0),
    "seventh": ((0, 2, 4, 6), 3.0),
    "ninth": ((0, 2, 6, 8), 2.0),
    "full ninth": ((0, 2, 4, 6, 8), 1.2),
    "eleventh": ((0, 4, 6, 10), 0.8),
    "sus2": ((0, 1, 4), 0.8),
    "sus4": ((0, 3, 4), 0.8),
    "quartal": ((0, 3, 6), 0.7),
}


@dataclass(frozen=True)
class Chord:
    """Pitches that sound from ``start`` for ``duration`` sixteenths; ``root`` is a scale degree."""

    start: float
    duration: float
    root: int
    pitches: tuple[int, ...]


def draw_progression(rng: np.random.Generator, bars: int) -> list[tuple[float, float, int]]:
    """(start, duration, root degree) of each chord of the loop."""
    roots = pick(rng, [roots for roots, _ in PROGRESSIONS], [weight for _, weight in PROGRESSIONS])
    span = bars * SIXTEENTHS_PER_BAR / len(roots)
    return [(index * span, span, root) for index, root in enumerate(roots)]


def draw_chords(
    rng: np.random.Generator, bars: int, lowest: int, *, lead: bool = True
) -> tuple[list[Chord], str]:
    """A progression with one colour throughout, voiced closely above ``lowest`` (MIDI), and the colour's
    name.

    lead : move each chord's members by octaves towards the first chord's register, as hands on keys do.
    """
    names = list(COLOURS)
    colour = pick(rng, names, [COLOURS[name][1] for name in names])
    inversion = int(rng.integers(0, 3))
    chords = []
    for start, duration, root in draw_progression(rng, bars):
        members = COLOURS[colour][0]
        pitches = [KEY.pitch(root + member, 2) for member in members]
        floor = lowest if lead else lowest + (pitches[0] - lowest) % 12
        spread = [
            pitch + 12 * max(0, -((pitch - floor) // 12)) - 12 * max(0, (pitch - floor) // 12)
            for pitch in pitches
        ]
        if inversion and len(spread) > 1:
            spread = sorted(spread)
            for index in range(min(inversion, len(spread) - 1)):
                spread[index] += 12
        chords.append(Chord(start, duration, root, tuple(sorted(set(spread)))))
    return chords, colour


def root_at(progression: list[tuple[float, float, int]], time: float) -> int:
    """The root degree that sounds at ``time`` sixteenths."""
    for start, duration, root in progression:
        if start <= time < start + duration:
            return root
    return progression[-1][2]
