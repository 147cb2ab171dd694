"""``aijockey parameters``: the table of all that can be moved."""

import argparse

from aijockey.cli.arguments import Rule

RULES = (Rule(("WORD",), lambda given: not given.markdown, "--markdown prints the whole page"),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "word", nargs="?", metavar="WORD", help="only addresses or descriptions that hold this"
    )
    parser.add_argument("--markdown", action="store_true", help="print the whole page of docs/parameters.md")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 1 where nothing matches."""
    from aijockey.control.parameters import PARAMETERS
    from aijockey.control.reference import address, as_markdown, default_of, range_of

    if arguments.markdown:
        print(as_markdown(), end="")
        return 0
    word = (arguments.word or "").lower()
    found = [row for row in PARAMETERS if word in address(row).lower() or word in row.summary.lower()]
    for row in found:
        unit = f" {row.unit}" if row.unit else ""
        default = f" (default {default_of(row)})" if default_of(row) else ""
        print(f"{address(row):28} {range_of(row)}{unit}{default}\n{'':28} {row.summary}")
    return 0 if found else 1
