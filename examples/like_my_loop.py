"""Your own loop as a place in a voice's latent space, played by an ensemble of its neighbours."""

import sys
from pathlib import Path

import numpy as np

from aijockey.audio.files import write_audio
from aijockey.corpus.one_loop import read_loop
from aijockey.live.ensemble import mix_members, pan_weights
from aijockey.live.generator import Generator
from aijockey.live.inversion import invert_loop
from aijockey.live.latent_math import neighbour
from aijockey.live.members import Ensemble
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack


def main(loop: str, output: str = "like-mine.wav", pack: str | None = None, voice: str | None = None) -> None:
    generator = Generator(Pack.open(find_pack(pack)))
    voice = voice or generator.voices[0]
    found = invert_loop(generator, voice, read_loop(Path(loop), 2).audio, samples=8)
    print(f"{found.found_db:.2f} dB from your loop, the nearest of 8 random ones {found.nearest_db:.2f} dB")
    ensemble = Ensemble(spread=0.8, members=4)
    latents = [found.latent] + [
        neighbour(found.latent, generator.latent(voice, seed), 0.8) for seed in (1, 2, 3)
    ]
    members = generator.generate(voice, np.stack(latents).astype(np.float32))
    write_audio(Path(output), mix_members(members, pan_weights(list(ensemble.places))))


if __name__ == "__main__":
    main(*sys.argv[1:])
