"""The studio's loops as a corpus on disk: in shards, by several processes, resumable after a kill."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from aijockey import __version__
from aijockey.corpus.measure import measure_loop
from aijockey.corpus.store import CorpusHeader, LoopRecord
from aijockey.corpus.synthesize import KEY, VOICES, UnknownVoiceError, render_loop
from aijockey.corpus.writing import ShardWriter, finish_corpus, open_for_writing, read_part, write_part
from aijockey.errors import AijockeyError
from aijockey.music.grid import LOOP_BARS, REFERENCE_BPM, loop_samples

LICENCE = "CC0-1.0"
LOOPS_PER_SHARD = 100
# Seeds of two corpora do not meet until one of them has this many loops a voice.
SEED_STRIDE = 10_000_000


class SynthesizeError(AijockeyError):
    """Settings that make no corpus."""


@dataclass(frozen=True)
class StudioSettings:
    """What decides every sample of a synthesized corpus.

    voices : names, in order. loops_per_voice : 1 or more. seed : 0 or more. test_share : 0 to below 1, of
    each voice. bars : of each loop.
    """

    voices: tuple[str, ...] = tuple(VOICES)
    loops_per_voice: int = 200
    seed: int = 0
    test_share: float = 0.1
    bars: int = LOOP_BARS

    def __post_init__(self) -> None:
        for voice in self.voices:
            if voice not in VOICES:
                raise UnknownVoiceError(f"the studio has no voice '{voice}'; it has {', '.join(VOICES)}")
        if not self.voices or len(set(self.voices)) < len(self.voices):
            raise SynthesizeError(
                f"voices {', '.join(self.voices) or '(none)'}: expected each once, at least one"
            )
        if not 1 <= self.loops_per_voice <= SEED_STRIDE:
            raise SynthesizeError(f"{self.loops_per_voice} loops per voice; expected 1 to {SEED_STRIDE}")
        if self.seed < 0:
            raise SynthesizeError(f"seed {self.seed}; expected 0 or more")
        if not 0.0 <= self.test_share < 1.0:
            raise SynthesizeError(f"test share {self.test_share}; expected 0 to below 1 (0.1 is a tenth)")

    def is_test(self, index: int) -> bool:
        """Whether loop ``index`` of a voice is held out; test loops are spread evenly."""
        return int((index + 1) * self.test_share) > int(index * self.test_share)


def loop_seed(seed: int, index: int) -> int:
    """Seed of loop ``index`` of a corpus of ``seed``."""
    return seed * SEED_STRIDE + index


def synthesize_corpus(
    path: Path, settings: StudioSettings, *, workers: int = 1, force: bool = False, progress: bool = True
) -> dict[str, Any]:
    """Make, or go on making, a corpus of studio loops.

    Every loop is a function of its voice, its index and the seed, so neither the number of workers nor an
    interruption changes a sample.

    Parameters
    ----------
    path : folder to make. workers : processes, 1 or more. force : begin again where a corpus of other
    settings is. progress : a bar on stderr.

    Returns
    -------
    A summary: ``loops``, ``train``, ``test``, ``voices``, ``shards_made``, ``shards_kept``.

    Raises
    ------
    CorpusError : the folder holds something else, or a corpus of other settings.
    """
    header = CorpusHeader(
        unit="loop",
        bars=settings.bars,
        samples=loop_samples(settings.bars),
        key=str(KEY),
        licence=LICENCE,
        made_by=f"aijockey {__version__} synthesize",
        settings={**asdict(settings), "voices": list(settings.voices)},
    )
    open_for_writing(path, header, force)
    shards = [
        (voice, first)
        for voice in settings.voices
        for first in range(0, settings.loops_per_voice, LOOPS_PER_SHARD)
    ]
    missing = [shard for shard in shards if read_part(path, _shard_name(*shard)) is None]
    make = partial(_make_shard, path, settings)
    total = len(settings.voices) * settings.loops_per_voice
    done = total - sum(_rows(settings, first) for _, first in missing)
    with tqdm(total=total, initial=done, unit="loop", disable=not progress) as bar:
        if workers == 1:
            for shard in missing:
                bar.update(make(shard))
        elif missing:
            # A fresh interpreter each: a fork of a process that has threads may hang.
            with ProcessPoolExecutor(min(workers, len(missing)), mp_context=get_context("spawn")) as pool:
                for rows in pool.map(make, missing):
                    bar.update(rows)
    parts = [read_part(path, _shard_name(*shard)) or {} for shard in shards]
    records = [LoopRecord.from_json(line) for part in parts for line in part["loops"]]
    finish_corpus(path, header, records, scores=[line for part in parts for line in part["scores"]])
    return {
        "corpus": str(path),
        "loops": len(records),
        "train": sum(record.split == "train" for record in records),
        "test": sum(record.split == "test" for record in records),
        "voices": list(settings.voices),
        "shards_made": len(missing),
        "shards_kept": len(shards) - len(missing),
    }


def _shard_name(voice: str, first: int) -> str:
    return f"{voice}-{first:06d}"


def _rows(settings: StudioSettings, first: int) -> int:
    return min(LOOPS_PER_SHARD, settings.loops_per_voice - first)


def _make_shard(path: Path, settings: StudioSettings, shard: tuple[str, int]) -> int:
    """Render, measure and write one shard; returns its number of loops. Runs in a process of its own."""
    voice, first = shard
    name = _shard_name(voice, first)
    loops: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    with ShardWriter(path, name, 2, loop_samples(settings.bars)) as writer:
        for index in range(first, first + _rows(settings, first)):
            loop = render_loop(voice, loop_seed(settings.seed, index), bars=settings.bars)
            row = writer.append(loop.audio)
            record = LoopRecord(
                id=f"{voice}-{index:06d}",
                source=f"studio/{voice}/{index:06d}",
                start_s=0.0,
                bpm=REFERENCE_BPM,
                voice=voice,
                split="test" if settings.is_test(index) else "train",
                licence=LICENCE,
                shard=name,
                row=row,
                measures=measure_loop(loop.audio),
                notes={"genre": str(loop.labels["genre"])}
                | ({"key": loop.labels["key"]} if loop.labels["key"] else {}),
            )
            loops.append(record.to_json())
            scores.append(
                {"id": record.id, "score": [event.to_json() for event in loop.score], "labels": loop.labels}
            )
    write_part(path, name, {"loops": loops, "scores": scores})
    return len(loops)


def default_workers() -> int:
    """Processes to use when nobody says: one a core."""
    return os.cpu_count() or 1


def parse_voices(text: str | None) -> Sequence[str]:
    """Voices named in a comma-separated text; None or empty means all."""
    return [name.strip() for name in text.split(",") if name.strip()] if text else list(VOICES)
