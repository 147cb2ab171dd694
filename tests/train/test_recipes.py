"""Every shipped recipe, shrunk: it trains, goes on exactly after a stop, exports, and agrees with torch."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from aijockey.corpus.store import Corpus
from aijockey.pack.pack import Pack
from aijockey.train import checkpoint as checkpoints
from aijockey.train.config import read_recipe, recipe_names
from aijockey.train.export import PackText, build_task, export_pack, run_onnx
from aijockey.train.families import FAMILIES
from aijockey.train.families.base import Graph
from aijockey.train.features import CodeBatches, CropBatches, StudioBatches
from aijockey.train.loop import Limits, train

# Largest measured, of the vocoder with nearly random weights: 2.1e-3 of its largest output (half precision).
TOLERANCE = 5e-3

GENERATORS = [name for name in recipe_names() if FAMILIES[read_recipe(name).family].kind == "generator"]


def test_there_are_recipes_of_every_family() -> None:
    assert {read_recipe(name).family for name in recipe_names()} == set(FAMILIES)


@pytest.mark.parametrize("name", recipe_names())
def test_trains_to_finite_weights_that_moved(name: str, trained: Callable[[str], Any]) -> None:
    run = trained(name)
    saved = checkpoints.load(run.folder / "last.safetensors")
    assert saved.progress.step == 3
    assert not run.result.interrupted
    before = FAMILIES[run.recipe.family]
    torch.manual_seed(0)
    fresh = before.make(run.recipe.model, run.recipe.train, saved.data).networks.state_dict()
    after = {name: tensor for name, tensor in saved.tensors.items() if name.startswith("networks.")}
    assert all(torch.isfinite(tensor).all() for tensor in after.values())
    for network in run.recipe.family, "average":
        keys = [key for key in fresh if key.startswith(network)]
        if keys:
            assert any(not torch.equal(fresh[key], after[f"networks.{key}"]) for key in keys)


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_stopped_and_resumed_is_as_if_never_stopped(
    name: str, trained: Callable[[str], Any], corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(name)
    kind: Any = StudioBatches if whole.recipe.data.source == "studio" else CodeBatches
    kind = kind if name in GENERATORS else CropBatches
    original = kind.__call__

    def stop_at_one(batches: Any, step: int) -> Any:
        if step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(batches, step)

    monkeypatch.setattr(kind, "__call__", stop_at_one)
    told: list[str] = []
    arguments = (corpus, whole.recipe, tmp_path / "run", Limits(steps=3))
    first = train(*arguments, accelerator="cpu", quiet=True, tell=told.append, start_from=whole.started_from)
    assert (first.interrupted, first.progress.step) == (True, 2)
    monkeypatch.undo()
    second = train(*arguments, accelerator="cpu", quiet=True, tell=told.append)
    assert (second.interrupted, second.progress.step) == (False, 3)
    assert any("going on from step 2" in text for text in told)
    expected = checkpoints.load(whole.folder / "last.safetensors").tensors
    found = checkpoints.load(tmp_path / "run" / "last.safetensors").tensors
    assert expected.keys() == found.keys()
    assert any(name.startswith("optimizers.") for name in expected)
    different = [name for name in expected if not torch.equal(expected[name], found[name])]
    assert different == []


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_exports_a_pack_whose_graph_agrees_with_torch(
    name: str, trained: Callable[[str], Any], tmp_path: Path
) -> None:
    run, is_vocoder = trained(name), name not in GENERATORS
    maker, vocoder = (trained("flow-light"), run.folder) if is_vocoder else (run, None)
    made = export_pack(tmp_path / "made.ajpack", [maker.folder], vocoder, PackText("made"))
    pack = Pack.open(tmp_path / "made.ajpack")  # verifies graphs, arrays and hashes
    assert pack.hash == made.hash
    assert [voice.name for voice in pack.manifest.voices] == ["breaks", "techno"]
    assert maker.recipe.name in pack.card
    generator = pack.manifest.generators[maker.recipe.family]
    assert generator.controls == ("onset_density", "brightness")
    assert pack.code(generator.codes).dims == 8
    data = pack.read("vocoder.onnx" if is_vocoder else generator.graph)
    assert {node.domain for node in onnx.load_from_string(data).graph.node} == {""}
    assert b"site-packages" not in data
    graph = build_task(checkpoints.load(run.folder / "best.safetensors")).graph()
    for batch in (1, 3):
        assert _disagreement(graph, data, batch) < TOLERANCE


def _disagreement(graph: Graph, data: bytes, batch: int) -> float:
    """Largest difference between ONNX Runtime and torch on random inputs, relative to the largest output."""
    random = torch.Generator().manual_seed(batch)
    inputs = {
        key: torch.randn((batch, *value.shape[1:]), generator=random)
        if value.is_floating_point()
        else torch.arange(batch) % 2
        for key, value in graph.inputs.items()
    }
    with torch.no_grad():
        truth = graph.module(**inputs)
    found = run_onnx(data, {key: value.numpy() for key, value in inputs.items()})
    errors = []
    for ours, theirs in zip(found, truth if isinstance(truth, tuple) else (truth,), strict=True):
        assert ours.shape == tuple(theirs.shape)
        errors.append(float(np.abs(ours - theirs.numpy()).max() / np.abs(theirs.numpy()).max()))
    return max(errors)
