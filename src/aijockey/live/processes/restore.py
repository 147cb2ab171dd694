"""A set as it stands at some beat of a performance: what an engine starts from that takes over from a lost one."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, Value
from aijockey.live.set_file import Event, LiveSet
from aijockey.music.grid import BEATS_PER_BAR

TEMPO = "transport.tempo_bpm"
GLIDING = ("linear", "decibel", "octave")


def bar_of(beat: float) -> float:
    """First beat of the bar that ``beat`` lies in."""
    return float(beat // BEATS_PER_BAR * BEATS_PER_BAR)


def set_at(live_set: LiveSet, live_events: Iterable[Event], beat: float) -> LiveSet:
    """The set that goes on from ``beat`` as beat 0: decks, mixer and tempo as they are there, then what is to come.

    A move that is under way starts where it has got to and takes the time that is left. A walk through latent
    space goes on from where it began, in the time that is left.

    Parameters
    ----------
    live_events : what was done live, in beats of the set.
    """
    events = sorted([*live_set.events, *live_events], key=lambda event: event.beat)
    now: dict[str, tuple[Value, Event]] = {}
    for event in events:
        if event.beat > beat:
            break
        start = _value_at(now, live_set, event.address, event.beat)
        now[event.address] = (start, event)
        head, _, name = event.address.rpartition(".")
        if name == "seed":
            now.pop(f"{head}.walk", None)
        elif name == "walk" and event.beat + event.over_beats <= beat:
            now[f"{head}.seed"] = (event.value, replace(event, address=f"{head}.seed", over_beats=0.0))
            now.pop(event.address)
    decks: list[dict[str, Value]] = [dict(deck) for deck in live_set.decks]
    mixer: dict[str, Value] = dict(live_set.mixer)
    tempo_bpm: float = live_set.tempo_bpm
    going_on: list[Event] = []
    for address, (_, event) in now.items():
        left = event.beat + event.over_beats - beat
        if left > 0:
            going_on.append(Event(0.0, address, event.value, left))
        if address.endswith(".walk"):
            continue
        value = _value_at(now, live_set, address, beat)
        target = parameters.resolve(address)
        if address == TEMPO:
            tempo_bpm = float(value)
        elif target.deck is None:
            mixer[address] = value
        else:
            decks[target.deck][address.split(".", 2)[2]] = value
    coming = [replace(event, beat=event.beat - beat) for event in events if event.beat > beat]
    return replace(
        live_set, decks=tuple(decks), mixer=mixer, tempo_bpm=tempo_bpm, events=tuple(going_on + coming)
    )


def event_of(message: dict[str, Any]) -> Event:
    """The event that a journal's entry states."""
    return Event(float(message["beat"]), str(message["set"]), message["to"], float(message.get("over", 0.0)))


def _value_at(now: dict[str, tuple[Value, Event]], live_set: LiveSet, address: str, beat: float) -> Value:
    if address not in now:
        return _initial(live_set, address)
    start, event = now[address]
    curve = parameters.resolve(address).parameter.curve
    if event.over_beats <= 0 or beat >= event.beat + event.over_beats or curve not in GLIDING:
        return event.value
    amount = (beat - event.beat) / event.over_beats
    return float(start) + (float(event.value) - float(start)) * amount


def _initial(live_set: LiveSet, address: str) -> Value:
    target = parameters.resolve(address)
    if address == TEMPO:
        return live_set.tempo_bpm
    if target.deck is None:
        return live_set.mixer.get(address, GLOBAL_PARAMETERS[address].default)
    name = address.split(".", 2)[2]
    row = DECK_PARAMETERS.get(name, target.parameter)
    return live_set.decks[target.deck].get(name, row.default)
