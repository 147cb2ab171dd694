"""What can be said of a loop in numbers: the table `MEASURES`, and `measure_loop` which fills it.

Loops are circles at 120 BPM and 48 kHz, (channels, samples) float32, and every analysis here wraps around.
The numbers are made to be knobs: each moves one way when the thing that it is named after is made stronger,
hardly moves for the others, and does not depend on the level (except the loudness).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage
import scipy.signal

from aijockey.audio.onsets import (
    HOP_SAMPLES,
    WINDOW_SAMPLES,
    Onsets,
    band_matrix,
    band_onsets,
    power_spectrogram,
)
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

Float = npt.NDArray[np.float32]

BASS_BELOW_HZ = 150.0
LOUDNESS_FLOOR_LUFS = -70.0
LOUDNESS_STEP_SAMPLES = 1200
# Tonalness looks at this range, in windows of 85 ms, for bins this far above their neighbours.
TONAL_RANGE_HZ = (100.0, 8000.0)
TONAL_WINDOW_SAMPLES = 4096
TONAL_HOP_SAMPLES = SIXTEENTH_SAMPLES // 2
TONAL_NEIGHBOURS = 33
TONAL_PROMINENCE = 10.0
# Sustain compares levels half a sixteenth apart (62.5 ms), and is 1/2 where they fall 20 dB in 250 ms.
FALL_FRAMES = 8
HALF_SUSTAIN_S = 0.25
# Off-sixteenths are looked for in this part of each eighth.
SWING_RANGE = (0.42, 0.74)


class LoopAnalysis:
    """The transforms of one loop that several measures share, each made when first asked for.

    Parameters
    ----------
    audio : (channels, samples) float32, 1 or 2 channels, a multiple of 6,000 samples (a sixteenth).

    Raises
    ------
    ValueError : another shape.
    """

    def __init__(self, audio: Float) -> None:
        shape = audio.shape
        if len(shape) != 2 or shape[0] not in (1, 2) or not shape[1] or shape[1] % SIXTEENTH_SAMPLES:
            raise ValueError(
                f"audio of shape {shape}; expected 1 or 2 channels and a multiple of "
                f"{SIXTEENTH_SAMPLES} samples (a sixteenth)"
            )
        self.audio = audio
        self.samples = audio.shape[1]
        self.beats = self.samples / BEAT_SAMPLES

    @cached_property
    def energy(self) -> float:
        """Sum of squares over both channels."""
        return float(np.vdot(self.audio, self.audio))

    @cached_property
    def silent(self) -> bool:
        """Below -100 dB full scale on average."""
        return self.energy < 1e-10 * self.audio.size

    @cached_property
    def side_share(self) -> float:
        """Share of the energy that is in the difference of the channels, 0 to 1."""
        if len(self.audio) == 1 or self.silent:
            return 0.0
        side = self.audio[0] - self.audio[1]
        return min(1.0, float(np.vdot(side, side)) / (2.0 * self.energy))

    @cached_property
    def mono(self) -> Float:
        """The mid signal; where the channels all but cancel, the left one."""
        if len(self.audio) == 1:
            return self.audio[0]
        if self.side_share > 0.99:
            return self.audio[0]
        mid: Float = (self.audio[0] + self.audio[1]) * np.float32(0.5)
        return mid

    @cached_property
    def spectra(self) -> npt.NDArray[np.complex64]:
        """Spectrum of each whole channel, (channels, samples // 2 + 1): a circle needs no window."""
        return np.asarray(scipy.fft.rfft(self.audio, axis=-1), dtype=np.complex64)

    @cached_property
    def short_power(self) -> Float:
        """Power spectrogram with 21-ms windows every 375 samples: (frames, 513)."""
        return power_spectrogram(self.mono, WINDOW_SAMPLES, HOP_SAMPLES)

    @cached_property
    def onsets(self) -> Onsets:
        """Beginnings of sounds."""
        return band_onsets(self.short_power @ _onset_bands())


@cache
def _onset_bands() -> Float:
    return band_matrix(WINDOW_SAMPLES)


@cache
def _envelope_bands() -> Float:
    return band_matrix(WINDOW_SAMPLES, bands=10)


def onset_density(loop: LoopAnalysis) -> float:
    """Onsets per beat."""
    return len(loop.onsets.times_samples) / loop.beats


def bass_share(loop: LoopAnalysis) -> float:
    """Share of the energy below 150 Hz, 0 to 1, from the spectrum of the whole circle."""
    if loop.silent:
        return 0.0
    edge = int(np.ceil(BASS_BELOW_HZ * loop.samples / RATE_HZ))
    low = loop.spectra[:, :edge]
    # Parseval for a real signal: all bins but the first count twice.
    energy = 2.0 * float(np.vdot(low, low).real) - float(np.vdot(low[:, 0], low[:, 0]).real)
    return min(1.0, energy / loop.samples / loop.energy)


def brightness(loop: LoopAnalysis) -> float:
    """Centroid of the mean magnitude spectrum, in octaves above 1 kHz (negative below)."""
    if loop.silent:
        return 0.0
    magnitude = np.sqrt(loop.short_power).sum(axis=0, dtype=np.float64)
    bin_hz = RATE_HZ / WINDOW_SAMPLES
    centroid_hz = float(magnitude @ np.arange(len(magnitude))) * bin_hz / float(magnitude.sum())
    return float(np.log2(max(centroid_hz, bin_hz) / 1000.0))


def swing(loop: LoopAnalysis) -> float:
    """Where the off-sixteenths fall in their eighth: 0.5 straight, 0.667 triplet.

    The mean place of the onsets there, weighted by strength, against that of the onsets on the eighths (so
    that a loop that is late as a whole is not taken for swung). 0.5 where fewer than two of them sound.
    """
    return swing_of(loop.onsets)


def swing_of(onsets: Onsets) -> float:
    """`swing` of onsets, however they were found."""
    eighth = 2 * SIXTEENTH_SAMPLES
    place = onsets.times_samples % eighth / eighth
    strength = onsets.strengths_db
    off = (place >= SWING_RANGE[0]) & (place <= SWING_RANGE[1])
    if off.sum() < 2:
        return 0.5
    from_on = np.where(place > 0.5, place - 1.0, place)
    on = np.abs(from_on) < 0.15
    late = float(np.average(from_on[on], weights=strength[on])) if on.any() else 0.0
    return float(np.clip(np.average(place[off], weights=strength[off]) - late, *SWING_RANGE))


def tonalness(loop: LoopAnalysis) -> float:
    """Share of the sound from 100 Hz to 8 kHz that stands in steady spectral peaks: 0 noise, 1 a held tone.

    A bin counts where it is 10 dB above the geometric mean of its neighbours now and half a sixteenth on.
    Magnitudes are summed, not energies, so that one loud kick does not decide.
    """
    if loop.silent:
        return 0.0
    low, high = (round(hz * TONAL_WINDOW_SAMPLES / RATE_HZ) for hz in TONAL_RANGE_HZ)
    edge = TONAL_NEIGHBOURS // 2
    power = power_spectrogram(loop.mono, TONAL_WINDOW_SAMPLES, TONAL_HOP_SAMPLES)
    power = power[:, max(0, low - edge) : high + edge]
    power = power + np.float32(1e-9) * power.max()
    around = np.exp(scipy.ndimage.uniform_filter1d(np.log(power), TONAL_NEIGHBOURS, axis=1, mode="nearest"))
    stands_out = power > TONAL_PROMINENCE * around
    stands_out &= np.roll(stands_out, -1, axis=0)
    magnitude = np.sqrt(power)
    # A partial is as wide as the window's main lobe: count its flanks with it.
    lobe = scipy.ndimage.maximum_filter1d(stands_out.view(np.uint8), 5, axis=1)
    return float((magnitude * lobe).sum(dtype=np.float64) / magnitude.sum(dtype=np.float64))


def sustain(loop: LoopAnalysis) -> float:
    """How long sounds hold, 0 to 1: 1 never fades, 1/2 fades by 20 dB in 250 ms.

    In ten bands, the mean fall of level over half a sixteenth, weighted by the amplitude that falls.
    """
    if loop.silent:
        return 0.0
    bands = loop.short_power @ _envelope_bands()
    bands = np.sum([np.roll(bands, shift, axis=0) for shift in range(FALL_FRAMES // 2)], axis=0)
    level_db = 10.0 * np.log10(bands + 1e-6 * bands.max())
    fall_db = np.maximum(level_db - np.roll(level_db, -FALL_FRAMES, axis=0), 0.0)
    weight = np.sqrt(bands)
    mean_fall_db = float((fall_db * weight).sum(dtype=np.float64) / weight.sum(dtype=np.float64))
    fall_s = FALL_FRAMES * HOP_SAMPLES / RATE_HZ
    time_to_20_db_s = 20.0 * fall_s / max(mean_fall_db, 1e-6)
    return time_to_20_db_s / (time_to_20_db_s + HALF_SUSTAIN_S)


def width(loop: LoopAnalysis) -> float:
    """Share of the energy in the difference of left and right: 0 mono, 0.5 unrelated channels, 1 opposite."""
    return loop.side_share


def loudness_lufs(loop: LoopAnalysis) -> float:
    """Integrated loudness of the circle (ITU-R BS.1770-4, gated blocks of 400 ms), not below -70 LUFS.

    Blocks begin every 25 ms instead of every 100, which divides the sixteenth.
    """
    weighted = scipy.fft.irfft(loop.spectra * _k_weighting(loop.samples), n=loop.samples, axis=-1)
    steps = np.square(weighted).reshape(len(weighted), -1, LOUDNESS_STEP_SAMPLES)
    energies = steps.sum(axis=(0, 2), dtype=np.float64)
    blocks = sum(np.roll(energies, -shift) for shift in range(16)) / (16.0 * LOUDNESS_STEP_SAMPLES)
    loud = blocks[blocks > _power_of(LOUDNESS_FLOOR_LUFS)]
    if not loud.size:
        return LOUDNESS_FLOOR_LUFS
    gated = loud[loud > loud.mean() * 0.1]
    return float(max(LOUDNESS_FLOOR_LUFS, -0.691 + 10.0 * np.log10(gated.mean())))


def _power_of(level_lufs: float) -> float:
    return float(10.0 ** ((level_lufs + 0.691) / 10.0))


@cache
def _k_weighting(samples: int) -> npt.NDArray[np.complex64]:
    """Response of BS.1770's two filters (its 48-kHz coefficients) at the bins of a circle's spectrum."""
    sos = np.array(
        [
            [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
            [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
        ]
    )
    # A shelf above 1.5 kHz for the head, and a high-pass at 38 Hz.
    angles = 2.0 * np.pi * np.arange(samples // 2 + 1) / samples
    return np.asarray(scipy.signal.sosfreqz(sos, worN=angles)[1], dtype=np.complex64)


@dataclass(frozen=True)
class Measure:
    """One number about a loop: its unit, what it means in the words of a player, and how it is found."""

    unit: str
    description: str
    function: Callable[[LoopAnalysis], float]


MEASURES: dict[str, Measure] = {
    "onset_density": Measure("onsets/beat", "how many sounds begin in a beat", onset_density),
    "bass_share": Measure("0..1", "share of the energy below 150 Hz", bass_share),
    "brightness": Measure("octaves", "spectral centroid above 1 kHz", brightness),
    "swing": Measure("0..1", "where off-sixteenths fall: 0.5 straight, 0.67 triplet", swing),
    "tonalness": Measure("0..1", "tones against noise", tonalness),
    "sustain": Measure("0..1", "how long sounds hold: 0.5 fades by 20 dB in 250 ms", sustain),
    "width": Measure("0..1", "share of the energy in the difference of left and right", width),
    "loudness_lufs": Measure("LUFS", "integrated loudness", loudness_lufs),
}

CONTROLS = ("onset_density", "bass_share", "brightness", "swing", "tonalness", "sustain")
"""The measures that condition generators."""


def measure_loop(audio: Float) -> dict[str, float]:
    """All of `MEASURES` for one circular loop at 120 BPM, 48 kHz.

    Parameters
    ----------
    audio : (channels, samples) float32; 1 or 2 channels; a whole number of sixteenths.

    Returns
    -------
    Finite numbers by name, in the order of the table. Silence is 0 in all, 0.5 in swing, -70 in loudness.

    Raises
    ------
    ValueError : another shape.
    """
    loop = LoopAnalysis(audio)
    return {name: float(measure.function(loop)) for name, measure in MEASURES.items()}
