"""``aijockey bench``: how fast this machine makes loops (``--engine``: plays them), and with ``--soak`` what it can be
trusted with on a stage.
"""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aijockey.cli.arguments import Rule, number, whole_number

if TYPE_CHECKING:
    from aijockey.pack.pack import Pack

RULES = (
    Rule(
        ("--pack", "--voice", "--repeats", "--soak"),
        lambda given: not given.engine,
        "--engine measures the engine by itself",
    ),
    Rule(("--voice", "--repeats"), lambda given: given.soak is None, "--soak plays all voices, once"),
    Rule(
        ("--device", "--output", "--block", "--members"),
        lambda given: given.soak is not None,
        "only --soak MINUTES plays",
    ),
    Rule(("--device",), lambda given: given.output == "device", "--output null has no device"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--pack", metavar="P", help="folder, archive or shipped pack (default: default)")
    parser.add_argument(
        "--voice", metavar="VOICE", help="voice to measure (default: the first of each generator)"
    )
    parser.add_argument("--repeats", type=whole_number(1, 1000), default=15, metavar="N", help="rounds")
    parser.add_argument(
        "--soak",
        type=number(0.05, 1440.0),
        metavar="MINUTES",
        help="play eight decks for so long with everything on instead, and measure dropouts and growth",
    )
    parser.add_argument(
        "--engine",
        action="store_true",
        help="measure the engine by itself instead: eight decks with two inserts each, offline and live",
    )
    parser.add_argument("--device", metavar="NAME", help="soak: part of an output device's name")
    parser.add_argument(
        "--output", choices=("device", "null"), default="device", help="soak: null needs no device"
    )
    parser.add_argument(
        "--block", type=whole_number(64, 2048), default=512, metavar="N", help="soak: samples of a block"
    )
    parser.add_argument(
        "--members",
        type=whole_number(1, 8),
        default=4,
        metavar="N",
        help="soak: loops made for each that is heard",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print a table, write the figures."""
    from tqdm import tqdm

    from aijockey.live.benchmark import BenchmarkError, describe_machine, measure
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    if arguments.json and not arguments.json.absolute().parent.is_dir():
        raise BenchmarkError(f"{arguments.json}: the folder does not exist")
    if arguments.engine:
        return engine(arguments)
    pack = Pack.open(find_pack(arguments.pack))
    if arguments.soak:
        return soak(arguments, pack)
    manifest = pack.manifest
    if arguments.voice:
        chosen = [manifest.voice(arguments.voice)]
    else:
        chosen = list({voice.generator: voice for voice in reversed(manifest.voices)}.values())[::-1]
    machine = describe_machine()
    by_generator: dict[str, Any] = {}
    with tqdm(total=arguments.repeats * len(chosen), unit="round", disable=None) as progress:
        for voice in chosen:
            by_generator[voice.generator] = measure(pack, voice.name, arguments.repeats, progress.update)
    # The pack is as fast as its slowest generator.
    slowest = max(by_generator, key=lambda name: by_generator[name]["generate_4_loops"]["two_threads_ms"])
    figures = by_generator[slowest]
    ours, theirs = figures["generate_4_loops"], figures["griffin_lim_4_loops"]
    report = {
        "pack": {"name": manifest.name, "version": manifest.version, "hash": pack.hash},
        "machine": machine,
        "repeats": arguments.repeats,
        "generator": slowest,
        **figures,
        "times_faster_than_griffin_lim": {
            label: round(theirs[f"{label}_ms"] / ours[f"{label}_ms"], 1)
            for label in ("one_thread", "two_threads")
        },
        "by_generator": by_generator,
    }
    print_table(report)
    if arguments.json:
        write_json(arguments.json, report)
    return 0


def engine(arguments: argparse.Namespace) -> int:
    """Measure the engine without generation, print and write the figures."""
    from aijockey.live.benchmark import describe_machine
    from aijockey.live.engine_benchmark import describe_engine, measure_engine

    figures = {"machine": describe_machine(), **measure_engine()}
    print(describe_engine(figures))
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def soak(arguments: argparse.Namespace, pack: "Pack") -> int:
    """Play long and hard, print and write what was measured."""
    from tqdm import tqdm

    from aijockey.live import benchmark
    from aijockey.live.processes import soak as long

    with tqdm(total=round(60 * arguments.soak), unit="s", disable=None) as progress:
        figures = long.soak(
            pack,
            arguments.soak,
            device_name=arguments.device,
            null=arguments.output == "null",
            block_samples=arguments.block,
            members=arguments.members,
            progress=progress.update,
        )
    report = {
        "pack": {"name": pack.manifest.name, "version": pack.manifest.version, "hash": pack.hash},
        "machine": benchmark.describe_machine(),
        **figures,
    }
    print(json.dumps(report, indent=1))
    if arguments.json:
        write_json(arguments.json, report)
    return 0


def write_json(path: Path, report: dict[str, Any]) -> None:
    """Write figures to a file, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)


def print_table(report: dict[str, Any]) -> None:
    """The figures for people: median and 95th percentile, times real time, peak memory."""
    machine = report["machine"]
    print(f"{machine['processor']}, {machine['logical_cores']} logical cores; load {machine['load_average']}")
    print(
        f"pack {report['pack']['name']} {report['pack']['version']}; median of {report['repeats']} rounds\n"
    )
    print(f"{'':<44}{'1 thread':^36}{'2 threads':^36}")
    columns = f"{'ms':>8}{'p95':>8}{'x real':>9}{'peak MB':>9}  "
    print(f"{'':<44}{columns}{columns}")
    for generator, figures in report["by_generator"].items():
        for entry in figures.values():
            words = f"{generator}: {entry['description']}"
            cells = "".join(
                f"{entry[f'{label}_ms']:8.0f}{entry[f'{label}_p95_ms']:8.0f}"
                f"{entry[f'{label}_times_real_time']:9.0f}{entry[f'{label}_peak_rss_mb'] or 0:9.0f}  "
                for label in ("one_thread", "two_threads")
            )
            print(f"{words:<44}{cells}")
    faster = report["times_faster_than_griffin_lim"]
    print(
        f"\n{report['generator']} with the pack's vocoder is {faster['one_thread']:g} times (1 thread) and "
        f"{faster['two_threads']:g} times (2 threads) faster than Griffin-Lim alone"
    )
