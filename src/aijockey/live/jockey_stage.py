"""The set that an autopilot plays on: decks and nothing planned."""

from collections.abc import Mapping
from dataclasses import replace

from aijockey.control.autopilot.roles import role_of
from aijockey.control.autopilot.style import MIX, Style
from aijockey.control.desk import Instrument
from aijockey.control.parameters import DECK_PARAMETERS, Value
from aijockey.live.set_file import LiveSet

# What a set may have closed or stopped for its own events to open is as new here.
FRESH = ("play", *MIX)


def on_stage(
    live_set: LiveSet,
    instrument: Instrument,
    style: Style,
    *,
    tempo_bpm: float,
    energy: float | None = None,
    bars: int | None = None,
) -> LiveSet:
    """``live_set`` without its events, ``autopilot.on``; the roles of the style's first section play from beat 0."""
    roles = {voice.name: role_of(voice) for voice in instrument.voices}
    section = style.sections[0]
    wanted = list(section.play)
    decks: list[Mapping[str, Value]] = []
    for deck in live_set.decks:
        fresh = {name: value for name, value in deck.items() if name not in FRESH}
        role = roles.get(str(deck.get("voice", "")), "")
        if role in wanted:
            wanted.remove(role)
            fresh |= {"play": 1.0, **_changed(style.mix_of(role, section))}
        decks.append(fresh)
    if len(wanted) == len(section.play) and decks:  # none of them is there: anybody
        decks[0] = {**decks[0], "play": 1.0}
    mixer: dict[str, Value] = {**live_set.mixer, "autopilot.on": 1.0}
    if energy is not None:
        mixer["autopilot.energy"] = energy
    return replace(
        live_set, decks=tuple(decks), events=(), entries=(), mixer=mixer, tempo_bpm=tempo_bpm,
        bars=bars or live_set.bars, title=f"Autopilot, {style.name}",
    )  # fmt: skip


def _changed(mix: Mapping[str, float]) -> dict[str, Value]:
    return {name: value for name, value in mix.items() if value != DECK_PARAMETERS[name].default}
