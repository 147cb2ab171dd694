#!/usr/bin/env python
"""Width, correlation and mono sum of ensembles against their spread, voice by voice: the table of docs/ensemble.md.

scripts/measure_ensemble.py [--pack P] [--loops 4] [--members 4] [--spreads 0.1 0.2 0.4 0.8]
"""

import argparse
from itertools import pairwise

import numpy as np

from aijockey.live.ensemble import BASS_HZ, WIDE_HZ
from aijockey.live.generator import Generator
from aijockey.live.loop_maker import LoopMaker
from aijockey.live.loops import LoopRequest, make_loop
from aijockey.live.loudness import loudness_lufs
from aijockey.live.members import Ensemble
from aijockey.live.points import Seed
from aijockey.music.grid import RATE_HZ
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

FIRST_SEED = 500_000
BASS_FROM_HZ = 30.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack")
    parser.add_argument("--loops", type=int, default=4, help="points of each voice")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--spreads", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.4, 0.8, 1.2])
    arguments = parser.parse_args()
    generator = Generator(Pack.open(find_pack(arguments.pack)))
    print(
        "voice | spread | correlation | above 170 Hz | side dB | mono dB, worst | bass dB, worst | plain sum's bass"
    )
    for voice in generator.voices:
        maker = LoopMaker(generator)
        for spread in arguments.spreads:
            ensemble = Ensemble(spread, arguments.members)
            rows = np.array([figures(maker, voice, seed, ensemble) for seed in range(arguments.loops)])
            correlation, high, side_db = rows[:, :3].mean(axis=0)
            mono_db, bass_db = (rows[np.argmax(np.abs(rows[:, column])), column] for column in (3, 4))
            print(
                f"{voice} | {spread:g} | {correlation:.3f} | {high:.3f} | {side_db:.1f} | {mono_db:+.2f} | "
                f"{bass_db:+.2f} | {rows[:, 5].min():+.1f}",
                flush=True,
            )


def figures(maker: LoopMaker, voice: str, seed: int, ensemble: Ensemble) -> tuple[float, ...]:
    """Correlation, that above the bass, side beside middle in dB; mono sum's loudness beside the first member's, its
    largest difference in a third of an octave of the bass, and the deepest notch there of members simply added.
    """
    point = Seed(FIRST_SEED + seed)
    points = [ensemble.point(point, number) for number in ensemble.audible]
    members = np.concatenate([make_loop(maker(LoopRequest(voice, each))).audio for each in points])
    # As a deck plays it.
    stereo = make_loop(maker(LoopRequest(voice, point, ensemble=ensemble))).audio
    spectra = np.fft.rfft(stereo)
    spectra[:, : int(WIDE_HZ * stereo.shape[1] / RATE_HZ)] = 0.0
    high = np.fft.irfft(spectra, n=stereo.shape[1])
    middle, side = stereo.mean(axis=0), 0.5 * (stereo[0] - stereo[1])
    plain = members.sum(axis=0) / np.sqrt(
        np.square(members.sum(axis=0)).mean() / np.square(members[0]).mean()
    )
    return (
        float(np.corrcoef(stereo)[0, 1]),
        float(np.corrcoef(high)[0, 1]),
        10.0 * float(np.log10(max(np.square(side).sum(), 1e-20) / np.square(middle).sum())),
        loudness_lufs(middle[None].astype(np.float32)) - loudness_lufs(members[:1]),
        max(bass_difference_db(middle, members[:1]), key=abs),
        float(min(bass_difference_db(plain, members))),
    )


def bass_difference_db(sound: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Level of ``sound`` beside the members' mean power in each third of an octave of the bass that holds anything."""
    hz = np.arange(len(sound) // 2 + 1) * RATE_HZ / len(sound)
    edges = BASS_FROM_HZ * 2.0 ** (np.arange(7) / 3.0)
    power = np.square(np.abs(np.fft.rfft(sound)))
    wanted = np.square(np.abs(np.fft.rfft(members))).mean(axis=0)
    bands = [(hz >= low) & (hz < min(high, BASS_HZ)) for low, high in pairwise(edges)]
    levels = np.array([[power[band].sum(), wanted[band].sum()] for band in bands if band.any()])
    levels = levels[levels[:, 1] > 1e-3 * levels[:, 1].max()]
    return 10.0 * np.log10(np.maximum(levels[:, 0], 1e-20) / levels[:, 1])


if __name__ == "__main__":
    main()
