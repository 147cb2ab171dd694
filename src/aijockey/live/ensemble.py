"""Ensemble stereo: neighbours of one latent side by side, each with its own place between left and right.

A voice of a pack is mono. Its neighbours in latent space play nearly the same a little differently, so mixed with
different weights left and right they are wide, as a section of players is, and as wide as they are far apart. Summed
to mono they are a section too: the level of one member in every octave, and below 120 Hz one member alone, since the
same note from several players with phases of their own would cancel here and there.

A loop is a circle: all filters here act on the spectrum of the whole, have no phase, and leave no seam.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.signal import sosfreqz

from aijockey.live.loudness import K_WEIGHTING, loudness_lufs
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

# Below, one member alone and in the middle; from there on up to half an octave higher the others come in.
BASS_HZ, WIDE_HZ = 120.0, 170.0
# A member that is softer than the first is raised by at most this.
MOST_RAISE_DB = 12.0
# The mono sum is brought to the level of one member; left and right together grow by this at most.
MOST_GROWTH = 2.0
# What is not bass is trimmed by this at most, in so many steps, to be as loud as one member.
MOST_TRIM_DB, TRIMS = 3.0, 3
OCTAVE_CENTRES_HZ = WIDE_HZ * 2.0 ** np.arange(8) * math.sqrt(2.0)


def pan_weights(places: tuple[float, ...] | list[float]) -> Double:
    """Factors of members at ``places`` (-1 to 1), (2, members): equal power, left then right."""
    angle = (np.asarray(places, dtype=np.float64) + 1.0) * (np.pi / 4.0)
    return np.stack([np.cos(angle), np.sin(angle)])


def mix_members(members: Float, weights: Double) -> Float:
    """A circular stereo loop of circular mono ones.

    Parameters
    ----------
    members : (members, samples). Those beside the first are brought to its level.
    weights : (2, members) left and right, not negative.

    Returns
    -------
    (2, samples). Its mono sum, half of left and right, is as loud as the first member and balanced over octaves as
    members are; below `BASS_HZ` both sides are the first member. Weights that sum to nothing in the middle leave more
    on the sides, up to 3 dB above one member in both.

    Raises
    ------
    ValueError : shapes that do not fit.
    """
    if members.ndim != 2 or weights.shape != (2, len(members)):
        raise ValueError(
            f"members {members.shape} and weights {weights.shape}: expected (n, samples), (2, n)"
        )
    samples = members.shape[1]
    loud, bass, octaves = _curves(samples)
    spectra = scipy.fft.rfft(members, axis=1)
    power = _power(spectra, loud)
    if power[0] <= 0.0:
        return np.zeros((2, samples), dtype=np.float32)
    raised = np.sqrt(power[0] / np.maximum(power, power[0] * 10.0 ** (-MOST_RAISE_DB / 10.0)))
    spectra = spectra * raised[:, None].astype(np.float32)
    high = np.einsum("sm,mb->sb", weights.astype(np.float32), spectra)
    one = np.tensordot(np.square(weights).sum(axis=0), _octave_powers(spectra, octaves), axes=1)
    one = one / np.square(weights).sum()
    middle = _octave_powers(high.mean(axis=0), octaves)
    both = _octave_powers(high, octaves).mean(axis=0)
    # An octave without sound needs no gain.
    gain_db = 10.0 * np.log10(
        np.maximum(one, 1e-30) / np.maximum(np.maximum(middle, both / MOST_GROWTH), 1e-30)
    )
    gain_db[one <= 1e-12 * one.max()] = 0.0
    gain = 10.0 ** (_between(gain_db, samples) / 20.0)
    high *= ((1.0 - bass) * gain).astype(np.float32)
    parts = scipy.fft.irfft(np.concatenate([high, spectra[:1] * bass.astype(np.float32)]), n=samples, axis=1)
    room = MOST_GROWTH * power[0] / max(float(_power(high, loud).mean()), 1e-30)
    return _as_loud(parts[:2].astype(np.float32), parts[2:].astype(np.float32), members[:1], room)


def _as_loud(high: Float, bass: Float, member: Float, room: float) -> Float:
    """``high`` and ``bass`` together, ``high`` at the level at which their mono sum is as loud as ``member``.

    Octaves have a member's power by now; loudness is gated, and members that play at other moments share it out
    otherwise. ``room`` : by how much the power of ``high`` may still grow.
    """
    wanted_lufs = loudness_lufs(member)
    highest_db = max(0.0, min(MOST_TRIM_DB, 10.0 * math.log10(max(room, 1e-9))))
    trim_db = 0.0
    for _ in range(TRIMS):
        stereo = high * np.float32(10.0 ** (trim_db / 20.0)) + bass
        found_lufs = loudness_lufs(stereo.mean(axis=0, keepdims=True))
        if not (math.isfinite(wanted_lufs) and math.isfinite(found_lufs)):
            break
        trim_db = min(highest_db, max(-MOST_TRIM_DB, trim_db + wanted_lufs - found_lufs))
    return np.asarray(high * np.float32(10.0 ** (trim_db / 20.0)) + bass, dtype=np.float32)


@lru_cache(maxsize=2)
def _curves(samples: int) -> tuple[Double, Double, npt.NDArray[np.intp]]:
    """By bin: weight of loudness (power), share of the bass, and where each octave begins (and the last ends)."""
    hz = np.arange(samples // 2 + 1) * (RATE_HZ / samples)
    _, response = sosfreqz(K_WEIGHTING, worN=np.minimum(hz, RATE_HZ / 2 - 1e-6), fs=RATE_HZ)
    place = np.log(np.maximum(hz, 1.0) / BASS_HZ) / math.log(WIDE_HZ / BASS_HZ)
    bass = np.square(np.cos(np.clip(place, 0.0, 1.0) * (np.pi / 2.0)))
    edges_hz = WIDE_HZ * 2.0 ** np.arange(len(OCTAVE_CENTRES_HZ))
    edges = np.append(np.searchsorted(hz, edges_hz), len(hz))
    return np.square(np.abs(response)), bass, edges


def _power(spectra: npt.NDArray[np.complexfloating], weight: Double) -> Double:
    return np.einsum("...b,b->...", np.square(np.abs(spectra)), weight, dtype=np.float64)


def _octave_powers(spectra: npt.NDArray[np.complexfloating], edges: npt.NDArray[np.intp]) -> Double:
    """Powers of octaves from `WIDE_HZ` on, (..., octaves)."""
    power = np.square(np.abs(spectra), dtype=np.float64)
    return np.asarray(np.add.reduceat(power[..., : edges[-1]], edges[:-1], axis=-1))


def _between(octaves_db: Double, samples: int) -> Double:
    """What is stated for octaves, between their centres in a straight line over the logarithm of frequency."""
    hz = np.maximum(np.arange(samples // 2 + 1) * (RATE_HZ / samples), 1.0)
    return np.interp(np.log(hz), np.log(OCTAVE_CENTRES_HZ), octaves_db)
