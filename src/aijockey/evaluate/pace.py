"""How far one must go in a voice's latent space to hear a given change: what makes equal paces sound equally fast.

For points of the voice and a direction each, the log-mels at some angles are compared with that of the point itself,
by the measure of `aijockey.evaluate.movement`: mean absolute change in dB. The mean over points is the voice's curve
of change over angle; `aijockey.live.pace` reads it backwards, and a walk goes that angle on the sphere from bar to bar
(`aijockey.live.walks`). No vocoder is needed: what it adds is the same for all.
"""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from aijockey.evaluate.movement import path_changes_db
from aijockey.live.generator import Generator
from aijockey.live.latent_math import neighbour
from aijockey.live.loop_source import latent_of
from aijockey.live.pace import pace_of, paces_of
from aijockey.live.points import Seed
from aijockey.live.walks import walk_point
from aijockey.pack.manifest import Manifest, PaceSpec

Float = npt.NDArray[np.float32]

ANGLES_RAD = (0.1, 0.2, 0.4, 0.8)
# Loops answer to an angle each in their own way, by a fifth (rhythms) to a half (bass lines) more or less: with so many
# the mean is right within 2 to 5 %.
POINTS = 96
# Seeds that nobody plays first, so that a calibration is not of the very loops that it is shown on.
FIRST_SEED = 5_000_000


def measure_pace(
    generator: Generator,
    voice: str,
    points: int = POINTS,
    angles_rad: tuple[float, ...] = ANGLES_RAD,
    first_seed: int = FIRST_SEED,
) -> PaceSpec:
    """Curve of audible change over angle of one voice.

    points : how many points of the voice, each with a direction of its own, are gone from.

    Raises
    ------
    GenerationError : as `aijockey.live.generator.Generator.mel`.
    """
    changes = np.zeros((points, len(angles_rad)))
    for index in range(points):
        seed = first_seed + 2 * index
        start, toward = (generator.latent(voice, number).astype(np.float64) for number in (seed, seed + 1))
        latents = np.stack([start, *(neighbour(start, toward, angle) for angle in angles_rad)])
        mels = generator.mel(voice, latents.astype(np.float32))
        changes[index] = [path_changes_db(mels[[0, place]])[0] for place in range(1, len(mels))]
    # A curve that is flat somewhere could not be read backwards; noise of the mean may make it so.
    rising = np.maximum.accumulate(changes.mean(axis=0) + 1e-6 * np.arange(len(angles_rad)))
    return PaceSpec(angles_rad, tuple(round(float(change), 4) for change in rising))


def with_pace(
    manifest: Manifest,
    generator: Generator,
    voices: Iterable[str] | None = None,
    progress: Callable[[str, PaceSpec], None] = lambda voice, pace: None,
) -> Manifest:
    """The manifest with the pace of its voices (None: all) measured anew.

    progress : told of each voice when it is done.
    """
    chosen = {voice.name for voice in manifest.voices} if voices is None else set(voices)
    measured = []
    for voice in manifest.voices:
        if voice.name in chosen:
            pace = measure_pace(generator, voice.name)
            progress(voice.name, pace)
            measured.append(dataclasses.replace(voice, pace=pace))
        else:
            measured.append(voice)
    return dataclasses.replace(manifest, voices=tuple(measured))


def walk_changes_db(
    generator: Generator,
    voice: str,
    kind: str,
    change_db: float,
    bars: int,
    seed: int,
    range_rad: float = 0.6,
) -> npt.NDArray[np.float64]:
    """Change of the log-mel in dB from bar to bar of a walk, (bars,), as a deck goes that renews its loop every bar.

    seed : of the loop that the walk goes around, and of its ways.
    """
    angle_rad = pace_of(voice, paces_of(generator.pack.manifest)).angle_rad(change_db)
    points = [walk_point(Seed(seed), kind, seed, range_rad, bar * angle_rad) for bar in range(bars + 1)]
    latents = np.stack(np.broadcast_arrays(*(latent_of(generator, voice, point) for point in points)))
    return path_changes_db(generator.mel(voice, latents))
