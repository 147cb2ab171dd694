"""Which key a piece of audio is in, and how surely.

Spectral peaks are gathered into twelve pitch classes, and their profile is compared with how often each
degree is heard in major and minor music (Krumhansl, Cognitive Foundations of Musical Pitch, 1990; the
profiles here are those of Albrecht and Shanahan 2013, which fit minor keys better).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from aijockey.audio.stft import hann

Float = npt.NDArray[np.float32]

PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
PROFILES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
LOW_HZ, HIGH_HZ = 55.0, 2500.0
WINDOW_S = 0.34
PROMINENCE = 20.0
_MOST_FRAMES = 600


@dataclass(frozen=True)
class Key:
    """A key such as "A minor". ``confidence`` : 0 to 1; below about 0.1 it is a guess (drums, noise)."""

    name: str
    confidence: float


def pitch_class_profile(audio: Float, rate_hz: int) -> tuple[npt.NDArray[np.float64], float]:
    """How much of each pitch class sounds, and how much of the sound is tonal.

    Returns (12,) from C on, summing to 1, and a share from 0 to 1. ``audio`` : (channels, samples), may be
    memory-mapped. Long recordings are looked at in 600 windows spread over their length.
    """
    size = 1 << round(np.log2(WINDOW_S * rate_hz))
    samples = audio.shape[1]
    count = min(_MOST_FRAMES, 1 + max(0, samples - size) // (size // 4))
    starts = np.linspace(0, max(0, samples - size), count).astype(int)
    bins = np.arange(size // 2 + 1) * rate_hz / size
    low, high = np.searchsorted(bins, [LOW_HZ, HIGH_HZ])
    pitch = 12.0 * np.log2(bins[low:high] / 440.0) + 69.0
    classes = np.zeros(12)
    total = 0.0
    window = hann(size)
    for start in starts:
        mono = audio[:, start : start + size].mean(axis=0, dtype=np.float32)
        spectrum = scipy.fft.rfft(mono * window[: len(mono)], size)
        power = (np.abs(spectrum) ** 2)[low:high].astype(np.float64)
        if power.max() < 1e-9:
            continue
        floor = scipy.ndimage.uniform_filter1d(np.log(power + 1e-9 * power.max()), 41, mode="nearest")
        is_peak = (
            (power > np.roll(power, 1)) & (power >= np.roll(power, -1)) & (power > PROMINENCE * np.exp(floor))
        )
        # Fourth root: overtones and quiet voices count, one loud bass note does not decide.
        weight = np.sqrt(np.sqrt(power))
        total += float(weight.max())
        place = pitch[is_peak]
        near = np.rint(place)
        tuned = np.maximum(0.0, 1.0 - 2.0 * np.abs(place - near))
        # Lower peaks are likelier to be notes than overtones.
        lower = 1.0 / (1.0 + np.maximum(0.0, place - 60.0) / 12.0)
        np.add.at(classes, near.astype(int) % 12, weight[is_peak] * tuned * lower)
    if not classes.sum():
        return np.full(12, 1.0 / 12.0), 0.0
    return classes / classes.sum(), float(min(1.0, classes.sum() / total / 2.0))


def estimate_key(audio: Float, rate_hz: int) -> Key | None:
    """The key of ``audio`` (channels, samples) by the best-fitting profile; None where nothing is tonal.

    The confidence is how far the best fit is above the best one on another tonic (relative and parallel keys
    share most notes, so rivals on the relative key's tonic count half), times the share that is tonal.
    """
    profile, tonal_share = pitch_class_profile(audio, rate_hz)
    if tonal_share < 0.02:
        return None
    fits = {
        (tonic, mode): float(np.corrcoef(np.roll(shape, tonic), profile)[0, 1])
        for mode, shape in PROFILES.items()
        for tonic in range(12)
    }
    tonic, mode = max(fits, key=lambda key: fits[key])
    best = fits[tonic, mode]
    relative = ((tonic + 9) % 12, "minor") if mode == "major" else ((tonic + 3) % 12, "major")
    others = max(fit for (other, kind), fit in fits.items() if other != tonic and (other, kind) != relative)
    margin = min(best - others, 2.0 * (best - fits[relative]) + 0.1)
    confidence = float(np.clip(2.0 * margin, 0.0, 1.0)) * max(0.0, best) * tonal_share
    return Key(f"{PITCH_CLASSES[tonic]} {mode}", confidence)
