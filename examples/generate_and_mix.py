"""Two voices of a pack, generated and mixed: the shortest way from a seed to a file."""

import sys
from pathlib import Path

import numpy as np

from aijockey.audio.files import write_audio
from aijockey.live.generator import Generator
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack


def main(output: str = "mix.wav", pack: str | None = None) -> None:
    generator = Generator(Pack.open(find_pack(pack)))
    first, second = generator.voices[0], generator.voices[-1]
    loops = [generator.generate(voice, generator.latent(voice, 1)[None])[0] for voice in (first, second)]
    write_audio(Path(output), np.tile(0.5 * (loops[0] + loops[1]), (2, 4)))


if __name__ == "__main__":
    main(*sys.argv[1:])
