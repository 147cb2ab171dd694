"""Checkpoints: one safetensors file that appears whole or not at all, with its recipe inside.

Holds networks, averages and optimisers, so that a run goes on exactly; the patch code and control scales, so that
export needs no corpus; and as metadata the resolved recipe, data shapes, step, time and score. No pickle.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from aijockey.errors import AijockeyError
from aijockey.representation.mel import MelConfig
from aijockey.representation.patch_code import PatchCode
from aijockey.train.config import Recipe, resolve
from aijockey.train.families.base import DataInfo, Task
from aijockey.train.features import ControlScale

FORMAT = 1


class CheckpointError(AijockeyError):
    """A checkpoint that is missing, damaged or not this run's."""


@dataclass(frozen=True)
class Progress:
    """Where a run is.

    Attributes
    ----------
    seconds : spent in training, over all sessions. best_score : lowest so far, or None before the first judging.
    """

    step: int = 0
    seconds: float = 0.0
    best_score: float | None = None


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds beside a task's own state."""

    recipe: Recipe
    data: DataInfo
    progress: Progress
    seed: int
    statement: dict[str, Any]
    code: PatchCode | None
    scale: ControlScale
    tensors: dict[str, Tensor]


def find_checkpoint(run: Path) -> Path:
    """The best checkpoint of a run folder, or a checkpoint file itself."""
    return run if run.suffix == ".safetensors" else run / "best.safetensors"


def save(
    path: Path,
    task: Task,
    recipe: Recipe,
    data: DataInfo,
    progress: Progress,
    seed: int,
    statement: dict[str, Any],
    code: PatchCode | None,
    scale: ControlScale,
) -> None:
    """Write a checkpoint under a temporary name, flush it to disk, then rename it.

    Parameters
    ----------
    statement : what the corpus says of itself (licence, makers, counts), for the pack's model card.
    """
    tensors, groups = _state(task)
    tensors["scale.mean"], tensors["scale.deviation"] = (
        torch.from_numpy(scale.mean),
        torch.from_numpy(scale.deviation),
    )
    if code is not None:
        tensors["code.mean"], tensors["code.basis"] = (
            torch.from_numpy(code.mean),
            torch.from_numpy(code.basis),
        )
    content = {
        "format": FORMAT,
        "recipe": recipe.to_dict(),
        "data": asdict(data),
        "progress": asdict(progress),
        "seed": seed,
        "statement": statement,
        "groups": groups,
        "patch_frames": code.patch_frames if code is not None else 0,
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    unique = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    try:
        safetensors.torch.save_file(unique, partial, metadata={"aijockey": json.dumps(content)})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written ({error}); is the disk full?") from error
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError : missing, damaged, or of a newer version.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; `aijockey train` makes one")
    try:
        with safetensors.safe_open(path, "pt") as file:
            content = json.loads((file.metadata() or {})["aijockey"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, KeyError, ValueError, OSError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of aijockey, or is damaged ({error})") from error
    if content.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} has checkpoint format {content.get('format')}; this version reads {FORMAT}"
        )
    data = content["data"]
    info = DataInfo(
        MelConfig(**data["mel"]), data["samples"], data["patches"], data["dims"],
        tuple(data["voices"]), tuple(data["controls"]),
    )  # fmt: skip
    code = None
    if "code.basis" in tensors:
        mean, basis = tensors["code.mean"].numpy(), tensors["code.basis"].numpy()
        code = PatchCode(mean, basis, content["patch_frames"])
    scale = ControlScale(tensors["scale.mean"].numpy(), tensors["scale.deviation"].numpy())
    recipe = resolve(content["recipe"], content["recipe"]["name"])
    progress = Progress(**content["progress"])
    tensors["groups"] = torch.from_numpy(
        np.frombuffer(json.dumps(content["groups"]).encode(), dtype=np.uint8).copy()
    )
    return Checkpoint(recipe, info, progress, content["seed"], content["statement"], code, scale, tensors)


def restore(task: Task, checkpoint: Checkpoint) -> None:
    """Put networks and optimisers of a task into a checkpoint's state.

    Raises
    ------
    CheckpointError : the networks have other shapes than the checkpoint's.
    """
    networks = {
        name.removeprefix("networks."): tensor
        for name, tensor in checkpoint.tensors.items()
        if name.startswith("networks.")
    }
    try:
        task.networks.load_state_dict(networks)
    except RuntimeError as error:
        raise CheckpointError(f"the checkpoint does not fit its networks: {error}") from error
    groups = json.loads(checkpoint.tensors["groups"].numpy().tobytes())
    for name, optimizer in task.optimizers.items():
        prefix = f"optimizers.{name}."
        state: dict[int, dict[str, Tensor]] = {}
        for key, tensor in checkpoint.tensors.items():
            if key.startswith(prefix):
                parameter, field = key.removeprefix(prefix).split(".", 1)
                state.setdefault(int(parameter), {})[field] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": groups[name]})


def adopt(task: Task, checkpoint: Checkpoint) -> int:
    """Begin with a checkpoint's weights wherever name and shape agree; returns how many weights that were.

    Raises
    ------
    CheckpointError : nothing agrees, so that it is another family or size.
    """
    ours, count = task.networks.state_dict(), 0
    for name, tensor in ours.items():
        theirs = checkpoint.tensors.get(f"networks.{name}")
        if theirs is not None and theirs.shape == tensor.shape:
            tensor.copy_(theirs)
            count += tensor.numel()
    if not count:
        raise CheckpointError(
            f"a {checkpoint.recipe.family} of recipe {checkpoint.recipe.name} has no weights of the shapes wanted here"
        )
    return count


def _state(task: Task) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by name, and the optimisers' settings as plain values."""
    tensors = {f"networks.{name}": tensor for name, tensor in task.networks.state_dict().items()}
    groups: dict[str, Any] = {}
    for name, optimizer in task.optimizers.items():
        state = optimizer.state_dict()
        groups[name] = state["param_groups"]
        for parameter, fields in state["state"].items():
            for field, value in fields.items():
                tensors[f"optimizers.{name}.{parameter}.{field}"] = torch.as_tensor(value)
    return tensors, groups
