import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.representation.mel import LogMel, MelConfig, band_centres_hz, filterbank, hz_to_mel, mel_to_hz

SAMPLES = 24_000
CONFIG = MelConfig()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 31))
def test_a_rotated_loop_has_the_rotated_mel(frames: int) -> None:
    rng = np.random.default_rng(frames)
    audio = rng.standard_normal(SAMPLES).astype(np.float32) * 0.1
    turned = np.roll(audio, frames * CONFIG.hop_samples)
    mel = LogMel().encode(audio)
    np.testing.assert_allclose(LogMel().encode(turned), np.roll(mel, frames, axis=-1), atol=2e-4)


@pytest.mark.parametrize("band", [20, 64, 100])
def test_a_full_scale_sine_at_a_bands_centre_is_about_zero_there(band: int) -> None:
    # A whole number of periods a loop, so that the circle has no seam.
    frequency = round(band_centres_hz(CONFIG)[band] * SAMPLES / CONFIG.rate_hz) * CONFIG.rate_hz / SAMPLES
    audio = np.sin(2 * np.pi * frequency * np.arange(SAMPLES) / CONFIG.rate_hz).astype(np.float32)
    mel = LogMel().encode(audio)
    assert np.abs(mel[band]).max() < 0.25  # 2 dB
    assert (mel.argmax(axis=0) == band).all()


def test_ten_times_louder_is_the_logarithm_of_ten_higher(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(SAMPLES).astype(np.float32)
    quiet, loud = LogMel().encode(audio), LogMel().encode(10 * audio)
    heard = quiet > np.log(CONFIG.floor) + 5  # well above the floor, which does not scale
    assert heard.mean() > 0.5
    np.testing.assert_allclose((loud - quiet)[heard], np.log(10), atol=0.01)


def test_silence_is_the_floor() -> None:
    mel = LogMel().encode(np.zeros(SAMPLES, np.float32))
    np.testing.assert_allclose(mel, np.log(CONFIG.floor), rtol=1e-6)


def test_shapes_and_batches_agree(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, 3, SAMPLES)).astype(np.float32)
    mel = LogMel().encode(audio)
    assert mel.shape == (2, 3, CONFIG.bands, SAMPLES // CONFIG.hop_samples)
    assert mel.dtype == np.float32
    np.testing.assert_allclose(mel[1, 2], LogMel().encode(audio[1, 2]), atol=1e-5)


def test_no_band_is_empty_and_every_audible_bin_is_heard() -> None:
    weights = filterbank(CONFIG)
    assert (weights.sum(axis=1) > 0.1).all()
    frequencies = np.arange(weights.shape[1]) * CONFIG.rate_hz / CONFIG.window_samples
    inside = (frequencies > 60) & (frequencies < 19_000)
    assert (weights[:, inside].sum(axis=0) > 0.5).all()


@given(st.floats(0, 24_000))
def test_mel_and_hertz_round_trip(frequency_hz: float) -> None:
    assert float(mel_to_hz(hz_to_mel(frequency_hz))) == pytest.approx(frequency_hz, abs=1e-6, rel=1e-9)


def test_a_hop_off_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="does not divide a sixteenth"):
        MelConfig(hop_samples=256)
    with pytest.raises(ValueError, match="do not fit"):
        MelConfig(high_hz=30_000.0)
