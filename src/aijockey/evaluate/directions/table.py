"""Directions as tables: for the model card and for the terminal."""

from typing import Any

from aijockey.evaluate.directions.held_out import FAR
from aijockey.evaluate.directions.measures import MEL_MEASURES
from aijockey.pack.manifest import Manifest, VoiceSpec

GOAL = 0.2
"""Cross-talk that is hoped for: what a direction does to another measure, in times of its own effect."""

EXPLANATION = (
    "Controls by name, `controls.NAME` of a deck: one unit is one standard deviation of the measure among the "
    "voice's own loops, and 0 leaves a loop as it is. *Slope*: mean change by a unit, in deviations, from -3 to 3 "
    "(1: as said; less: the voice cannot be moved so far). *Reach*: mean change at -3 and at 3. *Monotone*: of "
    "the steps from one amount to the next in single loops, how many go the right way. *Cross-talk*: mean change "
    "of each other measure in times of the direction's own effect; those beyond 20 % of a measure that has a "
    f"direction itself are bold. *Rhythm*, *timbre*: how unlike itself a loop becomes at amounts of {FAR:g} to 3, "
    "where another seed's loop is 100 %. *Audio*: the slope after the vocoder, by the measures of "
    "`aijockey.corpus.measure`, at amounts of -2 and 2. All else is measured on log-mels (`docs/directions.md`)."
)


def card_section(manifest: Manifest) -> str:
    """Markdown: what the columns mean, then a table for every voice that has directions."""
    parts = [EXPLANATION]
    figures = manifest.figures.get("directions", {})
    for voice in manifest.voices:
        if voice.directions is None and voice.name not in figures:
            continue
        parts += [f"### {voice.name}", *_voice_parts(voice, figures.get(voice.name, {}))]
    return "\n\n".join(parts)


def _voice_parts(voice: VoiceSpec, figures: dict[str, Any]) -> list[str]:
    parts = []
    if voice.directions is not None:
        head, *body = rows_of(voice, figures, bold=True)
        lines = [head, ["---"] + ["--:"] * (len(head) - 1), *body]
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    notes = []
    if "held_out" in figures:
        notes.append(f"On {figures['held_out']} held-out latents, each moved along one direction.")
    if figures.get("agreement"):
        pairs = ", ".join(f"{name} {value:.2f}" for name, value in figures["agreement"].items())
        notes.append(f"Measures of mels and of audio correlate by: {pairs}.")
    if figures.get("left_out"):
        reasons = "; ".join(f"{name} ({reason})" for name, reason in figures["left_out"].items())
        notes.append(f"No direction: {reasons}.")
    return [*parts, *([" ".join(notes)] if notes else [])]


def rows_of(voice: VoiceSpec, figures: dict[str, Any], *, bold: bool = False) -> list[list[str]]:
    """Head and one row a direction; cells are text."""
    assert voice.directions is not None
    head = ["direction", "slope", "reach", "monotone", "rhythm", "timbre", "audio", *MEL_MEASURES]
    rows = [head]
    measured = figures.get("directions", {})
    named = {direction.name for direction in voice.directions.directions}
    for direction in voice.directions.directions:
        cells = [
            direction.name,
            f"{direction.slope:.2f}",
            f"{direction.effect[0]:.1f} to {direction.effect[-1]:.1f}",
            f"{direction.monotone:.0%}",
            *(
                f"{direction.kept[name]:.0%}" if name in direction.kept else "–"
                for name in ("rhythm", "timbre")
            ),
            _number(measured.get(direction.name, {}).get("audio_slope")),
        ]
        for name in MEL_MEASURES:
            slope = direction.crosstalk.get(name)
            share = 0.0 if slope is None else slope / max(abs(direction.slope), 1e-9)
            cell = "–" if slope is None else f"{share:+.0%}"
            cells.append(f"**{cell}**" if bold and name in named and abs(share) > GOAL else cell)
        rows.append(cells)
    return rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def terminal_table(manifest: Manifest, names: tuple[str, ...]) -> str:
    """Tables of some voices in columns."""
    figures = manifest.figures.get("directions", {})
    parts = []
    for voice in manifest.voices:
        if voice.name not in names:
            continue
        found = figures.get(voice.name, {})
        lines = [f"{voice.name}:" + ("" if voice.directions else " no directions")]
        if voice.directions is not None:
            rows = rows_of(voice, found)
            widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
            lines += [
                "  "
                + "  ".join(
                    cell.ljust(width) if not i else cell.rjust(width)
                    for i, (cell, width) in enumerate(zip(row, widths, strict=True))
                )
                for row in rows
            ]
        lines += [f"  without {name}: {reason}" for name, reason in found.get("left_out", {}).items()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
