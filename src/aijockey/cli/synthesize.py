"""``aijockey synthesize CORPUS``: a corpus from nothing, by the procedural studio."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "corpus", type=Path, help="folder to make; one that was interrupted is taken up again"
    )
    parser.add_argument("--loops-per-voice", type=int, default=200, metavar="N", help="loops of each voice")
    parser.add_argument("--voices", metavar="A,B", help="voices to play; all if not given")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other loops")
    parser.add_argument(
        "--test-share", type=float, default=0.1, metavar="SHARE", help="share of each voice that is held out"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one a core if not given")
    parser.add_argument("--force", action="store_true", help="replace a corpus of other settings")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Make the corpus and print what is in it."""
    import json

    from aijockey.corpus.synthesize.corpus import (
        StudioSettings,
        SynthesizeError,
        default_workers,
        parse_voices,
        synthesize_corpus,
    )

    workers = default_workers() if arguments.workers is None else arguments.workers
    if workers < 1:
        raise SynthesizeError(f"{workers} workers; expected 1 or more")
    settings = StudioSettings(
        voices=tuple(parse_voices(arguments.voices)),
        loops_per_voice=arguments.loops_per_voice,
        seed=arguments.seed,
        test_share=arguments.test_share,
    )
    summary = synthesize_corpus(arguments.corpus, settings, workers=workers, force=arguments.force)
    if arguments.json:
        print(json.dumps(summary))
    else:
        print(
            f"{summary['corpus']}: {summary['loops']} loops ({summary['train']} train, "
            f"{summary['test']} test) of {', '.join(summary['voices'])}; "
            f"{summary['shards_kept']} shards were there already"
        )
    return 0
