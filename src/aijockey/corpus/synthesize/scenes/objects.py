"""Steps, rolling and dragged things, machines, breath."""

from typing import Any

import numpy as np
import scipy.fft

from aijockey.corpus.synthesize import effects, shots, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.draw import chance, log_uniform, pick, uniform
from aijockey.corpus.synthesize.scenes.bed import frames, noise
from aijockey.corpus.synthesize.score import Event
from aijockey.corpus.synthesize.shots import Float, band
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES

STRIDES = ("X.......X.......", "X...X...X...X...", "X.....X...X.....", "X..X....X..X....", "X.X.X.X.X.X.X.X.")


# Centre of the grains in Hz, their number, length in s, pitch and level of the knock below them.
FLOORS: dict[str, tuple[float, float, float, float, float]] = {
    "gravel": (2600, 160, 0.16, 110, 0.3),
    "snow": (1500, 900, 0.22, 90, 0.25),
    "wood": (900, 20, 0.05, 170, 1.0),
    "metal": (2000, 30, 0.07, 330, 0.9),
    "leaves": (4200, 260, 0.2, 90, 0.15),
    "stone": (1900, 60, 0.07, 140, 0.6),
}


def steps(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Feet on a floor: heel, then toe, each a cluster of grains or a knock."""
    floor = pick(rng, list(FLOORS))
    stride = pick(rng, STRIDES, (2, 4, 1, 1, 1))
    values: dict[str, Any] = {"floor": floor, "stride": stride, "loose": uniform(rng, (0.0, 0.25))}
    centre, grains, length_s, knock_hz, knock = FLOORS[floor]
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
            np.full(frames(canvas), log_uniform(rng, (300, 1500)), dtype=np.float32), 0.0, 1.0
        )
        canvas.dry += effects.sweep(noise(rng, canvas) * np.float32(0.06), air)
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


def rolling(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Something round on something hard: knocks whose rate follows the turning, through the body's modes."""
    samples = canvas.samples
    values = {
        "turns_hz": log_uniform(rng, (1.5, 9.0)),
        "rough_hz": log_uniform(rng, (150, 900)),
        "body_hz": log_uniform(rng, (90, 900)),
        "speed": uniform(rng, (0.0, 0.5)),
        "ring_s": log_uniform(rng, (0.02, 0.25)),
        "bumps": uniform(rng, (0.2, 1.0)),
    }
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


def machine(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
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


def scrapes(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Metal and stone dragged: filtered noise through moving modes, in strokes of a beat or more."""
    count = frames(canvas)
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
    canvas.dry += effects.sweep(noise(rng, canvas), gains)
    score = [
        Event(float(index) * canvas.sixteenths / strokes, "scrape", 0.7, None, canvas.sixteenths / strokes)
        for index in range(strokes)
    ]
    return score, values


def breath(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
    """Breath in time: noise whose band rises and falls with the beat, a bed for a build-up."""
    count = frames(canvas)
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
    canvas.dry += effects.sweep(noise(rng, canvas), gains)
    return [Event(0.0, "breath", 0.6, None, float(canvas.sixteenths))], values
