"""The first that runs of ``aijockey``: as little as can be, so that Ctrl-C has hardly a moment to strike before."""

import signal

from aijockey.cli import interrupts


def start() -> int:
    """Run the command line; returns the exit status."""
    interrupts.leave_at_once()
    try:
        from aijockey.cli.main import main

        return main()
    except KeyboardInterrupt:  # a second one, while the first was told of
        return interrupts.STOPPED + signal.SIGINT
    finally:
        interrupts.hear_no_more()
