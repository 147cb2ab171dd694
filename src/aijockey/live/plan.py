"""What a deck will play and when: from its events to swaps of loops on the grid.

The plan runs ahead of the sound, because a loop must be generated before it is heard. A change of voice, seed
or control acts at the deck's next grid line; a walk through latent space shows at each refresh, with the loop
of where the walk is at that beat. All of it depends on beats alone, so the same set asks for the same loops,
live and offline.
"""

import bisect
import math
from dataclasses import dataclass
from fractions import Fraction

from aijockey.control.parameters import CONTROL_PREFIX, DECK_PARAMETERS, Value
from aijockey.live.loops import LoopRequest, Point
from aijockey.music.grid import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT

FINEST_GRID_BEATS = Fraction(1, SIXTEENTHS_PER_BEAT)
MOST_NESTED_WALKS = 6


@dataclass(frozen=True)
class Swap:
    """At ``beat`` the deck plays ``request`` alone (None: nothing); the cross-fade before it lasts
    ``fade_beats``.
    """

    beat: Fraction
    request: LoopRequest | None
    fade_beats: float
    grid_beats: Fraction


@dataclass(frozen=True)
class PlanEvent:
    """A planned parameter (name as in the table, or ``controls.NAME``) is sent to a value."""

    beat: Fraction
    name: str
    value: Value
    over_beats: float = 0.0


@dataclass
class _Glide:
    """A control on its straight way from one value to another."""

    beat: Fraction
    start: float
    end: float
    over_beats: float

    def at(self, beat: Fraction) -> float:
        if self.over_beats <= 0 or beat >= self.beat + Fraction(self.over_beats):
            return self.end
        return self.start + (self.end - self.start) * float(beat - self.beat) / self.over_beats


class DeckPlan:
    """The planned half of a deck: takes events, gives swaps."""

    def __init__(self, setup: dict[str, Value]) -> None:
        values = {name: row.default for name, row in DECK_PARAMETERS.items()} | setup
        self._voice = str(values["voice"])
        self._playing = bool(values["play"])
        self._refresh_beats = int(float(values["refresh_bars"])) * BEATS_PER_BAR
        self._grid_beats = _grid(float(values["quantise_beats"]))
        self._fade_beats = float(values["crossfade_beats"])
        self._point = Point(int(float(values["seed"])))
        self._walk: tuple[Fraction, Point, float] | None = None  # since, toward, over
        zero = Fraction(0)
        self._controls = {
            name.removeprefix(CONTROL_PREFIX): _Glide(zero, float(value), float(value), 0.0)
            for name, value in values.items()
            if name.startswith(CONTROL_PREFIX)
        }
        self._changed_at: Fraction | None = zero if self._playing else None
        self._last_swap: Fraction | None = None
        self._last_request: LoopRequest | None = None
        self._events: list[PlanEvent] = []

    @property
    def fade_beats(self) -> float:
        """Length of the deck's cross-fades as last set."""
        return self._fade_beats

    def add(self, event: PlanEvent) -> None:
        """Take an event; one that is earlier than what was already planned acts as soon as it can."""
        bisect.insort_right(self._events, event, key=lambda item: item.beat)

    def advance(self, until: Fraction) -> list[Swap]:
        """Swaps that fall on beats up to ``until`` and were not given before."""
        swaps: list[Swap] = []
        while True:
            line = self._next_line()
            if self._events and (line is None or self._events[0].beat <= line):
                if self._events[0].beat > until:
                    return swaps
                self._apply(self._events.pop(0))
            elif line is None or line > until:
                return swaps
            else:
                swap = self._swap_at(line)
                if swap is not None:
                    swaps.append(swap)

    def _next_line(self) -> Fraction | None:
        lines = []
        if self._changed_at is not None:
            lines.append(_at_or_after(self._changed_at, self._grid_beats))
        if self._playing and self._refresh_beats and self._last_swap is not None:
            lines.append(Fraction((self._last_swap // self._refresh_beats + 1) * self._refresh_beats))
        return min(lines) if lines else None

    def _swap_at(self, beat: Fraction) -> Swap | None:
        self._changed_at = None
        self._last_swap = beat
        request = self._request_at(beat) if self._playing and self._voice else None
        if request == self._last_request:
            return None
        self._last_request = request
        return Swap(beat, request, self._fade_beats, max(self._grid_beats, Fraction(1)))

    def _request_at(self, beat: Fraction) -> LoopRequest:
        controls = tuple(sorted((name, glide.at(beat)) for name, glide in self._controls.items()))
        return LoopRequest(self._voice, self._point_at(beat), controls)

    def _point_at(self, beat: Fraction) -> Point:
        if self._walk is None:
            return self._point
        since, toward, over_beats = self._walk
        amount = float(beat - since) / over_beats if over_beats > 0 else 1.0
        if amount >= 1.0:
            self._point, self._walk = toward, None
            return toward
        if self._point.toward is None:
            return Point(self._point.seed, toward, amount)
        return _mixed(self._point, toward, amount)

    def _apply(self, event: PlanEvent) -> None:
        name, value = event.name, event.value
        number = 0.0 if isinstance(value, str) else value
        if name == "play":
            self._playing = bool(number)
        elif name == "voice":
            self._voice = str(value)
        elif name == "seed":
            self._point, self._walk = Point(int(number)), None
        elif name == "walk":
            self._point = _shortened(self._point_at(event.beat), MOST_NESTED_WALKS)
            self._walk = (event.beat, Point(int(number)), event.over_beats)
        elif name == "refresh_bars":
            self._refresh_beats = int(number) * BEATS_PER_BAR
        elif name == "quantise_beats":
            self._grid_beats = _grid(number)
        elif name == "crossfade_beats":
            self._fade_beats = number
        else:
            control = name.removeprefix(CONTROL_PREFIX)
            before = self._controls.get(control)
            start = before.at(event.beat) if before else 0.0
            self._controls[control] = _Glide(event.beat, start, number, event.over_beats)
        jumps = name in ("play", "voice", "seed") or (
            name.startswith(CONTROL_PREFIX) and event.over_beats <= 0
        )
        if jumps and self._changed_at is None:
            self._changed_at = event.beat


def _mixed(start: Point, toward: Point, amount: float) -> Point:
    """``amount`` of the way from a point that is itself on the way: measured from the other end, so points
    stay a chain.
    """
    return Point(toward.seed, start, 1.0 - amount)


def _shortened(point: Point, depth: int) -> Point:
    """``point`` without what lies more than ``depth`` unfinished walks back, where it hardly weighs."""
    if point.toward is None:
        return point
    if depth == 0:
        return Point(point.seed)
    return Point(point.seed, _shortened(point.toward, depth - 1), point.amount)


def _grid(beats: float) -> Fraction:
    return Fraction(beats) if beats > 0 else FINEST_GRID_BEATS


def _at_or_after(beat: Fraction, grid: Fraction) -> Fraction:
    return math.ceil(beat / grid) * grid
