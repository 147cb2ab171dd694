"""The layout of the keyboard: one table for page, terminal and help.

Each deck has a column of keys, as on a mixer: its number launches it, the letters below move its fader up and down and
mute it; with Shift they turn its filter and call a fresh loop. What belongs to no deck is at the right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aijockey.control import parameters
from aijockey.control.desk import Desk
from aijockey.control.parameters import ParameterError, Value

ACTIONS = ("help", "end")
# Each deck's column from top to bottom.
COLUMNS = tuple(zip("12345678", "qwertyui", "asdfghjk", "zxcvbnm,", strict=True))
SHIFTED = {",": "<"}


@dataclass(frozen=True)
class Key:
    """One key.

    key : what it types, or ``space``, ``backspace``. address : what it moves; "" where it does ``action`` instead.
    value : what it sends; step : what it adds. With neither it turns a switch over.
    """

    key: str
    meaning: str
    group: str
    address: str = ""
    action: str = ""
    value: Value | None = None
    step: float | None = None

    def as_row(self) -> dict[str, Any]:
        """For a snapshot of the surface protocol."""
        row: dict[str, Any] = {"key": self.key, "meaning": self.meaning, "group": self.group}
        for name in ("address", "action"):
            row |= {name: getattr(self, name)} if getattr(self, name) else {}
        for name in ("value", "step"):
            row |= {name: getattr(self, name)} if getattr(self, name) is not None else {}
        return row


def _column(deck: int, keys: tuple[str, str, str, str]) -> tuple[Key, ...]:
    launch, up, down, mute = keys
    group, name = f"Deck {deck}", f"deck.{deck}."
    return (
        Key(launch, "launch or stop, on the next bar", group, name + "play"),
        Key(up, "fader up", group, name + "gain_db", step=1.5),
        Key(down, "fader down", group, name + "gain_db", step=-1.5),
        Key(mute, "mute", group, name + "mute"),
        Key(_shifted(up), "filter towards high-pass", group, name + "filter", step=0.1),
        Key(_shifted(down), "filter towards low-pass", group, name + "filter", step=-0.1),
        Key(_shifted(mute), "a fresh loop, on the next bar", group, name + "skip", value=1.0),
    )


def _shifted(key: str) -> str:
    return SHIFTED.get(key, key.upper())


KEYS: tuple[Key, ...] = (
    *(key for deck, keys in enumerate(COLUMNS, start=1) for key in _column(deck, keys)),
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
    return tuple(key for key in KEYS if not key.group.startswith("Deck ") or int(key.group[5:]) <= decks)


def rows(decks: int = parameters.MAX_DECKS) -> list[dict[str, Any]]:
    """The table for a snapshot of the surface protocol."""
    return [key.as_row() for key in keys_for(decks)]


class Keyboard:
    """Hands what is typed to a desk.

    Parameters
    ----------
    source : as whom it moves things.
    actions : what to call for keys that move nothing.
    """

    def __init__(
        self, desk: Desk, source: str = "keys", actions: Mapping[str, Callable[[], None]] | None = None
    ) -> None:
        self._desk, self._source, self._actions = desk, source, actions or {}
        self._keys = {key.key: key for key in keys_for(desk.instrument.decks)}

    def press(self, name: str) -> str:
        """Do what a key does; returns what it was, for the player, "" for a key that does nothing.

        A move that is refused says why; nothing is raised.
        """
        key = self._keys.get(name)
        if key is None:
            return ""
        if key.action:
            action = self._actions.get(key.action)
            if action is not None:
                action()
            return key.meaning
        try:
            value = self._desk.move(key.address, self._value(key), source=self._source)
        except ParameterError as error:
            return str(error)
        shown = value if isinstance(value, str) else f"{value:g}"
        row = parameters.resolve(key.address).parameter
        told = f"{key.address} {shown} {row.unit}".strip()
        return key.meaning if row.gesture or row.curve == "trigger" else told

    def _value(self, key: Key) -> Value:
        if key.value is not None:
            return key.value
        present = float(self._desk.value(key.address))
        if key.step is None:
            return 0.0 if present else 1.0
        row = parameters.resolve(key.address).parameter
        return round(min(row.high, max(row.low, present + key.step)), 6)
