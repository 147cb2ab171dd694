"""Walks: paths through latent space around where a deck is, each a function of a seed and of how far it has come.

A walk goes from a *centre* along directions that are the noise of seeds. Such directions are nearly at right angles to
each other and to the centre, so a path can be drawn on the unit sphere of these few axes and is as long among latents.

Walks by *pace* (circle, orbit, drift) come as far as the angles that were gone, from their first step on and wherever
on the sphere they are, whatever the tempo of going; walks by *period* (sine, triangle, decay) repeat in beats, like an
LFO or an envelope.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aijockey.live.points import Blend, Point, Seed

Place = list[float]  # on the unit sphere: along the centre, then along each of the walk's directions

# Digits of weights in a walk's points: their texts stay short, and 1e-5 of a latent is not heard.
DIGITS = 5
# Drift is a sum of turns at these speeds, each moved by a third of the way to the next: no two of them ever meet again.
DRIFT_TURNS = (1.0, 1.618, 2.618)
DECAY_RATE = 4.0
SMALLEST_RANGE_RAD = 1e-6
SPIRAL_PLACES = 257


@dataclass(frozen=True)
class Walk:
    """One row of `WALKS`.

    place : (range in radians, how far it has come, seed) -> the place it is at; [1, 0, …] is the centre.
    by_period : how far it has come is counted in periods, not in radians.
    directions : how many seeds' noises it goes along.
    """

    place: Callable[[float, float, int], Place]
    by_period: bool
    directions: int
    summary: str


def _circle(range_rad: float, gone: float, seed: int) -> Place:
    """Through the centre, at most ``range_rad`` from it, and back to it once a turn."""
    radius = max(range_rad, SMALLEST_RANGE_RAD) / 2.0
    cosine, sine = math.cos(radius), math.sin(radius)
    angle = gone / sine  # what the circle measures on the sphere
    return [
        cosine * cosine + sine * sine * math.cos(angle),
        sine * cosine * (1.0 - math.cos(angle)),
        sine * math.sin(angle),
    ]


def _orbit(range_rad: float, gone: float, seed: int) -> Place:
    """Around the centre at ``range_rad``, after a spiral out to there within half a turn."""
    reach = max(range_rad, SMALLEST_RANGE_RAD)
    angles, lengths = _spiral(reach)
    if gone < lengths[-1]:
        angle = float(np.interp(gone, lengths, angles))
        distance = reach * math.sin(0.5 * angle)
    else:
        angle = math.pi + (gone - float(lengths[-1])) / math.sin(reach)
        distance = reach
    return [math.cos(distance), math.sin(distance) * math.cos(angle), math.sin(distance) * math.sin(angle)]


@lru_cache(maxsize=64)
def _spiral(reach_rad: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Angles, 0 to pi, of an orbit's way out, and how long it is on the sphere up to each."""
    angles = np.linspace(0.0, math.pi, SPIRAL_PLACES)
    outward = 0.5 * reach_rad * np.cos(0.5 * angles)
    around = np.sin(reach_rad * np.sin(0.5 * angles))
    speed = np.hypot(outward, around)
    lengths = np.concatenate([[0.0], np.cumsum(0.5 * (speed[1:] + speed[:-1]) * np.diff(angles))])
    return angles, lengths


def _drift(range_rad: float, gone: float, seed: int) -> Place:
    """Smooth noise: turns of three speeds in three planes, which never come together again. The pace is even, the
    cosine of the distance from the centre in the mean that of ``range_rad``."""
    words = np.random.Philox(key=np.array([seed, 0xD21F7], dtype=np.uint64)).random_raw(6)
    spread, phases = np.split((words >> np.uint64(11)) * 2.0**-53, 2)
    phases = phases * 2.0 * math.pi
    turns = np.array(DRIFT_TURNS) * (1.0 + 0.2 * spread)
    # Each turn takes an equal share of the pace: radius times speed. Radii then follow from the range.
    off_axis = 1.0 - math.cos(max(range_rad, SMALLEST_RANGE_RAD))
    radii = math.sqrt(off_axis / float(np.sum(1.0 / np.square(turns)))) / turns
    speeds = 1.0 / (math.sqrt(3.0) * radii)

    def turned(way: float) -> npt.NDArray[np.float64]:
        angles = speeds * way + phases
        planes = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
        return np.concatenate([[math.sqrt(max(0.0, 1.0 - off_axis))], planes.ravel()])

    # The mirror that lays its beginning on the centre; lengths and angles stay.
    start = turned(0.0)
    across = start - np.eye(len(start))[0]
    place = turned(gone)
    mirrored = place - across * (2.0 * float(across @ place) / float(across @ across))
    return [float(part) for part in mirrored]


def _along(distance: float) -> Place:
    """At ``distance`` radians from the centre along one direction."""
    return [math.cos(distance), math.sin(distance)]


def _sine(range_rad: float, gone: float, seed: int) -> Place:
    return _along(range_rad * math.sin(2.0 * math.pi * gone))


def _triangle(range_rad: float, gone: float, seed: int) -> Place:
    share = gone % 1.0
    return _along(range_rad * (1.0 - abs(2.0 * share - 1.0)))


def _decay(range_rad: float, gone: float, seed: int) -> Place:
    return _along(range_rad * math.exp(-DECAY_RATE * (gone % 1.0)))


WALKS: dict[str, Walk] = {
    "circle": Walk(_circle, False, 2, "a closed path through the loop itself"),
    "orbit": Walk(_orbit, False, 2, "around the loop, at walk_range from it"),
    "drift": Walk(_drift, False, 6, "smooth noise around the loop, never the same again"),
    "sine": Walk(_sine, True, 1, "to and fro in walk_beats, like an LFO"),
    "triangle": Walk(_triangle, True, 1, "out and back in walk_beats"),
    "decay": Walk(_decay, True, 1, "far out, then home again within walk_beats, like an envelope"),
}


def directions_of(kind: str, seed: int) -> tuple[int, ...]:
    """Seeds of the directions that a walk of ``kind`` goes along, apart from those of other seeds."""
    return tuple(0x5EED_0000_0000 + 8 * seed + number for number in range(WALKS[kind].directions))


def walk_point(centre: Point, kind: str, seed: int, range_rad: float, gone: float) -> Point:
    """The point where a walk is.

    Parameters
    ----------
    kind : a name of `WALKS`.
    seed : decides the directions; 0 to 2^31 - 1.
    range_rad : how far it goes from ``centre``, 0 to pi / 2.
    gone : how far it has come: radians, or periods of a walk by period.

    Returns
    -------
    ``centre`` itself where that is where it is, or where a blend with it would be too long a text.
    """
    place = WALKS[kind].place(range_rad, gone, seed)
    if place[0] > 0.0 and math.hypot(*place[1:]) < 10.0**-DIGITS:
        return centre
    weights = [round(part, DIGITS) + 0.0 for part in place]
    ways = [centre, *(Seed(number) for number in directions_of(kind, seed))]
    kept = [(way, weight) for way, weight in zip(ways, weights, strict=True) if weight or way is centre]
    if len(kept) < 2:
        return centre
    point = Blend(tuple(way for way, _ in kept), tuple(weight for _, weight in kept))
    return point if point.fits else centre
