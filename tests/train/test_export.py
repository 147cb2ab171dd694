import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from aijockey.corpus.store import Corpus
from aijockey.pack.errors import PackExistsError
from aijockey.pack.pack import Pack
from aijockey.train import export as module
from aijockey.train.checkpoint import CheckpointError
from aijockey.train.config import read_recipe
from aijockey.train.export import (
    ExportError,
    PackText,
    export_graph,
    export_pack,
    run_onnx,
    store_in_half,
    strip,
    voice_word,
)
from aijockey.train.families.base import Graph
from aijockey.train.loop import Limits, train

TEXT = PackText("tiny", card="Words of a person.")


@pytest.fixture
def plain_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is exported does not matter here, and tracing is slow: every graph is one that passes for it."""

    def stand_in(graph: Graph, name: str) -> bytes:
        kinds = {torch.int64: TensorProto.INT64, torch.float32: TensorProto.FLOAT}
        shapes = {
            key: (kinds[value.dtype], ["batch", *value.shape[1:]]) for key, value in graph.inputs.items()
        }
        inputs = [helper.make_tensor_value_info(key, *shape) for key, shape in shapes.items()]
        first = next(iter(graph.inputs))
        outputs = [helper.make_tensor_value_info(key, *shapes[first]) for key in graph.outputs]
        nodes = [helper.make_node("Identity", [first], [key]) for key in graph.outputs]
        model = helper.make_model(helper.make_graph(nodes, name, inputs, outputs))
        data: bytes = model.SerializeToString()
        return data

    monkeypatch.setattr(module, "export_graph", stand_in)


@pytest.fixture
def flow(trained: Callable[[str], Any]) -> Path:
    return trained("flow-light").folder


@pytest.mark.usefixtures("plain_graphs")
class TestPacks:
    def test_says_what_the_corpus_said(self, flow: Path, corpus: Corpus, tmp_path: Path) -> None:
        pack = export_pack(tmp_path / "pack", [flow], None, TEXT)
        manifest = pack.manifest
        assert (manifest.bars, manifest.samples, manifest.key) == (2, 192_000, "A minor")
        assert manifest.licence == "CC0-1.0"
        assert "12 of breaks, 12 of techno loops from 28 sources, made by tests" in manifest.training_data
        voices = {voice.name: voice for voice in manifest.voices}
        assert (voices["techno"].tonal, voices["techno"].key) == (True, "A minor")
        assert (voices["breaks"].tonal, voices["breaks"].key) == (False, None)
        assert voices["breaks"].loudness_lufs == -14.0
        stated = np.array([corpus.loops[i].measures["brightness"] for i in corpus.select("train", "breaks")])
        assert voices["breaks"].controls["brightness"].mean == pytest.approx(stated.mean(), rel=1e-4)
        assert voices["breaks"].controls["brightness"].std == pytest.approx(stated.std(), rel=1e-4)
        assert "Words of a person." in pack.card
        assert "flow-light" in pack.card

    def test_an_existing_pack_is_replaced_only_when_forced(self, flow: Path, tmp_path: Path) -> None:
        export_pack(tmp_path / "pack", [flow], None, TEXT)
        with pytest.raises(PackExistsError):
            export_pack(tmp_path / "pack", [flow], None, TEXT)
        again = export_pack(tmp_path / "pack", [flow], None, PackText("other"), force=True)
        assert Pack.open(tmp_path / "pack").manifest.name == again.manifest.name == "other"

    def test_voices_are_chosen_and_ordered(self, flow: Path, tmp_path: Path) -> None:
        pack = export_pack(tmp_path / "pack", [flow], None, TEXT, voices=["techno"])
        assert [(voice.name, voice.index) for voice in pack.manifest.voices] == [("techno", 1)]
        with pytest.raises(ExportError, match="no run has the voice 'snare'; they have breaks, techno"):
            export_pack(tmp_path / "other", [flow], None, TEXT, voices=["snare"])

    def test_corrections_are_asked_for_or_as_the_vocoder_was_trained(
        self, flow: Path, trained: Callable[[str], Any], tmp_path: Path
    ) -> None:
        vocoder = trained("vocos").folder
        asked = export_pack(tmp_path / "asked", [flow], vocoder, TEXT, corrections=5)
        plain = export_pack(tmp_path / "plain", [flow], vocoder, TEXT)
        assert asked.manifest.vocoder.corrections == 5
        assert plain.manifest.vocoder.corrections == trained("vocos").recipe.model.corrections
        with pytest.raises(ExportError, match="griffin-lim"):
            export_pack(tmp_path / "other", [flow], None, TEXT, corrections=5)

    def test_a_later_run_takes_over_its_voices(
        self, flow: Path, make_corpus: Any, shrink: Any, tmp_path: Path
    ) -> None:
        recipe = read_recipe(str(shrink("flow-light")))
        train(
            make_corpus(("techno",)),
            recipe,
            tmp_path / "kicks",
            Limits(steps=1),
            accelerator="cpu",
            quiet=True,
            tell=str,
        )
        pack = export_pack(tmp_path / "pack", [flow, tmp_path / "kicks"], None, TEXT)
        found = {voice.name: (voice.generator, voice.index) for voice in pack.manifest.voices}
        assert found == {"breaks": ("flow", 0), "techno": ("flow-2", 0)}
        only = export_pack(tmp_path / "only", [flow, tmp_path / "kicks"], None, TEXT, voices=["techno"])
        assert list(only.manifest.generators) == ["flow-2"]
        assert not any(name.startswith("flow.") or name == "flow-mean.npy" for name in only.manifest.files)

    def test_runs_that_make_no_pack_are_named(
        self, flow: Path, trained: Callable[[str], Any], tmp_path: Path
    ) -> None:
        target, vocos = tmp_path / "pack", trained("vocos").folder
        with pytest.raises(ExportError, match="no generator run was given"):
            export_pack(target, [], None, TEXT)
        with pytest.raises(ExportError, match="holds a vocos, which is a vocoder; name it with --vocoder"):
            export_pack(target, [vocos], None, TEXT)
        with pytest.raises(ExportError, match="holds a flow, which is no vocoder"):
            export_pack(target, [flow], flow, TEXT)
        with pytest.raises(CheckpointError, match="no such checkpoint"):
            export_pack(target, [tmp_path / "nowhere"], None, TEXT)
        assert not target.exists()


@pytest.mark.slow
def test_a_killed_export_leaves_the_old_pack_and_can_be_repeated(flow: Path, tmp_path: Path) -> None:
    """A real SIGKILL when everything is written and nothing is yet in its place."""
    script = """
import os, signal, sys
from pathlib import Path
from aijockey.pack import writer
from aijockey.train.export import PackText, export_pack
run, target = Path(sys.argv[1]), Path(sys.argv[2])
export_pack(target, [run], None, PackText("old"))
writer._move_into_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
export_pack(target, [run], None, PackText("new"), force=True)
"""
    target = tmp_path / "pack"
    done = subprocess.run(
        [sys.executable, "-c", script, str(flow), str(target)], capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert Pack.open(target).manifest.name == "old"
    export_pack(target, [flow], None, PackText("new"), force=True)
    assert Pack.open(target).manifest.name == "new"


class _Doubler(nn.Module):
    """y = x W, with W large enough to be stored in half precision."""

    def __init__(self, at_export: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(64, 64, generator=torch.Generator().manual_seed(0)))
        self.at_export = at_export

    def forward(self, mel: Tensor) -> Tensor:
        factor = self.at_export if torch.compiler.is_exporting() else 1.0
        return factor * (mel @ self.weight)


@pytest.mark.slow
def test_weights_are_halved_and_arithmetic_is_not() -> None:
    data = export_graph(Graph(_Doubler(), {"mel": torch.randn(2, 64)}, ("audio",), {}), "x.onnx")
    model = onnx.load_from_string(data)
    assert any(tensor.data_type == TensorProto.FLOAT16 for tensor in model.graph.initializer)
    large = np.full((5, 64), 3e4, np.float32)  # its products would overflow half precision
    assert np.isfinite(run_onnx(data, {"mel": large})[0]).all()
    assert len(data) < 1.2 * 2 * 64 * 64 + 2_000
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param


@pytest.mark.slow
def test_a_graph_that_computes_otherwise_is_not_exported() -> None:
    with pytest.raises(ExportError, match=r"x\.onnx: ONNX Runtime and torch differ by .* in 'audio'"):
        export_graph(Graph(_Doubler(at_export=1.1), {"mel": torch.randn(2, 64)}, ("audio",), {}), "x.onnx")


def test_half_storage_keeps_small_constants_and_strip_leaves_no_traces() -> None:
    large = numpy_helper.from_array(np.ones((64, 64), np.float32), "large")
    small = numpy_helper.from_array(np.ones(8, np.float32), "small")
    node = helper.make_node("Identity", ["large"], ["y"], doc_string="/home/me/model.py:3")
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [64, 64])
    model = helper.make_model(helper.make_graph([node], "g", [], [output], [large, small]))
    store_in_half(model)
    strip(model)
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert kinds == {"large.half": TensorProto.FLOAT16, "small": TensorProto.FLOAT}
    assert b"/home/me" not in model.SerializeToString()
    onnx.checker.check_model(model)


@pytest.mark.parametrize(("voice", "word"), [("Techno 2!", "techno-2"), ("bass", "bass"), ("***", "voice")])
def test_voices_become_words(voice: str, word: str) -> None:
    assert voice_word(voice) == word
