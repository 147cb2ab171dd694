import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.audio.stretch import stretch_circular, stretch_part

RATE_HZ = 48_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def bursts(rng: np.random.Generator, positions: np.ndarray, samples: int, channels: int = 1) -> np.ndarray:
    audio = np.zeros((channels, samples), dtype=np.float32)
    burst = rng.standard_normal(2000) * np.exp(-np.arange(2000) / 300)
    for position in positions:
        audio[:, position : position + 2000] += burst.astype(np.float32)
    return audio


def attack(audio: np.ndarray, near: int, reach: int = 4800) -> int:
    """Where the energy around ``near`` has reached a tenth."""
    piece = np.square(audio[0, max(0, near - reach) : near + reach], dtype=np.float64)
    return max(0, near - reach) + int(np.searchsorted(np.cumsum(piece) / piece.sum(), 0.1))


@pytest.mark.parametrize("bpm", [87.0, 97.0, 119.0, 126.0, 140.0, 174.0])
def test_attacks_land_within_2_ms(rng: np.random.Generator, bpm: float) -> None:
    beat = 60 * RATE_HZ / bpm
    recording = bursts(rng, (np.arange(1, 18) * beat).astype(int), int(20 * beat))
    part = stretch_part(recording, 4 * beat, 12 * beat, 192_000)
    assert part.shape == (1, 192_000)
    for index in range(1, 8):
        assert abs(attack(part, index * 24_000) - index * 24_000) < 0.002 * RATE_HZ


def test_the_beginning_is_as_loud_as_the_middle(rng: np.random.Generator) -> None:
    beat = 60 * RATE_HZ / 126
    recording = bursts(rng, (np.arange(1, 18) * beat).astype(int), int(20 * beat))
    part = stretch_part(recording, 4 * beat, 12 * beat, 192_000)
    energies = np.square(part.reshape(8, 24_000)).sum(axis=1)
    assert energies[0] == pytest.approx(np.median(energies), rel=0.2)


@settings(max_examples=30, deadline=None)
@given(
    samples=st.integers(1_000, 60_000),
    start=st.floats(-20_000, 40_000),
    length=st.floats(800, 90_000),
    channels=st.sampled_from([1, 2]),
)
def test_length_is_exact_wherever_it_is_cut(samples: int, start: float, length: float, channels: int) -> None:
    recording = np.random.default_rng(0).standard_normal((channels, 48_000)).astype(np.float32) * np.float32(
        0.1
    )
    part = stretch_part(recording, start, start + length, samples)
    assert part.shape == (channels, samples)
    assert part.dtype == np.float32
    assert np.isfinite(part).all()


def test_pitch_stays(rng: np.random.Generator) -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 440 * time)[None].astype(np.float32)
    part = stretch_part(tone, 0.5 * RATE_HZ, 3 * RATE_HZ, 96_000)
    spectrum = np.abs(np.fft.rfft(part[0, 10_000:-10_000] * np.hanning(76_000)))
    assert np.argmax(spectrum) * RATE_HZ / 76_000 == pytest.approx(440, abs=1)


def test_nothing_to_stretch_changes_nothing(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 96_000)).astype(np.float32)
    assert np.array_equal(stretch_part(audio, 10_000, 58_000, 48_000), audio[:, 10_000:58_000])
    assert np.allclose(stretch_circular(audio, 96_000), audio, atol=1e-6)


def test_silence_stays_silent() -> None:
    assert not stretch_part(np.zeros((2, 50_000), np.float32), 0, 50_000, 60_000).any()


def test_two_runs_are_the_same(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 96_000)).astype(np.float32)
    assert np.array_equal(stretch_part(audio, 0, 90_000, 100_000), stretch_part(audio, 0, 90_000, 100_000))


@pytest.mark.parametrize("hz", [110.0, 437.0])
def test_a_circular_tone_has_no_seam(hz: float) -> None:
    samples = round(RATE_HZ / hz * round(hz * 1.9))  # a whole number of periods
    loop = 0.5 * np.sin(2 * np.pi * hz * np.arange(samples) / RATE_HZ)[None].astype(np.float32)
    part = stretch_circular(loop, 96_000)
    steps = np.abs(np.diff(part[0]))
    assert abs(part[0, 0] - part[0, -1]) <= 1.05 * np.quantile(steps, 0.999)


def test_bad_lengths_are_refused() -> None:
    audio = np.zeros((1, 1000), np.float32)
    with pytest.raises(ValueError, match="positive length"):
        stretch_part(audio, 10, 10, 100)
    with pytest.raises(ValueError, match="seam"):
        stretch_part(audio, 0, 100, 100, seam_samples=101)
