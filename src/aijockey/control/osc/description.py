"""All parameters as OSCQuery describes a namespace, for programs that make their own surface.

https://github.com/Vidvox/OSCQueryProposal: names and attributes in capitals; only those of the core and of ranges.
"""

from typing import Any

from aijockey.control import parameters
from aijockey.control.desk import Desk
from aijockey.control.osc.addresses import to_argument
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, Parameter

READ_WRITE, WRITE = 3, 2


def all_addresses(desk: Desk) -> list[str]:
    """Everything that can be sent to, gestures too."""
    gestures = [address for address, row in GLOBAL_PARAMETERS.items() if row.gesture]
    for number in range(1, desk.instrument.decks + 1):
        gestures += [f"deck.{number}.{name}" for name, row in DECK_PARAMETERS.items() if row.gesture]
    return [*desk.addresses, *gestures]


def as_tree(desk: Desk) -> dict[str, Any]:
    """The namespace from its root, JSON-ready."""
    root: dict[str, Any] = {"FULL_PATH": "/", "DESCRIPTION": desk.instrument.title, "CONTENTS": {}}
    for address in all_addresses(desk):
        node = root
        path = ""
        for name in address.split("."):
            path += f"/{name}"
            node = node["CONTENTS"].setdefault(name, {"FULL_PATH": path, "CONTENTS": {}})
        del node["CONTENTS"]
        row = parameters.resolve(address).parameter
        node |= _leaf(row)
        if not row.gesture:
            node["VALUE"] = [to_argument(row, desk.value(address))]
    return root


def type_of(row: Parameter) -> str:
    """Letter of the type in which values of ``row`` are sent."""
    if row.curve in ("name", "text") or any(isinstance(choice, str) for choice in row.choices):
        return "s"
    return "i" if row.curve in parameters.WHOLE else "f"


def _leaf(row: Parameter) -> dict[str, Any]:
    leaf: dict[str, Any] = {
        "DESCRIPTION": row.summary,
        "TYPE": type_of(row),
        "ACCESS": WRITE if row.gesture else READ_WRITE,
    }
    if row.choices:
        leaf["RANGE"] = [{"VALS": list(row.choices)}]
    elif type_of(row) != "s":
        leaf["RANGE"] = [{"MIN": row.low, "MAX": row.high}]
    if row.unit:
        leaf["UNIT"] = [row.unit]
    return leaf
