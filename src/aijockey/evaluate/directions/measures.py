"""What directions move, heard on log-mels: no vocoder, so a thousand loops cost what a hundred cost in audio.

The measures of the corpus (`aijockey.corpus.measure`) have twins here that read a log-mel; `agreement` with them, in
audio, is part of every calibration. *Syncopation* is only here. Like there, each hardly depends on the level.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from aijockey.audio import onsets
from aijockey.corpus.measure import BASS_BELOW_HZ, HALF_SUSTAIN_S, swing_of
from aijockey.music.grid import BEAT_SAMPLES, SIXTEENTH_SAMPLES
from aijockey.representation.mel import MelConfig, band_centres_hz, hz_to_mel, mel_to_hz

Float = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

POOLED_BANDS = 24
FALL_S = 0.0625
NEIGHBOURS = 9
"""Bands around one among which a tone stands out."""
DEPTHS = (0, 4, 3, 4, 2, 4, 3, 4, 1, 4, 3, 4, 2, 4, 3, 4)
"""How deep each sixteenth of a bar lies in the metre: the bar's beginning 0, its half 1, beats 2, eighths 3."""


@dataclass(frozen=True)
class MelMeasure:
    """One number about a log-mel (bands, frames): its unit, and what it means in the words of a player.

    like : the measure of `aijockey.corpus.measure.MEASURES` whose twin it is, or None.
    """

    unit: str
    description: str
    function: Callable[["MelAnalysis"], float]
    like: str | None = None


class MelAnalysis:
    """What the measures of one log-mel share.

    mel : (bands, frames), natural logarithm of amplitude, circular, 120 BPM.
    """

    def __init__(self, mel: Float, config: MelConfig) -> None:
        self.config = config
        self.amplitude = np.maximum(np.exp(mel.astype(np.float64)) - config.floor, 0.0)
        self.power = np.square(self.amplitude)
        self.log = mel.astype(np.float64)
        self.frames = mel.shape[1]
        self.frame_s = config.hop_samples / config.rate_hz
        pooled = np.add.reduceat(self.power, _edges(len(mel), POOLED_BANDS), axis=0)
        reference = float(pooled.max(initial=0.0))
        self.silent = reference < 1e-9
        # Windows are twice as long as those of `audio.onsets`, and so are hops: the same lag of two.
        # Relative to the loudest, so that whatever a latent far out makes fits a float32.
        rise = onsets.rise_db((pooled.T / max(reference, 1e-9)).astype(np.float32), 1.0)
        self.flux = np.zeros(self.frames) if self.silent else rise.astype(np.float64)
        self.onsets = (
            onsets.Onsets(np.zeros(0), np.zeros(0))
            if self.silent
            else onsets.pick_onsets(rise, config.hop_samples)
        )


def _edges(bands: int, parts: int) -> npt.NDArray[np.intp]:
    return np.unique(np.linspace(0, bands, min(bands, parts) + 1)[:-1].round().astype(np.intp))


def _onset_density(loop: MelAnalysis) -> float:
    beats = loop.frames * loop.config.hop_samples / BEAT_SAMPLES
    return len(loop.onsets.times_samples) / beats


def _bass_share(loop: MelAnalysis) -> float:
    low = band_centres_hz(loop.config) < BASS_BELOW_HZ
    return float(loop.power[low].sum() / max(loop.power.sum(), 1e-12))


def _brightness(loop: MelAnalysis) -> float:
    """Centroid of the magnitudes of bins: a band of n bins of noise has the square root of n times a bin's."""
    centres = band_centres_hz(loop.config)
    config = loop.config
    edges = mel_to_hz(np.linspace(hz_to_mel(config.low_hz), hz_to_mel(config.high_hz), config.bands + 2))
    bins = np.maximum((edges[2:] - edges[:-2]) / 2 * config.window_samples / config.rate_hz, 1.0)
    magnitude = loop.amplitude.sum(axis=1) * np.sqrt(bins)
    if loop.silent:
        return 0.0
    return float(np.log2(max(magnitude @ centres / magnitude.sum(), 40.0) / 1000.0))


def _swing(loop: MelAnalysis) -> float:
    """As in the corpus."""
    return swing_of(loop.onsets)


def _tonalness(loop: MelAnalysis) -> float:
    """How far bands stand out of their neighbours now and half a sixteenth later, weighted by magnitude: 0 to 1."""
    around = scipy.ndimage.uniform_filter1d(loop.log, NEIGHBOURS, axis=0, mode="nearest")
    above = np.maximum(loop.log - around, 0.0)
    later = round(0.0625 / loop.frame_s)
    steady = np.minimum(above, np.roll(above, -later, axis=1))
    mean = float((steady * loop.amplitude).sum() / max(loop.amplitude.sum(), 1e-12))
    return mean / (1.0 + mean)


def _sustain(loop: MelAnalysis) -> float:
    """As in the corpus: how long ten bands take to fall by 20 dB."""
    if loop.silent:
        return 0.0
    bands = np.add.reduceat(loop.power, _edges(len(loop.power), 10), axis=0)
    bands = bands + np.roll(bands, 1, axis=1)
    level_db = 10.0 * np.log10(bands + 1e-6 * bands.max())
    lag = max(1, round(FALL_S / loop.frame_s))
    fall_db = np.maximum(level_db - np.roll(level_db, -lag, axis=1), 0.0)
    weight = np.sqrt(bands)
    mean_fall_db = float((fall_db * weight).sum() / weight.sum())
    time_s = 20.0 * lag * loop.frame_s / max(mean_fall_db, 1e-6)
    return time_s / (time_s + HALF_SUSTAIN_S)


def sixteenth_strengths(loop: MelAnalysis) -> Array:
    """Onset strength around each sixteenth of the loop, summing to 1 (or all 0): (sixteenths,)."""
    per = SIXTEENTH_SAMPLES // loop.config.hop_samples
    strong = np.maximum(loop.flux - onsets.LEAST_RISE_DB, 0.0)
    folded = np.roll(strong, per // 2).reshape(-1, per).sum(axis=1)
    total = float(folded.sum())
    return folded / total if total > 0.0 else folded


def _syncopation(loop: MelAnalysis) -> float:
    """What sounds louder than the next place that is deeper in the metre, by how much deeper that is.

    After Longuet-Higgins and Lee (1984), where a note counts that lasts over a stronger rest, with strengths instead
    of notes: 0 where every deep place is as strong as what leads to it.
    """
    strength = sixteenth_strengths(loop)
    count = len(strength)
    depth = np.resize(np.array(DEPTHS), count)
    total = 0.0
    for place in range(count):
        reach = np.arange(1, 17)
        deeper = reach[depth[(place + reach) % count] < depth[place]]
        if len(deeper):
            then = (place + int(deeper[0])) % count
            total += max(0.0, strength[place] - strength[then]) * float(depth[place] - depth[then])
    return total


MEL_MEASURES: dict[str, MelMeasure] = {
    "onset_density": MelMeasure(
        "onsets/beat", "how many sounds begin in a beat", _onset_density, "onset_density"
    ),
    "bass_share": MelMeasure("0..1", "share of the energy below 150 Hz", _bass_share, "bass_share"),
    "brightness": MelMeasure("octaves", "spectral centroid above 1 kHz", _brightness, "brightness"),
    "swing": MelMeasure("0..1", "where off-sixteenths fall: 0.5 straight, 0.67 triplet", _swing, "swing"),
    "syncopation": MelMeasure("0..2", "how much sounds against the metre", _syncopation),
    "tonalness": MelMeasure("0..1", "tones against noise", _tonalness, "tonalness"),
    "sustain": MelMeasure("0..1", "how long sounds hold: 0.5 fades by 20 dB in 250 ms", _sustain, "sustain"),
}


def measure_mels(mels: Float, config: MelConfig, names: tuple[str, ...] = tuple(MEL_MEASURES)) -> Array:
    """Measures of log-mels (loops, bands, frames): (loops, names), finite."""
    rows = np.empty((len(mels), len(names)))
    for row, mel in zip(rows, mels, strict=True):
        loop = MelAnalysis(mel, config)
        row[:] = [MEL_MEASURES[name].function(loop) for name in names]
    return rows
