"""Between what a parameter is and how far a fader, knob or 14-bit number has travelled: 0 to 1.

Straight for most; faders that count decibels have more way near 0 dB, and knobs of an equaliser have 0 dB in their
middle, where the detent is. There and back is exact but for rounding, and whole numbers and choices come back as they
were wherever the travel has a step for each.
"""

import math

import numpy as np

from aijockey.control.parameters import SILENCE_DB, Parameter, ParameterError, Value

# Travel and level of a fader: silence at the bottom, 0 dB at three quarters.
FADER_TRAVEL = (0.0, 0.05, 0.2, 0.5, 0.75, 1.0)
FADER_DB = (SILENCE_DB, -60.0, -36.0, -12.0, 0.0, 12.0)
UNITY_TRAVEL = 0.75
# Knobs whose middle is their default, by name.
CENTRED = ("low_db", "mid_db", "high_db")


def is_centred(row: Parameter) -> bool:
    """Whether a knob for ``row`` has its default in the middle, where the detent is: a pan, or an equaliser."""
    if row.curve == "decibel":
        return row.name in CENTRED
    numeric = row.curve in ("linear", "step") and not isinstance(row.default, str)
    return numeric and to_travel(row, row.default) == 0.5


def has_travel(row: Parameter) -> bool:
    """Whether a fader can move ``row`` at all: not words, and nothing that only acts."""
    return row.curve not in ("name", "text", "trigger")


def to_travel(row: Parameter, value: Value, *, centred: bool = False) -> float:
    """How far ``value`` is on its way, 0 to 1.

    Raises
    ------
    ParameterError : a word where there is no travel.
    """
    if not has_travel(row):
        raise ParameterError(f"{row.address}: {row.curve} has no travel; a button sends it")
    if row.curve == "choice":
        return row.choices.index(value) / max(1, len(row.choices) - 1)
    number = float(value)
    if row.curve == "octave":
        return math.log(number / row.low) / math.log(row.high / row.low)
    if row.curve == "decibel":
        travel = float(np.interp(number, FADER_DB, FADER_TRAVEL))
        return _to_centre(travel) if centred else travel
    return (number - row.low) / (row.high - row.low)


def from_travel(row: Parameter, travel: float, *, centred: bool = False) -> Value:
    """The inverse of `to_travel`; beyond its ends a travel stays at them.

    Raises
    ------
    ParameterError : not finite, or a parameter without travel.
    """
    if not math.isfinite(travel):
        raise ParameterError(f"{row.address}: travel {travel!r}; expected 0 to 1")
    if not has_travel(row):
        raise ParameterError(f"{row.address}: {row.curve} has no travel; a button sends it")
    travel = min(1.0, max(0.0, travel))
    if row.curve == "choice":
        return row.choices[round(travel * (len(row.choices) - 1))]
    if row.curve == "octave":
        return min(row.high, max(row.low, row.low * (row.high / row.low) ** travel))
    if row.curve == "decibel":
        way = _from_centre(travel) if centred else travel
        return float(np.interp(way, FADER_TRAVEL, FADER_DB))
    number = row.low + travel * (row.high - row.low)
    if row.curve in ("step", "switch", "hold"):
        return float(math.floor(number + 0.5))
    return min(row.high, max(row.low, number))


def _to_centre(travel: float) -> float:
    if travel <= UNITY_TRAVEL:
        return 0.5 * travel / UNITY_TRAVEL
    return 0.5 + 0.5 * (travel - UNITY_TRAVEL) / (1.0 - UNITY_TRAVEL)


def _from_centre(travel: float) -> float:
    if travel <= 0.5:
        return 2.0 * travel * UNITY_TRAVEL
    return UNITY_TRAVEL + (2.0 * travel - 1.0) * (1.0 - UNITY_TRAVEL)
