"""The vocoder's oscillators and partials: exact in pitch, circular, at the right level."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aijockey.representation.mel import LogMel, MelConfig
from aijockey.train.families.vocos import InverseStft
from aijockey.train.families.vocos_network import (
    Partials,
    VocosConfig,
    VocosNetwork,
    between,
    contrast,
    sine_prior,
)

SAMPLES = 192_000
CONFIG = VocosConfig(width=8, layers=1, hidden=8)
WINDOW = 1500


def _sound_of(partial: int, start: int | None = None, frames: int = 256) -> np.ndarray:
    """One partial at full level under a mel of 0 dB, made audio as the network's spectrum is."""
    partials = Partials(CONFIG, MelConfig(), SAMPLES, WINDOW)
    with torch.no_grad():
        partials.level.weight.zero_()
        partials.level.bias.fill_(-60.0)
        partials.level.bias[partial] = float(np.log(np.e - 1.0))  # whose softplus is 1
        begin = None if start is None else torch.tensor([start])
        silence = torch.zeros(1, 128, frames)
        real, imag = partials(torch.zeros(1, frames, 8), silence, begin)
        above = (0, 0, 0, WINDOW // 2 + 1 - partials.bins)
        audio: np.ndarray = InverseStft(WINDOW, WINDOW // 4)(F.pad(real, above), F.pad(imag, above))[
            0
        ].numpy()
    return audio


@pytest.mark.parametrize("partial", [0, 9, 24, 45, 87])
def test_a_partial_is_one_sine_on_its_semitone_that_closes_on_itself(partial):
    spectrum = np.abs(np.fft.rfft(_sound_of(partial))) / (SAMPLES / 2)
    peak = int(spectrum.argmax())
    cents = 1200 * np.log2(peak * 48_000 / SAMPLES / (CONFIG.lowest_hz * 2 ** (partial / 12)))
    assert abs(cents) < 7.0  # an eighth of a Hertz at 32.7 Hz
    assert spectrum[peak] == pytest.approx(1.0, abs=1e-3)
    # A sine of whole turns has no energy anywhere else, so there is no seam.
    assert np.sqrt(np.square(spectrum).sum() - spectrum[peak] ** 2) < 1e-3


def test_a_crop_carries_the_loops_phase():
    whole, crop = _sound_of(45), _sound_of(45, start=100, frames=40)
    inside = slice(4 * 750, 36 * 750)  # the crop's own ends wrap onto each other
    assert crop[inside] == pytest.approx(np.roll(whole, -100 * 750)[inside], abs=1e-3)


def test_a_lone_sines_mel_gives_its_level_back():
    mel = MelConfig()
    place = torch.zeros(mel.bands, 1)
    place[60] = 1.5
    frequency = 440.0 * 2.0 ** (np.arange(-12, 13) / 12)
    assert (sine_prior(mel, frequency) @ torch.full((mel.bands, 1), -2.0)).numpy() == pytest.approx(-2.0)
    assert float((sine_prior(mel, frequency) @ place).max()) <= 1.5


def test_levels_are_linear_between_frames_and_wrap_around():
    frames = torch.tensor([[[0.0, 2.0, 4.0]]])
    assert between(frames, 2)[0, 0].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 2.0]


def test_without_partials_and_oscillators_it_still_works():
    network = VocosNetwork(
        VocosConfig(width=8, layers=1, hidden=8, oscillators=0, partials=0), MelConfig(), SAMPLES
    )
    real, imag = network(torch.full((2, 128, 256), -6.0))
    assert real.shape == imag.shape == (2, 751, 512)


def test_a_semitone_in_the_bass_can_be_told_from_a_mel_by_its_contrast():
    time = np.arange(SAMPLES) / 48_000
    sines = np.stack([0.5 * np.sin(2 * np.pi * f * time) for f in (51.91, 55.0)]).astype(np.float32)
    mel = torch.from_numpy(LogMel().encode(sines))
    apart = (contrast(mel)[0] - contrast(mel)[1])[:8].abs().mean(dim=1)
    assert float(apart.max()) > 0.3
    # Louder or softer, the contrast is the same.
    assert contrast(mel + 0.7).numpy() == pytest.approx(contrast(mel).numpy(), abs=1e-4)
