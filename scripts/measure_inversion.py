#!/usr/bin/env python
"""How near inversion comes to held-out loops: the table of docs/latent-inversion.md.

    scripts/measure_inversion.py CORPUS [--pack P] [--loops 50] [--samples 10000] [--keep DIR] [--voices techno …]

For loops of the corpus's test split it prints, voice by voice, the mean difference of log-mels in dB of what the found
latent makes, of the nearest of many random latents of the voice, of the code alone (what no latent can say) and of
the vocoder alone. The search through random latents goes on where it was stopped (``--keep``).
"""

import argparse
import time
from pathlib import Path

import numpy as np

from aijockey.corpus.store import Corpus
from aijockey.live.generator import Generator
from aijockey.live.inversion import latent_of_mel, length_of, mel_error_db
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack
from aijockey.representation.mel import LogMel

FIRST_SEED = 1_000_000
MARKS = (100, 300, 1000, 3000, 10_000)
SAVE_EVERY = 200
DB_PER_NEPER = 20.0 / float(np.log(10.0))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--pack")
    parser.add_argument("--loops", type=int, default=50)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="folder for the search's state")
    parser.add_argument("--voices", nargs="+")
    arguments = parser.parse_args()
    generator = Generator(Pack.open(find_pack(arguments.pack)))
    corpus = Corpus.open(arguments.corpus)
    names = generator.voices
    share, rest = divmod(arguments.loops, len(names))
    rows = []
    print("voice | loops | found | worst | code | vocoder | both | nearest of | nearest | length | seconds")
    for number, voice in enumerate(names):
        if arguments.voices and voice not in arguments.voices:
            continue
        mels = held_out(corpus, voice, share + (number < rest), LogMel(generator.pack.mel_config))
        nearest, samples = search(generator, voice, mels, arguments.samples, arguments.keep)
        found = np.array([figures(generator, voice, mel) for mel in mels])
        rows.append(np.column_stack([found, nearest]))
        print(line(voice, rows[-1], samples), flush=True)
    print(line("all", np.concatenate(rows), samples))


def held_out(corpus: Corpus, voice: str, count: int, log_mel: LogMel) -> np.ndarray:
    """Log-mels of evenly chosen loops of a voice's test split."""
    indices = corpus.select("test", voice)
    chosen = [indices[int(place)] for place in np.linspace(0, len(indices) - 1, count)]
    return np.stack([log_mel.encode(corpus.audio(index).mean(axis=0)) for index in chosen])


def figures(generator: Generator, voice: str, mel: np.ndarray) -> tuple[float, ...]:
    """Errors of found moment, code, vocoder and moment through the vocoder; length of the latent, seconds."""
    log_mel = LogMel(generator.pack.mel_config)
    spec = generator.pack.manifest.generators[generator.pack.manifest.voice(voice).generator]
    code = generator.pack.code(spec.codes)
    began = time.monotonic()
    latent = latent_of_mel(generator, voice, mel)
    seconds = time.monotonic() - began
    made = generator.mel(voice, latent[None])
    return (
        mel_error_db(made[0], mel),
        mel_error_db(code.decode(code.encode(mel[None]))[0], mel),
        mel_error_db(log_mel.encode(generator.sound(mel[None])[0]), mel),
        mel_error_db(log_mel.encode(generator.sound(made)[0]), mel),
        length_of(latent),
        seconds,
    )


def search(
    generator: Generator, voice: str, mels: np.ndarray, samples: int, keep: Path | None
) -> tuple[np.ndarray, int]:
    """Error of the nearest random loop to each log-mel, and how many were tried (more, if more were kept)."""
    state = keep / f"nearest-{voice}.npz" if keep else None
    best, start, marks = np.full(len(mels), np.inf), 0, {}
    if state and state.exists():
        with np.load(state) as file:
            best, start = file["best"], int(file["count"])
            marks = {name: file[name] for name in file.files if name.startswith("m")}
    for number in range(start, samples):
        made = generator.mel(voice, generator.latent(voice, FIRST_SEED + number)[None])[0]
        best = np.minimum(best, DB_PER_NEPER * np.abs(mels - made).mean(axis=(1, 2)))
        count = number + 1
        if count in MARKS:
            marks[f"m{count}"] = best.copy()
        if state and (count % SAVE_EVERY == 0 or count == samples):
            np.savez(state, best=best, count=count, **marks)
    return best, max(start, samples)


def line(voice: str, rows: np.ndarray, samples: int) -> str:
    """One line of the table."""
    found, code, vocoder, both, length, seconds, nearest = rows.mean(axis=0)
    return (
        f"{voice} | {len(rows)} | {found:.2f} | {rows[:, 0].max():.2f} | {code:.2f} | {vocoder:.2f} | {both:.2f} | "
        f"{samples} | {nearest:.2f} | {length:.2f} | {seconds:.1f}"
    )


if __name__ == "__main__":
    main()
