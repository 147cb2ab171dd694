"""The jockey: follows the form, sends each move in time, gives way to hands."""

import heapq
import math
from collections import defaultdict
from typing import Any

from aijockey.control import parameters
from aijockey.control.autopilot.compose import AUDIBLE_DB, Composer, Scene, Step
from aijockey.control.autopilot.form import PHRASE_BEATS, WARM_UP_BARS, Form, Part, next_phrase
from aijockey.control.autopilot.hands import SOURCE, YIELD_BARS, Hands
from aijockey.control.autopilot.style import Style
from aijockey.control.desk import Change, Desk, HeldError
from aijockey.control.parameters import Value
from aijockey.errors import AijockeyError
from aijockey.music.grid import BEATS_PER_BAR

ON, ENERGY = "autopilot.on", "autopilot.energy"
# A part is worked out so long before it begins: the ways out of the one before take half a phrase.
LEAD_BEATS = PHRASE_BEATS / 2 + BEATS_PER_BAR
# Switched on while others play, it takes at least so long until its first section.
LEAST_NOTICE_BEATS = 8.0
# A deck fixes what it plays so long before a grid line, and before the cross-fade that leads to it.
FIXED_BEATS = 1.5
# What is meant for a line is sent so long after the line before it can no longer be meant: decks think in eighths of
# a beat, and the engine hears a little later. On the finest grid there is less room.
MARGIN_BEATS, MARGIN_SHARE = 0.4, 0.8
FINEST_GRID_BEATS = 0.25
# A transport that is further back than this began anew.
JUMP_BEATS = 2.0
# What a late loop has undone is taken up again within so many beats.
CATCH_UP_BEATS = 8.0
# On one line: first what the deck plays, then how it sounds, then whether it does.
FIRST, LAST = ("voice", "seed"), ("walk", "play")


class Autopilot:
    """Plays on a desk.

    Parameters
    ----------
    desk : where it moves things, as the source "autopilot", and hears of what others do.
    style : what it plays. seed : equal seeds, beats and hands give equal moves.
    yield_bars : for how long it leaves alone what a hand has touched.
    """

    def __init__(self, desk: Desk, style: Style, seed: int = 0, yield_bars: int = YIELD_BARS) -> None:
        self.style = style
        self.hands = Hands(yield_bars)
        self.refused = 0
        self._desk = desk
        self._form = Form(style, seed)
        self._composer = Composer(style, desk.instrument, self._form)
        self._steps: list[tuple[float, int, Step]] = []  # heap by when to send
        self._number = 0
        self._parts: list[Part] = []  # worked out: the present one and, near its end, the next
        self._coming: Part | None = None
        self._beat = self._since = 0.0
        self._bar = -1
        self._end = desk.subscribe(self._hear)

    def close(self) -> None:
        """Hear no more."""
        self._end()

    # What the composer sees of the desk.

    def value(self, address: str) -> Value:
        """A parameter's value now."""
        return self._desk.value(address)

    def is_taken(self, deck: int) -> bool:
        """Whether a hand has the deck (from 1)."""
        return self.hands.have_deck(deck, self._beat)

    def turn(self, beat: float) -> None:
        """Do what is due at ``beat`` of the transport; to be called often."""
        if not self._desk.value(ON):
            if self._parts:
                self._let_go()
            self._beat = beat
            return
        if self._parts and beat < self._beat - JUMP_BEATS:
            self._let_go()
        self._beat = beat
        if not self._parts:
            self._begin(beat)
        assert self._coming is not None
        if beat >= self._coming.start - LEAD_BEATS:
            self._compose(self._coming)
        if int(beat // BEATS_PER_BAR) != self._bar:
            self._bar = int(beat // BEATS_PER_BAR)
            self._keep_one_bass(beat)
        self._send_due(beat)

    def status(self) -> dict[str, Any]:
        """What it does and what it is about to do, for surfaces."""
        told: dict[str, Any] = {
            "on": bool(self._desk.value(ON)),
            "style": self.style.name,
            "energy": float(self._desk.value(ENERGY)),
            "hands": self.hands.listed(self._beat),
            "refused": self.refused,
        }
        if not self._parts or self._coming is None:
            return {**told, "section": "", "next": "", "plan": "off"}
        here = [part for part in self._parts if part.start <= self._beat]
        after = next((part for part in self._parts if part.start > self._beat), self._coming)
        bars = max(0, math.ceil((after.start - self._beat) / BEATS_PER_BAR))
        return {
            **told,
            "section": here[-1].section.name if here else "",
            "next": after.section.name,
            "bars_to_next": bars,
            "wanted": round(self._wanted(self._beat), 2),
            "plan": f"{after.section.name} in {bars} bar{'' if bars == 1 else 's'}",
        }

    def _hear(self, change: Change) -> None:
        if not self._parts:  # before it plays, everything is somebody else's, and then it takes over
            return
        meant = self.hands.overtaken(change, self._beat)
        if meant is not None and not parameters.resolve(change.address).parameter.planned:
            self._push(Step(self._beat, change.address, meant, CATCH_UP_BEATS))
            return
        self.hands.hear(change, self._beat)

    def _wanted(self, beat: float) -> float:
        return self._form.energy_at(beat, float(self._desk.value(ENERGY)), self._since)

    def _audible(self) -> dict[int, str]:
        decks = range(1, self._desk.instrument.decks + 1)
        return {
            deck: self._composer.role(self, deck) for deck in decks if self._composer.is_audible(self, deck)
        }

    def _begin(self, beat: float) -> None:
        self.hands.forget()
        playing = self._audible()
        if playing and beat >= LEAST_NOTICE_BEATS:
            start = next_phrase(beat + LEAST_NOTICE_BEATS)
            self._since = start - WARM_UP_BARS * BEATS_PER_BAR  # the set is warm already
        else:
            self._since = beat
            start = math.ceil((beat + LEAST_NOTICE_BEATS) / BEATS_PER_BAR) * float(BEATS_PER_BAR)
        part = self._form.first(start, self._wanted(start), tuple(sorted(set(playing.values()))))
        self._compose(part)

    def _compose(self, part: Part) -> None:
        before = Scene({deck: role for deck, role in self._audible().items() if not self.is_taken(deck)})
        _, steps = self._composer.compose(part, before, self, self._wanted(part.start))
        for step in steps:
            self._push(step)
        self._parts = [*self._parts[-1:], part]
        self._coming = self._form.follow(part, self._wanted(part.end))

    def _push(self, step: Step) -> None:
        send = step.beat
        if step.on_line:
            head = ".".join(step.address.split(".")[:2])
            own = float(self._desk.value(f"{head}.quantise_beats"))
            grid = own if own >= 0 else float(self._desk.value("transport.quantise_beats"))
            fade = float(self._desk.value(f"{head}.crossfade_beats"))
            grid = max(grid, FINEST_GRID_BEATS)
            send += min(MARGIN_BEATS, MARGIN_SHARE * grid) - grid - fade - FIXED_BEATS
        self._number += 1
        heapq.heappush(self._steps, (send, self._number, step))

    def _keep_one_bass(self, beat: float) -> None:
        """Where a hand has brought a bass line in, ours makes room."""
        basses = [deck for deck, role in self._audible().items() if role == "bass"]
        ours = [deck for deck in basses if not self.is_taken(deck)]
        for deck in ours if len(ours) < len(basses) else ():
            self._push(Step(beat, f"deck.{deck}.play", 0.0))

    def _send_due(self, beat: float) -> None:
        lines: defaultdict[tuple[float, str], dict[str, Value]] = defaultdict(dict)
        while self._steps and self._steps[0][0] <= beat:
            step = heapq.heappop(self._steps)[2]
            if step.on_line:
                _, number, name = step.address.split(".", 2)
                lines[step.beat, number][name] = step.value
            else:
                self._move(step.address, step.value, step.over_beats)
        for (line, number), values in lines.items():
            self._send_line(f"deck.{number}.", values, line)

    def _send_line(self, deck: str, values: dict[str, Value], line: float) -> None:
        """All that a deck does on one of its grid lines."""
        for name in FIRST:
            if name in values:
                self._move(deck + name, values.pop(name))
        last = [(name, values.pop(name)) for name in LAST if name in values]
        mixer = {
            name: value for name, value in values.items() if not self.hands.have(deck + name, self._beat)
        }
        if mixer:
            text = "; ".join(f"{name}={value!r}" for name, value in mixer.items())
            if self._move(f"{deck}loop", text):
                for name, value in mixer.items():
                    self.hands.sent(deck + name, value, max(line, self._beat))
        for name, value in last:
            self._move(deck + name, value)

    def _move(self, address: str, value: Value, over_beats: float = 0.0) -> bool:
        """Move a parameter, unless it is a hand's."""
        if self.hands.have(address, self._beat):
            return False
        try:
            parameters.resolve(address)
            self.hands.sent(address, value, self._beat)
            self._desk.move(address, value, over_beats=over_beats, source=SOURCE)
        except HeldError:
            self.hands.touch(address, self._beat)
            return False
        except AijockeyError:
            self.refused += 1
            return False
        return True

    def _let_go(self) -> None:
        """Forget what was planned; what is only held for a moment comes back."""
        self._steps.clear()
        self._parts, self._coming = [], None
        for deck in range(1, self._desk.instrument.decks + 1):
            if self._desk.value(f"deck.{deck}.roll_beats") and not self.is_taken(deck):
                self._move(f"deck.{deck}.roll_beats", 0.0)


__all__ = ["AUDIBLE_DB", "ENERGY", "ON", "Autopilot"]
