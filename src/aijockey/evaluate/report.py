"""The report of an evaluation: a page with tables, pictures and sounds, drawn from the same figures as the
JSON.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aijockey.evaluate.evaluation import Evaluation, VoiceExhibit
from aijockey.evaluate.goals import GOALS, verdict
from aijockey.evaluate.page import (
    bars,
    data_uri,
    figure,
    judged,
    number,
    render_page,
    table,
    text,
    tile,
    tiles,
    write_text,
)
from aijockey.evaluate.truths import TRUTHS
from aijockey.evaluate.views import VIEWS
from aijockey.evaluate.vocoder import VOCODER_MEASURES
from aijockey.music.key import PITCH_NAMES

Json = dict[str, Any]

VIEW_ROWS = {
    "frechet_ratio": (
        "Frechet, times real against real",
        "at one sample size; 1 is as near as two halves of real",
    ),
    "frechet": ("Frechet distance", "generated to held-out, in shares of real variance"),
    "frechet_real": ("Frechet, real against real", "between disjoint halves of held-out loops: the floor"),
    "frechet_infinite": ("Frechet, infinite sets", "extrapolated over 1 / N; 0 for one distribution"),
    "coverage": ("coverage", "share of held-out loops with a generated one near (k = 5); 0.97 at best"),
    "coverage_real": ("coverage, real by real", "the same between halves"),
    "density": ("density", "how deep generated loops lie among real ones; about 1"),
    "precision": ("precision", "share of generated loops near any real one"),
    "recall": ("recall", "share of held-out loops near any generated one"),
    "kernel": ("kernel distance", "unbiased, for small sets; 0 for one distribution"),
    "diversity": ("diversity", "mean distance between loops, relative to real's"),
}
MOVEMENT_ROWS = {
    "step_db": "change a step, dB",
    "worst_step_db": "worst step, dB",
    "evenness": "evenness",
    "whole_db": "end to end, dB",
    "detour": "detour",
}
READING = {
    "Views": "Timbre is statistics of the log-mel over time at several scales; rhythm is onset strength in "
    "four registers folded on the 32 sixteenths, with its timing; harmony is pitch classes beat by beat, the "
    "bass note, the fit to each key, and tuning. Level is taken out. No network is involved. Each view is "
    "reduced to the 24 strongest components of the training loops and the distance from them.",
    "Frechet distance": "Between Gaussians fitted to both sets. Small sets look further apart than they are, "
    "so it is shown beside that of real against real at the same size, and extrapolated to infinite sets. It "
    "sees means and correlations, not fine detail and not single bad loops.",
    "Intervals": "95 %: bootstrap for means, half-sets without replacement for Frechet and kernel distances. "
    "Two figures whose intervals overlap widely are not different.",
    "Pictures": "Log-mel of a loop, 20 Hz to 20 kHz from bottom to top, 80 dB from black to bright. Sounds "
    "are mono, Ogg/Opus, and repeat until stopped (Escape).",
}


def write_report(path: Path, evaluation: Evaluation) -> None:
    """Write the page of an evaluation of a pack, folder or corpus."""
    title = f"{evaluation.figures['subject']['name']}, judged"
    write_text(path, render_page(title, _body(evaluation)))


def _body(evaluation: Evaluation) -> str:
    figures = evaluation.figures
    subject, against, settings = (figures[name] for name in ("subject", "against", "settings"))
    version = f" {subject['version']}" if "version" in subject else ""
    links = [f'<a href="#{_anchor(voice)}">{text(voice)}</a>' for voice in figures["voices"]]
    quick = " A quick look: intervals are wide." if settings["quick"] else ""
    parts = [
        f"<h1>{text(subject['name'])}{text(version)}</h1>",
        f'<p class="lead">A {text(subject["kind"])}, judged against the held-out loops of '
        f"{text(against['name'])} (made by {text(against['made_by'] or 'unknown')}, "
        f"{text(against['licence'])}). "
        f"Up to {settings['count']} loops a voice, seed {settings['seed']}; took "
        f"{number(figures['seconds'])} s; "
        f"{text(figures['made_by'])}.{quick}</p>",
        f'<nav>{"".join(links)}<a href="#reading">how to read this</a></nav>',
        "<h3>At a glance</h3>",
        _glance(figures["voices"]),
        '<p class="note">Score: lower is better, 0 is material that cannot be told from unseen real loops. '
        "Timbre, rhythm and harmony are Frechet distances in times real against real, wanted "
        f"{GOALS['frechet_ratio'].wanted}. Coverage and diversity are the lowest of the three views, wanted "
        f"{GOALS['coverage'].wanted}. Fine detail and newness are relative to real.</p>",
    ]
    parts += [_voice(voice, found, evaluation.exhibits[voice]) for voice, found in figures["voices"].items()]
    reading = "".join(f"<dt>{text(name)}</dt><dd>{text(words)}</dd>" for name, words in READING.items())
    parts.append(f'<h2 id="reading">How to read this</h2><dl>{reading}</dl>')
    return "".join(parts)


def _anchor(voice: str) -> str:
    return "voice-" + "".join(letter if letter.isalnum() else "-" for letter in voice)


def _glance(voices: Json) -> str:
    rows = []
    for voice, found in voices.items():
        views, truths = found["views"], found["truths"]
        ratios = [views[view]["frechet_ratio"]["value"] for view in VIEWS]
        coverage, diversity = (
            min(views[view][name]["value"] for view in VIEWS) for name in ("coverage", "diversity")
        )
        cells = [("frechet_ratio", ratio) for ratio in ratios] + [
            ("coverage", coverage),
            ("diversity", diversity),
            ("frequency_detail", found["detail"]["frequency_detail"]["value"]),
            ("copying_ratio", found["copying"]["ratio"]["value"]),
        ]
        marked = [judged(number(value), verdict(name, value)) for name, value in cells]
        name = f'<a href="#{_anchor(voice)}">{text(voice)}</a>'
        rows.append([name, number(found["score"]), *marked, _grid(truths)])
    return table(
        ("voice", "score", *VIEWS, "coverage", "diversity", "fine detail", "newness", "on the grid"), rows
    )


def _grid(truths: Json) -> str:
    fake, real = (truths[part].get("on_grid", {}).get("value") for part in ("generated", "held_out"))
    if fake is None or real is None:
        return "–"
    share = judged(f"{100 * fake:.0f} %", verdict("on_grid_gap", fake - real))
    return f"{share} <small>real {100 * real:.0f} %</small>"


def _voice(voice: str, found: Json, exhibit: VoiceExhibit) -> str:
    counts = found["counts"]
    key = f", in {text(found['key'])}" if found.get("key") else ""
    detail = [
        (text(name.replace("_", " ")), figure(value, verdict(name, value["value"])), GOALS[name].wanted)
        for name, value in found["detail"].items()
    ]
    parts = [
        f'<h2 id="{_anchor(voice)}">{text(voice)}</h2>',
        f'<p class="lead">{counts["generated"]} generated loops against {counts["held_out"]} held-out and '
        f"{counts['training']} training ones{key}. Score {number(found['score'])}.</p>",
        "<h3>Held-out, real</h3>",
        tiles(exhibit.held_out),
        "<h3>Generated: the first ones, not chosen</h3>",
        tiles(exhibit.generated),
        _maps(exhibit),
        "<h3>Three views</h3>",
        table(("", *VIEWS, ""), _view_rows(found["views"])),
        "<h3>Fine detail, relative to real</h3>",
        table(("", "", "wanted"), detail),
        "<h3>Truths</h3>",
        table(("", "generated", "held-out", "right", "unit"), _truth_rows(found["truths"])),
        _copying(found["copying"], exhibit.pairs),
    ]
    if "vocoder" in found:
        parts += ["<h3>Vocoder, on held-out loops</h3>", vocoder_table(found["vocoder"])]
    if "movement" in found:
        rows = [(title, figure(found["movement"][name])) for name, title in MOVEMENT_ROWS.items()]
        parts += [
            "<h3>Movement</h3>",
            table(("along a spherical path of 16 steps", ""), rows),
            '<p class="note">Change of the log-mel, before the vocoder. Evenness: mean over worst step, 1 is '
            "an even walk. Detour: all steps together over the way straight from end to end.</p>",
        ]
    return "".join(parts)


def _maps(exhibit: VoiceExhibit) -> str:
    names = [(name, real, fake) for name, real, fake in zip(PITCH_NAMES, *exhibit.chroma, strict=True)]
    real, fake = (data_uri("image/png", picture) for picture in exhibit.rhythm)
    shown = (
        (f'<img alt="" src="{real}">', "Onsets on the 32 sixteenths, real; kick and bass below, air above"),
        (f'<img alt="" src="{fake}">', "The same, generated"),
        (bars(names), "Pitch classes: real grey, generated in colour"),
    )
    figures = "".join(
        f"<figure>{picture}<figcaption>{caption}</figcaption></figure>" for picture, caption in shown
    )
    return f'<h3>On average</h3><div class="maps">{figures}</div>'


def _view_rows(views: Json) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, (title, explained) in VIEW_ROWS.items():
        cells = [figure(views[view][name], verdict(name, views[view][name]["value"])) for view in VIEWS]
        rows.append((title, *cells, f'<small class="why">{explained}</small>'))
    sizes = [
        f"{views[view]['frechet_ratio']['count']} <small>{views[view]['dims']} dimensions, "
        f"{100 * views[view]['explained']:.0f} % of variance</small>"
        for view in VIEWS
    ]
    return [*rows, ("loops a side", *sizes, "")]


def _truth_rows(truths: Json) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, truth in TRUTHS.items():
        fake, real = (truths[part].get(name) for part in ("generated", "held_out"))
        if fake or real:
            right = text(truth.right or "as real ones")
            rows.append((text(truth.title), figure(fake), figure(real), right, text(truth.unit)))
    spread = [figure(truths[part].get("loudness_spread_db")) for part in ("generated", "held_out")]
    return [*rows, ("spread of loudness", *spread, "as real ones", "dB")]


def vocoder_table(vocoders: Json) -> str:
    """Vocoders in columns, measures in rows; the best of a row is marked."""
    rows = []
    for name, measure in VOCODER_MEASURES.items():
        found = {vocoder: measures.get(name) for vocoder, measures in vocoders.items()}
        values = {vocoder: value["value"] for vocoder, value in found.items() if value}
        if not values:
            continue
        best = (max if measure.higher_is_better else min)(values, key=lambda vocoder: values[vocoder])
        cells = [
            figure(value, "good" if vocoder == best and len(values) > 1 else "")
            for vocoder, value in found.items()
        ]
        better = "higher" if measure.higher_is_better else "lower"
        rows.append((text(measure.title), *cells, text(measure.unit), f"<small>{better} is better</small>"))
    return table(("", *map(text, vocoders), "unit", ""), rows)


def _copying(found: Json, pairs: Sequence[tuple[Any, Any, float]]) -> str:
    ratio = found["ratio"]
    shown = "".join(
        f'<div class="pair">{tile(suspect)}{tile(original)}<p>distance {number(distance)}</p></div>'
        for suspect, original, distance in pairs
    )
    return (
        "<h3>Newness: generated loops and the training loops nearest to them</h3>"
        f"<p>Generated loops lie {figure(ratio, verdict('copying_ratio', ratio['value']))} times as far from "
        "their nearest training loop as held-out loops do (1: as new as unseen real ones; 0: copies). The "
        f"nearest hundredth: {number(found['closest_ratio'])} times. A share of "
        f"{figure(found['suspicious'])} "
        "is nearer than 99 % of held-out loops are (0.01 by chance).</p>"
        '<p class="note">The nearest pairs of all, generated left, training right, rolled to line up. A '
        "distance of 0 is a copy, about 1.4 two unrelated loops.</p>"
        f'<div class="pairs">{shown}</div>'
    )
