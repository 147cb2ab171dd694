"""Vocos with a mel prior: log-mel to audio through a spectrum made at frame rate.

Siuzdak, "Vocos: closing the gap between time-domain and Fourier-based neural vocoders" (2023): ConvNeXt blocks at frame
rate, then magnitudes and phases of an inverse STFT. What we changed: convolutions and overlap-add are circular, so a
loop has no seam; each mel frame yields several shorter spectrum frames, which keeps transients sharp at a small cost;
and the network's complex output is multiplied with the mel itself, interpolated over frequency and time, so that it has
mostly phase to learn.

Convolutions do not know where in a loop they are, so a network of them answers a steady mel with a signal that repeats
every mel frame: it can hold only pitches that are multiples of 64 Hz. Oscillators mend that: on the semitones, at
frequencies rounded so that each closes on itself in one loop. The network sees their phases, and it adds *partials*:
sines at the same frequencies, exact in pitch by construction, whose levels alone it decides (as in the additive
synthesizer of Engel et al., "DDSP", 2020). With phases as input alone, bass and pads came out 36 and 32 cents beside
the semitone on average, where real ones were 6 and 8.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.representation.mel import MelConfig, band_centres_hz, filterbank
from aijockey.train.families.circular import wrap
from aijockey.train.families.discriminators import DiscriminatorConfig


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
    partials : semitones from the same frequency up that it can add as sines; 0 leaves them out.
    stft_loss, mel_loss, semitone_loss : weights of the spectral losses.
    judged_samples : of each crop, a slice that the discriminators see, since they cost far more than the network.
    """

    width: int = 256
    layers: int = 8
    hidden: int = 768
    subframes: int = 2
    overlap: int = 4
    stft_loss: float = 1.0
    mel_loss: float = 4.0
    semitone_loss: float = 1.0
    adversarial_loss: float = 0.1
    feature_loss: float = 0.2
    adversarial_from: float = 1.0
    judged_samples: int = 12_000
    corrections: int = 2
    oscillators: int = 73
    lowest_hz: float = 32.703
    partials: int = 88
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
    angle = turning(semitone_turns(count, lowest_hz, mel.rate_hz, samples), samples // mel.hop_samples)
    return torch.from_numpy(np.concatenate([np.cos(angle), np.sin(angle)]).astype(np.float32))


def semitone_turns(count: int, lowest_hz: float, rate_hz: int, samples: int) -> npt.NDArray[np.int64]:
    """Whole turns a loop of ``count`` semitones from ``lowest_hz`` up, (count,)."""
    turns = np.round(lowest_hz * 2.0 ** (np.arange(count) / 12.0) * samples / rate_hz)
    return turns.astype(np.int64)


def turning(turns: npt.NDArray[np.int64], frames: int) -> npt.NDArray[np.float64]:
    """Angles at each of a loop's frames, (oscillators, frames): exact, since whole turns are counted in integers."""
    angle: npt.NDArray[np.float64] = 2.0 * np.pi * ((turns[:, None] * np.arange(frames)) % frames) / frames
    return angle


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


class Partials(nn.Module):
    """Sines on the semitones as they stand in spectrum frames, at levels that the network chooses beside the mel's.

    A sine under a Hann window is a few bins wide, so its frames are two fixed columns, for its cosine and its sine
    part, weighed by its phase at the frame.
    """

    columns: Tensor
    bank: Tensor
    prior: Tensor

    def __init__(self, config: VocosConfig, mel: MelConfig, samples: int, window_samples: int) -> None:
        super().__init__()
        self.subframes, count = config.subframes, config.partials
        frames = samples // mel.hop_samples * config.subframes
        turns = semitone_turns(count, config.lowest_hz, mel.rate_hz, samples)
        # Any phase is as good; equal ones would pile up to a click at the start of the loop.
        phase = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, (count, 1))
        angle = turning(turns, frames) + phase
        bank = np.concatenate([np.cos(angle), -np.sin(angle)])
        place = np.arange(window_samples) - window_samples / 2
        omega = 2.0 * np.pi * turns[:, None] / samples
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(window_samples) / window_samples)
        shapes = np.concatenate([np.cos(omega * place), np.sin(omega * place)]) * hann
        width_hz = mel.rate_hz / window_samples
        self.bins = min(int(turns[-1] * mel.rate_hz / samples / width_hz) + 8, window_samples // 2 + 1)
        spectra = np.fft.rfft(shapes, axis=1)[:, : self.bins].T
        self.register_buffer("bank", torch.from_numpy(bank.astype(np.float32)), persistent=False)
        columns = np.stack([spectra.real, spectra.imag]).astype(np.float32)  # (2, bins, 2 * count)
        self.register_buffer("columns", torch.from_numpy(columns), persistent=False)
        self.register_buffer("prior", sine_prior(mel, turns * mel.rate_hz / samples), persistent=False)
        self.level = nn.Linear(config.width, count)
        nn.init.constant_(self.level.bias, -1.5)
        # A bass note shows itself by a decibel or two between neighbouring bands: a short way for those.
        self.listen = nn.Conv1d(mel.bands, 192, 5)
        self.heard = nn.Conv1d(192, count, 1)
        nn.init.zeros_(self.heard.weight)
        nn.init.zeros_(self.heard.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, mel: Tensor, start: Tensor | None) -> tuple[Tensor, Tensor]:
        """What to add to the lowest `bins` of the spectrum, (batch, bins, frames * subframes) each.

        features : (batch, frames, width); ``start`` as in `Oscillators`.
        """
        heard = self.heard(F.gelu(self.listen(wrap(contrast(mel), 2)), approximate="tanh"))
        level = F.softplus(self.level(features).transpose(1, 2) + heard)
        level = between(level * torch.exp(torch.clamp(self.prior @ mel, max=3.0)), self.subframes)
        parts = torch.cat([level, level], dim=1) * self._phases(level.shape[-1], start)
        return self.columns[0] @ parts, self.columns[1] @ parts

    def _phases(self, frames: int, start: Tensor | None) -> Tensor:
        if start is None:
            return self.bank
        place = (
            start[:, None] * self.subframes + torch.arange(frames, device=start.device)
        ) % self.bank.shape[-1]
        return self.bank[:, place].transpose(0, 1)


def sine_prior(mel: MelConfig, frequencies_hz: npt.NDArray[np.float64]) -> Tensor:
    """Interpolation of log-mel to the level that a lone sine at each frequency would have, (frequencies, bands)."""
    place = np.interp(frequencies_hz, band_centres_hz(mel), np.arange(mel.bands))
    low = np.minimum(place.astype(int), mel.bands - 2)
    matrix = np.zeros((len(frequencies_hz), mel.bands), dtype=np.float32)
    rows = np.arange(len(frequencies_hz))
    matrix[rows, low] = 1.0 - (place - low)
    matrix[rows, low + 1] += place - low
    return torch.from_numpy(matrix)


CONTRAST_UNIT = 8.686 / 2.0  # of natural logarithms: 2 dB
CONTRAST_LIMIT = 4.0


def contrast(mel: Tensor) -> Tensor:
    """How each band of a log-mel (batch, bands, frames) stands out of the five around it, 1 being 2 dB; within -4 to 4.

    A sine at 52 Hz and one at 55 Hz, a semitone apart, differ by 1.6 dB between two bands and by nothing else.
    """
    padded = F.pad(mel.transpose(1, 2), (2, 2), mode="replicate")
    around = F.avg_pool1d(padded, 5, stride=1).transpose(1, 2)
    return torch.clamp((mel - around) * CONTRAST_UNIT, -CONTRAST_LIMIT, CONTRAST_LIMIT)


def between(frames: Tensor, subframes: int) -> Tensor:
    """Frames (batch, rows, frames) with ``subframes`` for each: linear between neighbours, circular."""
    following = torch.cat([frames[..., 1:], frames[..., :1]], dim=-1)
    parts = [torch.lerp(frames, following, part / subframes) for part in range(subframes)]
    return torch.stack(parts, dim=-1).flatten(2)


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
        self.partials = Partials(config, mel, samples, self.window_samples) if config.partials else None
        if self.partials is not None:
            # What the network itself makes of a steady tone is quick to learn and out of tune; it starts quieter.
            with torch.no_grad():
                for parameter in (self.leave.weight, self.leave.bias):
                    parameter.view(config.subframes, 2, self.bins, -1)[:, :, : self.partials.bins] *= 0.1

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
        features = self.norm(x.transpose(1, 2))
        x = self.leave(features).view(batch, frames * self.subframes, 2, self.bins).permute(2, 0, 3, 1)
        # The envelope over bins at every spectrum frame.
        envelope = self.prior[:, :-1] @ between(mel, self.subframes) + self.prior[:, -1:]
        magnitude = torch.exp(torch.clamp(envelope, max=7.0))
        real, imag = magnitude * x[0], magnitude * x[1]
        if self.partials is not None:
            added_real, added_imag = self.partials(features, mel, start)
            above = (0, 0, 0, self.bins - self.partials.bins)
            real, imag = real + F.pad(added_real, above), imag + F.pad(added_imag, above)
        return real, imag
