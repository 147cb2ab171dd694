"""The one training loop, for every family, on one device or several (Lightning Fabric).

RUN/last.safetensors     newest state; training goes on from it
RUN/best.safetensors     state with the lowest score so far; what is exported
RUN/log.jsonl            one line of metrics every few seconds, and one per judging
RUN/previews/            pictures and sound of fixed latents
RUN/tensorboard/         the same figures for TensorBoard
"""

import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from aijockey.corpus.store import Corpus
from aijockey.errors import AijockeyError
from aijockey.train import checkpoint as checkpoints
from aijockey.train.checkpoint import Progress
from aijockey.train.config import Recipe, RecipeError
from aijockey.train.families import FAMILIES
from aijockey.train.families.base import AudioBatch, CodeBatch, GeneratorTask, Kind, Task
from aijockey.train.features import CodeBatches, CropBatches, Features, StudioBatches, step_rng
from aijockey.train.judge import Judge, make_judge

LOG_SECONDS = 10.0

Batches = CodeBatches | CropBatches | StudioBatches


class DivergedError(AijockeyError):
    """A loss stopped being a number."""


@dataclass(frozen=True)
class Limits:
    """When a run ends: after so many minutes of training over all sessions, or steps, whichever comes first."""

    minutes: float | None = None
    steps: int | None = None

    def progress(self, step: int, seconds: float) -> float:
        """Part of the run that is done, 0 to 1."""
        parts = [0.0]
        if self.minutes is not None:
            parts.append(seconds / (60.0 * self.minutes))
        if self.steps is not None:
            parts.append(step / self.steps)
        return min(1.0, max(parts))


@dataclass(frozen=True)
class Result:
    """How a run ended. ``interrupted`` is true when it was asked to stop before its limit."""

    progress: Progress
    interrupted: bool
    run: Path


def statement_of(corpus: Corpus, features: Features) -> dict[str, Any]:
    """What a corpus says of itself, for checkpoints and model cards."""
    header = corpus.header
    return {
        "made_by": header.made_by
        + (", joined by endless loops of the studio" if features.config.source == "studio" else ""),
        "licence": header.licence,
        "key": header.key,
        "bars": header.bars,
        "bpm": header.bpm,
        "loops": {
            voice: int((features.voice_of[features.train] == i).sum())
            for i, voice in enumerate(features.voices)
        },
        "loudness_lufs": {
            voice: float(
                np.median(
                    [
                        corpus.loops[j].measures.get("loudness_lufs", -18.0)
                        for j in features.train[features.voice_of[features.train] == i]
                    ]
                )
            )
            for i, voice in enumerate(features.voices)
        },
        "tonal_voices": _tonal_voices(corpus, features),
        "licences": sorted({record.licence for record in corpus.loops}),
        "sources": len({record.source for record in corpus.loops}),
        "settings": header.settings,
    }


def _tonal_voices(corpus: Corpus, features: Features) -> list[str]:
    """Voices of which nearly every loop is noted to be in the corpus's key."""
    key, tonal = corpus.header.key, []
    for index, voice in enumerate(features.voices):
        loops = features.train[features.voice_of[features.train] == index]
        in_key = sum(corpus.loops[i].notes.get("key") == key for i in loops)
        if key is not None and len(loops) and in_key >= 0.9 * len(loops):
            tonal.append(voice)
    return tonal


def train(
    corpus: Corpus,
    recipe: Recipe,
    run: Path,
    limits: Limits,
    seed: int = 0,
    devices: int = 1,
    nodes: int = 1,
    accelerator: str = "auto",
    quiet: bool = False,
    tell: Callable[[str], None] = print,
    start_from: Path | None = None,
) -> Result:
    """Train until a limit, from ``RUN/last.safetensors`` where that exists.

    A batch and its noise depend on seed and step alone and all state is in the checkpoint, so a run that was killed
    and resumed ends with the same weights as one that was not, when its length is given in steps; a length in minutes
    makes the cool-down of the learning rate follow the clock.

    Parameters
    ----------
    start_from : another run's checkpoint, whose weights a new run begins with where their shapes agree: a player's own
        few loops then need not teach what all loops have in common.

    Raises
    ------
    DivergedError : a loss is no longer finite; the last good checkpoint is kept.
    CheckpointError : the run folder holds a checkpoint of another recipe or corpus.
    """
    precision: Any = recipe.train.precision  # checked by the recipe
    fabric = Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, precision=precision)
    if devices * nodes > 1:
        fabric.launch()
    run.mkdir(parents=True, exist_ok=True)
    features = Features(corpus, recipe.data, quiet)
    family = FAMILIES[recipe.family]
    statement = statement_of(corpus, features)
    torch.manual_seed(seed)
    try:
        task = family.make(recipe.model, recipe.train, features.info)
    except ValueError as error:
        raise RecipeError(f"recipe {recipe.name} does not fit {corpus.path}: {error}") from error
    last, best = run / "last.safetensors", run / "best.safetensors"
    if start_from is not None and not last.exists():
        teacher = checkpoints.load(start_from)
        count = checkpoints.adopt(task, teacher)
        statement["started_from"] = [
            *teacher.statement.get("started_from", []),
            [teacher.recipe.name, teacher.progress.step, teacher.progress.seconds],
        ]
        tell(f"begins with {count:,} weights of {start_from}")
    code = features.code if isinstance(task, GeneratorTask) else None
    if isinstance(task, GeneratorTask) and code is not None:
        task.see_codes(code, features.codes_by_voice())
    progress = Progress()
    if last.exists():
        before = checkpoints.load(last)
        _check_same_run(before, recipe, features, seed, last)
        checkpoints.restore(task, before)
        progress, statement = before.progress, before.statement
        tell(f"going on from step {progress.step} of {last}")
    try:
        task.begin(progress.step)
    except ValueError as error:
        raise RecipeError(f"recipe {recipe.name}: {error}") from error
    _set_up(fabric, task)
    size, rank = recipe.train.batch, fabric.global_rank
    # Each device draws its own stream, so that together they see `devices` batches a step.
    batches = _make_batches(family.kind, features, size, seed * 1_000_003 + rank, run)
    judge = make_judge(family.kind, task, features, recipe.train, seed, fabric.device)

    def save(path: Path) -> None:
        if fabric.is_global_zero:
            checkpoints.save(
                path, task, recipe, features.info, progress, seed, statement, code, features.control_scale
            )

    writer = _Log(run) if fabric.is_global_zero else None
    stop = _StopRequest()
    random = torch.Generator()
    session_start, seconds_before = time.monotonic(), progress.seconds
    saved = judged = logged = session_start
    bar = tqdm(total=100.0, desc=recipe.name, unit="%", disable=quiet or not fabric.is_global_zero,
               bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}")  # fmt: skip
    with stop.listening(), ExitStack() as ends:
        ends.callback(bar.close)
        if writer is not None:
            ends.callback(writer.close)
        if isinstance(batches, StudioBatches):
            ends.callback(batches.close)
        while (done := limits.progress(progress.step, progress.seconds)) < 1.0 and not stop.requested:
            task.progress = done
            _set_rates(task, progress.step, done, recipe)
            random.manual_seed(int(step_rng(seed + rank, progress.step, 1).integers(2**62)))
            batch = _to_device(batches(progress.step), fabric.device)
            metrics = task.step(batch, random, progress.step)
            now = time.monotonic()
            progress = replace(progress, step=progress.step + 1, seconds=seconds_before + now - session_start)
            values = {name: float(value) for name, value in metrics.items()}
            bad = next((name for name, value in values.items() if not math.isfinite(value)), None)
            if bad is not None:
                raise DivergedError(
                    f"{bad} is {values[bad]} at step {progress.step}; "
                    + (
                        f"{last} holds the last good state: "
                        if last.exists()
                        else "no checkpoint was saved yet: "
                    )
                    + "lower train.learning_rate and run again"
                )
            if now - logged >= LOG_SECONDS:
                logged = now
                rate = (progress.step) / max(progress.seconds, 1e-9)
                bar.n = min(100.0, 100.0 * done)
                bar.set_postfix_str(f"step {progress.step}, {rate * size:.0f}/s, loss {values['loss']:.4f}")
                if writer is not None:
                    writer.write(progress, "step", values)
            if judge is not None and now - judged >= 60.0 * recipe.train.judge_minutes:
                progress, better = _judge(judge, run, progress, writer, tell)
                if better:
                    save(best)
                judged = saved = time.monotonic()
                session_start += judged - now  # measuring is not training
                save(last)
            elif now - saved >= 60.0 * recipe.train.checkpoint_minutes:
                saved = now
                save(last)
        if judge is not None and not stop.requested:
            progress, better = _judge(judge, run, progress, writer, tell)
            if better:
                save(best)
        save(last)
        if judge is None or not best.exists():
            save(best)  # nothing says which is better: the newest
        bar.n = 100.0 * limits.progress(progress.step, progress.seconds)
        bar.refresh()
    return Result(progress, stop.requested, run)


def _make_batches(kind: Kind, features: Features, size: int, seed: int, run: Path) -> Batches:
    if kind == "vocoder":
        if features.config.source != "corpus":
            raise RecipeError(
                f"data.source is '{features.config.source}'; a vocoder is trained on the audio of a corpus"
            )
        return CropBatches(features, size, seed)
    if features.config.source == "studio":
        return StudioBatches(features, size, seed, run / "studio")
    return CodeBatches(features, size, seed)


def _judge(
    judge: Judge, run: Path, progress: Progress, writer: "_Log | None", tell: Callable[[str], None]
) -> tuple[Progress, bool]:
    """Measure and show; returns the progress with its score, and whether that is the best so far."""
    figures = judge.measure()
    score = figures["score"]
    better = progress.best_score is None or score < progress.best_score
    tell(
        f"step {progress.step}: score {score:.4f}"
        + (" (best so far)" if better else f" (best {progress.best_score:.4f})")
    )
    for warning in judge.warnings(figures):
        tell(f"warning: {warning}")
    judge.show(run / "previews", progress.step)
    if writer is not None:
        writer.write(progress, "judge", figures)
    return (replace(progress, best_score=score) if better else progress), better


def _set_up(fabric: Fabric, task: Task) -> None:
    """Hand networks and optimisers to Fabric, which places them on devices and gathers gradients."""
    for name, optimizer in task.optimizers.items():
        task.networks[name], task.optimizers[name] = fabric.setup(task.networks[name], optimizer)
    task.networks["average"] = fabric.to_device(task.networks["average"])
    for value in vars(task).values():
        if isinstance(value, torch.nn.Module):
            fabric.to_device(value)
    task.fabric = fabric


def _set_rates(task: Task, step: int, done: float, recipe: Recipe) -> None:
    """Warm-up, constant, then linear to zero over the last part of the run."""
    train = recipe.train
    factor = min(1.0, (step + 1) / max(1, train.warmup_steps))
    if train.cooldown_share > 0:
        factor *= min(1.0, (1.0 - done) / train.cooldown_share)
    for optimizer in task.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = factor * group["initial_rate"]


def _to_device(batch: CodeBatch | AudioBatch, device: torch.device) -> CodeBatch | AudioBatch:
    return type(batch)(**{name: value.to(device) for name, value in vars(batch).items()})


def _check_same_run(
    before: checkpoints.Checkpoint, recipe: Recipe, features: Features, seed: int, path: Path
) -> None:
    """A run goes on only with the recipe, seed and data it began with; when to save and judge may change."""
    ours, theirs = recipe.to_dict(), before.recipe.to_dict()
    for part in (ours, theirs):
        part.pop("name")
        for key in ("checkpoint_minutes", "judge_minutes", "judge_count"):
            part["train"].pop(key)
        part["data"].pop("studio_workers")
    different = [key for key in ours if ours[key] != theirs[key]]
    if before.seed != seed:
        different.append("seed")
    if before.data != features.info:
        different.append("corpus")
    if different:
        raise checkpoints.CheckpointError(
            f"{path} was trained with another {' and '.join(different)}; name a new run folder with --run, "
            "or delete this one"
        )


class _Log:
    """Metrics as JSON lines and for TensorBoard."""

    def __init__(self, run: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.file = (run / "log.jsonl").open("a", encoding="utf-8")
        self.board = SummaryWriter(str(run / "tensorboard"))

    def write(self, progress: Progress, kind: str, values: dict[str, float]) -> None:
        line = {"kind": kind, "step": progress.step, "seconds": round(progress.seconds, 2), **values}
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        for name, value in values.items():
            self.board.add_scalar(f"{kind}/{name}", value, progress.step)

    def close(self) -> None:
        self.file.close()
        self.board.close()


class _StopRequest:
    """Ctrl-C and SIGTERM end the run after the present step, with everything saved."""

    def __init__(self) -> None:
        self.requested = False

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Catch the signals while the loop runs, where this thread may."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        try:
            before = [signal.signal(number, self._request) for number in numbers]
        except ValueError:  # not the main thread: signals are somebody else's
            yield
            return
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
