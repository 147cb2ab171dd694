import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.audio.onsets import loop_onsets
from aijockey.corpus.measure import CONTROLS, MEASURES, measure_loop
from aijockey.music.grid import BEAT_SAMPLES, LOOP_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

TIME_S = np.arange(LOOP_SAMPLES) / RATE_HZ


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def decay(rng: np.random.Generator, t60_s: float, hz: float | None = None) -> np.ndarray:
    time = np.arange(min(LOOP_SAMPLES, round(1.3 * t60_s * RATE_HZ))) / RATE_HZ
    sound = rng.standard_normal(len(time)) if hz is None else np.sin(2 * np.pi * hz * time)
    return sound * 10.0 ** (-3.0 * time / t60_s)


def pattern(positions: np.ndarray, sound: np.ndarray) -> np.ndarray:
    """``sound`` at each position (samples) of a circular loop: (1, samples)."""
    loop = np.zeros(LOOP_SAMPLES)
    for position in positions:
        np.add.at(loop, (round(position) + np.arange(len(sound))) % LOOP_SAMPLES, sound)
    return loop[None].astype(np.float32) * np.float32(0.2)


def steady(sound: np.ndarray) -> np.ndarray:
    return sound[None].astype(np.float32)


def test_the_table_is_what_is_measured(rng: np.random.Generator) -> None:
    measures = measure_loop(steady(0.1 * rng.standard_normal(LOOP_SAMPLES)))
    assert list(measures) == list(MEASURES)
    assert set(CONTROLS) < set(MEASURES)
    assert all(type(value) is float for value in measures.values())


@pytest.mark.parametrize("per_beat", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("kind", ["click", "noise", "kick"])
def test_onset_density_counts_hits(rng: np.random.Generator, per_beat: int, kind: str) -> None:
    time = np.arange(4000) / RATE_HZ
    kick = np.sin(2 * np.pi * (50 * time + 8 * (1 - np.exp(-30 * time)))) * np.exp(-60 * time)
    sound = {"click": np.ones(4), "noise": decay(rng, 0.08), "kick": kick}[kind]
    positions = np.arange(8 * per_beat) * BEAT_SAMPLES / per_beat
    assert measure_loop(pattern(positions, sound))["onset_density"] == pytest.approx(per_beat)


def test_quiet_hits_between_loud_ones_count(rng: np.random.Generator) -> None:
    loud = pattern(np.arange(8) * BEAT_SAMPLES, decay(rng, 0.2, hz=60))
    quiet = pattern((np.arange(8) + 0.5) * BEAT_SAMPLES, decay(rng, 0.05)) * np.float32(0.1)
    assert measure_loop(loud + quiet)["onset_density"] == pytest.approx(2.0)


def test_steady_sounds_have_hardly_an_onset(rng: np.random.Generator) -> None:
    assert measure_loop(steady(np.sin(2 * np.pi * 440 * TIME_S)))["onset_density"] == 0.0
    assert measure_loop(steady(0.1 * rng.standard_normal(LOOP_SAMPLES)))["onset_density"] < 0.6


@settings(max_examples=20)
@given(start=st.integers(0, LOOP_SAMPLES - 1), seed=st.integers(0, 99))
def test_onsets_are_placed_within_3_ms(start: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = loop_onsets(pattern(np.array([start]), decay(rng, 0.1))[0]).times_samples
    assert len(found) == 1
    distance = (found[0] - start + LOOP_SAMPLES / 2) % LOOP_SAMPLES - LOOP_SAMPLES / 2
    assert abs(distance) < 0.003 * RATE_HZ


@pytest.mark.parametrize(("hz", "share"), [(40, 1.0), (110, 1.0), (145, 1.0), (155, 0.0), (440, 0.0)])
def test_bass_share_of_a_sine(hz: int, share: float) -> None:
    assert measure_loop(steady(np.sin(2 * np.pi * hz * TIME_S)))["bass_share"] == pytest.approx(
        share, abs=1e-4
    )


def test_bass_share_is_of_energy() -> None:
    both = np.sin(2 * np.pi * 60 * TIME_S) * 0.5 + np.sin(2 * np.pi * 500 * TIME_S) * 0.25
    assert measure_loop(steady(both))["bass_share"] == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("hz", [250, 1000, 4000, 8000])
def test_brightness_of_a_sine_is_its_octave(hz: int) -> None:
    assert measure_loop(steady(np.sin(2 * np.pi * hz * TIME_S)))["brightness"] == pytest.approx(
        np.log2(hz / 1000), abs=0.06
    )


@pytest.mark.parametrize("place", [0.5, 0.54, 0.58, 0.62, 2 / 3])
@pytest.mark.parametrize("late_samples", [0, 300])
def test_swing_is_where_off_sixteenths_fall(
    rng: np.random.Generator, place: float, late_samples: int
) -> None:
    eighths = np.arange(16) * 2 * SIXTEENTH_SAMPLES + late_samples
    on = pattern(eighths, decay(rng, 0.1))
    off = pattern(eighths + place * 2 * SIXTEENTH_SAMPLES, decay(rng, 0.06)) * np.float32(0.5)
    assert measure_loop(on + off)["swing"] == pytest.approx(place, abs=0.012)
    assert measure_loop(on)["swing"] == 0.5


def test_tonalness_orders_tones_above_noise(rng: np.random.Generator) -> None:
    tone = np.sin(2 * np.pi * 440 * TIME_S)
    noise = rng.standard_normal(LOOP_SAMPLES)
    values = [
        measure_loop(steady(0.1 * (tone + level * noise)))["tonalness"] for level in (0.0, 0.03, 0.2, 2.0)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.95
    assert values[-1] < 0.1
    assert measure_loop(steady(0.1 * noise))["tonalness"] < 0.01


def test_a_chord_is_as_tonal_as_a_tone() -> None:
    chord = sum(np.sin(2 * np.pi * hz * k * TIME_S) / k for hz in (220, 261.63, 329.63) for k in range(1, 9))
    assert measure_loop(steady(0.1 * chord))["tonalness"] > 0.9


@pytest.mark.parametrize("hz", [None, 440.0])
def test_sustain_follows_the_decay_and_not_the_density(rng: np.random.Generator, hz: float | None) -> None:
    t60_s = (0.05, 0.15, 0.45, 1.3, 4.0)
    sparse = [
        measure_loop(pattern(np.arange(2) * 4 * BEAT_SAMPLES, decay(rng, t, hz)))["sustain"] for t in t60_s
    ]
    assert sparse == sorted(sparse)
    assert sparse[0] < 0.2
    assert sparse[-1] > 0.8
    # 20 dB in 250 ms is 60 dB in 750 ms.
    assert measure_loop(pattern(np.arange(2) * 4 * BEAT_SAMPLES, decay(rng, 0.75, hz)))[
        "sustain"
    ] == pytest.approx(0.5, abs=0.08)
    dense = measure_loop(pattern(np.arange(16) * BEAT_SAMPLES / 2, decay(rng, 0.15, hz)))["sustain"]
    assert dense == pytest.approx(sparse[1], abs=0.05)


def test_width(rng: np.random.Generator) -> None:
    left, right = 0.1 * rng.standard_normal((2, LOOP_SAMPLES)).astype(np.float32)
    assert measure_loop(np.stack([left, left]))["width"] == 0.0
    assert measure_loop(np.stack([left, right]))["width"] == pytest.approx(0.5, abs=0.01)
    assert measure_loop(np.stack([left, -left]))["width"] == pytest.approx(1.0)
    assert measure_loop(left[None])["width"] == 0.0


def test_loudness_is_that_of_an_independent_meter(rng: np.random.Generator) -> None:
    import pyloudnorm

    # The meter starts and ends in silence; on steady sound that makes no difference.
    sounds = [
        np.stack([np.sin(2 * np.pi * 997 * TIME_S), np.zeros(LOOP_SAMPLES)]),
        0.1 * rng.standard_normal((2, LOOP_SAMPLES)),
        0.3 * np.sin(2 * np.pi * np.array([[55], [80]]) * TIME_S),
    ]
    for sound in sounds:
        wanted = pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound.T)
        assert measure_loop(sound.astype(np.float32))["loudness_lufs"] == pytest.approx(wanted, abs=0.1)


def test_full_scale_sine_on_one_channel_is_minus_3_lufs() -> None:
    loop = steady(np.sin(2 * np.pi * 997 * TIME_S))
    assert measure_loop(loop)["loudness_lufs"] == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("samples", [BEAT_SAMPLES, LOOP_SAMPLES])
@pytest.mark.parametrize("channels", [1, 2])
def test_silence_is_finite(samples: int, channels: int) -> None:
    measures = measure_loop(np.zeros((channels, samples), dtype=np.float32))
    assert measures.pop("loudness_lufs") == -70.0
    assert measures.pop("swing") == 0.5
    assert set(measures.values()) == {0.0}


def drums(rng: np.random.Generator) -> np.ndarray:
    kick = pattern(np.arange(8) * BEAT_SAMPLES, decay(rng, 0.3, 60))
    hats = pattern((np.arange(16) + 0.1) * BEAT_SAMPLES / 2, decay(rng, 0.06)) * np.float32(0.3)
    bells = pattern(np.array([0.0, 3.0, 5.5]) * BEAT_SAMPLES, decay(rng, 1.0, 880)) * np.float32(0.3)
    left = kick + hats + bells
    return np.concatenate([left, kick + 0.5 * hats + bells])


@pytest.mark.parametrize("sixteenths", [1, 7, 16, 31])
def test_a_loop_is_a_circle(rng: np.random.Generator, sixteenths: int) -> None:
    loop = drums(rng)
    turned = measure_loop(np.roll(loop, 2 * sixteenths * SIXTEENTH_SAMPLES, axis=1))
    for name, value in measure_loop(loop).items():
        assert turned[name] == pytest.approx(value, abs=2e-3), name


def test_level_changes_only_the_loudness(rng: np.random.Generator) -> None:
    loop = drums(rng)
    quiet = measure_loop(loop * np.float32(0.1))
    for name, value in measure_loop(loop).items():
        expected = value - 20.0 if name == "loudness_lufs" else value
        assert quiet[name] == pytest.approx(expected, abs=1e-3), name


def test_knobs_move_their_measure_most(rng: np.random.Generator) -> None:
    """Making a loop bassier, brighter or denser moves that measure up."""
    loop = drums(rng)
    plain = measure_loop(loop)
    bass = steady(0.2 * np.sin(2 * np.pi * 55 * TIME_S)).repeat(2, axis=0)
    assert measure_loop(loop + bass)["bass_share"] > plain["bass_share"] + 0.1
    sharper = np.diff(loop, axis=1, prepend=loop[:, -1:])
    assert measure_loop(sharper)["brightness"] > plain["brightness"] + 0.5
    more = pattern((np.arange(32) + 0.5) * BEAT_SAMPLES / 4, decay(rng, 0.05)).repeat(2, axis=0)
    assert measure_loop(loop + more)["onset_density"] > plain["onset_density"] + 1
    assert measure_loop(loop + more)["tonalness"] < plain["tonalness"]


@given(shape=st.sampled_from([(3, 24000), (24000,), (2, 0), (2, 1000)]))
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        measure_loop(np.zeros(shape, dtype=np.float32))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-6, 10.0), beats=st.sampled_from([1, 4, 8]))
def test_anything_gives_finite_numbers_in_range(seed: int, scale: float, beats: int) -> None:
    rng = np.random.default_rng(seed)
    audio = (
        scale * rng.standard_normal((2, beats * BEAT_SAMPLES)) * rng.integers(0, 2, (2, beats * BEAT_SAMPLES))
    )
    measures = measure_loop(audio.astype(np.float32))
    assert np.isfinite(list(measures.values())).all()
    for name in ("bass_share", "tonalness", "sustain", "width", "swing"):
        assert 0.0 <= measures[name] <= 1.0
