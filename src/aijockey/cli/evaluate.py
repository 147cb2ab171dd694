"""``aijockey evaluate``: judge a pack, a folder of loops or a corpus: figures and a report."""

import argparse
from pathlib import Path

from aijockey.cli.arguments import Rule

RULES = (
    Rule(
        ("--count", "--quick", "--seed"),
        lambda given: given.against,
        "without --against CORPUS a corpus is judged alone, all of it",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "subject",
        type=Path,
        help="pack (folder, archive or name), folder of loops (or of folders named like voices), or corpus",
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="CORPUS",
        help="corpus whose held-out loops are the yardstick; without it SUBJECT is a corpus, judged alone",
    )
    parser.add_argument(
        "--count", type=int, metavar="N", help="generated loops a voice; 1000, or 200 with --quick"
    )
    parser.add_argument("--quick", action="store_true", help="fewer loops of everything, wider intervals")
    parser.add_argument("--seed", type=int, default=0, help="another seed generates and draws other loops")
    parser.add_argument("--voices", metavar="A,B", help="voices to judge; all that both have if not given")
    parser.add_argument("--output", "-o", type=Path, metavar="REPORT.html", help="page to write")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="file for the figures, or - for the terminal"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one a core if not given")
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(arguments: argparse.Namespace) -> int:
    """Judge, write what was asked for, and print the short form."""
    import json
    import os
    import sys

    from tqdm import tqdm

    from aijockey.evaluate.corpus_judge import judge_corpus
    from aijockey.evaluate.corpus_report import corpus_summary, write_corpus_report
    from aijockey.evaluate.evaluation import QUICK, Settings, evaluate_against, work_units
    from aijockey.evaluate.page import write_text
    from aijockey.evaluate.report import write_report
    from aijockey.evaluate.sources import EvaluationError
    from aijockey.evaluate.summary import summarize

    to_terminal = arguments.json is not None and str(arguments.json) == "-"
    for path in (arguments.output, None if to_terminal else arguments.json):
        if path is None:
            continue
        if path.exists() and not arguments.force:
            raise EvaluationError(f"{path} exists; --force replaces it")
        if not path.parent.is_dir():
            raise EvaluationError(f"{path}: the folder {path.parent} does not exist")
    workers = (os.cpu_count() or 1) if arguments.workers is None else arguments.workers
    if workers < 1 or (arguments.count is not None and arguments.count < 1) or arguments.seed < 0:
        raise EvaluationError("--workers and --count must be 1 or more, --seed 0 or more")
    chosen = tuple(word.strip() for word in (arguments.voices or "").split(",") if word.strip())

    if arguments.against is None:
        with tqdm(total=None, unit="loop", file=sys.stderr, desc="corpus") as bar:
            corpus = judge_corpus(arguments.subject, chosen, workers, lambda units: bar.update(units))
        figures, summary = corpus.figures, corpus_summary(corpus.figures)
        if arguments.output:
            write_corpus_report(arguments.output, corpus)
    else:
        given = {"count": arguments.count} if arguments.count is not None else {}
        settings = Settings(
            **{**(QUICK if arguments.quick else {}), **given},
            seed=arguments.seed,
            processes=workers,
            quick=arguments.quick,
        )
        units = work_units(arguments.subject, arguments.against, settings, chosen)
        with tqdm(total=units, unit="loop", file=sys.stderr) as bar:

            def advance(done: int, what: str) -> None:
                bar.set_description(what, refresh=False)
                bar.update(done)

            evaluation = evaluate_against(arguments.subject, arguments.against, settings, chosen, advance)
        figures, summary = evaluation.figures, summarize(evaluation.figures)
        if arguments.output:
            write_report(arguments.output, evaluation)

    if to_terminal:
        print(json.dumps(figures, indent=1, allow_nan=False))
    else:
        if arguments.json is not None:
            write_text(arguments.json, json.dumps(figures, indent=1, allow_nan=False) + "\n")
        print(summary)
    if arguments.output:
        print(f"report: {arguments.output}", file=sys.stderr)
    return 0
