"""Building blocks of one-shots: envelopes, swept sines, shaped noise, struck modes. All mono, float32, from
t = 0."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
TAU = np.float32(2.0 * np.pi)
FADE_SAMPLES = 256


def seconds(samples: int) -> Float:
    """Time of each sample, in seconds."""
    return np.arange(samples, dtype=np.float32) / np.float32(RATE_HZ)


def length(duration_s: float) -> int:
    """Samples of a duration, rounded up to a multiple of 480 (small factors keep the FFT quick)."""
    return max(960, 480 * int(np.ceil(duration_s * RATE_HZ / 480)))


def decay(samples: int, time_s: float, hold_s: float = 0.0) -> Float:
    """Exponential decay that falls 60 dB in ``time_s`` after ``hold_s`` at 1, faded to exact zero at the
    end."""
    t = np.maximum(seconds(samples) - np.float32(hold_s), 0.0)
    envelope = np.exp(t * np.float32(-6.908 / max(time_s, 1e-4)))
    fade = min(FADE_SAMPLES, samples)
    envelope[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return np.asarray(envelope, dtype=np.float32)


def attack(sound: Float, time_s: float) -> Float:
    """Fade in, raised cosine, over ``time_s``."""
    count = min(len(sound), max(1, round(time_s * RATE_HZ)))
    sound = sound.copy()
    sound[:count] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
    return sound


def swept_sine(
    samples: int, end_hz: float, sweeps: Sequence[tuple[float, float]], phase: float = 0.0
) -> Float:
    """A sine whose pitch falls to ``end_hz``.

    sweeps : (extra Hz at the start, time constant in s), summed. phase : of the start, in cycles.
    """
    t = seconds(samples)
    cycles = np.float32(end_hz) * t + np.float32(phase)
    for extra_hz, constant_s in sweeps:
        # The integral of extra * exp(-t / constant).
        cycles += np.float32(extra_hz * constant_s) * (1.0 - np.exp(t / np.float32(-constant_s)))
    return np.asarray(np.sin(TAU * cycles), dtype=np.float32)


def shaped_noise(
    rng: np.random.Generator,
    samples: int,
    response: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
) -> Float:
    """White noise times a magnitude ``response`` (Hz -> gain), unit RMS."""
    spectrum = scipy.fft.rfft(rng.standard_normal(samples, dtype=np.float32))
    spectrum *= response(scipy.fft.rfftfreq(samples, 1.0 / RATE_HZ)).astype(np.float32)
    return unit_rms(scipy.fft.irfft(spectrum, n=samples))


def filtered(sound: Float, response: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> Float:
    """``sound`` through a magnitude response (Hz -> gain), zero phase, circular over its own length."""
    spectrum = scipy.fft.rfft(sound)
    spectrum *= response(scipy.fft.rfftfreq(sound.shape[-1], 1.0 / RATE_HZ)).astype(np.float32)
    return np.asarray(scipy.fft.irfft(spectrum, n=sound.shape[-1]), dtype=np.float32)


def band(
    low_hz: float, high_hz: float, order: float = 2.0, peak: float = 0.0
) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    """A band-pass magnitude (Butterworth-like slopes of ``order`` x 6 dB), with a resonant ``peak`` gain at
    both corners."""

    def response(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x = np.maximum(hz, 1.0)
        gain = 1.0 / np.sqrt((1.0 + (low_hz / x) ** (2 * order)) * (1.0 + (x / high_hz) ** (2 * order)))
        if peak:
            gain = gain * (1.0 + peak * np.exp(-((np.log2(x / low_hz) / 0.25) ** 2)))
        return np.asarray(gain)

    return response


def modes(
    samples: int,
    frequencies_hz: Sequence[float],
    decays_s: Sequence[float],
    gains: Sequence[float],
    bend: float = 0.0,
    bend_s: float = 0.02,
) -> Float:
    """A struck body: decaying sines. ``bend`` raises every pitch by this share at the start, falling with
    ``bend_s``."""
    t = seconds(samples)
    warped = t + np.float32(bend * bend_s) * (1.0 - np.exp(t / np.float32(-bend_s))) if bend else t
    sound = np.zeros(samples, dtype=np.float32)
    for hz, decay_s, gain in zip(frequencies_hz, decays_s, gains, strict=True):
        if hz < 0.45 * RATE_HZ:
            sound += (
                np.float32(gain)
                * np.sin(TAU * np.float32(hz) * warped)
                * np.exp(t * np.float32(-6.908 / decay_s))
            )
    return faded(sound)


def faded(sound: Float) -> Float:
    """The sound with its last few milliseconds brought to zero."""
    fade = min(FADE_SAMPLES, len(sound))
    sound[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return sound


def unit_rms(sound: Float) -> Float:
    """Scaled to an RMS of 1; silence stays silent."""
    level = float(np.sqrt(np.mean(np.square(sound))))
    return np.asarray(sound / np.float32(max(level, 1e-9)), dtype=np.float32)


def unit_peak(sound: Float) -> Float:
    """Scaled to a peak of 1; silence stays silent."""
    return np.asarray(sound / np.float32(max(float(np.max(np.abs(sound))), 1e-9)), dtype=np.float32)


def drive(sound: Float, amount: float) -> Float:
    """Soft saturation, tanh; ``amount`` 0 is clean, 1 warm, 5 hard. The peak of a unit-peak sound stays at
    1."""
    if amount <= 0.0:
        return sound
    gain = np.float32(1.0 + 2.0 * amount)
    return np.asarray(np.tanh(sound * gain) / np.tanh(gain), dtype=np.float32)
