"""Arguments of `aijockey play` for MIDI."""

import argparse
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule, number, whole_number

if TYPE_CHECKING:
    from aijockey.control.services import ServiceConfig

RULES = (
    Rule(("--midi-transport",), lambda given: given.midi_clock_in, "it needs --midi-clock-in NAME to follow"),
    Rule(
        ("--midi-notes-channel",),
        lambda given: given.midi_notes,
        "no notes are sent without --midi-notes NAME",
    ),
    Rule(
        ("--midi-delay-ms",),
        lambda given: given.midi_clock_out or given.midi_notes,
        "nothing is sent without --midi-clock-out NAME or --midi-notes NAME",
    ),
    Rule(
        ("--midi-api",),
        lambda given: (
            given.midi or given.midi_port or given.midi_clock_in or given.midi_clock_out or given.midi_notes
        ),
        "no MIDI is used without --midi or one of its kind",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--midi`` and what belongs to it."""
    parser.add_argument("--midi", action="store_true", help="use every MIDI controller that is plugged in")
    parser.add_argument(
        "--midi-port",
        action="append",
        default=[],
        metavar="NAME",
        help="use only controllers with this in their name; may be repeated",
    )
    parser.add_argument(
        "--midi-clock-in", default="", metavar="NAME", help="follow tempo and beat of this port's MIDI clock"
    )
    parser.add_argument(
        "--midi-transport",
        action="store_true",
        help="with --midi-clock-in: its stop ends the decks that play, its start launches them again",
    )
    parser.add_argument(
        "--midi-clock-out",
        action="append",
        default=[],
        metavar="NAME",
        help="send MIDI clock, start, stop and song position to this port; may be repeated",
    )
    parser.add_argument(
        "--midi-notes",
        default="",
        metavar="NAME",
        help="send what rhythm decks strike to this port, as notes",
    )
    parser.add_argument(
        "--midi-notes-channel",
        type=whole_number(0, 16),
        default=0,
        metavar="N",
        help="channel of those notes; 0 gives each deck the channel of its number",
    )
    parser.add_argument(
        "--midi-delay-ms",
        type=number(-500, 500),
        default=0.0,
        metavar="MS",
        help="send clock and notes so much later (below 0: earlier), to line hardware up with the loudspeakers",
    )
    parser.add_argument(
        "--midi-api",
        choices=("alsa", "jack", "core", "windows"),
        help="MIDI system (without: the first there is)",
    )


def configs(arguments: argparse.Namespace) -> "tuple[ServiceConfig, ...]":
    """What the arguments ask for.

    Raises
    ------
    AijockeyError : python-rtmidi is not installed, or there is no MIDI here.
    """
    on_the_beat = arguments.midi_clock_out or arguments.midi_notes
    controllers = arguments.midi or bool(arguments.midi_port)
    if not (controllers or arguments.midi_clock_in or on_the_beat):
        return ()
    from aijockey.control.midi.ports import RtMidiPorts
    from aijockey.control.midi.service import MidiConfig
    from aijockey.control.player_files import player_folder
    from aijockey.errors import AijockeyError

    if arguments.midi_transport and not arguments.midi_clock_in:
        raise AijockeyError("--midi-transport needs --midi-clock-in NAME")
    RtMidiPorts(arguments.midi_api).close()  # whoever asks for MIDI is told at once where there is none
    return (
        MidiConfig(
            folder=player_folder() / "midi",
            api=arguments.midi_api,
            only=tuple(arguments.midi_port),
            controllers=controllers,
            clock_in=arguments.midi_clock_in,
            starts_and_stops=arguments.midi_transport,
            clock_out=tuple(arguments.midi_clock_out),
            notes_out=arguments.midi_notes,
            notes_channel=arguments.midi_notes_channel,
            delay_ms=arguments.midi_delay_ms,
        ),
    )
