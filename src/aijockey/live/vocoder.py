"""Log-mel -> audio, by whatever the pack brings: one contract, ``(batch, bands, frames) -> (batch,
samples)``.

Loops are circular on both sides, so what comes out repeats without a seam.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from aijockey.audio.stft import istft_circular
from aijockey.live.graph import Graph
from aijockey.pack.manifest import AudioVocoderSpec, GriffinLimSpec, SpectrumVocoderSpec
from aijockey.pack.pack import Pack
from aijockey.representation.griffin_lim import GriffinLim
from aijockey.representation.mel_correction import MelCorrection

Float = npt.NDArray[np.float32]


class Vocoder(Protocol):
    """Anything that makes sound of mels."""

    def decode(self, mel: Float) -> Float:
        """Loops of natural-log mels: (batch, bands, frames) -> (batch, samples). Thread: any but audio."""


class SpectrumVocoder:
    """A graph that makes a complex spectrum, a circular inverse STFT (after Vocos, Siuzdak 2023), and as many
    rounds of correction towards the mel as the pack asks for.
    """

    def __init__(self, pack: Pack, spec: SpectrumVocoderSpec) -> None:
        self._graph = Graph(pack, spec.graph)
        self._spec = spec
        self._shape = (spec.window_samples // 2 + 1, pack.manifest.samples // spec.hop_samples)
        self._correction = MelCorrection(pack.mel_config)

    def decode(self, mel: Float) -> Float:
        """Loops of natural-log mels: (batch, bands, frames) -> (batch, samples). Thread: any but audio."""
        results = self._graph.run({"mel": mel})
        shape = (len(mel), *self._shape)
        spectrum = np.empty(shape, dtype=np.complex64)
        spectrum.real = self._graph.checked(results, "real", shape)
        spectrum.imag = self._graph.checked(results, "imag", shape)
        audio = istft_circular(spectrum, self._spec.window_samples, self._spec.hop_samples)
        return self._correction.apply(audio, mel, self._spec.corrections)


class AudioVocoder:
    """A graph that makes audio."""

    def __init__(self, pack: Pack, spec: AudioVocoderSpec) -> None:
        self._graph = Graph(pack, spec.graph)
        self._samples = pack.manifest.samples

    def decode(self, mel: Float) -> Float:
        """Loops of natural-log mels: (batch, bands, frames) -> (batch, samples). Thread: any but audio."""
        return self._graph.output({"mel": mel}, "audio", (len(mel), self._samples))


def make_griffin_lim(pack: Pack, spec: GriffinLimSpec | None = None) -> GriffinLim:
    """Griffin-Lim for the representation of any pack, also as a yardstick beside its own vocoder."""
    iterations = spec.iterations if spec is not None else GriffinLim.ITERATIONS
    return GriffinLim(pack.mel_config, iterations=iterations)


# The manifest's vocoder.output -> what makes the sound.
VOCODERS = {"spectrum": SpectrumVocoder, "audio": AudioVocoder, "griffin-lim": make_griffin_lim}


def make_vocoder(pack: Pack) -> Vocoder:
    """The vocoder of a pack.

    Raises
    ------
    GenerationError : its graph does not load.
    """
    spec = pack.manifest.vocoder
    vocoder: Vocoder = VOCODERS[spec.output](pack, spec)  # type: ignore[operator]
    return vocoder
