import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from aijockey.corpus.store import Corpus
from aijockey.train import checkpoint as checkpoints
from aijockey.train.checkpoint import CheckpointError
from aijockey.train.config import RecipeError, read_recipe
from aijockey.train.families.flow import FlowTask
from aijockey.train.loop import DivergedError, Limits, train

Shrink = Callable[..., Path]


def _train(corpus: Corpus, recipe: Path, run: Path, limits: Limits, **more: Any) -> Any:
    told = more.pop("tell", lambda text: None)
    return train(
        corpus, read_recipe(str(recipe)), run, limits, accelerator="cpu", quiet=True, tell=told, **more
    )


def _lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_killed_and_resumed_is_as_if_never_killed(corpus: Corpus, shrink: Shrink, tmp_path: Path) -> None:
    """A real SIGKILL of a real process, somewhere in its steps; the weights at the end are the same."""
    recipe = shrink("flow-light", train={"checkpoint_minutes": 0.0})  # a checkpoint after every step

    # Each in a process of its own: libraries that other tests have loaded into this one may have changed how it rounds.
    def command(run: str) -> list[str]:
        return [
            sys.executable, "-m", "aijockey.cli.main", "train", str(corpus.path), "--recipe", str(recipe),
            "--run", str(tmp_path / run), "--steps", "80", "--accelerator", "cpu",
        ]  # fmt: skip

    subprocess.run(command("whole"), check=True, capture_output=True)
    process = subprocess.Popen(
        command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    last = tmp_path / "killed" / "last.safetensors"
    try:
        while process.poll() is None and not (last.exists() and checkpoints.load(last).progress.step >= 2):
            time.sleep(0.02)
    finally:
        process.kill()
        _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    step = checkpoints.load(last).progress.step
    assert 2 <= step < 80
    subprocess.run(command("killed"), check=True, capture_output=True)
    assert checkpoints.load(last).progress.step == 80
    whole = checkpoints.load(tmp_path / "whole" / "last.safetensors").tensors
    killed = checkpoints.load(last).tensors
    assert whole.keys() == killed.keys()
    assert [name for name in whole if not torch.equal(whole[name], killed[name])] == []


def test_a_loss_that_is_no_number_stops_with_the_last_good_state(
    corpus: Corpus, shrink: Shrink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, run = shrink("flow-light", train={"checkpoint_minutes": 0.0}), tmp_path / "run"
    original = FlowTask.step

    def diverge_at_three(self: FlowTask, batch: Any, random: torch.Generator, step: int) -> Any:
        metrics = original(self, batch, random, step)
        if step == 3:
            with torch.no_grad():
                next(self.networks.parameters()).fill_(float("nan"))
            return metrics | {"loss": torch.tensor(float("nan"))}
        return metrics

    monkeypatch.setattr(FlowTask, "step", diverge_at_three)
    with pytest.raises(
        DivergedError, match=r"loss is nan at step 4; .*last\.safetensors holds the last good state"
    ):
        _train(corpus, recipe, run, Limits(steps=10))
    saved = checkpoints.load(run / "last.safetensors")
    assert saved.progress.step == 3
    assert all(torch.isfinite(tensor).all() for tensor in saved.tensors.values())
    monkeypatch.undo()
    assert _train(corpus, recipe, run, Limits(steps=5)).progress.step == 5


def test_divergence_before_any_checkpoint_says_so(
    corpus: Corpus, shrink: Shrink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FlowTask, "step", lambda *_: {"loss": torch.tensor(float("inf"))})
    with pytest.raises(DivergedError, match="loss is inf at step 1; no checkpoint was saved yet"):
        _train(corpus, shrink("flow-light"), tmp_path / "run", Limits(steps=2))
    assert not list((tmp_path / "run").glob("*.safetensors"))


def test_a_run_goes_on_only_as_what_it_was(
    corpus: Corpus,
    make_corpus: Callable[..., Corpus],
    shrink: Shrink,
    trained: Callable[[str], Any],
    tmp_path: Path,
) -> None:
    run = trained("flow-light").folder
    three = Limits(steps=3)
    for recipe, seed, word in (
        (shrink("flow-light", train={"learning_rate": 1e-4}), 0, "train"),
        (shrink("flow-light", model={"width": 32}), 0, "model"),
        (shrink("flow", model={"width": 32}), 0, "train and model"),
        (shrink("flow-light"), 1, "seed"),
    ):
        with pytest.raises(CheckpointError, match=f"was trained with another {word}"):
            _train(corpus, recipe, run, three, seed=seed)
    with pytest.raises(CheckpointError, match="another corpus"):
        _train(make_corpus(("techno",)), shrink("flow-light"), run, three)
    # When to save and to judge is no part of what is trained.
    result = _train(corpus, shrink("flow-light", train={"judge_minutes": 9.0}), run, three)
    assert result.progress.step == 3


def test_a_model_that_does_not_fit_the_corpus_is_a_recipe_error(
    corpus: Corpus, shrink: Shrink, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match="64 patches cannot be folded into 3 bars"):
        _train(corpus, shrink("flow-light", model={"fold": 3}), tmp_path / "run", Limits(steps=1))
    with pytest.raises(RecipeError, match="cannot be halved 7 times"):
        _train(corpus, shrink("stylegan2-light", model={"levels": 7}), tmp_path / "run", Limits(steps=1))


@pytest.mark.slow
def test_judging_scores_each_voice_shows_it_and_keeps_the_best(
    make_corpus: Callable[..., Corpus], shrink: Shrink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_corpus(("breaks", "techno"), train=16, test=0)
    scores = iter([0.5, 0.9])
    told: list[str] = []
    from aijockey.train.judge import GeneratorJudge

    original = GeneratorJudge.measure
    monkeypatch.setattr(GeneratorJudge, "measure", lambda self: original(self) | {"score": next(scores)})
    recipe = shrink("flow-light", train={"judge_minutes": 1e9, "judge_count": 16})
    _train(corpus, recipe, tmp_path / "run", Limits(steps=1), tell=told.append)
    _train(corpus, recipe, tmp_path / "run", Limits(steps=2), tell=told.append)
    run = tmp_path / "run"
    best, last = (checkpoints.load(run / f"{name}.safetensors") for name in ("best", "last"))
    assert (best.progress.step, best.progress.best_score) == (1, 0.5)
    assert (last.progress.step, last.progress.best_score) == (2, 0.5)
    judged = [line for line in _lines(run) if line["kind"] == "judge"]
    assert [line["step"] for line in judged] == [1, 2]
    assert {"breaks.score", "techno.score", "score", "rhythm_diversity"} <= judged[0].keys()
    assert len(list((run / "previews").glob("step-*.png"))) == 2
    assert "step 1: score 0.5000 (best so far)" in told
    assert "step 2: score 0.9000 (best 0.5000)" in told


def test_collapse_is_warned_of() -> None:
    from aijockey.train.judge import GeneratorJudge

    judge = GeneratorJudge.__new__(GeneratorJudge)
    figures = dict.fromkeys(("timbre_diversity", "rhythm_diversity", "harmony_diversity"), 0.9)
    assert judge.warnings(figures) == []
    assert "0.10 as diverse as real ones" in judge.warnings(figures | {"rhythm_diversity": 0.1})[0]


def test_a_run_that_is_done_is_not_done_again(corpus: Corpus, trained: Callable[[str], Any]) -> None:
    run = trained("flow-light")
    before = checkpoints.load(run.folder / "last.safetensors").tensors
    result = train(corpus, run.recipe, run.folder, Limits(steps=3), accelerator="cpu", quiet=True, tell=str)
    assert (result.progress.step, result.interrupted) == (3, False)
    after = checkpoints.load(run.folder / "last.safetensors").tensors
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_without_a_judge_the_newest_state_is_the_best(corpus: Corpus, shrink: Shrink, tmp_path: Path) -> None:
    for steps in (1, 2):
        _train(corpus, shrink("flow-light"), tmp_path / "run", Limits(steps=steps))
        assert checkpoints.load(tmp_path / "run" / "best.safetensors").progress.step == steps


def test_progress_is_by_whichever_limit_comes_first() -> None:
    both = Limits(minutes=1.0, steps=100)
    assert both.progress(50, 6.0) == 0.5
    assert both.progress(10, 30.0) == 0.5
    assert both.progress(500, 0.0) == 1.0
    assert Limits(steps=4).progress(1, 1e9) == 0.25


def test_importing_training_sets_no_threads() -> None:
    script = (
        "import torch; before = torch.get_num_threads()\n"
        "import aijockey.train.loop; assert torch.get_num_threads() == before"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))


def test_a_new_run_may_begin_with_anothers_weights(corpus: Corpus, shrink: Shrink, tmp_path: Path) -> None:
    """Where nothing is learned any more, what comes out is what came in, and the run says where it came from."""
    teacher = _train(corpus, shrink("flow"), tmp_path / "teacher", Limits(steps=2))
    still = shrink("flow", train={"learning_rate": 0.0, "weight_decay": 0.0})
    _train(
        corpus,
        still,
        tmp_path / "pupil",
        Limits(steps=1),
        start_from=tmp_path / "teacher" / "last.safetensors",
    )
    ours, theirs = (checkpoints.load(tmp_path / name / "last.safetensors") for name in ("pupil", "teacher"))
    for name, tensor in theirs.tensors.items():
        if name.startswith("networks.flow."):
            assert torch.equal(ours.tensors[name], tensor), name
    assert [row[:2] for row in ours.statement["started_from"]] == [[ours.recipe.name, teacher.progress.step]]


def test_weights_of_another_family_are_refused(corpus: Corpus, shrink: Shrink, tmp_path: Path) -> None:
    _train(corpus, shrink("vocos"), tmp_path / "vocoder", Limits(steps=1))
    with pytest.raises(checkpoints.CheckpointError, match="vocos of recipe vocos has no weights"):
        _train(
            corpus, shrink("flow"), tmp_path / "flow", Limits(steps=1),
            start_from=tmp_path / "vocoder" / "last.safetensors",
        )  # fmt: skip
