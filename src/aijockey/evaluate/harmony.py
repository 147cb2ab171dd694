"""The harmony view: which notes sound on which beat, over which bass, in which key and tuning.

Both ways in, audio and log-mel, end in the same list of spectral peaks with interpolated frequencies (as in
the harmonic pitch class profile of Gomez 2006), since the place of a peak is known far more finely than a bin
is wide.
"""

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.stft import frame_circular, hann
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

BEATS = 8
COLUMNS = 16
"""Moments a loop is looked at: two a beat."""

LOW_HZ, HIGH_HZ, BASS_HZ = 32.0, 4000.0, 260.0
PEAK_RANGE = 0.02
"""A peak counts down to this share of the loop's strongest (-34 dB)."""

DECIMATION = 4
WINDOW_SAMPLES = 8192
"""At a quarter of 48 kHz: 0.68 s, so that a peak of the bass (40 Hz) is three bins from its neighbouring
third.
"""

# Krumhansl and Kessler (1982): how well each degree fits a major and a minor key, from C.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def harmony_of_audio(audio: Float) -> dict[str, Float]:
    """Harmony groups of loops (loops, samples) at 48 kHz: the fine map, about 6 ms a loop.

    The number of samples must be a multiple of 64, as every whole number of bars is.
    """
    spectrum = _columns(audio)
    return _describe(spectrum, _bins_hz(spectrum))


def harmony_of_mels(levelled: Float, centres_hz: Double) -> dict[str, Float]:
    """Harmony groups of levelled log-mels (loops, bands, frames): the coarse map, for judging without
    audio.
    """
    loops, bands, frames = levelled.shape
    amplitude = np.exp(levelled).reshape(loops, bands, COLUMNS, frames // COLUMNS).mean(axis=3)
    return _describe(amplitude, centres_hz)


def peaks_of_audio(audio: Float) -> tuple[Index, Index, Double, Double]:
    """Spectral peaks of loops (loops, samples): loop, column (0 to 15), frequency in Hz, amplitude; one
    entry a peak.
    """
    spectrum = _columns(audio)
    return find_peaks(spectrum, _bins_hz(spectrum))


def _columns(audio: Float) -> Float:
    """Amplitude spectra of 16 moments of each circular loop, (loops, bins, 16), at a quarter of the rate."""
    samples = audio.shape[1]
    low = scipy.fft.irfft(
        scipy.fft.rfft(audio, axis=1)[:, : samples // DECIMATION // 2 + 1], samples // DECIMATION
    )
    frames = frame_circular(low.astype(np.float32), WINDOW_SAMPLES, samples // DECIMATION // COLUMNS)
    spectrum = np.abs(scipy.fft.rfft(frames * hann(WINDOW_SAMPLES), axis=-1))
    bins = int(HIGH_HZ * 1.1 / (RATE_HZ / DECIMATION / WINDOW_SAMPLES))
    # (loops, columns, bins) -> (loops, bins, columns): bands before time, as everywhere.
    return np.swapaxes(spectrum[:, :, :bins], 1, 2).astype(np.float32)


def _bins_hz(spectrum: Float) -> Double:
    bins: Double = np.arange(spectrum.shape[1], dtype=np.float64) * (RATE_HZ / DECIMATION / WINDOW_SAMPLES)
    return bins


def find_peaks(spectrum: Float, centres_hz: Double) -> tuple[Index, Index, Double, Double]:
    """Local maxima over frequency of amplitudes (loops, bins, columns), with parabolic interpolation of the
    logarithm.

    Returns
    -------
    loop, column, frequency in Hz, amplitude: one entry a peak between 32 Hz and 4 kHz that reaches -34 dB of
    the strongest of its loop.
    """
    centre, below, above = spectrum[:, 1:-1], spectrum[:, :-2], spectrum[:, 2:]
    strongest = spectrum.max(axis=(1, 2), keepdims=True)
    is_peak = (centre > below) & (centre >= above) & (centre > PEAK_RANGE * strongest) & (centre > 1e-9)
    loop, bin_index, column = np.nonzero(is_peak)
    left, middle, right = (
        np.log(part[loop, bin_index, column] + 1e-12).astype(np.float64) for part in (below, centre, above)
    )
    curvature = left - 2.0 * middle + right
    shift = np.clip(0.5 * (left - right) / np.minimum(curvature, -1e-9), -0.5, 0.5)
    # Frequencies between bins: linear between neighbouring centres, which for mel bands are not evenly
    # spaced.
    frequency_hz = np.interp(bin_index + 1 + shift, np.arange(len(centres_hz)), centres_hz)
    keep = (frequency_hz >= LOW_HZ) & (frequency_hz <= HIGH_HZ)
    return loop[keep], column[keep], frequency_hz[keep], np.exp(middle[keep])


def pitch_of(frequency_hz: Double) -> Double:
    """MIDI note number, with fraction: 69 is A4 at 440 Hz."""
    return 69.0 + 12.0 * np.log2(frequency_hz / 440.0)


def _describe(spectrum: Float, centres_hz: Double) -> dict[str, Float]:
    """Groups of (loops, features) from amplitudes (loops, bins, 16).

    *chroma* (8 x 12): share of the loop's peak amplitude on each pitch class, beat by beat, square root
    taken. *bass* (12): the same below 260 Hz, whole loop. *key* (24): correlation of the loop's chroma with
    the 12 major and 12 minor key profiles. *tuning* (3): mean of exp(2 pi i x deviation) with the deviation
    in semitones (angle: how sharp; length: how well the peaks agree), and the share of amplitude that is in
    peaks at all.
    """
    loops = spectrum.shape[0]
    loop, column, frequency_hz, weight = find_peaks(spectrum, centres_hz)
    pitch = pitch_of(frequency_hz)
    nearest = np.rint(pitch).astype(np.intp)
    slot = (loop * BEATS + column * BEATS // COLUMNS) * 12 + nearest % 12
    chroma = np.bincount(slot, weight, loops * BEATS * 12).reshape(loops, BEATS, 12)
    whole = chroma.sum(axis=1)
    low = frequency_hz < BASS_HZ
    bass = np.bincount(loop[low] * 12 + nearest[low] % 12, weight[low], loops * 12).reshape(loops, 12)
    turn = 2.0 * np.pi * (pitch - nearest)
    total = whole.sum(axis=1) + 1e-9
    sharp = np.bincount(loop, weight * np.cos(turn), loops) / total
    flat = np.bincount(loop, weight * np.sin(turn), loops) / total
    in_range = (centres_hz >= LOW_HZ) & (centres_hz <= HIGH_HZ)
    everything = spectrum[:, in_range].sum(axis=(1, 2), dtype=np.float64) + 1e-9
    groups = {
        "chroma": np.sqrt(chroma / total[:, None, None]).reshape(loops, -1),
        "bass": np.sqrt(bass / (bass.sum(axis=1, keepdims=True) + 1e-9)),
        "key": key_profile(whole),
        "tuning": np.stack([sharp, flat, total / everything], axis=1),
    }
    return {name: values.astype(np.float32) for name, values in groups.items()}


def key_profile(chroma: Double) -> Double:
    """Correlation of chroma (loops, 12) with each key: (loops, 24), C to B major, then C to B minor; -1 to
    1.
    """
    profiles = np.stack([np.roll(shape, tonic) for shape in (MAJOR, MINOR) for tonic in range(12)])
    profiles = profiles - profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    centred = chroma - chroma.mean(axis=1, keepdims=True)
    return (centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)) @ profiles.T
