"""The page that reports are printed on: one file with everything in it, that opens from disk without a
network.
"""

import base64
import html
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from aijockey.evaluate.exhibits import Tile

Json = dict[str, Any]

MARKS = {"good": "✓", "fair": "~", "poor": "✗"}


def text(value: object) -> str:
    """Any value as text that HTML cannot mistake for its own."""
    return html.escape(str(value))


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many digits that count; a dash for none."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}"
    return f"{value:.{digits}g}" if abs(value) >= 1e-4 else f"{value:.0e}"


def figure(found: Json | None, verdict: str = "") -> str:
    """A figure with its interval, as the content of a cell; ``verdict`` marks it good, fair or poor."""
    if found is None or found.get("value") is None:
        return "–"
    value, low, high = (found[name] for name in ("value", "low", "high"))
    interval = "" if low == high else f" <small>{number(low)} to {number(high)}</small>"
    return judged(number(value), verdict) + interval


def judged(content: str, verdict: str) -> str:
    """Content with a mark and a colour."""
    if not verdict:
        return content
    return f'<span class="{verdict}"><span class="mark">{MARKS[verdict]}</span>{content}</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first cell of a row names it. Cells are HTML already."""
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(
        f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>" for first, *rest in rows
    )
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def data_uri(kind: str, content: bytes) -> str:
    """Content as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def tile(shown: Tile) -> str:
    """A loop as a button: its picture, and its sound on a click."""
    picture, sound = data_uri("image/png", shown.picture), data_uri("audio/ogg", shown.sound)
    title = text(shown.title)
    return (
        f'<button class="tile" aria-pressed="false" aria-label="play {title}" data-seconds="{shown.seconds}" '
        f'data-sound="{sound}">'
        f'<img alt="" src="{picture}"><i></i><span>{title}</span></button>'
    )


def tiles(shown: Sequence[Tile]) -> str:
    """A row of loops."""
    return f'<div class="tiles">{"".join(map(tile, shown))}</div>'


def bars(pairs: Sequence[tuple[str, float, float]]) -> str:
    """Two bars for each name, real and generated, as an SVG; heights are relative to the largest."""
    largest = max((max(real, fake) for _, real, fake in pairs), default=0.0) or 1.0
    parts = []
    for place, (name, real, fake) in enumerate(pairs):
        left = place * 30
        for offset, value, kind in ((5, real, "real"), (15, fake, "fake")):
            height = 66 * value / largest
            parts.append(
                f'<rect class="{kind}" x="{left + offset}" y="{68 - height:.1f}" width="9" '
                f'height="{height:.1f}"/>'
            )
        parts.append(f'<text x="{left + 15}" y="80">{text(name)}</text>')
    return f'<svg class="bars" viewBox="0 0 {30 * len(pairs)} 84" role="img">{"".join(parts)}</svg>'


def render_page(title: str, body: str) -> str:
    """The whole page."""
    folder = resources.files("aijockey.evaluate")
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = (folder / "report.js").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
        f"<body><main>{body}</main><script>{script}</script></body></html>\n"
    )


def write_text(path: Path, content: str) -> None:
    """Write a text file that appears under its name only when it is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(content, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
