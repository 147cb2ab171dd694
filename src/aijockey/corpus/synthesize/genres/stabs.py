"""Kinds of stab, pluck and arpeggio."""

from dataclasses import dataclass

from aijockey.corpus.synthesize.draw import Range


@dataclass(frozen=True)
class StabGenre:
    """A kind of stab.

    priors : as in `patterns`. sources : shapes of `Timbre`, or "fm", "pluck". line : "chord", "up", "down", "updown", "random", "riff".
    cutoff_hz, opening, resonance, decay_s : filter and its envelope. length_s : of the amplitude's fall. echo, wet : sends.
    lowest : the register, MIDI.
    """

    priors: tuple[str, ...]
    sources: tuple[str, ...]
    lines: tuple[str, ...]
    weight: float = 1.0
    unison: tuple[int, int] = (1, 3)
    cutoff_hz: Range = (400.0, 2000.0)
    opening: Range = (0.5, 2.5)
    resonance: Range = (0.0, 2.0)
    decay_s: Range = (0.05, 0.3)
    length_s: Range = (0.15, 0.5)
    echo: Range = (0.1, 0.6)
    wet: Range = (0.05, 0.35)
    lowest: tuple[int, int] = (52, 62)
    drive: Range = (0.0, 0.6)
    swing: Range = (0.5, 0.55)


ARP = (
    "XXXXXXXXXXXXXXXX",
    "X.XX.XX.X.XX.XX.",
    "XX.XX.XX.XX.XX.X",
    "X.X.X.X.X.X.X.X.",
    "8787878787878787",
    "X..X..X..X..X..X",
)

STABS = {
    "dub chord": StabGenre(("...X............", "..X.......4.....", "...X......X.....", "X.....4.........", "......X.....4..."), ("saw", "square", "pulse"), ("chord",), 1.3,
                           unison=(2, 3), cutoff_hz=(350, 1300), opening=(0.3, 1.8), resonance=(0.3, 3), length_s=(0.15, 0.5), echo=(0.4, 1), wet=(0.1, 0.5)),
    "house stab": StabGenre(("X..X..X...X..X..", "..X..X....X..X..", "X.....X..X....4.", "...X..X....X..X.", "X..4..X.4...X..."), ("organ", "saw", "pulse", "piano"), ("chord",), 1.3,
                            cutoff_hz=(700, 4000), length_s=(0.15, 0.45), echo=(0, 0.3), swing=(0.5, 0.59)),
    "rave": StabGenre(("X..X..X.....4...", "X.....X...X.....", "X..X..X..X..X.X.", "..X...X...X...X."), ("saw", "pulse"), ("chord",), 0.9, unison=(4, 6), cutoff_hz=(1500, 6000),
                      opening=(0, 1.2), length_s=(0.2, 0.6), drive=(0.3, 1.5), echo=(0, 0.35)),
    "detroit": StabGenre(("X.....X.....X...", "..X..X.....X....", "X..4....X..4....", "....X..4.....X.."), ("saw", "hollow", "organ"), ("chord",), 1.0, unison=(2, 4), cutoff_hz=(500, 2400),
                         length_s=(0.3, 0.9), wet=(0.15, 0.5), echo=(0.1, 0.6)),
    "garage organ": StabGenre(("..X..X....X..X..", "X..X.....X..4...", "...X..X..4.X...."), ("organ", "fm"), ("chord", "riff"), 0.8, cutoff_hz=(1200, 5000), length_s=(0.12, 0.35), echo=(0, 0.3),
                              swing=(0.54, 0.62)),
    "arpeggio": StabGenre(ARP, ("saw", "pulse", "square", "triangle"), ("up", "down", "updown", "random"), 1.4, cutoff_hz=(400, 2500), length_s=(0.1, 0.4), echo=(0.2, 0.7)),
    "pluck": StabGenre((*ARP, "X..X..X.X..X..X.", "X.5X.5X.X.5X.5X."), ("pluck", "fm", "triangle"), ("up", "updown", "random", "riff"), 1.2, cutoff_hz=(800, 5000), opening=(0.5, 3),
                       length_s=(0.15, 0.7), lowest=(57, 69)),
    "bells": StabGenre(("X..5..X...5..5..", "5.5..5..5..5..5.", "X.....5...X..5..", "5...5.5.5...5..5"), ("fm", "glass"), ("random", "riff", "updown"), 1.0, cutoff_hz=(3000, 9000),
                       opening=(0, 1), resonance=(0, 0.3), length_s=(0.4, 1.4), wet=(0.15, 0.5), lowest=(64, 76)),
    "mallets": StabGenre(("X.5X.5X.X.5X.5X.", "X..X..X..X..X.5.", "X.X.XX.X.X.XX.X."), ("marimba", "fm"), ("riff", "updown", "random"), 0.9, cutoff_hz=(3000, 9000), opening=(0, 0.5),
                         resonance=(0, 0.2), length_s=(0.15, 0.5), lowest=(57, 69), echo=(0.05, 0.45)),
    "sequence": StabGenre(("X.76X.67.7X.67.6", "8878887888788878", "X..X.6X..X.6X.6.", "XX.7XX.7XX.7X.77"), ("saw", "square", "fm"), ("riff",), 1.2, unison=(1, 2), cutoff_hz=(250, 1500),
                          opening=(0.8, 3), resonance=(0.5, 5), decay_s=(0.04, 0.2), length_s=(0.08, 0.3), lowest=(45, 57)),
    "blips": StabGenre(("..5..4..5.4..5.4", "4..4...4.4..4...", "5..5..5.5..5..5."), ("triangle", "fm", "square"), ("random", "riff"), 0.8, cutoff_hz=(2000, 9000), length_s=(0.04, 0.15),
                       lowest=(69, 81), echo=(0.3, 0.9)),
}  # fmt: skip
