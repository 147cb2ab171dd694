"""Pads and chords: sustained spectra that cross-fade from chord to chord under a slow filter."""

from typing import Any

import numpy as np

from aijockey.corpus.synthesize import effects, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.desk import draw_rack, mix
from aijockey.corpus.synthesize.draw import chance, log_uniform, pick, pick_genre, uniform
from aijockey.corpus.synthesize.genres.pads import PADS
from aijockey.corpus.synthesize.harmony import Chord, draw_chords
from aijockey.corpus.synthesize.patterns import probabilities
from aijockey.corpus.synthesize.score import Event, Sketch
from aijockey.corpus.synthesize.shots import Float
from aijockey.corpus.synthesize.tones import Timbre
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES


def render_pads(rng: np.random.Generator, bars: int, kind: str | None = None) -> Sketch:
    """A pad of one of `PADS`: ``kind``, or drawn where that is None."""
    name = pick_genre(rng, PADS, kind)
    genre = PADS[name]
    lowest = int(rng.integers(genre.lowest[0], genre.lowest[1] + 1))
    chords, colour = draw_chords(rng, bars, lowest, lead=chance(rng, 0.75))
    timbre = Timbre(
        pick(rng, genre.shapes),
        slope=uniform(rng, genre.slope),
        unison=int(rng.integers(genre.unison[0], genre.unison[1] + 1)),
        detune_cents=uniform(rng, genre.detune_cents),
        spread_cents=uniform(rng, genre.spread_cents),
        stretch=uniform(rng, genre.stretch),
        pulse=uniform(rng, (0.08, 0.45)),
    )
    values: dict[str, Any] = {
        "rise_s": log_uniform(rng, genre.rise_s),
        "fall_s": log_uniform(rng, genre.fall_s),
        "cutoff_hz": log_uniform(rng, genre.cutoff_hz),
        "movement": uniform(rng, genre.movement),
        "resonance": uniform(rng, genre.resonance),
        "air": uniform(rng, genre.air),
        "pump": uniform(rng, genre.pump) if chance(rng, 0.9) else 0.0,
        "bass_note": chance(rng, 0.3),
    }
    canvas = Canvas(bars)
    score: list[Event] = []
    for chord in chords:
        pitches = list(chord.pitches)
        if values["bass_note"]:
            pitches.append(min(chord.pitches) - 12)
        sound = tones.tone(rng, timbre, pitches, canvas.samples, channels=2)
        canvas.dry += sound * _swell(chord, values["rise_s"], values["fall_s"], canvas.samples)
        score += [Event(chord.start, "pad", 0.8, midi, chord.duration) for midi in sorted(pitches)]
    if values["air"] > 0.0:
        canvas.dry += np.float32(values["air"]) * rng.standard_normal((2, canvas.samples), dtype=np.float32)
    frames = canvas.samples // effects.SWEEP_HOP
    octaves = values["movement"] * tones.wander(rng, frames, int(rng.integers(1, 4)))
    cutoff = np.minimum(values["cutoff_hz"] * np.exp2(octaves), 16000.0).astype(np.float32)
    canvas.dry[:] = effects.sweep(
        canvas.dry, effects.low_pass(cutoff, values["resonance"], order=pick(rng, (1.0, 1.5, 2.0)))
    )
    if genre.gates:
        values["gate"] = pick(rng, genre.gates)
        canvas.dry *= _gate(
            values["gate"], uniform(rng, (0.4, 0.9)), uniform(rng, (0.0, 0.25)), canvas.samples
        )
    if values["pump"] > 0.0:
        canvas.dry *= pump(values["pump"], uniform(rng, (0.25, 0.6)), canvas.samples)
    _tremble(rng, canvas, values)
    canvas.reverb[:] = canvas.dry.mean(axis=0)
    canvas.delay[:] = canvas.reverb
    rack = draw_rack(
        rng, room=(6, 15), wet=(0.1 * genre.wet[0], 0.35 * genre.wet[1]), echo=(0, 0.35), drive=(0, 0.3),
        squeeze=(0, 0.4), low_cut_hz=(40, 160), tilt_db=(-0.8, 0.8),
    )  # fmt: skip
    labels = {"genre": name, "colour": colour, "timbre": vars(timbre), **values, "rack": vars(rack)}
    return Sketch(mix(canvas, rack), score, labels)


def _swell(chord: Chord, rise_s: float, fall_s: float, samples: int) -> Float:
    """Level of one chord around the loop: raised-cosine rise, exponential fall that runs on into the next
    chord."""
    duration = round(chord.duration * SIXTEENTH_SAMPLES)
    if duration >= samples:
        return np.ones(samples, dtype=np.float32)
    rise = min(round(rise_s * RATE_HZ), duration)
    tail = min(round(fall_s * RATE_HZ), samples - duration)
    envelope = np.zeros(samples, dtype=np.float32)
    envelope[:duration] = 1.0
    envelope[:rise] = 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    envelope[duration : duration + tail] = 0.5 + 0.5 * np.cos(np.pi * np.arange(tail) / tail)
    return np.roll(envelope, round(chord.start * SIXTEENTH_SAMPLES))


def _gate(pattern: str, hold: float, floor: float, samples: int) -> Float:
    """A chopped level on the sixteenth grid, ``hold`` of each open step, closing to ``floor``."""
    step = np.full(SIXTEENTH_SAMPLES, floor, dtype=np.float32)
    edge = 240
    opened = int(hold * SIXTEENTH_SAMPLES)
    step[:opened] = 1.0
    step[:edge] = np.linspace(floor, 1.0, edge)
    step[opened - edge : opened] = np.linspace(1.0, floor, edge)
    steps = np.resize(probabilities(pattern) > 0, samples // SIXTEENTH_SAMPLES)
    return np.where(steps[:, None], step, np.float32(floor)).reshape(-1)


def pump(depth: float, recovery_beats: float, samples: int) -> Float:
    """The level that a kick on every beat ducks: down by ``depth`` at the beat, back within
    ``recovery_beats``."""
    beat = 4 * SIXTEENTH_SAMPLES
    t = np.arange(beat, dtype=np.float32) / beat
    curve = 1.0 - np.float32(depth) * (1.0 - np.minimum(t / np.float32(recovery_beats), 1.0)) ** 1.5
    edge = 480
    curve[-edge:] = np.linspace(curve[-edge - 1], curve[0], edge)
    return np.tile(curve.astype(np.float32), samples // beat)


def _tremble(rng: np.random.Generator, canvas: Canvas, values: dict[str, Any]) -> None:
    """Tremolo or a slow pan, sometimes, in whole cycles of the loop."""
    kind = pick(rng, ("none", "tremolo", "pan"), (5, 2, 2))
    values["motion"] = kind
    if kind == "none":
        return
    cycles = int(pick(rng, (1, 2, 4, 8, 16, 24)))
    wave = np.sin(2.0 * np.pi * (np.arange(canvas.samples) / canvas.samples * cycles + rng.random())).astype(
        np.float32
    )
    depth = np.float32(uniform(rng, (0.1, 0.5)))
    values["motion_cycles"] = cycles
    canvas.dry[0] *= 1.0 + depth * wave
    canvas.dry[1] *= 1.0 + depth * (wave if kind == "tremolo" else -wave)
