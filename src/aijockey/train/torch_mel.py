"""The torch twin of `representation.mel`, held to it by a parity test, and the STFT that losses share."""

import torch
from torch import Tensor, nn

from aijockey.representation.mel import MelConfig, filterbank


def pad_circular(audio: Tensor, size: int) -> Tensor:
    """Wrap half a window around both ends: (batch, samples) -> (batch, samples + size)."""
    before, after = size // 2, size - size // 2
    return torch.cat([audio[..., -before:], audio, audio[..., :after]], dim=-1)


def stft_centred(audio: Tensor, size: int, hop_samples: int, window: Tensor) -> Tensor:
    """Complex STFT of padded audio (batch, samples + size) with one frame a hop: (batch, bins, frames)."""
    spectrum = torch.stft(audio, size, hop_samples, size, window, center=False, return_complex=True)
    # The padding holds one frame more than the loop has hops: the first one again.
    return spectrum[..., : (audio.shape[-1] - size) // hop_samples]


class TorchLogMel(nn.Module):
    """Log-mel of audio: (batch, samples) -> (batch, bands, frames), differentiable.

    Like `LogMel.encode` where ``circular``; otherwise the audio already holds half a window of context at each end.
    """

    filters: Tensor
    window: Tensor

    def __init__(self, config: MelConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("filters", torch.from_numpy(filterbank(config)), persistent=False)
        self.register_buffer("window", torch.hann_window(config.window_samples), persistent=False)

    def forward(self, audio: Tensor, circular: bool = True) -> Tensor:
        """Natural logarithm of band amplitude."""
        config = self.config
        if circular:
            audio = pad_circular(audio, config.window_samples)
        spectrum = stft_centred(audio, config.window_samples, config.hop_samples, self.window)
        power = spectrum.real.square() + spectrum.imag.square()
        amplitude = (self.filters @ power + 1e-16).sqrt() * (4.0 / config.window_samples)
        return (amplitude + config.floor).log()
