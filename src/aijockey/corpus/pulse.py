"""How fast a recording goes: every tempo is scored by two estimators and by where its grid would fall.

A tempo is as good as the onsets that fall on its beats, eighths and sixteenths (the Fourier transform of the
onset strength at those rates: 1 if all do, 0 if they fall anywhere) and as the music that repeats after its
half bars and bars (autocorrelation of the onset strength in each band). A grid of 2/3, 3/4, 4/3 or 3/2 of the
tempo misses most onsets and repeats nothing, which is how such errors are told. An octave leaves both in
place: it is decided by where the bass drum falls and by the tempi that dance music has, so that what could
be 72 or 144 is called 144; `aijockey.corpus.octave` then hears whether its pattern says otherwise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from aijockey.corpus.rhythm import FRAMES_PER_SECOND, Rhythm
from aijockey.music.tempo import FASTEST_BPM, SLOWEST_BPM, ratio_between

Float = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

STEP_BPM = 0.1
# Windows short enough for people who do not keep time, long enough for three bars at 60 BPM.
WINDOW_FRAMES = 12 * FRAMES_PER_SECOND
# Where dance music is: the middle and spread (in octaves) of a normal distribution over the logarithm of
# tempo.
USUAL_BPM, USUAL_SPREAD_OCTAVES = 122.0, 0.4
WEIGHTS = {
    "beat": 0.5,
    "low_beat": 0.3,
    "eighth": 0.5,
    "sixteenth": 1.0,
    "half_bar": 0.5,
    "bar": 0.8,
    # The bass at half the rate: where the kick comes on every other beat, that may be the beat.
    "low_half": -0.35,
}
_SPECTRUM_SIZE = 16 * 1024
_BLUR = np.hanning(7)[1:-1]


@dataclass(frozen=True)
class Pulse:
    """Scores of all tempi.

    Attributes
    ----------
    bpm : (n,) ascending. score : (n,). evidence : each of `WEIGHTS` by name, (n,), about 0 to 1.
    """

    bpm: Doubles
    score: Doubles
    evidence: dict[str, Doubles]

    def _index(self, bpm: float) -> int:
        return int(np.argmin(np.abs(self.bpm - bpm)))

    def score_at(self, bpm: float) -> float:
        """Score of the nearest tempo."""
        return float(self.score[self._index(bpm)])

    def evidence_at(self, bpm: float, name: str) -> float:
        """One kind of evidence for the nearest tempo."""
        return float(self.evidence[name][self._index(bpm)])

    def best(self, low_bpm: float = SLOWEST_BPM, high_bpm: float = FASTEST_BPM) -> float:
        """The tempo between two that scores highest."""
        inside = (self.bpm >= low_bpm - STEP_BPM / 2) & (self.bpm <= high_bpm + STEP_BPM / 2)
        return float(self.bpm[np.argmax(np.where(inside, self.score, -np.inf))])

    def confidence(self, bpm: float) -> float:
        """How surely a recording goes at ``bpm``: 0 to 1.

        1 where all onsets fall on its sixteenths and no other tempo, octaves aside, comes near. Random onsets
        reach about 0.35 of that by chance in 12 s, which counts as nothing.
        """
        on_grid = np.clip((self.evidence_at(bpm, "sixteenth") - 0.4) / 0.4, 0.0, 1.0)
        related = np.array([ratio_between(float(other), bpm, 0.04) in (0.5, 1.0, 2.0) for other in self.bpm])
        rival = float(np.max(self.score[~related]))
        margin = np.clip((self.score_at(bpm) - rival) / 0.5, -1.0, 1.0)
        return float(on_grid * (0.6 + 0.4 * margin))


def prior(bpm: Doubles) -> Doubles:
    """How usual tempi are: 0 at `USUAL_BPM`, less elsewhere (a log-probability)."""
    return -0.5 * (np.log2(bpm / USUAL_BPM) / USUAL_SPREAD_OCTAVES) ** 2


def score_tempi(rhythm: Rhythm) -> Pulse:
    """Score every tempo from 60 to 200 BPM in steps of 0.1."""
    bpm = np.arange(SLOWEST_BPM, FASTEST_BPM + STEP_BPM / 2, STEP_BPM)
    beat_hz = bpm / 60.0
    spectrum = pulse_spectrum(rhythm.strength_db)
    low_spectrum = pulse_spectrum(rhythm.kick_strength)
    repeats = _self_similarity(rhythm)

    def rate(values: Doubles, hz: Doubles) -> Doubles:
        return np.interp(hz * _SPECTRUM_SIZE / FRAMES_PER_SECOND, np.arange(len(values)), values)

    def after(beats: int) -> Doubles:
        return np.interp(beats / beat_hz * FRAMES_PER_SECOND, np.arange(len(repeats)), repeats, right=0.0)

    evidence = {
        "beat": rate(spectrum, beat_hz),
        "low_beat": rate(low_spectrum, beat_hz),
        "eighth": rate(spectrum, 2.0 * beat_hz),
        "sixteenth": rate(spectrum, 4.0 * beat_hz),
        "half_bar": after(2),
        "bar": np.maximum(after(4), after(8)),
        "low_half": rate(low_spectrum, beat_hz / 2.0),
    }
    score = prior(bpm) + np.sum([WEIGHTS[name] * values for name, values in evidence.items()], axis=0)
    return Pulse(bpm, score, evidence)


def windows(frames: int, hop_frames: int = WINDOW_FRAMES // 2) -> list[slice]:
    """Windows of 12 s that cover ``frames`` frames: one if there are no more, the last one to the end."""
    if frames <= WINDOW_FRAMES:
        return [slice(0, frames)]
    starts = [*range(0, frames - WINDOW_FRAMES, hop_frames), frames - WINDOW_FRAMES]
    return [slice(start, start + WINDOW_FRAMES) for start in starts]


def pulse_spectrum(strength_db: Float) -> Doubles:
    """How much of an onset strength (frames,) falls on each rate: |transform| over its sum, mean of all
    windows.

    Bin ``k`` is the rate ``k * 128 / 16384`` Hz. Windows count by what happens in them.
    """
    total, weight = np.zeros(_SPECTRUM_SIZE // 2 + 1), 1e-9
    for window in windows(len(strength_db)):
        part = strength_db[window].astype(np.float64)
        part -= part.mean()
        total += np.abs(scipy.fft.rfft(part, _SPECTRUM_SIZE))
        weight += np.abs(part).sum() / 2.0
    return total / weight


def _self_similarity(rhythm: Rhythm) -> Doubles:
    """Autocorrelation of the rises of all bands together, -1 to 1, for lags of 0, 1, 2 ... frames."""
    total, most = np.zeros(WINDOW_FRAMES), np.full(WINDOW_FRAMES, 1e-9)
    for window in windows(rhythm.frames):
        # A little blur, so that a sixteenth played 10 ms late still repeats.
        part = scipy.ndimage.convolve1d(rhythm.rises_db[window], _BLUR, axis=0, mode="constant")
        part -= part.mean(axis=0)
        count = len(part)
        power = np.abs(scipy.fft.rfft(part, 2 * count, axis=0)) ** 2
        correlation = scipy.fft.irfft(power.sum(axis=1), 2 * count)[:count]
        # Later lags have fewer frames to compare; those with fewer than a fifth say nothing.
        share = 1.0 - np.arange(count) / count
        reach = int(0.8 * count)
        total[:reach] += correlation[:reach] / share[:reach]
        most[:reach] += correlation[0]
    return total / most
