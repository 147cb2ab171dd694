"""The four rhythm voices: draw a genre, a kit and a pattern, and play them."""

from typing import Any

import numpy as np

from aijockey.audio.units import db_to_gain
from aijockey.corpus.synthesize import patterns
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.desk import draw_rack, mix
from aijockey.corpus.synthesize.draw import chance, pick_genre, uniform
from aijockey.corpus.synthesize.genres.genre import Genre
from aijockey.corpus.synthesize.patterns import Hit, Part
from aijockey.corpus.synthesize.score import Event, Sketch
from aijockey.corpus.synthesize.shots import Float
from aijockey.corpus.synthesize.sounds import Shot, render_shot
from aijockey.music.grid import SIXTEENTH_SAMPLES

CHOKE_FADE = 480
FEWEST_PARTS = 3


def render_rhythm(
    rng: np.random.Generator, genres: dict[str, Genre], bars: int, kind: str | None = None
) -> Sketch:
    """A loop of one of ``genres``: ``kind``, or drawn where that is None."""
    name = pick_genre(rng, genres, kind)
    genre = genres[name]
    swing, density = uniform(rng, genre.swing), uniform(rng, genre.density)
    parts = _present(rng, genre)
    grid = {part.name: patterns.draw_steps(rng, part, density, bars) for part in parts}
    filled = None
    if chance(rng, genre.fill):
        filled = patterns.fill(rng, grid, {part.name: part for part in parts}, {"kick"})
    hits = {part.name: patterns.play(rng, part, grid[part.name], swing) for part in parts}
    rack = draw_rack(
        rng,
        room=genre.room,
        wet=(0.5, 1.6),
        echo=genre.echo,
        drive=genre.drive,
        squeeze=genre.squeeze,
        crush=genre.crush,
    )
    canvas, score, kit = Canvas(bars), [], {}
    for part in parts:
        shot = render_shot(rng, part.sound, part.tweak)
        kit[part.name] = shot.values | _lay(rng, canvas, part, shot, hits)
        score += [Event(hit.time, part.name, hit.velocity) for hit in hits[part.name]]
    labels: dict[str, Any] = {"genre": name, "swing": swing, "density": density, "fill": filled, "kit": kit}
    return Sketch(mix(canvas, rack), score, labels | {"rack": vars(rack)})


def _present(rng: np.random.Generator, genre: Genre) -> list[Part]:
    """The parts that take part; the first of the genre always do, so that a loop is never bare."""
    present = [chance(rng, part.presence) for part in genre.parts]
    for index in range(FEWEST_PARTS):
        present[index] = True
    return [part for part, plays in zip(genre.parts, present, strict=True) if plays]


def _lay(
    rng: np.random.Generator, canvas: Canvas, part: Part, shot: Shot, hits: dict[str, list[Hit]]
) -> dict[str, float]:
    """Place a part's hits; returns the mixing values drawn for it."""
    level_db, reverb, delay = uniform(rng, part.level_db), uniform(rng, part.reverb), uniform(rng, part.delay)
    pan = uniform(rng, part.pan) * (1.0 if chance(rng, 0.5) else -1.0)
    cuts = [hit.time for hit in hits.get(part.choke or "", [])] if part.choke else []
    for hit in hits[part.name]:
        sound = shot.loud if hit.velocity >= 0.5 else shot.soft
        if cuts:
            sound = _choked(sound, hit.time, cuts, canvas.sixteenths)
        gain = db_to_gain(level_db) * hit.velocity**1.4
        canvas.place(sound, hit.time, gain, pan, reverb, delay)
    return {"level_db": level_db, "pan": pan, "reverb": reverb, "delay": delay}


def _choked(sound: Float, time: float, cuts: list[float], sixteenths: int) -> Float:
    """``sound`` faded out where the next cut after ``time`` falls, round the loop."""
    gap = min((cut - time - 0.05) % sixteenths + 0.05 for cut in cuts)
    end = round(gap * SIXTEENTH_SAMPLES)
    if end >= len(sound):
        return sound
    fade = min(CHOKE_FADE, end)
    cut = sound[:end].copy()
    cut[end - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return cut
