"""Drones, chimes and clouds of grains, in key."""

from typing import Any

import numpy as np
import scipy.fft

from aijockey.corpus.synthesize import effects, shots, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.draw import chance, log_uniform, pick, uniform
from aijockey.corpus.synthesize.harmony import KEY
from aijockey.corpus.synthesize.scenes.bed import frames
from aijockey.corpus.synthesize.score import Event
from aijockey.corpus.synthesize.shots import Float
from aijockey.music.grid import RATE_HZ
from aijockey.music.key import midi_to_hz


def drone(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
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
    cutoff = values["cutoff_hz"] * np.exp2(values["movement"] * tones.wander(rng, frames(canvas), 3))
    canvas.dry[:] = effects.sweep(
        canvas.dry, effects.low_pass(cutoff.astype(np.float32), uniform(rng, (0.0, 3.0)), 1.5)
    )
    return [Event(0.0, "drone", 0.6, note, float(canvas.sixteenths)) for note in sorted(notes)], values


def chimes(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
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


def grains(rng: np.random.Generator, canvas: Canvas) -> tuple[list[Event], dict[str, Any]]:
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
