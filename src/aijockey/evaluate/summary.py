"""Figures as short tables: for the terminal, and as Markdown for a pack's model card."""

from collections.abc import Sequence
from typing import Any

from aijockey.evaluate.page import number
from aijockey.evaluate.views import VIEWS

Json = dict[str, Any]

HEAD = ("voice", "score", *VIEWS, "coverage", "diversity", "detail", "newness", "on grid", "real")


def voice_row(voice: str, found: Json) -> list[str]:
    """One voice in the columns of `HEAD`, as text."""
    views, truths = found["views"], found["truths"]
    lowest = [min(views[view][name]["value"] for view in VIEWS) for name in ("coverage", "diversity")]
    return [
        voice,
        number(found["score"]),
        *(number(views[view]["frechet_ratio"]["value"]) for view in VIEWS),
        *map(number, lowest),
        number(found["detail"]["frequency_detail"]["value"]),
        number(found["copying"]["ratio"]["value"]),
        *(percent(truths[part].get("on_grid")) for part in ("generated", "held_out")),
    ]


def percent(found: Json | None) -> str:
    """A share as a whole number of hundredths."""
    return "–" if not found or found["value"] is None else f"{100 * found['value']:.0f} %"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text in columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def summarize(figures: Json) -> str:
    """An evaluation in one table for the terminal."""
    rows = [HEAD, *(voice_row(voice, found) for voice, found in figures["voices"].items())]
    return (
        f"{align(rows)}\n"
        "timbre, rhythm, harmony: Frechet distance in times real against real; coverage and diversity: "
        "lowest "
        "of the three.\n"
        f"score {number(figures['score'])} (0: cannot be told from unseen real loops), {figures['seconds']} s"
    )
