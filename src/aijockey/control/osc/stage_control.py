"""A layout as Open Stage Control loads it: a session in JSON, of its version 1.

Start its server with ``--send 127.0.0.1:PORT`` (the port of ``--osc``) and ``--load FILE``, and AI Jockey with
``--osc-send 127.0.0.1:8080``, the server's own port, to see what others move. openstagecontrol.ammd.net/docs
"""

import json
from typing import Any

from aijockey.control.osc.addresses import to_argument, to_osc
from aijockey.control.osc.description import type_of
from aijockey.control.osc.layout import CELLS, Page, Place, pages
from aijockey.control.travel import FADER_DB, FADER_TRAVEL

VERSION = "1.25.0"
LABEL = 18
CELL_HEIGHT = 60
# What a widget is called there, and how its buttons behave.
TYPES = {
    "fader": "fader",
    "knob": "knob",
    "toggle": "button",
    "hold": "button",
    "push": "button",
    "choice": "switch",
}
MODES = {"toggle": "toggle", "hold": "push", "push": "tap"}


def as_session(decks: int) -> bytes:
    """The session for so many decks, as a file's bytes."""
    root = {"type": "root", "id": "root", "tabs": [_tab(shown) for shown in pages(decks)]}
    session = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": root}
    return json.dumps(session, indent=1).encode()


def _tab(page: Page) -> dict[str, Any]:
    name = page.title.lower().replace(" ", "_")
    widgets = [
        widget for place in page.places for widget in _widgets(place, f"{name}/{place.address}/{place.label}")
    ]
    return {"type": "tab", "id": name, "label": page.title, "widgets": widgets}


def _widgets(place: Place, name: str) -> list[dict[str, Any]]:
    """The control and, where it has no face for one, its label below."""
    labelled = place.shape not in MODES
    height = place.lines * CELL_HEIGHT
    frame = {
        "left": f"{100 * place.column / CELLS:.4g}%",
        "top": place.line * CELL_HEIGHT,
        "width": f"{100 * place.columns / CELLS:.4g}%",
        "height": height - LABEL * labelled,
    }
    row = place.row
    widget = {
        "type": TYPES[place.shape],
        "id": name,
        **frame,
        "address": to_osc(place.address),
        "typeTags": "s" if type_of(row) == "s" else "f",
        "decimals": 0 if type_of(row) == "i" else 4,
        **_values(place),
    }
    if not labelled:
        return [widget]
    below = {"left": frame["left"], "top": place.line * CELL_HEIGHT + height - LABEL, "width": frame["width"]}
    text = {"type": "text", "id": f"{name}/label", **below, "height": LABEL, "value": place.label}
    return [widget, {**text, "interaction": False, "bypass": True}]


def _values(place: Place) -> dict[str, Any]:
    row = place.row
    if place.shape in MODES:
        on = place.value if row.curve not in ("switch", "hold") else 1.0
        start = {} if place.shape == "push" else {"default": to_argument(row, row.default)}
        return {"mode": MODES[place.shape], "on": on, "off": 0.0, "label": place.label, **start}
    if place.shape == "choice":
        shown = {choice if isinstance(choice, str) else f"{choice:g}": choice for choice in row.choices}
        return {"values": shown, "default": row.default, "mode": "tap", "layout": "horizontal"}
    if row.curve == "decibel":
        steps = zip(FADER_TRAVEL[1:-1], FADER_DB[1:-1], strict=True)
        between = {f"{100 * travel:g}%": level for travel, level in steps}
        scale: dict[str, float] = {"min": row.low, **between, "max": row.high}
    else:
        scale = {"min": row.low, "max": row.high}
    return {"range": scale, "default": row.default, "doubleTap": True}
