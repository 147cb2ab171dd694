"""A set as it stands at some beat of a performance: what an engine starts from that takes over from a lost one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, Value
from aijockey.live.loops import LoopRequest
from aijockey.live.pace import Pace
from aijockey.live.plan import COMMON_GRID, SENT_ONCE, DeckPlan, PlanEvent
from aijockey.live.ride import PAD
from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import Entry, Event
from aijockey.music.grid import BEATS_PER_BAR

TEMPO = "transport.tempo_bpm"
# A length says here how long the value stays, not how long the way to it is.
NUDGE = "transport.nudge"
GLIDING = ("linear", "decibel", "octave")


def bar_of(beat: float) -> float:
    """First beat of the bar that ``beat`` lies in."""
    return float(beat // BEATS_PER_BAR * BEATS_PER_BAR)


def set_at(
    live_set: LiveSet,
    live_events: Iterable[Event],
    beat: float,
    paces: Mapping[str, Pace] | None = None,
) -> LiveSet:
    """The set that goes on from ``beat`` as beat 0: decks, mixer and tempo as they are there, then what is to come.

    A move that is under way starts where it has got to and takes the time that is left; so does a walk through
    latent space. What chooses loops is worked out by the decks' own plans.

    Parameters
    ----------
    live_events : what was done live, in beats of the set. paces : of the pack's voices, which walks go by.
    """
    events = sorted([*live_set.events, *live_events], key=lambda event: event.beat)
    decks: list[dict[str, Value]] = []
    going_on: list[Event] = []
    moved: list[Event] = []  # by loops that brought their mixer along
    for number, setup in enumerate(live_set.decks):
        planned, moves, brought = _plan_at(live_set, number, setup, events, Fraction(beat), paces)
        mixer = {name: value for name, value in setup.items() if not _is_planned(f"deck.1.{name}")}
        decks.append(planned | mixer)
        going_on += moves
        moved += brought
    past = [event for event in events if event.beat <= beat and not _is_planned_by_deck(event.address)]
    mixer, more = _mixer_at(live_set, sorted([*past, *moved], key=lambda event: event.beat), beat)
    tempo_bpm = float(mixer.pop(TEMPO, live_set.tempo_bpm))
    common: dict[str, Value] = dict(live_set.mixer)
    for address, value in mixer.items():
        deck = parameters.resolve(address).deck
        if deck is None:
            common[address] = value
        else:
            decks[deck][address.split(".", 2)[2]] = value
    coming = [replace(event, beat=event.beat - beat) for event in events if event.beat > beat]
    entries = tuple(
        replace(entry, planned=entry.planned - beat, beat=None if entry.beat is None else entry.beat - beat)
        for entry in live_set.entries
        if entry.planned >= beat
    )
    return replace(
        live_set,
        decks=tuple(decks),
        mixer=common,
        tempo_bpm=tempo_bpm,
        events=tuple(more + going_on + coming),
        entries=entries,
    )


def event_of(message: Mapping[str, Any]) -> Event:
    """The event that a journal's message states."""
    return Event(float(message["beat"]), str(message["set"]), message["to"], float(message.get("over", 0.0)))


def event_message(event: Event, beat_offset: float = 0.0) -> dict[str, Any]:
    """The inverse of `event_of`, ``beat_offset`` beats later."""
    return {
        "beat": event.beat + beat_offset,
        "set": event.address,
        "to": event.value,
        "over": event.over_beats,
    }


def entry_of(message: Mapping[str, Any]) -> Entry:
    """The entry that a journal's message states."""
    beat = message["beat"]
    return Entry(
        int(message["deck"]),
        float(message["planned"]),
        None if beat is None else float(beat),
        LoopRequest.from_json(message["request"]),
        str(message["lost"]),
    )


def entry_message(entry: Entry, beat_offset: float = 0.0) -> dict[str, Any]:
    """The inverse of `entry_of`, ``beat_offset`` beats later."""
    return {
        "deck": entry.deck,
        "planned": entry.planned + beat_offset,
        "beat": None if entry.beat is None else entry.beat + beat_offset,
        "lost": entry.lost,
        "request": entry.request.as_json(),
    }


def _is_planned(address: str) -> bool:
    return parameters.resolve(address).parameter.planned


def _is_planned_by_deck(address: str) -> bool:
    # The grid that all decks share is the transport's too, and keeps its value like any other.
    return address != COMMON_GRID and _is_planned(address)


def _plan_at(
    live_set: LiveSet,
    deck: int,
    setup: Mapping[str, Value],
    events: Iterable[Event],
    beat: Fraction,
    paces: Mapping[str, Pace] | None,
) -> tuple[dict[str, Value], list[Event], list[Event]]:
    """Planned parameters of a deck, what is under way, and moves of its mixer that came with loops."""
    planned = {name: value for name, value in setup.items() if _is_planned(f"deck.1.{name}")}
    common = live_set.mixer.get(COMMON_GRID, GLOBAL_PARAMETERS[COMMON_GRID].default)
    plan = DeckPlan(planned, float(common), paces)
    for event in events:
        target = parameters.resolve(event.address)
        if event.address == COMMON_GRID:
            plan.add(PlanEvent(Fraction(event.beat), COMMON_GRID, event.value))
        elif target.deck == deck and target.parameter.planned:
            name = event.address.split(".", 2)[2]
            plan.add(PlanEvent(Fraction(event.beat), name, event.value, event.over_beats))
    swaps = plan.advance(beat)
    values, moves = plan.foresee(beat).setup_at(beat)
    # What was said explicitly stays said, also where it is the default.
    for name in planned:
        if name not in values and name not in (*SENT_ONCE, "walk_place", *PAD):
            values[name] = DECK_PARAMETERS[name].default if name in DECK_PARAMETERS else 0.0
    going_on = [Event(0.0, f"deck.{deck + 1}.{move.name}", move.value, move.over_beats) for move in moves]
    brought = [
        Event(float(swap.beat), f"deck.{deck + 1}.{name}", value)
        for swap in swaps
        for name, value in swap.mixer.items()
    ]
    return values, going_on, brought


def _mixer_at(live_set: LiveSet, past: Iterable[Event], beat: float) -> tuple[dict[str, Value], list[Event]]:
    """Values at ``beat`` of what was moved by then, and the moves that are under way."""
    now: dict[str, tuple[Value, Event]] = {}
    for event in past:
        now[event.address] = (_value_at(now, live_set, event.address, event.beat), event)
    values: dict[str, Value] = {}
    going_on: list[Event] = []
    for address, (_, event) in now.items():
        left = event.beat + event.over_beats - beat
        if left > 0:
            going_on.append(Event(0.0, address, event.value, left))
        values[address] = _value_at(now, live_set, address, beat)
    return values, going_on


def _value_at(now: Mapping[str, tuple[Value, Event]], live_set: LiveSet, address: str, beat: float) -> Value:
    if address not in now:
        return _initial(live_set, address)
    start, event = now[address]
    over = event.over_beats > 0 and beat >= event.beat + event.over_beats
    if address == NUDGE:
        return 0.0 if over else event.value
    curve = parameters.resolve(address).parameter.curve
    if event.over_beats <= 0 or over or curve not in GLIDING:
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
