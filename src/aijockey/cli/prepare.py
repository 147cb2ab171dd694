"""aijockey prepare FOLDER CORPUS: a folder of audio becomes a corpus to train on."""

import argparse
import os
from pathlib import Path

from aijockey.cli.arguments import Rule

RULES = (
    Rule(("--bars",), lambda given: given.unit == "loop", "--unit beat cuts single beats"),
    Rule(("--no-tempo",), lambda given: given.bpm is None, "--bpm states the tempo of all files"),
    Rule(("--workers",), lambda given: given.scheduler is None, "--scheduler has workers of its own"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="audio, in sub-folders named by voice (or one file)"
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder to make, or to go on making")
    parser.add_argument("--bpm", type=_tempo, help="tempo of all files; else it is found")
    parser.add_argument(
        "--beats",
        type=Path,
        metavar="FILE",
        help="beat file of the one audio file; beside each file NAME.beats.tsv is found by itself",
    )
    parser.add_argument("--unit", choices=("loop", "beat"), default="loop", help="what to cut")
    parser.add_argument("--bars", type=int, choices=(1, 2, 4, 8), default=2, help="length of a loop")
    parser.add_argument("--voice", help="voice of all loops; else the name of the sub-folder")
    parser.add_argument("--mono", action="store_true", help="mix down to one channel")
    parser.add_argument(
        "--no-tempo",
        choices=("skip", "keep"),
        default="skip",
        help="files in which no tempo is found: skip them, or keep them as textures, cut without stretching",
    )
    parser.add_argument("--silence-lufs", type=float, default=-60.0, help="drop loops softer than this")
    parser.add_argument(
        "--duplicate-db",
        type=float,
        default=1.0,
        help="drop loops that differ less than this from another; 0 keeps all",
    )
    parser.add_argument(
        "--test-share", type=_share, default=0.1, help="share of the loops to hold out, by source"
    )
    parser.add_argument("--licence", default="unknown", help="licence of the audio, recorded with each loop")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--scheduler", metavar="tcp://...", help="run on this Dask cluster instead")
    parser.add_argument("--force", action="store_true", help="throw away the corpus that is there")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def _tempo(text: str) -> float:
    bpm = float(text)
    if not 20.0 <= bpm <= 400.0:
        raise argparse.ArgumentTypeError(f"{text}: expected a tempo from 20 to 400 BPM")
    return bpm


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 <= share <= 0.9:
        raise argparse.ArgumentTypeError(f"{text}: expected a share from 0 to 0.9")
    return share


def run(arguments: argparse.Namespace) -> int:
    """Prepare and report."""
    import json

    from tqdm import tqdm

    from aijockey.corpus.executors import open_executor
    from aijockey.corpus.prepare import PrepareSettings, prepare
    from aijockey.corpus.source import CutSettings

    settings = PrepareSettings(
        cut=CutSettings(
            unit=arguments.unit,
            bars=arguments.bars,
            channels=1 if arguments.mono else 2,
            bpm=arguments.bpm,
            no_tempo=arguments.no_tempo,
            silence_lufs=arguments.silence_lufs,
            duplicate_db=arguments.duplicate_db,
        ),
        voice=arguments.voice,
        beats=arguments.beats,
        test_share=arguments.test_share,
        licence=arguments.licence,
    )
    with (
        open_executor(arguments.workers, arguments.scheduler) as executor,
        tqdm(desc="prepare", unit="file", leave=False) as bar,
    ):

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        summary = prepare(arguments.folder, arguments.corpus, settings, executor, arguments.force, progress)
    if arguments.json:
        print(json.dumps(summary.to_json(), indent=1, ensure_ascii=False))
        return 0
    for source in summary.sources:
        warning = f"  ({source['warning']})" if source["warning"] else ""
        print(
            f"{source['source']}: {source['loops']} loops of {source['voice']}, {source['bpm']:.2f} BPM "
            f"by {source['tempo_from']} ({source['tempo_confidence']:.2f}), {source['split']}{warning}"
        )
    for entry in summary.skipped:
        print(f"{entry['source']}: skipped, {entry['reason']}")
    for note in summary.notes:
        print(note)
    print(
        f"{arguments.corpus}: {summary.loops} loops ({summary.train} train, {summary.test} test) from "
        f"{len(summary.sources)} files; {len(summary.skipped)} files skipped, {summary.silent} silent and "
        f"{summary.repeated} repeated loops dropped"
    )
    return 0
