"""The command ``aijockey``: finds the verb, imports its one module, runs it.

A verb module has ``add_arguments(parser)`` and ``run(arguments) -> int`` and imports its work inside ``run``,
so that ``--help`` is instant; ``RULES``, if it has any, names options that say nothing beside others. Exit status: 0
done, 1 failed (the text says why), 2 wrong use, 130 stopped by Ctrl-C (143 by SIGTERM).
"""

import argparse
import functools
import importlib
import signal
import sys
from collections.abc import Sequence

from aijockey import __version__
from aijockey.cli import interrupts
from aijockey.cli.arguments import check_rules
from aijockey.errors import AijockeyError

VERBS = {
    "play": "play a set into the sound device, or render it where there is none",
    "render": "render a set to a file, offline",
    "generate": "write loops of a voice to a folder",
    "like": "find the moment of a voice that sounds like an audio file",
    "voices": "list the voices of a pack",
    "moments": "keep loops by name, list and forget them",
    "parameters": "list all that can be moved in a set, by hand or by a program",
    "keys": "show what each key does while a set plays",
    "prepare": "turn a folder of audio into a corpus",
    "synthesize": "make a corpus from nothing with the procedural studio",
    "train": "train a model on a corpus",
    "export": "turn checkpoints into a pack",
    "evaluate": "judge a pack or a corpus: figures and a report",
    "directions": "find and calibrate the named controls of a pack's voices",
    "explore": "picture and sound the latent space and directions of a voice",
    "flac": "turn recordings into FLAC, checked against what was recorded",
    "midi": "list MIDI ports, watch what they send, show maps of controllers",
    "osc-layout": "write a ready surface for TouchOSC or Open Stage Control",
    "devices": "list sound outputs and inputs by name",
    "doctor": "find what keeps a set from sounding here, and the fix",
    "bench": "measure speed on this machine",
}


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Prints defaults, but for those that say nothing: None, False and empty lists."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False, []):
            return action.help
        return super()._get_help_string(action)


def build_parser(verb: str | None) -> argparse.ArgumentParser:
    """The parser, with arguments filled in for ``verb`` alone, since only its module is imported."""
    parser = argparse.ArgumentParser(
        prog="aijockey", description="Perform dance music that neural networks generate."
    )
    parser.add_argument("--version", action="version", version=f"aijockey {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        child = verbs.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=HelpFormatter,
        )
        if name == verb:
            module = importlib.import_module(f"aijockey.cli.{name.replace('-', '_')}")
            module.add_arguments(child)
            rules = getattr(module, "RULES", ())
            child.set_defaults(run_verb=module.run, check=functools.partial(check_rules, child, rules=rules))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    verb = next((word for word in words if word in VERBS), None)
    arguments = build_parser(verb).parse_args(words)
    arguments.check(words[words.index(arguments.verb) + 1 :], arguments)
    try:
        interrupts.let_raise()
        return int(arguments.run_verb(arguments))
    except AijockeyError as error:
        print(f"aijockey {arguments.verb}: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, interrupts.StoppedError) as stop:
        print(f"aijockey {arguments.verb}: stopped", file=sys.stderr)
        return int(getattr(stop, "status", interrupts.STOPPED + signal.SIGINT))


if __name__ == "__main__":
    sys.exit(main())
