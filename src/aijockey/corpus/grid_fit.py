"""Where the sixteenths of a recording are, to the millisecond, over all of its length.

Music made on a machine keeps one tempo: the tempo is sharpened until the sixteenths of the first and the last
minute lie on one grid, and then fitted to the onsets themselves by least squares. Where no such grid holds,
as with people who play, the beats are followed one by one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aijockey.corpus.downbeat import Downbeat, find_downbeat
from aijockey.corpus.follow import follow_beats
from aijockey.corpus.rhythm import FRAMES_PER_SECOND, Rhythm
from aijockey.music.grid import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT

Float = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# How far the true tempo may be from the scored one, relatively.
REACH = 0.006
BLOCK_FRAMES = 2 * FRAMES_PER_SECOND
# A recording is steady where the sixteenths of its parts add up to this share of what they could. Measured:
# 0.99 for what a machine plays, pauses and swing included; 0.81 for a tempo that wanders by 0.5 %, 0.67 for
# one that wanders by 1 %.
STEADY = 0.9
# A beat this little before the first sample is the first beat.
EARLY_S = 0.012
# Onsets further than this from the grid say nothing about it.
NEAR_S = 0.025
# Softer peaks of the onset strength are noise.
LEAST_RISE_DB = 2.2


@dataclass(frozen=True)
class BeatGrid:
    """Beats of a recording.

    Attributes
    ----------
    beats_s : (n,) ascending, in seconds; the first may lie a little before 0.
    first_downbeat : index of the first beat that begins a bar, 0 to 3.
    downbeat_confidence : 0 to 1. bpm : the tempo (the middle one, where it varies).
    steady : the beats lie on one grid.
    """

    beats_s: Doubles
    first_downbeat: int
    downbeat_confidence: float
    bpm: float
    steady: bool


def find_grid(rhythm: Rhythm, bpm: float, exact: bool = False) -> BeatGrid:
    """The beats and bars of a recording that goes at about ``bpm``.

    ``exact`` : the tempo is given and stays as it is; only where beats and bars begin is looked for.
    """
    period_s = 60.0 / bpm if exact else _sharpen(rhythm.strength_db, 60.0 / bpm)
    if not exact and not _is_steady(rhythm.strength_db, period_s):
        return _followed(rhythm, bpm)
    times_s, strengths = _onsets(rhythm)
    phase_s = _sixteenth_phase(times_s, strengths, period_s)
    downbeat = find_downbeat(rhythm, np.arange(phase_s, rhythm.seconds, period_s / SIXTEENTHS_PER_BEAT))
    phase_s += downbeat.sixteenth * period_s / SIXTEENTHS_PER_BEAT
    period_s, phase_s = _fit(times_s, strengths, period_s, phase_s, exact)
    # From the first beat in the recording on; one a few milliseconds before it is the first.
    before = int(np.floor((phase_s + EARLY_S) / period_s))
    beats_s = np.arange(phase_s - before * period_s, rhythm.seconds, period_s)
    return BeatGrid(beats_s, before % BEATS_PER_BAR, downbeat.confidence, 60.0 / period_s, True)


def _followed(rhythm: Rhythm, bpm: float) -> BeatGrid:
    beats_s = follow_beats(rhythm, bpm)
    if len(beats_s) < 2:
        return BeatGrid(beats_s, 0, 0.0, bpm, False)
    numbers = np.arange(SIXTEENTHS_PER_BEAT * (len(beats_s) - 1)) / SIXTEENTHS_PER_BEAT
    sixteenths_s = np.interp(numbers, np.arange(len(beats_s)), beats_s)
    downbeat: Downbeat = find_downbeat(rhythm, sixteenths_s, beat=0)
    tempo = 60.0 / float(np.median(np.diff(beats_s)))
    return BeatGrid(beats_s, downbeat.sixteenth // SIXTEENTHS_PER_BEAT, downbeat.confidence, tempo, False)


def _onsets(rhythm: Rhythm, apart_frames: int = 4) -> tuple[Doubles, Doubles]:
    """Peaks of the onset strength: times in seconds (between frames, by centre of mass), strengths in dB."""
    strength = rhythm.strength_db.astype(np.float64)
    tallest = scipy.ndimage.maximum_filter1d(strength, 2 * apart_frames + 1, mode="constant")
    frames = np.flatnonzero((strength >= tallest) & (strength >= LEAST_RISE_DB))
    reach = np.arange(-2, 3)
    around = np.pad(strength, 2)[frames[:, None] + reach + 2] ** 2
    offsets = (around * reach).sum(axis=1) / np.maximum(around.sum(axis=1), 1e-9)
    return (frames + offsets) / FRAMES_PER_SECOND, strength[frames]


def _block_phasors(strength_db: Float, rate_hz: float) -> npt.NDArray[np.complex128]:
    """Transform of an onset strength at one rate, in blocks of 2 s: (blocks,)."""
    strength = strength_db.astype(np.float64) - float(strength_db.mean())
    turns = np.exp(-2j * np.pi * rate_hz / FRAMES_PER_SECOND * np.arange(len(strength))) * strength
    blocks = -(-len(strength) // BLOCK_FRAMES)
    padded = np.pad(turns, (0, blocks * BLOCK_FRAMES - len(turns)))
    return np.asarray(padded.reshape(blocks, BLOCK_FRAMES).sum(axis=1))


def _sharpen(strength_db: Float, period_s: float) -> float:
    """The beat period within `REACH` of ``period_s`` at which the most sixteenths of all blocks agree."""
    rate_hz = SIXTEENTHS_PER_BEAT / period_s
    phasors = _block_phasors(strength_db, rate_hz)
    block_s = BLOCK_FRAMES / FRAMES_PER_SECOND
    step_hz = 1.0 / (16.0 * block_s * len(phasors))
    count = int(np.ceil(REACH * rate_hz / step_hz))
    offsets_hz = np.arange(-count, count + 1) * step_hz
    middles_s = (np.arange(len(phasors)) + 0.5) * block_s
    # A long recording has many offsets and many blocks: a chunk of offsets at a time.
    parts = np.array_split(offsets_hz, 1 + count // 200)
    sums = np.concatenate(
        [np.abs(np.exp(-2j * np.pi * np.outer(part, middles_s)) @ phasors) for part in parts]
    )
    return SIXTEENTHS_PER_BEAT / (rate_hz + float(offsets_hz[np.argmax(sums)]))


def _is_steady(strength_db: Float, period_s: float) -> bool:
    """Whether the sixteenths of all blocks of 2 s point the same way: what drifts, turns and cancels."""
    phasors = _block_phasors(strength_db, SIXTEENTHS_PER_BEAT / period_s)
    return bool(np.abs(phasors.sum()) >= STEADY * np.abs(phasors).sum())


def _sixteenth_phase(times_s: Doubles, strengths: Doubles, period_s: float) -> float:
    """Where the sixteenths fall, in seconds, 0 to a sixteenth."""
    sixteenth_s = period_s / SIXTEENTHS_PER_BEAT
    mean = np.sum(strengths * np.exp(2j * np.pi * times_s / sixteenth_s))
    return float(np.angle(mean)) / (2.0 * np.pi) * sixteenth_s % sixteenth_s


def _fit(
    times_s: Doubles, strengths: Doubles, period_s: float, phase_s: float, exact: bool
) -> tuple[float, float]:
    """Least squares of the onsets on eighths (swing moves the others) onto the grid; far ones count less."""
    for _ in range(5):
        place = (times_s - phase_s) / (period_s / 2.0)
        number = np.rint(place)
        away_s = (place - number) * period_s / 2.0
        use = np.abs(away_s) < NEAR_S
        if use.sum() < 4:
            return period_s, phase_s
        weight = strengths[use] / (1.0 + (away_s[use] / 0.005) ** 2)
        beats, near_s = number[use] / 2.0, times_s[use]
        if exact or np.ptp(beats) < BEATS_PER_BAR:
            phase_s += float(np.average(near_s - phase_s - beats * period_s, weights=weight))
            continue
        middle, centre_s = np.average(beats, weights=weight), np.average(near_s, weights=weight)
        spread = np.average((beats - middle) ** 2, weights=weight)
        slope = np.average((beats - middle) * (near_s - centre_s), weights=weight) / spread
        period_s, phase_s = float(slope), float(centre_s - slope * middle)
    return period_s, phase_s
