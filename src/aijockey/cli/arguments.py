"""Types of arguments that several verbs take, and which of them say nothing beside others; all that is wrong use is
status 2.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """Options that would be ignored unless the rest of the arguments leaves them a meaning.

    options : as they are typed; a positional in capitals. heeded : whether these arguments heed them. why : the end of
    the sentence that tells the player, after "--block would be ignored: ".
    """

    options: tuple[str, ...]
    heeded: Callable[[argparse.Namespace], object]
    why: str


class _Given(argparse.Namespace):
    """Holds only what was typed: argparse sets no default where a namespace says that it has a value already."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return None


def check_rules(
    parser: argparse.ArgumentParser,
    words: Sequence[str],
    arguments: argparse.Namespace,
    rules: Iterable[Rule],
) -> None:
    """Refuse options that would be ignored, as any wrong use (exit status 2).

    parser : of the verb. words : what was typed behind the verb; ``arguments`` is what it means.
    """
    given = vars(parser.parse_args(words, _Given()))
    for rule in rules:
        typed = [option for option in rule.options if given.get(_place(option)) is not None]
        if typed and not rule.heeded(arguments):
            parser.error(f"{', '.join(typed)} would be ignored: {rule.why}")


def _place(option: str) -> str:
    return option.lstrip("-").replace("-", "_").lower()


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
