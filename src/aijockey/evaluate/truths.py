"""Truths of a loop: things that are right or wrong whatever the taste.

Each is one number a loop, from audio (channels, samples) at 48 kHz and the reference tempo. A number that a
loop cannot have (timing where nothing begins, a key where nothing is pitched) is NaN and left out of the
means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aijockey.corpus.measure import LoopAnalysis, loudness_lufs
from aijockey.evaluate.harmony import peaks_of_audio, pitch_of
from aijockey.music.grid import BEATS_PER_BAR, LOOP_BARS, RATE_HZ, SIXTEENTH_SAMPLES, loop_samples
from aijockey.music.key import Key

Float = npt.NDArray[np.float32]

ON_GRID_MS = 20.0
"""Nearer than this to a sixteenth is on the grid: uniformly scattered onsets would be so 32 % of the time."""

LEAST_ONSETS = 6
"""Timing of fewer onsets than this is chance."""

PULSE_RANGE = 0.12
CLIPPED = 32767.0 / 32768.0
SILENT_DBFS = -60.0
KEY_TOP_HZ = 2000.0
IN_TUNE_SEMITONES = 0.35


class LoopTruths:
    """One loop and what it is checked against.

    Parameters
    ----------
    audio : (channels, samples), 1 or 2 channels.
    bars : how long it claims to be.
    key : for tonal voices, the key it claims; None leaves the key out.
    """

    def __init__(self, audio: Float, bars: int = LOOP_BARS, key: Key | None = None) -> None:
        self.audio = audio
        self.bars = bars
        self.key = key

    @cached_property
    def analysis(self) -> LoopAnalysis:
        """Transforms of the loop; of a wrong length, up to the last whole sixteenth."""
        whole = self.audio.shape[1] // SIXTEENTH_SAMPLES * SIXTEENTH_SAMPLES
        return LoopAnalysis(np.ascontiguousarray(self.audio[:, :whole]))

    @cached_property
    def onset_ms(self) -> npt.NDArray[np.float64]:
        """Times at which sounds begin, in ms from the loop's start."""
        return self.analysis.onsets.times_samples * (1000.0 / RATE_HZ)

    @cached_property
    def deviation_ms(self) -> npt.NDArray[np.float64]:
        """How late each onset is against its nearest sixteenth, -62.5 to 62.5 ms."""
        step = SIXTEENTH_SAMPLES * 1000.0 / RATE_HZ
        return (self.onset_ms + step / 2) % step - step / 2


def exact_length(loop: LoopTruths) -> float:
    """1 where the loop has exactly the samples of its bars, else 0."""
    return float(loop.audio.shape[1] == loop_samples(loop.bars))


def clock_tempo_bpm(loop: LoopTruths) -> float:
    """Tempo by the sample clock: its beats over its samples, which is what a deck will play."""
    return 60.0 * RATE_HZ * loop.bars * BEATS_PER_BAR / loop.audio.shape[1]


def pulse_tempo_bpm(loop: LoopTruths) -> float:
    """Tempo at which the onsets pulse in sixteenths, within 12 % of 120 BPM; NaN under 6 onsets.

    Not trusted alone: it catches content at another tempo in a container of the right length. The peak of the
    onsets' Fourier transform around 8 Hz.
    """
    if len(loop.onset_ms) < LEAST_ONSETS:
        return float("nan")
    bpm = 120.0 * np.linspace(1.0 - PULSE_RANGE, 1.0 + PULSE_RANGE, 241)
    strength = np.minimum(loop.analysis.onsets.strengths_db, 20.0)
    turns = np.exp(-2j * np.pi * np.outer(bpm / 15.0, loop.onset_ms / 1000.0))
    return float(bpm[np.argmax(np.abs(turns @ strength))])


def seam_ratio(loop: LoopTruths) -> float:
    """Step from the last to the first sample over the 99th percentile of the loop's own steps; seamless up to
    1.

    The worse channel counts. 0 for silence.
    """
    step = np.abs(loop.audio[:, 0] - loop.audio[:, -1])
    own = np.percentile(np.abs(np.diff(loop.audio, axis=1)), 99, axis=1)
    return float(np.max(np.where(step > 0.0, step / np.maximum(own, 1e-9), 0.0)))


def seamless(loop: LoopTruths) -> float:
    """1 where the step over the seam is within the 99th percentile of the loop's own steps."""
    return float(seam_ratio(loop) <= 1.0)


def on_grid(loop: LoopTruths) -> float:
    """Share of onsets within 20 ms of a sixteenth; NaN under 6 onsets. Swing and flams are honestly off
    it.
    """
    if len(loop.onset_ms) < LEAST_ONSETS:
        return float("nan")
    return float(np.mean(np.abs(loop.deviation_ms) <= ON_GRID_MS))


def grid_deviation_ms(loop: LoopTruths) -> float:
    """Tightness: median distance of onsets to their nearest sixteenth in ms; scattered onsets have 31."""
    if len(loop.onset_ms) < LEAST_ONSETS:
        return float("nan")
    return float(np.median(np.abs(loop.deviation_ms)))


def dc_offset(loop: LoopTruths) -> float:
    """Largest mean of a channel, in full scale."""
    return float(np.abs(loop.audio.mean(axis=1, dtype=np.float64)).max())


def clipped_share(loop: LoopTruths) -> float:
    """Share of samples at or beyond full scale."""
    return float(np.mean(np.abs(loop.audio) >= CLIPPED))


def silent(loop: LoopTruths) -> float:
    """1 where the loop is softer than -60 dB full scale (RMS)."""
    power = float(np.mean(np.square(loop.audio, dtype=np.float64)))
    return float(10.0 * np.log10(power + 1e-20) < SILENT_DBFS)


def loudness(loop: LoopTruths) -> float:
    """Integrated loudness in LUFS; NaN for silence, which has none."""
    return float("nan") if silent(loop) else loudness_lufs(loop.analysis)


def mono_loss_db(loop: LoopTruths) -> float:
    """Level lost by summing to mono, in dB: 0 for mono, 3 for unrelated channels, up to 60 where they
    cancel.
    """
    energy = np.square(loop.audio, dtype=np.float64).mean()
    mono = np.square(loop.audio.mean(axis=0, dtype=np.float64)).mean()
    if energy < 1e-12:
        return 0.0
    return float(-10.0 * np.log10(np.clip(mono / energy, 1e-6, 1.0)))


def in_key_share(loop: LoopTruths) -> float:
    """Share of spectral peaks' amplitude (32 Hz to 2 kHz) within 35 cents of a note of the key; NaN without
    one.

    Overtones count too, and some of a scale's overtones lie outside it, so compare with real loops. Noise has
    0.41.
    """
    if loop.key is None:
        return float("nan")
    _, _, frequency_hz, weight = peaks_of_audio(loop.analysis.mono[None])
    low = frequency_hz <= KEY_TOP_HZ
    if not weight[low].sum():
        return float("nan")
    pitch = pitch_of(frequency_hz[low])
    nearest = np.rint(pitch)
    fits = np.isin(nearest % 12, loop.key.pitch_classes) & (np.abs(pitch - nearest) <= IN_TUNE_SEMITONES)
    return float(weight[low][fits].sum() / weight[low].sum())


@dataclass(frozen=True)
class Truth:
    """One line of the table: title, unit, what is right (None: whatever real loops have), and how it is
    found.
    """

    title: str
    unit: str
    right: str | None
    function: Callable[[LoopTruths], float]


TRUTHS: Mapping[str, Truth] = {
    "exact_length": Truth("exact length", "share", "1", exact_length),
    "clock_tempo_bpm": Truth("tempo by the sample clock", "BPM", "120", clock_tempo_bpm),
    "pulse_tempo_bpm": Truth("tempo of the pulse", "BPM", "120", pulse_tempo_bpm),
    "seamless": Truth("seamless", "share", "1", seamless),
    "seam_ratio": Truth("step over the seam", "of own 99th percentile", "under 1", seam_ratio),
    "on_grid": Truth("onsets on the grid", "share", None, on_grid),
    "grid_deviation_ms": Truth("distance to the grid", "ms", None, grid_deviation_ms),
    "dc_offset": Truth("DC offset", "of full scale", "0", dc_offset),
    "clipped_share": Truth("clipped samples", "share", "0", clipped_share),
    "silent": Truth("silent loops", "share", "0", silent),
    "loudness_lufs": Truth("loudness", "LUFS", None, loudness),
    "mono_loss_db": Truth("loss in mono", "dB", None, mono_loss_db),
    "in_key_share": Truth("energy in the key", "share", None, in_key_share),
}


def measure_truths(audio: Float, bars: int = LOOP_BARS, key: Key | None = None) -> dict[str, float]:
    """All truths of one loop (channels, samples); about 10 ms, 15 with a key. NaN where it has none.

    Raises
    ------
    ValueError : not 1 or 2 channels, or shorter than a sixteenth.
    """
    loop = LoopTruths(audio, bars, key)
    return {name: float(truth.function(loop)) for name, truth in TRUTHS.items()}
