"""Where in latent space a deck is: what hands made of it, by the beat.

A deck stands at a point, glides to another, or is where the pad's mixture of moments is; a walk goes around that.
Everything follows from what was sent and from beats, so the same set rides the same way again, and anything that
can be sent is told again by `moves` for a plan that takes over.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from aijockey.control.parameters import DECK_PARAMETERS, Value
from aijockey.live.moments import parse_moment
from aijockey.live.pace import Pace, pace_of
from aijockey.live.point_text import read_point
from aijockey.live.points import Blend, Child, Neighbour, Point, PointError, Seed, Way
from aijockey.live.walks import WALKS, walk_point
from aijockey.music.grid import BEATS_PER_BAR

MOST_NESTED_WALKS = 6
LARGEST_SEED = int(DECK_PARAMETERS["seed"].high)
# Where a moment lies on the pad, clockwise from the upper left: the corners first, then the middles of the sides.
PAD_PLACES = ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0), (0.5, 1.0), (1.0, 0.5), (0.5, 0.0), (0.0, 0.5))
PAD_WEIGHT_DIGITS = 4
MOST_SHAKES = 8
MUTATION_RAD = 0.2
# Settings of a walk; turning one bends the path that the walk is on.
WALK_SETTINGS = ("walk_kind", "walk_pace", "walk_seed", "walk_range", "walk_beats", "walk_place")
PAD = ("pad_x", "pad_y")


@dataclass(frozen=True)
class Glide:
    """A number on its straight way from one value to another, over beats."""

    beat: Fraction
    start: float
    end: float
    over_beats: float

    @classmethod
    def still(cls, value: float) -> "Glide":
        """One that stands at a value."""
        return cls(Fraction(0), value, value, 0.0)

    def at(self, beat: Fraction) -> float:
        """Its value at a beat."""
        if self.arrived(beat):
            return self.end
        return self.start + (self.end - self.start) * float(beat - self.beat) / self.over_beats

    def arrived(self, beat: Fraction) -> bool:
        """Whether it stands still by then."""
        return self.over_beats <= 0 or beat >= self.beat + Fraction(self.over_beats)


@dataclass(frozen=True)
class Ride:
    """Where a deck is. Every change gives a new one, so a plan that looks ahead may share it.

    point : where it stands, or what it glides from. since, toward, over_beats : of the glide; toward None: none.
    walk : settings of the walk by name. gone, counted : how far the walk had come, and at which beat.
    voice : whose pace it is. pad : the place on the pad, x and y. moments : by number, what the pad mixes; None while
    the pad is not in use.
    """

    point: Point
    walk: Mapping[str, Value]
    paces: Mapping[str, Pace]
    pad: tuple[Glide, Glide]
    voice: str = ""
    since: Fraction = Fraction(0)
    toward: Point | None = None
    over_beats: float = 0.0
    gone: float = 0.0
    counted: Fraction = Fraction(0)
    moments: Mapping[int, str] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Value], paces: Mapping[str, Pace], point: Point) -> "Ride":
        """The ride of a deck at ``point`` whose planned parameters are ``values``."""
        x, y = (Glide.still(float(values[name])) for name in PAD)
        walk = {name: values[name] for name in WALK_SETTINGS}
        return cls(point, walk, paces, (x, y), str(values["voice"]), gone=float(values["walk_place"]))

    @property
    def walks(self) -> bool:
        """Whether a walk is on that goes anywhere."""
        walk = WALKS.get(str(self.walk["walk_kind"]))
        if walk is None or not self.walk["walk_range"]:
            return False
        return walk.by_period or bool(self.walk["walk_pace"])

    def moves_after(self, beat: Fraction) -> bool:
        """Whether later beats than ``beat`` have other points."""
        sliding = self.moments is not None and not all(axis.arrived(beat) for axis in self.pad)
        return self.toward is not None or sliding or self.walks

    def at(self, beat: Fraction) -> Point:
        """The point at a beat."""
        centre, kind = self.centre(beat), str(self.walk["walk_kind"])
        if kind not in WALKS:
            return centre
        seed, range_rad = int(float(self.walk["walk_seed"])), float(self.walk["walk_range"])
        return walk_point(centre, kind, seed, range_rad, self.gone_at(beat))

    def centre(self, beat: Fraction) -> Point:
        """The point without the walk."""
        if self.moments is not None:
            x, y = (axis.at(beat) for axis in self.pad)
            return pad_point(x, y, self.moments, self.voice) or self.point
        if self.toward is None:
            return self.point
        amount = float(beat - self.since) / self.over_beats if self.over_beats > 0 else 1.0
        return self.toward if amount >= 1.0 else Way(self.point, self.toward, max(0.0, amount))

    def gone_at(self, beat: Fraction) -> float:
        """How far the walk has come: radians, or periods."""
        walk = WALKS.get(str(self.walk["walk_kind"]))
        if walk is None:
            return self.gone
        beats = float(beat - self.counted)
        if walk.by_period:
            return self.gone + beats / float(self.walk["walk_beats"])
        angle_rad = pace_of(self.voice, self.paces).angle_rad(float(self.walk["walk_pace"]))
        return self.gone + beats / BEATS_PER_BAR * angle_rad

    def settled(self, beat: Fraction) -> "Ride":
        """The same, with a glide that has arrived by ``beat`` taken for where it led."""
        if self.toward is None or (self.over_beats > 0 and beat < self.since + Fraction(self.over_beats)):
            return self
        return replace(self, point=self.toward, toward=None)

    def jumped(self, point: Point, beat: Fraction) -> "Ride":
        """At ``point`` from now on; the walk begins again, there."""
        return replace(self, point=point, toward=None, moments=None, gone=0.0, counted=beat)

    def begun(self, beat: Fraction) -> "Ride":
        """The walk's beginning put off to ``beat``, at which the jump before it is heard."""
        return replace(self, counted=beat) if self.gone == 0.0 else self

    def gliding(self, toward: Point, beat: Fraction, over_beats: float) -> "Ride":
        """On the way to ``toward``, over beats, from where it is."""
        start = shortened(self.centre(beat), MOST_NESTED_WALKS)
        return replace(self, point=start, toward=toward, since=beat, over_beats=over_beats, moments=None)

    def singing(self, voice: str, beat: Fraction) -> "Ride":
        """The same with another voice, whose pace is another."""
        return replace(self, voice=voice, gone=self.gone_at(beat), counted=beat)

    def walking(self, name: str, value: Value, beat: Fraction) -> "Ride":
        """A setting of the walk is changed: the walk goes on from as far as it has come."""
        gone, before = self.gone_at(beat), self.walk["walk_kind"]
        if name == "walk_place":
            gone = float(value)
        elif name == "walk_kind" and value != before:
            gone = 0.0
        return replace(self, walk={**self.walk, name: value}, gone=gone, counted=beat)

    def on_pad(
        self, name: str, value: float, beat: Fraction, over_beats: float, moments: Mapping[int, str]
    ) -> "Ride":
        """The pad's knob ``name`` is moved: the deck is where the mixture of its moments is."""
        x, y = self.pad
        axis = Glide(beat, (x, y)[PAD.index(name)].at(beat), value, over_beats)
        pad = (axis, y) if name == PAD[0] else (x, axis)
        return replace(self, pad=pad, moments=dict(moments), point=self.centre(beat), toward=None)

    def values_at(self, beat: Fraction) -> dict[str, Value]:
        """Planned parameters that say where it is at ``beat``; what is under way is in `moves_at`."""
        point = self.centre(beat)
        values: dict[str, Value] = {name: axis.at(beat) for name, axis in zip(PAD, self.pad, strict=True)}
        values["walk_place"] = self.gone_at(beat)
        if not isinstance(point, Seed) or point.number > LARGEST_SEED:
            values["point"] = str(point)
        elif point.number:
            values["seed"] = float(point.number)
        return values

    def moves_at(self, beat: Fraction) -> list[tuple[str, Value, float]]:
        """What is under way at ``beat``: name, value and beats that are left."""
        if self.moments is not None:
            return [
                (name, axis.end, max(0.0, axis.over_beats - float(beat - axis.beat)))
                for name, axis in zip(PAD, self.pad, strict=True)
            ]
        if self.toward is None:
            return []
        left = self.over_beats - float(beat - self.since)
        return [("glide", str(self.toward), left)] if left > 0 else []


def pad_point(x: float, y: float, moments: Mapping[int, str], voice: str) -> Point | None:
    """The mixture of moments at a place of the pad, each 0 to 1; None where there is none of ``voice``.

    moments : number (1 to 8) -> text of the moment. Each lies at its place of `PAD_PLACES`; weights are by the inverse
    square of the distance (Shepard 1968), so a moment's own place is that moment alone.
    """
    points: list[Point] = []
    weights: list[float] = []
    for number, text in moments.items():
        moment = parse_moment(text)
        if "point" not in moment or str(moment.get("voice", voice)) != voice:
            continue
        distance = math.dist((x, y), PAD_PLACES[number - 1])
        point = read_point(str(moment["point"]))
        if distance < 1e-3:
            return point
        points.append(point)
        weights.append(distance**-2)
    total = sum(weights)
    shares = [round(weight / total, PAD_WEIGHT_DIGITS) for weight in weights]
    if len(points) < 2:
        return points[0] if points else None
    mixed = Blend(tuple(points), tuple(shares))
    return mixed if mixed.fits else points[shares.index(max(shares))]


def shortened(point: Point, depth: int) -> Point:
    """``point`` without what lies more than ``depth`` steps back, where it hardly weighs."""
    if depth == 0:
        return point.toward if isinstance(point, Way) else Seed(point.seed)
    match point:
        case Way(start, toward, amount):
            return Way(shortened(start, depth - 1), toward, amount)
        case Neighbour(start, toward, distance):
            return Neighbour(shortened(start, depth - 1), toward, distance)
        case _:
            return point


def shaken(point: Point, distance: float, seed: int) -> Point:
    """A neighbour of ``point`` in the direction of a seed; of many shakes one after another the last ones count."""
    near = [Neighbour(shortened(point, depth), seed, distance) for depth in (MOST_SHAKES, 1, 0)]
    return next(neighbour for neighbour in near if neighbour.fits)


def drawn_seed(text: str) -> int:
    """A seed, 0 to 2^31 - 1, that is another for every text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little") >> 1


def bred(mother: Point, father: Point, seed: int, mutation_rad: float = MUTATION_RAD) -> Point:
    """A child of two points: half of each latent by the coin of ``seed``, and a mutation in that seed's direction.

    Raises
    ------
    PointError : the parents' texts are too long for a child.
    """
    child = Neighbour(Child(mother, father, seed), seed, mutation_rad)
    if not child.fits:
        raise PointError("the child of these two would be too long a text; breed from simpler points")
    return child
