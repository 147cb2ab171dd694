"""OSC 1.0 packets as bytes: messages, bundles, time tags.

A codec of our own in 100 lines: the service has to look at an address before it decodes the rest (fifty thousand
messages a second come to a few hundred values), and to know each type exactly. Tests hold it against python-osc and
liblo. Types taken and made: ``i f d h s T F N``; others are an error. Specification: Wright, "The Open Sound Control
1.0 Specification", 2002.
"""

import math
import struct
from dataclasses import dataclass

from aijockey.errors import AijockeyError

Argument = float | int | str | bool | None
BUNDLE = b"#bundle\0"
IMMEDIATELY = 1
MOST_DEPTH = 4
MOST_ARGUMENTS = 64
# Between 1900, where NTP counts from, and 1970.
NTP_EPOCH_S = 2_208_988_800
_NUMBERS = {
    "i": struct.Struct(">i"),
    "f": struct.Struct(">f"),
    "d": struct.Struct(">d"),
    "h": struct.Struct(">q"),
}
_SINGLE = _NUMBERS["f"]
_WORDS: dict[str, bool | None] = {"T": True, "F": False, "N": None}


class OscError(AijockeyError):
    """Bytes that are no OSC packet; the text says what is wrong with them."""


@dataclass(frozen=True)
class Message:
    """An address and what is said to it. at_s : when, in seconds since 1970; None is at once."""

    address: str
    arguments: tuple[Argument, ...] = ()
    at_s: float | None = None


def address_end(data: bytes) -> int:
    """Where the address at the beginning of a message ends; 0 where there is none."""
    return data.find(b"\0") if data[:1] == b"/" else 0


def split(data: bytes, at_s: float | None = None, depth: int = 0) -> list[tuple[float | None, bytes]]:
    """Messages of a packet, not decoded, those of bundles in their order, each with the time of its bundle.

    Raises
    ------
    OscError : a bundle that is cut off, or nested deeper than `MOST_DEPTH`.
    """
    if not data.startswith(BUNDLE):
        return [(at_s, data)]
    if depth >= MOST_DEPTH:
        raise OscError(f"bundles within bundles more than {MOST_DEPTH} deep")
    if len(data) < 16:
        raise OscError(f"a bundle of {len(data)} bytes; expected 16 or more")
    at_s = _seconds(int.from_bytes(data[8:16], "big"))
    messages: list[tuple[float | None, bytes]] = []
    place, end = 16, len(data)
    while place < end:
        size = int.from_bytes(data[place : place + 4], "big")
        place += 4
        if size % 4 or size == 0 or place + size > end:
            raise OscError(f"an element of {size} bytes in a bundle with {end - place} bytes left")
        element = data[place : place + size]
        if element[:1] == b"#":
            messages += split(element, at_s, depth + 1)
        else:
            messages.append((at_s, element))
        place += size
    return messages


def decode(data: bytes, at_s: float | None = None) -> list[Message]:
    """All messages of a packet, those of bundles in their order, each with the time of its bundle.

    Raises
    ------
    OscError : not OSC, cut off, of unknown types, or nested deeper than `MOST_DEPTH`.
    """
    return [_message(message, when_s) for when_s, message in split(data, at_s)]


def encode(address: str, *arguments: Argument, double: bool = False) -> bytes:
    """One message. A float becomes a float32, which every surface reads, or a ``double``; a bool T or F; None N."""
    tags, content = ",", b""
    for argument in arguments:
        if argument is None or isinstance(argument, bool):
            tags += "N" if argument is None else "FT"[argument]
        elif isinstance(argument, str):
            tags, content = tags + "s", content + _text(argument)
        else:
            tag = _tag(argument, double)
            tags, content = tags + tag, content + _NUMBERS[tag].pack(argument)
    return _text(address) + _text(tags) + content


def encode_bundle(messages: list[bytes], at_s: float | None = None) -> bytes:
    """Encoded messages in one bundle, for ``at_s`` (seconds since 1970; None: at once)."""
    tag = IMMEDIATELY if at_s is None else round((at_s + NTP_EPOCH_S) * 2**32)
    elements = b"".join(len(message).to_bytes(4, "big") + message for message in messages)
    return BUNDLE + tag.to_bytes(8, "big") + elements


def _message(data: bytes, at_s: float | None) -> Message:
    if data[:1] != b"/":
        raise OscError(f"an address begins with /, not with {data[:8]!r}")
    address, place = _read_text(data, 0)
    if place >= len(data):  # very old senders leave the types out where there are no arguments
        return Message(address, (), at_s)
    tags, place = _read_text(data, place)
    if not tags.startswith(",") or len(tags) > 1 + MOST_ARGUMENTS:
        raise OscError(f"{address}: types {tags[:20]!r}; expected , and at most {MOST_ARGUMENTS} letters")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag in _NUMBERS:
            number = _NUMBERS[tag]
            if place + number.size > len(data):
                raise OscError(f"{address}: cut off within an argument of type {tag}")
            value = number.unpack_from(data, place)[0]
            arguments.append(shortest(value) if tag == "f" else value)
            place += number.size
        elif tag in ("s", "S"):
            text, place = _read_text(data, place)
            arguments.append(text)
        elif tag in _WORDS:
            arguments.append(_WORDS[tag])
        else:
            raise OscError(f"{address}: type {tag!r} is not known; known are i f d h s T F N")
    return Message(address, tuple(arguments), at_s)


def _read_text(data: bytes, start: int) -> tuple[str, int]:
    end = data.find(b"\0", start)
    if end < 0:
        raise OscError("a text without its end")
    try:
        text = data[start:end].decode()
    except UnicodeDecodeError:
        raise OscError(f"a text that is not UTF-8: {data[start:end][:20]!r}") from None
    return text, end + 4 - (end - start) % 4


def _text(text: str) -> bytes:
    data = text.encode()
    if b"\0" in data:
        raise OscError(f"{text!r} holds a NUL, which ends a text")
    return data + b"\0" * (4 - len(data) % 4)


def _tag(number: float, double: bool) -> str:
    if isinstance(number, int):
        return "i" if -(2**31) <= number < 2**31 else "h"
    return "d" if double else "f"


def shortest(single: float) -> float:
    """The decimal with the fewest digits that is ``single`` in 32 bits: 0.95 comes back as 0.95."""
    if not math.isfinite(single):
        return single
    for digits in range(6, 9):
        number = float(f"{single:.{digits}g}")
        if _SINGLE.pack(number) == _SINGLE.pack(single):
            return number
    return single


def _seconds(tag: int) -> float | None:
    return None if tag <= IMMEDIATELY else tag / 2**32 - NTP_EPOCH_S
