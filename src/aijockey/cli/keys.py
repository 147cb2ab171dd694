"""``aijockey keys``: the layout of the keyboard."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "word", nargs="?", metavar="WORD", help="only keys whose meaning or address holds this"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the layout; 1 where nothing matches."""
    from aijockey.control.keys import KEYS, lines

    word = (arguments.word or "").lower()
    found = [key for key in KEYS if word in f"{key.group} {key.meaning} {key.address}".lower()]
    group = ""
    for shown, key in lines(found):
        if key.group != group:
            group = key.group
            print(f"\n{group}")
        print(f"  {shown:10} {key.meaning:36} {key.address}")
    return 0 if found else 1
