"""``aijockey generate``: seeds of a voice -> loops as sound files."""

import argparse
import json
import re
from pathlib import Path

from aijockey.cli.arguments import whole_number

MOST_LOOPS = 1_000_000
MOST_SEED = (1 << 63) - 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("voice", metavar="VOICE", help="name of a voice; `aijockey voices` lists them")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for VOICE-SEED.wav"
    )
    parser.add_argument(
        "--count", type=whole_number(1, MOST_LOOPS), default=4, metavar="N", help="how many loops"
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, MOST_SEED),
        default=0,
        metavar="S",
        help="seed of the first; the next has S + 1",
    )
    parser.add_argument("--pack", metavar="P", help="folder, archive or shipped pack (default: default)")
    parser.add_argument(
        "--control",
        type=_control,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="hold a control at a value in its own unit, or at standard deviations from the mean: "
        "onset_density=2.5, brightness=+1sd",
    )
    parser.add_argument(
        "--steps", type=whole_number(1, 1000), metavar="N", help="sampler steps (default: the pack's)"
    )
    parser.add_argument(
        "--threads", type=whole_number(1, 64), default=2, metavar="N", help="loops computed at once"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that are already there")
    parser.add_argument("--json", action="store_true", help="print a JSON list, one object a loop")


def run(arguments: argparse.Namespace) -> int:
    """Write the loops."""
    import numpy as np
    from tqdm import tqdm

    from aijockey.audio.files import AudioFileError, write_audio
    from aijockey.live.generator import Generator
    from aijockey.live.graph import GenerationError
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    pack = Pack.open(find_pack(arguments.pack))
    told = pack.manifest.voice(arguments.voice)
    voice = told.name
    if arguments.steps is not None and pack.manifest.generators[told.generator].sampler.kind == "direct":
        raise GenerationError(
            f"--steps {arguments.steps} would be ignored: loops of {voice} are made in one step"
        )
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    paths = {seed: arguments.output / f"{voice}-{seed}.wav" for seed in seeds}
    existing = [path for path in paths.values() if path.exists()]
    if existing and not arguments.force:
        raise AudioFileError(f"{existing[0]}: exists already; --force overwrites it")
    generator = Generator(pack, arguments.threads)
    controls = {
        name: value if is_standard else generator.standardize(voice, name, value)
        for name, value, is_standard in arguments.control
    }
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(f"{arguments.output}: the folder cannot be made ({error})") from error
    # Bars appear where somebody looks: not in logs and pipes.
    with tqdm(total=len(seeds), desc=voice, unit="loop", disable=None) as progress:
        for start in range(0, len(seeds), 2 * arguments.threads):
            part = seeds[start : start + 2 * arguments.threads]
            latents = np.stack([generator.latent(voice, seed) for seed in part])
            loops = generator.generate(voice, latents, controls, arguments.steps)
            for seed, loop in zip(part, loops, strict=True):
                write_audio(paths[seed], loop[None])
            progress.update(len(part))
    if arguments.json:
        report = [
            {"voice": voice, "seed": seed, "file": str(path), "samples": generator.samples, "pack": pack.hash}
            for seed, path in paths.items()
        ]
        print(json.dumps(report, indent=1))
    else:
        print(f"{len(paths)} loops of {voice} in {arguments.output}")
    return 0


def _control(text: str) -> tuple[str, float, bool]:
    match = re.fullmatch(r"([a-z][a-z0-9_]*)=([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(sd)?", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not NAME=VALUE or NAME=VALUEsd, such as brightness=+1sd"
        )
    return match[1], float(match[2]), match[3] is not None
