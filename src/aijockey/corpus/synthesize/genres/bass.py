"""Kinds of bass line."""

from dataclasses import dataclass

from aijockey.corpus.synthesize.draw import Range


@dataclass(frozen=True)
class BassGenre:
    """A kind of bass line.

    priors : as in `patterns`. sources : oscillators to choose from. degrees : steps above the chord's root and their weights.
    gate : share of the room to the next note that is held. slide : chance to glide into a note. octave : of the tonic.
    cutoff_hz, opening, resonance, decay_s : the filter: where it rests, how many octaves a note opens it, its peak, how fast it falls.
    drive, sub, echo, wobble : saturation, level of the sine below, delay send, depth in octaves of a tempo-locked filter swing.
    """

    priors: tuple[str, ...]
    sources: tuple[str, ...]
    degrees: dict[int, float]
    weight: float = 1.0
    gate: Range = (0.4, 0.9)
    slide: float = 0.05
    octaves: tuple[int, ...] = (1,)
    leap: float = 0.15
    cutoff_hz: Range = (150.0, 600.0)
    opening: Range = (0.5, 2.5)
    resonance: Range = (0.0, 1.5)
    decay_s: Range = (0.08, 0.4)
    drive: Range = (0.0, 1.0)
    sub: Range = (0.2, 0.7)
    echo: Range = (0.0, 0.05)
    wobble: Range = (0.0, 0.0)
    swing: Range = (0.5, 0.55)


ROOTED = {0: 10.0, 4: 1.5, 6: 1.0, 2: 0.8}
RIFF = {0: 8.0, 2: 1.5, 3: 1.0, 4: 1.5, 6: 1.5, -1: 1.0, 1: 0.3, 7: 1.0}

BASS = {
    "rolling": BassGenre((".XXX.XXX.XXX.XXX", "..XX..XX..XX..XX", ".8X8.8X8.8X8.8X8"), ("saw", "sine", "square", "fm"), {0: 14.0, 6: 0.6, 1: 0.2},
                         1.1, gate=(0.45, 0.8), leap=0.03, cutoff_hz=(90, 300), opening=(0.3, 1.8), decay_s=(0.06, 0.15), drive=(0.2, 1.5)),
    "offbeat": BassGenre(("..X...X...X...X.", "..X...X...X..3X.", "..X..3X...X..3X."), ("saw", "square", "fm", "organ"), ROOTED, 0.9,
                         gate=(0.5, 0.9), octaves=(1, 2), decay_s=(0.1, 0.3)),
    "acid": BassGenre(("8575857585758575", "X.76X.67.7X.67.6", "X6.7.66X.6X.76.6", "7777777777777777"), ("saw", "square"), RIFF, 1.3, gate=(0.4, 0.8),
                      slide=0.28, octaves=(1, 2), leap=0.22, cutoff_hz=(150, 700), opening=(1.0, 3.2), resonance=(3, 9), decay_s=(0.08, 0.35),
                      drive=(0.4, 3), sub=(0, 0.2), echo=(0, 0.25), swing=(0.5, 0.56)),
    "house": BassGenre(("X..4..X...4..X..", "X...4.X.4..X..4.", "..X..X4...X..X.4", "X..X..X.4..X.4.."), ("organ", "fm", "saw", "square"), RIFF, 1.2,
                       gate=(0.3, 0.7), octaves=(1, 2), leap=0.2, cutoff_hz=(200, 900), swing=(0.5, 0.59)),
    "garage": BassGenre(("X..5...4..X.4...", "X.....5.X..4..4.", "..X..5....X..5.."), ("reese", "organ", "square", "fm"), RIFF, 0.9, gate=(0.4, 0.95), slide=0.2,
                        octaves=(1, 2), cutoff_hz=(150, 900), wobble=(0, 1.5), swing=(0.54, 0.62), sub=(0.4, 0.9)),
    "dub": BassGenre(("X.....5...X.....", "X..5....X.....5.", "....X..5..X..X..", "X.......5.4.X..."), ("sine", "triangle"), RIFF, 0.9, gate=(0.6, 1),
                     slide=0.12, cutoff_hz=(120, 500), opening=(0, 0.8), drive=(0, 0.5), sub=(0.3, 0.9), echo=(0, 0.2), swing=(0.5, 0.58)),
    "sub": BassGenre(("X.......4.......", "X.....4...5.....", "X...............", "X..4......X....."), ("sine",), ROOTED, 0.8, gate=(0.5, 1.0), slide=0.2,
                     cutoff_hz=(150, 400), opening=(0, 0.5), drive=(0, 1.2), sub=(0.5, 1)),
    "reese": BassGenre(("X...............", "X.........X.....", "X.....5...X..4..", "X..4..X.4..X..4."), ("reese",), ROOTED | {5: 0.8}, 1.1, gate=(0.8, 1.0),
                       slide=0.3, cutoff_hz=(150, 700), opening=(0, 1), resonance=(0, 1.5), drive=(0.3, 2), wobble=(0, 1.8)),
    "wobble": BassGenre(("X...............", "X.......X.......", "X.....X.....X...", "X..4....X..4...."), ("reese", "square", "fm"), ROOTED, 0.8, gate=(0.85, 1.0),
                        slide=0.2, cutoff_hz=(120, 400), opening=(0, 0.5), resonance=(0.5, 3), drive=(0.5, 3), wobble=(1.2, 3.2)),
    "disco": BassGenre(("X.X.X.X.X.X.X.X.", "X.X.X.X.X.X.X.XX", "X.X5X.X.X.X5X.X5"), ("saw", "square", "organ"), ROOTED, 0.8, gate=(0.4, 0.8), octaves=(1,), leap=0.0,
                       cutoff_hz=(250, 1000), decay_s=(0.08, 0.2)),
    "electro": BassGenre(("X..X..X.X..X..X.", "X.XX..X.X.X..X.X", "XX.XX.X.XX.X.XX."), ("square", "saw", "fm"), RIFF, 0.9, gate=(0.3, 0.8), octaves=(1, 2), leap=0.3,
                         cutoff_hz=(200, 1000), resonance=(0.5, 3), drive=(0.1, 1.5)),
}  # fmt: skip
