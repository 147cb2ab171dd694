"""Torch twins of what NumPy does when a pack plays."""

import numpy as np
import pytest
import torch

from aijockey.audio.stft import istft_circular, stft_circular
from aijockey.representation.mel import LogMel, MelConfig
from aijockey.representation.patch_code import fit_patch_code
from aijockey.train.families.base import DataInfo
from aijockey.train.families.stylegan2_layers import CodeMap
from aijockey.train.families.vocos import InverseStft
from aijockey.train.losses import MultiResolutionStft
from aijockey.train.torch_mel import TorchLogMel


@pytest.mark.parametrize("config", [MelConfig(), MelConfig(hop_samples=375, window_samples=1024, bands=64)])
def test_log_mel_twins_agree(config: MelConfig, rng: np.random.Generator) -> None:
    audio = (rng.standard_normal((2, 24_000)) * [[0.3], [1e-4]]).astype(np.float32)
    audio[1, 6_000:] = 0  # silence too
    with torch.no_grad():
        found = TorchLogMel(config)(torch.from_numpy(audio)).numpy()
    np.testing.assert_allclose(found, LogMel(config).encode(audio), atol=1e-3)


def test_log_mel_of_a_crop_is_the_crop_of_the_log_mel(rng: np.random.Generator) -> None:
    config = MelConfig()
    audio = rng.standard_normal(48_000).astype(np.float32)
    whole = LogMel(config).encode(audio)
    half, hop = config.window_samples // 2, config.hop_samples
    crop = torch.from_numpy(audio[10 * hop - half : 20 * hop + half])[None]
    with torch.no_grad():
        part = TorchLogMel(config)(crop, circular=False)[0].numpy()
    np.testing.assert_allclose(part, whole[:, 10:20], atol=1e-3)


def test_log_mel_gradient_is_finite_in_silence() -> None:
    audio = torch.zeros(1, 6_000, requires_grad=True)
    TorchLogMel(MelConfig())(audio).sum().backward()
    assert audio.grad is not None
    assert torch.isfinite(audio.grad).all()


@pytest.mark.parametrize(("window", "hop"), [(1500, 375), (2048, 512), (1024, 256)])
def test_inverse_stft_twins_agree(window: int, hop: int, rng: np.random.Generator) -> None:
    shape = (2, window // 2 + 1, 24)
    spectrum = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
    found = InverseStft(window, hop)(torch.from_numpy(spectrum.real), torch.from_numpy(spectrum.imag)).numpy()
    expected = istft_circular(spectrum, window, hop)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max() + 1e-6)


def test_inverse_stft_undoes_the_stft(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((1, 9_000)).astype(np.float32)
    spectrum = stft_circular(audio, 1500, 375)
    again = InverseStft(1500, 375)(torch.from_numpy(spectrum.real), torch.from_numpy(spectrum.imag)).numpy()
    np.testing.assert_allclose(again, audio, atol=1e-5)


def test_code_map_twins_agree(rng: np.random.Generator) -> None:
    mel = rng.standard_normal((6, 8, 32)).astype(np.float32)
    code = fit_patch_code(mel, 4, 12)
    twin = CodeMap(DataInfo(MelConfig(bands=8), 24_000, 8, 12, ("a",), ()))
    twin.load(code)
    codes = code.encode(mel)
    np.testing.assert_allclose(twin.encode(torch.from_numpy(mel)).numpy(), codes, atol=1e-4)
    np.testing.assert_allclose(twin.decode(torch.from_numpy(codes)).numpy(), code.decode(codes), atol=1e-4)
    curve = rng.standard_normal(8).astype(np.float32)
    raised = code.encode(mel + curve[:, None])
    np.testing.assert_allclose(codes + curve @ twin.directions.numpy(), raised, atol=1e-4)


def test_multi_resolution_stft_is_zero_for_equals_and_grows_with_noise(rng: np.random.Generator) -> None:
    loss, audio = MultiResolutionStft(), torch.from_numpy(rng.standard_normal((2, 12_288)).astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal((2, 12_288)).astype(np.float32))
    distances = [float(loss(audio + level * noise, audio)) for level in (0.0, 0.01, 0.1, 1.0)]
    assert distances[0] == 0.0
    assert distances == sorted(distances)
    assert distances[1] > 0
