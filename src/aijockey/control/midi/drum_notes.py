"""Rhythm decks as notes: what is struck in the loop that plays goes out on the beat, so that hardware follows.

What is struck comes with each loop (`aijockey.audio.drum_hits`, by the process that makes it); here it is laid on the
transport: turned by the deck's shift, delayed by swing, repeated where only a part of the loop repeats. While a hand
rolls, stutters or reverses a deck, and while it is muted or its fader down, its notes rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aijockey.audio.drum_hits import Hits
from aijockey.control.beat_clock import Course
from aijockey.control.desk import Desk
from aijockey.control.midi.messages import NOTE_OFF, NOTE_ON
from aijockey.control.midi.sender import Send, Sender
from aijockey.control.parameters import SILENCE_DB

# By class of hit: what General MIDI calls bass drum, acoustic snare, closed hi-hat.
NOTES = (36, 38, 42)
LEAST_VELOCITY, MOST_VELOCITY = 40, 127
NOTE_BEATS = 0.1
# So far ahead of the sound notes are handed over; what changes later is taken back.
AHEAD_BEATS = 1.0
# What is nearer than this has gone already.
NEAR_BEATS = 0.03
LOOP_BEATS = 8.0
FULL_SWING_BEATS = 0.125
RESTS = ("roll_beats", "stutter_beats", "reverse", "retrigger")
MOST_KNOWN = 256

# Key of a loop -> what is struck in it; None where that is not known (yet).
HitsOf = Callable[[str], Hits | None]


@dataclass(frozen=True)
class Lane:
    """How a deck reads its loops: everything that, when it changes, makes what was handed over wrong."""

    loop: str
    following: str
    enters: float | None
    shift_beats: float
    part: tuple[float, float] | None
    swing: float
    rests: bool


class DrumNotes:
    """All rhythm decks.

    Parameters
    ----------
    hits_of : what is struck in a loop.
    channel : of all decks; 0 gives each deck the channel of its own number.
    """

    def __init__(self, desk: Desk, hits_of: HitsOf, sender: Sender, send: Send, channel: int = 0) -> None:
        self.desk, self.sender = desk, sender
        self.sent = 0
        self._hits_of, self._channel = hits_of, channel
        self._known: dict[str, Hits] = {}
        self._lanes: dict[int, Lane] = {}
        self._until: dict[int, float] = {}
        self._parts: dict[int, tuple[float, tuple[float, float]]] = {}
        # One for each deck, so that what a deck handed over can be told apart.
        self._sends = [lambda data: send(data) for _ in range(desk.instrument.decks)]
        self._tonal = {voice.name for voice in desk.instrument.voices if voice.tonal}
        self._serial = -1

    def turn(self, now_s: float, course: Course | None, state: Mapping[str, Any]) -> None:
        """Hand over what is struck within the next beat; some 20 times a second."""
        if course is None:
            return
        beat = course.beat_at(now_s)
        if course.serial != self._serial:
            self._serial = course.serial
            self._until.clear()
            self._lanes.clear()
            self.sender.drop()
        for number, deck in enumerate(state.get("decks", ())[: len(self._sends)]):
            lane = self._lane(number, deck, float(state.get("beat", beat)))
            if self._lanes.get(number) != lane:
                self._lanes[number] = lane
                self.sender.drop(beat + NEAR_BEATS, self._sends[number])
                self._until[number] = beat + NEAR_BEATS
            self._fill(number, lane, beat)

    def _lane(self, number: int, deck: Mapping[str, Any], engine_beat: float) -> Lane:
        values = self._values(number)
        silent = (
            bool(values["mute"])
            or float(values["gain_db"]) <= SILENCE_DB
            or any(values[name] for name in RESTS)
        )
        tonal = str(deck.get("voice", "")) in self._tonal
        enters = deck.get("enters")
        return Lane(
            str(deck.get("loop_key", "")) if deck.get("plays", True) else "",
            str(deck.get("next_key", "")),
            None if enters is None else float(enters),
            float(values["shift_sixteenths"]) / 4.0,
            self._part(
                number, float(values["loop_beats"]), float(values["shift_sixteenths"]) / 4.0, engine_beat
            ),
            float(self.desk.value("transport.swing")),
            silent or tonal,
        )

    def _values(self, number: int) -> dict[str, Any]:
        names = ("mute", "gain_db", "shift_sixteenths", "loop_beats", *RESTS)
        return {name: self.desk.value(f"deck.{number + 1}.{name}") for name in names}

    def _part(
        self, number: int, beats: float, shift: float, engine_beat: float
    ) -> tuple[float, float] | None:
        """Begin and length of the part that repeats, as the engine chose it when it was asked to."""
        if beats >= LOOP_BEATS:
            self._parts.pop(number, None)
            return None
        known = self._parts.get(number)
        if known is None or known[0] != beats:
            place = known[1][0] if known else (engine_beat - shift) // beats * beats
            known = self._parts[number] = (beats, (place, beats))
        return known[1]

    def _fill(self, number: int, lane: Lane, beat: float) -> None:
        begin, end = max(self._until.get(number, beat), beat + NEAR_BEATS), beat + AHEAD_BEATS
        if begin >= end:
            return
        if lane.rests:
            self._until[number] = end
            return
        pieces = [(lane.loop, begin, end)]
        if lane.enters is not None and lane.enters < end:
            middle = max(begin, lane.enters)
            pieces = [(lane.loop, begin, middle), (lane.following, middle, end)]
        for key, first, last in pieces:
            if first < last and key:
                hits = self._hits(key)
                if hits is None:  # not made yet: again with the next turn
                    self._until[number] = first
                    return
                self._strike(number, lane, hits, first, last)
        self._until[number] = end

    def _strike(self, number: int, lane: Lane, hits: Hits, first: float, last: float) -> None:
        channel = (self._channel or number % 16 + 1) - 1
        for place, kind, strength in zip(hits.beats, hits.classes, hits.strengths, strict=True):
            velocity = round(LEAST_VELOCITY + (MOST_VELOCITY - LEAST_VELOCITY) * float(strength))
            note = NOTES[int(kind)]
            for when in beats_of(float(place), lane, first, last):
                on, off = bytes((NOTE_ON | channel, note, velocity)), bytes((NOTE_OFF | channel, note, 0))
                if self.sender.put(when, self._sends[number], on):
                    self.sender.put(when + NOTE_BEATS, self._sends[number], off)
                    self.sent += 1

    def _hits(self, key: str) -> Hits | None:
        hits = self._known.get(key)
        if hits is None:
            hits = self._hits_of(key)
            if hits is not None:
                if len(self._known) >= MOST_KNOWN:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = hits
        return hits


def beats_of(place: float, lane: Lane, first: float, last: float) -> list[float]:
    """When between two beats something at ``place`` of a loop (in beats) is heard."""
    period, offset = LOOP_BEATS, place + lane.shift_beats
    if lane.part is not None:
        begin, period = lane.part
        inside = (place - begin) % LOOP_BEATS
        if inside >= period:
            return []
        offset = begin + inside + lane.shift_beats
    # Swing moves things by up to an eighth of a beat: look a little wider, and keep what falls between.
    start = first - FULL_SWING_BEATS
    when = offset + -(-(start - offset) // period) * period
    found = []
    while when < last:
        heard = swung(when, lane.swing)
        if first <= heard < last:
            found.append(heard)
        when += period
    return found


def swung(beat: float, swing: float) -> float:
    """Where what stands on ``beat`` is heard: off-beat sixteenths late, all between in proportion."""
    delay = swing * FULL_SWING_BEATS
    eighth = beat // 0.5 * 0.5
    inside = beat - eighth
    if inside <= 0.25:
        return eighth + inside * (0.25 + delay) / 0.25
    return eighth + 0.5 - (0.5 - inside) * (0.25 - delay) / 0.25
