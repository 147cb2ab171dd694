"""Wind, rain, fire, sea."""

from typing import Any

import numpy as np

from aijockey.corpus.synthesize import effects, shots, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.draw import log_uniform, pick, uniform
from aijockey.corpus.synthesize.scenes.bed import frames, noise
from aijockey.corpus.synthesize.score import Event
from aijockey.corpus.synthesize.shots import band


def wind(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Noise through two or three whistling bands that wander together, gusting."""
    count = frames(canvas)
    gust = tones.wander(rng, count, int(rng.integers(2, 6)), 0.7)
    values = {
        "centre_hz": log_uniform(rng, (250, 1400)),
        "whistle": uniform(rng, (0.0, 1.0)),
        "gust": uniform(rng, (0.4, 1.6)),
        "bands": int(rng.integers(2, 4)),
        "width": uniform(rng, (0.25, 0.9)),
    }
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
    canvas.dry += effects.sweep(noise(rng, canvas), gains)
    return [Event(0.0, "wind", 0.7, None, float(canvas.sixteenths))], values


def rain(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
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
    bed = effects.band_pass(np.full(frames(canvas), log_uniform(rng, (2500, 6500)), dtype=np.float32), 1.8)
    bed *= (1.0 + 0.5 * tones.wander(rng, frames(canvas), 4))[:, None]
    canvas.dry += np.float32(values["bed"]) * effects.sweep(noise(rng, canvas), bed)
    big = [
        Event(float(t), "drop", float(min(s, 1.0)), None, 0.2)
        for t, s in zip(times, sizes, strict=True)
        if s > 0.25
    ]
    return [Event(0.0, "rain", 0.5, None, float(canvas.sixteenths)), *big], values


def fire(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
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
        (log_uniform(rng, (150, 600)) * np.exp2(tones.wander(rng, frames(canvas), 9, 0.4))).astype(
            np.float32
        ),
        0.0,
        1.0,
    )
    canvas.dry += np.float32(values["breath"]) * effects.sweep(noise(rng, canvas), gains)
    return [Event(0.0, "fire", 0.6, None, float(canvas.sixteenths))], values


def sea(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Waves: noise that swells and hisses away, one or two to the loop."""
    count = frames(canvas)
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
    canvas.dry += effects.sweep(noise(rng, canvas), gains)
    return [Event(0.0, "sea", 0.6, None, float(canvas.sixteenths))], values
