"""Stabs, plucks and arpeggios: short pitched notes on the grid, through echoes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from aijockey.corpus.synthesize import effects, shots, tones
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.desk import draw_rack, mix
from aijockey.corpus.synthesize.draw import chance, log_uniform, pick, pick_genre, uniform
from aijockey.corpus.synthesize.genres.stabs import STABS, StabGenre
from aijockey.corpus.synthesize.harmony import Chord, draw_chords
from aijockey.corpus.synthesize.patterns import METRICAL_ACCENT, probabilities, tilt
from aijockey.corpus.synthesize.score import Event, Sketch
from aijockey.corpus.synthesize.shots import TAU, Float
from aijockey.corpus.synthesize.tones import Timbre
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES, SIXTEENTHS_PER_BAR
from aijockey.music.key import midi_to_hz

TONE_SAMPLES = 96_000


def render_stabs(rng: np.random.Generator, bars: int, kind: str | None = None) -> Sketch:
    """Stabs or an arpeggio of one of `STABS`: ``kind``, or drawn where that is None."""
    name = pick_genre(rng, STABS, kind)
    genre = STABS[name]
    lowest = int(rng.integers(genre.lowest[0], genre.lowest[1] + 1))
    # Stabs that are one sampled chord, moved as a block, are an idiom of their own.
    chords, colour = draw_chords(rng, bars, lowest, lead=chance(rng, 0.6))
    line = pick(rng, genre.lines)
    values: dict[str, Any] = {
        "source": pick(rng, genre.sources),
        "line": line,
        "cutoff_hz": log_uniform(rng, genre.cutoff_hz),
        "opening": uniform(rng, genre.opening),
        "resonance": uniform(rng, genre.resonance),
        "decay_s": log_uniform(rng, genre.decay_s),
        "length_s": log_uniform(rng, genre.length_s),
        "attack_s": log_uniform(rng, (0.0008, 0.006)),
        "unison": int(rng.integers(genre.unison[0], genre.unison[1] + 1)),
        "detune_cents": uniform(rng, (3.0, 18.0)),
        "sweep": uniform(rng, (0.0, 1.4)) * chance(rng, 0.6),
        "index": uniform(rng, (0.5, 3.5)),
        "ratio": float(pick(rng, (1.0, 2.0, 3.0, 4.0, 3.5, 7.0), (3, 3, 2, 2, 1, 1))),
        "swing": uniform(rng, genre.swing),
    }
    score = _score(rng, genre, chords, line, values["swing"], bars)
    canvas = Canvas(bars)
    _play(rng, canvas, score, values)
    rack = draw_rack(
        rng, room=(3, 14), wet=genre.wet, echo=genre.echo, feedback=(0.2, 0.75), drive=genre.drive,
        squeeze=(0, 0.4), low_cut_hz=(60, 220),
    )  # fmt: skip
    labels = {"genre": name, "colour": colour, **values, "rack": vars(rack)}
    return Sketch(mix(canvas, rack), score, labels)


def _score(
    rng: np.random.Generator, genre: StabGenre, chords: list[Chord], line: str, swing: float, bars: int
) -> list[Event]:
    """Chords or single notes, bar 1 repeated with small changes."""
    prior = tilt(
        np.resize(probabilities(pick(rng, genre.priors)), SIXTEENTHS_PER_BAR), uniform(rng, (-0.8, 0.8))
    )
    plays = rng.random(SIXTEENTHS_PER_BAR) < prior
    if not plays.any():
        plays[int(np.argmax(prior))] = True
    octaves = int(pick(rng, (1, 2, 3), (3, 4, 1)))
    # Riffs walk: a step that stays would be a repeated note, which arpeggios of two notes give already.
    riff = np.cumsum(rng.choice((-2, -1, 1, 2, 3), SIXTEENTHS_PER_BAR))
    period = int(pick(rng, (3, 4, 5, 6, 8, 16), (2, 3, 1, 2, 3, 3)))
    changes = uniform(rng, (0.02, 0.2))
    bar_by_bar = chance(rng, 0.6)
    score: list[Event] = []
    count = 0
    for time in range(bars * SIXTEENTHS_PER_BAR):
        step = time % SIXTEENTHS_PER_BAR
        if step == 0 and bar_by_bar:
            count = 0
        changed = time >= SIXTEENTHS_PER_BAR and chance(rng, changes)
        if not ((rng.random() < prior[step]) if changed else plays[step]):
            continue
        chord = next(c for c in chords if c.start <= time < c.start + c.duration)
        velocity = METRICAL_ACCENT[step % 4] * uniform(rng, (0.75, 1.0))
        late = (2.0 * swing - 1.0) * (time % 2)
        if line == "chord":
            pitches: Sequence[int] = chord.pitches
        else:
            # Fewer than three rungs would be a trill.
            ladder = [
                pitch + 12 * octave
                for octave in range(max(octaves, 5 - len(chord.pitches)))
                for pitch in chord.pitches
            ]
            pitches = [ladder[_rung(line, count, int(riff[count % period]), len(ladder))]]
        score += [
            Event(time + late, "stab" if line == "chord" else "lead", velocity, midi, 1.0) for midi in pitches
        ]
        count += 1
    return score


def _rung(line: str, count: int, drawn: int, size: int) -> int:
    """Which step of the ladder of chord notes comes next."""
    if line == "up":
        return count % size
    if line == "down":
        return size - 1 - count % size
    if line == "updown":
        place = count % max(1, 2 * size - 2)
        return place if place < size else 2 * size - 2 - place
    return drawn % size


def _play(rng: np.random.Generator, canvas: Canvas, score: list[Event], values: dict[str, Any]) -> None:
    """Render each distinct chord or note once, lay the copies, and open the filter with each."""
    groups: dict[float, list[Event]] = {}
    for event in score:
        groups.setdefault(event.time, []).append(event)
    rendered: dict[tuple[int, ...], Float] = {}
    pan = uniform(rng, (0.0, 0.3)) * (1 if chance(rng, 0.5) else -1)
    swings = uniform(rng, (0.0, 0.7)) if values["line"] != "chord" and chance(rng, 0.5) else 0.0
    for index, (time, events) in enumerate(groups.items()):
        pitches = tuple(sorted(event.midi or 0 for event in events))
        if pitches not in rendered:
            rendered[pitches] = _note(rng, values, pitches)
        side = pan + swings * (1.0 if index % 2 else -1.0)
        canvas.place(rendered[pitches], time, events[0].velocity ** 1.3, float(np.clip(side, -1, 1)))
    frames = canvas.samples // effects.SWEEP_HOP
    times = (np.arange(frames) + 0.5) * effects.SWEEP_HOP / SIXTEENTH_SAMPLES
    starts = np.array(list(groups))
    latest = np.searchsorted(starts, times, side="right") - 1
    since = np.mod(times - starts[latest], canvas.sixteenths) * (SIXTEENTH_SAMPLES / RATE_HZ)
    octaves = values["opening"] * np.exp(-since / values["decay_s"]) + values["sweep"] * tones.wander(
        rng, frames, 2
    )
    cutoff = np.minimum(values["cutoff_hz"] * np.exp2(octaves), 16000.0).astype(np.float32)
    canvas.dry[:] = effects.sweep(canvas.dry, effects.low_pass(cutoff, values["resonance"]))
    canvas.reverb[:] = canvas.dry.mean(axis=0)
    canvas.delay[:] = canvas.reverb


def _note(rng: np.random.Generator, values: dict[str, Any], pitches: tuple[int, ...]) -> Float:
    """One chord or note, from its start to silence; RMS of the sustained tone near 0.3."""
    source = values["source"]
    samples = min(TONE_SAMPLES, shots.length(values["length_s"] * 1.6 + 0.05))
    envelope = shots.attack(
        shots.decay(samples, 1.6 * values["length_s"], 0.1 * values["length_s"]), values["attack_s"]
    )
    if source in ("fm", "marimba", "pluck", "piano"):
        return (
            sum(
                (STRUCK[source](rng, values, midi, samples) for midi in pitches),
                np.zeros(samples, dtype=np.float32),
            )
            * envelope
        )
    timbre = Timbre(source, unison=values["unison"], detune_cents=values["detune_cents"], pulse=0.25)
    return tones.tone(rng, timbre, pitches, TONE_SAMPLES)[0, :samples] * envelope


def _fm(rng: np.random.Generator, values: dict[str, Any], midi: int, samples: int) -> Float:
    """Two-operator bell or electric piano: the index falls faster than the level."""
    x = TAU * np.float32(midi_to_hz(midi)) * shots.seconds(samples)
    index = np.float32(values["index"]) * shots.decay(samples, 0.8 * values["length_s"])
    return np.asarray(0.35 * np.sin(x + index * np.sin(np.float32(values["ratio"]) * x)), dtype=np.float32)


def _marimba(rng: np.random.Generator, values: dict[str, Any], midi: int, samples: int) -> Float:
    """A tuned bar: modes at 1, 3.93 and 9.2 times the pitch."""
    hz, d = midi_to_hz(midi), values["length_s"]
    return 0.4 * shots.modes(
        samples,
        (hz, 3.93 * hz, 9.2 * hz),
        (1.5 * d, 0.4 * d, 0.15 * d),
        (1.0, 0.12 * values["index"], 0.05 * values["index"]),
    )


def _pluck(rng: np.random.Generator, values: dict[str, Any], midi: int, samples: int) -> Float:
    """A string: harmonics that fall the faster the higher they are, plucked off the middle."""
    hz, d = midi_to_hz(midi), values["length_s"]
    k = np.arange(1, 13)
    place = 0.11 + 0.08 * values["index"]
    gains = np.sin(np.pi * k * place) / k
    stretched = hz * k * np.sqrt(1.0 + 2e-4 * k * k)
    return 0.35 * shots.modes(samples, list(stretched), list(2.2 * d / k**0.7), list(gains))


def _piano(rng: np.random.Generator, values: dict[str, Any], midi: int, samples: int) -> Float:
    """A house piano: two detuned strings with a bright hammer."""
    hz, d = midi_to_hz(midi), 2.5 * values["length_s"]
    k = np.arange(1, 11)
    frequencies = np.concatenate([hz * k * np.sqrt(1.0 + 3e-4 * k * k) * bend for bend in (0.9994, 1.0006)])
    gains = np.tile(1.0 / k**1.1, 2)
    return 0.2 * shots.modes(samples, list(frequencies), list(np.tile(d / k**0.6, 2)), list(gains))


STRUCK = {"fm": _fm, "marimba": _marimba, "pluck": _pluck, "piano": _piano}
