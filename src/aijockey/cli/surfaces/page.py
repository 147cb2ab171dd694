"""The page that ``play`` serves: where, to whom, and whether a browser is opened for it."""

import argparse
import os
import sys
import webbrowser
from typing import TYPE_CHECKING, TextIO

from aijockey.cli.arguments import whole_number

if TYPE_CHECKING:
    from aijockey.control.web.guard import Access
    from aijockey.live.processes.front import SurfacePlan
    from aijockey.pack.pack import Pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the page."""
    parser.add_argument(
        "--port",
        type=whole_number(0, 65535),
        metavar="P",
        help="port of the page, 0 for any that is free (without: 8765, or any that is free where it is taken)",
    )
    parser.add_argument("--no-open", action="store_true", help="do not open the page in a browser")
    parser.add_argument(
        "--network",
        action="store_true",
        help="let tablets and other machines on the network join, once paired by the code that is shown",
    )


def surface_plan(arguments: argparse.Namespace, pack: "Pack") -> "SurfacePlan":
    """What is served, and to whom."""
    from aijockey.cli.surfaces import configs
    from aijockey.control.web.protocol import DEFAULT_PORT
    from aijockey.live.loop_source import controls_of
    from aijockey.live.processes.front import SurfacePlan

    voices = [voice.name for voice in pack.manifest.voices]
    return SurfacePlan(
        port=DEFAULT_PORT if arguments.port is None else arguments.port,
        any_port=arguments.port is None,
        network=arguments.network,
        controls={voice: tuple(controls_of(pack, voice)) for voice in voices},
        pack=pack.manifest.name,
        services=configs(arguments),
    )


def announce(access: "Access", *, open_page: bool, terminal: TextIO | None = None) -> None:
    """Say where the page is (on stderr), how others join, and open it where there is a screen for it.

    The code that pairs is shown on a terminal only: what goes to a file would be stored.
    """
    from aijockey.control.web.pairing_code import code_text

    terminal = terminal or sys.stderr
    page = f"http://127.0.0.1:{access.port}/"
    print(f"page: {page}", file=terminal)
    if access.network:
        print(f"on the network: {access.network}", file=terminal)
        if terminal.isatty():
            print(f"{code_text(access.pairing_link)}to join: {access.pairing_link}", file=terminal)
        else:
            print("the page shows the code to join by", file=terminal)
    if open_page and terminal.isatty() and _has_screen():
        webbrowser.open(page)


def _has_screen() -> bool:
    """Whether a browser would open where the player sits, rather than in the terminal or on another machine."""
    if "SSH_CONNECTION" in os.environ:
        return False
    return sys.platform in ("win32", "darwin") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
