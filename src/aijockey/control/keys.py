"""The layout of the keyboard: one table for page, terminal and help.

Each deck has a column of keys, as on a mixer: its number launches it, the letters below move its fader up and down and
mute it; with Shift they kill its bass, turn its filter and call a fresh loop. What is wanted less often is there once,
for the *deck in hand*: the one whose keys were pressed last, or that ``.`` chose. Two keys after each other (`` ` ``
and a number) recall and store its moments. What belongs to no deck is at the right. Keys are those of a US keyboard.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aijockey.control import parameters
from aijockey.control.desk import Desk
from aijockey.control.parameters import SILENCE_DB, ParameterError, Value

ACTIONS = ("help", "end", "next_deck", "previous_deck")
# Each deck's column from top to bottom.
COLUMNS = tuple(zip("12345678", "qwertyui", "asdfghjk", "zxcvbnm,", strict=True))
SHIFTED = {",": "<", **dict(zip("12345678", "!@#$%^&*", strict=True))}
# Stands for the deck in hand.
IN_HAND = "deck.N."
ROLL_BEATS = 0.5
# The second of two keys has to come within this.
SECOND_KEY_S = 3.0
MOMENTS = "12345678"


@dataclass(frozen=True)
class Key:
    """One key.

    key : what it types, or ``space``, ``backspace``; two with a space between them are pressed one after the other.
    address : what it moves, ``deck.N.…`` of the deck in hand; "" where it does ``action`` instead.
    value : what it sends; back : what it sends instead where ``value`` is there already. step : what it adds, or how
    far it goes along the choices. With none of these it turns a switch over.
    """

    key: str
    meaning: str
    group: str
    address: str = ""
    action: str = ""
    value: Value | None = None
    step: float | None = None
    back: Value | None = None

    def as_row(self) -> dict[str, Any]:
        """For a snapshot of the surface protocol."""
        row: dict[str, Any] = {"key": self.key, "meaning": self.meaning, "group": self.group}
        for name in ("address", "action"):
            row |= {name: getattr(self, name)} if getattr(self, name) else {}
        for name in ("value", "step", "back"):
            row |= {name: getattr(self, name)} if getattr(self, name) is not None else {}
        return row


def _column(deck: int, keys: tuple[str, str, str, str]) -> tuple[Key, ...]:
    launch, up, down, mute = keys
    group, name = f"Deck {deck}", f"deck.{deck}."
    return (
        Key(launch, "launch or stop, on the next bar", group, name + "play"),
        Key(_shifted(launch), "bass out and in", group, name + "low_db", value=SILENCE_DB, back=0.0),
        Key(up, "fader up", group, name + "gain_db", step=1.5),
        Key(down, "fader down", group, name + "gain_db", step=-1.5),
        Key(mute, "mute", group, name + "mute"),
        Key(_shifted(up), "filter towards high-pass", group, name + "filter", step=0.1),
        Key(_shifted(down), "filter towards low-pass", group, name + "filter", step=-0.1),
        Key(_shifted(mute), "a fresh loop, on the next bar", group, name + "skip", value=1.0),
    )


def _shifted(key: str) -> str:
    return SHIFTED.get(key, key.upper())


def _in_hand() -> tuple[Key, ...]:
    group = "Deck in hand"
    return (
        Key(".", "take the next deck in hand", group, action="next_deck"),
        Key(">", "take the one before", group, action="previous_deck"),
        Key("p", "solo", group, IN_HAND + "solo"),
        Key(":", "headphones", group, IN_HAND + "headphones"),
        Key("/", "roll half a beat, and let go", group, IN_HAND + "roll_beats", value=ROLL_BEATS, back=0.0),
        Key("{", "roll a shorter part", group, IN_HAND + "roll_beats", step=-1.0),
        Key("}", "roll a longer part", group, IN_HAND + "roll_beats", step=1.0),
        Key("(", "repeat half as much of the loop", group, IN_HAND + "halve", value=1.0),
        Key(")", "repeat twice as much", group, IN_HAND + "double", value=1.0),
        Key("|", "middle out and in", group, IN_HAND + "mid_db", value=SILENCE_DB, back=0.0),
        Key('"', "treble out and in", group, IN_HAND + "high_db", value=SILENCE_DB, back=0.0),
        *(
            Key(f"` {n}", "to the moment of this number", group, IN_HAND + "moment", value=float(n))
            for n in MOMENTS
        ),
        *(Key(f"~ {n}", "store it as the moment", group, IN_HAND + "store", value=float(n)) for n in MOMENTS),
    )


KEYS: tuple[Key, ...] = (
    *(key for deck, keys in enumerate(COLUMNS, start=1) for key in _column(deck, keys)),
    *_in_hand(),
    Key("space", "tap the tempo", "Transport", "transport.tap", value=0.0),
    Key("-", "slower by 1 BPM", "Transport", "transport.tempo_bpm", step=-1.0),
    Key("=", "faster by 1 BPM", "Transport", "transport.tempo_bpm", step=1.0),
    Key("_", "slower by 0.1 BPM", "Transport", "transport.tempo_bpm", step=-0.1),
    Key("+", "faster by 0.1 BPM", "Transport", "transport.tempo_bpm", step=0.1),
    Key("9", "less swing", "Transport", "transport.swing", step=-0.05),
    Key("0", "more swing", "Transport", "transport.swing", step=0.05),
    Key("[", "crossfader towards a", "Mixer", "mixer.crossfader", step=-0.1),
    Key("]", "crossfader towards b", "Mixer", "mixer.crossfader", step=0.1),
    Key("l", "master down", "Mixer", "master.gain_db", step=-1.0),
    Key("L", "master up", "Mixer", "master.gain_db", step=1.0),
    Key("P", "panic: silence at once", "Mixer", "master.panic", value=1.0),
    Key("o", "autopilot on or off", "Autopilot", "autopilot.on"),
    Key(";", "less energy", "Autopilot", "autopilot.energy", step=-0.1),
    Key("'", "more energy", "Autopilot", "autopilot.energy", step=0.1),
    Key("backspace", "undo", "Set", "history.undo", value=1.0),
    Key("\\", "redo", "Set", "history.redo", value=1.0),
    Key("?", "show and hide the keys", "Set", action="help"),
    Key("O", "fade out and end (in a terminal)", "Set", action="end"),
)


def keys_for(decks: int) -> tuple[Key, ...]:
    """The keys of a set with so many decks."""
    there = {f"Deck {number}" for number in range(1, decks + 1)}
    columns = {f"Deck {number}" for number in range(1, len(COLUMNS) + 1)}
    return tuple(key for key in KEYS if key.group not in columns - there)


def lines(keys: Sequence[Key]) -> list[tuple[str, Key]]:
    """What to show of each key, and the key; those that follow each other and mean the same are one: ``` ` 1 … 8``."""
    told: list[tuple[str, Key]] = []
    for key in keys:
        if told and (told[-1][1].group, told[-1][1].meaning) == (key.group, key.meaning):
            first = told[-1][1]
            told[-1] = (f"{first.key} … {key.key.split(' ')[-1]}", first)
        else:
            told.append((key.key, key))
    return told


def rows(decks: int = parameters.MAX_DECKS) -> list[dict[str, Any]]:
    """The table for a snapshot of the surface protocol."""
    return [key.as_row() for key in keys_for(decks)]


class Keyboard:
    """Hands what is typed to a desk.

    Parameters
    ----------
    source : as whom it moves things.
    actions : what to call for keys that move nothing.

    deck : the one in hand, from 1.
    """

    def __init__(
        self,
        desk: Desk,
        source: str = "keys",
        actions: Mapping[str, Callable[[], None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.deck = 1
        self._desk, self._source, self._clock = desk, source, clock
        self._actions = {
            "next_deck": lambda: self._take(1),
            "previous_deck": lambda: self._take(-1),
            **(actions or {}),
        }
        self._keys = {key.key: key for key in keys_for(desk.instrument.decks)}
        self._first = {key.split(" ")[0] for key in self._keys if " " in key}
        self._begun, self._begun_s = "", 0.0

    def press(self, name: str) -> str:
        """Do what a key does; returns what it was, for the player, "" for a key that does nothing.

        A move that is refused says why; nothing is raised.
        """
        begun, self._begun = self._begun, ""
        key = self._keys.get(name)
        if begun and self._clock() - self._begun_s <= SECOND_KEY_S:
            key = self._keys.get(f"{begun} {name}", key)
        elif name in self._first:
            self._begun, self._begun_s = name, self._clock()
            return f"deck {self.deck}: {name} and {MOMENTS[0]} to {MOMENTS[-1]}"
        if key is None:
            return ""
        if key.action:
            action = self._actions.get(key.action)
            if action is not None:
                action()
            return f"deck {self.deck} in hand" if key.action.endswith("_deck") else key.meaning
        try:
            address = self._address(key)
            value = self._desk.move(address, self._value(key, address), source=self._source)
        except ParameterError as error:
            return str(error)
        shown = value if isinstance(value, str) else f"{value:g}"
        row = parameters.resolve(address).parameter
        told = f"{address} {shown} {row.unit}".strip()
        return key.meaning if row.gesture or row.curve == "trigger" else told

    def _address(self, key: Key) -> str:
        if key.address.startswith(IN_HAND):
            return f"deck.{self.deck}.{key.address.removeprefix(IN_HAND)}"
        target = parameters.resolve(key.address)
        if target.deck is not None:
            self.deck = target.deck + 1
        return key.address

    def _value(self, key: Key, address: str) -> Value:
        row = parameters.resolve(address).parameter
        if key.value is not None:
            return key.back if key.back is not None and self._desk.value(address) == key.value else key.value
        present = self._desk.value(address)
        if key.step is None:
            return 0.0 if present else 1.0
        if row.choices:
            place = row.choices.index(present) + int(key.step)
            return row.choices[min(len(row.choices) - 1, max(0, place))]
        return round(min(row.high, max(row.low, float(present) + key.step)), 6)

    def _take(self, step: int) -> None:
        self.deck = (self.deck - 1 + step) % self._desk.instrument.decks + 1
