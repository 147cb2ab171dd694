"""A layout as TouchOSC reads it: a ``.tosc`` file is an XML tree, compressed with zlib.

Only properties that every release since the format's version 3 knows are written; hexler.net/touchosc/manual lists
them. Connection 1 is the one that is used: set it to UDP, this machine's address and the port of ``--osc``.
"""

import uuid
import xml.etree.ElementTree as ET
import zlib

from aijockey.control import parameters
from aijockey.control.osc.addresses import to_osc
from aijockey.control.osc.layout import CELLS, Page, Place, pages

VERSION = "3"
WIDTH, HEIGHT, TABS = 1024.0, 768.0, 40.0
GAP = 3.0
LABEL_SHARE, MOST_LABEL = 0.3, 18.0
# Okabe and Ito's colours, told apart by every eye; decks take them in turn.
COLOURS = (
    (0.90, 0.60, 0.00),
    (0.34, 0.71, 0.91),
    (0.00, 0.62, 0.45),
    (0.94, 0.89, 0.26),
    (0.00, 0.45, 0.70),
    (0.84, 0.37, 0.00),
    (0.80, 0.47, 0.65),
    (0.60, 0.60, 0.60),
)
DARK = (0.08, 0.08, 0.09)
TYPES = {"fader": "FADER", "knob": "RADIAL", "toggle": "BUTTON", "hold": "BUTTON", "push": "BUTTON"}
MOMENTARY, TOGGLE = 0, 2
NAMES = uuid.UUID("5be2f1a4-93a5-4e35-8d8d-1a1f4a54a0c5")
Frame = tuple[float, float, float, float]
Colour = tuple[float, float, float]


def as_tosc(decks: int) -> bytes:
    """The layout for so many decks, as a file's bytes."""
    return zlib.compress(as_xml(decks))


def as_xml(decks: int) -> bytes:
    """The tree within, as XML."""
    root = ET.Element("lexml", version=VERSION)
    canvas = _node(root, "GROUP", "AI Jockey", (0, 0, WIDTH, HEIGHT), DARK)
    pager = _node(
        _children(canvas), "PAGER", "pages", (0, 0, WIDTH, HEIGHT), DARK,
        {"tabbar": ("b", "1"), "tabbarSize": ("i", f"{TABS:.0f}")},
    )  # fmt: skip
    _value(pager, "page", "0")
    inside = _children(pager)
    for number, shown in enumerate(pages(decks)):
        colour = COLOURS[(number - 1) % len(COLOURS)] if number else (0.75, 0.75, 0.75)
        group = _node(
            inside,
            "GROUP",
            shown.title,
            (0, TABS, WIDTH, HEIGHT - TABS),
            DARK,
            {"tabLabel": ("s", shown.title)},
        )
        _fill(_children(group), shown, colour)
    for number, node in enumerate(root.iter("node")):  # the same table gives the same file
        node.set("ID", str(uuid.uuid5(NAMES, str(number))))
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True)


def _fill(parent: ET.Element, page: Page, colour: Colour) -> None:
    width, height = WIDTH / CELLS, (HEIGHT - TABS) / page.lines
    for place in page.places:
        frame = (
            place.column * width + GAP,
            place.line * height + GAP,
            place.columns * width - 2 * GAP,
            place.lines * height - 2 * GAP,
        )
        label = min(MOST_LABEL, LABEL_SHARE * frame[3])
        x, y, w, h = frame
        if place.shape == "choice":
            _choices(parent, place, (x, y, w, h - label), colour)
        else:
            _control(parent, place, (x, y, w, h - label), colour)
        _label(parent, place.label, (x, y + h - label, w, label))


def _control(parent: ET.Element, place: Place, frame: Frame, colour: Colour) -> None:
    row = place.row
    low, high = row.low, row.high
    extra: dict[str, tuple[str, str]] = {}
    if TYPES[place.shape] == "BUTTON":
        extra["buttonType"] = ("i", str(TOGGLE if place.shape == "toggle" else MOMENTARY))
        low, high = 0.0, 1.0
    node = _node(parent, TYPES[place.shape], f"{place.address} {place.label}", frame, colour, extra)
    _value(node, "x", f"{_start(place):.6g}")
    if place.shape == "push":
        _message(node, place.address, ("CONSTANT", "FLOAT", f"{place.value:g}"), 0.0, 1.0, says_only=True)
    else:
        kind = "INTEGER" if row.curve in parameters.WHOLE else "FLOAT"
        _message(node, place.address, ("VALUE", kind, "x"), low, high)


def _choices(parent: ET.Element, place: Place, frame: Frame, colour: Colour) -> None:
    """A button for each: a radio could only send which step it is on, not the word."""
    x, y, width, height = frame
    each = width / len(place.row.choices)
    for number, choice in enumerate(place.row.choices):
        shown = choice if isinstance(choice, str) else f"{choice:g}"
        there = (x + number * each, y, each - 1.0, height)
        kind = "STRING" if isinstance(choice, str) else "FLOAT"
        node = _node(
            parent, "BUTTON", f"{place.address} {shown}", there, colour, {"buttonType": ("i", str(MOMENTARY))}
        )
        _value(node, "x", "0")
        _message(node, place.address, ("CONSTANT", kind, shown), 0.0, 1.0, says_only=True)
        _label(parent, shown, there)


def _label(parent: ET.Element, text: str, frame: Frame) -> None:
    size = max(8, int(0.7 * min(MOST_LABEL, frame[3])))
    look = {"textSize": ("i", str(size)), "interactive": ("b", "0"), "background": ("b", "0")}
    _value(_node(parent, "LABEL", f"label {text}", frame, DARK, look), "text", text)


def _start(place: Place) -> float:
    row = place.row
    if place.shape == "push" or isinstance(row.default, str):
        return 0.0
    return (row.default - row.low) / (row.high - row.low)


def _message(
    node: ET.Element,
    address: str,
    argument: tuple[str, str, str],
    low: float,
    high: float,
    *,
    says_only: bool = False,
) -> None:
    """What a control sends and, unless it ``says_only``, hears: its value from ``low`` to ``high``."""
    osc = ET.SubElement(ET.SubElement(node, "messages"), "osc")
    told = (("enabled", "1"), ("send", "1"), ("receive", "0" if says_only else "1"), ("feedback", "0"),
            ("connections", "00001"))  # fmt: skip
    for name, text in told:
        ET.SubElement(osc, name).text = text
    trigger = ET.SubElement(ET.SubElement(osc, "triggers"), "trigger")
    ET.SubElement(trigger, "var").text = "x"
    ET.SubElement(trigger, "condition").text = "RISE" if says_only else "ANY"
    _partial(ET.SubElement(osc, "path"), "CONSTANT", "STRING", to_osc(address), 0.0, 1.0)
    _partial(ET.SubElement(osc, "arguments"), *argument, low, high)


def _partial(parent: ET.Element, kind: str, conversion: str, value: str, low: float, high: float) -> None:
    partial = ET.SubElement(parent, "partial")
    told = (("type", kind), ("conversion", conversion), ("value", value), ("scaleMin", f"{low:g}"),
            ("scaleMax", f"{high:g}"))  # fmt: skip
    for name, text in told:
        ET.SubElement(partial, name).text = text


def _node(
    parent: ET.Element,
    kind: str,
    name: str,
    frame: Frame,
    colour: Colour,
    extra: dict[str, tuple[str, str]] | None = None,
) -> ET.Element:
    node = ET.SubElement(parent, "node", type=kind)
    held = ET.SubElement(node, "properties")
    for key, (letter, text) in {"name": ("s", name), **(extra or {})}.items():
        ET.SubElement(_property(held, letter, key), "value").text = text
    place = ET.SubElement(_property(held, "r", "frame"), "value")
    for key, number in zip("xywh", frame, strict=True):
        ET.SubElement(place, key).text = f"{number:.6g}"
    shade = ET.SubElement(_property(held, "c", "color"), "value")
    for key, number in zip("rgba", (*colour, 1.0), strict=True):
        ET.SubElement(shade, key).text = f"{number:g}"
    return node


def _property(held: ET.Element, letter: str, key: str) -> ET.Element:
    entry = ET.SubElement(held, "property", type=letter)
    ET.SubElement(entry, "key").text = key
    return entry


def _value(node: ET.Element, key: str, default: str) -> None:
    values = node.find("values")
    if values is None:
        values = ET.SubElement(node, "values")
    value = ET.SubElement(values, "value")
    told = (
        ("key", key),
        ("locked", "0"),
        ("lockedDefaultCurrent", "0"),
        ("default", default),
        ("defaultPull", "0"),
    )
    for name, text in told:
        ET.SubElement(value, name).text = text


def _children(node: ET.Element) -> ET.Element:
    found = node.find("children")
    return ET.SubElement(node, "children") if found is None else found
