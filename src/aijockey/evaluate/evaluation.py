"""A whole evaluation: every voice of a pack, folder or corpus against a corpus, in processes, with
progress.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aijockey import __version__
from aijockey.corpus.store import Corpus
from aijockey.evaluate.copying import Copying, TrainingSet
from aijockey.evaluate.exhibits import Tile, TileJob, map_picture
from aijockey.evaluate.intervals import mean_figure
from aijockey.evaluate.judge import judge_voice
from aijockey.evaluate.material import Material
from aijockey.evaluate.pack_jobs import MovementJob, VocoderJob
from aijockey.evaluate.score import LEAST_LOOPS
from aijockey.evaluate.sources import (
    CorpusSource,
    EvaluationError,
    Source,
    cut_jobs,
    do_job,
    open_corpus,
    open_workers,
)
from aijockey.evaluate.subject import Subject, find_subject, is_tonal, key_of_voice
from aijockey.music.key import Key

FORMAT = 1
Advance = Callable[[int, str], None]


@dataclass(frozen=True)
class Settings:
    """How much is judged.

    count : generated loops a voice. training : most training loops that copying is searched in. vocoder :
        held-out
    loops a voice through the vocoders. paths : latent paths a voice for movement. tiles : loops of each kind
    shown.
    pairs : nearest pairs shown.
    """

    count: int = 1000
    seed: int = 0
    training: int = 4000
    held_out: int = 1000
    vocoder: int = 32
    paths: int = 8
    tiles: int = 6
    pairs: int = 10
    processes: int = 1
    quick: bool = False


QUICK = {"count": 200, "training": 600, "held_out": 200, "vocoder": 8, "paths": 3, "tiles": 4, "pairs": 5}


@dataclass(frozen=True)
class VoiceExhibit:
    """What the report shows of a voice: tiles to see and hear, maps of rhythm and pitch as PNG."""

    held_out: list[Tile]
    generated: list[Tile]
    pairs: list[tuple[Tile, Tile, float]]
    rhythm: tuple[bytes, bytes]
    chroma: tuple[list[float], list[float]]


@dataclass(frozen=True)
class Evaluation:
    """Figures, as they go into the JSON file, and exhibits by voice."""

    figures: dict[str, Any]
    exhibits: dict[str, VoiceExhibit]


def evaluate_against(
    name: Path,
    against: Path,
    settings: Settings,
    chosen: tuple[str, ...] = (),
    advance: Advance | None = None,
) -> Evaluation:
    """Judge ``name`` (pack, folder of loops, corpus) against the corpus ``against``.

    Parameters
    ----------
    chosen : voices; empty for all that both have. advance : called with units of work done and what is being
        done; `work_units` says how many there are in all.

    Raises
    ------
    EvaluationError : nothing in common, or too few loops to judge. CorpusError, PackError, AudioFileError :
        as named.
    """
    began = time.monotonic()
    corpus = open_corpus(against)
    subject = find_subject(name, chosen, corpus.voices)
    tell = advance or (lambda units, what: None)
    voices: dict[str, Any] = {}
    exhibits: dict[str, VoiceExhibit] = {}
    # Checks before work: no voice fails after an hour because another one has too few loops.
    sources = {voice: _sources(voice, subject, corpus, settings) for voice in subject.voices}
    with open_workers(settings.processes) as workers:
        for voice in subject.voices:
            key = key_of_voice(voice, subject, corpus)
            bars = corpus.header.bars
            described = {
                part: _describe(workers, source, bars, key, part, voice, tell)
                for part, source in sources[voice].items()
            }
            figures, copying = judge_voice(
                described["held_out"], described["training"], described["generated"], settings.seed
            )
            figures["key"] = str(key) if key else None
            if subject.pack is not None:
                figures["movement"] = _movement(workers, subject, voice, settings, tell)
                figures["vocoder"] = _vocoder(
                    workers,
                    subject,
                    voice,
                    sources[voice]["held_out"],
                    is_tonal(voice, subject, corpus),
                    settings,
                    tell,
                )
            exhibits[voice] = _exhibit(workers, sources[voice], described, copying, settings, bars)
            tell(1, f"{voice}: pictures")
            voices[voice] = figures
    figures_of_all = {
        "format": FORMAT,
        "made_by": f"aijockey {__version__}",
        "subject": _subject_json(subject),
        "against": _corpus_json(corpus),
        "settings": {name: value for name, value in asdict(settings).items() if name != "processes"},
        "score": float(np.mean([figures["score"] for figures in voices.values()])),
        "voices": voices,
        "seconds": round(time.monotonic() - began, 1),
    }
    return Evaluation(to_json(figures_of_all), exhibits)


def work_units(name: Path, against: Path, settings: Settings, chosen: tuple[str, ...] = ()) -> int:
    """How many units `evaluate_against` will report: one a loop, and a few for the rest.

    Raises
    ------
    As `evaluate_against`, before any work.
    """
    corpus = open_corpus(against)
    subject = find_subject(name, chosen, corpus.voices)
    total = 0
    for voice in subject.voices:
        sources = _sources(voice, subject, corpus, settings)
        total += sum(len(source.names) for source in sources.values()) + 1
        if subject.pack is not None:
            total += settings.paths + min(settings.vocoder, len(sources["held_out"].names))
    return total


def _sources(voice: str, subject: Subject, corpus: Corpus, settings: Settings) -> dict[str, Source]:
    held_out = corpus.select("test", voice)[: settings.held_out]
    training = corpus.select("train", voice)
    if len(training) > settings.training:
        rng = np.random.default_rng(settings.seed)
        training = sorted(int(i) for i in rng.choice(training, settings.training, replace=False))
    generated = subject.source(voice, settings.count, settings.seed)
    counts = {"held-out": len(held_out), "training": len(training), "generated": len(generated.names)}
    for kind, count in counts.items():
        if count < LEAST_LOOPS:
            raise EvaluationError(
                f"voice '{voice}': {count} {kind} loops; judging needs at least {LEAST_LOOPS} (and means "
                f"little under 100). Leave the voice out with --voices, or give it more audio."
            )
    return {
        "training": CorpusSource(corpus.path, tuple(training)),
        "held_out": CorpusSource(corpus.path, tuple(held_out)),
        "generated": generated,
    }


def _describe(
    workers: Any, source: Source, bars: int, key: Key | None, part: str, voice: str, tell: Advance
) -> Material:
    parts = []
    what = f"{voice}: {part.replace('_', '-')} loops"
    tell(0, what)
    for described in workers.map(do_job, cut_jobs(source, bars=bars, key=key, truths=part != "training")):
        parts.append(described)
        tell(described.count, what)
    return Material.join(parts)


def _movement(
    workers: Any, subject: Subject, voice: str, settings: Settings, tell: Advance
) -> dict[str, Any]:
    first = settings.seed * 1_000_000
    jobs = [MovementJob(subject.path, voice, (first + i, first + i + 1)) for i in range(settings.paths)]
    rows = []
    tell(0, f"{voice}: movement")
    for row in workers.map(do_job, jobs):
        rows.append(row)
        tell(1, f"{voice}: movement")
    rng = np.random.default_rng(settings.seed)
    return {name: mean_figure([row[name] for row in rows], rng) for name in rows[0]}


def _vocoder(
    workers: Any,
    subject: Subject,
    voice: str,
    held_out: Source,
    tonal: bool,
    settings: Settings,
    tell: Advance,
) -> dict[str, Any]:
    count = min(settings.vocoder, len(held_out.names))
    step = 4
    jobs = [
        VocoderJob(subject.path, held_out.take(range(start, min(start + step, count))), tonal)
        for start in range(0, count, step)
    ]
    found: dict[str, dict[str, list[float]]] = {}
    done = 0
    tell(0, f"{voice}: vocoders")
    for result in workers.map(do_job, jobs):
        for vocoder, measures in result.items():
            for name, values in measures.items():
                found.setdefault(vocoder, {}).setdefault(name, []).extend(values)
        units = min(step, count - done)
        done += units
        tell(units, f"{voice}: vocoders")
    rng = np.random.default_rng(settings.seed)
    return {
        vocoder: {name: mean_figure(values, rng) for name, values in measures.items()}
        for vocoder, measures in found.items()
    }


def _exhibit(
    workers: Any,
    sources: dict[str, Source],
    described: dict[str, Material],
    copying: Copying,
    settings: Settings,
    bars: int,
) -> VoiceExhibit:
    held_out, generated = (sources[part] for part in ("held_out", "generated"))
    pairs = list(copying.pairs[: settings.pairs])
    train = TrainingSet(described["training"].pictures)
    nearest = train.nearest(described["generated"].pictures[pairs])
    shown = {part: min(settings.tiles, len(sources[part].names)) for part in ("held_out", "generated")}
    jobs = [
        TileJob(held_out.take(_spread(len(held_out.names), shown["held_out"])), bars),
        TileJob(generated.take(range(shown["generated"])), bars),
        TileJob(generated.take(pairs), bars),
        TileJob(
            sources["training"].take([int(i) for i in nearest.index]),
            bars,
            [int(roll) for roll in nearest.roll],
        ),
    ]
    real, fake, suspects, originals = workers.map(do_job, jobs)
    maps = [described[part].rhythm_map for part in ("held_out", "generated")]
    brightest = float(max(values.max() for values in maps))
    return VoiceExhibit(
        real,
        fake,
        [(a, b, float(d)) for a, b, d in zip(suspects, originals, nearest.distance, strict=True)],
        (map_picture(maps[0], brightest), map_picture(maps[1], brightest)),
        (described["held_out"].chroma.tolist(), described["generated"].chroma.tolist()),
    )


def _spread(count: int, shown: int) -> Sequence[int]:
    """``shown`` places evenly over ``count``: neighbours in a corpus come from one file."""
    return [int(i) for i in np.linspace(0, count - 1, shown).round()]


def _subject_json(subject: Subject) -> dict[str, Any]:
    about: dict[str, Any] = {"kind": subject.kind, "name": subject.path.name}
    if subject.pack is not None:
        manifest = subject.pack.manifest
        about |= {"name": manifest.name, "version": manifest.version, "hash": subject.pack.hash}
        about["vocoder"] = manifest.vocoder.family
    return about


def _corpus_json(corpus: Corpus) -> dict[str, Any]:
    header = corpus.header
    return {
        "name": corpus.path.name,
        "loops": len(corpus.loops),
        "made_by": header.made_by,
        "licence": header.licence,
        "key": header.key,
        "settings": header.settings,
    }


def to_json(value: Any) -> Any:
    """Plain JSON of nested figures: dataclasses become objects, numbers that are not finite become null."""
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(asdict(value))
    if isinstance(value, dict):
        return {str(name): to_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
