"""Recipes: small TOML files of differences, resolved into frozen dataclasses.

A recipe names its ``family``, may name a ``base`` recipe that it differs from, and sets keys under ``[train]``,
``[data]`` and ``[model]``. An unknown key stops the run and names its nearest neighbour.
"""

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from aijockey.errors import AijockeyError
from aijockey.representation.mel import MelConfig

SOURCES = ("corpus", "studio")


class RecipeError(AijockeyError):
    """A recipe that cannot be read or says something impossible."""


PRECISIONS = ("32-true", "bf16-mixed", "bf16-true", "16-mixed", "64-true")


@dataclass(frozen=True)
class TrainConfig:
    """How any family is trained.

    Attributes
    ----------
    batch : loops or crops a step, on each device.
    cooldown_share : last part of the run in which the learning rate falls linearly to zero.
    checkpoint_minutes, judge_minutes : intervals of saving, and of measuring and showing.
    judge_count : loops of each voice made and compared at each measuring.
    precision : of Lightning Fabric, one of `PRECISIONS`.
    """

    batch: int = 64
    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.01
    warmup_steps: int = 100
    cooldown_share: float = 0.2
    gradient_limit: float = 1.0
    ema_decay: float = 0.999
    checkpoint_minutes: float = 2.0
    judge_minutes: float = 6.0
    judge_count: int = 128
    precision: str = "32-true"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is '{self.precision}'; expected one of {', '.join(PRECISIONS)}")

    def optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        """AdamW (Loshchilov and Hutter 2019) without decay on vectors; ``initial_rate`` is what schedules scale."""
        groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
        for parameter in network.parameters():
            groups[parameter.ndim >= 2].append(parameter)
        rate = self.learning_rate
        return torch.optim.AdamW(
            [
                {"params": groups[True], "weight_decay": self.weight_decay, "initial_rate": rate},
                {"params": groups[False], "weight_decay": 0.0, "initial_rate": rate},
            ],
            lr=rate,
            betas=(self.beta1, self.beta2),
        )

    def clip(self, parameters: Iterable[nn.Parameter]) -> Tensor:
        """Bound the norm of a gradient; returns the norm before."""
        return nn.utils.clip_grad_norm_(list(parameters), self.gradient_limit)


@dataclass(frozen=True)
class DataConfig:
    """What a corpus becomes on its way to a network.

    Attributes
    ----------
    patch_frames, dims, whiten : of the patch code; see `representation.patch_code`.
    voices : names to train on; empty means all.
    controls : measures that condition a generator.
    rotate_bars : let generators see loops rotated by whole bars, which are as good as new.
    crop_frames : mel frames of a vocoder's crop; ``context_frames`` more on each side are computed and thrown away.
    coded_share : part of the vocoder's crops whose mel went through the patch code, as the generators' will have.
    source : ``corpus``, or ``studio``: a generator then sees loops that the studio renders while it trains, no two
        epochs alike; the corpus names voices, fits code and controls, and judges.
    studio_window : of those loops, how many a step can draw from. studio_per_step : how many of them each step renews.
    studio_workers : processes that render.
    """

    mel: MelConfig = field(default_factory=MelConfig)
    patch_frames: int = 4
    dims: int = 128
    whiten: float = 0.5
    voices: tuple[str, ...] = ()
    controls: tuple[str, ...] = ("onset_density", "bass_share", "brightness", "swing", "tonalness", "sustain")
    rotate_bars: bool = True
    crop_frames: int = 64
    context_frames: int = 8
    coded_share: float = 0.5
    source: str = "corpus"
    studio_window: int = 1024
    studio_per_step: float = 1.0
    studio_workers: int = 1

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"source is {self.source!r}; expected {' or '.join(SOURCES)}")
        if min(self.studio_window, self.studio_workers) < 1 or self.studio_per_step < 0:
            raise ValueError(
                "studio_window and studio_workers must be at least 1, studio_per_step at least 0"
            )


@dataclass(frozen=True)
class Recipe:
    """A resolved recipe: everything that a run needs to know beside its corpus and seed."""

    name: str
    family: str
    train: TrainConfig
    data: DataConfig
    model: Any

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they travel in checkpoints."""
        return dataclasses.asdict(self)


def recipe_names() -> list[str]:
    """The recipes that are shipped."""
    folder = resources.files("aijockey.train.recipes")
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def recipe_text(name: str) -> str:
    """TOML of a shipped recipe; its first line is a comment that says what it is for."""
    return resources.files("aijockey.train.recipes").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def read_recipe(name_or_path: str) -> Recipe:
    """A shipped recipe by name, or one of the player's own by the path of its TOML file.

    Raises
    ------
    RecipeError : not found, not TOML, or a key or value that means nothing.
    """
    return resolve(_differences(name_or_path), Path(name_or_path).stem)


def _differences(name_or_path: str, depth: int = 0) -> dict[str, Any]:
    if depth > 8:
        raise RecipeError(f"recipe {name_or_path}: bases form a circle")
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise RecipeError(f"{path}: no such recipe file")
        text = path.read_text(encoding="utf-8")
    elif name_or_path in recipe_names():
        text = recipe_text(name_or_path)
    else:
        raise RecipeError(f"no recipe '{name_or_path}'; {_near(name_or_path, recipe_names())}")
    try:
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name_or_path}: {error}") from error
    base = own.pop("base", None)
    if base is None:
        return own
    if not isinstance(base, str):
        raise RecipeError(f"recipe {name_or_path}: base is {base!r}; expected the name of a recipe")
    merged = _differences(base, depth + 1)
    for key, value in own.items():
        merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
    return merged


def resolve(values: dict[str, Any], name: str) -> Recipe:
    """Typed recipe of plain values, as read from TOML or from a checkpoint."""
    from aijockey.train.families import FAMILIES

    values = {key: value for key, value in values.items() if key != "name"}
    unknown = set(values) - {"family", "train", "data", "model"}
    if unknown:
        raise RecipeError(
            f"recipe {name}: unknown key '{min(unknown)}'; expected family, base, train, data, model"
        )
    family = values.get("family")
    if family not in FAMILIES:
        raise RecipeError(f"recipe {name}: unknown family {family!r}; {_near(str(family), list(FAMILIES))}")
    return Recipe(
        name=name,
        family=family,
        train=build(TrainConfig, values.get("train", {}), f"recipe {name}: train"),
        data=build(DataConfig, values.get("data", {}), f"recipe {name}: data"),
        model=build(FAMILIES[family].config, values.get("model", {}), f"recipe {name}: model"),
    )


def build(config: type, values: dict[str, Any], where: str) -> Any:
    """A frozen dataclass from plain values, checked key by key and type by type."""
    if not isinstance(values, dict):
        raise RecipeError(f"{where} is {values!r}; expected a table")
    defaults = {f.name: getattr(config(), f.name) for f in dataclasses.fields(config)}
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        if key not in defaults:
            raise RecipeError(f"{where}.{key}: unknown; {_near(key, list(defaults))}")
        arguments[key] = _convert(value, defaults[key], f"{where}.{key}")
    try:
        return config(**arguments)
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from error


def _convert(value: Any, default: Any, where: str) -> Any:
    if dataclasses.is_dataclass(default) and isinstance(value, dict):
        return build(type(default), value, where)
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(_convert(item, default[0], where) if default else item for item in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise RecipeError(f"{where} is {value!r}; expected a {type(default).__name__} such as {default!r}")
    return value


def _near(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"expected one of {', '.join(known)}"
