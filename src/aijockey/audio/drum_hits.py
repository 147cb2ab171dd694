"""What a drummer would hear in a loop: when a kick, a snare or a hat is struck, and how hard.

Attacks are found by `aijockey.audio.onsets`; each is then judged by how much the amplitude rises in three bands. The
thresholds were set on loops of the procedural studio, whose scores say what was struck.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ

Float = npt.NDArray[np.float32]

KICK, SNARE, HAT = 0, 1, 2
CLASSES = ("kick", "snare", "hat")
# Bands in Hz: the body of a kick; the noise of snares and claps; what is left of a hat above them.
BANDS_HZ: Mapping[int, tuple[float, float]] = {
    KICK: (40.0, 160.0),
    SNARE: (1500.0, 6000.0),
    HAT: (7000.0, 16000.0),
}
# What a band's rise is compared with: everything for kicks, all but the kick's body for the others.
WHOLE_HZ: Mapping[int, tuple[float, float]] = {
    KICK: (20.0, 24000.0),
    SNARE: (500.0, 24000.0),
    HAT: (500.0, 24000.0),
}
# An attack belongs to a class if its band rises by this share of the strongest such rise in the loop…
LEAST_OF_CLASS: Mapping[int, float] = {KICK: 0.35, SNARE: 0.45, HAT: 0.08}
# … and by this share of how much all that it is compared with does.
LEAST_OF_ATTACK: Mapping[int, float] = {KICK: 0.45, SNARE: 0.5, HAT: 0.2}
# A clap on a kick is half hidden behind its click, which alone is no clap.
SNARE_ON_KICK_OF_CLASS, SNARE_ON_KICK_OF_ATTACK = 0.55, 0.3
# How long an attack takes to be seen in all bands.
RISE_FRAMES, BEFORE_FRAMES, AFTER_FRAMES = 3, 1, 3
MOST_HITS = 128


@dataclass(frozen=True)
class Hits:
    """Struck drums of a loop, in order of time.

    beats : (n,) where, in beats at 120 BPM from the loop's beginning. classes : (n,) of `CLASSES`.
    strengths : (n,) 0 to 1, 1 is the strongest of its class.
    """

    beats: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int8]
    strengths: Float

    def __len__(self) -> int:
        return len(self.beats)


NO_HITS = Hits(np.zeros(0, np.float32), np.zeros(0, np.int8), np.zeros(0, np.float32))


def drum_hits(audio: Float) -> Hits:
    """Hits of a circular loop (samples,) or (channels, samples) at 48 kHz; at most `MOST_HITS`, the strongest.

    The length must be a multiple of 375 samples, which whole beats at 120 BPM are.
    """
    # Who only reads what others found does not wait for scipy.
    from aijockey.audio.onsets import HOP_SAMPLES, WINDOW_SAMPLES, loop_onsets, power_spectrogram

    mono = audio if audio.ndim == 1 else audio.mean(axis=0, dtype=np.float32)
    onsets = loop_onsets(mono)
    if not len(onsets.times_samples):
        return NO_HITS
    power = power_spectrogram(mono, WINDOW_SAMPLES, HOP_SAMPLES)
    frames = np.rint(onsets.times_samples / HOP_SAMPLES).astype(int)
    found = []
    kicks = np.zeros(len(frames), dtype=bool)
    for kind, band_hz in BANDS_HZ.items():
        rises, whole = (_rises(_band(power, hz), frames) for hz in (band_hz, WHOLE_HZ[kind]))
        strongest = float(rises.max())
        of_class, of_attack = rises / max(strongest, 1e-9), rises / np.maximum(whole, 1e-9)
        struck = (of_class >= LEAST_OF_CLASS[kind]) & (of_attack >= LEAST_OF_ATTACK[kind])
        if kind == KICK:
            kicks = struck
        elif kind == SNARE:
            hidden = (of_class >= SNARE_ON_KICK_OF_CLASS) & (of_attack >= SNARE_ON_KICK_OF_ATTACK)
            struck = np.where(kicks, hidden, struck)
        struck &= strongest > 1e-4
        found += [
            (onsets.times_samples[index], kind, rises[index] / strongest) for index in np.flatnonzero(struck)
        ]
    found = sorted(sorted(found, key=lambda hit: -hit[2])[:MOST_HITS])
    if not found:
        return NO_HITS
    times, classes, strengths = zip(*found, strict=True)
    return Hits(
        (np.array(times) / BEAT_SAMPLES).astype(np.float32),
        np.array(classes, dtype=np.int8),
        np.array(strengths, dtype=np.float32),
    )


def _band(power: Float, band_hz: tuple[float, float]) -> Float:
    """Power (frames,) of a band of a spectrogram (frames, bins)."""
    window = 2 * (power.shape[1] - 1)
    first, last = (round(hz * window / RATE_HZ) for hz in band_hz)
    total: Float = power[:, first : last + 1].sum(axis=1)
    return total


def _rises(power: Float, frames: npt.NDArray[np.int64]) -> Float:
    """How much the amplitude of a band (frames,) rises around each of ``frames``, circular."""
    amplitude = np.sqrt(power)
    rise = amplitude - np.minimum.reduce([np.roll(amplitude, shift) for shift in range(1, RISE_FRAMES + 1)])
    reach = np.arange(-BEFORE_FRAMES, AFTER_FRAMES + 1)
    around: Float = rise[(frames[:, None] + reach) % len(power)].max(axis=1)
    return np.maximum(around, 0.0)
