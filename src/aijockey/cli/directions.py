"""``aijockey directions``: find, calibrate and prove the named controls of a pack's voices, and measure their paces."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule

if TYPE_CHECKING:
    from aijockey.pack.pack import Pack

RULES = (Rule(("--quick", "--held-out"), lambda given: not given.paces, "--paces measures no directions"),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("pack", metavar="PACK", help="folder, archive or shipped pack")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="NEWPACK",
        help="pack to write; PACK itself, with --force, if not given",
    )
    parser.add_argument("--voices", metavar="A,B", help="voices to make directions for; all if not given")
    parser.add_argument(
        "--quick", action="store_true", help="fewer loops of everything: a try-out, not for a pack to keep"
    )
    parser.add_argument(
        "--held-out", type=int, metavar="N", help="latents of the table; 500, or 84 with --quick"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one a core if not given")
    parser.add_argument(
        "--paces",
        action="store_true",
        help="measure only how far walks go in a bar to be heard equally fast, anew; directions stay as they are "
        "(minutes)",
    )
    parser.add_argument("--json", action="store_true", help="print the directions and figures as JSON")
    parser.add_argument("--force", action="store_true", help="replace a pack that is already there")


def run(arguments: argparse.Namespace) -> int:
    """Make them, print their tables, write the pack."""
    import dataclasses
    import json
    import os
    import sys

    from tqdm import tqdm

    from aijockey.errors import AijockeyError
    from aijockey.evaluate.directions.calibrate import QUICK, Settings
    from aijockey.evaluate.directions.measures import MEL_MEASURES
    from aijockey.evaluate.directions.remake import make_directions, write_directions
    from aijockey.evaluate.directions.table import terminal_table
    from aijockey.pack.errors import PackExistsError
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    pack = Pack.open(find_pack(arguments.pack))
    target: Path = arguments.output or pack.path
    if target.exists() and not arguments.force:
        raise PackExistsError(f"{target}: exists already; --force replaces it, -o NEWPACK writes another")
    if not target.parent.is_dir():
        raise AijockeyError(f"{target}: the folder {target.parent} does not exist")
    workers = (os.cpu_count() or 1) if arguments.workers is None else arguments.workers
    if workers < 1:
        raise AijockeyError(f"--workers is {workers}; expected 1 or more")
    chosen = tuple(word.strip() for word in (arguments.voices or "").split(",") if word.strip())
    names = tuple(pack.manifest.voice(name).name for name in chosen) or tuple(
        v.name for v in pack.manifest.voices
    )
    if arguments.paces:
        return measure_paces(pack, names, target, workers, arguments)
    settings = dataclasses.replace(QUICK if arguments.quick else Settings(), processes=workers)
    if arguments.held_out is not None:
        if arguments.held_out < len(MEL_MEASURES):
            raise AijockeyError(f"--held-out is {arguments.held_out}; expected {len(MEL_MEASURES)} or more")
        settings = dataclasses.replace(settings, held_out=arguments.held_out)
    with tqdm(total=settings.loops() * len(names), unit="loop", file=sys.stderr) as bar:

        def advance(done: int, what: str) -> None:
            bar.set_description(what, refresh=False)
            bar.update(done)

        proofs = make_directions(pack.path, names, settings, advance)
        bar.total = bar.n
    made = write_directions(pack, proofs, target, force=arguments.force)
    if arguments.json:
        listed = {
            voice.name: {
                "directions": [
                    dataclasses.asdict(direction)
                    for direction in (voice.directions.directions if voice.directions else ())
                ],
                "figures": proofs[voice.name].figures,
            }
            for voice in made.manifest.voices
            if voice.name in proofs
        }
        print(
            json.dumps({"pack": str(target), "hash": made.hash, "voices": listed}, indent=1, allow_nan=False)
        )
        return 0
    print(terminal_table(made.manifest, names))
    print(f"\n{target}: hash {made.hash[:12]}")
    return 0


def measure_paces(
    pack: "Pack", names: tuple[str, ...], target: Path, workers: int, arguments: argparse.Namespace
) -> int:
    """Measure the paces of some voices, print them, write the pack."""
    import dataclasses
    import json
    import sys

    from tqdm import tqdm

    from aijockey.evaluate.directions.remake import write_paces

    with tqdm(total=len(names), unit="voice", file=sys.stderr) as bar:
        made = write_paces(
            pack,
            names,
            target,
            force=arguments.force,
            processors=workers,
            progress=lambda voice, pace: bar.update(),
        )
    paces = {name: pace for name in names if (pace := made.manifest.voice(name).pace) is not None}
    if arguments.json:
        listed = {name: dataclasses.asdict(pace) for name, pace in paces.items()}
        print(json.dumps({"pack": str(target), "hash": made.hash, "paces": listed}, indent=1))
        return 0
    for name, pace in paces.items():
        shown = zip(pace.angles_rad, pace.changes_db, strict=True)
        print(f"{name:12}", "  ".join(f"{angle:g} rad {change:.2f} dB" for angle, change in shown))
    print(f"\n{target}: hash {made.hash[:12]}")
    return 0
