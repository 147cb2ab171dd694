"""Vocos with a mel prior: log-mel to audio through a spectrum made at frame rate.

Siuzdak, "Vocos: closing the gap between time-domain and Fourier-based neural vocoders" (2023): ConvNeXt blocks at frame
rate, then magnitudes and phases of an inverse STFT. What we changed: convolutions and overlap-add are circular, so a
loop has no seam; each mel frame yields several shorter spectrum frames, which keeps transients sharp at a small cost;
and the network's complex output is multiplied with the mel itself, interpolated over frequency and time, so that it has
mostly phase to learn.

Convolutions do not know where in a loop they are, so a network of them answers a steady mel with a signal that repeats
every mel frame: it can hold only pitches that are multiples of 64 Hz. It is therefore given oscillators: sines and
cosines on the semitones, at frequencies rounded so that each closes on itself in one loop, whose gains it sets from the
mel and whose phases it carries into its spectrum.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.representation.mel import MelConfig, band_centres_hz, filterbank
from aijockey.train.config import TrainConfig
from aijockey.train.families.base import AudioBatch, Average, DataInfo, Graph, Metrics, VocoderTask
from aijockey.train.families.discriminators import DiscriminatorConfig, Discriminators
from aijockey.train.families.flow import wrap
from aijockey.train.losses import MultiResolutionStft
from aijockey.train.torch_mel import TorchLogMel


@dataclass(frozen=True)
class VocosConfig:
    """Shape and loss weights of a vocoder.

    Attributes
    ----------
    subframes : spectrum frames for each mel frame; must divide the hop.
    overlap : spectrum window in spectrum hops.
    adversarial_from : part of the run after which the discriminators join, 0 to 1; 1 leaves them out.
    corrections : rounds of `representation.mel_correction` that the pack asks for after the inverse STFT.
    oscillators, lowest_hz : semitones from this frequency up that the network has phases of; 0 leaves them out.
    judged_samples : of each crop, a slice that the discriminators see, since they cost far more than the network.
    """

    width: int = 256
    layers: int = 8
    hidden: int = 768
    subframes: int = 2
    overlap: int = 4
    stft_loss: float = 1.0
    mel_loss: float = 4.0
    adversarial_loss: float = 0.1
    feature_loss: float = 0.2
    adversarial_from: float = 1.0
    judged_samples: int = 12_000
    corrections: int = 1
    oscillators: int = 73
    lowest_hz: float = 32.703
    discriminators: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)


class ConvNextBlock(nn.Module):
    """Depthwise circular convolution, then a perceptron a frame (Liu et al. 2022), with a learned residual scale."""

    def __init__(self, width: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.hidden = nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, width, frames) -> the same."""
        y = self.depthwise(wrap(x, 3)).transpose(1, 2)
        y = self.out(F.gelu(self.hidden(self.norm(y)), approximate="tanh"))
        return x + (self.scale * y).transpose(1, 2)


def prior_matrix(mel: MelConfig, window_samples: int) -> Tensor:
    """Interpolation of band levels to spectrum bins, (bins, bands + 1); the last column is a constant to add.

    A bin takes the level per FFT bin of the two bands around it: band amplitude less half the logarithm of how many
    bins the band gathers, as noise would spread it.
    """
    centres = band_centres_hz(mel)
    bins = window_samples // 2 + 1
    frequencies = np.arange(bins) * mel.rate_hz / window_samples
    spread = 0.5 * np.log(filterbank(mel).sum(axis=1))
    matrix = np.zeros((bins, mel.bands + 1), dtype=np.float32)
    place = np.interp(frequencies, centres, np.arange(mel.bands))
    low = np.minimum(place.astype(int), mel.bands - 2)
    part = place - low
    rows = np.arange(bins)
    matrix[rows, low] = 1.0 - part
    matrix[rows, low + 1] += part
    # A spectrum window shorter than the mel's sees noise weaker by the root of the ratio, a sine weaker by the ratio.
    scale = np.log(window_samples / 4.0) + 0.25 * np.log(mel.window_samples / window_samples)
    matrix[:, -1] = scale - matrix[:, :-1] @ spread
    return torch.from_numpy(matrix)


def oscillator_bank(count: int, lowest_hz: float, mel: MelConfig, samples: int) -> Tensor:
    """Cosines and sines of ``count`` semitones at every mel frame of a loop, (2 * count, frames).

    Frequencies are rounded to whole turns a loop, at most an eighth of a Hertz off in two bars.
    """
    turns = np.round(lowest_hz * 2.0 ** (np.arange(count) / 12.0) * samples / mel.rate_hz)
    frames = samples // mel.hop_samples
    # Whole turns a loop: the fraction of a turn at each frame is exact in integers.
    angle = 2.0 * np.pi * ((turns[:, None].astype(np.int64) * np.arange(frames)) % frames) / frames
    return torch.from_numpy(np.concatenate([np.cos(angle), np.sin(angle)]).astype(np.float32))


class Oscillators(nn.Module):
    """A bank of oscillators with gains set by the mel: log-mel (batch, bands, frames) -> (batch, width, frames)."""

    bank: Tensor

    def __init__(self, config: VocosConfig, mel: MelConfig, samples: int) -> None:
        super().__init__()
        bank = oscillator_bank(config.oscillators, config.lowest_hz, mel, samples)
        self.register_buffer("bank", bank, persistent=False)
        self.listen = nn.Conv1d(mel.bands, 128, 5)
        self.gains = nn.Conv1d(128, 2 * config.oscillators, 1)
        self.mix = nn.Conv1d(2 * config.oscillators, config.width, 1, bias=False)

    def forward(self, normal_mel: Tensor, start: Tensor | None) -> Tensor:
        """``start`` (batch,) is the loop's frame that each crop begins with; None is a whole loop."""
        gains = self.gains(F.gelu(self.listen(wrap(normal_mel, 2)), approximate="tanh"))
        return self.mix(F.softplus(gains) * self._phases(normal_mel.shape[-1], start))

    def _phases(self, frames: int, start: Tensor | None) -> Tensor:
        if start is None:
            return self.bank
        place = (start[:, None] + torch.arange(frames, device=start.device)) % self.bank.shape[-1]
        return self.bank[:, place].transpose(0, 1)


class VocosNetwork(nn.Module):
    """Spectrum frames of a log-mel."""

    prior: Tensor

    def __init__(self, config: VocosConfig, mel: MelConfig, samples: int) -> None:
        super().__init__()
        if mel.hop_samples % config.subframes:
            raise ValueError(f"{config.subframes} subframes do not divide a hop of {mel.hop_samples} samples")
        self.subframes = config.subframes
        self.hop_samples = mel.hop_samples // config.subframes
        self.window_samples = self.hop_samples * config.overlap
        self.bins = self.window_samples // 2 + 1
        self.register_buffer("prior", prior_matrix(mel, self.window_samples), persistent=False)
        self.enter = nn.Conv1d(mel.bands, config.width, 7)
        self.oscillators = Oscillators(config, mel, samples) if config.oscillators else None
        self.enter_norm = nn.LayerNorm(config.width, eps=1e-6)
        self.blocks = nn.ModuleList(
            ConvNextBlock(config.width, config.hidden, 1.0 / config.layers) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.leave = nn.Linear(config.width, config.subframes * 2 * self.bins)

    def forward(self, mel: Tensor, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Real and imaginary part, (batch, bins, frames * subframes) each, of (batch, bands, frames)."""
        batch, _, frames = mel.shape
        # Log amplitudes lie around -6 with a spread of 3.
        normal = (mel + 6.0) / 3.0
        x = self.enter(wrap(normal, 3))
        if self.oscillators is not None:
            x = x + self.oscillators(normal, start)
        x = self.enter_norm(x.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        x = self.leave(self.norm(x.transpose(1, 2)))
        x = x.view(batch, frames * self.subframes, 2, self.bins).permute(2, 0, 3, 1)
        magnitude = torch.exp(torch.clamp(self._prior(mel), max=7.0))
        return magnitude * x[0], magnitude * x[1]

    def _prior(self, mel: Tensor) -> Tensor:
        """Envelope over bins at every spectrum frame: linear in time between mel frames, circular."""
        following = torch.cat([mel[..., 1:], mel[..., :1]], dim=-1)
        parts = [torch.lerp(mel, following, part / self.subframes) for part in range(self.subframes)]
        fine = torch.stack(parts, dim=-1).flatten(2)
        return self.prior[:, :-1] @ fine + self.prior[:, -1:]


class InverseStft(nn.Module):
    """Torch twin of `audio.stft.istft_circular`: real and imaginary part -> (batch, samples)."""

    window: Tensor

    def __init__(self, window_samples: int, hop_samples: int) -> None:
        super().__init__()
        self.window_samples, self.hop_samples = window_samples, hop_samples
        self.register_buffer("window", torch.hann_window(window_samples), persistent=False)

    def forward(self, real: Tensor, imag: Tensor) -> Tensor:
        """Circular overlap-add."""
        hop, parts = self.hop_samples, self.window_samples // self.hop_samples
        spectrum = torch.complex(real, imag).transpose(1, 2)
        frames = torch.fft.irfft(spectrum, n=self.window_samples, dim=-1) * self.window
        slots = frames.unflatten(-1, (parts, hop))
        weight = self.window.square().unflatten(0, (parts, hop)).sum(0)
        total = sum(torch.roll(slots[:, :, part], part, dims=1) for part in range(parts)) / weight
        assert isinstance(total, Tensor)
        return torch.roll(total.flatten(1), -(self.window_samples // 2), dims=-1)


class VocosTask(VocoderTask):
    """Training of a vocoder: spectral losses, later joined by discriminators."""

    def __init__(self, config: VocosConfig, train: TrainConfig, data: DataInfo) -> None:
        self.config, self.train, self.data = config, train, data
        network = VocosNetwork(config, data.mel, data.samples)
        self.networks = nn.ModuleDict({"vocos": network, "average": Average(network, train.ema_decay)})
        self.optimizers = {"vocos": train.optimizer(network)}
        self.inverse = InverseStft(network.window_samples, network.hop_samples)
        self.stft = MultiResolutionStft()
        self.log_mel = TorchLogMel(data.mel)
        if config.adversarial_from < 1.0:
            self.networks["judges"] = Discriminators(config.discriminators)
            self.optimizers["judges"] = train.optimizer(self.networks["judges"])

    def step(self, batch: AudioBatch, random: torch.Generator, step: int) -> Metrics:
        """One update; the crop's context is computed circularly and left out of every loss."""
        config, network = self.config, self.networks["vocos"]
        truth = batch.audio
        made = self._middle(self.inverse(*network(batch.mel, batch.start)), truth)
        metrics: Metrics = {}
        loss = truth.new_zeros(())
        adversarial = self.progress >= config.adversarial_from
        if adversarial:
            judges = self.networks["judges"]
            seen, real = self._slice(made, truth, random)
            verdict = judges.judge_loss(seen.detach(), real)  # type: ignore[operator]
            self.descend("judges", verdict)
            metrics["judge_loss"] = verdict.detach()
            fooled, features = judges.maker_losses(seen, real)  # type: ignore[operator]
            metrics |= {"adversarial_loss": fooled.detach(), "feature_loss": features.detach()}
            loss = loss + config.adversarial_loss * fooled + config.feature_loss * features
        stft = self.stft(made, truth)
        mel = F.l1_loss(self.log_mel(made), self.log_mel(truth))
        loss = loss + config.stft_loss * stft + config.mel_loss * mel
        gradient = self.descend("vocos", loss)
        self.networks["average"].update(network, step)  # type: ignore[operator]
        return metrics | {
            "loss": loss.detach(),
            "stft_loss": stft.detach(),
            "mel_loss": mel.detach(),
            "gradient": gradient,
        }

    def _slice(self, made: Tensor, truth: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        size = min(self.config.judged_samples, truth.shape[-1])
        start = int(torch.randint(truth.shape[-1] - size + 1, (), generator=random))
        return made[..., start : start + size], truth[..., start : start + size]

    @staticmethod
    def _middle(audio: Tensor, truth: Tensor) -> Tensor:
        context = (audio.shape[-1] - truth.shape[-1]) // 2
        return audio[..., context : context + truth.shape[-1]]

    @torch.no_grad()
    def vocode(self, mel: Tensor) -> Tensor:
        """Circular audio (batch, samples) of whole loops."""
        audio: Tensor = self.inverse(*self.networks["average"].network(mel))  # type: ignore[operator]
        return audio

    def graph(self) -> Graph:
        """Spectrum network; the inverse STFT is done in NumPy, where an FFT is cheap."""
        network = self.networks["average"].network
        assert isinstance(network, VocosNetwork)
        entry = {
            "output": "spectrum",
            "window_samples": network.window_samples,
            "hop_samples": network.hop_samples,
            "corrections": self.config.corrections,
        }
        mel = torch.full((2, self.data.mel.bands, self.data.frames), -6.0)
        return Graph(network, {"mel": mel}, ("real", "imag"), entry)
