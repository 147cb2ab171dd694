"""Whether what is heard at a fast tempo is rather music of half that tempo, by its pattern.

Both grids fit such a recording, so neither onsets on the grid nor repetition can tell. What can: music of 120 to 176
BPM plays something between its eighths, or has a kick on every beat or a snare on every second one. Where nothing
lies between the eighths, all of them are played, and the snare comes only every fourth beat with kicks in between,
they are the sixteenths and the backbeat of one slow bar (and sound the same as half-time music of the fast tempo, so
that one is named too). Where neither is so, nobody can say.
"""

from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from aijockey.corpus.downbeat import strength_at
from aijockey.corpus.rhythm import Rhythm
from aijockey.music.grid import SIXTEENTHS_PER_BEAT

Float = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# Fast tempi whose half is one that music has.
FAST_BPM = (119.9, 176.1)
FEWEST_BEATS = 8  # one slow bar
# Mean strength between the eighths, as a share of that on beats: slow music has nothing there, fast mostly something.
NOTHING_BETWEEN, SOMETHING_BETWEEN = 0.12, 0.3
# Strength of the eighths off the beat, as a share of that on beats, where all eighths are played.
ALL_EIGHTHS = 0.3
# A beat without a kick or a snare has at most this share of what one with it has; two with it differ by less than that.
WITHOUT, WITH = 0.5, 0.7
# Swung sixteenths of the slow tempo are late by up to this, half of the way to what would lie between.
REACH_FRAMES = 6


class Octave(Enum):
    """What a pattern says of a tempo."""

    FAST = auto()
    SLOW = auto()
    EITHER = auto()


def octave_of(rhythm: Rhythm, beats_s: Doubles) -> Octave:
    """Whether the beats of a recording at the fast tempo are beats or eighths.

    beats_s : (n,), the end of the last one included.
    """
    if len(beats_s) < 2:
        return Octave.EITHER
    count = SIXTEENTHS_PER_BEAT * (len(beats_s) - 1)
    sixteenths_s = np.interp(np.arange(count) / SIXTEENTHS_PER_BEAT, np.arange(len(beats_s)), beats_s)
    on, between, off = _eighths(rhythm.strength_db, sixteenths_s)
    if between > SOMETHING_BETWEEN * on:
        return Octave.FAST
    if len(beats_s) <= FEWEST_BEATS:
        return Octave.EITHER
    beats_s = beats_s[:-1]
    snare, kick = _by_beat(rhythm.snare_strength, beats_s, 4), _by_beat(rhythm.kick_strength, beats_s, 8)
    second = int(np.argmax(snare))
    beside = max(snare[second - 1], snare[(second + 1) % 4])
    stands_out = beside < WITHOUT * snare[second]
    fourth = snare[second - 2] / max(snare[second], 1e-9)
    if kick.min() > WITHOUT * kick.max() or (stands_out and fourth > WITH):
        return Octave.FAST
    kicks = kick[(second + 2) % 4 :: 4].max() > WITH * kick.max()
    slow = between < NOTHING_BETWEEN * on and off > ALL_EIGHTHS * on and fourth < WITHOUT and kicks
    return Octave.SLOW if slow else Octave.EITHER


def _eighths(strength: Float, sixteenths_s: Doubles) -> tuple[float, float, float]:
    """Mean strength on beats, on sixteenths that are no eighths, and on eighths that are no beats."""
    values = strength_at(strength, sixteenths_s, REACH_FRAMES)
    means = [float(values[slot::SIXTEENTHS_PER_BEAT].mean()) for slot in range(SIXTEENTHS_PER_BEAT)]
    return means[0], (means[1] + means[3]) / 2.0, means[2]


def _by_beat(strength: Float, beats_s: Doubles, period: int) -> Doubles:
    """Mean strength of each of ``period`` beats, (period,)."""
    values = strength_at(strength, beats_s)
    return np.array([values[beat::period].mean() for beat in range(period)])
