"""Textures: wind, rain, steps, rolling objects, fire, water, machines, and drones in key."""

from dataclasses import dataclass

import numpy as np

from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.desk import draw_rack, mix
from aijockey.corpus.synthesize.draw import chance, pick_genre
from aijockey.corpus.synthesize.scenes import clouds, objects, weather
from aijockey.corpus.synthesize.scenes.bed import Scene
from aijockey.corpus.synthesize.score import Sketch


@dataclass(frozen=True)
class TextureGenre:
    """A kind of texture: the scene that paints it, its share, whether it sounds in the key, its rooms."""

    scene: Scene
    weight: float = 1.0
    tonal: bool = False
    room: tuple[int, int] = (4, 14)


def render_texture(rng: np.random.Generator, bars: int, kind: str | None = None) -> Sketch:
    """A texture of one of `TEXTURES`: ``kind``, or drawn where that is None."""
    name = pick_genre(rng, TEXTURES, kind)
    genre = TEXTURES[name]
    canvas = Canvas(bars)
    score, values = genre.scene(rng, canvas)
    canvas.reverb += 0.5 * canvas.dry.mean(axis=0)
    canvas.delay += canvas.reverb
    rack = draw_rack(
        rng,
        room=genre.room,
        wet=(0.05, 0.5),
        echo=(0, 0.3) if chance(rng, 0.4) else (0, 0),
        drive=(0, 0.3),
        squeeze=(0, 0.4),
        low_cut_hz=(30, 120),
    )
    return Sketch(
        mix(canvas, rack), score, {"genre": name, "in_key": genre.tonal, **values, "rack": vars(rack)}
    )


TEXTURES = {
    "wind": TextureGenre(weather.wind, 1.2),
    "rain": TextureGenre(weather.rain, 1.1),
    "steps": TextureGenre(objects.steps, 1.1, room=(1, 10)),
    "rolling": TextureGenre(objects.rolling, 1.1, room=(1, 10)),
    "fire": TextureGenre(weather.fire, 0.8, room=(0, 8)),
    "sea": TextureGenre(weather.sea, 0.9),
    "machine": TextureGenre(objects.machine, 0.7, tonal=True),
    "drone": TextureGenre(clouds.drone, 1.4, tonal=True),
    "chimes": TextureGenre(clouds.chimes, 0.8, tonal=True, room=(7, 15)),
    "grains": TextureGenre(clouds.grains, 1.0, tonal=True, room=(6, 15)),
    "scrapes": TextureGenre(objects.scrapes, 0.7),
    "breath": TextureGenre(objects.breath, 0.8),
}  # fmt: skip
