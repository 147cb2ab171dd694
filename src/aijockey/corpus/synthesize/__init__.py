"""The procedural studio: loops of many genres from nothing, in time and in one key, with their score and
labels.

`render_loop` is a function of a voice and a seed alone. Loops are circles: every tail that runs past the end
goes on at the start.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aijockey.corpus.synthesize.bass import BASS, render_bass
from aijockey.corpus.synthesize.desk import master
from aijockey.corpus.synthesize.draw import uniform
from aijockey.corpus.synthesize.genres import RHYTHMS
from aijockey.corpus.synthesize.harmony import KEY
from aijockey.corpus.synthesize.pads import PADS, render_pads
from aijockey.corpus.synthesize.rhythm import render_rhythm
from aijockey.corpus.synthesize.score import Event, Sketch, StudioLoop
from aijockey.corpus.synthesize.stabs import STABS, render_stabs
from aijockey.corpus.synthesize.textures import TEXTURES, render_texture
from aijockey.errors import AijockeyError
from aijockey.music.grid import LOOP_BARS, REFERENCE_BPM

__all__ = ["KEY", "VOICES", "Event", "StudioLoop", "UnknownVoiceError", "VoiceSpec", "render_loop"]

# Loops of a voice differ by up to this much either way, as a shelf of records does.
LOUDNESS_SPREAD_DB = 1.0


class UnknownVoiceError(AijockeyError):
    """A voice that the studio does not have; names those it has."""


@dataclass(frozen=True)
class VoiceSpec:
    """A voice of the studio.

    tonal : every loop of it is in the key. loudness_lufs : chosen so that voices mix with all faders up.
    """

    name: str
    tonal: bool
    description: str
    genres: tuple[str, ...]
    loudness_lufs: float
    render: Callable[[np.random.Generator, int, str | None], Sketch]


def _rhythm(name: str, description: str, loudness_lufs: float) -> VoiceSpec:
    genres = RHYTHMS[name]
    render = partial(_render_rhythm, name)
    return VoiceSpec(name, False, description, tuple(genres), loudness_lufs, render)


def _render_rhythm(name: str, rng: np.random.Generator, bars: int, kind: str | None) -> Sketch:
    return render_rhythm(rng, RHYTHMS[name], bars, kind)


VOICES: dict[str, VoiceSpec] = {
    spec.name: spec
    for spec in (
        _rhythm(
            "techno",
            "four on the floor and what moves around it: peak, minimal, dub, hard, tribal, electro",
            -14.0,
        ),
        _rhythm("house", "house and garage: swung hats, claps, two-step", -14.0),
        _rhythm("breaks", "breakbeats, jungle, drum and bass, trip hop", -14.0),
        _rhythm("percussion", "congas, shakers, claves, toms, bells, metal, clicks; no kit", -18.0),
        VoiceSpec(
            "bass",
            True,
            "bass lines: acid, rolling, sub, reese, FM, organ, wobble",
            tuple(BASS),
            -16.0,
            render_bass,
        ),
        VoiceSpec(
            "pads",
            True,
            "pads and chords: analog, strings, choir, glass, gated, dark",
            tuple(PADS),
            -20.0,
            render_pads,
        ),
        VoiceSpec(
            "stabs",
            True,
            "chord stabs, plucks, bells, arpeggios, with echoes",
            tuple(STABS),
            -18.0,
            render_stabs,
        ),
        VoiceSpec(
            "textures",
            False,
            "wind, rain, steps, rolling objects, machines, drones in key",
            tuple(TEXTURES),
            -23.0,
            render_texture,
        ),
    )
}


def render_loop(voice: str, seed: int, *, bars: int = LOOP_BARS, genre: str | None = None) -> StudioLoop:
    """One loop, the same for the same voice, seed and number of bars.

    Parameters
    ----------
    voice : a key of `VOICES`. seed : 0 or more. bars : 1 or more.
    genre : one of the voice's; None draws one.

    Raises
    ------
    UnknownVoiceError : no such voice, or no such genre of it.
    """
    if voice not in VOICES:
        raise UnknownVoiceError(f"the studio has no voice '{voice}'; it has {', '.join(VOICES)}")
    spec = VOICES[voice]
    if genre is not None and genre not in spec.genres:
        raise UnknownVoiceError(f"{voice} has no genre '{genre}'; it has {', '.join(spec.genres)}")
    # Python's own hash differs from run to run.
    stream = int.from_bytes(hashlib.sha256(voice.encode()).digest()[:8], "little")
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((stream, seed))))
    sketch = spec.render(rng, bars, genre)
    target_lufs = spec.loudness_lufs + uniform(rng, (-LOUDNESS_SPREAD_DB, LOUDNESS_SPREAD_DB))
    in_key = spec.tonal or bool(sketch.labels.get("in_key"))
    labels = {"voice": voice, "bpm": REFERENCE_BPM, "key": str(KEY) if in_key else None, **sketch.labels}
    total = 16.0 * bars
    score = tuple(
        sorted(
            (replace(event, time=event.time % total) for event in sketch.score),
            key=lambda event: (event.time, event.instrument),
        )
    )
    return StudioLoop(master(sketch.audio, target_lufs), score, labels)
