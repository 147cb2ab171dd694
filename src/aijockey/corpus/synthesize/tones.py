"""Pitched sources: spectra laid directly on the bins of a loop, oscillators that close, plucks and bells.

A partial at a multiple of the loop's own frequency is circular by construction; at four seconds that is 0.25
Hz, at most 2 cents off at 110 Hz, which is less than a player's chorus.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft

from aijockey.corpus.synthesize.shots import Float
from aijockey.music.grid import RATE_HZ
from aijockey.music.key import midi_to_hz

HIGHEST_HZ = 14_000.0


@dataclass(frozen=True)
class Timbre:
    """A harmonic source.

    shape : "saw", "square", "pulse", "triangle", "organ", "hollow", "glass", "choir". slope : extra fall,
    power of the partial's number. unison : detuned copies. detune_cents : their spread. spread_cents :
    bandwidth of each partial, which makes an ensemble. stretch : inharmonicity. pulse : width of the pulse.
    """

    shape: str
    slope: float = 0.0
    unison: int = 1
    detune_cents: float = 0.0
    spread_cents: float = 0.0
    stretch: float = 0.0
    pulse: float = 0.3


ORGANS = (
    (1.0, 0.8, 0.5, 0.6, 0.0, 0.3, 0.0, 0.4),
    (1.0, 1.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.2),
    (0.8, 0.0, 1.0, 0.4, 0.0, 0.5, 0.0, 0.0),
)
VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def partials(rng: np.random.Generator, timbre: Timbre, count: int) -> Float:
    """Amplitudes of partials 1 to ``count`` of a shape, the first near 1."""
    k = np.arange(1, count + 1, dtype=np.float64)
    shape = timbre.shape
    if shape == "saw":
        gains = 1.0 / k
    elif shape == "square":
        gains = (k % 2) / k
    elif shape == "pulse":
        gains = np.abs(np.sin(np.pi * k * timbre.pulse)) / k
    elif shape == "triangle":
        gains = (k % 2) / k**2
    elif shape == "organ":
        bars = ORGANS[int(rng.integers(len(ORGANS)))]
        gains = np.array([bars[i] if i < len(bars) else 0.0 for i in range(count)])
    elif shape == "hollow":
        gains = (k % 2) / k**1.3 + 0.05 / k
    elif shape == "glass":
        gains = np.where(np.isin(k, (1, 3, 4, 7, 10)), 1.0 / k**0.8, 0.02 / k)
    elif shape == "choir":
        gains = 1.0 / k
    else:
        raise ValueError(f"no shape '{shape}'")
    return (gains / k**timbre.slope).astype(np.float32)


def tone(
    rng: np.random.Generator,
    timbre: Timbre,
    pitches: Sequence[float],
    samples: int,
    *,
    channels: int = 1,
    top_hz: float = HIGHEST_HZ,
) -> Float:
    """A sustained chord as one circular signal: (channels, samples), RMS near 0.3 for any number of pitches.

    Each channel has its own phases, so several channels are wide.
    """
    resolution_hz = RATE_HZ / samples
    vowel = VOWELS_HZ[int(rng.integers(len(VOWELS_HZ)))]
    frequencies, gains = [], []
    for midi in pitches:
        base_hz = midi_to_hz(midi)
        count = max(1, int(top_hz / base_hz))
        k = np.arange(1, count + 1)
        weights = partials(rng, timbre, count)
        if timbre.shape == "choir":
            weights = (
                weights * sum(np.exp(-(((k * base_hz - f) / (0.12 * f + 60.0)) ** 2)) for f in vowel)
                + 0.02 * weights
            )
        for voice in range(timbre.unison):
            place = 2.0 * voice / max(timbre.unison - 1, 1) - 1.0 if timbre.unison > 1 else 0.0
            cents = timbre.detune_cents * (place + 0.2 * float(rng.standard_normal()) * (timbre.unison > 1))
            hz = base_hz * 2.0 ** (cents / 1200.0) * k * np.sqrt(1.0 + timbre.stretch * k * k)
            frequencies.append(hz)
            gains.append(weights)
    hz, gain = np.concatenate(frequencies), np.concatenate(gains)
    if timbre.spread_cents > 0.0:
        # PADsynth (Nasca): each partial becomes a band; here seven draws from its bell rather than its whole
        # profile.
        copies = 7
        offsets = rng.normal(0.0, timbre.spread_cents, (copies, len(hz))) / 1200.0
        hz = (hz * 2.0**offsets).ravel()
        gain = np.tile(gain / np.sqrt(copies), copies)
    bins = np.round(hz / resolution_hz).astype(np.int64)
    inside = (bins > 0) & (hz < top_hz)
    bins, gain = bins[inside], gain[inside]
    spectrum = np.zeros((channels, samples // 2 + 1), dtype=np.complex64)
    for channel in range(channels):
        turns = np.exp(2j * np.pi * rng.random(len(bins))).astype(np.complex64)
        np.add.at(spectrum[channel], bins, gain * turns)
    audio = scipy.fft.irfft(spectrum, n=samples)
    level = float(np.sqrt(np.mean(np.square(audio))))
    return np.asarray(audio * np.float32(0.3 / max(level, 1e-9)), dtype=np.float32)


def closed_phase(frequency_hz: Float) -> np.ndarray:
    """Cycles (not radians) of an oscillator that follows ``frequency_hz`` (samples,) and closes after a turn
    of the loop.

    The pitch is scaled by the least amount that makes the number of cycles whole. float64, modulo 1.
    """
    steps = np.asarray(frequency_hz, dtype=np.float64) / RATE_HZ
    total = float(steps.sum())
    phase = np.cumsum(steps * (max(1.0, round(total)) / total))
    return np.mod(phase - phase[0], 1.0)


def saw(phase: np.ndarray, frequency_hz: Float) -> Float:
    """Sawtooth of a phase in cycles, its step rounded by a two-sample polynomial (PolyBLEP, Välimäki
    2007)."""
    x = phase.astype(np.float32)
    step = np.maximum(frequency_hz / np.float32(RATE_HZ), np.float32(1e-6)).astype(np.float32)
    wave = 2.0 * x - 1.0
    after, before = x / step, (x - 1.0) / step
    wave -= np.where(after < 1.0, 2.0 * after - after * after - 1.0, 0.0)
    wave -= np.where(before > -1.0, before * before + 2.0 * before + 1.0, 0.0)
    return np.asarray(wave, dtype=np.float32)


def pulse(phase: np.ndarray, frequency_hz: Float, width: float) -> Float:
    """Pulse wave of ``width`` (0.5 is square): the difference of two saws."""
    return np.asarray(
        saw(phase, frequency_hz) - saw(np.mod(phase + width, 1.0), frequency_hz), dtype=np.float32
    ) * np.float32(0.7)


def wander(rng: np.random.Generator, points: int, fastest: int, power: float = 1.0) -> Float:
    """A smooth random curve that closes: (points,), within -1 to 1; at most ``fastest`` swings a loop.

    power : how much the slow swings outweigh the fast.
    """
    count = max(1, fastest)
    spectrum = np.zeros(points // 2 + 1, dtype=np.complex128)
    weights = 1.0 / np.arange(1, count + 1) ** power
    spectrum[1 : count + 1] = weights * np.exp(2j * np.pi * rng.random(count)) * rng.uniform(0.4, 1.0, count)
    curve = scipy.fft.irfft(spectrum, n=points)
    return np.asarray(curve / np.max(np.abs(curve)), dtype=np.float32)
