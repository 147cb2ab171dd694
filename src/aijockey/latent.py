"""Riding the latent from Python: places in a voice's latent space, paths through them, and their loops.

A place is a `Point` or its text (docs/latent.md has the grammar), so everything here is a value that a set file, a deck
and another machine understand::

    from aijockey.latent import Space, blend, near, way

    techno = Space.open("techno")
    home = techno.moment(7)
    path = techno.walk(home, "drift", bars=16, pace_db=1.0, seed=3)
    loops = techno.loops(path)                       # (17, 192000), one loop a bar
    child = techno.breed(home, near(9, 3, 0.2), seed=5)
    halfway = techno.loops([way(7, 9, 0.5), blend({7: 2, 9: 1, "12~1@0.3": 1})])
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.live.generator import Generator
from aijockey.live.latent_math import angle_between
from aijockey.live.latent_store import LatentStore
from aijockey.live.loop_source import controls_of, generate_loop, latent_of
from aijockey.live.loops import Float, LoopRequest
from aijockey.live.moments import format_moment
from aijockey.live.pace import Pace, pace_of, paces_of
from aijockey.live.point_text import read_point
from aijockey.live.points import Blend, Child, Neighbour, Point, PointError, Ring, Seed, Style, Way
from aijockey.live.ride import bred, shaken
from aijockey.live.walks import WALKS, Walk, walk_point
from aijockey.pack.fields import nearest
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

Place = Point | str | int
Controls = Mapping[str, float]

DECIBELS_PER_NEPER = 20.0 / float(np.log(10.0))


def point(place: Place) -> Point:
    """The point that a seed, a text or a point says.

    Raises
    ------
    PointError : a text that is none.
    """
    if isinstance(place, Point):
        return place
    return Seed(place) if isinstance(place, int) else read_point(place)


def way(start: Place, end: Place, amount: float) -> Point:
    """``amount`` of the way, 0 to 1, from one place to another."""
    return Way(point(start), point(end), amount)


def near(place: Place, seed: int, distance_rad: float) -> Point:
    """The neighbour of a place in the direction of a seed."""
    return Neighbour(point(place), seed, distance_rad)


def blend(weights: Mapping[Place, float]) -> Point:
    """Several places at once, by weight."""
    return Blend(tuple(point(place) for place in weights), tuple(weights.values()))


def ring(places: Iterable[Place], phase: float) -> Point:
    """A smooth closed path through places, at a phase from 0 to 1."""
    return Ring(tuple(point(place) for place in places), phase)


def styled(place: Place, other: Place, part: str = "sound") -> Point:
    """One place with a part of another: ``sound``, ``rhythm``, ``coarse`` or ``fine``."""
    return Style(point(place), point(other), part)


def child(mother: Place, father: Place, seed: int) -> Point:
    """Half of each, number by number, by the coin of a seed; without mutation, see `Space.breed`."""
    return Child(point(mother), point(father), seed)


@dataclass(frozen=True)
class Moment:
    """A loop that can be kept: its voice, place and controls, and the pack that makes it.

    text : as a deck's ``loop`` parameter takes it, and a queue, and a set file.
    """

    voice: str
    place: Point
    controls: tuple[tuple[str, float], ...]
    pack: str
    pack_sha256: str

    @property
    def text(self) -> str:
        """As a deck takes it."""
        controls = {f"controls.{name}": value for name, value in self.controls}
        return format_moment({"voice": self.voice, "point": str(self.place), **controls})


class Space:
    """The latent space of one voice of a pack.

    Parameters
    ----------
    generator : of the pack; several spaces may share one.

    Raises
    ------
    ManifestError : no such voice.
    """

    def __init__(self, generator: Generator, voice: str) -> None:
        generator.pack.manifest.voice(voice)
        self.generator, self.voice = generator, voice

    @classmethod
    def open(cls, voice: str, pack: str | None = None, threads: int = 1) -> "Space":
        """The space of a voice of a pack: a name or path; None is the default pack."""
        return cls(Generator(Pack.open(find_pack(pack)), threads), voice)

    @property
    def pace(self) -> Pace:
        """What changes how fast, as measured for this voice."""
        return pace_of(self.voice, paces_of(self.generator.pack.manifest))

    def moment(self, place: Place, controls: Controls | None = None) -> Moment:
        """A place as a moment."""
        pack = self.generator.pack
        kept = tuple(sorted((controls or {}).items()))
        return Moment(self.voice, point(place), kept, pack.manifest.name, pack.hash)

    def latent(self, place: Place | Moment) -> Float:
        """The latent of a place."""
        return latent_of(self.generator, self.voice, _place(place), LatentStore().latent)

    def angle_rad(self, one: Place | Moment, other: Place | Moment) -> float:
        """Angle between two places; 1.57 between two seeds, nearly."""
        return angle_between(*np.broadcast_arrays(self.latent(one), self.latent(other)))

    def loops(
        self,
        places: Iterable[Place | Moment],
        controls: Controls | None = None,
        toward: str = "",
        morph: float = 0.0,
    ) -> Float:
        """Loops of places, (places, samples).

        Parameters
        ----------
        controls : for places that are no moments with controls of their own.
        toward, morph : a second voice of the same generator, and how far toward it, 0 to 1.

        Raises
        ------
        GenerationError : unknown controls, or voices that cannot be morphed.
        """
        known = controls_of(self.generator.pack, self.voice)
        given = tuple(sorted((controls or {}).items()))
        loops = []
        for place in places:
            own = place.controls if isinstance(place, Moment) and place.controls else given
            request = LoopRequest(self.voice, _place(place), own, toward if morph else "", morph)
            loops.append(generate_loop(self.generator, request, known, LatentStore().latent)[0])
        return np.stack(loops)

    def mels(self, places: Iterable[Place | Moment], controls: Controls | None = None) -> Float:
        """Log-mels of places, (places, bands, frames): several times quicker than `loops`."""
        # Of a voice with styles some may have a row for each layer.
        latents = np.broadcast_arrays(*(self.latent(place) for place in places))
        return self.generator.mel(self.voice, np.stack(latents), dict(controls or {}))

    def change_db(self, places: Iterable[Place | Moment]) -> npt.NDArray[np.float64]:
        """Audible change from each place to the next: mean absolute change of the log-mel in dB."""
        steps = np.abs(np.diff(self.mels(places), axis=0))
        changes: npt.NDArray[np.float64] = DECIBELS_PER_NEPER * steps.mean(axis=(1, 2), dtype=np.float64)
        return changes

    def walk(
        self,
        around: Place | Moment,
        kind: str = "drift",
        bars: int = 16,
        pace_db: float = 1.0,
        seed: int = 0,
        range_rad: float = 0.6,
        period_bars: float = 8.0,
    ) -> list[Point]:
        """Where a deck with this walk is at each bar, ``bars`` + 1 points; `aijockey.live.walks.WALKS` lists the kinds.

        pace_db : audible change a bar, for walks by pace; period_bars : for those by period.
        """
        centre, angle_rad = _place(around), self.pace.angle_rad(pace_db)
        step = {True: 1.0 / period_bars, False: angle_rad}[_walk(kind).by_period]
        return [walk_point(centre, kind, seed, range_rad, bar * step) for bar in range(bars + 1)]

    def glide(self, start: Place | Moment, end: Place | Moment, bars: int) -> list[Point]:
        """From one place to another in so many bars, ``bars`` + 1 points."""
        return [Way(_place(start), _place(end), bar / bars) for bar in range(bars + 1)]

    def shake(self, place: Place | Moment, distance_rad: float, seed: int) -> Point:
        """A new neighbour, as the gesture ``shake`` finds it."""
        return shaken(_place(place), distance_rad, seed)

    def breed(
        self, mother: Place | Moment, father: Place | Moment, seed: int, mutation_rad: float = 0.2
    ) -> Point:
        """A child of two: half of each latent, and a small mutation; another for every seed."""
        return bred(_place(mother), _place(father), seed, mutation_rad)


def _place(place: Place | Moment) -> Point:
    return place.place if isinstance(place, Moment) else point(place)


def _walk(kind: str) -> Walk:
    if kind not in WALKS:
        raise PointError(f"no walk '{kind}'{nearest(kind, WALKS)}; there are {', '.join(WALKS)}")
    return WALKS[kind]
