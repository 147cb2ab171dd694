"""The table of parameters as a page to read; ``docs/parameters.md`` is this."""

from aijockey.control.parameters import MAX_DECKS, PARAMETERS, Parameter

GROUPS = {
    "transport": "Transport",
    "history": "History",
    "autopilot": "Autopilot",
    "deck": f"Decks (N is 1 to {MAX_DECKS})",
    "mixer": "Mixer",
    "echo": "Echo",
    "room": "Room",
    "master": "Master and headphones",
}
INTRODUCTION = """# Parameters

All that can be moved, by a set's events, by a hand or by a program. This page is made of the one table in
`aijockey/control/parameters.py`, by `aijockey parameters --markdown`; what is not here does not exist.

An event is a beat (or now), an address and a value, and says over how many beats it moves, if not at once.
**Acts** says when: *sample*: on the very sample, smoothed; *reading*: on the very sample, with a cross-fade of 2
or 5 ms; *line*: at the deck's next grid line; *gesture*: at once, and becomes other events, which a set holds in
its place.

| curve | what a surface shows |
|---|---|
| linear, decibel, octave | a knob or fader: straight, in dB (the lowest is silence), in equal ratios |
| step | whole numbers |
| switch | on or off |
| hold | on while a button is down |
| trigger | acts each time it is sent |
| choice | one of those listed |
| name, text | words |
"""


def acts(row: Parameter) -> str:
    """When an event of ``row`` acts, in a word."""
    if row.gesture:
        return "gesture"
    if row.planned:
        return "line"
    return "reading" if row.read else "sample"


def as_markdown() -> str:
    """The whole page."""
    pages = [INTRODUCTION]
    for group, title in GROUPS.items():
        columns = ("address", "unit", "range", "default", "curve", "acts", "what it does")
        lines = [f"## {title}", "", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
        for row in PARAMETERS:
            if row.group == group:
                cells = (
                    f"`{address(row)}`", row.unit, range_of(row), default_of(row), row.curve, acts(row), row.summary,
                )  # fmt: skip
                lines.append("| " + " | ".join(cell.replace("|", "\\|") or " " for cell in cells) + " |")
        pages.append("\n".join(lines) + "\n")
    return "\n".join(pages)


def address(row: Parameter) -> str:
    """Address of a row; that of a generator's control shows where its name goes."""
    return "deck.N.controls.NAME" if row.address == "deck.N.control" else row.address


def range_of(row: Parameter) -> str:
    """Range or choices of a row, for people."""
    if row.choices:
        return ", ".join(choice if isinstance(choice, str) else f"{choice:g}" for choice in row.choices)
    return "" if row.curve in ("name", "text") else f"{row.low:.10g} to {row.high:.10g}"


def default_of(row: Parameter) -> str:
    """Default of a row, for people; a gesture has none."""
    if row.gesture:
        return ""
    return row.default if isinstance(row.default, str) else f"{row.default:g}"
