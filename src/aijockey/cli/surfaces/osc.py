"""Arguments of `aijockey play` for OSC."""

import argparse
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule, whole_number

if TYPE_CHECKING:
    from aijockey.control.services import ServiceConfig

RULES = (
    Rule(
        ("--osc-allow", "--osc-send"),
        lambda given: given.osc is not None,
        "there is no OSC without --osc PORT",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--osc`` and what belongs to it."""
    parser.add_argument(
        "--osc",
        type=whole_number(0, 65535),
        metavar="PORT",
        help="take OSC on this UDP port of this machine, 0 for any that is free (without: none)",
    )
    parser.add_argument(
        "--osc-allow",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="take OSC from this address or network of others too (192.168.1.20, 10.0.0.0/24); may be repeated",
    )
    parser.add_argument(
        "--osc-send",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="send every change to this surface; may be repeated (one that subscribes need not be named)",
    )


def configs(arguments: argparse.Namespace) -> "tuple[ServiceConfig, ...]":
    """What the arguments ask for, checked.

    Raises
    ------
    AijockeyError : an address that is none, or one without ``--osc``.
    """
    import ipaddress

    from aijockey.control.osc.network import allowed, target_of
    from aijockey.control.osc.service import OscConfig
    from aijockey.errors import AijockeyError

    allow, targets = tuple(arguments.osc_allow), tuple(arguments.osc_send)
    allowed(allow)
    for target in targets:
        target_of(target)
    if arguments.osc is None:
        if allow or targets:
            raise AijockeyError("--osc-allow and --osc-send need --osc PORT")
        return ()
    beyond = any(not ipaddress.ip_address(target_of(target)[0]).is_loopback for target in targets)
    host = "0.0.0.0" if allow or beyond else "127.0.0.1"
    return (OscConfig(arguments.osc, host, allow, targets),)
