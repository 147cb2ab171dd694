"""Effects on circular signals: rooms and echoes as circular convolutions, moving filters, saturation,
compression.

A linear effect on a loop is a product with its spectrum, so tails wrap around exactly.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.stft import frame_circular, hann, overlap_add_circular
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]

ROOMS = 16
# Windows of 1,500 samples every 500: squared Hann windows at a third of their length sum to 9/8.
SWEEP_SIZE = 1500
SWEEP_HOP = 500
SWEEP_WEIGHT = 1.125
COMPRESSOR_HOP = 250


@lru_cache(maxsize=2)
def frequencies_hz(samples: int) -> Float:
    """Frequency of each bin of the real FFT of a loop."""
    return scipy.fft.rfftfreq(samples, 1.0 / RATE_HZ).astype(np.float32)


@lru_cache(maxsize=2 * ROOMS)
def room_response(room: int, samples: int) -> Complex:
    """Stereo response of one of the rooms, small (0) to vast (15): (2, samples // 2 + 1), unit energy.

    Decaying noise, the top decaying faster than the bottom; the tail is folded around the loop. The bank is
    the same for every seed, so its spectra are computed once.
    """
    rng = np.random.Generator(np.random.PCG64(1000 + room))
    decay_s = 0.18 * (4.5 / 0.18) ** (room / (ROOMS - 1)) * rng.uniform(0.85, 1.15)
    predelay = int(rng.uniform(0.0, 0.004 + 0.03 * room / ROOMS) * RATE_HZ)
    length = round(decay_s * 1.05 * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    noise = rng.standard_normal((2, length))
    spectrum = scipy.fft.rfft(noise)
    hz = scipy.fft.rfftfreq(length, 1.0 / RATE_HZ)
    crossover_hz = rng.uniform(1500.0, 5000.0)
    low = scipy.fft.irfft(spectrum / (1.0 + (hz / crossover_hz) ** 4), n=length)
    high = scipy.fft.irfft(spectrum * (1.0 - 1.0 / (1.0 + (hz / crossover_hz) ** 4)), n=length)
    damping = rng.uniform(0.25, 0.7)
    tail = low * np.exp(-6.908 * t / decay_s) + rng.uniform(0.5, 1.0) * high * np.exp(
        -6.908 * t / (decay_s * damping)
    )
    tail *= np.minimum(t / rng.uniform(0.001, 0.02), 1.0)
    folded = np.zeros((2, samples))
    for start in range(0, length, samples):
        piece = tail[:, start : start + samples]
        folded[:, : piece.shape[1]] += piece
    response = scipy.fft.rfft(np.roll(folded, predelay, axis=1))
    bins = frequencies_hz(samples)
    response *= (bins / 180.0) ** 2 / (1.0 + (bins / 180.0) ** 2)
    response /= np.sqrt(np.mean(np.abs(response) ** 2))
    return np.asarray(response, dtype=np.complex64)


def echo_response(
    samples: int, sixteenths: float, feedback: float, low_hz: float, high_hz: float, ping_pong: bool
) -> Complex:
    """Stereo response of a tempo-locked feedback delay: (2, bins).

    The echoes' geometric series is summed in closed form, round the loop. Each repeat is band-passed again.
    ping_pong : the repeats alternate left and right.
    """
    hz = frequencies_hz(samples)
    delay_samples = round(sixteenths * SIXTEENTH_SAMPLES)
    # A delay by a simple fraction of the loop turns each bin by one of few angles, in a cycle.
    common = math.gcd(delay_samples, samples)
    cycle = samples // common
    turns = np.exp(-2j * np.pi * (np.arange(cycle) * (delay_samples // common) % cycle) / cycle)
    shift = np.resize(turns.astype(np.complex64), len(hz))
    colour = 1.0 / ((1.0 + (hz / high_hz) ** 2) * (1.0 + (low_hz / np.maximum(hz, 1.0)) ** 2))
    once = (colour * shift).astype(np.complex64)
    again = np.float32(feedback) * once
    if not ping_pong:
        both = once / (1.0 - again)
        return np.stack([both, both])
    left = once / (1.0 - again * again)
    return np.stack([left, left * again])


def sweep(audio: Float, gains: Float) -> Float:
    """Multiply the short-time spectrum by moving gains: a time-varying filter, zero phase, circular.

    audio : (..., samples). gains : (frames, bins) with frames = samples / SWEEP_HOP and bins = SWEEP_SIZE /
    2 + 1.
    """
    window = hann(SWEEP_SIZE)
    spectrum = scipy.fft.rfft(frame_circular(audio, SWEEP_SIZE, SWEEP_HOP) * window)
    spectrum *= gains
    frames = scipy.fft.irfft(spectrum, n=SWEEP_SIZE) * (window / np.float32(SWEEP_WEIGHT))
    return overlap_add_circular(frames.astype(np.float32, copy=False), SWEEP_HOP)


def low_pass(cutoff_hz: Float, resonance: Float | float, order: float = 2.0) -> Float:
    """Gains of a resonant low-pass for `sweep`: (frames,) cutoffs -> (frames, bins).

    resonance : gain at the cutoff above the pass band; 0 is a plain Butterworth-like slope of ``order`` x 6
    dB.
    """
    hz = np.maximum(np.arange(SWEEP_SIZE // 2 + 1, dtype=np.float32) * np.float32(RATE_HZ / SWEEP_SIZE), 8.0)
    octaves = np.log2(hz) - np.log2(np.maximum(cutoff_hz, 20.0).astype(np.float32))[:, None]
    slope = np.exp2(np.clip(octaves, -12.0, 12.0) * np.float32(2.0 * order))
    bump = np.exp(-((octaves * np.float32(3.5)) ** 2))
    peak = np.broadcast_to(np.asarray(resonance, dtype=np.float32), cutoff_hz.shape)[:, None]
    return np.asarray((1.0 + peak * bump) / np.sqrt(1.0 + slope), dtype=np.float32)


def band_pass(centre_hz: Float, width_octaves: Float | float) -> Float:
    """Gains of a moving band for `sweep`: a bell in log frequency, half gain about ``width_octaves`` from
    its centre."""
    hz = np.maximum(np.arange(SWEEP_SIZE // 2 + 1, dtype=np.float32) * np.float32(RATE_HZ / SWEEP_SIZE), 8.0)
    octaves = np.log2(hz) - np.log2(np.maximum(centre_hz, 20.0).astype(np.float32))[:, None]
    width = np.broadcast_to(np.asarray(width_octaves, dtype=np.float32), centre_hz.shape)[:, None]
    return np.asarray(np.exp(-0.69 * (octaves / width) ** 2), dtype=np.float32)


def compress(audio: Float, amount: float, release_s: float = 0.12) -> Float:
    """Feed-forward compression of a circular signal, channels linked: ``amount`` 0 none to 1 hard (about
    6:1).

    The level is followed every 250 samples; two turns around the loop let the follower forget where it began.
    """
    if amount <= 0.02:
        return audio
    blocks = np.sqrt(np.mean(np.square(audio.reshape(audio.shape[0], -1, COMPRESSOR_HOP)), axis=(0, 2)))
    fall = float(np.exp(-COMPRESSOR_HOP / (release_s * RATE_HZ)))
    level, followed = 0.0, np.zeros(len(blocks))
    values = blocks.tolist()
    for _ in range(2):
        for index, value in enumerate(values):
            level = value if value > level else fall * level + (1.0 - fall) * value
            followed[index] = level
    threshold = 0.35 * max(values) + 1e-6
    gain = (np.maximum(followed, threshold) / threshold) ** (-0.85 * amount)
    # Gains between block centres, round the seam.
    positions = np.arange(audio.shape[1], dtype=np.float32) / COMPRESSOR_HOP - 0.5
    curve = np.interp(positions, np.arange(-1, len(gain) + 1), np.concatenate([gain[-1:], gain, gain[:1]]))
    return np.asarray(audio * curve.astype(np.float32), dtype=np.float32)


def saturate(audio: Float, amount: float) -> Float:
    """Drive a bus into tanh, its loud parts by about ``amount`` x 6 dB; level follows the input's peak."""
    if amount <= 0.02:
        return audio
    peak = float(np.max(np.abs(audio)))
    gain = np.float32((1.0 + amount) / max(peak, 1e-6))
    return np.asarray(np.tanh(audio * gain) * np.float32(peak / np.tanh(1.0 + amount)), dtype=np.float32)


def crush(audio: Float, hold: int, bits: float) -> Float:
    """An old sampler: each value held for ``hold`` samples (which must divide the loop), steps of ``bits``
    bits."""
    held = np.repeat(audio[:, ::hold], hold, axis=1)[:, : audio.shape[1]]
    peak = np.float32(max(float(np.max(np.abs(held))), 1e-6))
    steps = np.float32(2.0 ** (bits - 1.0))
    return np.asarray(np.round(held / peak * steps) / steps * peak, dtype=np.float32)


def chorus(audio: Float, depth_ms: float, cycles: int, phase: float) -> Float:
    """Mono (samples,) to stereo (2, samples): the sides read the signal through delays that sway ``cycles``
    times a loop."""
    samples = audio.shape[-1]
    turn = 2.0 * np.pi * (np.arange(samples, dtype=np.float64) / samples * cycles + phase)
    sides = []
    for sign in (1.0, -1.0):
        delay = (1.05 + sign * np.sin(turn)) * depth_ms * RATE_HZ / 1e3
        position = np.arange(samples) - delay
        whole = np.floor(position).astype(np.int64)
        part = (position - whole).astype(np.float32)
        sides.append(audio[whole % samples] * (1.0 - part) + audio[(whole + 1) % samples] * part)
    return np.asarray(0.5 * (np.stack(sides) + audio), dtype=np.float32)
