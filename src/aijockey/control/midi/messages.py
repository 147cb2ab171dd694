"""MIDI messages as bytes, and what moved: one control and how far.

A control is what a finger moves: ``ch1 cc 7``, ``ch1 cc14 7`` (two messages, 7 and 39), ``ch1 nrpn 1234`` (four),
``ch1 note 36``, ``ch1 bend``, ``ch1 pressure``. Channels count from 1 as they do on devices.
MIDI 1.0 Detailed Specification, 1996.
"""

import re
from dataclasses import dataclass, field
from typing import Literal, cast

from aijockey.errors import AijockeyError

Kind = Literal["cc", "cc14", "nrpn", "note", "bend", "pressure"]
NOTE_OFF, NOTE_ON, CONTROL, PRESSURE, BEND = 0x80, 0x90, 0xB0, 0xD0, 0xE0
CLOCK, START, CONTINUE, STOP, SONG_POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
TOP_7, TOP_14 = 127, 16383
# Highest number that each kind of control has; None where it has none.
NUMBERS: dict[Kind, int | None] = {
    "cc": 127, "cc14": 31, "nrpn": TOP_14, "note": 127, "bend": None, "pressure": None,
}  # fmt: skip
TOPS: dict[str, int] = {
    "cc": TOP_7, "cc14": TOP_14, "nrpn": TOP_14, "note": TOP_7, "bend": TOP_14, "pressure": TOP_7,
}  # fmt: skip
_TEXT = re.compile(r"(?:ch(\d{1,2}) +)?([a-z]+1?4?)(?: +(\d{1,5}))?")
# Controllers that are parts of other messages.
DATA_MSB, DATA_LSB, STEP_UP, STEP_DOWN, NRPN_LSB, NRPN_MSB = 6, 38, 96, 97, 98, 99
NO_PARAMETER = TOP_14


class ControlError(AijockeyError):
    """A text that names no control."""


@dataclass(frozen=True, order=True)
class Control:
    """What a finger moves. channel : from 1. number : 0 for bend and pressure."""

    kind: Kind
    channel: int = 1
    number: int = 0

    def __str__(self) -> str:
        """As maps write it."""
        number = "" if NUMBERS[self.kind] is None else f" {self.number}"
        return f"ch{self.channel} {self.kind}{number}"

    @property
    def top(self) -> int:
        """The highest value it sends."""
        return TOPS[self.kind]

    @classmethod
    def parse(cls, text: str) -> "Control":
        """The inverse of `str`; the channel may be left out and is 1.

        Raises
        ------
        ControlError : not a control, or out of range.
        """
        found = _TEXT.fullmatch(text.strip().lower())
        if not found or found[2] not in NUMBERS:
            kinds = ", ".join(NUMBERS)
            raise ControlError(
                f"{text!r} is no control; expected one such as 'ch1 cc 7', of the kinds {kinds}"
            )
        channel, kind, number = int(found[1] or 1), cast(Kind, found[2]), found[3]
        most = NUMBERS[kind]
        if not 1 <= channel <= 16:
            raise ControlError(f"{text!r}: channel {channel}; expected 1 to 16")
        if most is None:
            if number is not None:
                raise ControlError(f"{text!r}: {kind} has no number")
            return cls(kind, channel)
        if number is None or int(number) > most:
            raise ControlError(f"{text!r}: number {number}; {kind} has 0 to {most}")
        return cls(kind, channel, int(number))


@dataclass(frozen=True)
class Movement:
    """A control was moved. value : 0 to ``control.top``. steps : given by an increment message, else 0."""

    control: Control
    value: int
    steps: int = 0


def encode(control: Control, value: int) -> list[bytes]:
    """The messages by which a device, or its lights and motors, are told where a control is."""
    channel, number = control.channel - 1, control.number
    value = min(control.top, max(0, value))
    msb, lsb = value >> 7, value & 0x7F
    if control.kind == "note":
        return [bytes((NOTE_ON | channel, number, value))]
    if control.kind == "cc":
        return [bytes((CONTROL | channel, number, value))]
    if control.kind == "cc14":
        return [bytes((CONTROL | channel, number, msb)), bytes((CONTROL | channel, number + 32, lsb))]
    if control.kind == "bend":
        return [bytes((BEND | channel, lsb, msb))]
    if control.kind == "pressure":
        return [bytes((PRESSURE | channel, value))]
    parts = ((NRPN_MSB, number >> 7), (NRPN_LSB, number & 0x7F), (DATA_MSB, msb), (DATA_LSB, lsb))
    return [bytes((CONTROL | channel, part, data)) for part, data in parts]


def song_position(sixteenths: int) -> bytes:
    """Where the song is, in sixteenths, at most 16383."""
    return bytes((SONG_POSITION, sixteenths & 0x7F, sixteenths >> 7 & 0x7F))


@dataclass
class _Pair:
    """A value in two halves. Waits for the fine half only where one has ever come."""

    msb: int = 0
    lsb: int = 0
    fine: bool = False
    waits: bool = False

    @property
    def value(self) -> int:
        # A device that sends the coarse half alone still reaches the end of the range.
        return self.msb << 7 | self.lsb if self.fine else self.msb * TOP_14 // TOP_7


@dataclass
class Decoder:
    """Messages to movements, for one port.

    pairs : controls whose two controllers make one value; all others are seven bits each.
    plain : (channel, controller) of what is an ordinary control though it could be part of an NRPN.
    """

    pairs: frozenset[tuple[int, int]] = frozenset()
    plain: frozenset[tuple[int, int]] = frozenset()
    _halves: dict[Control, _Pair] = field(default_factory=dict)
    _parameter: dict[int, int] = field(default_factory=dict)

    def decode(self, data: bytes) -> list[Movement]:
        """Movements that a message completes; what is none of a control's messages gives none."""
        if len(data) < 2 or data[0] >= 0xF0:
            return self.flush()
        kind, channel = data[0] & 0xF0, (data[0] & 0x0F) + 1
        if kind in (NOTE_ON, NOTE_OFF) and len(data) == 3:
            value = data[2] if kind == NOTE_ON else 0
            return [*self.flush(), Movement(Control("note", channel, data[1]), value)]
        if kind == BEND and len(data) == 3:
            return [*self.flush(), Movement(Control("bend", channel), data[1] | data[2] << 7)]
        if kind == PRESSURE:
            return [*self.flush(), Movement(Control("pressure", channel), data[1])]
        if kind == CONTROL and len(data) == 3:
            return self._controller(channel, data[1], data[2])
        return self.flush()

    def flush(self) -> list[Movement]:
        """What waited for a fine half that did not come."""
        moved = []
        for control, pair in self._halves.items():
            if pair.waits:
                pair.waits = False
                moved.append(Movement(control, pair.value))
        return moved

    def _controller(self, channel: int, number: int, value: int) -> list[Movement]:
        if (channel, number) not in self.plain:
            if number in (NRPN_MSB, NRPN_LSB):
                moved = self.flush()
                old = self._parameter.get(channel, NO_PARAMETER)
                new = old & 0x7F | value << 7 if number == NRPN_MSB else old & ~0x7F | value
                self._parameter[channel] = new
                return moved
            parameter = self._parameter.get(channel, NO_PARAMETER)
            if parameter != NO_PARAMETER and number in (DATA_MSB, DATA_LSB, STEP_UP, STEP_DOWN):
                control = Control("nrpn", channel, parameter)
                if number in (STEP_UP, STEP_DOWN):
                    return [*self.flush(), Movement(control, 0, 1 if number == STEP_UP else -1)]
                return self._half(control, value, number == DATA_LSB)
        if (channel, number) in self.pairs:
            return self._half(Control("cc14", channel, number), value, False)
        if number >= 32 and (channel, number - 32) in self.pairs:
            return self._half(Control("cc14", channel, number - 32), value, True)
        return [*self.flush(), Movement(Control("cc", channel, number), value)]

    def _half(self, control: Control, value: int, fine: bool) -> list[Movement]:
        pair = self._halves.setdefault(control, _Pair())
        if not fine:
            moved = self.flush()
            pair.msb = value
            pair.waits = pair.fine
            return moved if pair.waits else [*moved, Movement(control, pair.value)]
        pair.lsb, pair.fine, pair.waits = value, True, False
        others = [movement for movement in self.flush() if movement.control != control]
        return [*others, Movement(control, pair.value)]
