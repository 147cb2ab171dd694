"""What a voice makes when its latents are moved: the one question that calibration asks, as jobs for any process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.corpus.measure import measure_loop
from aijockey.evaluate.directions.measures import MEL_MEASURES, measure_mels
from aijockey.evaluate.sources import do_job
from aijockey.evaluate.views import level_mels, rhythm_view, timbre_view
from aijockey.live.generator import Generator
from aijockey.pack.manifest import DirectSpec
from aijockey.pack.pack import Pack
from aijockey.representation.mel import band_centres_hz

Float = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]
Advance = Callable[[int, str], None]

CHUNK = 16
LIKENESS = ("rhythm", "timbre")


@dataclass(frozen=True)
class Found:
    """What was heard of some loops, each array (loops, …).

    measures : by `MEL_MEASURES`. likeness : name -> features of what a loop stays itself by; empty if not asked for.
    audio : by `MEL_MEASURES` that have a twin in the corpus, measured after the vocoder (NaN for the others); or None.
    """

    measures: Array
    likeness: dict[str, Float]
    audio: Array | None = None

    @classmethod
    def join(cls, parts: Sequence["Found"]) -> "Found":
        """One of several, in their order."""
        heard = [part.audio for part in parts if part.audio is not None]
        return cls(
            np.concatenate([part.measures for part in parts]),
            {name: np.concatenate([part.likeness[name] for part in parts]) for name in parts[0].likeness},
            np.concatenate(heard) if heard else None,
        )


@lru_cache(maxsize=1)
def raw_generator(path: Path) -> Generator:
    """The generator of a pack without its directions, loaded once a process."""
    return Generator(Pack.open(path), batch=CHUNK, directions=False)


def moves_style(generator: Generator, voice: str) -> bool:
    """Whether directions of the voice live in its style rather than in its latent."""
    manifest = generator.pack.manifest
    sampler = manifest.generators[manifest.voice(voice).generator].sampler
    return isinstance(sampler, DirectSpec) and bool(sampler.style_shape)


@dataclass(frozen=True)
class Movers:
    """Ways to change a loop: vectors (movers, *space) in latent or style space, and pushes (movers, conditions)."""

    vectors: Float
    pushes: Float

    def __len__(self) -> int:
        return len(self.vectors)

    def combined(self, shares: npt.NDArray[np.floating]) -> "Movers":
        """Sums of these, by shares (new movers, movers)."""
        return Movers(
            np.tensordot(shares, self.vectors, axes=1).astype(np.float32),
            (shares @ self.pushes).astype(np.float32),
        )

    @staticmethod
    def join(*parts: "Movers") -> "Movers":
        """All movers of several."""
        return Movers(
            np.concatenate([part.vectors for part in parts]), np.concatenate([part.pushes for part in parts])
        )


@dataclass(frozen=True)
class ProbeJob:
    """Loops of seeds, each moved by its row of ``amounts`` (loops, movers), or left where they are.

    steps : of the sampler; None for the pack's. likeness, audio : also look at likeness, and listen after the vocoder.
    """

    path: Path
    voice: str
    seeds: tuple[int, ...]
    amounts: Float | None = None
    movers: Movers | None = None
    steps: int | None = None
    likeness: bool = False
    audio: bool = False

    def __call__(self) -> Found:
        """Do it."""
        generator = raw_generator(self.path)
        config = generator.pack.mel_config
        latents = np.stack([generator.latent(self.voice, seed) for seed in self.seeds])
        offsets = pushes = None
        if self.movers is not None and self.amounts is not None:
            moves = self.movers.combined(self.amounts)
            offsets, pushes = moves.vectors, moves.pushes
        codes = generator.moved_codes(self.voice, latents, offsets, pushes, steps=self.steps)
        mels = generator.decode(self.voice, codes)
        features: dict[str, Float] = {}
        if self.likeness:
            levelled = level_mels(mels)
            timbre = timbre_view(levelled)
            features["rhythm"] = rhythm_view(levelled, band_centres_hz(config))["strength"]
            features["timbre"] = np.concatenate([timbre["spectrum"], timbre["spread"]], axis=1)
        heard = _listen(generator.sound(mels)) if self.audio else None
        return Found(measure_mels(mels, config), features, heard)


def _listen(loops: Float) -> Array:
    rows = [measure_loop(audio[np.newaxis]) for audio in loops]
    likes = [measure.like for measure in MEL_MEASURES.values()]
    return np.array([[np.nan if like is None else row[like] for like in likes] for row in rows])


@dataclass(frozen=True)
class Prober:
    """Asks one voice of one pack, with workers of `aijockey.evaluate.sources.open_workers`.

    steps : of the sampler where a question allows fewer than the pack's.
    """

    path: Path
    voice: str
    workers: Any
    advance: Advance
    steps: int | None = None

    def __call__(
        self,
        seeds: Sequence[int],
        amounts: npt.ArrayLike | None = None,
        movers: Movers | None = None,
        *,
        what: str = "measure",
        quick: bool = False,
        likeness: bool = False,
        audio: bool = False,
    ) -> Found:
        """Measure a loop for each seed, moved by ``amounts`` (seeds, movers); ``quick`` takes `steps`."""
        rows = None if amounts is None else np.asarray(amounts, np.float32)
        jobs = [
            ProbeJob(
                self.path,
                self.voice,
                tuple(seeds[start : start + CHUNK]),
                None if rows is None else rows[start : start + CHUNK],
                movers,
                self.steps if quick else None,
                likeness,
                audio,
            )
            for start in range(0, len(seeds), CHUNK)
        ]
        return Found.join(list(self._done(jobs, what)))

    def _done(self, jobs: Sequence[ProbeJob], what: str) -> Iterator[Found]:
        for job, found in zip(jobs, self.workers.map(do_job, jobs), strict=True):
            self.advance(len(job.seeds), f"{self.voice}: {what}")
            yield found
