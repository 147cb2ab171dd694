"""Where loops to be judged come from: a corpus, a pack or a folder, each as small jobs that any process can
do.

A job names its loops by path and number and holds no audio, so it travels to another process for nothing, and
the same loops can be fetched again for the report's players.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from aijockey.audio.files import read_audio
from aijockey.audio.resample import resample
from aijockey.corpus.store import Corpus
from aijockey.errors import AijockeyError
from aijockey.evaluate.copying import copying_pictures
from aijockey.evaluate.material import Material, describe, picture_mels
from aijockey.live.generator import Generator
from aijockey.music.grid import RATE_HZ
from aijockey.music.key import Key
from aijockey.pack.pack import Pack

Float = npt.NDArray[np.float32]

CHUNK = 16
"""Loops a job: enough to batch, few enough that progress moves and 12 MB of audio are held."""

AUDIO_SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".ogg")


class EvaluationError(AijockeyError):
    """Material that cannot be judged; says what is missing."""


class Source(Protocol):
    """Loops of one voice: how many, each one's name, and the audio of some of them."""

    @property
    def names(self) -> Sequence[str]:
        """One name a loop, as the report shows it."""

    def take(self, indices: Sequence[int]) -> Self:
        """The same source with only these loops."""

    def audio(self) -> Iterator[Float]:
        """Every loop, (channels, samples)."""


@dataclass(frozen=True)
class CorpusSource:
    """Loops of a corpus by their numbers in its manifest."""

    path: Path
    indices: tuple[int, ...]

    @property
    def names(self) -> Sequence[str]:
        """Ids of the records."""
        corpus = open_corpus(self.path)
        return [corpus.loops[index].id for index in self.indices]

    def take(self, indices: Sequence[int]) -> "CorpusSource":
        """The same source with only these loops."""
        return replace(self, indices=tuple(self.indices[index] for index in indices))

    def audio(self) -> Iterator[Float]:
        """Every loop, (channels, samples)."""
        corpus = open_corpus(self.path)
        for index in self.indices:
            yield corpus.audio(index)


@dataclass(frozen=True)
class PackSource:
    """Loops that a voice of a pack makes of seeds."""

    path: Path
    voice: str
    seeds: tuple[int, ...]

    @property
    def names(self) -> Sequence[str]:
        """The seeds."""
        return [f"seed {seed}" for seed in self.seeds]

    def take(self, indices: Sequence[int]) -> "PackSource":
        """The same source with only these loops."""
        return replace(self, seeds=tuple(self.seeds[index] for index in indices))

    def audio(self) -> Iterator[Float]:
        """Every loop, (1, samples)."""
        generator = open_generator(self.path)
        for start in range(0, len(self.seeds), CHUNK):
            seeds = self.seeds[start : start + CHUNK]
            latents = np.stack([generator.latent(self.voice, seed) for seed in seeds])
            yield from generator.generate(self.voice, latents)[:, None]


@dataclass(frozen=True)
class FolderSource:
    """Audio files that are loops already."""

    paths: tuple[Path, ...]

    @property
    def names(self) -> Sequence[str]:
        """File names."""
        return [path.name for path in self.paths]

    def take(self, indices: Sequence[int]) -> "FolderSource":
        """The same source with only these loops."""
        return replace(self, paths=tuple(self.paths[index] for index in indices))

    def audio(self) -> Iterator[Float]:
        """Every loop, (channels, samples), at most its first two channels, at 48 kHz."""
        for path in self.paths:
            audio, rate_hz = read_audio(path)
            yield resample(audio[:2], rate_hz, RATE_HZ)


@lru_cache(maxsize=2)
def open_corpus(path: Path) -> Corpus:
    """A corpus, opened once a process."""
    return Corpus.open(path)


@lru_cache(maxsize=1)
def open_generator(path: Path) -> Generator:
    """The generator of a pack, loaded once a process, on one thread: processes are what runs in parallel."""
    return Generator(Pack.open(path), threads=1)


def list_audio(folder: Path) -> tuple[Path, ...]:
    """Audio files directly in a folder, sorted by name."""
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES))


@dataclass(frozen=True)
class DescribeJob:
    """A chunk of a source to be described; see `material.describe`."""

    source: Source
    bars: int
    key: Key | None
    truths: bool

    def __call__(self) -> Material:
        """Do it."""
        return describe(self.source.audio(), bars=self.bars, key=self.key, truths=self.truths)


@dataclass(frozen=True)
class PicturesJob:
    """Copying pictures alone of a chunk of a source, (loops, 24, 64)."""

    source: Source
    bars: int

    def __call__(self) -> Float:
        """Do it."""
        _, mels = picture_mels(self.source.audio(), self.bars)
        return copying_pictures(mels)


def cut_jobs(source: Source, *, bars: int, key: Key | None, truths: bool = True) -> list[DescribeJob]:
    """Jobs of `CHUNK` loops that together describe a source, in order."""
    count = len(source.names)
    return [
        DescribeJob(source.take(range(start, min(start + CHUNK, count))), bars, key, truths)
        for start in range(0, count, CHUNK)
    ]


def do_job(job: Any) -> Any:
    """Call a job; a function by name, so that another process can be told to."""
    return job()


class Inline:
    """An executor that works in this process, in order."""

    def map(self, function: Any, jobs: Sequence[Any]) -> Iterator[Any]:
        """Results of ``function`` on each job."""
        return map(function, jobs)


@contextmanager
def open_workers(processes: int) -> Iterator[Any]:
    """Something with ``map``: this process for 1, else that many fresh ones with one numeric thread each."""
    if processes <= 1:
        yield Inline()
        return
    # Numeric libraries read these when a fresh process loads them; more threads than cores only wait for each
    # other.
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
