"""A voice drifts around one loop for some bars, then a child of two loops takes over: written as one file."""

import sys
from pathlib import Path

import numpy as np

from aijockey.audio.files import write_audio
from aijockey.latent import Space, near
from aijockey.live.generator import Generator
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack


def main(output: str = "ride.wav", pack: str | None = None, bars: str = "8") -> None:
    generator = Generator(Pack.open(find_pack(pack)))
    space = Space(generator, generator.voices[0])
    home = space.moment(7)
    path = space.walk(home, "drift", bars=int(bars), pace_db=1.5, seed=3)
    changes = ", ".join(f"{change:.1f}" for change in space.change_db(path))
    child = space.breed(home, near(9, 3, 0.2), seed=5)
    print(f"{home.text}\nchange from bar to bar in dB: {changes}\nthe child is {child}")
    # Loops are two bars long; each bar of the walk is heard in its place of the loop.
    loops = space.loops([*path, child])
    bar = loops.shape[1] // 2
    pieces = [loop[(number % 2) * bar :][:bar] for number, loop in enumerate(loops)]
    write_audio(Path(output), 0.5 * np.concatenate(pieces)[np.newaxis])


if __name__ == "__main__":
    main(*sys.argv[1:])
