"""What a family of models is: a config, networks, one training step, an export.

The training loop, the exporter and the command line know families only through `Family` and `Task`; whoever has read
one family has read them all. To add one: write a module like `flow`, then a line in `FAMILIES`.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from aijockey.representation.mel import MelConfig
from aijockey.representation.patch_code import PatchCode
from aijockey.train.config import TrainConfig

Float = npt.NDArray[np.float32]
Metrics = dict[str, Tensor]
Kind = Literal["generator", "vocoder"]


@dataclass(frozen=True)
class DataInfo:
    """What networks may know of the data they are built for; travels in every checkpoint.

    Attributes
    ----------
    voices : names, in the order of their index.
    controls : names of the measures that condition a generator, in the order of their columns.
    patches, dims : shape of a loop's codes.
    """

    mel: MelConfig
    samples: int
    patches: int
    dims: int
    voices: tuple[str, ...]
    controls: tuple[str, ...]

    @property
    def frames(self) -> int:
        """Mel frames of a loop."""
        return self.samples // self.mel.hop_samples


@dataclass(frozen=True)
class CodeBatch:
    """Loops for a generator: codes (batch, patches, dims), voice (batch,) int64, controls (batch, n) in
    standard units."""

    codes: Tensor
    voice: Tensor
    controls: Tensor


@dataclass(frozen=True)
class AudioBatch:
    """Crops for a vocoder.

    Attributes
    ----------
    mel : (batch, bands, frames) as the network will see it: clean, or through the generator's code.
    audio : (batch, frames * hop) the truth.
    start : (batch,) frame of the loop that the mel begins with.
    """

    mel: Tensor
    audio: Tensor
    start: Tensor


@dataclass(frozen=True)
class Graph:
    """What one exported network is: module, example inputs and names, and its entry in the pack's manifest.

    ``traced`` is what becomes the graph, where it is said otherwise than ``module``, which it is compared with.
    """

    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
    entry: dict[str, Any]
    traced: nn.Module | None = None


class Task(ABC):
    """Networks, optimisers and step of one training.

    Everything that must survive a kill is in ``networks`` and ``optimizers``; a step's randomness comes only from the
    generator it is given, which the loop derives from seed and step.
    """

    train: TrainConfig
    networks: nn.ModuleDict
    optimizers: dict[str, torch.optim.Optimizer]
    progress: float = 0.0  # of the whole run, 0 to 1; set by the loop before each step

    fabric: Fabric | None = None  # set by the loop: devices and precisions have their own ways of a gradient

    def backward(self, loss: Tensor) -> None:
        """Gradients of a loss."""
        if self.fabric is None:
            loss.backward()
        else:
            self.fabric.backward(loss)

    def descend(self, name: str, loss: Tensor) -> Tensor:
        """One step of the network ``name`` down a loss; returns the norm of the gradient."""
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        self.backward(loss)
        norm = self.train.clip(self.networks[name].parameters())
        optimizer.step()
        return norm

    def begin(self, step: int) -> None:  # noqa: B027 - most families have nothing to do
        """Told once, before the first step of a session, when all weights are in place; ``step`` is 0 in a new run.

        Raises
        ------
        ValueError : they are not what this training needs; says what is.
        """

    @abstractmethod
    def step(self, batch: Any, random: torch.Generator, step: int) -> Metrics:
        """One update of every network; returns a flat dict of scalars, each finite unless training has failed."""

    @abstractmethod
    def graph(self) -> Graph:
        """The averaged network as it is exported."""


class GeneratorTask(Task):
    """A task whose network makes codes."""

    def see_codes(self, code: PatchCode, codes: Iterable[Float]) -> None:
        """Told once before training: the patch code, and codes (loops, patches, dims) of each voice in turn.

        For families whose networks also look at the log-mel, or that need the moments of what they learn.
        """

    @abstractmethod
    def sample(self, voice: Tensor, controls: Tensor, known: Tensor, random: torch.Generator) -> Tensor:
        """Codes (batch, patches, dims) of new loops by the averaged network."""


class VocoderTask(Task):
    """A task whose network makes audio from log-mels."""

    @abstractmethod
    def vocode(self, mel: Tensor) -> Tensor:
        """Circular audio (batch, samples) of (batch, bands, frames) by the averaged network."""


@dataclass(frozen=True)
class Family:
    """One kind of model.

    Attributes
    ----------
    config : frozen dataclass of what a recipe may set under ``[model]``.
    make : builds networks and optimisers from config, training settings and data.
    """

    kind: Kind
    config: type
    make: Callable[[Any, Any, DataInfo], Task]


class Average(nn.Module):
    """Exponential moving average of a network's weights, with a warm-up so that early averages are not stale.

    The decay at step ``k`` is ``min(decay, (1 + k) / (10 + k))``.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards ``network``."""
        weight = 1.0 - min(self.decay, (1 + step) / (10 + step))
        ours: list[Tensor] = list(self.network.parameters())
        theirs: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(ours, theirs, weight)
        for mine, yours in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(yours)


def standard_normal(shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Noise that depends on the generator alone, not on the device."""
    return torch.randn(shape, generator=random)


def draw_known(controls: Tensor, chance: float, random: torch.Generator) -> Tensor:
    """Which controls a loop of the batch shows, 1 or 0: half the time none or all, else each with ``chance``."""
    kind = torch.rand(len(controls), 1, generator=random)
    each = torch.rand(tuple(controls.shape), generator=random) < chance
    shown = torch.where(kind < 0.3, False, torch.where(kind < 0.5, True, each))
    return shown.to(controls.device, controls.dtype)


def to_numpy(tensor: Tensor) -> npt.NDArray[np.float32]:
    """A float32 array of a tensor."""
    return tensor.detach().to("cpu", torch.float32).numpy()
