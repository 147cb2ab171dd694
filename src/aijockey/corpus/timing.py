"""What is known about the time of a recording, from the surest word to the least sure.

A beat file is believed before a stated tempo (an option, then "126bpm" in the file name), that before the
exact length of a loop, and that before what the onsets say. A plain number in a file name, which may be a
tempo or anything, only counts where the audio agrees.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aijockey.corpus.beat_file import WrittenBeats
from aijockey.corpus.downbeat import find_downbeat
from aijockey.corpus.grid_fit import BeatGrid, find_grid
from aijockey.corpus.octave import FAST_BPM, Octave, octave_of
from aijockey.corpus.pulse import Pulse, score_tempi
from aijockey.corpus.rhythm import FRAMES_PER_SECOND, Rhythm
from aijockey.music.grid import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT
from aijockey.music.tempo import LOOP_BEATS, ratio_between, tempo_in_name, whole_beat_tempi

Doubles = npt.NDArray[np.float64]

# Below this the onsets have no tempo to speak of.
LEAST_CONFIDENCE = 0.4
# Fewer onsets than this say nothing, six more all that can be said.
FEWEST_ONSETS = 2
# A loop has this share of its onsets on sixteenths, and its score is near the best of any tempo.
LOOP_ON_GRID, LOOP_BEHIND = 0.6, 0.5
# Its first sample is a sixteenth of its grid, to this share of a sixteenth.
LOOP_PHASE = 0.2
# A stated tempo makes a file a loop where its length is a whole number of beats to this share of a beat.
WHOLE_BEAT = 0.05
# The tempo of the audio may be this far from a stated one, which is often rounded.
ROUNDED = 0.006


@dataclass(frozen=True)
class Timing:
    """When the beats of a recording are, and how that is known.

    Attributes
    ----------
    bpm : its tempo. confidence : 0 to 1. found_by : "beat file", "given", "file name", "loop length",
        "onsets".
    beats_s : (n,) ascending; where beats begin, and one more: where the last one ends.
    starts_bar : (n,) which of them begin a bar. downbeat_confidence : 0 to 1.
    circular : the file is a loop: its end leads into its beginning. other_bpm : an octave away, where the pattern fits
        both and custom alone decided; else None.
    """

    bpm: float
    confidence: float
    found_by: str
    beats_s: Doubles
    starts_bar: npt.NDArray[np.bool_]
    downbeat_confidence: float
    circular: bool = False
    other_bpm: float | None = None


def find_timing(
    rhythm: Rhythm,
    seconds: float,
    stem: str,
    given_bpm: float | None = None,
    written: WrittenBeats | None = None,
) -> Timing | None:
    """The timing of a recording, or None where it has no tempo that could be found.

    Parameters
    ----------
    seconds : exact length. stem : file name without suffix. given_bpm : tempo that the player states.
    written : its beat file.
    """
    if written is not None:
        return _from_file(rhythm, seconds, written)
    pulse = score_tempi(rhythm)
    certainty = float(np.clip((_count_onsets(rhythm) - FEWEST_ONSETS) / 6.0, 0.0, 1.0))
    named = tempo_in_name(stem)
    if given_bpm is not None:
        return _at(rhythm, pulse, seconds, given_bpm, "given")
    if named is not None and named.sure:
        return _at(rhythm, pulse, seconds, named.bpm, "file name")
    best = pulse.best()
    confidence = pulse.confidence(best) * certainty
    if named is not None and _agrees(pulse, seconds, named.bpm, best, confidence):
        agreed = _at(rhythm, pulse, seconds, named.bpm, "file name")
        return replace(agreed, confidence=max(confidence, 0.5))
    loop = _find_loop(rhythm, pulse, seconds, best)
    if loop is not None and certainty > 0.0:
        bpm, beats = loop
        on_grid = min(1.0, pulse.evidence_at(bpm, "sixteenth"))
        found = _loop(bpm, beats, max(confidence, on_grid * certainty), "loop length")
        return _in_its_octave(rhythm, seconds, found)
    if confidence < LEAST_CONFIDENCE:
        return None
    return _in_its_octave(rhythm, seconds, _grid(find_grid(rhythm, best), seconds, confidence, "onsets"))


def _in_its_octave(rhythm: Rhythm, seconds: float, timing: Timing) -> Timing:
    """The timing, or that of half its tempo where the pattern says so."""
    if not FAST_BPM[0] <= timing.bpm <= FAST_BPM[1]:
        return timing
    octave, half_bpm = octave_of(rhythm, timing.beats_s), timing.bpm / 2.0
    if octave is Octave.FAST:
        return timing
    beats = len(timing.beats_s) - 1
    if octave is Octave.EITHER or (timing.circular and beats % 2):
        return replace(timing, other_bpm=half_bpm)
    slow = (
        _loop(half_bpm, beats // 2, timing.confidence, timing.found_by)
        if timing.circular
        else _grid(find_grid(rhythm, half_bpm), seconds, timing.confidence, timing.found_by)
    )
    return replace(slow, other_bpm=timing.bpm)


def _count_onsets(rhythm: Rhythm) -> int:
    """Peaks of the onset strength that stand out, in the whole recording."""
    strength = rhythm.strength_db
    if len(strength) < 3:
        return 0
    inner = strength[1:-1]
    return int(
        np.sum((inner > strength[:-2]) & (inner >= strength[2:]) & (inner > max(2.2, 0.1 * strength.max())))
    )


def _whole_beats(seconds: float, bpm: float) -> int | None:
    beats = round(seconds * bpm / 60.0)
    return beats if beats in LOOP_BEATS and abs(seconds * bpm / 60.0 - beats) < WHOLE_BEAT else None


def _at(rhythm: Rhythm, pulse: Pulse, seconds: float, bpm: float, found_by: str) -> Timing:
    """Timing at a stated tempo: as a loop if the length fits, else on the grid of the onsets near it."""
    beats = _whole_beats(seconds, bpm)
    if beats is not None:
        return _loop(60.0 * beats / seconds, beats, 1.0, found_by)
    # A stated tempo is often rounded: let the onsets say the rest if they can.
    near = pulse.best(bpm * (1.0 - ROUNDED), bpm * (1.0 + ROUNDED)) if 60.0 <= bpm <= 200.0 else bpm
    heard = pulse.confidence(near) >= LEAST_CONFIDENCE
    grid = find_grid(rhythm, near) if heard else find_grid(rhythm, bpm, exact=True)
    if abs(grid.bpm / bpm - 1.0) > 2.0 * ROUNDED:
        grid = find_grid(rhythm, bpm, exact=True)
    return _grid(grid, seconds, 1.0, found_by)


def _agrees(pulse: Pulse, seconds: float, named_bpm: float, best_bpm: float, confidence: float) -> bool:
    """Whether a number in a file name is the tempo: the length says so, or the onsets do, octaves aside."""
    if _whole_beats(seconds, named_bpm) is not None and (
        confidence < LEAST_CONFIDENCE or ratio_between(named_bpm, best_bpm) is not None
    ):
        return True
    return confidence >= LEAST_CONFIDENCE and ratio_between(named_bpm, best_bpm, 0.01) in (0.5, 1.0, 2.0)


def _find_loop(rhythm: Rhythm, pulse: Pulse, seconds: float, best_bpm: float) -> tuple[float, int] | None:
    """Tempo and number of beats if the file is a loop: a whole number of beats that its onsets agree with."""
    tempi = whole_beat_tempi(seconds)
    if not tempi:
        return None
    bpm, beats = max(tempi, key=lambda tempo: pulse.score_at(tempo[0]))
    # Another tempo that is heard clearly speaks against it. The shorter the file, the less exactly one is
    # heard.
    related = ratio_between(bpm, best_bpm, max(0.01, 0.03 / seconds)) is not None
    if not related and pulse.confidence(best_bpm) >= LEAST_CONFIDENCE:
        return None
    if (
        pulse.evidence_at(bpm, "sixteenth") < LOOP_ON_GRID
        or pulse.score_at(bpm) < pulse.score_at(best_bpm) - LOOP_BEHIND
    ):
        return None
    sixteenth_frames = FRAMES_PER_SECOND * 60.0 / bpm / SIXTEENTHS_PER_BEAT
    turns = np.exp(2j * np.pi * np.arange(rhythm.frames) / sixteenth_frames)
    late = float(np.angle(np.sum(turns * (rhythm.strength_db - rhythm.strength_db.mean())))) / (2.0 * np.pi)
    return (bpm, beats) if abs(late) < LOOP_PHASE else None


def _loop(bpm: float, beats: int, confidence: float, found_by: str) -> Timing:
    numbers = np.arange(beats + 1, dtype=np.float64)
    starts_bar = numbers % BEATS_PER_BAR == 0
    return Timing(bpm, confidence, found_by, numbers * (60.0 / bpm), starts_bar, 1.0, circular=True)


def _grid(grid: BeatGrid, seconds: float, confidence: float, found_by: str) -> Timing:
    """Timing on a found grid; the last beat counts if the recording holds nearly all of it."""
    beats_s = grid.beats_s
    if len(beats_s) >= 2:
        end_s = 2.0 * beats_s[-1] - beats_s[-2]
        beats_s = np.append(beats_s, end_s) if end_s <= seconds + 0.02 else beats_s
    starts_bar = np.arange(len(beats_s)) % BEATS_PER_BAR == grid.first_downbeat
    return Timing(grid.bpm, confidence, found_by, beats_s, starts_bar, grid.downbeat_confidence)


def _from_file(rhythm: Rhythm, seconds: float, written: WrittenBeats) -> Timing:
    """Timing as written; which beats begin a bar is heard where the file does not say."""
    numbers = written.numbers
    times_s: Doubles = written.times_s
    period_s = float(np.median(np.diff(times_s)))
    if numbers is None:
        places = np.arange(SIXTEENTHS_PER_BEAT * (len(times_s) - 1)) / SIXTEENTHS_PER_BEAT
        heard = find_downbeat(rhythm, np.interp(places, np.arange(len(times_s)), times_s), beat=0)
        starts_bar = np.arange(len(times_s)) % BEATS_PER_BAR == heard.sixteenth // SIXTEENTHS_PER_BEAT
        certainty = heard.confidence
    else:
        starts_bar, certainty = np.asarray(numbers == 1), 1.0
    # The last beat ends where the next would begin.
    end_s = times_s[-1] + (times_s[-1] - times_s[-2])
    if end_s <= seconds + 0.02:
        times_s, starts_bar = np.append(times_s, end_s), np.append(starts_bar, np.False_)
    return Timing(60.0 / period_s, 1.0, "beat file", times_s, starts_bar, certainty)
