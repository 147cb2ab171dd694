import numpy as np
import pytest

from aijockey.evaluate.vocoder import (
    FLOOR,
    RESOLUTIONS,
    VOCODER_MEASURES,
    envelope_correlation,
    log_spectral_distance_db,
    measure_pairs,
    mel_error_db,
    multi_resolution_stft,
    pitch_error_cents,
)

Rng = np.random.Generator
SAMPLES = 192_000
TIME_S = np.arange(SAMPLES) / 48_000


def chord(ratio: float = 1.0) -> np.ndarray:
    """Three steady notes of whole periods in a loop, times ``ratio``, (1, samples)."""
    wave = sum(np.sin(2 * np.pi * round(hz * ratio * 4) / 4 * TIME_S) for hz in (220.0, 277.25, 329.5))
    return (0.2 * wave).astype(np.float32)[None]


def hits(rng: Rng, late_samples: int = 0) -> np.ndarray:
    wave = np.zeros(SAMPLES)
    for place in range(0, SAMPLES, 24_000):
        wave[place : place + 6000] = rng.normal(size=6000) * np.exp(-np.arange(6000) / 600)
    return np.roll(0.2 * wave, late_samples).astype(np.float32)[None]


def test_a_loop_is_no_distance_from_itself(rng: Rng) -> None:
    for loop in (chord(), hits(rng)):
        found = measure_pairs(loop, loop, tonal=True)
        assert set(found) == set(VOCODER_MEASURES)
        for name, values in found.items():
            expected = 1.0 if VOCODER_MEASURES[name].higher_is_better else 0.0
            assert values == pytest.approx([expected], abs=1e-6), name


def test_a_gain_of_6_db_is_6_db_and_moves_no_envelope() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (1, SAMPLES)).astype(np.float32)
    half = noise * np.float32(10 ** (-6 / 20))
    assert mel_error_db(noise, half) == pytest.approx([6.0], abs=0.15)  # the floor is added
    assert log_spectral_distance_db(noise, half) == pytest.approx([6.0], abs=0.05)
    assert envelope_correlation(noise, half) == pytest.approx([1.0], abs=1e-6)


def test_multi_resolution_stft_is_that_of_auraloss(rng: Rng) -> None:
    auraloss = pytest.importorskip("auraloss", reason="auraloss is in extra dev")
    torch = pytest.importorskip("torch", reason="auraloss needs torch")
    reference, estimate = rng.normal(0, 0.1, (2, 1, 48_000)).astype(np.float32)
    estimate = reference + 0.5 * estimate
    losses = []
    for size, hop, window in RESOLUTIONS:
        eps = (FLOOR * window / 4) ** 2
        loss = auraloss.freq.STFTLoss(size, hop, window, eps=eps)
        # auraloss mirrors at the ends where ours wraps around: surround the circle by itself.
        tensors = [torch.from_numpy(np.tile(x, (1, 5)))[None] for x in (estimate, reference)]
        losses.append(float(loss(*tensors)))
    assert multi_resolution_stft(reference, estimate) == pytest.approx([np.mean(losses)], rel=2e-3)


def test_wandering_attacks_lose_envelope_correlation(rng: Rng) -> None:
    state = rng.bit_generator.state
    found = []
    for late_samples in (0, 96, 480):
        rng.bit_generator.state = state
        first = hits(rng)
        rng.bit_generator.state = state
        found.append(envelope_correlation(first, hits(rng, late_samples))[0])
    assert found[0] > found[1] + 0.005 > found[2] + 0.1


def test_silence_is_judged_without_a_division_by_zero() -> None:
    silence = np.zeros((1, SAMPLES), np.float32)
    assert envelope_correlation(silence, silence) == 1.0
    assert envelope_correlation(silence, chord()) < 0.5
    assert pitch_error_cents(silence, chord()) == 0.0
    assert pitch_error_cents(chord(), silence) == pytest.approx([100.0])


@pytest.mark.parametrize("cents", [0, 10, 30, 60])
def test_pitch_error_is_the_detuning(cents: int) -> None:
    assert pitch_error_cents(chord(), chord(2 ** (cents / 1200))) == pytest.approx([cents], abs=2.5)


def test_the_floor_forgives_what_nobody_hears(rng: Rng) -> None:
    silence = np.zeros((1, SAMPLES), np.float32)
    hiss = rng.normal(0, 1e-6, (1, SAMPLES)).astype(np.float32)
    assert log_spectral_distance_db(silence, hiss) == pytest.approx([0.0], abs=1e-6)
    assert mel_error_db(silence, hiss) < 0.2


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="loops, samples"):
        measure_pairs(chord(), chord()[:, :96_000], tonal=False)
