"""A set out of whatever voices a pack has: for a player's own pack, before they have written one."""

from collections.abc import Mapping

from aijockey.control.parameters import MAX_DECKS, Value
from aijockey.errors import AijockeyError
from aijockey.live.set_file import Event, LiveSet

PHRASE_BEATS = 32.0
MOST_VOICES = 8
# A pack with one or two voices is played on several decks, so that there is something to mix.
LEAST_DECKS = 3


def arrange(voices: Mapping[str, bool], *, tempo_bpm: float = 124.0, seed: int = 1) -> LiveSet:
    """A piece from ``voices`` (name -> tonal): they enter one phrase after another, walk through latent
    space, make room for a breakdown without rhythms, come back together and leave one by one.

    Raises
    ------
    AijockeyError : no voices.
    """
    if not voices:
        raise AijockeyError("there is nothing to arrange: the pack has no voices")
    names = _order(voices)[: min(MOST_VOICES, MAX_DECKS)]
    while len(names) < LEAST_DECKS:
        names.append(names[len(names) % len(voices)])
    breakdown = PHRASE_BEATS * (1 + (len(names) + 1) // 2)
    drop, end = breakdown + PHRASE_BEATS, breakdown + PHRASE_BEATS * 4
    decks: list[dict[str, Value]] = []
    events: list[Event] = []
    for index, name in enumerate(names):
        deck, tonal = f"deck.{index + 1}", voices[name]
        decks.append({
            "voice": name,
            "seed": float(seed + 10 * index),
            "refresh_bars": 4.0,
            "crossfade_beats": 1.0 if tonal else 0.25,
            "gain_db": -6.0 if index >= 3 else -3.0,
            "pan": 0.0 if index < 2 else 0.25 * (-1) ** index,
            "room_send": 0.25 if tonal else 0.06,
        })  # fmt: skip
        enters = PHRASE_BEATS * ((index + 1) // 2)
        events.append(Event(enters, f"{deck}.play", 1.0))
        events += [
            Event(beat, f"{deck}.walk", float(seed + 10 * index + 1 + step), PHRASE_BEATS)
            for step, beat in enumerate(_beats(enters, end - PHRASE_BEATS))
        ]
        if not tonal and len(names) > 1:
            events.append(Event(breakdown - 8.0, f"{deck}.filter", 0.6, 8.0))
            # Filtered until the drop, so that a pack of rhythms alone does not fall silent.
            events.append(Event(drop, f"{deck}.filter", 0.0))
        events.append(Event(end - PHRASE_BEATS * (1.0 if index >= 2 else 0.5), f"{deck}.filter", -0.7, 16.0))
        events.append(Event(end - 4.0 * (index % 2), f"{deck}.play", 0.0))
    return LiveSet(tuple(decks), tuple(events), "An arrangement", tempo_bpm, int(end // 4) + 2)


def _order(voices: Mapping[str, bool]) -> list[str]:
    """Rhythms and tonal voices in turn, rhythms first."""
    rhythms = [name for name, tonal in voices.items() if not tonal]
    tones = [name for name, tonal in voices.items() if tonal]
    order = []
    while rhythms or tones:
        order += rhythms[:1] + tones[:1]
        rhythms, tones = rhythms[1:], tones[1:]
    return order


def _beats(start: float, end: float) -> list[float]:
    return [start + PHRASE_BEATS * step for step in range(int((end - start) // PHRASE_BEATS))]
