"""Training of a vocoder (`vocos_network`): spectral losses on crops, later joined by discriminators."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.train.config import TrainConfig
from aijockey.train.families.base import AudioBatch, Average, DataInfo, Graph, Metrics, VocoderTask
from aijockey.train.families.discriminators import Discriminators
from aijockey.train.families.vocos_graph import VocosGraph
from aijockey.train.families.vocos_network import VocosConfig, VocosNetwork
from aijockey.train.losses import MultiResolutionStft, SemitoneDistance
from aijockey.train.torch_mel import TorchLogMel


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
        self.semitones = SemitoneDistance(data.mel.rate_hz)
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
        semitone = self.semitones(made, truth)
        loss = loss + config.stft_loss * stft + config.mel_loss * mel + config.semitone_loss * semitone
        gradient = self.descend("vocos", loss)
        self.networks["average"].update(network, step)  # type: ignore[operator]
        return metrics | {
            "loss": loss.detach(),
            "stft_loss": stft.detach(),
            "mel_loss": mel.detach(),
            "semitone_loss": semitone.detach(),
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
        return Graph(network, {"mel": mel}, ("real", "imag"), entry, VocosGraph(network))
