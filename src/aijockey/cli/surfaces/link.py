"""Arguments of Ableton Link."""

import argparse
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule, number

if TYPE_CHECKING:
    from aijockey.control.services import ServiceConfig

RULES = (
    Rule(
        ("--link-delay-ms",),
        lambda given: given.link or given.link_start_stop,
        "nothing is shared without --link",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `aijockey play`."""
    group = parser.add_argument_group("Ableton Link")
    group.add_argument(
        "--link",
        action="store_true",
        help="share tempo and phase with others on the network; needs aijockey[link]",
    )
    group.add_argument(
        "--link-start-stop",
        action="store_true",
        help="share start and stop too: decks that play, all at once",
    )
    group.add_argument(
        "--link-delay-ms",
        type=number(-500, 500),
        default=0.0,
        metavar="MS",
        help="how much later than the engine knows its sound is heard, by converters or wireless speakers",
    )


def configs(arguments: argparse.Namespace) -> "tuple[ServiceConfig, ...]":
    """The service, where it is asked for.

    Raises
    ------
    LinkMissingError : the library is not installed.
    """
    if not (arguments.link or arguments.link_start_stop):
        return ()
    import importlib.util

    from aijockey.control.link.service import LinkConfig
    from aijockey.control.link.session import INSTALL, LinkMissingError

    if importlib.util.find_spec("aalink") is None:
        raise LinkMissingError(INSTALL)
    return (LinkConfig(arguments.link_start_stop, arguments.link_delay_ms / 1000.0),)
