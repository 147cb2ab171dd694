"""Addresses as OSC writes them, values as OSC carries them: ``/deck/1/gain_db`` is ``deck.1.gain_db``."""

from aijockey.control import parameters
from aijockey.control.osc.codec import Argument
from aijockey.control.parameters import Parameter, ParameterError, Value

# What OSC keeps for patterns; an address with one of these would be many.
MOST_BEATS = 1e5
PATTERN = frozenset("?*[]{}# ,")


def to_osc(address: str) -> str:
    """``deck.1.controls.swing`` as ``/deck/1/controls/swing``."""
    return "/" + address.replace(".", "/")


def from_osc(address: str) -> str:
    """The inverse of `to_osc`.

    Raises
    ------
    ParameterError : a pattern, or no such parameter; names the nearest.
    """
    if PATTERN & set(address):
        raise ParameterError(f"{address}: patterns are not taken; write each address, /list shows them")
    if not address.startswith("/") or "." in address:
        raise ParameterError(f"no parameter {address!r}; expected one such as '/deck/1/gain_db'")
    named = address[1:].replace("/", ".")
    parameters.resolve(named)
    return named


def to_argument(row: Parameter, value: Value) -> Argument:
    """``value`` as OSC carries it: whole rows as integers, words as they are, the rest as floats."""
    if isinstance(value, str):
        return value
    return int(value) if row.curve in parameters.WHOLE else float(value)


def to_value(row: Parameter, arguments: tuple[Argument, ...], where: str) -> tuple[Value, float] | None:
    """Value and length in beats of a move: one argument, or two where it takes its time; None where nothing is meant.

    A button says 1 when it goes down and 0 when it is let go; what only acts, acts on the first alone, and a tap is
    "now".

    Raises
    ------
    ParameterError : none or more than two arguments, of a type that the row does not take, out of range, not finite.
    """
    if not 1 <= len(arguments) <= 2:
        raise ParameterError(
            f"{where}: {len(arguments)} arguments; expected a value, and beats to take for it"
        )
    value, over = arguments[0], arguments[1] if len(arguments) == 2 else 0.0
    if value is None:
        raise ParameterError(f"{where}: nil is no value")
    if isinstance(over, str | bool) or over is None or not 0.0 <= over <= MOST_BEATS:
        raise ParameterError(f"{where}: beats {over!r}; expected 0 to {MOST_BEATS:g}")
    checked = row.check(value, where)
    if row.curve == "trigger":
        if checked == 0.0:
            return None
        if row.high > 1.0 and checked == 1.0:
            checked = 0.0
    return checked, float(over)
