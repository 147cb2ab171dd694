"""``aijockey render``: a set to a file, offline."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aijockey.cli.arguments import tempo, whole_number
from aijockey.cli.surfaces import autopilot

if TYPE_CHECKING:
    from aijockey.live.engine import Engine
    from aijockey.live.rendering import RenderReport

RULES = autopilot.OFFLINE_RULES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "set",
        nargs="?",
        metavar="SET",
        help="set file or shipped set (without: the default set, or an arrangement of the pack)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="file.wav, file.flac or file.ogg"
    )
    parser.add_argument(
        "--bars",
        type=whole_number(1, 1_000_000),
        metavar="N",
        help="bars from the start (without: the set's length)",
    )
    parser.add_argument(
        "--block-samples",
        type=whole_number(1, 1 << 20),
        default=1 << 15,
        metavar="B",
        help="samples asked for at a time; makes no difference to the sound",
    )
    parser.add_argument(
        "--pack", metavar="PACK", help="folder, archive or shipped pack (without: the default pack)"
    )
    parser.add_argument("--tempo", type=tempo, metavar="BPM", help="start at this tempo instead of the set's")
    parser.add_argument(
        "--seed",
        type=whole_number(0, 1 << 30),
        default=0,
        metavar="S",
        help="added to every seed of the set: another piece of the same shape",
    )
    parser.add_argument(
        "--threads",
        type=whole_number(1, 256),
        default=2,
        metavar="N",
        help="threads of the networks",
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="keep what was played as a set file that plays it again"
    )
    autopilot.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render the set."""
    import json

    from aijockey.live.programme import choose_set, direct_source, input_decks
    from aijockey.live.rendering import check_output, describe
    from aijockey.live.set_file import write_set
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    check_output(arguments.output, arguments.force)
    pack = Pack.open(find_pack(arguments.pack))
    live_set = choose_set(arguments.set, pack).varied(arguments.seed, arguments.tempo)
    live_set = autopilot.stage(arguments, live_set, pack)
    engine = autopilot.engine(arguments, live_set, pack, direct_source(pack, arguments.threads, live_set))
    if silent := input_decks(live_set):
        listed = ", ".join(map(str, silent))
        print(f"deck {listed} carried a live input, which a set does not hold: silent here", file=sys.stderr)
    report = render_with_progress(
        engine, arguments.output, arguments.bars or live_set.bars, arguments.block_samples
    )
    if arguments.save:
        write_set(arguments.save, engine.recorded())
    if arguments.json:
        print(json.dumps(report.as_json() | {"pack": pack.hash}, indent=1))
    else:
        print(describe(report))
    return 0


def render_with_progress(engine: "Engine", path: Path, bars: int, block_samples: int) -> "RenderReport":
    """Render, with a bar of bars on stderr."""
    from tqdm import tqdm

    from aijockey.live.rendering import render
    from aijockey.music.grid import BEATS_PER_BAR

    with tqdm(total=bars, desc=engine.live_set.title, unit="bar", disable=None) as shown:

        def progress(beats: float) -> None:
            shown.update(int(beats / BEATS_PER_BAR) - shown.n)

        return render(engine, path, bars, block_samples=block_samples, progress=progress)
