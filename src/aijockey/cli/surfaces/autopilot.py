"""Arguments of the autopilot, and the set that it plays on."""

import argparse
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule, number, whole_number

if TYPE_CHECKING:
    from aijockey.control.desk import Instrument
    from aijockey.control.services import ServiceConfig
    from aijockey.live.engine import Engine
    from aijockey.live.loop_source import LoopSource
    from aijockey.live.set_file import LiveSet
    from aijockey.pack.pack import Pack

DEFAULT_BARS = 256
STYLES = "house, techno or breaks"

# In a live set any surface may switch the autopilot on, and it plays as these say; offline nobody can.
OFFLINE_RULES = (
    Rule(
        ("--autopilot-style", "--autopilot-energy", "--autopilot-seed"),
        lambda given: given.autopilot,
        "nobody plays without --autopilot",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of a verb that can be played by the autopilot."""
    group = parser.add_argument_group("autopilot")
    group.add_argument(
        "--autopilot",
        action="store_true",
        help="let the autopilot play: of the set it takes the decks, not the events; hands may always join in",
    )
    group.add_argument("--autopilot-style", default="house", metavar="STYLE", help=f"what it plays: {STYLES}")
    group.add_argument(
        "--autopilot-energy",
        type=number(0, 1),
        metavar="E",
        help="0 to 1 (without: 0.5, or what the set says)",
    )
    group.add_argument(
        "--autopilot-seed",
        type=whole_number(0, 1 << 30),
        default=0,
        metavar="S",
        help="another seed, another set",
    )


def configs(arguments: argparse.Namespace) -> "tuple[ServiceConfig, ...]":
    """The service. It is always there, so that any surface can switch it on.

    Raises
    ------
    StyleError : no such style.
    """
    from aijockey.control.autopilot.service import AutopilotConfig
    from aijockey.control.autopilot.style import read_style

    read_style(arguments.autopilot_style)
    return (
        AutopilotConfig(
            style=arguments.autopilot_style,
            # Where it plays from the start the set says both, so that a surface that is started again changes nothing.
            energy=None if arguments.autopilot else arguments.autopilot_energy,
            seed=arguments.autopilot_seed,
        ),
    )


def instrument_of(pack: "Pack", live_set: "LiveSet") -> "Instrument":
    """What surfaces show of a pack and a set."""
    from aijockey.control.desk import Instrument, Voice
    from aijockey.live.loop_source import controls_of

    voices = tuple(
        Voice(voice.name, voice.tonal, controls_of(pack, voice.name)) for voice in pack.manifest.voices
    )
    return Instrument(live_set.title, len(live_set.decks), voices, pack.manifest.name)


def stage(arguments: argparse.Namespace, live_set: "LiveSet", pack: "Pack") -> "LiveSet":
    """The set as the autopilot wants it where it is asked for, else as it is.

    A set that was named keeps its decks; without one, each voice of the pack gets a deck. The roles of the style's
    first section play from the first beat.
    """
    if not arguments.autopilot:
        return live_set
    from aijockey.control.autopilot.style import read_style
    from aijockey.live.arrange import arrange
    from aijockey.live.jockey_stage import on_stage

    voices = {voice.name: voice.tonal for voice in pack.manifest.voices}
    style = read_style(arguments.autopilot_style)
    named = arguments.set is not None
    base = live_set if named else arrange(voices)
    return on_stage(
        base,
        instrument_of(pack, base),
        style,
        tempo_bpm=arguments.tempo or (live_set.tempo_bpm if named else style.tempo_bpm),
        energy=arguments.autopilot_energy,
        bars=arguments.bars or (live_set.bars if named else DEFAULT_BARS),
    )


def engine(
    arguments: argparse.Namespace, live_set: "LiveSet", pack: "Pack", source: "LoopSource"
) -> "Engine":
    """An engine for rendering; the autopilot plays on it where it is asked for."""
    from aijockey.live.engine import Engine

    if not arguments.autopilot:
        return Engine(live_set, source, metered=False)
    from aijockey.control.autopilot.jockey import Autopilot
    from aijockey.control.autopilot.style import read_style
    from aijockey.live.engine_link import AccompaniedEngine

    accompanied = AccompaniedEngine(live_set, source, instrument_of(pack, live_set))
    accompanied.companion = Autopilot(
        accompanied.desk, read_style(arguments.autopilot_style), arguments.autopilot_seed
    ).turn
    return accompanied
