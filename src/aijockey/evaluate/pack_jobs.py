"""What only a pack can be asked: how it moves, and what its vocoder loses."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aijockey.evaluate.material import fit_length, to_mono
from aijockey.evaluate.movement import STEPS, path_figures
from aijockey.evaluate.sources import Source, open_generator
from aijockey.evaluate.vocoder import measure_pairs
from aijockey.live.vocoder import make_griffin_lim
from aijockey.representation.mel import LogMel


@dataclass(frozen=True)
class MovementJob:
    """One spherical path of a voice from one seed to another: name of a figure -> number."""

    path: Path
    voice: str
    seeds: tuple[int, int]

    def __call__(self) -> dict[str, float]:
        """Do it."""
        generator = open_generator(self.path)
        start, end = (generator.latent(self.voice, seed) for seed in self.seeds)
        return path_figures(lambda latents: generator.mel(self.voice, latents), start, end, STEPS)


@dataclass(frozen=True)
class VocoderJob:
    """Real loops through the pack's vocoder and through Griffin-Lim: vocoder -> measure -> one number a loop.

    Both start from the log-mel of the loop, as the pack defines it, in mono.
    """

    path: Path
    source: Source
    tonal: bool

    def __call__(self) -> dict[str, dict[str, list[float]]]:
        """Do it."""
        generator = open_generator(self.path)
        pack = generator.pack
        loops = np.stack([to_mono(fit_length(audio, pack.manifest.bars)) for audio in self.source.audio()])
        mel = LogMel(pack.mel_config).encode(loops)
        estimates = {
            pack.manifest.vocoder.family: generator.sound(mel),
            "griffin-lim": make_griffin_lim(pack).decode(mel),
        }
        return {
            vocoder: {
                name: values.tolist()
                for name, values in measure_pairs(loops, estimate, tonal=self.tonal).items()
            }
            for vocoder, estimate in estimates.items()
        }
