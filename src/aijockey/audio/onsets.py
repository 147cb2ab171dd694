"""Where sounds begin: onset strength from many bands, and its peaks.

Works on a loop (a circle: the end leads into the beginning) and, frame by frame, on whole recordings.
Conventions: power spectrograms are (frames, bins); times are in samples.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.stft import frame_circular, hann
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

WINDOW_SAMPLES = 1024
HOP_SAMPLES = 375
BANDS = 24
# A band may rise from this far below the loudest band of the loop; what is softer is not heard behind it.
FLOOR_DB = -50.0
# A peak counts if the bands rise by this much on average within two hops (steady noise stays below)
LEAST_RISE_DB = 2.2
# and by this share of what the strongest peaks do.
LEAST_SHARE = 0.12
# Two onsets closer than this are one (a flam): 4 hops are 31 ms.
APART_FRAMES = 4
_CHUNK_FRAMES = 128


@dataclass(frozen=True)
class Onsets:
    """Beginnings of sounds: ``times_samples`` (n,) ascending, ``strengths_db`` (n,) mean rise over bands."""

    times_samples: npt.NDArray[np.float64]
    strengths_db: npt.NDArray[np.float64]


def power_spectrogram(mono: Float, size: int, hop_samples: int) -> Float:
    """Circular Hann power spectrogram of ``mono`` (samples,): (frames, size // 2 + 1).

    In chunks of frames, which stay in the cache: twice as fast as all at once.
    """
    frames = frame_circular(mono, size, hop_samples)
    window = hann(size)
    power = np.empty((len(frames), size // 2 + 1), dtype=np.float32)
    for start in range(0, len(frames), _CHUNK_FRAMES):
        spectrum = scipy.fft.rfft(frames[start : start + _CHUNK_FRAMES] * window, axis=-1)
        power[start : start + _CHUNK_FRAMES] = spectrum.real**2 + spectrum.imag**2
    return power


def band_matrix(size: int, bands: int = BANDS, rate_hz: int = RATE_HZ, low_hz: float = 40.0) -> Float:
    """Bins to bands of equal width on the mel scale, without overlap: (size // 2 + 1, bands)."""
    high_hz = rate_hz / 2
    mel_edges = np.linspace(_mel(low_hz), _mel(high_hz), bands + 1)
    edges_hz = 700.0 * (10.0 ** (mel_edges / 2595.0) - 1.0)
    edges = np.maximum.accumulate(np.rint(edges_hz * size / rate_hz).astype(int))
    for index in range(1, bands + 1):  # at least one bin each
        edges[index] = max(edges[index], edges[index - 1] + 1)
    matrix = np.zeros((size // 2 + 1, bands), dtype=np.float32)
    for band in range(bands):
        matrix[edges[band] : edges[band + 1], band] = 1.0
    return matrix


def _mel(hz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hz / 700.0))


def rise_db(band_power: Float, reference: float) -> Float:
    """How much bands rise within two frames, in dB, averaged: (frames, bands) -> (frames,).

    Circular. ``reference`` : power that counts as 0 dB; bands are floored `FLOOR_DB` below it.
    """
    level_db = 10.0 * np.log10(band_power + reference * 10.0 ** (FLOOR_DB / 10.0))
    rise: Float = np.maximum(level_db - np.roll(level_db, 2, axis=0), 0.0).mean(axis=1, dtype=np.float32)
    return rise


def pick_onsets(strength_db: Float, hop_samples: int = HOP_SAMPLES) -> Onsets:
    """Peaks of a circular onset strength (frames,), each placed between frames by its centre of mass."""
    count = len(strength_db)
    neighbours = [np.roll(strength_db, shift) for shift in range(-APART_FRAMES, APART_FRAMES + 1) if shift]
    # On a plateau the earliest frame is the peak: later equals lose.
    before, after = neighbours[APART_FRAMES:], neighbours[:APART_FRAMES]
    is_peak = np.all([strength_db > other for other in before], axis=0)
    is_peak &= np.all([strength_db >= other for other in after], axis=0)
    strongest = float(np.quantile(strength_db[is_peak], 0.9)) if is_peak.any() else 0.0
    peaks = np.flatnonzero(is_peak & (strength_db >= max(LEAST_RISE_DB, LEAST_SHARE * strongest)))
    reach = np.arange(-2, 3)
    around = strength_db[(peaks[:, None] + reach) % count].astype(np.float64) ** 2
    offset = (around * reach).sum(axis=1) / np.maximum(around.sum(axis=1), 1e-12)
    times = ((peaks + offset) * hop_samples) % (count * hop_samples)
    order = np.argsort(times)
    return Onsets(times[order], strength_db[peaks][order].astype(np.float64))


def loop_onsets(mono: Float) -> Onsets:
    """Onsets of a circular loop (samples,) at 48 kHz; the length must be a multiple of 375 samples."""
    power = power_spectrogram(mono, WINDOW_SAMPLES, HOP_SAMPLES) @ band_matrix(WINDOW_SAMPLES)
    return band_onsets(power)


def band_onsets(band_power: Float) -> Onsets:
    """Onsets of a circular loop from its band powers (frames, bands)."""
    reference = float(band_power.max(initial=0.0))
    if reference < 1e-9:  # silence
        return Onsets(np.zeros(0), np.zeros(0))
    return pick_onsets(rise_db(band_power, reference))
