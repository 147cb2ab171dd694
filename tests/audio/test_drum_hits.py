"""Struck drums: found where the studio's score has them."""

import numpy as np
import pytest

from aijockey.audio.drum_hits import CLASSES, HAT, KICK, SNARE, drum_hits
from aijockey.corpus.synthesize.genres.house import HOUSE
from aijockey.corpus.synthesize.genres.techno import TECHNO
from aijockey.corpus.synthesize.rhythm import render_rhythm
from aijockey.music.grid import BEAT_SAMPLES, LOOP_SAMPLES

NEAR_BEATS = 0.06
INSTRUMENTS = {KICK: ("kick",), SNARE: ("snare", "clap"), HAT: ("closed hat", "open hat", "shaker", "ride")}


@pytest.fixture(scope="module")
def played():
    """Loops of the studio with what is struck in them: (hits, {class: beats})."""
    genres = {**TECHNO, **HOUSE}
    loops = []
    for name in list(genres)[::2]:
        sketch = render_rhythm(np.random.default_rng(5), genres, 2, name)
        struck = {
            kind: [
                event.time / 4
                for event in sketch.score
                if event.instrument in names and event.velocity >= 0.5
            ]
            for kind, names in INSTRUMENTS.items()
        }
        loops.append((drum_hits(np.asarray(sketch.audio, dtype=np.float32)), struck))
    return loops


def apart(first, second):
    return abs((first - second + 4.0) % 8.0 - 4.0)


@pytest.mark.parametrize(("kind", "least"), [(KICK, 0.93), (SNARE, 0.5), (HAT, 0.55)])
def test_what_is_struck_is_found(played, kind, least):
    found = [
        any(apart(beat, hit) < NEAR_BEATS for hit in hits.beats[hits.classes == kind])
        for hits, struck in played
        for beat in struck[kind]
    ]
    assert len(found) > 10
    assert np.mean(found) >= least, CLASSES[kind]


def test_kicks_are_where_they_are_to_a_few_milliseconds_and_hardly_elsewhere(played):
    distances = [
        min((apart(beat, hit) for beat in struck[KICK]), default=4.0)
        for hits, struck in played
        for hit in hits.beats[hits.classes == KICK]
    ]
    assert np.mean([distance < NEAR_BEATS for distance in distances]) > 0.9
    assert np.median(distances) < 0.01  # beats: 5 ms


def test_silence_and_a_steady_tone_strike_nothing():
    assert len(drum_hits(np.zeros(LOOP_SAMPLES, dtype=np.float32))) == 0
    tone = np.sin(2 * np.pi * 110 * np.arange(LOOP_SAMPLES) / 48_000).astype(np.float32)
    assert len(drum_hits(tone)) == 0


def test_a_loop_turned_by_a_beat_has_its_hits_a_beat_later():
    sketch = render_rhythm(np.random.default_rng(2), TECHNO, 2, "peak")
    audio = np.asarray(sketch.audio, dtype=np.float32)
    hits, turned = drum_hits(audio), drum_hits(np.roll(audio, BEAT_SAMPLES, axis=-1))
    assert len(hits) == len(turned) > 8
    np.testing.assert_allclose(np.sort((hits.beats + 1.0) % 8.0), np.sort(turned.beats), atol=1e-3)
