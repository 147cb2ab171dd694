"""What a ready layout shows: pages of controls, worked out from the table, whichever program draws it.

Pages: one for each deck, and one for all that belongs to none. Sizes are in grid cells; the writers make pixels of
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, Parameter, Value

Shape = Literal["fader", "knob", "toggle", "hold", "push", "choice"]
CELLS = 12
SHAPES: dict[str, Shape] = {
    "linear": "knob",
    "octave": "knob",
    "decibel": "fader",
    "step": "knob",
    "switch": "toggle",
    "hold": "hold",
    "trigger": "push",
    "choice": "choice",
}
FADER_ROWS, ROWS = 4, 2
# Steps over more than this are numbers to type, not to turn: seeds.
MOST_STEPS = 128


@dataclass(frozen=True)
class Place:
    """One control. value : what a push sends; label : short, for the control's face; cells from the top left."""

    address: str
    row: Parameter
    shape: Shape
    label: str
    column: int
    line: int
    columns: int
    lines: int
    value: Value = 1.0


@dataclass(frozen=True)
class Page:
    """A page of places. lines : how high it is, in cells."""

    title: str
    places: tuple[Place, ...]

    @property
    def lines(self) -> int:
        """Height in cells."""
        return max((place.line + place.lines for place in self.places), default=1)


def pages(decks: int) -> tuple[Page, ...]:
    """All pages for so many decks."""
    everything = [(address, row) for address, row in GLOBAL_PARAMETERS.items() if _shown(row)]
    shown = [
        page("Mix", everything, [(f"deck.{n}.gain_db", DECK_PARAMETERS["gain_db"]) for n in numbers(decks)])
    ]
    for number in numbers(decks):
        rows = [(f"deck.{number}.{name}", row) for name, row in DECK_PARAMETERS.items() if _shown(row)]
        shown.append(page(f"Deck {number}", rows))
    return tuple(shown)


def numbers(decks: int) -> range:
    """Decks as people count them."""
    return range(1, decks + 1)


def page(
    title: str, rows: Sequence[tuple[str, Parameter]], first: Sequence[tuple[str, Parameter]] = ()
) -> Page:
    """Controls in lines from left to right: faders, then knobs, then what is pressed, then choices."""
    faders = [*first, *[entry for entry in rows if SHAPES[entry[1].curve] == "fader"]]
    rest = [entry for entry in rows if SHAPES[entry[1].curve] != "fader"]
    flow = _Flow()
    for address, row in faders:
        flow.add(address, row, "fader", _label(address), 1, FADER_ROWS)
    flow.new_line()
    for address, row in (entry for entry in rest if SHAPES[entry[1].curve] == "knob"):
        if row.gesture or (row.name == "moment" or row.name == "store"):
            continue
        flow.add(address, row, "knob", _label(address), 1, ROWS)
    flow.new_line()
    for address, row in rest:
        if row.name in ("moment", "store"):
            for number in range(int(row.low), int(row.high) + 1):
                flow.add(address, row, "push", f"{row.name} {number}", 1, ROWS // 2, float(number))
        elif row.gesture and SHAPES[row.curve] == "knob":  # how much of it: as much as usual
            flow.add(address, row, "push", _label(address), 1, ROWS // 2, row.default)
        elif SHAPES[row.curve] in ("toggle", "hold", "push"):
            flow.add(address, row, SHAPES[row.curve], _label(address), 1, ROWS // 2)
    flow.new_line()
    for address, row in rest:
        if SHAPES[row.curve] == "choice":
            flow.add(address, row, "choice", _label(address), 4, ROWS // 2)
    return Page(title, tuple(flow.places))


class _Flow:
    """Fills lines of `CELLS` cells."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._column = self._line = self._height = 0

    def add(
        self,
        address: str,
        row: Parameter,
        shape: Shape,
        label: str,
        columns: int,
        lines: int,
        value: Value = 1.0,
    ) -> None:
        if self._column + columns > CELLS:
            self.new_line()
        self.places.append(Place(address, row, shape, label, self._column, self._line, columns, lines, value))
        self._column += columns
        self._height = max(self._height, lines)

    def new_line(self) -> None:
        self._line += self._height
        self._column = self._height = 0


def _shown(row: Parameter) -> bool:
    if row.curve in ("name", "text"):
        return False
    return row.curve != "step" or row.high - row.low <= MOST_STEPS


def _label(address: str) -> str:
    group, _, name = address.rpartition(".")
    deck = group.removeprefix("deck.")
    shown = name.removesuffix("_db").removesuffix("_beats").removesuffix("_bpm").replace("_", " ")
    if name == "gain_db":
        return f"deck {deck}" if deck != group else group
    return shown
