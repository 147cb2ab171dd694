"""Where the bar begins: which of its sixteen sixteenths is the first.

Four witnesses are heard for each of them: how kick and snare lie in common patterns (kick on one, snare on
two and four), how strongly something begins on beats rather than between them, where music changes (things
enter and leave on the first beat of a bar, mostly of every fourth), and where the bass changes its note.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aijockey.corpus.rhythm import FRAMES_PER_SECOND, Rhythm
from aijockey.music.grid import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT

Float = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# How likely each sixteenth of a bar has one, over house, techno, garage, breaks and drum and bass.
KICK = np.array([1, 0.05, 0.2, 0.2, 0.45, 0.05, 0.3, 0.15, 0.6, 0.1, 0.4, 0.15, 0.45, 0.1, 0.2, 0.1])
SNARE = np.array([0.1, 0.1, 0.05, 0.1, 1, 0.05, 0.1, 0.2, 0.1, 0.2, 0.15, 0.1, 1, 0.1, 0.2, 0.2])
ANY = np.array([1, 0.2, 0.5, 0.25, 0.85, 0.2, 0.5, 0.25, 0.9, 0.2, 0.5, 0.25, 0.85, 0.2, 0.5, 0.3])
DRUM = np.maximum(KICK, 0.7 * SNARE)
WEIGHTS = {"kick": 0.5, "drum": 1.0, "snare": 1.0, "any": 0.5, "change": 1.5, "phrase": 0.5, "bass": 0.3}
BASS_BANDS = 3
# A voice that enters changes the mean of all bands by about this much: the mean square, in dB squared.
CLEAR_CHANGE_DB2 = 20.0
# A sixteenth is looked for this far around its place: swing is later.
REACH_FRAMES = 3


@dataclass(frozen=True)
class Downbeat:
    """``sixteenth`` : the first one that begins a bar, 0 to 15. ``confidence`` : 0 to 1."""

    sixteenth: int
    confidence: float


def find_downbeat(rhythm: Rhythm, sixteenths_s: Doubles, beat: int | None = None) -> Downbeat:
    """The bar of a recording whose sixteenths are at ``sixteenths_s`` (n,).

    ``beat`` : which of the first four sixteenths is a beat, where that is known; None decides that too.
    """
    if len(sixteenths_s) < SIXTEENTHS_PER_BAR:
        return Downbeat(beat or 0, 0.0)
    witnesses = {
        "kick": _fit(_profile(rhythm.kick_strength, sixteenths_s), KICK),
        "snare": _fit(_profile(rhythm.snare_strength, sixteenths_s), SNARE),
        "drum": _fit(_profile(rhythm.drum_strength_db, sixteenths_s), DRUM),
        "any": _fit(_profile(rhythm.strength_db, sixteenths_s), ANY),
        "change": np.zeros(SIXTEENTHS_PER_BAR),
        "phrase": np.zeros(SIXTEENTHS_PER_BAR),
        "bass": np.zeros(SIXTEENTHS_PER_BAR),
    }
    for first in range(SIXTEENTHS_PER_BEAT):
        levels = _beat_levels(rhythm, sixteenths_s[first::SIXTEENTHS_PER_BEAT])
        slots = slice(first, None, SIXTEENTHS_PER_BEAT)
        witnesses["change"][slots] = _changes(_novelty(levels, BEATS_PER_BAR))
        witnesses["phrase"][slots] = _changes(_novelty(levels, 4 * BEATS_PER_BAR))
        witnesses["bass"][slots] = _by_phase(_novelty(levels[:, :BASS_BANDS], 1))
    score = np.sum([WEIGHTS[name] * votes for name, votes in witnesses.items()], axis=0)
    if beat is not None:
        score[np.arange(SIXTEENTHS_PER_BAR) % SIXTEENTHS_PER_BEAT != beat % SIXTEENTHS_PER_BEAT] = -np.inf
    best, second = np.argsort(-score)[:2]
    return Downbeat(int(best), float(np.clip(score[best] - score[second], 0.0, 1.0)))


def strength_at(strength: Float, times_s: Doubles, reach_frames: int = REACH_FRAMES) -> Doubles:
    """The greatest onset strength near each time: (n,)."""
    tallest = scipy.ndimage.maximum_filter1d(strength, 2 * reach_frames + 1)
    frames = np.clip(np.rint(times_s * FRAMES_PER_SECOND).astype(int), 0, len(tallest) - 1)
    return tallest[frames].astype(np.float64)


def _profile(strength: Float, sixteenths_s: Doubles) -> Doubles:
    """Mean strength of each sixteenth of the bar, without mean and with norm 1: (16,)."""
    values = strength_at(strength, sixteenths_s)
    profile = np.array([values[slot::SIXTEENTHS_PER_BAR].mean() for slot in range(SIXTEENTHS_PER_BAR)])
    profile -= profile.mean()
    return profile / max(float(np.linalg.norm(profile)), 1e-9)


def _fit(profile: Doubles, pattern: Doubles) -> Doubles:
    """Correlation of a profile with a pattern that begins on each sixteenth: (16,), -1 to 1."""
    pattern = pattern - pattern.mean()
    pattern /= np.linalg.norm(pattern)
    return np.array([profile @ np.roll(pattern, slot) for slot in range(SIXTEENTHS_PER_BAR)])


def _beat_levels(rhythm: Rhythm, beats_s: Doubles) -> Doubles:
    """Mean band levels of each beat, in dB: (beats, bands)."""
    edges = np.clip(np.rint(beats_s * FRAMES_PER_SECOND).astype(int), 0, rhythm.frames)
    edges = np.append(edges, min(rhythm.frames, 2 * edges[-1] - edges[-2]))
    start = np.zeros((1, rhythm.level_db.shape[1]))
    sums = np.concatenate([start, np.cumsum(rhythm.level_db, axis=0, dtype=np.float64)])
    return np.asarray((sums[edges[1:]] - sums[edges[:-1]]) / np.maximum(np.diff(edges), 1)[:, None])


def _novelty(levels: Doubles, span: int) -> Doubles:
    """How much the ``span`` beats from each beat on differ from those before it: (beats,), 0 at the ends."""
    count = len(levels)
    sums = np.concatenate([np.zeros((1, levels.shape[1])), np.cumsum(levels, axis=0)])
    novelty = np.zeros(count)
    inner = np.arange(span, count - span + 1)
    inner = inner[inner < count]
    after = (sums[inner + span] - sums[inner]) / span
    before = (sums[inner] - sums[inner - span]) / span
    novelty[inner] = np.square(after - before).mean(axis=1)
    return novelty


def _changes(novelty: Doubles) -> Doubles:
    """Where something enters or leaves, by phase of the bar: (4,), shares of at most 1 in all.

    Peaks alone, since around each change the novelty rises and falls over several beats; and only what is
    above the usual peak, since a bar that repeats for ever has the same small peak in each.
    """
    peaks = novelty == scipy.ndimage.maximum_filter1d(novelty, 2 * (BEATS_PER_BAR - 1) + 1)
    usual = float(np.median(novelty[peaks])) if peaks.any() else 0.0
    excess = np.where(peaks, np.maximum(novelty - 2.0 * usual, 0.0), 0.0)
    sums = np.array([excess[phase::BEATS_PER_BAR].sum() for phase in range(BEATS_PER_BAR)])
    return sums / max(float(sums.sum()), CLEAR_CHANGE_DB2)


def _by_phase(values: Doubles) -> Doubles:
    """Sum over all beats of each phase of the bar, as shares: (4,)."""
    sums = np.array([values[phase::BEATS_PER_BAR].sum() for phase in range(BEATS_PER_BAR)])
    return sums / max(float(sums.sum()), 1e-9)
