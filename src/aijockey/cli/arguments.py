"""Types of arguments that several verbs take; a wrong one is wrong use, status 2."""

import argparse
from collections.abc import Callable


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number from ``low`` to ``high``, both included."""

    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is out of range; expected {low} to {high}")
        return value

    # argparse puts the type's name into its error: "invalid whole number value: 'x'".
    read.__name__ = "whole number"
    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number from ``low`` to ``high``, both included."""

    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is out of range; expected {low:g} to {high:g}")
        return value

    read.__name__ = "number"
    return read


def tempo(text: str) -> float:
    """A tempo in BPM, for argparse."""
    from aijockey.control import parameters

    try:
        return float(parameters.check("transport.tempo_bpm", float(text)))
    except parameters.ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
