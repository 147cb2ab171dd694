"""Textures: wind, rain, steps, rolling objects, fire, water, machines, and drones in key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft

from aijockey.corpus.synthesize import effects, shots, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.desk import draw_rack, mix
from aijockey.corpus.synthesize.draw import chance, log_uniform, pick, uniform
from aijockey.corpus.synthesize.harmony import KEY
from aijockey.corpus.synthesize.score import Event, Sketch
from aijockey.corpus.synthesize.shots import Float, band
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES
from aijockey.music.key import midi_to_hz

Scene = Callable[[np.random.Generator, Canvas], tuple[list[Event], dict[str, Any]]]


@dataclass(frozen=True)
class TextureGenre:
    """A kind of texture: the scene that paints it, its share, whether it sounds in the key, its rooms."""

    scene: Scene
    weight: float = 1.0
    tonal: bool = False
    room: tuple[int, int] = (4, 14)


def render_texture(rng: np.random.Generator, bars: int) -> Sketch:
    """A texture of one of `TEXTURES`."""
    name = pick(rng, list(TEXTURES), [genre.weight for genre in TEXTURES.values()])
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


def _noise(rng: np.random.Generator, canvas: Canvas) -> Float:
    return rng.standard_normal((2, canvas.samples), dtype=np.float32) * np.float32(0.3)


def _frames(canvas: Canvas) -> int:
    return canvas.samples // effects.SWEEP_HOP


def _wind(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Noise through two or three whistling bands that wander together, gusting."""
    count = _frames(canvas)
    gust = tones.wander(rng, count, int(rng.integers(2, 6)), 0.7)
    values = {
        "centre_hz": log_uniform(rng, (250, 1400)), "whistle": uniform(rng, (0.0, 1.0)), "gust": uniform(rng, (0.4, 1.6)),
        "bands": int(rng.integers(2, 4)), "width": uniform(rng, (0.25, 0.9)),
    }  # fmt: skip
    gains = np.zeros((count, effects.SWEEP_SIZE // 2 + 1), dtype=np.float32)
    for index in range(int(values["bands"])):
        centre = (
            values["centre_hz"]
            * 1.7**index
            * np.exp2(values["gust"] * gust + 0.3 * tones.wander(rng, count, 5))
        )
        width = values["width"] * (1.0 - 0.85 * values["whistle"] * (index > 0))
        gains += effects.band_pass(centre.astype(np.float32), width) / (1.0 + 0.6 * index)
    gains *= np.exp(0.9 * values["gust"] * gust)[:, None].astype(np.float32)
    canvas.dry += effects.sweep(_noise(rng, canvas), gains)
    return [Event(0.0, "wind", 0.7, None, float(canvas.sixteenths))], values


def _rain(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Drops on a surface over a bed of hiss."""
    surface = pick(rng, ("leaves", "roof", "puddle", "window"))
    values: dict[str, Any] = {
        "surface": surface,
        "drops": log_uniform(rng, (60, 700)),
        "bed": uniform(rng, (0.02, 0.25)),
    }
    low, high, ring_s = {
        "leaves": (1500, 5000, 0.012),
        "roof": (500, 2500, 0.03),
        "puddle": (600, 2200, 0.05),
        "window": (2500, 7000, 0.015),
    }[surface]
    drops = []
    for _ in range(12):
        samples = shots.length(ring_s * 1.5)
        hz = log_uniform(rng, (low, high))
        if surface == "puddle":
            sound = shots.swept_sine(samples, hz * 1.6, ((-0.6 * hz, ring_s / 3),)) * shots.decay(
                samples, ring_s
            )
        else:
            sound = (
                shots.shaped_noise(rng, samples, band(0.7 * hz, 2.0 * hz))
                * shots.decay(samples, ring_s)
                * 0.5
            )
            sound += shots.modes(samples, (hz,), (ring_s,), (0.5,))
        drops.append(shots.attack(sound.astype(np.float32), 0.0005))
    count = int(values["drops"])
    times, sizes = np.sort(rng.uniform(0, canvas.sixteenths, count)), rng.pareto(2.0, count) * 0.15 + 0.05
    for time, size in zip(times, np.minimum(sizes, 1.0), strict=True):
        canvas.place(
            drops[int(rng.integers(len(drops)))], float(time), float(size), float(rng.uniform(-1, 1))
        )
    bed = effects.band_pass(np.full(_frames(canvas), log_uniform(rng, (2500, 6500)), dtype=np.float32), 1.8)
    bed *= (1.0 + 0.5 * tones.wander(rng, _frames(canvas), 4))[:, None]
    canvas.dry += np.float32(values["bed"]) * effects.sweep(_noise(rng, canvas), bed)
    big = [
        Event(float(t), "drop", float(min(s, 1.0)), None, 0.2)
        for t, s in zip(times, sizes, strict=True)
        if s > 0.25
    ]
    return [Event(0.0, "rain", 0.5, None, float(canvas.sixteenths)), *big], values


STRIDES = ("X.......X.......", "X...X...X...X...", "X.....X...X.....", "X..X....X..X....", "X.X.X.X.X.X.X.X.")


def _steps(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Feet on a floor: heel, then toe, each a cluster of grains or a knock."""
    floor = pick(rng, ("gravel", "snow", "wood", "metal", "leaves", "stone"))
    stride = pick(rng, STRIDES, (2, 4, 1, 1, 1))
    values: dict[str, Any] = {"floor": floor, "stride": stride, "loose": uniform(rng, (0.0, 0.25))}
    centre, grains, length_s, knock_hz, knock = {
        "gravel": (2600, 160, 0.16, 110, 0.3), "snow": (1500, 900, 0.22, 90, 0.25), "wood": (900, 20, 0.05, 170, 1.0),
        "metal": (2000, 30, 0.07, 330, 0.9), "leaves": (4200, 260, 0.2, 90, 0.15), "stone": (1900, 60, 0.07, 140, 0.6),
    }[floor]  # fmt: skip
    centre, length_s = centre * log_uniform(rng, (0.75, 1.35)), length_s * log_uniform(rng, (0.8, 1.4))
    score, foot = [], 1.0
    pan = uniform(rng, (0.1, 0.5))
    for step in np.flatnonzero(np.resize(np.array([c == "X" for c in stride]), canvas.sixteenths)):
        time = (float(step) + float(rng.normal(0.0, 0.1)) * values["loose"]) % canvas.sixteenths
        velocity = uniform(rng, (0.7, 1.0))
        for offset, share in ((0.0, 1.0), (uniform(rng, (0.6, 0.9)), 0.55)):
            canvas.place(
                _foot(rng, centre, grains, length_s, knock_hz, knock * share, floor),
                time + offset,
                velocity * share,
                foot * pan,
                0.15,
            )
        score.append(Event(time, "step", velocity, None, 1.0))
        foot = -foot
    if chance(rng, 0.6):
        air = effects.low_pass(
            np.full(_frames(canvas), log_uniform(rng, (300, 1500)), dtype=np.float32), 0.0, 1.0
        )
        canvas.dry += effects.sweep(_noise(rng, canvas) * np.float32(0.06), air)
    return score, values


def _foot(
    rng: np.random.Generator,
    centre: float,
    grains: float,
    length_s: float,
    knock_hz: float,
    knock: float,
    floor: str,
) -> Float:
    samples = shots.length(length_s + 0.05)
    envelope = shots.attack(shots.decay(samples, length_s * 1.4), 0.004)
    impulses = (rng.random(samples) < grains / samples * 2.0) * rng.standard_normal(samples, dtype=np.float32)
    sound = shots.filtered(impulses.astype(np.float32), band(0.6 * centre, 2.0 * centre, 1.5)) * envelope
    sound = 0.8 * shots.unit_peak(sound)
    ratios = (1.0, 2.76, 5.4) if floor == "metal" else (1.0, 1.8, 2.6)
    hz = knock_hz * float(rng.uniform(0.95, 1.05))
    sound += np.float32(knock) * shots.modes(
        samples, [hz * r for r in ratios], (0.12, 0.07, 0.04), (1.0, 0.4, 0.2), 0.2
    )
    return shots.attack(shots.faded(sound.astype(np.float32)), 0.001)


def _rolling(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Something round on something hard: tiny knocks whose rate follows the turning, through the body's modes."""
    samples = canvas.samples
    values = {
        "turns_hz": log_uniform(rng, (1.5, 9.0)), "rough_hz": log_uniform(rng, (150, 900)), "body_hz": log_uniform(rng, (90, 900)),
        "speed": uniform(rng, (0.0, 0.5)), "ring_s": log_uniform(rng, (0.02, 0.25)), "bumps": uniform(rng, (0.2, 1.0)),
    }  # fmt: skip
    speed = np.repeat(1.0 + values["speed"] * tones.wander(rng, samples // 100, 2), 100).astype(np.float32)
    turn = tones.closed_phase(np.float32(values["turns_hz"]) * speed)
    lumps = np.interp(
        turn, np.linspace(0, 1, 65), np.append(profile := rng.random(64) ** 2, profile[0])
    ).astype(np.float32)
    rate = values["rough_hz"] * speed / RATE_HZ
    knocks = (rng.random(samples, dtype=np.float32) < rate) * rng.standard_normal(samples, dtype=np.float32)
    force = knocks * (1.0 - values["bumps"] + values["bumps"] * lumps) * speed
    count = 7
    hz = (
        values["body_hz"]
        * np.arange(1, count + 1) ** uniform(rng, (1.05, 1.6))
        * rng.uniform(0.93, 1.08, count)
    )
    decays = values["ring_s"] * rng.uniform(0.4, 1.2, count) / np.sqrt(np.arange(1, count + 1))
    ring = shots.modes(
        shots.length(values["ring_s"] * 1.3), list(hz), list(decays), list(rng.uniform(0.3, 1.0, count))
    )
    response = np.zeros(samples, dtype=np.float32)
    response[: len(ring)] = ring
    body = scipy.fft.irfft(scipy.fft.rfft(force.astype(np.float32)) * scipy.fft.rfft(response), n=samples)
    body = shots.unit_rms(body) * np.float32(0.2)
    place = np.sin(
        2.0 * np.pi * (np.arange(samples) / samples * int(rng.integers(1, 3)) + rng.random())
    ) * uniform(rng, (0.0, 0.9))
    angle = (place + 1.0) * np.pi / 4.0
    canvas.dry += np.stack([np.cos(angle) * body, np.sin(angle) * body]).astype(np.float32)
    return [Event(0.0, "rolling", 0.7, None, float(canvas.sixteenths))], values


def _fire(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Crackle of fire, vinyl or static: sparse sharp grains over a low breath."""
    values = {
        "grains": log_uniform(rng, (40, 400)),
        "bright_hz": log_uniform(rng, (1500, 7000)),
        "breath": uniform(rng, (0.0, 0.2)),
    }
    kinds = [
        shots.attack(
            shots.shaped_noise(rng, 960, band(0.5 * hz, 2.0 * hz))
            * shots.decay(960, log_uniform(rng, (0.002, 0.012))),
            0.0002,
        )
        for hz in values["bright_hz"] * rng.uniform(0.5, 1.6, 10)
    ]
    # Clusters on a random walk, as sap bursts do.
    rate = np.exp(1.8 * tones.wander(rng, 512, 24, 0.3))
    times = rng.choice(512, int(values["grains"]), p=rate / rate.sum()) + rng.random(int(values["grains"]))
    for time in times * canvas.sixteenths / 512:
        canvas.place(
            kinds[int(rng.integers(10))],
            float(time),
            float(min(rng.pareto(1.8) * 0.08 + 0.03, 1.0)),
            float(rng.uniform(-0.9, 0.9)),
        )
    gains = effects.low_pass(
        (log_uniform(rng, (150, 600)) * np.exp2(tones.wander(rng, _frames(canvas), 9, 0.4))).astype(
            np.float32
        ),
        0.0,
        1.0,
    )
    canvas.dry += np.float32(values["breath"]) * effects.sweep(_noise(rng, canvas), gains)
    return [Event(0.0, "fire", 0.6, None, float(canvas.sixteenths))], values


def _sea(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Waves: noise that swells and hisses away, one or two to the loop."""
    count = _frames(canvas)
    waves = int(pick(rng, (1, 2, 4), (3, 3, 1)))
    values = {
        "waves": waves,
        "hiss_hz": log_uniform(rng, (1200, 5000)),
        "undertow_hz": log_uniform(rng, (120, 400)),
        "steep": uniform(rng, (1.0, 3.5)),
    }
    turn = np.mod(np.arange(count) / count * waves + rng.random(), 1.0)
    rise = uniform(rng, (0.3, 0.6))
    shape = np.where(turn < rise, turn / rise, 1.0 - (turn - rise) / (1.0 - rise)) ** values["steep"]
    centre = (values["hiss_hz"] * np.exp2(1.6 * (shape - 0.5) + 0.2 * tones.wander(rng, count, 7))).astype(
        np.float32
    )
    gains = effects.band_pass(centre, 1.3) * (0.05 + shape)[:, None].astype(np.float32)
    gains += (
        0.6
        * effects.low_pass(np.full(count, values["undertow_hz"], dtype=np.float32), 0.0, 1.0)
        * (0.4 + 0.6 * shape[:, None]).astype(np.float32)
    )
    canvas.dry += effects.sweep(_noise(rng, canvas), gains)
    return [Event(0.0, "sea", 0.6, None, float(canvas.sixteenths))], values


def _machine(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """An engine room: a hum in key, its harmonics beating, and a cycle of hiss and clank on the grid."""
    pitch = int(pick(rng, (33, 40, 45)))
    values = {
        "pitch": pitch,
        "hum": uniform(rng, (0.2, 1.0)),
        "cycle_sixteenths": int(pick(rng, (1, 2, 3, 4, 8))),
        "hiss_hz": log_uniform(rng, (800, 5000)),
    }
    timbre = tones.Timbre(pick(rng, ("saw", "square", "hollow")), slope=0.6, unison=2, detune_cents=4.0)
    canvas.dry += np.float32(0.5 * values["hum"]) * tones.tone(
        rng, timbre, (pitch, pitch + 12), canvas.samples, channels=2, top_hz=2500.0
    )
    samples = shots.length(uniform(rng, (0.05, 0.3)))
    puff = shots.shaped_noise(
        rng, samples, band(0.5 * values["hiss_hz"], 2 * values["hiss_hz"])
    ) * shots.decay(samples, 0.8 * samples / RATE_HZ)
    puff = shots.attack(puff, 0.01)
    score = [Event(0.0, "hum", values["hum"], pitch, float(canvas.sixteenths))]
    for index, time in enumerate(np.arange(0, canvas.sixteenths, values["cycle_sixteenths"])):
        velocity = 0.8 if index % 4 == 0 else uniform(rng, (0.3, 0.6))
        canvas.place(puff, float(time), 0.25 * velocity, 0.4 * (-1) ** index, 0.1)
        score.append(Event(float(time), "puff", velocity, None, 1.0))
    return score, values


def _drone(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """A held sound in the key: ensembles of partials that breathe, each on its own."""
    notes = [int(pick(rng, (33, 45, 45, 57)))]
    notes += [
        KEY.pitch(int(pick(rng, (0, 2, 4, 4, 6))), int(rng.integers(3, 5)))
        for _ in range(int(rng.integers(1, 4)))
    ]
    values: dict[str, Any] = {
        "spread_cents": log_uniform(rng, (2, 30)),
        "cutoff_hz": log_uniform(rng, (400, 3000)),
        "movement": uniform(rng, (0.5, 2.0)),
    }
    for note in notes:
        timbre = tones.Timbre(
            pick(rng, ("saw", "hollow", "glass", "choir", "organ")),
            spread_cents=values["spread_cents"],
            slope=uniform(rng, (0, 0.6)),
        )
        level = np.repeat(1.0 + 0.8 * tones.wander(rng, canvas.samples // 100, 4), 100).astype(np.float32)
        kernel = scipy.fft.rfft(level)
        kernel[64:] = 0.0
        canvas.dry += (
            tones.tone(rng, timbre, (note,), canvas.samples, channels=2)
            * scipy.fft.irfft(kernel, n=canvas.samples).astype(np.float32)
            / 2.0
        )
    cutoff = values["cutoff_hz"] * np.exp2(values["movement"] * tones.wander(rng, _frames(canvas), 3))
    canvas.dry[:] = effects.sweep(
        canvas.dry, effects.low_pass(cutoff.astype(np.float32), uniform(rng, (0.0, 3.0)), 1.5)
    )
    return [Event(0.0, "drone", 0.6, note, float(canvas.sixteenths)) for note in sorted(notes)], values


def _chimes(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Wind chimes and glass: struck now and then, in the key's pentatonic."""
    values = {
        "count": int(log_uniform(rng, (8, 50))),
        "ring_s": log_uniform(rng, (0.4, 2.2)),
        "octave": int(rng.integers(5, 7)),
    }
    rings: dict[int, Float] = {}
    score = []
    for time in np.sort(rng.uniform(0, canvas.sixteenths, int(values["count"]))):
        midi = KEY.pitch(int(pick(rng, (0, 2, 3, 4, 6, 7))), int(values["octave"]))
        if midi not in rings:
            hz, d = midi_to_hz(midi), values["ring_s"]
            rings[midi] = shots.attack(
                shots.modes(
                    shots.length(1.3 * d),
                    (hz, 2.76 * hz, 5.4 * hz),
                    (1.2 * d, 0.5 * d, 0.25 * d),
                    (1.0, 0.3, 0.15),
                ),
                0.001,
            )
        velocity = uniform(rng, (0.2, 1.0))
        canvas.place(rings[midi], float(time), 0.3 * velocity, uniform(rng, (-0.9, 0.9)), 0.2)
        score.append(Event(float(time), "chime", velocity, midi, 2.0))
    return score, values


def _grains(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """A cloud: hundreds of short grains cut from a chord in key, thrown about in time, pitch and space."""
    size_s = log_uniform(rng, (0.02, 0.25))
    values: dict[str, Any] = {
        "size_s": size_s,
        "count": int(log_uniform(rng, (80, 400))),
        "shape": pick(rng, ("saw", "glass", "choir", "triangle", "hollow")),
    }
    source = [
        tones.tone(
            rng,
            tones.Timbre(values["shape"], spread_cents=uniform(rng, (0, 20))),
            (KEY.pitch(int(degree), int(octave)),),
            24_000,
        )[0]
        for degree, octave in zip(rng.choice((0, 0, 2, 4, 4, 6, 8), 8), rng.integers(3, 6, 8), strict=True)
    ]
    window = np.hanning(int(size_s * RATE_HZ)).astype(np.float32)
    density = np.exp(1.2 * tones.wander(rng, 256, 6))
    times = (
        (rng.choice(256, values["count"], p=density / density.sum()) + rng.random(values["count"]))
        * canvas.sixteenths
        / 256
    )
    if chance(rng, 0.4):
        times = np.round(times)
        values["on_grid"] = True
    for time in times:
        tone = source[int(rng.integers(len(source)))]
        start = int(rng.integers(0, len(tone) - len(window)))
        canvas.place(
            tone[start : start + len(window)] * window,
            float(time % canvas.sixteenths),
            uniform(rng, (0.1, 1.0)),
            uniform(rng, (-1, 1)),
        )
    return [Event(0.0, "cloud", 0.6, None, float(canvas.sixteenths))], values


def _scrapes(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Metal and stone dragged: filtered noise through moving modes, in strokes of a beat or more."""
    count = _frames(canvas)
    strokes = int(pick(rng, (1, 2, 4, 8), (1, 3, 3, 1)))
    values = {
        "strokes": strokes,
        "body_hz": log_uniform(rng, (200, 1500)),
        "width": uniform(rng, (0.06, 0.3)),
        "travel": uniform(rng, (0.1, 1.0)),
    }
    turn = np.mod(np.arange(count) / count * strokes, 1.0)
    level = np.sin(np.pi * np.minimum(turn / uniform(rng, (0.5, 1.0)), 1.0)) ** uniform(rng, (0.6, 2.0))
    gains = np.zeros((count, effects.SWEEP_SIZE // 2 + 1), dtype=np.float32)
    for ratio in np.arange(1, 6) ** uniform(rng, (1.1, 1.5)):
        centre = (
            values["body_hz"]
            * ratio
            * np.exp2(values["travel"] * (turn - 0.5) + 0.1 * tones.wander(rng, count, 12, 0.3))
        )
        gains += effects.band_pass(np.minimum(centre, 15000).astype(np.float32), values["width"]) / ratio**0.5
    jitter = np.exp(0.8 * rng.standard_normal(count))
    gains *= (level * jitter)[:, None].astype(np.float32)
    canvas.dry += effects.sweep(_noise(rng, canvas), gains)
    score = [
        Event(float(index) * canvas.sixteenths / strokes, "scrape", 0.7, None, canvas.sixteenths / strokes)
        for index in range(strokes)
    ]
    return score, values


def _rhythmic_noise(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Breath in time: noise whose band rises and falls with the beat, a bed for a build-up."""
    count = _frames(canvas)
    beats = pick(rng, (0.5, 1.0, 2.0, 4.0, 8.0), (1, 2, 3, 3, 2))
    values = {
        "period_beats": beats,
        "centre_hz": log_uniform(rng, (600, 4000)),
        "rise": uniform(rng, (-3.0, 3.0)),
        "width": uniform(rng, (0.3, 1.2)),
    }
    turn = np.mod(np.arange(count) * effects.SWEEP_HOP / (4 * SIXTEENTH_SAMPLES * beats), 1.0)
    level = turn if values["rise"] > 0 else 1.0 - turn
    edge = np.minimum(np.minimum(turn, 1.0 - turn) * count * beats / 8 / 3.0, 1.0)
    centre = values["centre_hz"] * np.exp2(values["rise"] * (turn - 0.5))
    gains = effects.band_pass(np.clip(centre, 60, 14000).astype(np.float32), values["width"]) * (
        level**1.5 * edge
    )[:, None].astype(np.float32)
    canvas.dry += effects.sweep(_noise(rng, canvas), gains)
    return [Event(0.0, "breath", 0.6, None, float(canvas.sixteenths))], values


TEXTURES = {
    "wind": TextureGenre(_wind, 1.2),
    "rain": TextureGenre(_rain, 1.1),
    "steps": TextureGenre(_steps, 1.1, room=(1, 10)),
    "rolling": TextureGenre(_rolling, 1.1, room=(1, 10)),
    "fire": TextureGenre(_fire, 0.8, room=(0, 8)),
    "sea": TextureGenre(_sea, 0.9),
    "machine": TextureGenre(_machine, 0.7, tonal=True),
    "drone": TextureGenre(_drone, 1.4, tonal=True),
    "chimes": TextureGenre(_chimes, 0.8, tonal=True, room=(7, 15)),
    "grains": TextureGenre(_grains, 1.0, tonal=True, room=(6, 15)),
    "scrapes": TextureGenre(_scrapes, 0.7),
    "breath": TextureGenre(_rhythmic_noise, 0.8),
}  # fmt: skip
