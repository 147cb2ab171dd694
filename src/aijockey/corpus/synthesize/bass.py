"""Bass lines: one oscillator that slides, a filter that its notes open, a sub that stays put."""

from typing import Any

import numpy as np

from aijockey.corpus.synthesize import effects, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.desk import draw_rack, mix
from aijockey.corpus.synthesize.draw import chance, log_uniform, pick, pick_genre, uniform
from aijockey.corpus.synthesize.genres.bass import BASS, BassGenre
from aijockey.corpus.synthesize.harmony import KEY, draw_progression, root_at
from aijockey.corpus.synthesize.patterns import probabilities, tilt
from aijockey.corpus.synthesize.score import Event, Sketch
from aijockey.corpus.synthesize.shots import TAU, Float
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES, SIXTEENTHS_PER_BAR
from aijockey.music.key import midi_to_hz


def render_bass(rng: np.random.Generator, bars: int, kind: str | None = None) -> Sketch:
    """A bass line of one of `BASS`: ``kind``, or drawn where that is None."""
    name = pick_genre(rng, BASS, kind)
    genre = BASS[name]
    score = _line(rng, genre, bars, disco=name == "disco")
    slides = rng.random(len(score)) < genre.slide
    source = pick(rng, genre.sources)
    values: dict[str, Any] = {
        "source": source,
        "cutoff_hz": log_uniform(rng, genre.cutoff_hz),
        "opening": uniform(rng, genre.opening),
        "resonance": uniform(rng, genre.resonance),
        "decay_s": log_uniform(rng, genre.decay_s),
        "drive": uniform(rng, genre.drive),
        "sub": uniform(rng, genre.sub),
        "wobble": uniform(rng, genre.wobble),
        "wobble_cycles": int(pick(rng, (4, 6, 8, 12, 16), (2, 1, 4, 2, 3))) * bars // 2,
        "sweep": uniform(rng, (0.0, 1.0)) * chance(rng, 0.5),
        "sustain": uniform(rng, (0.25, 1.0)) if genre.gate[1] < 1.0 else uniform(rng, (0.7, 1.0)),
        "fall_s": log_uniform(rng, (0.08, 0.35)),
        "glide_s": log_uniform(rng, (0.02, 0.09)),
        "attack_s": log_uniform(rng, (0.0015, 0.006)),
    }
    canvas = Canvas(bars)
    samples = canvas.samples
    pitch, level = _curves(score, slides, samples, values)
    voice, detail = _oscillate(rng, source, pitch, level, score, samples)
    gains = effects.low_pass(
        _cutoff(rng, score, values, samples), values["resonance"], order=float(pick(rng, (1.5, 2.0, 3.0)))
    )
    voice = effects.sweep(voice * level, gains)
    voice = effects.saturate(voice / max(float(np.max(np.abs(voice))), 1e-6), values["drive"])
    base = tones.closed_phase(np.where(pitch > 82.0, 0.5 * pitch, pitch).astype(np.float32))
    below = np.sin(TAU * base.astype(np.float32)) * level
    canvas.dry[:] = np.float32(values["sub"]) * below
    wide = chance(rng, 0.35)
    canvas.dry += (
        effects.chorus(voice, uniform(rng, (0.4, 3.0)), int(rng.integers(1, 5)), float(rng.random()))
        if wide
        else voice
    )
    canvas.delay[:] = voice * np.float32(uniform(rng, genre.echo))
    canvas.reverb[:] = voice * np.float32(uniform(rng, (0.0, 0.08)))
    rack = draw_rack(
        rng, room=(0, 8), echo=(0.5, 1.0), drive=(0.0, 0.4), squeeze=(0.0, 0.5), tilt_db=(-0.6, 0.4)
    )
    labels = {"genre": name, **values, **detail, "wide": wide, "rack": vars(rack)}
    return Sketch(mix(canvas, rack), score, labels)


def _line(rng: np.random.Generator, genre: BassGenre, bars: int, *, disco: bool) -> list[Event]:
    """Notes of the line: bar 1 is a riff on degrees, later bars repeat it over their own roots, with small
    changes."""
    progression = draw_progression(rng, bars)
    prior = tilt(
        np.resize(probabilities(pick(rng, genre.priors)), SIXTEENTHS_PER_BAR), uniform(rng, (-0.8, 0.8))
    )
    octave = int(pick(rng, genre.octaves))
    swing, gate = uniform(rng, genre.swing), uniform(rng, genre.gate)
    plays = rng.random(SIXTEENTHS_PER_BAR) < prior
    if not plays.any():
        plays[int(np.argmax(prior))] = True
    steps, weights = list(genre.degrees), list(genre.degrees.values())
    riff = [int(pick(rng, steps, weights)) for _ in range(SIXTEENTHS_PER_BAR)]
    riff[int(np.flatnonzero(plays)[0])] = 0
    leaps = rng.random(SIXTEENTHS_PER_BAR) < genre.leap
    onsets: list[tuple[int, int]] = []
    for bar in range(bars):
        for step in range(SIXTEENTHS_PER_BAR):
            changed = bar > 0 and chance(rng, 0.12)
            if (rng.random() < prior[step]) if changed else plays[step]:
                degree = int(pick(rng, steps, weights)) if changed else riff[step]
                time = bar * SIXTEENTHS_PER_BAR + step
                jump = (step % 4 == 2) if disco else bool(leaps[step])
                onsets.append(
                    (
                        time,
                        KEY.pitch(
                            root_at(progression, time) % 7 - 7 * (root_at(progression, time) > 3) + degree,
                            octave + jump,
                        ),
                    )
                )
    total = bars * SIXTEENTHS_PER_BAR
    score = []
    for index, (time, midi) in enumerate(onsets):
        room = (onsets[(index + 1) % len(onsets)][0] - time - 1) % total + 1
        late = (2.0 * swing - 1.0) * (time % 2)
        accent = 1.0 if chance(rng, 0.25) else uniform(rng, (0.6, 0.85))
        while midi < 31:
            midi += 12
        score.append(Event(time + late, "bass", accent, midi, max(0.35, room * gate)))
    return score


def _curves(
    score: list[Event], slides: np.ndarray, samples: int, values: dict[str, Any]
) -> tuple[Float, Float]:
    """Pitch in Hz and level, (samples,) each: a slid-into note glides and is not struck anew."""
    starts = [round(event.time * SIXTEENTH_SAMPLES) for event in score]
    logs = np.zeros(samples, dtype=np.float32)
    level = np.zeros(samples, dtype=np.float32)
    attack = max(8, round(values["attack_s"] * RATE_HZ))
    release = round(0.018 * RATE_HZ)
    for index, event in enumerate(score):
        start, following = starts[index], starts[(index + 1) % len(score)]
        room = (following - start - 1) % samples + 1
        where = (start + np.arange(room)) % samples
        target, before = np.log2(midi_to_hz(event.midi or 0)), np.log2(midi_to_hz(score[index - 1].midi or 0))
        slid = bool(slides[index]) and len(score) > 1
        t = np.arange(room, dtype=np.float32) / RATE_HZ
        logs[where] = target + ((before - target) * np.exp(-t / (0.5 * values["glide_s"])) if slid else 0.0)
        held = (
            room
            if slides[(index + 1) % len(score)] and len(score) > 1
            else min(room - release, round(event.duration * SIXTEENTH_SAMPLES))
        )
        held = max(held, attack + release)
        sustain = values["sustain"]
        shape = np.float32(event.velocity) * (sustain + (1.0 - sustain) * np.exp(-t / values["fall_s"]))
        shape = shape.astype(np.float32)
        if not slid:
            shape[:attack] *= np.linspace(0.0, 1.0, min(attack, room), dtype=np.float32)
        if held < room:
            tail = min(release, room - held)
            shape[held : held + tail] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)
            shape[held + tail :] = 0.0
        level[where] = shape
    # Velocities of tied notes meet without a step.
    kernel = 96
    padded = np.concatenate([level[-kernel:], level, level[:kernel]])
    smooth = np.cumsum(padded, dtype=np.float64)
    level = ((smooth[kernel:] - smooth[:-kernel]) / kernel)[kernel // 2 : kernel // 2 + samples].astype(
        np.float32
    )
    return np.exp2(logs).astype(np.float32), level


def _cutoff(rng: np.random.Generator, score: list[Event], values: dict[str, Any], samples: int) -> Float:
    """Cutoff of each frame of the moving filter, in Hz."""
    frames = samples // effects.SWEEP_HOP
    # Frames look ahead by half a hop, so that the filter is open when the note starts.
    times = (np.arange(frames) + 0.5) * effects.SWEEP_HOP / SIXTEENTH_SAMPLES
    starts = np.array([event.time for event in score])
    accents = np.array([event.velocity for event in score])
    latest = np.searchsorted(starts, times, side="right") - 1
    since = np.mod(times - starts[latest], samples / SIXTEENTH_SAMPLES)
    envelope = np.exp(-since * (SIXTEENTH_SAMPLES / RATE_HZ) / values["decay_s"]) * (
        0.4 + 0.6 * accents[latest]
    )
    turn = np.arange(frames) / frames
    octaves = values["opening"] * envelope + values["wobble"] * (
        0.5 - 0.5 * np.cos(2.0 * np.pi * values["wobble_cycles"] * turn)
    )
    octaves += values["sweep"] * tones.wander(rng, frames, 2)
    return np.minimum(values["cutoff_hz"] * np.exp2(octaves), 16000.0).astype(np.float32)


def _oscillate(
    rng: np.random.Generator, source: str, pitch: Float, level: Float, score: list[Event], samples: int
) -> tuple[Float, dict[str, float]]:
    """The raw oscillator (samples,), about unit peak, and the parameters drawn for it."""
    # Shifted, so that no edge of a saw or pulse falls on the seam.
    phase = np.mod(tones.closed_phase(pitch) + 0.3, 1.0)
    x = phase.astype(np.float32)
    if source == "saw":
        return tones.saw(phase, pitch), {}
    if source == "square":
        width = uniform(rng, (0.3, 0.5))
        return tones.pulse(phase, pitch, width), {"pulse_width": width}
    if source == "sine":
        second = uniform(rng, (0.0, 0.3))
        return np.asarray(np.sin(TAU * x) + np.float32(second) * np.sin(2 * TAU * x), dtype=np.float32), {
            "second": second
        }
    if source == "triangle":
        return np.asarray(2.0 * np.abs(2.0 * np.mod(x + 0.25, 1.0) - 1.0) - 1.0, dtype=np.float32), {}
    if source == "organ":
        drawbars = {f"drawbar_{k}": uniform(rng, (0.0, 0.8)) for k in (2, 3, 4, 6)}
        sound = np.sin(TAU * x)
        for k, gain in zip((2, 3, 4, 6), drawbars.values(), strict=True):
            sound = sound + np.float32(gain) * np.sin(k * TAU * x)
        return sound.astype(np.float32), drawbars
    if source == "fm":
        ratio, index = float(pick(rng, (1, 2, 3, 4, 0.5), (4, 3, 2, 1, 1))), uniform(rng, (0.5, 3.5))
        modulator = (
            np.sin(TAU * np.float32(ratio) * x)
            if ratio >= 1
            else np.sin(TAU * tones.closed_phase(0.5 * pitch).astype(np.float32))
        )
        return np.asarray(np.sin(TAU * x + np.float32(index) * level * modulator), dtype=np.float32), {
            "ratio": ratio,
            "index": index,
        }
    cents = log_uniform(rng, (6.0, 30.0))
    sound = np.zeros(samples, dtype=np.float32)
    for offset in (-1.0, 0.13, 1.0):
        bent = (pitch * np.float32(2.0 ** (offset * cents / 1200.0))).astype(np.float32)
        sound += tones.saw(np.mod(tones.closed_phase(bent) + rng.random(), 1.0), bent)
    return sound * np.float32(0.5), {"detune_cents": cents}
