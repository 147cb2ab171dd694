"""What a vocoder loses: measures between a loop and its reconstruction.

All take ``reference`` and ``estimate`` as (loops, samples) at 48 kHz and return one number a loop; lower is
better except for the envelope correlation. Loops are circles here too: every spectrum wraps around. Nothing
below 80 dB under a full-scale sine counts (`FLOOR`), since a reconstruction of digital silence is never
digital silence and nobody hears the difference.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.stft import frame_circular, hann
from aijockey.evaluate.harmony import peaks_of_audio, pitch_of
from aijockey.evaluate.intervals import Figure, mean_figure
from aijockey.representation.mel import LogMel

Float = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

FLOOR = 1e-4
DB_PER_NEPER = 20.0 / float(np.log(10.0))

RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))
"""FFT size, hop and window in samples (Yamamoto et al. 2020; auraloss has the same)."""

ENVELOPE_SAMPLES = 96
PITCH_RANGE = 0.1
PITCH_LIMIT_CENTS = 100.0


def mel_error_db(reference: Float, estimate: Float, log_mel: LogMel | None = None) -> Values:
    """Mean absolute difference of log-mels in dB, (loops,). The mel is the pack's own; None is the default
    one.
    """
    encoder = log_mel or LogMel()
    return np.array(
        [
            DB_PER_NEPER * np.abs(encoder.encode(a) - encoder.encode(b)).mean(dtype=np.float64)
            for a, b in zip(reference, estimate, strict=True)
        ]
    )


def log_spectral_distance_db(reference: Float, estimate: Float) -> Values:
    """Log-spectral distance in dB, (loops,): RMS over bins of the level difference, mean over frames.

    Gray and Markel (1976), on 2,048-sample Hann windows every 750 samples.
    """
    found = []
    for a, b in zip(reference, estimate, strict=True):
        level_a, level_b = (20.0 * np.log10(_magnitude(x, 2048, 750, 2048)) for x in (a, b))
        found.append(np.sqrt(np.square(level_a - level_b).mean(axis=1)).mean())
    return np.array(found)


def multi_resolution_stft(reference: Float, estimate: Float) -> Values:
    """Spectral convergence plus mean absolute log magnitude, mean over `RESOLUTIONS`, (loops,); natural
    logarithm.

    The measure that vocoders are trained on, as auraloss states it, but circular and with our floor.
    """
    found = np.zeros(len(reference))
    for size, hop, window in RESOLUTIONS:
        for index, (a, b) in enumerate(zip(reference, estimate, strict=True)):
            magnitude_a, magnitude_b = _magnitude(a, size, hop, window), _magnitude(b, size, hop, window)
            convergence = np.linalg.norm(magnitude_a - magnitude_b) / np.linalg.norm(magnitude_a)
            found[index] += convergence + np.abs(np.log(magnitude_a / magnitude_b)).mean(dtype=np.float64)
    return found / len(RESOLUTIONS)


def envelope_correlation(reference: Float, estimate: Float) -> Values:
    """Correlation of RMS envelopes in steps of 2 ms, (loops,), -1 to 1: whether attacks keep their place and
    edge.

    1 where both are without any movement, 0 where only one is.
    """
    a, b = (x.reshape(len(x), -1, ENVELOPE_SAMPLES).astype(np.float64) for x in (reference, estimate))
    a, b = (np.sqrt(np.square(x).mean(axis=2)) for x in (a, b))
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
    size_a, size_b = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    still_a, still_b = (size < 1e-6 for size in (size_a, size_b))
    correlation: Values = (a * b).sum(axis=1) / np.maximum(size_a * size_b, 1e-15)
    return np.where(still_a | still_b, (still_a & still_b).astype(np.float64), correlation)


def pitch_error_cents(reference: Float, estimate: Float) -> Values:
    """How far partials move, (loops,), 0 to 100 cents; for tonal material.

    Each spectral peak of the reference within 20 dB of the loop's strongest is compared with the nearest peak
    of the estimate at the same moment; a peak that is gone, or further than a semitone off, counts 100 cents.
    Weighted by amplitude. A loop without any peak has 0.
    """
    found = np.zeros(len(reference))
    for index in range(len(reference)):
        _, when_a, hz_a, weight_a = peaks_of_audio(reference[index : index + 1])
        _, when_b, hz_b, _ = peaks_of_audio(estimate[index : index + 1])
        if not len(weight_a):
            continue
        strong = weight_a >= PITCH_RANGE * weight_a.max()
        # Columns lie a thousand semitones apart, so the nearest peak overall is the nearest of the same
        # moment.
        places_a = pitch_of(hz_a[strong]) + 1000.0 * when_a[strong]
        places_b = np.sort(np.append(pitch_of(hz_b) + 1000.0 * when_b, [-1e9, 1e9]))
        after = np.searchsorted(places_b, places_a)
        gap = np.minimum(places_b[after] - places_a, places_a - places_b[after - 1])
        found[index] = np.average(np.minimum(100.0 * gap, PITCH_LIMIT_CENTS), weights=weight_a[strong])
    return found


def _magnitude(loop: Float, size: int, hop_samples: int, window_samples: int) -> Float:
    """Spectrum magnitudes (frames, bins) of a circular loop, not below the floor, in units of a full-scale
    sine.
    """
    window = hann(window_samples)
    frames = frame_circular(loop, window_samples, hop_samples) * window
    magnitude = np.abs(scipy.fft.rfft(frames, n=size, axis=-1)) * (2.0 / window.sum())
    floored: Float = np.maximum(magnitude, FLOOR)
    return floored


@dataclass(frozen=True)
class VocoderMeasure:
    """One line of the table: how it is called, its unit, which way is better, and how to get it."""

    title: str
    unit: str
    higher_is_better: bool
    tonal_only: bool
    function: Callable[[Float, Float], Values]


VOCODER_MEASURES = {
    "mel_error_db": VocoderMeasure("mel error", "dB", False, False, mel_error_db),
    "log_spectral_distance_db": VocoderMeasure(
        "log-spectral distance", "dB", False, False, log_spectral_distance_db
    ),
    "multi_resolution_stft": VocoderMeasure("multi-resolution STFT", "", False, False, multi_resolution_stft),
    "envelope_correlation": VocoderMeasure(
        "2-ms envelope correlation", "", True, False, envelope_correlation
    ),
    "pitch_error_cents": VocoderMeasure("pitch error", "cents", False, True, pitch_error_cents),
}


def measure_pairs(reference: Float, estimate: Float, *, tonal: bool) -> dict[str, Values]:
    """Every measure of pairs of loops (loops, samples): name -> (loops,). Pitch only where ``tonal``.

    About 0.1 s a loop.

    Raises
    ------
    ValueError : shapes differ, or are not (loops, samples).
    """
    if reference.shape != estimate.shape or reference.ndim != 2:
        raise ValueError(
            f"reference {reference.shape} and estimate {estimate.shape}; expected (loops, samples) twice"
        )
    return {
        name: measure.function(reference, estimate)
        for name, measure in VOCODER_MEASURES.items()
        if tonal or not measure.tonal_only
    }


def vocoder_figures(
    reference: Float, estimates: dict[str, Float], *, tonal: bool, rng: np.random.Generator
) -> dict[str, dict[str, Figure]]:
    """Vocoders side by side on the same loops: vocoder -> measure -> figure with its interval."""
    return {
        vocoder: {
            name: mean_figure(values, rng)
            for name, values in measure_pairs(reference, estimate, tonal=tonal).items()
        }
        for vocoder, estimate in estimates.items()
    }
