"""What is true of every loop of the studio, voice by voice and genre by genre."""

import json

import numpy as np
import pytest
import scipy.fft

from aijockey.corpus.synthesize import KEY, VOICES, StudioLoop, UnknownVoiceError, render_loop
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES, loop_samples

GENRES = [(voice, genre) for voice, spec in VOICES.items() for genre in spec.genres]
RHYTHMS = ("techno", "house", "breaks", "percussion")
TONAL = tuple(voice for voice, spec in VOICES.items() if spec.tonal)


@pytest.fixture(scope="module")
def loops() -> dict[str, list[StudioLoop]]:
    """Ten loops of each voice."""
    return {voice: [render_loop(voice, seed) for seed in range(10)] for voice in VOICES}


def test_the_eight_voices() -> None:
    assert list(VOICES) == ["techno", "house", "breaks", "percussion", "bass", "pads", "stabs", "textures"]
    assert TONAL == ("bass", "pads", "stabs")
    assert all(spec.name == name and spec.description for name, spec in VOICES.items())


@pytest.mark.parametrize(("voice", "genre"), GENRES)
def test_every_genre_is_sound(voice: str, genre: str) -> None:
    for seed in range(2):
        loop = render_loop(voice, seed, genre=genre)
        assert loop.audio.shape == (2, LOOP_SAMPLES)
        assert loop.audio.dtype == np.float32
        assert np.isfinite(loop.audio).all()
        assert 0.05 < np.max(np.abs(loop.audio)) < 0.98
        assert np.sqrt(np.mean(loop.audio**2)) > 10 ** (-45 / 20)
        assert loop.labels["genre"] == genre
        assert loop.labels["voice"] == voice
        assert loop.labels["bpm"] == 120.0
        assert json.loads(json.dumps(loop.labels, allow_nan=False)) == loop.labels
        assert loop.score
        times = [event.time for event in loop.score]
        assert times == sorted(times)
        assert times[0] >= 0.0
        assert times[-1] < 32.0
        assert all(0.0 <= event.velocity <= 1.0 and event.duration > 0.0 for event in loop.score)
        json.dumps([event.to_json() for event in loop.score], allow_nan=False)


@pytest.mark.parametrize("bars", [1, 4])
@pytest.mark.parametrize("voice", list(VOICES))
def test_other_lengths(voice: str, bars: int) -> None:
    loop = render_loop(voice, 3, bars=bars)
    assert loop.audio.shape == (2, loop_samples(bars))
    assert max(event.time for event in loop.score) < 16 * bars
    assert 0.05 < np.max(np.abs(loop.audio)) < 0.98


@pytest.mark.parametrize("voice", list(VOICES))
def test_the_same_seed_gives_the_same_samples(voice: str) -> None:
    first, second = render_loop(voice, 7), render_loop(voice, 7)
    np.testing.assert_array_equal(first.audio, second.audio)
    assert first.score == second.score
    assert first.labels == second.labels


def test_what_was_rendered_before_changes_nothing() -> None:
    alone = render_loop("stabs", 21).audio
    for voice in VOICES:
        render_loop(voice, 22)
    np.testing.assert_array_equal(render_loop("stabs", 21).audio, alone)


def _spectrum_shape(loop: StudioLoop) -> np.ndarray:
    """Level of third-octave bands in dB, relative to the loudest."""
    power = np.abs(scipy.fft.rfft(loop.audio.mean(axis=0))) ** 2
    edges = (40.0 * 2 ** (np.arange(28) / 3) * LOOP_SAMPLES / RATE_HZ).astype(int)
    bands = 10 * np.log10(np.add.reduceat(power, edges)[:-1] + 1e-9)
    return np.maximum(bands - bands.max(), -60.0)


@pytest.mark.parametrize("voice", list(VOICES))
def test_two_seeds_differ_in_pattern_and_timbre(voice: str, loops: dict[str, list[StudioLoop]]) -> None:
    scores = {tuple((round(e.time, 2), e.instrument, e.midi) for e in loop.score) for loop in loops[voice]}
    # A texture such as wind has one event only; its genres and parameters tell its loops apart.
    assert len(scores) >= (5 if voice == "textures" else 9)
    shapes = [_spectrum_shape(loop) for loop in loops[voice]]
    nearest = [
        min(np.abs(a - b).mean() for j, b in enumerate(shapes) if j != i) for i, a in enumerate(shapes)
    ]
    assert min(nearest) > 0.5  # dB
    assert np.median(nearest) > 1.5


@pytest.mark.parametrize("voice", list(VOICES))
def test_the_seam_is_a_step_like_any_other(voice: str, loops: dict[str, list[StudioLoop]]) -> None:
    ordinary = []
    for loop in loops[voice]:
        for side in loop.audio:
            steps, seam = np.abs(np.diff(side)), abs(side[0] - side[-1])
            # What rings loudly on the downbeat may have a large step there.
            assert seam <= np.max(steps)
            ordinary.append(seam <= np.quantile(steps, 0.99) + 1e-4)
    assert np.mean(ordinary) >= 0.9


@pytest.mark.parametrize("voice", RHYTHMS)
def test_hits_fall_on_the_swung_grid(voice: str, loops: dict[str, list[StudioLoop]]) -> None:
    for loop in loops[voice]:
        swing_delay = 2.0 * loop.labels["swing"] - 1.0
        for event in loop.score:
            late = np.array([event.time - step - swing_delay * (step % 2) for step in range(33)])
            # Rolls add hits at halves and thirds of a step.
            parts = np.concatenate([late, late - 1 / 2, late - 1 / 3, late - 2 / 3])
            assert np.min(np.abs(parts)) * SIXTEENTH_SAMPLES / RATE_HZ <= 0.0091
    straight = [e.time for loop in loops[voice] for e in loop.score if round(e.time) % 2 == 0]
    near = [abs(time - round(time)) * SIXTEENTH_SAMPLES / RATE_HZ < 0.005 for time in straight]
    assert np.mean(near) > 0.85


@pytest.mark.parametrize("voice", ["techno", "house"])
def test_energy_rises_where_the_score_says_kick(voice: str, loops: dict[str, list[StudioLoop]]) -> None:
    rises = []
    for loop in loops[voice]:
        spectrum = scipy.fft.rfft(loop.audio.mean(axis=0))
        spectrum[int(150 * LOOP_SAMPLES / RATE_HZ) :] = 0.0
        low = scipy.fft.irfft(spectrum, n=LOOP_SAMPLES) ** 2
        kicks = [e for e in loop.score if e.instrument == "kick" and e.velocity > 0.6]
        assert any(e.time < 0.1 or e.time > 31.9 for e in kicks), "the music starts on the downbeat"
        for event in kicks:
            start = round(event.time * SIXTEENTH_SAMPLES)
            after = np.take(low, range(start, start + 3000), mode="wrap").mean()
            before = np.take(low, range(start - 1400, start - 100), mode="wrap").mean()
            rises.append(after > 2.0 * before)
    assert np.mean(rises) > 0.9


@pytest.mark.parametrize("voice", TONAL)
def test_tonal_voices_stay_in_the_key(voice: str, loops: dict[str, list[StudioLoop]]) -> None:
    shares = []
    for loop in loops[voice]:
        assert loop.labels["key"] == str(KEY) == "A minor"
        assert all(event.midi is not None and KEY.contains(event.midi) for event in loop.score)
        power = np.abs(scipy.fft.rfft(loop.audio.mean(axis=0))) ** 2
        hz = scipy.fft.rfftfreq(LOOP_SAMPLES, 1 / RATE_HZ)
        # Short bass notes are wider than a semitone; their harmonics belong to the tone, not to the key.
        inside = (hz > 60.0) & (hz < 1200.0)
        classes = np.round(69 + 12 * np.log2(hz[inside] / 440.0)).astype(int) % 12
        chroma = np.bincount(classes, power[inside], 12)
        shares.append(chroma[list(KEY.pitch_classes)].sum() / chroma.sum())
    # Seven of twelve classes would hold 0.58 of noise.
    assert np.mean(shares) > (0.8 if voice == "bass" else 0.92)


def test_in_key_textures_say_so(loops: dict[str, list[StudioLoop]]) -> None:
    for genre, expected in {
        "drone": "A minor",
        "chimes": "A minor",
        "grains": "A minor",
        "wind": None,
    }.items():
        loop = render_loop("textures", 1, genre=genre)
        assert loop.labels["key"] == expected
        assert all(event.midi is None or KEY.contains(event.midi) for event in loop.score)


@pytest.mark.parametrize("voice", list(VOICES))
def test_loops_of_a_voice_are_about_equally_loud(voice: str, loops: dict[str, list[StudioLoop]]) -> None:
    from aijockey.corpus.measure import measure_loop

    measured = np.array([measure_loop(loop.audio)["loudness_lufs"] for loop in loops[voice]])
    # Sparse clicks and drops reach their loudness only as far as the limiter lets them.
    assert abs(np.median(measured) - VOICES[voice].loudness_lufs) < 1.5
    assert np.quantile(measured, 0.9) - np.quantile(measured, 0.1) < 5.0


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownVoiceError, match="techno"):
        render_loop("tekno", 0)
    with pytest.raises(UnknownVoiceError, match="acid"):
        render_loop("bass", 0, genre="polka")
