"""What a deck will play and when: from its events to swaps of loops on the grid.

The plan runs ahead of the sound, because a loop must be generated before it is heard. What launches another loop
(voice, seed, moment) acts at the deck's next grid line; what moves the present one through latent space (a point, a
control) on a finer grid of its own, in phase; a walk shows at each refresh, with the loop of where the walk is at
that beat. All of it depends on beats alone, so the same set asks for the same loops, live and offline.
"""

import bisect
import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from aijockey.control.parameters import CONTROL_PREFIX, DECK_PARAMETERS, GLOBAL_PARAMETERS, Value
from aijockey.live.loops import LoopRequest
from aijockey.live.members import OF_THE_ENSEMBLE, ensemble_of
from aijockey.live.moments import EMPTY, MOMENTS, format_moment, format_queue, parse_moment, parse_queue
from aijockey.live.pace import Pace
from aijockey.live.point_text import read_point
from aijockey.live.points import Point, Seed
from aijockey.live.ride import LARGEST_SEED, PAD, WALK_SETTINGS, Glide, Ride
from aijockey.music.grid import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT

FINEST_GRID_BEATS = Fraction(1, SIXTEENTHS_PER_BEAT)
# A planned event of this name is the transport's grid, for decks without one of their own.
COMMON_GRID = "transport.quantise_beats"
# What makes a deck play another loop, at its next grid line.
LAUNCHES = ("play", "voice", "morph_voice", "seed", "loop", "moment", "skip")
# What is sent is used up; where the plan then is says more than what was sent last.
SENT_ONCE = ("seed", "walk", "glide", "point", "loop", "moment", "skip")
# What a hand turns is heard at the next line of the grid for rides, as controls are; a glide of it at each refresh.
KNOBS = (*WALK_SETTINGS, *PAD, "morph", *OF_THE_ENSEMBLE)


@dataclass(frozen=True)
class Swap:
    """At ``beat`` the deck plays ``request`` alone (None: nothing); the cross-fade before it lasts
    ``fade_beats``.

    grid_beats : where it enters if its loop is late. mixer : parameters of the deck that move with it. same : the
    request is what plays already. renewal : nobody asked for it, it is only fresher than what plays. ride : it only
    moves what plays through latent space.
    """

    beat: Fraction
    request: LoopRequest | None
    fade_beats: float
    grid_beats: Fraction
    mixer: Mapping[str, Value] = field(default_factory=dict)
    same: bool = False
    renewal: bool = False
    ride: bool = False


@dataclass(frozen=True)
class PlanEvent:
    """A planned parameter (name as in the table, or ``controls.NAME``) is sent to a value."""

    beat: Fraction
    name: str
    value: Value
    over_beats: float = 0.0


class DeckPlan:
    """The planned half of a deck: takes events, gives swaps.

    values : planned parameters as last applied, by name.
    """

    def __init__(
        self,
        setup: Mapping[str, Value],
        common_grid_beats: float | None = None,
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        planned = {
            name: row.default for name, row in DECK_PARAMETERS.items() if row.planned and not row.gesture
        }
        self.values: dict[str, Value] = planned | dict(setup)
        if common_grid_beats is None:
            common_grid_beats = float(GLOBAL_PARAMETERS[COMMON_GRID].default)
        self._common_grid = _grid(common_grid_beats)
        self._playing = bool(self.values["play"])
        seed: Point = Seed(int(float(self.values["seed"])))
        point = read_point(str(setup["point"])) if "point" in setup else seed
        self._ride = Ride.of(self.values, paces or {}, point)
        self._jumped = False  # since the last swap
        zero = Fraction(0)
        self._controls = _controls_of(self.values)
        self._morph = Glide.still(float(self.values["morph"]))
        self._spread = Glide.still(float(self.values["spread"]))
        self._mixer: Mapping[str, Value] = {}
        self._skips = 0
        if "loop" in setup:
            self._jump_to(str(setup["loop"]), zero)
        self._launched_at: Fraction | None = zero if self._playing else None
        self._moved_at: Fraction | None = None
        self._since = zero  # of the last event; a line that a finer grid puts before it is past
        self._last_swap: Fraction | None = None
        self._last_request: LoopRequest | None = None
        self._events: list[PlanEvent] = []

    @property
    def fade_beats(self) -> float:
        """Length of the deck's cross-fades as last set."""
        return float(self.values["crossfade_beats"])

    @property
    def grid_beats(self) -> Fraction:
        """The deck's own grid, or the transport's."""
        own = float(self.values["quantise_beats"])
        return self._common_grid if own < 0 else _grid(own)

    @property
    def ride_grid_beats(self) -> Fraction:
        """The grid of moves through latent space: the deck's own for them, or that of launches."""
        own = float(self.values["ride_beats"])
        return self.grid_beats if own < 0 else _grid(own)

    def add(self, event: PlanEvent) -> None:
        """Take an event; one that is earlier than what was already planned acts as soon as it can."""
        bisect.insort_right(self._events, event, key=lambda item: item.beat)

    def advance(self, until: Fraction) -> list[Swap]:
        """Swaps that fall on beats before ``until`` and were not given before."""
        swaps: list[Swap] = []
        while True:
            line = self._next_line()
            if self._events and (line is None or self._events[0].beat <= line):
                if self._events[0].beat >= until:
                    return swaps
                self._apply(self._events.pop(0))
            elif line is None or line >= until:
                return swaps
            else:
                swap = self._swap_at(line)
                if swap is not None:
                    swaps.append(swap)

    def due(self) -> Fraction | None:
        """The beat up to which `advance` has nothing to do; None where it never will have, if nothing is added."""
        line = self._next_line()
        if self._events and (line is None or self._events[0].beat <= line):
            return self._events[0].beat
        return line

    def peek(self, until: Fraction) -> list[Swap]:
        """What `advance` would give if nothing else happened; changes nothing."""
        return self._copy().advance(until)

    def foresee(self, beat: Fraction) -> "DeckPlan":
        """The plan as it will be when all that was sent up to ``beat`` has been applied."""
        plan = self._copy()
        while plan._events and plan._events[0].beat <= beat:
            plan._apply(plan._events.pop(0))
        return plan

    def point(self, beat: Fraction) -> Point:
        """Where in latent space a swap at ``beat`` would be."""
        return self._ride.at(beat)

    def loop_text(self, beat: Fraction) -> str:
        """Voice, point and controls that a swap at ``beat`` would take, written as a moment is."""
        return request_text(self.request_at(beat))

    def request_at(self, beat: Fraction) -> LoopRequest:
        """The loop that a swap at ``beat`` would take."""
        return self._request_at(beat)

    def setup_at(self, beat: Fraction) -> tuple[dict[str, Value], list[PlanEvent]]:
        """What another plan begins with that takes over at ``beat``, and the moves that are then under way, from
        its beat 0 on; parameters of the mixer among them came with a loop that has not entered yet.
        """
        setup = {
            name: value
            for name, value in self.values.items()
            if name in DECK_PARAMETERS and name not in SENT_ONCE and value != DECK_PARAMETERS[name].default
        }
        ridden = {"morph": self._morph.at(beat), "spread": self._spread.at(beat)} | self._ride.values_at(beat)
        setup = {name: value for name, value in setup.items() if name not in ridden}
        setup |= {name: value for name, value in ridden.items() if value != DECK_PARAMETERS[name].default}
        setup |= {f"{CONTROL_PREFIX}{name}": glide.at(beat) for name, glide in self._controls.items()}
        zero = Fraction(0)
        moves = [PlanEvent(zero, name, value) for name, value in self._mixer.items()]
        moves += [PlanEvent(zero, "skip", 1.0)] * self._skips
        moves += [PlanEvent(zero, name, value, over) for name, value, over in self._ride.moves_at(beat)]
        moves += [
            PlanEvent(zero, name, glide.end, glide.over_beats - float(beat - glide.beat))
            for name, glide in self._glides().items()
            if not glide.arrived(beat)
        ]
        return setup, moves

    def _copy(self) -> "DeckPlan":
        plan = copy.copy(self)
        plan.values, plan._controls, plan._events = (
            dict(self.values),
            dict(self._controls),
            list(self._events),
        )
        return plan

    def _refresh_line(self) -> Fraction | None:
        if not self._playing or self._last_swap is None:
            return None
        policy = self.values["refresh"]
        if policy == "change":
            moving = self._ride.settled(self._last_swap).moves_after(self._last_swap) or not all(
                glide.arrived(self._last_swap) for glide in self._glides().values()
            )
            every = max(self.grid_beats, Fraction(BEATS_PER_BAR)) if moving else Fraction(0)
        else:
            bars = int(float(self.values["refresh_bars"])) if policy == "bars" else 0
            every = Fraction(bars * BEATS_PER_BAR)
        if not every:
            return None
        return max((self._last_swap // every + 1) * every, _at_or_after(self._since, every))

    def _next_line(self) -> Fraction | None:
        lines = [self._refresh_line()]
        if self._launched_at is not None:
            lines.append(_at_or_after(max(self._launched_at, self._since), self.grid_beats))
        elif self._moved_at is not None:
            # While a launch waits, moves come with it: what plays then is what they are meant for.
            lines.append(_at_or_after(max(self._moved_at, self._since), self.ride_grid_beats))
        return min((line for line in lines if line is not None), default=None)

    def _swap_at(self, beat: Fraction) -> Swap | None:
        launched = self._launched_at is not None or self._skips > 0
        ride = self._moved_at is not None and not launched
        queued = not launched and not ride and bool(parse_queue(str(self.values["queue"])))
        if self._skips:
            for _ in range(self._skips):
                self._next_of_queue(beat)
            self._skips = 0
        elif queued:
            self._next_of_queue(beat)
        self._launched_at = self._moved_at = None
        self._last_swap = beat
        self._ride = self._ride.settled(beat)
        if self._jumped:
            self._ride, self._jumped = self._ride.begun(beat), False
        request = self._request_at(beat) if self._playing and self.values["voice"] else None
        mixer, self._mixer = self._mixer, {}
        same = request == self._last_request
        if same and not mixer:
            return None
        self._last_request = request
        grid = max(self.ride_grid_beats if ride else self.grid_beats, Fraction(1))
        renewal = not launched and not ride and not queued and not mixer and request is not None
        return Swap(beat, request, self.fade_beats, grid, mixer, same, renewal, ride)

    def _next_of_queue(self, beat: Fraction) -> None:
        items = parse_queue(str(self.values["queue"]))
        if not items:
            self._jump(Seed((self._ride.centre(beat).seed + 1) % (LARGEST_SEED + 1)), beat)
            return
        self.values["queue"] = format_queue(items[1:])
        if isinstance(items[0], Point):
            self._jump(items[0], beat)
        else:
            self._jump_to(str(self.values[f"moment_{items[0]}"]), beat)

    def _request_at(self, beat: Fraction) -> LoopRequest:
        controls = tuple(sorted((name, glide.at(beat)) for name, glide in self._controls.items()))
        members, pans, solo = (self.values[name] for name in OF_THE_ENSEMBLE[1:])
        ensemble = ensemble_of(self._spread.at(beat), int(float(members)), str(pans), int(float(solo)))
        request = LoopRequest(str(self.values["voice"]), self._ride.at(beat), controls, ensemble=ensemble)
        second, amount = str(self.values["morph_voice"]), self._morph.at(beat)
        if not second or second == request.voice or amount <= 0.0:
            return request
        return replace(request, second_voice=second, morph=amount)

    def _glides(self) -> dict[str, Glide]:
        """What may be on its way, by name, but for the point."""
        controls = {f"{CONTROL_PREFIX}{name}": glide for name, glide in self._controls.items()}
        return {**controls, "morph": self._morph, "spread": self._spread}

    def _jump(self, point: Point, beat: Fraction) -> None:
        self._ride, self._jumped = self._ride.jumped(point, beat), True

    def _jump_to(self, text: str, beat: Fraction) -> None:
        """Take the loop and the mixer of a moment; what it does not name stays."""
        moment = parse_moment(text)
        if "voice" in moment:
            self.values["voice"] = moment.pop("voice")
            self._ride = self._ride.singing(str(self.values["voice"]), beat)
        if "point" in moment:
            self._jump(read_point(str(moment.pop("point"))), beat)
            self._controls = _controls_of(moment)
            self.values["morph_voice"] = moment.pop("morph_voice", "")
            self._morph = Glide.still(float(moment.pop("morph", 0.0)))
            self._spread = Glide.still(float(moment.setdefault("spread", 0.0)))
        self.values |= {name: moment.pop(name) for name in OF_THE_ENSEMBLE if name in moment}
        self._mixer = {name: value for name, value in moment.items() if not name.startswith(CONTROL_PREFIX)}

    def _apply(self, event: PlanEvent) -> None:
        name, value = event.name, event.value
        number = 0.0 if isinstance(value, str) else value
        self._since = event.beat
        if name == COMMON_GRID:
            self._common_grid = _grid(number)
            return
        self.values[name] = value
        if name == "play":
            self._playing = bool(number)
        elif name == "voice":
            self._ride = self._ride.singing(str(value), event.beat)
        elif name == "seed":
            self._jump(Seed(int(number)), event.beat)
        elif name == "point":
            self._jump(read_point(str(value)), event.beat)
        elif name in ("walk", "glide"):
            toward = Seed(int(number)) if name == "walk" else read_point(str(value))
            self._ride = self._ride.gliding(toward, event.beat, event.over_beats)
        elif name in WALK_SETTINGS:
            self._ride = self._ride.walking(name, value, event.beat)
        elif name in PAD:
            moments = {
                slot: str(self.values[f"moment_{slot}"])
                for slot in range(1, MOMENTS + 1)
                if self.values[f"moment_{slot}"] != EMPTY
            }
            self._ride = self._ride.on_pad(name, number, event.beat, event.over_beats, moments)
        elif name == "morph":
            self._morph = Glide(event.beat, self._morph.at(event.beat), number, event.over_beats)
        elif name == "spread":
            self._spread = Glide(event.beat, self._spread.at(event.beat), number, event.over_beats)
        elif name == "loop":
            self._jump_to(str(value), event.beat)
        elif name == "moment":
            text = str(self.values[f"moment_{int(number)}"])
            self._jump_to(text, event.beat)
            self._playing = self._playing or bool(parse_moment(text))
            self.values["play"] = float(self._playing)
        elif name == "skip":
            self._skips += int(number)
        elif name.startswith(CONTROL_PREFIX):
            control = name.removeprefix(CONTROL_PREFIX)
            before = self._controls.get(control)
            start = before.at(event.beat) if before else 0.0
            self._controls[control] = Glide(event.beat, start, number, event.over_beats)
        knob = name.startswith(CONTROL_PREFIX) or name in KNOBS
        turned = knob and event.over_beats <= 0 and self.values["refresh"] != "hold"
        moved = self.values["refresh"] == "change" and (knob or name in ("walk", "glide"))
        # What glides is heard a bar at a time, from the next line on.
        if name in LAUNCHES or (moved and event.over_beats > 0):
            self._launched_at = event.beat if self._launched_at is None else self._launched_at
        elif name == "point" or turned or moved:
            self._moved_at = event.beat if self._moved_at is None else self._moved_at


def request_text(request: LoopRequest) -> str:
    """Voice, point and controls of a loop, written as a moment is."""
    values: dict[str, Value] = {"voice": request.voice, "point": str(request.point)}
    values |= {f"{CONTROL_PREFIX}{name}": value for name, value in request.controls}
    if request.second_voice:
        values |= {"morph_voice": request.second_voice, "morph": request.morph}
    values |= request.ensemble.as_values() if request.ensemble else {}
    return format_moment(values)


def _controls_of(values: Mapping[str, Value]) -> dict[str, Glide]:
    return {
        name.removeprefix(CONTROL_PREFIX): Glide.still(float(value))
        for name, value in values.items()
        if name.startswith(CONTROL_PREFIX)
    }


def _grid(beats: float) -> Fraction:
    return Fraction(beats) if beats > 0 else FINEST_GRID_BEATS


def _at_or_after(beat: Fraction, grid: Fraction) -> Fraction:
    return math.ceil(beat / grid) * grid
