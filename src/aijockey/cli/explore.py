"""``aijockey explore``: pictures and sounds of a voice's latent space and of its directions."""

import argparse
from pathlib import Path

from aijockey.cli.arguments import whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("pack", metavar="PACK", help="folder, archive or shipped pack")
    parser.add_argument("voice", metavar="VOICE", help="name of a voice; `aijockey voices` lists them")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for VOICE.html, VOICE.png and sounds",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, 1 << 62),
        default=0,
        metavar="S",
        help="seed of the first of four corners",
    )
    parser.add_argument(
        "--threads", type=whole_number(1, 64), default=2, metavar="N", help="loops computed at once"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that are already there")


def run(arguments: argparse.Namespace) -> int:
    """Make the loops and write the sheet."""
    import importlib.util
    import sys

    from tqdm import tqdm

    from aijockey.audio.files import AudioFileError
    from aijockey.errors import MissingExtraError
    from aijockey.evaluate.explore import explore, loops_of_sheet, write_sheet
    from aijockey.live.generator import Generator
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    pack = Pack.open(find_pack(arguments.pack))
    voice = pack.manifest.voice(arguments.voice)
    page = arguments.output / f"{voice.name}.html"
    if page.exists() and not arguments.force:
        raise AudioFileError(f"{page}: exists already; --force overwrites it")
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib", "train")
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(f"{arguments.output}: the folder cannot be made ({error})") from error
    count = len(voice.directions.directions) if voice.directions else 0
    generator = Generator(pack, arguments.threads)
    total = loops_of_sheet(count, generator.layers(voice.name))
    with tqdm(total=total, unit="loop", file=sys.stderr, disable=None) as bar:

        def advance(done: int, what: str) -> None:
            bar.set_description(f"{voice.name}: {what}", refresh=False)
            bar.update(done)

        sheet = explore(generator, voice.name, arguments.seed, advance)
    written = write_sheet(sheet, arguments.output)
    print(f"{page}: {len(sheet.strips)} strips, {count} directions; {len(written) - 2} sounds beside it")
    return 0
