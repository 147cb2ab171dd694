"""Three views of a loop, each an embedding that needs no trained weights.

A view takes log-mels (loops, bands, frames) and returns *groups*: named arrays (loops, features) that each
say one thing. `aijockey.evaluate.space` gives every group the same weight and turns them into few dimensions.

========  ==========================================  ======================================================
view      groups and features (128 bands, two bars)   what it answers
========  ==========================================  ======================================================
timbre    spectrum 32, spread 32, detail 32,          does it sound like the material: colour, liveliness of
          motion 4 x 32                               every band from 16 ms to a beat, fine frequency detail
rhythm    strength 4 x 32, timing 4 x 3 x 2,          where do hits fall among the 32 sixteenths, in which
          texture 4 x 3                               register, how early or late, how sharply
harmony   chroma 8 x 12, bass 12, key 24, tuning 3    which notes, on which bass, in which key, how in tune
========  ==========================================  ======================================================

Level is taken out first (every loop is measured relative to its own RMS, and nothing further than 60 dB below
it counts), so a view neither rewards nor punishes a gain; loudness is judged on its own among the truths.
"""

import itertools

import numpy as np
import numpy.typing as npt

from aijockey.evaluate.harmony import harmony_of_mels
from aijockey.representation.mel import MelConfig, band_centres_hz

Float = npt.NDArray[np.float32]
Groups = dict[str, Float]

VIEWS = ("timbre", "rhythm", "harmony")

RANGE_DB = 60.0
RANGE_LOG = RANGE_DB / 20.0 * float(np.log(10.0))
POOLED_BANDS = 32
MOTION_FRAMES = (1, 4, 8, 32)
"""Distances in time at which timbre is compared with itself: 16 ms, 62 ms, a sixteenth, a beat."""

SIXTEENTHS = 32
REGISTERS_HZ = (0.0, 150.0, 800.0, 4000.0, np.inf)
"""Onsets are listened for in four registers: kick and bass, body, attack, air."""


def embed_mels(mels: Float, config: MelConfig | None = None) -> dict[str, Groups]:
    """All three views of a batch of log-mels.

    Parameters
    ----------
    mels : (loops, bands, frames), natural logarithm of amplitude as `LogMel` gives it; whole multiples of 32
        frames.
    config : what the mel means; None is the default one with as many bands as came.

    Returns
    -------
    view -> group -> (loops, features), float32. Harmony is read from the mel's own bands, which tell
    semitones apart only above some 700 Hz; where there is audio, `aijockey.evaluate.harmony.harmony_of_audio`
    hears better.

    Raises
    ------
    ValueError : not three axes, or frames that do not divide into 32 sixteenths.
    """
    if mels.ndim != 3:
        raise ValueError(f"mels of shape {mels.shape}; expected (loops, bands, frames)")
    if mels.shape[2] % SIXTEENTHS:
        raise ValueError(f"mels of {mels.shape[2]} frames; expected a multiple of {SIXTEENTHS}")
    centres_hz = band_centres_hz(config or MelConfig(bands=mels.shape[1]))
    levelled = level_mels(mels)
    return {
        "timbre": timbre_view(levelled),
        "rhythm": rhythm_view(levelled, centres_hz),
        "harmony": harmony_of_mels(levelled, centres_hz),
    }


def level_mels(mels: Float) -> Float:
    """Log-mels relative to each loop's RMS over bands and frames, not below -60 dB: same shape, about -6.9
    to 5.
    """
    # Mean power over all bands and frames, by way of the largest value so that the exponential cannot
    # overflow.
    peak = mels.max(axis=(1, 2), keepdims=True)
    power = np.exp(2.0 * (mels - peak)).mean(axis=(1, 2), keepdims=True)
    level = peak + 0.5 * np.log(power)
    levelled: Float = np.maximum(mels - level, -RANGE_LOG)
    return levelled


def timbre_view(levelled: Float) -> Groups:
    """Statistics of a levelled log-mel over time, at several scales: groups of (loops, 32) or (loops, 128).

    *spectrum* is the mean of every band, *spread* its standard deviation over time, *detail* the mean
    absolute step from band to band (what blurred training loses first), *motion* the mean absolute change
    over 1, 4, 8 and 32 frames (modulation from flutter to groove). Bands are pooled in fours, except for
    *detail*, which needs them all.
    """
    pooled = pool_bands(levelled, POOLED_BANDS)
    steps = np.abs(np.diff(levelled, axis=1)).mean(axis=2)
    motion = [np.abs(pooled - np.roll(pooled, lag, axis=2)).mean(axis=2) for lag in MOTION_FRAMES]
    return {
        "spectrum": pooled.mean(axis=2),
        "spread": pooled.std(axis=2),
        "detail": pool_bands(steps[:, :, None], POOLED_BANDS)[:, :, 0],
        "motion": np.concatenate(motion, axis=1),
    }


def rhythm_view(levelled: Float, centres_hz: npt.NDArray[np.float64]) -> Groups:
    """Onsets of a levelled log-mel folded on the 32 sixteenths of two bars, in four registers.

    *strength* (loops, 4 x 32) is the share of a register's onset strength that falls within half a sixteenth
    of each grid line (0 to 1, square root taken). *timing* (loops, 4 x 3 x 2) says when, inside that window:
    the mean of exp(2 pi i x offset) over onset strength, offset in sixteenths, for on-beats, off-beats and
    the sixteenths between them: its angle is lateness (so swing is the third class turning), its length is
    tightness. *texture* (loops, 4 x 3) is strength in all, how few places hold it, and how much it changes
    from the first bar to the second.
    """
    flux = onset_strength(levelled, centres_hz)
    loops, registers, frames = flux.shape
    per_sixteenth = frames // SIXTEENTHS
    # A window is centred on its grid line: rotate by half a window before cutting.
    folded = np.roll(flux, per_sixteenth // 2, axis=2).reshape(loops, registers, SIXTEENTHS, per_sixteenth)
    total = flux.sum(axis=2, keepdims=True) + 1e-6
    share = folded.sum(axis=3) / total
    offset = (np.arange(per_sixteenth) - per_sixteenth // 2) / per_sixteenth
    turning = folded @ np.exp(2j * np.pi * offset)
    place = np.arange(SIXTEENTHS)
    timing = []
    for members in (place % 4 == 0, place % 4 == 2, place % 2 == 1):
        weight = folded[:, :, members].sum(axis=(2, 3)) + 0.02 * total[:, :, 0]
        mean = turning[:, :, members].sum(axis=2) / weight
        timing.extend([mean.real, mean.imag])
    entropy = -np.sum(share * np.log(share + 1e-9), axis=2) / np.log(SIXTEENTHS)
    change = 0.5 * np.abs(share[:, :, : SIXTEENTHS // 2] - share[:, :, SIXTEENTHS // 2 :]).sum(axis=2)
    texture = np.concatenate([np.log1p(total[:, :, 0]), entropy, change], axis=1)
    return {
        "strength": np.sqrt(np.maximum(share, 0.0)).reshape(loops, -1).astype(np.float32),
        "timing": np.stack(timing, axis=2).reshape(loops, -1).astype(np.float32),
        "texture": texture.astype(np.float32),
    }


def onset_strength(levelled: Float, centres_hz: npt.NDArray[np.float64]) -> Float:
    """Mean rise of log-mel from frame to frame in each register, (loops, 4, frames); circular in time.

    Small ripples (under a tenth of a neper a frame, averaged over the register) count as nothing.
    """
    rise = np.maximum(levelled - np.roll(levelled, 1, axis=2), 0.0)
    registers = []
    for low, high in itertools.pairwise(REGISTERS_HZ):
        members = (centres_hz >= low) & (centres_hz < high)
        registers.append(rise[:, members].mean(axis=1) if members.any() else np.zeros_like(rise[:, 0]))
    strength: Float = np.maximum(np.stack(registers, axis=1) - 0.1, 0.0)
    return strength


def pool_bands(values: Float, bands: int) -> Float:
    """Mean over neighbouring bands: (loops, n, frames) -> (loops, bands, frames); parts differ by at most
    one band.
    """
    edges = np.linspace(0, values.shape[1], min(bands, values.shape[1]) + 1).round().astype(int)
    sums = np.add.reduceat(values, edges[:-1], axis=1)
    return (sums / np.diff(edges)[None, :, None]).astype(np.float32)
