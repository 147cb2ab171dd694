"""``aijockey osc-layout``: ready surfaces for TouchOSC and Open Stage Control, made of the table of parameters."""

import argparse
from pathlib import Path

from aijockey.cli.arguments import whole_number

PROGRAMS = {"touchosc": ".tosc", "open-stage-control": ".json"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "--for", dest="program", required=True, choices=tuple(PROGRAMS), help="what is to show it"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="file to write (without: aijockey and the usual ending)",
    )
    parser.add_argument("--decks", type=whole_number(1, 16), default=8, metavar="N", help="decks to show")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(arguments: argparse.Namespace) -> int:
    """Write the file."""
    from aijockey.control.osc.stage_control import as_session
    from aijockey.control.osc.touchosc import as_tosc
    from aijockey.errors import AijockeyError

    path = arguments.output or Path(f"aijockey{PROGRAMS[arguments.program]}")
    if path.exists() and not arguments.force:
        raise AijockeyError(f"{path} is there already; --force writes over it")
    made = as_tosc(arguments.decks) if arguments.program == "touchosc" else as_session(arguments.decks)
    fresh = path.with_name(path.name + ".part")
    try:
        fresh.write_bytes(made)
        fresh.replace(path)
    except OSError as error:
        raise AijockeyError(f"{path} cannot be written: {error.strerror}") from error
    print(f"{path}: {arguments.decks} decks; load it in {arguments.program} and send to the port of --osc")
    return 0
