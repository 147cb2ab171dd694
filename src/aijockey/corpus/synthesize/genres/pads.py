"""Kinds of pad."""

from dataclasses import dataclass

from aijockey.corpus.synthesize.draw import Range


@dataclass(frozen=True)
class PadGenre:
    """A kind of pad.

    shapes : of `Timbre`. unison, detune_cents, spread_cents, stretch : its ranges. cutoff_hz, movement, resonance : the filter, how
    many octaves it wanders, its peak. rise_s, fall_s : of each chord. gates : rhythms that may chop it. pump : depth of
    ducking on the beat. air : level of breath noise. lowest : the register, MIDI.
    """

    shapes: tuple[str, ...]
    weight: float = 1.0
    unison: tuple[int, int] = (1, 3)
    detune_cents: Range = (4.0, 16.0)
    spread_cents: Range = (0.0, 0.0)
    stretch: Range = (0.0, 0.0)
    slope: Range = (0.0, 0.5)
    cutoff_hz: Range = (500.0, 3000.0)
    movement: Range = (0.2, 1.5)
    resonance: Range = (0.0, 1.5)
    rise_s: Range = (0.05, 0.6)
    fall_s: Range = (0.2, 0.9)
    gates: tuple[str, ...] = ()
    pump: Range = (0.0, 0.0)
    air: Range = (0.0, 0.0)
    lowest: tuple[int, int] = (50, 60)
    wet: Range = (0.2, 0.9)


PADS = {
    "analog": PadGenre(("saw", "pulse", "square"), 1.4, unison=(2, 5)),
    "strings": PadGenre(("saw",), 1.1, unison=(3, 5), spread_cents=(5, 14), cutoff_hz=(1500, 6000), movement=(0.1, 0.8), rise_s=(0.15, 0.7), resonance=(0, 0.4)),
    "choir": PadGenre(("choir",), 1.0, unison=(2, 4), spread_cents=(6, 18), cutoff_hz=(2000, 6000), movement=(0.1, 0.6), air=(0, 0.06), rise_s=(0.1, 0.6)),
    "glass": PadGenre(("glass", "triangle"), 0.9, unison=(1, 3), detune_cents=(2, 8), stretch=(0, 0.0006), cutoff_hz=(2000, 9000), lowest=(57, 69), resonance=(0, 0.5)),
    "organ": PadGenre(("organ", "hollow"), 0.9, unison=(1, 2), detune_cents=(2, 7), cutoff_hz=(1200, 6000), movement=(0, 0.8), rise_s=(0.02, 0.08), fall_s=(0.05, 0.3)),
    "dub wash": PadGenre(("saw", "square"), 1.0, unison=(2, 4), cutoff_hz=(300, 1200), movement=(0.6, 2.2), resonance=(0.5, 3), air=(0, 0.08), wet=(0.6, 1.3)),
    "trance gate": PadGenre(("saw", "pulse"), 0.9, unison=(4, 6), detune_cents=(8, 24), cutoff_hz=(1200, 5000), rise_s=(0.01, 0.04), fall_s=(0.04, 0.1),
                            gates=("X.XXX.XXX.XXX.XX", "X.X.X.X.X.X.X.X.", "X.XX.XX.X.XX.XX.", "XX.XX.XXXX.XX.X.", "X..X..X.X..X..X.", "XXX.XXX.XX.XXX.X")),
    "pumping": PadGenre(("saw", "pulse"), 1.0, unison=(3, 5), cutoff_hz=(800, 4000), pump=(0.6, 1), rise_s=(0.02, 0.2)),
    "evolving": PadGenre(("hollow", "pulse", "saw", "glass"), 1.0, unison=(2, 4), spread_cents=(4, 22), movement=(1.2, 2.8), resonance=(0.5, 4), cutoff_hz=(400, 2200),
                         air=(0, 0.1), rise_s=(0.2, 0.8)),
    "dark": PadGenre(("saw", "hollow", "choir"), 0.9, unison=(2, 4), spread_cents=(3, 12), slope=(0.3, 0.9), cutoff_hz=(250, 900), lowest=(40, 50), air=(0, 0.05)),
}  # fmt: skip
