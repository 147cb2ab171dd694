"""What is in a corpus, before anybody trains on it: voices, tempo, keys, loudness, measures, duplicates."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aijockey import __version__
from aijockey.corpus.measure import MEASURES
from aijockey.corpus.store import HEADER_FILE, Corpus
from aijockey.evaluate.copying import TrainingSet
from aijockey.evaluate.evaluation import FORMAT, to_json
from aijockey.evaluate.exhibits import Tile, TileJob
from aijockey.evaluate.score import LEAST_LOOPS
from aijockey.evaluate.sources import (
    CorpusSource,
    EvaluationError,
    PicturesJob,
    do_job,
    open_corpus,
    open_workers,
)

DUPLICATE_DISTANCE = 0.1
"""Nearer than this, rolls and gain aside, two loops are one: unrelated ones are about 1.4 apart."""

FEW_LOOPS, FEW_HELD_OUT = 200, 100
SEARCHED = 4000
"""Loops a voice in which duplicates are looked for."""

TILES = 6


@dataclass(frozen=True)
class CorpusVerdict:
    """Figures as they go into the JSON, and loops of each voice to see and hear."""

    figures: dict[str, Any]
    tiles: dict[str, list[Tile]]


def judge_corpus(
    path: Path, chosen: tuple[str, ...], processes: int, advance: Callable[[int], object] | None = None
) -> CorpusVerdict:
    """Judge a corpus by itself.

    Raises
    ------
    EvaluationError : not a corpus, or without a chosen voice. CorpusError : a damaged one.
    """
    if not (path / HEADER_FILE).is_file():
        raise EvaluationError(
            f"{path} is no corpus; to judge a pack or a folder of loops, add --against CORPUS"
        )
    corpus = open_corpus(path)
    missing = [voice for voice in chosen if voice not in corpus.voices]
    if missing:
        raise EvaluationError(f"{path} has no voice {', '.join(missing)}; it has {', '.join(corpus.voices)}")
    tell = advance or (lambda units: None)
    voices: dict[str, Any] = {}
    tiles: dict[str, list[Tile]] = {}
    with open_workers(processes) as workers:
        for voice in chosen or corpus.voices:
            indices = corpus.select(voice=voice)
            shown = [
                indices[int(place)] for place in np.linspace(0, len(indices) - 1, min(TILES, len(indices)))
            ]
            tiles[voice] = next(
                iter(workers.map(do_job, [TileJob(CorpusSource(path, tuple(shown)), corpus.header.bars)]))
            )
            voices[voice] = _judge_voice(corpus, indices, workers, tell)
    skipped = corpus.skipped()
    reasons = Counter(line.get("reason", "unknown") for line in skipped)
    header = corpus.header
    figures = {
        "format": FORMAT,
        "made_by": f"aijockey {__version__}",
        "corpus": {
            "name": path.name,
            "unit": header.unit,
            "bars": header.bars,
            "channels": header.channels,
            "key": header.key,
            "licence": header.licence,
            "made_by": header.made_by,
            "loops": len(corpus.loops),
            "sources": len({record.source for record in corpus.loops}),
            "licences": dict(Counter(record.licence for record in corpus.loops)),
        },
        "skipped": {"sources": len(skipped), "reasons": dict(reasons.most_common())},
        "voices": voices,
        "warnings": [warning for voice, found in voices.items() for warning in _warnings(voice, found)],
    }
    return CorpusVerdict(to_json(figures), tiles)


def _judge_voice(
    corpus: Corpus, indices: list[int], workers: Any, tell: Callable[[int], object]
) -> dict[str, Any]:
    records = [corpus.loops[index] for index in indices]
    tempo = np.array([record.bpm for record in records])
    measures = {
        name: _quantiles([record.measures[name] for record in records if name in record.measures])
        for name in MEASURES
    }
    return {
        "loops": len(records),
        "train": sum(record.split == "train" for record in records),
        "test": sum(record.split == "test" for record in records),
        "sources": len({record.source for record in records}),
        "tempo_bpm": _quantiles(tempo),
        "tempi": {
            str(bpm): count for bpm, count in Counter(np.round(tempo).astype(int).tolist()).most_common(8)
        },
        "tempo_confidence": _quantiles(
            [
                record.measures["tempo_confidence"]
                for record in records
                if "tempo_confidence" in record.measures
            ]
        ),
        "keys": dict(Counter(record.notes.get("key", "none") or "none" for record in records).most_common(8)),
        "measures": {name: found for name, found in measures.items() if found},
        "duplicates": _duplicates(corpus, indices, workers, tell),
    }


def _quantiles(values: Any) -> dict[str, float] | None:
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        return None
    names = ("least", "p5", "median", "p95", "most")
    found = {
        name: float(v) for name, v in zip(names, np.percentile(numbers, [0, 5, 50, 95, 100]), strict=True)
    }
    return {**found, "std": float(numbers.std())}


def _duplicates(
    corpus: Corpus, indices: list[int], workers: Any, tell: Callable[[int], object]
) -> dict[str, Any]:
    """Loops that are another loop of the voice again, and those that are so across the split."""
    searched = indices[:SEARCHED]
    step = 32
    jobs = [
        PicturesJob(CorpusSource(corpus.path, tuple(searched[start : start + step])), corpus.header.bars)
        for start in range(0, len(searched), step)
    ]
    parts = []
    for part in workers.map(do_job, jobs):
        parts.append(part)
        tell(len(part))
    if len(searched) < 2:
        return {
            "searched": len(searched),
            "share": 0.0,
            "across_split": 0.0,
            "median_distance": None,
            "worst": [],
        }
    pictures = np.concatenate(parts)
    nearest = TrainingSet(pictures).nearest(pictures, not_itself=True)
    same = nearest.distance < DUPLICATE_DISTANCE
    records = [corpus.loops[index] for index in searched]
    test = np.array([record.split == "test" for record in records])
    leaks = 0.0
    if test.any() and not test.all():
        across = TrainingSet(pictures[~test]).nearest(pictures[test])
        leaks = float(np.mean(across.distance < DUPLICATE_DISTANCE))
    order = np.argsort(nearest.distance, kind="stable")[:20]
    # Two loops that are each other's nearest are one pair.
    worst = list({frozenset((int(i), int(nearest.index[i]))): int(i) for i in reversed(order)}.values())[
        ::-1
    ][:10]
    return {
        "searched": len(searched),
        "share": float(same.mean()),
        "across_split": leaks,
        "median_distance": float(np.median(nearest.distance)),
        "worst": [
            {
                "loop": records[i].id,
                "nearest": records[nearest.index[i]].id,
                "distance": float(nearest.distance[i]),
            }
            for i in worst
        ],
    }


def _warnings(voice: str, found: dict[str, Any]) -> list[str]:
    warnings = []
    if found["loops"] < FEW_LOOPS:
        warnings.append(f"{voice}: {found['loops']} loops; under {FEW_LOOPS} a network learns them by heart")
    if found["test"] < LEAST_LOOPS:
        warnings.append(
            f"{voice}: {found['test']} held-out loops; judging needs {LEAST_LOOPS} at the very least"
        )
    elif found["test"] < FEW_HELD_OUT:
        warnings.append(
            f"{voice}: {found['test']} held-out loops; under {FEW_HELD_OUT} every figure is rough"
        )
    duplicates = found["duplicates"]
    if duplicates["share"] > 0.05:
        warnings.append(f"{voice}: {100 * duplicates['share']:.0f} % of the loops are another one again")
    if duplicates["across_split"] > 0.01:
        share = 100 * duplicates["across_split"]
        warnings.append(f"{voice}: {share:.0f} % of the held-out loops are in the training split too")
    loudness = found["measures"].get("loudness_lufs")
    if loudness and loudness["std"] > 4.0:
        warnings.append(f"{voice}: loudness differs by {loudness['std']:.1f} dB (standard deviation)")
    confidence = found["tempo_confidence"]
    if confidence and confidence["p5"] < 0.3:
        warnings.append(
            f"{voice}: the tempo of some loops is a guess (confidence down to {confidence['least']:.2f})"
        )
    return warnings
