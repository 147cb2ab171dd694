"""A folder of audio -> a corpus: find the files, have each cut, drop repeats, hold some out, write it all."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aijockey import __version__
from aijockey.corpus.beat_file import find_sidecar, read_beats
from aijockey.corpus.decode import AUDIO_SUFFIXES
from aijockey.corpus.duplicates import find_duplicates
from aijockey.corpus.source import (
    NO_TEMPO,
    SCRATCH_PREFIX,
    CutSettings,
    SourceJob,
    fingerprints_path,
    prepare_source,
    settings_as_json,
)
from aijockey.corpus.split import split_sources
from aijockey.corpus.store import SHARDS_FOLDER, CorpusHeader, LoopRecord
from aijockey.corpus.writing import PARTS_FOLDER, finish_corpus, open_for_writing, read_part
from aijockey.errors import AijockeyError

DEFAULT_VOICE = "default"


class PrepareError(AijockeyError):
    """Nothing could be prepared; the text says what was looked for and what was found."""


@dataclass(frozen=True)
class PrepareSettings:
    """What the player asks of `prepare`.

    Attributes
    ----------
    cut : how files become loops. voice : of all loops; None takes the name of each file's sub-folder.
    beats : a beat file for the one audio file there is. test_share : of the loops, held out by source.
    licence : of the audio.
    """

    cut: CutSettings = field(default_factory=CutSettings)
    voice: str | None = None
    beats: Path | None = None
    test_share: float = 0.1
    licence: str = "unknown"


@dataclass
class Summary:
    """What came of a folder. Every file in it is in ``sources`` or in ``skipped``.

    Attributes
    ----------
    sources : of each file that gave loops: ``source``, ``seconds``, ``bpm``, ``tempo_from``,
        ``tempo_confidence``, ``loops`` (kept), ``silent``, ``repeated`` (dropped), ``split``, ``warning``,
        ``other_bpm`` (an octave away, where its pattern fits both).
    skipped : ``source`` and ``reason`` of every other file. notes : what else should be known.
    resumed : how many files were done already.
    """

    corpus: str
    loops: int = 0
    train: int = 0
    test: int = 0
    silent: int = 0
    repeated: int = 0
    resumed: int = 0
    sources: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The summary as one JSON object."""
        return asdict(self)


def prepare(
    folder: Path,
    corpus: Path,
    settings: PrepareSettings,
    executor: Executor,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Make a corpus of all audio in a folder (or of one file), or go on making it.

    Parameters
    ----------
    executor : where `prepare_source` runs. force : throw away a corpus that is there.
    progress : told how many files are done, and of how many.

    Raises
    ------
    PrepareError : nothing usable was found. CorpusError : the corpus's folder holds something else.
    """
    jobs, skipped = find_jobs(folder, corpus, settings)
    if not jobs:
        raise PrepareError(_nothing(folder, skipped))
    cut = settings.cut
    header = CorpusHeader(
        unit=cut.unit,
        bars=cut.bars if cut.unit == "loop" else 0,
        channels=cut.channels,
        samples=cut.samples,
        licence=settings.licence,
        made_by=f"aijockey {__version__} prepare",
        settings={
            "made_from": folder.resolve().name,
            **settings_as_json(cut),
            "voice": settings.voice,
            "beats": settings.beats.name if settings.beats else None,
            "test_share": settings.test_share,
        },
    )
    open_for_writing(corpus, header, force)
    for scratch in (corpus / PARTS_FOLDER).glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(scratch, ignore_errors=True)
    parts, resumed = _do_all(jobs, corpus, executor, progress)
    summary = Summary(str(corpus), resumed=resumed)
    records = _gather(jobs, parts, corpus, settings, summary)
    timeless = sum(entry["reason"] == NO_TEMPO for entry in summary.skipped)
    if timeless:
        advice = "--bpm states one, --no-tempo keep takes them as textures"
        summary.notes.append(f"files in which no tempo was found: {timeless}; {advice}")
    summary.skipped = sorted([*skipped, *summary.skipped], key=lambda entry: entry["source"])
    if not records:
        raise PrepareError(_nothing(folder, summary.skipped))
    finish_corpus(corpus, header, records, summary.skipped)
    _remove_leftovers(corpus, {job.part for job in jobs})
    return summary


def find_jobs(
    folder: Path, corpus: Path, settings: PrepareSettings
) -> tuple[list[SourceJob], list[dict[str, str]]]:
    """All audio files below a folder as jobs, in order, and all other files with the reason to skip them.

    Raises
    ------
    PrepareError : there is no such folder, it is the corpus itself, or one beat file is given for many files.
    """
    if not folder.exists():
        raise PrepareError(f"{folder}: no such folder")
    if folder.resolve() == corpus.resolve():
        raise PrepareError(
            f"{folder} cannot be both the audio and the corpus; name another folder for the corpus"
        )
    paths = [folder] if folder.is_file() else list(_walk(folder, corpus.resolve()))
    root = folder.parent if folder.is_file() else folder
    audio = [path for path in paths if _is_audio(path)]
    if settings.beats is not None:
        if len(audio) != 1:
            raise PrepareError(
                f"{settings.beats} is given as beat file for {len(audio)} audio files; "
                "prepare one file, or lay a beat file called NAME.beats.tsv beside each"
            )
        read_beats(settings.beats)
    jobs, sidecars = [], {}
    for path in audio:
        source = path.relative_to(root).as_posix()
        voice = settings.voice or (source.split("/")[0] if "/" in source else DEFAULT_VOICE)
        beats = settings.beats or find_sidecar(path)
        if beats is not None:
            sidecars[beats.resolve()] = source
        jobs.append(
            SourceJob(str(root), source, str(corpus), voice, str(beats) if beats else None, settings.cut)
        )
    skipped = []
    for path in paths:
        if path in audio:
            continue
        reason = f"not audio ({path.suffix or 'no suffix'})"
        if path.name.startswith("."):
            reason = "hidden file"
        if path.resolve() in sidecars:
            reason = f"beat file of {sidecars[path.resolve()]}"
        skipped.append({"source": path.relative_to(root).as_posix(), "reason": reason})
    return jobs, skipped


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")


def _walk(folder: Path, corpus: Path) -> Iterable[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(place, name).resolve() != corpus)
        for name in sorted(files):
            yield Path(place, name)


def _do_all(
    jobs: list[SourceJob], corpus: Path, executor: Executor, progress: Callable[[int, int], None]
) -> tuple[dict[str, dict[str, Any]], int]:
    """The part of every job by name, doing those that are not done, and how many were."""
    parts: dict[str, dict[str, Any]] = {}
    for job in jobs:
        part = read_part(corpus, job.part)
        if part is not None and part.get("state") == job.state:
            parts[job.part] = part
    resumed = len(parts)
    progress(resumed, len(jobs))
    futures = {executor.submit(prepare_source, job): job for job in jobs if job.part not in parts}
    try:
        for future in as_completed(futures):
            parts[futures[future].part] = future.result()
            progress(len(parts), len(jobs))
    except BrokenExecutor as error:
        left = sorted(job.source for job in jobs if job.part not in parts)
        raise PrepareError(
            f"a worker died (out of memory?) with {len(left)} files left, {left[0]} among the first; "
            "run the same command again, with fewer --workers"
        ) from error
    finally:
        for future in futures:
            future.cancel()
    return parts, resumed


def _gather(
    jobs: list[SourceJob],
    parts: dict[str, dict[str, Any]],
    corpus: Path,
    settings: PrepareSettings,
    summary: Summary,
) -> list[LoopRecord]:
    """Records of the loops that stay, by source; fills the summary."""
    loops = [loop for job in jobs for loop in parts[job.part]["loops"]]
    prints = [np.load(fingerprints_path(corpus, job.part)) for job in jobs if parts[job.part]["loops"]]
    again = find_duplicates(np.concatenate(prints), settings.cut.duplicate_db) if prints else np.zeros(0, int)
    kept = [loop for loop, original in zip(loops, again, strict=True) if original < 0]
    splits = _split(kept, settings.test_share, summary)
    counts = Counter(loop["source"] for loop in kept)
    for job in jobs:
        part = parts[job.part]
        silent, repeated = part["dropped"]["silent"], part["dropped"]["repeated"]
        repeated += len(part["loops"]) - counts[job.source]
        summary.silent += silent
        summary.repeated += repeated
        if not counts[job.source]:
            reason = part["reason"] or "every loop of it repeats one of another file"
            summary.skipped.append({"source": job.source, "reason": reason})
            continue
        summary.sources.append(
            {
                "source": job.source,
                "voice": job.voice,
                "seconds": round(part["seconds"], 3),
                **part["timing"],
                "loops": counts[job.source],
                "silent": silent,
                "repeated": repeated,
                "split": splits[job.source],
                "warning": part["warning"],
                "other_bpm": part.get("other_bpm"),
            }
        )
        if part.get("other_bpm"):
            bpm, other = part["timing"]["bpm"], part["other_bpm"]
            summary.notes.append(
                f"{job.source}: taken as {bpm:.2f} BPM, may be {other:.2f} as well; --bpm states one"
            )
    records = [
        LoopRecord.from_json({**loop, "split": splits[loop["source"]], "licence": settings.licence})
        for loop in kept
    ]
    summary.loops = len(records)
    summary.train = sum(record.split == "train" for record in records)
    summary.test = summary.loops - summary.train
    return records


def _split(loops: list[dict[str, Any]], test_share: float, summary: Summary) -> dict[str, str]:
    """Train or test of each source, voice by voice."""
    splits: dict[str, str] = {}
    for voice in sorted({loop["voice"] for loop in loops}):
        counts = Counter(loop["source"] for loop in loops if loop["voice"] == voice)
        splits.update(split_sources(counts, test_share))
        if test_share > 0 and len(counts) == 1:
            summary.notes.append(f"voice {voice} comes from one file: none of it is held out for testing")
    return splits


def _remove_leftovers(corpus: Path, parts: set[str]) -> None:
    """Parts of files that are no longer in the folder."""
    for path in [*(corpus / PARTS_FOLDER).iterdir(), *(corpus / SHARDS_FOLDER).iterdir()]:
        if path.is_file() and path.stem not in parts:
            path.unlink()


def _nothing(folder: Path, skipped: list[dict[str, str]]) -> str:
    looked_for = ", ".join(sorted(AUDIO_SUFFIXES))
    reasons = Counter(entry["reason"] for entry in skipped)
    found = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(6)) or "no files at all"
    return f"nothing usable in {folder}: looked for {looked_for} there and in its sub-folders, found {found}"
