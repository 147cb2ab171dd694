import numpy as np
import pyloudnorm
import pytest

from aijockey.evaluate.truths import TRUTHS, measure_truths
from aijockey.music.key import Key

Rng = np.random.Generator
SAMPLES, SIXTEENTH = 192_000, 6000
A_MINOR = Key.parse("A minor")


def hits(rng: Rng, places: np.ndarray | range) -> np.ndarray:
    """Noise bursts at the given samples, (1, samples), circular."""
    loop = np.zeros(SAMPLES, np.float32)
    for place in places:
        burst = 0.1 * rng.normal(size=4800) * np.exp(-np.arange(4800) / 500)
        loop[(int(place) + np.arange(4800)) % SAMPLES] += burst.astype(np.float32)
    return loop[None]


def tone(hz: float, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(SAMPLES) / 48_000)).astype(np.float32)[None]


def test_a_clean_loop_is_true(rng: Rng) -> None:
    found = measure_truths(hits(rng, range(0, SAMPLES, 2 * SIXTEENTH)))
    assert set(found) == set(TRUTHS)
    assert found["exact_length"] == found["seamless"] == found["on_grid"] == 1.0
    assert found["clock_tempo_bpm"] == 120.0
    assert found["pulse_tempo_bpm"] == pytest.approx(120.0, abs=0.5)
    assert found["grid_deviation_ms"] < 6.0
    assert found["clipped_share"] == found["silent"] == found["mono_loss_db"] == 0.0
    assert found["dc_offset"] < 0.01
    assert np.isnan(found["in_key_share"])


def test_half_a_sixteenth_late_is_off_the_grid_and_nothing_else(rng: Rng) -> None:
    loop = hits(rng, range(0, SAMPLES, 2 * SIXTEENTH))
    before, after = measure_truths(loop), measure_truths(np.roll(loop, SIXTEENTH // 2, axis=1))
    assert after["on_grid"] == 0.0
    assert after["grid_deviation_ms"] > 55.0
    for name in set(TRUTHS) - {"on_grid", "grid_deviation_ms", "seam_ratio"}:
        assert after[name] == pytest.approx(before[name], abs=1e-3, nan_ok=True), name


def test_content_at_another_tempo_is_caught_in_a_container_of_the_right_length(rng: Rng) -> None:
    # What mismatched hops of 275 and 256 did: 120 BPM content that plays at 128.9.
    loop = hits(rng, np.arange(0, SAMPLES, SIXTEENTH * 256 / 275)[:32])
    found = measure_truths(loop)
    assert found["clock_tempo_bpm"] == 120.0
    assert found["pulse_tempo_bpm"] == pytest.approx(128.9, abs=1.0)
    assert found["on_grid"] < 0.6


def test_a_loop_one_sample_short_is_neither_exact_nor_at_tempo(rng: Rng) -> None:
    found = measure_truths(hits(rng, range(0, SAMPLES, SIXTEENTH))[:, :-1])
    assert found["exact_length"] == 0.0
    assert found["clock_tempo_bpm"] > 120.0


def test_a_step_over_the_seam_is_found() -> None:
    # A sine's steepest step is its zero crossing: cut it at its crest.
    whole = np.roll(tone(220.0), 54, axis=1)
    assert measure_truths(whole)["seamless"] == 1.0
    ramp = np.linspace(-0.5, 0.5, SAMPLES, dtype=np.float32)[None]
    assert measure_truths(ramp)["seamless"] == 0.0
    stereo = np.concatenate([whole, ramp])
    assert measure_truths(stereo)["seamless"] == 0.0, "one bad channel is enough"


def test_levels() -> None:
    loud = np.clip(tone(220.0, 2.0), -1, 1)
    assert measure_truths(loud)["clipped_share"] == pytest.approx(2 / 3, abs=0.01)
    assert measure_truths(tone(220.0) + np.float32(0.1))["dc_offset"] == pytest.approx(0.1, abs=1e-4)
    silence = measure_truths(np.zeros((2, SAMPLES), np.float32))
    assert silence["silent"] == 1.0
    assert np.isnan(silence["loudness_lufs"])


def test_loudness_is_that_of_pyloudnorm(rng: Rng) -> None:
    loop = np.concatenate([tone(330.0), 0.1 * rng.normal(size=(1, SAMPLES)).astype(np.float32)])
    expected = pyloudnorm.Meter(48_000).integrated_loudness(loop.T.astype(np.float64))
    assert measure_truths(loop)["loudness_lufs"] == pytest.approx(expected, abs=0.15)


def test_mono_compatibility(rng: Rng) -> None:
    noise = rng.normal(0, 0.1, (2, SAMPLES)).astype(np.float32)
    assert measure_truths(noise)["mono_loss_db"] == pytest.approx(3.0, abs=0.1)
    assert measure_truths(np.concatenate([noise[:1], noise[:1]]))["mono_loss_db"] == pytest.approx(
        0.0, abs=1e-4
    )
    assert measure_truths(np.concatenate([noise[:1], -noise[:1]]))["mono_loss_db"] == pytest.approx(60.0)


@pytest.mark.parametrize(("hz", "expected"), [(220.0, 1.0), (261.63, 1.0), (277.18, 0.0), (226.5, 0.0)])
def test_notes_are_in_or_out_of_the_key(hz: float, expected: float) -> None:
    # A and C belong to A minor, C sharp does not, and A half a semitone sharp is no note at all.
    assert measure_truths(tone(hz), key=A_MINOR)["in_key_share"] == pytest.approx(expected, abs=0.02)


def test_key_of_the_bass_is_heard() -> None:
    assert measure_truths(tone(41.20), key=A_MINOR)["in_key_share"] == pytest.approx(1.0, abs=0.02)
    assert measure_truths(tone(46.25), key=A_MINOR)["in_key_share"] == pytest.approx(0.0, abs=0.02)
