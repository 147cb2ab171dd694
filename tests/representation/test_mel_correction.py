"""Correction brings audio nearer to a mel and leaves right audio alone."""

import numpy as np
import pytest

from aijockey.representation import mel_correction
from aijockey.representation.mel import LogMel, MelConfig
from aijockey.representation.mel_correction import MelCorrection

CONFIG = MelConfig()


def _loop(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(96_000) / 48_000
    tone = 0.2 * np.sin(2 * np.pi * 220 * time)
    return (tone + 0.05 * rng.standard_normal(96_000)).astype(np.float32)


def test_audio_that_has_the_mel_already_is_left_alone(rng: np.random.Generator) -> None:
    loop = _loop(rng)
    corrected = MelCorrection(CONFIG).apply(loop, LogMel(CONFIG).encode(loop))
    np.testing.assert_allclose(corrected, loop, atol=1e-5)


def test_a_round_brings_a_filtered_loop_nearer_to_its_mel(rng: np.random.Generator) -> None:
    loop = _loop(rng)
    wanted = LogMel(CONFIG).encode(loop)
    dull = np.convolve(np.tile(loop, 3), [0.25, 0.5, 0.25], "same")[96_000:192_000].astype(np.float32)
    encoder, correction = LogMel(CONFIG), MelCorrection(CONFIG)
    before = np.abs(encoder.encode(dull) - wanted).mean()
    after = np.abs(encoder.encode(correction.apply(dull, wanted)) - wanted).mean()
    assert after < 0.35 * before


def test_what_overshoots_comes_nearer_than_exact_rounds(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, correction = LogMel(CONFIG), MelCorrection(CONFIG)
    wanted = encoder.encode(_loop(rng))
    other = (_loop(np.random.default_rng(9)) + 0.02 * rng.standard_normal(96_000)).astype(np.float32)

    def error() -> float:
        audio = correction.apply(other, wanted, rounds=2)
        return float(np.abs(encoder.encode(audio) - wanted).mean())

    ours = error()
    for name in "OVERSHOOT", "LAST_OVERSHOOT":
        monkeypatch.setattr(mel_correction, name, 1.0)
    assert ours < 0.95 * error()


def test_a_batch_is_corrected_as_its_loops_are(rng: np.random.Generator) -> None:
    loops = np.stack([_loop(rng), _loop(rng)])
    wanted = LogMel(CONFIG).encode(loops) + 0.3
    correction = MelCorrection(CONFIG)
    each = np.stack([correction.apply(a, m) for a, m in zip(loops, wanted, strict=True)])
    np.testing.assert_allclose(correction.apply(loops, wanted), each, atol=1e-6)


def test_correction_is_circular(rng: np.random.Generator) -> None:
    loop, turn = _loop(rng), 8 * CONFIG.hop_samples
    wanted = LogMel(CONFIG).encode(loop) - 0.2
    correction = MelCorrection(CONFIG)
    turned = correction.apply(np.roll(loop, turn), np.roll(wanted, 8, axis=-1))
    np.testing.assert_allclose(turned, np.roll(correction.apply(loop, wanted), turn), atol=1e-5)


def test_a_band_of_silence_is_not_raised_beyond_the_limit() -> None:
    silence = np.zeros(96_000, dtype=np.float32)
    silence[1000] = 1e-6
    wanted = np.zeros((CONFIG.bands, 128), dtype=np.float32)
    assert np.abs(MelCorrection(CONFIG).apply(silence, wanted)).max() < 4e-6
