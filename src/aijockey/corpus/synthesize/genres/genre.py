"""The shape of a rhythm genre."""

from dataclasses import dataclass

from aijockey.corpus.synthesize.draw import Range
from aijockey.corpus.synthesize.patterns import Part


@dataclass(frozen=True)
class Genre:
    """A kind of rhythm: its parts and what the whole goes through.

    parts : in order of drawing; a choked part comes after the one that chokes it. weight : share of the voice's loops.
    swing : where the second sixteenth of a pair falls, 0.5 to 0.67. density : tilt of undecided steps, in log odds.
    fill : chance of a fill. drive : saturation of the bus. squeeze : amount of compression, 0 to 1.
    crush : chance of a lo-fi sampler. room : reverb sizes as indices into the bank of rooms. echo : delay level.
    """

    parts: tuple[Part, ...]
    weight: float = 1.0
    swing: Range = (0.5, 0.53)
    density: Range = (-0.8, 0.8)
    fill: float = 0.35
    drive: Range = (0.0, 0.4)
    squeeze: Range = (0.0, 0.6)
    crush: float = 0.0
    room: tuple[int, int] = (0, 7)
    echo: Range = (0.0, 0.3)
