"""Ensemble stereo: neighbours of one latent side by side, each with its own place between left and right.

A voice of a pack is mono. Its neighbours in latent space play nearly the same a little differently, so mixed with
different weights left and right they are wide, as a section of players is, and as wide as they are far apart. Summed
to mono they are a section too: the level of one member in every octave, and below 120 Hz one member alone, since the
same note from several players with phases of their own would cancel here and there.

A loop is a circle: all filters here act on the spectrum of the whole, have no phase, and leave no seam.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.signal import sosfreqz

from aijockey.errors import AijockeyError
from aijockey.live.loudness import K_WEIGHTING
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

MOST_MEMBERS = 8
MOST_SPREAD = math.pi / 2
EVEN = "-"
MUTED = "x"
# Below, one member alone and in the middle; from there on up to half an octave higher the others come in.
BASS_HZ, WIDE_HZ = 120.0, 170.0
# A member that is softer than the first is raised by at most this.
MOST_RAISE_DB = 12.0
# The mono sum is brought to the level of one member; left and right together grow by this at most.
MOST_GROWTH = 2.0


class EnsembleError(AijockeyError):
    """Places of members that make no sense; the text says what was expected."""


@dataclass(frozen=True)
class Ensemble:
    """How a loop is played by several members.

    spread : angle from the moment itself to each other member, 0 to a quarter turn, in radians.
    members : how many play, the moment itself included: 2 to 8.
    pans : place of each from -1 (left) to 1 (right), None for one that is silent; empty: evenly from left to right.
    solo : only this member, from 1, in the middle; 0 all.
    """

    spread: float
    members: int
    pans: tuple[float | None, ...] = ()
    solo: int = 0

    @property
    def places(self) -> tuple[float | None, ...]:
        """Place of each member, (members,); those that ``pans`` does not name stand where they would evenly."""
        even = np.linspace(-1.0, 1.0, self.members) if self.members > 1 else np.zeros(1)
        return (*self.pans[: self.members], *(float(place) for place in even[len(self.pans) :]))

    @property
    def audible(self) -> tuple[int, ...]:
        """Members, from 0, that are heard; the first of them plays the bass."""
        if self.solo:
            return (min(self.solo, self.members) - 1,)
        return tuple(number for number, place in enumerate(self.places) if place is not None)


def ensemble_of(spread: float, members: int, pans: str = EVEN, solo: int = 0) -> Ensemble | None:
    """The ensemble that parameters of a deck describe; None where one member, in mono, is all of it.

    Raises
    ------
    EnsembleError : ``pans`` cannot be read.
    """
    if spread <= 0.0 or members <= 1 or solo == 1:
        return None
    ensemble = Ensemble(float(spread), int(members), parse_pans(pans), int(solo))
    return None if ensemble.audible == (0,) else ensemble


def parse_pans(text: str) -> tuple[float | None, ...]:
    """Places of members as a hand writes them: ``-1 x 0.3 1``, where ``x`` is silent; ``-`` is evenly.

    Raises
    ------
    EnsembleError : a word that is neither, a place outside -1 to 1, too many, or all silent.
    """
    if text == EVEN:
        return ()
    words = text.split()
    try:
        pans = tuple(None if word == MUTED else float(word) for word in words[: MOST_MEMBERS + 1])
    except ValueError:
        pans = ()
    known = [place for place in pans if place is not None]
    if not 1 <= len(pans) <= MOST_MEMBERS or not known or not all(-1.0 <= place <= 1.0 for place in known):
        raise EnsembleError(
            f"{text[:80]!r} are no places of members; expected 1 to {MOST_MEMBERS} numbers from -1 (left) to 1 (right), "
            f"'{MUTED}' for a silent one ('-1 x 0.3 1'), or '{EVEN}' for evenly"
        )
    return pans


def format_pans(pans: tuple[float | None, ...]) -> str:
    """The inverse of `parse_pans`."""
    return " ".join(MUTED if place is None else f"{place:.6g}" for place in pans) or EVEN


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
    (2, samples). Its mono sum, half of left and right, has in every octave the power of one member; below `BASS_HZ`
    both sides are the first member. Weights that sum to nothing in the middle leave more on the sides, up to
    3 dB above one member in both.

    Raises
    ------
    ValueError : shapes that do not fit.
    """
    if members.ndim != 2 or weights.shape != (2, len(members)):
        raise ValueError(f"members {members.shape} and weights {weights.shape}: expected (n, samples), (2, n)")
    samples = members.shape[1]
    loud, bass, octaves = _curves(samples)
    spectra = scipy.fft.rfft(members, axis=1)
    power = _power(spectra, loud)
    if power[0] <= 0.0:
        return np.zeros((2, samples), dtype=np.float32)
    raised = np.sqrt(power[0] / np.maximum(power, power[0] * 10.0 ** (-MOST_RAISE_DB / 10.0)))
    spectra = spectra * raised[:, None].astype(np.float32)
    high = weights.astype(np.float32) @ spectra
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
    sides = high * ((1.0 - bass) * gain).astype(np.float32) + spectra[0] * bass.astype(np.float32)
    return np.asarray(scipy.fft.irfft(sides, n=samples, axis=1), dtype=np.float32)


OCTAVE_CENTRES_HZ = 170.0 * 2.0 ** np.arange(8) * math.sqrt(2.0)


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
    return np.asarray((np.square(np.abs(spectra)) @ weight), dtype=np.float64)


def _octave_powers(spectra: npt.NDArray[np.complexfloating], edges: npt.NDArray[np.intp]) -> Double:
    """Powers of octaves from `WIDE_HZ` on, (..., octaves)."""
    power = np.square(np.abs(spectra), dtype=np.float64)
    return np.asarray(np.add.reduceat(power[..., : edges[-1]], edges[:-1], axis=-1))


def _between(octaves_db: Double, samples: int) -> Double:
    """What is stated for octaves, between their centres in a straight line over the logarithm of frequency."""
    hz = np.maximum(np.arange(samples // 2 + 1) * (RATE_HZ / samples), 1.0)
    return np.interp(np.log(hz), np.log(OCTAVE_CENTRES_HZ), octaves_db)
