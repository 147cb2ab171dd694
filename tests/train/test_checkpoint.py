import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from aijockey.train import checkpoint as checkpoints
from aijockey.train.checkpoint import CheckpointError
from aijockey.train.export import build_task


@pytest.fixture
def last(trained: Callable[[str], Any]) -> Path:
    return trained("flow-light").folder / "last.safetensors"


def _save_again(path: Path, last: Path) -> None:
    saved = checkpoints.load(last)
    task = build_task(saved)
    checkpoints.save(
        path,
        task,
        saved.recipe,
        saved.data,
        saved.progress,
        saved.seed,
        saved.statement,
        saved.code,
        saved.scale,
    )


def test_holds_everything_that_export_needs(
    last: Path, trained: Callable[[str], Any], tmp_path: Path
) -> None:
    saved = checkpoints.load(last)
    assert saved.recipe == trained("flow-light").recipe
    assert saved.data.voices == ("breaks", "techno")
    assert saved.code is not None
    assert saved.code.dims == saved.data.dims == 8
    assert saved.scale.mean.shape == (2, 2)
    assert saved.statement["licences"] == ["CC0-1.0"]
    _save_again(tmp_path / "again.safetensors", last)
    again = checkpoints.load(tmp_path / "again.safetensors")
    assert (again.recipe, again.data, again.progress) == (saved.recipe, saved.data, saved.progress)
    np.testing.assert_array_equal(again.code.basis, saved.code.basis)
    networks = [name for name in saved.tensors if name.startswith("networks.")]
    assert all(torch.equal(saved.tensors[name], again.tensors[name]) for name in networks)


def test_an_interrupted_write_leaves_the_old_checkpoint_and_nothing_else(
    last: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.safetensors"
    _save_again(path, last)
    before = path.read_bytes()

    def fill_the_disk(tensors: Any, target: Path, metadata: Any) -> None:
        Path(target).write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safetensors.torch, "save_file", fill_the_disk)
    with pytest.raises(CheckpointError, match="is the disk full"):
        _save_again(path, last)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.safetensors"]


@pytest.mark.parametrize("keep", [0, 5, 1000, -1])
def test_a_damaged_file_is_named(keep: int, last: Path, tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    path.write_bytes(last.read_bytes()[:keep])
    with pytest.raises(
        CheckpointError, match=r"last\.safetensors is not a checkpoint of aijockey, or is damaged"
    ):
        checkpoints.load(path)


def test_other_files_and_newer_formats_are_refused(last: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint; `aijockey train` makes one"):
        checkpoints.load(tmp_path / "none.safetensors")
    foreign = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"x": torch.zeros(2)}, foreign)
    with pytest.raises(CheckpointError, match="not a checkpoint of aijockey"):
        checkpoints.load(foreign)
    safetensors.torch.save_file({"x": torch.zeros(2)}, foreign, {"aijockey": json.dumps({"format": 2})})
    with pytest.raises(CheckpointError, match="format 2; this version reads 1"):
        checkpoints.load(foreign)


def test_other_networks_do_not_take_it(last: Path, trained: Callable[[str], Any]) -> None:
    other = build_task(checkpoints.load(trained("vocos").folder / "last.safetensors"))
    with pytest.raises(CheckpointError, match="does not fit its networks"):
        checkpoints.restore(other, checkpoints.load(last))
