"""Losses notice what they are for."""

import math

import pytest
import torch

from aijockey.train.losses import MultiResolutionStft, SemitoneDistance

RATE_HZ = 48_000


def _sine(frequency_hz, samples=RATE_HZ):
    return torch.sin(2.0 * math.pi * frequency_hz * torch.arange(samples) / RATE_HZ)[None]


@pytest.fixture(scope="module")
def semitones():
    return SemitoneDistance(RATE_HZ)


@pytest.mark.parametrize("note", [0, 9, 24, 45, 72])
def test_a_sine_stands_on_its_semitone_at_its_level(semitones, note):
    levels = semitones.levels(_sine(32.703 * 2.0 ** (note / 12)), 32_768)[0].mean(dim=1)
    assert int(levels.argmax()) == note
    assert float(levels.max()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("frequency_hz", [41.2, 55.0, 440.0])
def test_a_wrong_note_weighs_as_much_in_the_bass_as_above(semitones, frequency_hz):
    truth = _sine(frequency_hz)
    same, beside, far = (
        float(semitones(0.9 * _sine(frequency_hz * 2.0 ** (steps / 12)), truth)) for steps in (0, 1, 7)
    )
    assert same < 0.25
    assert beside > 4 * same
    assert far > 1.5 * beside


def test_a_linear_spectrum_notices_a_wrong_bass_note_less(semitones):
    truth, wrong = _sine(55.0), _sine(58.27)
    linear = MultiResolutionStft()
    assert semitones(wrong, truth) > 1.5 * linear(wrong, truth)


@pytest.mark.parametrize("loss", [MultiResolutionStft(), SemitoneDistance(RATE_HZ)])
def test_nothing_is_nearer_than_the_truth_and_gradients_are_finite_in_silence(loss):
    truth = _sine(110.0)
    assert float(loss(truth, truth)) == pytest.approx(0.0, abs=1e-6)
    silence = torch.zeros_like(truth).requires_grad_()
    loss(silence, truth).backward()
    assert torch.isfinite(silence.grad).all()


def test_semitones_of_audio_shorter_than_every_window_are_refused():
    with pytest.raises(ValueError, match="16384"):
        SemitoneDistance(RATE_HZ)(torch.zeros(1, 1000), torch.zeros(1, 1000))
