"""The one table of parameters: whatever can be turned, its address, unit, range, default and meaning.

Set files, events, help and every surface are validated against this table, so a parameter that is not here
does not exist. An address is ``group.name``, or ``deck.N.name`` with decks counted from 1; named controls of
a generator are ``deck.N.controls.NAME``, in standard deviations of what that voice learned from.
"""

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from aijockey.errors import AijockeyError

Value = float | str
Curve = Literal["linear", "decibel", "octave", "step", "switch", "hold", "trigger", "choice", "name", "text"]
MAX_DECKS = 16
SILENCE_DB = -90.0
CONTROL_PREFIX = "controls."
WHOLE: tuple[Curve, ...] = ("step", "switch", "hold")
# Lengths of repeated parts, in beats: from a 32nd note to half a bar, and on to the whole loop of two bars.
ROLLS: tuple[Value, ...] = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
LOOP_LENGTHS: tuple[Value, ...] = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
GRIDS: tuple[Value, ...] = (0.0, 1.0, 4.0, 8.0, 16.0, 32.0)
CROSSFADER_CURVES = ("smooth", "linear", "cut")
INSERT_SLOTS = (1, 2)
# Paths of walks; `live.walks` has one row for each but none.
WALK_KINDS = ("none", "circle", "orbit", "drift", "sine", "triangle", "decay")
# What a deck's insert slot may hold; `live.effects.inserts` has one row for each.
INSERTS = ("none", "compressor", "drive", "phaser", "crusher", "gate", "duck", "plugin")


class ParameterError(AijockeyError):
    """An address or a value that the table does not allow; the text says what it does allow."""


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    curve : how a surface maps its travel: "linear", "decibel", "octave" (equal ratios), "step" (whole),
        "switch" (0 or 1), "hold" (1 while a button is down, then 0), "trigger" (acts whenever it is sent),
        "choice" (one of ``choices``), "name" (text; "" is none where it is the default), "text" (text of a
        form of its own).
    planned : True for what decides which loop plays (voice, seed, play…): acts at the deck's next grid line.
        False for what shapes sound: it acts at its very sample and is smoothed.
    read : True for how a deck reads its loop (cue, roll, pitch…): acts at its very sample, with a short fade.
    gesture : True for what a hand does that comes down to other events (a tap to a tempo, undo to what was):
        a set holds those, never the gesture.
    """

    group: str
    name: str
    unit: str
    low: float
    high: float
    default: Value
    curve: Curve
    summary: str
    planned: bool = False
    choices: tuple[Value, ...] = ()
    read: bool = False
    gesture: bool = False

    @property
    def address(self) -> str:
        """How the row is addressed, with ``N`` for the number of a deck."""
        return f"{self.group}.N.{self.name}" if self.group == "deck" else f"{self.group}.{self.name}"

    def check(self, value: object, address: str | None = None) -> Value:
        """``value`` as the engine keeps it: a float, or text for names and some choices.

        Raises
        ------
        ParameterError : wrong type, not finite, or outside the range; names address, value and range.
        """
        where = address or self.address
        if self.curve in ("name", "text"):
            if not isinstance(value, str) or not (value or self.default == ""):
                raise ParameterError(f"{where}: {value!r} is not a name; expected text such as 'techno'")
            return value
        if self.curve == "choice" and isinstance(value, str):
            if value not in self.choices:
                guess = near(value, self.choices)
                raise ParameterError(f"{where}: {value!r} is not one of {_listed(self.choices)}{guess}")
            return value
        if not isinstance(value, int | float):
            raise ParameterError(f"{where}: {value!r} is not a number; {self._expected()}")
        try:
            number = float(value)
        except OverflowError:  # a whole number of hundreds of digits
            number = math.inf
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ParameterError(f"{where}: {value!r:.60} is out of range; {self._expected()}")
        if self.curve == "choice" and number not in self.choices:
            raise ParameterError(f"{where}: {value!r} is not one of {_listed(self.choices)}")
        if self.curve in WHOLE and number != int(number):
            raise ParameterError(f"{where}: {value!r} is not a whole number; {self._expected()}")
        return number

    def _expected(self) -> str:
        if self.choices:
            return f"expected one of {_listed(self.choices)}"
        unit = f" {self.unit}" if self.unit else ""
        return f"expected {self.low:g} to {self.high:g}{unit}"


@dataclass(frozen=True)
class Target:
    """What an address points at: a row, the deck (from 0) or None, the generator's control or None."""

    parameter: Parameter
    deck: int | None = None
    control: str | None = None


def _insert_rows(slot: int) -> tuple[Parameter, ...]:
    name = f"insert_{slot}"
    return (
        Parameter("deck", name, "", 0, 0, "none", "choice", f"effect in slot {slot}; a change is cross-faded",
                  False, INSERTS),
        Parameter("deck", f"{name}_amount", "", 0, 1, 0.5, "linear",
                  f"how much slot {slot} does; 0 leaves the sound as it is"),
        Parameter("deck", f"{name}_tone", "", 0, 1, 0.5, "linear",
                  f"second knob of slot {slot}: speed, colour or rhythm, by effect"),
        Parameter("deck", f"{name}_plugin", "", 0, 0, "", "name",
                  f"which plug-in slot {slot} hosts: an alias of the player's own configuration"),
    )  # fmt: skip


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("transport", "tempo_bpm", "BPM", 20, 300, 120.0, "linear",
              "tempo; loops are stretched and keep their pitch"),
    Parameter("transport", "tap", "s", 0, 1e9, 0.0, "trigger",
              "sets the tempo by tapping: when it was tapped on any steady clock, or 0 for now", gesture=True),
    Parameter("transport", "nudge", "%", -16, 16, 0.0, "linear",
              "bends the tempo while it is not 0; an event with a length lets go by itself"),
    Parameter("transport", "keep_pitch", "", 0, 1, 1.0, "switch",
              "1 keeps the pitch of loops at any tempo, 0 plays them faster and slower like a record"),
    Parameter("transport", "swing", "", 0, 1, 0.0, "linear",
              "delays every second sixteenth of rhythms; 0.67 is triplets, 1 is dotted"),
    Parameter("transport", "quantise_beats", "beats", 0, 32, 4.0, "choice",
              "grid of every deck that has none of its own; 0 is off (a sixteenth)", True, GRIDS),
    Parameter("history", "undo", "", 0, 1, 0.0, "trigger", "takes the last step back, but for transport",
              gesture=True),
    Parameter("history", "redo", "", 0, 1, 0.0, "trigger", "does again what was undone last", gesture=True),
    Parameter("master", "gain_db", "dB", SILENCE_DB, 12, 0.0, "decibel",
              "level before the limiter; the lowest is silence"),
    Parameter("master", "panic", "", 0, 1, 0.0, "trigger",
              "silences master and headphones at once, before anything else that was sent; undo brings them back",
              gesture=True),
    Parameter("master", "cue_mix", "", 0, 1, 0.0, "linear",
              "what the headphones hear: 0 the cued decks, 1 the master"),
    Parameter("master", "cue_gain_db", "dB", SILENCE_DB, 12, 0.0, "decibel", "level of the headphones"),
    Parameter("master", "cue_split", "", 0, 1, 0.0, "switch",
              "1: one stereo output carries the master (mono) left and the cue (mono) right"),
    Parameter("mixer", "crossfader", "", -1, 1, 0.0, "linear", "-1 plays side a, 1 side b, 0 both"),
    Parameter("mixer", "crossfader_curve", "", 0, 0, "smooth", "choice",
              "smooth: equal power; linear: gains sum to 1; cut: full until the far end", False,
              CROSSFADER_CURVES),
    Parameter("echo", "time_beats", "beats", 0.125, 4, 0.75, "linear",
              "delay of the echo, in time with the transport"),
    Parameter("echo", "feedback", "", 0, 0.95, 0.45, "linear", "how much of each repeat comes back"),
    Parameter("echo", "gain_db", "dB", SILENCE_DB, 12, 0.0, "decibel", "level of the echo's return"),
    Parameter("room", "size", "", 0, 1, 0.6, "linear", "length of the reverberation"),
    Parameter("room", "damping", "", 0, 1, 0.5, "linear", "how fast its treble dies"),
    Parameter("room", "gain_db", "dB", SILENCE_DB, 12, 0.0, "decibel", "level of the room's return"),
    Parameter("autopilot", "on", "", 0, 1, 0.0, "switch",
              "1 lets the autopilot play; whatever a hand touches it leaves alone for a while"),
    Parameter("autopilot", "energy", "", 0, 1, 0.5, "linear", "how much the autopilot makes of the next sections"),
    Parameter("deck", "voice", "", 0, 0, "", "name", "which voice of the pack the deck plays", True),
    Parameter("deck", "play", "", 0, 1, 0.0, "switch", "1 launches, 0 stops, on the next grid line", True),
    Parameter("deck", "seed", "", 0, 2**31 - 1, 0.0, "step",
              "jump to this seed's latent on the next grid line", True),
    Parameter("deck", "walk", "", 0, 2**31 - 1, 0.0, "step",
              "move to this seed's latent, over the event's length", True),
    Parameter("deck", "glide", "", 0, 0, "0", "text",
              "move to any point of latent space, over the event's length", True),
    Parameter("deck", "walk_kind", "", 0, 0, "none", "choice",
              "path around the loop: circle, orbit, drift at walk_pace; sine, triangle, decay in walk_beats", True,
              WALK_KINDS),
    Parameter("deck", "walk_pace", "dB a bar", 0, 12, 1.0, "linear",
              "audible change a bar of a circle, orbit or drift; equal paces sound equally fast in every voice",
              True),
    Parameter("deck", "walk_range", "rad", 0, 1.5, 0.6, "linear",
              "how far a walk goes from the loop; seeds are 1.57 apart", True),
    Parameter("deck", "walk_seed", "", 0, 2**31 - 1, 0.0, "step", "which way a walk goes", True),
    Parameter("deck", "walk_beats", "beats", 1, 256, 32.0, "linear",
              "length of a sine, triangle or decay", True),
    Parameter("deck", "walk_place", "", 0, 1e6, 0.0, "linear",
              "puts the walk so far along its path: radians, or lengths of walk_beats", True),
    Parameter("deck", "shake", "rad", 0, 1.5, 0.25, "linear",
              "jump to a new neighbour of the loop at this distance", gesture=True),
    Parameter("deck", "breed", "", 0, 0, "1 2", "text",
              "a child of two moments (1 2), another each time, or that of a seed (1 2 7)", gesture=True),
    Parameter("deck", "pad_x", "", 0, 1, 0.5, "linear",
              "mixes the points of stored moments by distance: 1 to 4 are the corners, 5 to 8 the sides", True),
    Parameter("deck", "pad_y", "", 0, 1, 0.5, "linear", "the pad's other way; 1 is up", True),
    Parameter("deck", "morph_voice", "", 0, 0, "", "name", "a second voice, which 'morph' brings in", True),
    Parameter("deck", "morph", "", 0, 1, 0.0, "linear",
              "how far the voice is toward morph_voice, in how it is generated", True),
    Parameter("deck", "refresh_bars", "bars", 0, 64, 4.0, "step",
              "a fresh loop every so many bars; 0 holds", True),
    Parameter(
        "deck", "quantise_beats", "beats", -1, 32, -1.0, "choice",
        "grid of launches and swaps; 0 is off (a sixteenth), -1 is that of the transport",
        True, (-1.0, *GRIDS),
    ),
    Parameter(
        "deck", "ride_beats", "beats", -1, 32, 1.0, "choice",
        "grid on which moves in latent space are heard, in phase; 0 is off (a sixteenth), -1 is that of launches",
        True, (-1.0, *GRIDS),
    ),
    Parameter("deck", "refresh", "", 0, 0, "bars", "choice",
              "when loops are renewed: every refresh_bars, when something changed, or never (hold)",
              True, ("hold", "bars", "change")),
    Parameter("deck", "point", "", 0, 0, "0", "text",
              "jump to a point of latent space: a seed, 7>9@0.5 for half-way from 7 to 9, 7~3@0.2 for a neighbour",
              True),
    Parameter("deck", "loop", "", 0, 0, "-", "text",
              "jump to a loop with its controls, and mixer values, written as a moment is", True),
    Parameter("deck", "queue", "", 0, 0, "-", "text",
              "what comes next, one a refresh: seeds, points and moments (12 7>9@0.5 m3); - is none", True),
    Parameter("deck", "enqueue", "", 0, 0, "-", "text", "adds to the end of the queue", True, gesture=True),
    Parameter("deck", "skip", "", 0, 1, 0.0, "trigger",
              "the next of the queue, or the next seed, on the next grid line", True),
    Parameter("deck", "moment", "", 1, 8, 1.0, "step",
              "cross to a stored moment, with its mixer, on the next grid line", True),
    Parameter("deck", "store", "", 1, 8, 1.0, "step",
              "keep loop, controls and mixer of the deck as this moment", True, gesture=True),
    *(
        Parameter("deck", f"moment_{number}", "", 0, 0, "-", "text", f"what moment {number} holds; - is nothing",
                  True)
        for number in range(1, 9)
    ),
    Parameter("deck", "cue", "", 0, 1, 0.0, "hold",
              "while 1, plays the loop from its beginning, stopped or not; then it is where it would be",
              read=True),
    Parameter("deck", "retrigger", "", 0, 1, 0.0, "hold",
              "1 plays the loop from its beginning at once and on; 0 is in phase again", read=True),
    Parameter("deck", "loop_beats", "beats", 0.125, 8, 8.0, "choice",
              "how much of the loop repeats; 8 is all of it", False, LOOP_LENGTHS, read=True),
    Parameter("deck", "halve", "", 0, 1, 0.0, "trigger", "repeats half as much", gesture=True),
    Parameter("deck", "double", "", 0, 1, 0.0, "trigger", "repeats twice as much", gesture=True),
    Parameter("deck", "roll_beats", "beats", 0, 4, 0.0, "choice",
              "repeats the part that plays; 0 lets go, and the deck is where it would be", False, ROLLS,
              read=True),
    Parameter("deck", "stutter_beats", "beats", 0, 4, 0.0, "choice",
              "repeats the part that has just played; 0 lets go", False, ROLLS, read=True),
    Parameter("deck", "shift_sixteenths", "sixteenths", -16, 16, 0.0, "step",
              "turns the loop against the bar: later above 0", read=True),
    Parameter("deck", "reverse", "", 0, 1, 0.0, "hold",
              "1 plays backwards from here; 0 is where it would be", read=True),
    Parameter("deck", "pitch_semitones", "semitones", -12, 12, 0.0, "step", "pitch, at the same tempo",
              read=True),
    Parameter("deck", "in_key", "", 0, 1, 1.0, "hold",
              "1 lets tonal voices move only to where they stay in key, or a fifth from it", read=True),
    Parameter("deck", "spread", "rad", 0, 1.5, 0.0, "linear",
              "how far apart the members of the deck's ensemble are: 0 one alone, in mono; the further the wider",
              True),
    Parameter("deck", "members", "", 1, 8, 4.0, "step",
              "how many neighbours of the loop, itself included, play together where spread is above 0", True),
    Parameter("deck", "member_pans", "", 0, 0, "-", "text",
              "places of members from -1 left to 1 right, x is silent (-1 x 0.3 1); - is evenly", True),
    Parameter("deck", "member_solo", "", 0, 8, 0.0, "step", "only this member, in the middle; 0 all", True),
    Parameter("deck", "deal", "", 0, 1, 0.0, "trigger",
              "gives each member a deck of its own: this one and those that follow", gesture=True),
    Parameter("deck", "more_like_this", "rad", 0.01, 1.5, 0.3, "linear",
              "queues four neighbours of the loop that plays, at this distance", gesture=True),
    Parameter("deck", "crossfade_beats", "beats", 0, 4, 0.25, "linear",
              "length of a swap; it ends on the grid line", True),
    Parameter("deck", "control", "std", -4, 4, 0.0, "linear",
              "a named control of the voice's generator", True),
    Parameter("deck", "input", "", 0, 1, 0.0, "switch",
              "1: the strip carries the live input instead of the deck's loops; silent where there is none"),
    Parameter("deck", "trim_db", "dB", -24, 24, 0.0, "linear",
              "level before everything else, on top of the automatic matching of loudness"),
    Parameter("deck", "gain_db", "dB", SILENCE_DB, 12, 0.0, "decibel", "fader; the lowest is silence"),
    Parameter("deck", "low_db", "dB", SILENCE_DB, 12, 0.0, "decibel",
              "isolator below 250 Hz; the lowest kills"),
    Parameter("deck", "mid_db", "dB", SILENCE_DB, 12, 0.0, "decibel",
              "isolator from 250 Hz to 2.5 kHz; the lowest kills"),
    Parameter("deck", "high_db", "dB", SILENCE_DB, 12, 0.0, "decibel",
              "isolator above 2.5 kHz; the lowest kills"),
    Parameter("deck", "filter", "", -1, 1, 0.0, "linear",
              "below 0 a low-pass closes, above 0 a high-pass opens"),
    *(row for slot in INSERT_SLOTS for row in _insert_rows(slot)),
    Parameter("deck", "duck_from", "", 0, MAX_DECKS, 1.0, "step",
              "the deck whose signal, before its inserts and fader, presses on this deck's 'duck'; 0: none"),
    Parameter("deck", "width", "", 0, 2, 1.0, "linear",
              "stereo width: 0 mono, 1 as it is, 2 twice as wide; a mono voice has none"),
    Parameter("deck", "pan", "", -1, 1, 0.0, "linear", "-1 left, 1 right, at equal power; 0 leaves as is"),
    Parameter("deck", "mute", "", 0, 1, 0.0, "switch", "1 silences the deck, in time underneath"),
    Parameter("deck", "solo", "", 0, 1, 0.0, "switch",
              "1 silences all decks that are not solo, in place; echo and room ring on"),
    Parameter("deck", "solo_safe", "", 0, 1, 0.0, "switch", "1: another deck's solo does not silence this one"),
    Parameter("deck", "headphones", "", 0, 1, 0.0, "switch",
              "1 sends the deck to the headphones, before fader, mute and crossfader"),
    Parameter("deck", "pump", "", 0, 1, 0.0, "linear", "ducks on each beat as if a kick pressed on it"),
    Parameter("deck", "echo_send", "", 0, 1, 0.0, "linear", "how much goes to the echo, after the fader"),
    Parameter("deck", "room_send", "", 0, 1, 0.0, "linear", "how much goes to the room, after the fader"),
    Parameter("deck", "side", "", 0, 0, "thru", "choice", "crossfader side", False, ("a", "thru", "b")),
)  # fmt: skip

DECK_PARAMETERS = {row.name: row for row in PARAMETERS if row.group == "deck" and row.name != "control"}
GLOBAL_PARAMETERS = {row.address: row for row in PARAMETERS if row.group != "deck"}
CONTROL = next(row for row in PARAMETERS if row.group == "deck" and row.name == "control")


def resolve(address: str) -> Target:
    """The row, deck and control behind an address.

    Raises
    ------
    ParameterError : no such address; names the nearest ones.
    """
    if address in GLOBAL_PARAMETERS:
        return Target(GLOBAL_PARAMETERS[address])
    head, _, rest = address.partition(".")
    if head != "deck":
        raise ParameterError(
            f"no parameter '{address}'{near(address, [*GLOBAL_PARAMETERS, 'deck.1.gain_db'])}"
        )
    number, _, name = rest.partition(".")
    if not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= MAX_DECKS:
        raise ParameterError(f"no parameter '{address}': decks are deck.1 to deck.{MAX_DECKS}")
    deck = int(number) - 1
    if name in DECK_PARAMETERS:
        return Target(DECK_PARAMETERS[name], deck)
    if name.startswith(CONTROL_PREFIX) and len(name) > len(CONTROL_PREFIX):
        return Target(CONTROL, deck, name.removeprefix(CONTROL_PREFIX))
    raise ParameterError(f"no parameter '{address}'{near(name, [*DECK_PARAMETERS, 'controls.NAME'])}")


def check(address: str, value: object) -> Value:
    """``value`` for ``address`` as the engine keeps it.

    Raises
    ------
    ParameterError : unknown address, or a value outside its range.
    """
    return resolve(address).parameter.check(value, address)


def near(name: str, known: Iterable[Value]) -> str:
    """`` (did you mean …?)`` with up to three of ``known`` that look like ``name``; empty if none do."""
    guesses = difflib.get_close_matches(name, [str(word) for word in known], n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(guesses)}?)" if guesses else ""


def _listed(choices: Iterable[Value]) -> str:
    return ", ".join(str(choice) if isinstance(choice, str) else f"{choice:g}" for choice in choices)
