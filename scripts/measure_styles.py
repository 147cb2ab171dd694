#!/usr/bin/env python
"""What each layer of a voice with styles says of a loop: the table of docs/latent.md.

    scripts/measure_styles.py PACK [--voices techno …] [--pairs 8]

Pairs of seeds: some layers of the first get the second's style, and how far the loop goes from the first's view to the
second's is printed (0 the first, 1 the second; views of `aijockey.evaluate.views`), for each layer and each part.
"""

import argparse

import numpy as np

from aijockey.evaluate.views import embed_mels
from aijockey.live.generator import Generator
from aijockey.live.latent_math import LAYERS, part_mask
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

VIEWS = ("rhythm", "timbre", "harmony")
FIRST_SEED = 700_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pack")
    parser.add_argument("--voices", nargs="+")
    parser.add_argument("--pairs", type=int, default=8)
    arguments = parser.parse_args()
    generator = Generator(Pack.open(find_pack(arguments.pack)))
    for voice in arguments.voices or generator.voices:
        layers = generator.layers(voice)
        if not layers:
            print(f"{voice}: no styles")
            continue
        masks = {f"layer {number}": np.arange(layers) == number for number in range(layers)}
        masks |= {part: part_mask(part, (1,), layers)[:, 0] for part in LAYERS}
        masks |= {f"up to layer {number}": np.arange(layers) <= number for number in range(layers - 1)}
        print(f"{voice} | {' | '.join(VIEWS)}")
        for name, shares in moved(generator, voice, masks, arguments.pairs).items():
            print(f"{name} | {' | '.join(f'{share:.2f}' for share in shares)}", flush=True)


def moved(
    generator: Generator, voice: str, masks: dict[str, np.ndarray], pairs: int
) -> dict[str, tuple[float, ...]]:
    """Share of the way in each view, mean over pairs, by what takes the second's style."""
    ways: dict[str, list[tuple[float, ...]]] = {name: [] for name in masks}
    for pair in range(pairs):
        one, other = (generator.latent(voice, FIRST_SEED + 2 * pair + place) for place in (0, 1))
        rows = [np.where(mask[:, None], other, one) for mask in masks.values()]
        # The noise of the first row goes along with it.
        ends = [np.stack([latent] * len(rows[0])) for latent in (one, other)]
        mels = generator.mel(voice, np.stack([*ends, *rows]).astype(np.float32))
        views = embed_mels(mels, generator.pack.mel_config)
        for place, name in enumerate(masks):
            ways[name].append(tuple(way(views[view], place + 2) for view in VIEWS))
    return {name: tuple(np.mean(rows, axis=0)) for name, rows in ways.items()}


def way(groups: dict[str, np.ndarray], place: int) -> float:
    """How far a row of a view is on the way from its first row to its second, mean of its groups."""
    shares = []
    for values in groups.values():
        flat = values.reshape(len(values), -1).astype(np.float64)
        whole = flat[1] - flat[0]
        shares.append(float((flat[place] - flat[0]) @ whole / max(float(whole @ whole), 1e-12)))
    return float(np.mean(shares))


if __name__ == "__main__":
    main()
