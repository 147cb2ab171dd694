"""Layouts: everything of the table that a finger can move is on them, at its address, in its range."""

import json
import xml.etree.ElementTree as ET
import zlib

import pytest

from aijockey.cli.main import main
from aijockey.control.osc.addresses import from_osc, to_osc, to_value
from aijockey.control.osc.layout import pages
from aijockey.control.osc.stage_control import as_session
from aijockey.control.osc.touchosc import as_tosc
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, resolve

TYPED = ("name", "text")


def wanted(decks: int) -> set[str]:
    """What a layout has to show: all but words and numbers that are typed."""
    rows = dict(GLOBAL_PARAMETERS)
    for number in range(1, decks + 1):
        rows |= {f"deck.{number}.{name}": row for name, row in DECK_PARAMETERS.items()}
    return {
        address
        for address, row in rows.items()
        if row.curve not in TYPED and not (row.curve == "step" and row.high - row.low > 128)
    }


def test_pages_hold_everything_and_nothing_overlaps():
    shown = pages(3)
    assert [page.title for page in shown] == ["Mix", "Deck 1", "Deck 2", "Deck 3"]
    assert {place.address for page in shown for place in page.places} == wanted(3)
    for page in shown:
        cells = [
            (column, line)
            for place in page.places
            for column in range(place.column, place.column + place.columns)
            for line in range(place.line, place.line + place.lines)
        ]
        assert len(cells) == len(set(cells))


def test_touchosc_sends_what_the_table_takes():
    root = ET.fromstring(zlib.decompress(as_tosc(2)))
    assert root.tag == "lexml"
    nodes = list(root.iter("node"))
    assert len({node.get("ID") for node in nodes}) == len(nodes)
    addresses = set()
    for osc in root.iter("osc"):
        path = osc.findtext("path/partial/value") or ""
        address = from_osc(path)
        addresses.add(address)
        row = resolve(address).parameter
        argument = osc.find("arguments/partial")
        assert argument is not None
        low, high = float(argument.findtext("scaleMin") or 0), float(argument.findtext("scaleMax") or 0)
        if argument.findtext("type") == "VALUE":
            assert to_value(row, (low,), path) == (low, 0.0)
            assert to_value(row, (high,), path) == (high, 0.0)
        else:
            text = argument.findtext("value") or ""
            is_text = argument.findtext("conversion") == "STRING"
            assert to_value(row, (text if is_text else float(text),), path) is not None
    assert addresses == wanted(2)
    assert as_tosc(2) == as_tosc(2)


def test_stage_control_sends_what_the_table_takes():
    session = json.loads(as_session(2))
    assert session["type"] == "session"
    widgets = [widget for tab in session["content"]["tabs"] for widget in tab["widgets"]]
    assert len({widget["id"] for widget in widgets}) == len(widgets)
    moved = [widget for widget in widgets if "address" in widget]
    assert {from_osc(widget["address"]) for widget in moved} == wanted(2)
    for widget in moved:
        row = resolve(from_osc(widget["address"])).parameter
        ends = widget.get("range", {}).values() or widget.get("values", {}).values() or [widget.get("on")]
        for value in ends:
            assert to_value(row, (value,), widget["address"]) is not None
    fader = next(widget for widget in moved if widget["address"] == to_osc("deck.1.gain_db"))
    assert fader["range"]["75%"] == 0.0


@pytest.mark.parametrize(("program", "ending"), [("touchosc", "tosc"), ("open-stage-control", "json")])
def test_the_verb_writes_a_file_and_never_over_one(tmp_path, capsys, program, ending):
    path = tmp_path / f"mine.{ending}"
    assert main(["osc-layout", "--for", program, "-o", str(path), "--decks", "1"]) == 0
    made = path.read_bytes()
    assert main(["osc-layout", "--for", program, "-o", str(path)]) == 1
    assert "--force" in capsys.readouterr().err
    assert path.read_bytes() == made
    assert main(["osc-layout", "--for", program, "-o", str(path), "--force"]) == 0
    assert path.read_bytes() != made
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
