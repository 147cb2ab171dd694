"""``aijockey train``: corpus and recipe -> checkpoints in a run folder."""

import argparse
import ctypes
import json
import sys
from pathlib import Path

from aijockey.errors import MissingExtraError

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Words of the verb."""
    parser.add_argument("corpus", type=Path, help="folder made by prepare or synthesize")
    parser.add_argument(
        "--recipe", default="flow-light", help="name of a shipped recipe, or path of a TOML file"
    )
    parser.add_argument(
        "--run", type=Path, help="folder of this run; one that holds a run goes on (default: runs/RECIPE)"
    )
    parser.add_argument(
        "--start-from", type=Path, metavar="RUN", help="begin with the weights of another run, where they fit"
    )
    parser.add_argument(
        "--minutes", type=float, help="training time over all sessions of this run (default: 10)"
    )
    parser.add_argument("--steps", type=int, help="end after so many steps instead, or as well")
    parser.add_argument("--seed", type=int, default=0, help="of weights, batches and noise")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads; two runs of 1 beat one of 2")
    parser.add_argument("--devices", type=int, default=1, help="GPUs or processes on each machine")
    parser.add_argument("--nodes", type=int, default=1, help="machines")
    parser.add_argument("--accelerator", default="auto", help="cpu, cuda, mps or auto")
    parser.add_argument(
        "--list-recipes", action=ListRecipes, nargs=0, help="list the shipped recipes and exit"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


class ListRecipes(argparse.Action):
    """Prints the shipped recipes with their first comment line."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and exit."""
        from aijockey.train.config import recipe_names, recipe_text

        for name in recipe_names():
            print(f"{name:18} {recipe_text(name).splitlines()[0].lstrip('# ')}")
        parser.exit(0)


def run(arguments: argparse.Namespace) -> int:
    """Train until the limit; Ctrl-C saves and stops."""
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "train") from error
    from aijockey.corpus.store import Corpus
    from aijockey.train.checkpoint import find_checkpoint
    from aijockey.train.config import RecipeError, read_recipe
    from aijockey.train.loop import Limits, train

    for name in ("minutes", "steps", "threads", "devices", "nodes"):
        value = getattr(arguments, name)
        if value is not None and value <= 0:
            raise RecipeError(f"--{name} is {value}; expected more than 0")
    keep_memory()
    torch.set_num_threads(arguments.threads)
    recipe = read_recipe(arguments.recipe)
    minutes = arguments.minutes if arguments.minutes or arguments.steps else 10.0
    folder = arguments.run or Path("runs") / recipe.name
    result = train(
        Corpus.open(arguments.corpus),
        recipe,
        folder,
        Limits(minutes, arguments.steps),
        seed=arguments.seed,
        devices=arguments.devices,
        nodes=arguments.nodes,
        accelerator=arguments.accelerator,
        tell=lambda text: print(text, file=sys.stderr),
        start_from=find_checkpoint(arguments.start_from) if arguments.start_from else None,
    )
    progress = result.progress
    if arguments.json:
        print(json.dumps({
            "run": str(folder), "step": progress.step, "seconds": round(progress.seconds, 1),
            "best_score": progress.best_score, "interrupted": result.interrupted,
        }))  # fmt: skip
    else:
        score = "not scored" if progress.best_score is None else f"best score {progress.best_score:.4f}"
        state = "interrupted; run the same command to go on" if result.interrupted else "done"
        print(f"{state}: {progress.step} steps in {progress.seconds / 60:.1f} minutes, {score}")
        print(f"next: aijockey export {folder} -o PACK")
    return 0


def keep_memory() -> None:
    """Let glibc keep large freed blocks: without this CPU training spends nearly half its time on page faults."""
    if sys.platform == "linux":
        try:
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        except (OSError, AttributeError):  # another libc has no such knobs, and needs none
            return
