"""The controls of one deck's channel strip: what they are sent to, and when. `live.mixer` makes them heard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aijockey.control.parameters import DECK_PARAMETERS, INSERT_SLOTS, Value, resolve
from aijockey.live.effects.slot import NONE
from aijockey.live.smoothing import Smoothed

# What moves in straight lines; "step" and text change at once, at their sample.
SMOOTHED = tuple(
    name
    for name, row in DECK_PARAMETERS.items()
    if not (row.planned or row.read or row.gesture) and row.curve in ("linear", "decibel", "switch")
)
SIDES = {"a": -1.0, "thru": 0.0, "b": 1.0}
PLUGIN = "plugin"


class Strip:
    """Where one deck's knobs stand and where they are going.

    faults : quanta in which the deck gave, or its strip made of it, what is no sound.
    peak : largest magnitude of its sound before the fader, in what was made last.
    """

    def __init__(self, setup: Mapping[str, Value]) -> None:
        values = {name: row.default for name, row in DECK_PARAMETERS.items()} | dict(setup)
        self.controls = {name: Smoothed(float(values[name])) for name in SMOOTHED}
        self.side = Smoothed(SIDES[str(values["side"])])
        self.controls["side"] = self.side
        self.duck_from = int(float(values["duck_from"])) - 1
        self.kinds = {slot: str(values[f"insert_{slot}"]) for slot in INSERT_SLOTS}
        self.aliases = {slot: str(values[f"insert_{slot}_plugin"]) for slot in INSERT_SLOTS}
        self.moving: set[str] = set()  # controls that may not be resting
        self.changes: list[tuple[int, int, str]] = []  # sample, slot, what it holds from then on
        self.faults = 0
        self.peak = 0.0

    def send(self, name: str, sample: int, value: Value, over_samples: int) -> None:
        """Move a parameter from ``sample`` on. Thread: audio"""
        if name == "side":
            self.side.send(sample, SIDES[str(value)], over_samples)
            self.moving.add(name)
        elif name in self.controls:
            self.controls[name].send(sample, float(value), over_samples)
            self.moving.add(name)
        elif name == "duck_from":
            self.duck_from = int(float(value)) - 1
        else:
            slot = next(slot for slot in INSERT_SLOTS if name.startswith(f"insert_{slot}"))
            if name.endswith("_plugin"):
                self.aliases[slot] = str(value)
            else:
                self.kinds[slot] = str(value)
            self.changes.append((sample, slot, self.held(slot)))

    def held(self, slot: int) -> str:
        """What a slot holds by name; a plug-in by its alias too."""
        kind = self.kinds[slot]
        if kind == PLUGIN:
            return f"{PLUGIN}:{self.aliases[slot]}" if self.aliases[slot] else NONE
        return kind


class _Event(Protocol):
    @property
    def address(self) -> str: ...

    @property
    def value(self) -> Value: ...


def named_plugins(
    decks: Sequence[Mapping[str, Value]], events: Iterable[_Event]
) -> list[tuple[int, int, str]]:
    """Plug-ins that a set names: (deck from 0, slot, alias), each once."""
    names = {f"insert_{slot}_plugin": slot for slot in INSERT_SLOTS}
    found = [
        (number, slot, str(deck[name]))
        for number, deck in enumerate(decks)
        for name, slot in names.items()
        if deck.get(name)
    ]
    for event in events:
        target = resolve(event.address)
        if target.deck is not None and target.parameter.name in names:
            found.append((target.deck, names[target.parameter.name], str(event.value)))
    return list(dict.fromkeys(found))
