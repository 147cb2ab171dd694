"""Figures of an evaluation as the Markdown that a pack's ``MODEL_CARD.md`` holds."""

from collections.abc import Sequence
from typing import Any

from aijockey.evaluate.page import number
from aijockey.evaluate.summary import HEAD, percent, voice_row
from aijockey.evaluate.vocoder import VOCODER_MEASURES

Json = dict[str, Any]


def model_card_tables(figures: Json, command: str = "") -> str:
    """Markdown of an evaluation: voices, truths, vocoder, movement, and how all of it was measured.

    Parameters
    ----------
    figures : what ``aijockey evaluate PACK --against CORPUS --json FILE`` wrote.
    command : the command that gives the figures again, shown as it is.
    """
    settings, against = figures["settings"], figures["against"]
    counts = [found["counts"] for found in figures["voices"].values()]
    parts = [
        "## Figures",
        _markdown([HEAD, *(voice_row(voice, found) for voice, found in figures["voices"].items())]),
        "Timbre, rhythm and harmony are Frechet distances of generated to held-out loops in times that of "
        "real "
        "against real at the same sample size (1: as near as two halves of real). Coverage (k = 5, at best "
        "0.97) and diversity (1: real's) are the lowest of the three views. Detail is the mean step from mel "
        "band to mel band after the vocoder, relative to real. Newness is the distance to the nearest "
        "training "
        "loop relative to that of held-out loops (0: copies). On grid: share of onsets within 20 ms of a "
        "sixteenth, generated and real. Score: 0 cannot be told from unseen real loops.",
        "### With 95 % intervals",
        _markdown(_interval_rows(figures["voices"])),
    ]
    if all("vocoder" in found for found in figures["voices"].values()):
        parts += ["### Vocoder on held-out loops", *_vocoder_parts(figures["voices"])]
    if all("movement" in found for found in figures["voices"].values()):
        parts += [
            "### Movement along spherical paths of 16 steps",
            _markdown(_movement_rows(figures["voices"])),
        ]
    truths = [
        ("voice", "exact length", "seamless", "real", "clipped", "silent", "in key", "real"),
        *(_truth_row(voice, found["truths"]) for voice, found in figures["voices"].items()),
    ]
    parts += ["### Truths", _markdown(truths)]
    parts += [
        "### How it was measured",
        f"{_span([count['generated'] for count in counts])} generated loops a voice (seeds from "
        f"{settings['seed'] * 1_000_000} on, not chosen) against "
        f"{_span([count['held_out'] for count in counts])} "
        f"held-out and {_span([count['training'] for count in counts])} training loops of {against['name']} "
        f"({against['made_by'] or 'unknown'}), by {figures['made_by']}, seed {settings['seed']}. Embeddings "
        "need "
        "no trained network: `docs/evaluation.md` defines them.",
    ]
    if command:
        parts.append(f"```sh\n{command}\n```")
    return "\n\n".join(parts) + "\n"


def short_figures(figures: Json) -> Json:
    """The figures that a pack's manifest carries: plain numbers by voice, and the vocoder's means over
    voices.
    """
    short: Json = {"score": figures["score"], "voices": {}}
    for voice, found in figures["voices"].items():
        short["voices"][voice] = {
            "score": found["score"],
            **{f"{view}_frechet_ratio": v["frechet_ratio"]["value"] for view, v in found["views"].items()},
            **{f"{view}_coverage": v["coverage"]["value"] for view, v in found["views"].items()},
            **{f"{view}_diversity": v["diversity"]["value"] for view, v in found["views"].items()},
            "frequency_detail": found["detail"]["frequency_detail"]["value"],
            "copying_ratio": found["copying"]["ratio"]["value"],
            "generated": found["counts"]["generated"],
            "held_out": found["counts"]["held_out"],
        }
    if all("vocoder" in found for found in figures["voices"].values()):
        short["vocoder"] = mean_vocoders(figures["voices"])
    return short


def mean_vocoders(voices: Json) -> dict[str, dict[str, float]]:
    """Each measure of each vocoder, mean over the voices that have it, every voice weighing the same."""
    found: dict[str, dict[str, list[float]]] = {}
    for figures in voices.values():
        for vocoder, measures in figures["vocoder"].items():
            for name, value in measures.items():
                found.setdefault(vocoder, {}).setdefault(name, []).append(value["value"])
    return {
        vocoder: {name: sum(values) / len(values) for name, values in measures.items()}
        for vocoder, measures in found.items()
    }


def _interval_rows(voices: Json) -> list[Sequence[str]]:
    names = ("timbre", "rhythm", "harmony")
    rows: list[Sequence[str]] = [
        (
            "voice",
            *(f"{view} {what}" for view in names for what in ("Frechet", "real", "infinite", "coverage")),
        )
    ]
    for voice, found in voices.items():
        cells = []
        for view in names:
            figures = found["views"][view]
            cells += [
                _interval(figures[name])
                for name in ("frechet", "frechet_real", "frechet_infinite", "coverage")
            ]
        rows.append((voice, *cells))
    return rows


def _vocoder_parts(voices: Json) -> list[str]:
    means = mean_vocoders(voices)
    rows: list[Sequence[str]] = [("measure", *means, "better")]
    for name, measure in VOCODER_MEASURES.items():
        if any(name in measures for measures in means.values()):
            unit = f", {measure.unit}" if measure.unit else ""
            cells = [number(measures.get(name)) for measures in means.values()]
            rows.append((f"{measure.title}{unit}", *cells, "higher" if measure.higher_is_better else "lower"))
    by_voice: list[Sequence[str]] = [("voice", *VOCODER_MEASURES)]
    for voice, found in voices.items():
        cells = [
            " / ".join(
                number(measures[name]["value"]) for measures in found["vocoder"].values() if name in measures
            )
            for name in VOCODER_MEASURES
        ]
        by_voice.append((voice, *(cell or "–" for cell in cells)))
    loops = _span(
        [next(iter(next(iter(found["vocoder"].values())).values()))["count"] for found in voices.values()]
    )
    order = " / ".join(means)
    return [
        _markdown(rows),
        f"Mean over voices, {loops} held-out loops a voice, from their own log-mel. By voice, {order}:",
        _markdown(by_voice),
    ]


def _movement_rows(voices: Json) -> list[Sequence[str]]:
    names = ("step_db", "worst_step_db", "evenness", "whole_db", "detour")
    rows: list[Sequence[str]] = [("voice", "dB a step", "worst", "evenness", "end to end, dB", "detour")]
    return rows + [
        (voice, *(number(found["movement"][name]["value"]) for name in names))
        for voice, found in voices.items()
    ]


def _truth_row(voice: str, truths: Json) -> list[str]:
    fake, real = truths["generated"], truths["held_out"]
    return [
        voice,
        percent(fake.get("exact_length")),
        percent(fake.get("seamless")),
        percent(real.get("seamless")),
        percent(fake.get("clipped_share")),
        percent(fake.get("silent")),
        percent(fake.get("in_key_share")),
        percent(real.get("in_key_share")),
    ]


def _interval(figure: Json) -> str:
    return f"{number(figure['value'], 2)} ({number(figure['low'], 2)} to {number(figure['high'], 2)})"


def _span(counts: Sequence[int]) -> str:
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
