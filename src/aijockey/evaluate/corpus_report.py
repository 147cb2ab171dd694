"""The page and the short form of a corpus judged by itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aijockey.corpus.measure import MEASURES
from aijockey.evaluate.corpus_judge import DUPLICATE_DISTANCE, CorpusVerdict
from aijockey.evaluate.page import number, render_page, table, text, tiles, write_text
from aijockey.evaluate.summary import align

Json = dict[str, Any]


def corpus_summary(figures: Json) -> str:
    """A corpus in one table for the terminal, with its warnings."""
    rows: list[Sequence[str]] = [
        ("voice", "loops", "train", "test", "sources", "BPM", "key", "LUFS", "duplicates")
    ]
    for voice, found in figures["voices"].items():
        loudness = found["measures"].get("loudness_lufs")
        rows.append(
            (
                voice,
                *(str(found[name]) for name in ("loops", "train", "test", "sources")),
                number(found["tempo_bpm"]["median"]),
                next(iter(found["keys"])),
                number(loudness["median"]) if loudness else "–",
                f"{100 * found['duplicates']['share']:.0f} %",
            )
        )
    lines = [align(rows)]
    skipped = figures["skipped"]
    if skipped["sources"]:
        lines.append(f"skipped: {skipped['sources']} sources")
    lines += [f"warning: {warning}" for warning in figures["warnings"]]
    return "\n".join(lines)


def write_corpus_report(path: Path, verdict: CorpusVerdict) -> None:
    """Write the page of a corpus."""
    figures = verdict.figures
    write_text(path, render_page(f"{figures['corpus']['name']}: what is in it", _body(verdict)))


def _body(verdict: CorpusVerdict) -> str:
    figures = verdict.figures
    corpus = figures["corpus"]
    key = f", in {text(corpus['key'])}" if corpus["key"] else ""
    head = (
        "voice",
        "loops",
        "train",
        "held out",
        "sources",
        "tempo, BPM",
        "keys",
        "loudness, LUFS",
        "duplicates",
    )
    parts = [
        f"<h1>{text(corpus['name'])}</h1>",
        f'<p class="lead">A corpus of {corpus["loops"]} loops of {corpus["bars"]} bars from '
        f"{corpus['sources']} "
        f"sources{key}; made by {text(corpus['made_by'] or 'unknown')}, licence "
        f"{text(corpus['licence'])}.</p>",
    ]
    if figures["warnings"]:
        warnings = "".join(f"<li>{text(warning)}</li>" for warning in figures["warnings"])
        parts.append(f'<h3>Before you train</h3><ul class="fair">{warnings}</ul>')
    parts += [
        "<h3>At a glance</h3>",
        table(head, [_row(voice, found) for voice, found in figures["voices"].items()]),
    ]
    for voice, found in figures["voices"].items():
        parts.append(_voice(voice, found, verdict))
    skipped = figures["skipped"]
    if skipped["sources"]:
        rows = [(text(reason), str(count)) for reason, count in skipped["reasons"].items()]
        parts += [f"<h2>Skipped: {skipped['sources']} sources</h2>", table(("reason", "sources"), rows)]
    return "".join(parts)


def _row(voice: str, found: Json) -> list[str]:
    tempo, loudness = found["tempo_bpm"], found["measures"].get("loudness_lufs")
    keys = ", ".join(f"{text(name)} ({count})" for name, count in list(found["keys"].items())[:3])
    return [
        text(voice),
        *(str(found[name]) for name in ("loops", "train", "test", "sources")),
        _range(tempo),
        keys,
        _range(loudness),
        f"{100 * found['duplicates']['share']:.1f} %",
    ]


def _range(found: Json | None) -> str:
    if not found:
        return "–"
    return f"{number(found['median'])} <small>{number(found['p5'])} to {number(found['p95'])}</small>"


def _voice(voice: str, found: Json, verdict: CorpusVerdict) -> str:
    rows = [
        (
            text(name.replace("_", " ")),
            _range(values),
            text(MEASURES[name].unit),
            text(MEASURES[name].description),
        )
        for name, values in found["measures"].items()
    ]
    duplicates = found["duplicates"]
    nearest = [
        (text(pair["loop"]), text(pair["nearest"]), number(pair["distance"])) for pair in duplicates["worst"]
    ]
    return "".join(
        [
            f"<h2>{text(voice)}</h2>",
            tiles(verdict.tiles[voice]),
            "<h3>Measures: median, and from the 5th to the 95th percentile</h3>",
            table(("", "", "unit", ""), rows),
            "<h3>Loops that are nearly another one</h3>",
            f"<p>{100 * duplicates['share']:.1f} % of {duplicates['searched']} loops lie within "
            f"{DUPLICATE_DISTANCE} of another, rolls and gain aside; {100 * duplicates['across_split']:.1f} "
            "% of "
            f"the held-out ones that near to a training loop. Median distance to the nearest: "
            f"{number(duplicates['median_distance'])}.</p>",
            table(("loop", "nearest", "distance"), nearest),
        ]
    )
