"""A tiny corpus, and every shipped recipe shrunk until a CPU is quick."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from aijockey.corpus.store import Corpus, CorpusHeader, LoopRecord
from aijockey.corpus.writing import ShardWriter, finish_corpus, open_for_writing
from aijockey.train.config import Recipe, read_recipe
from aijockey.train.loop import Limits, Result, train

SAMPLES = 192_000

# A family that is not here has no test: add it. Keys are those of [train], [data] and [model].
SHRUNK = {
    "flow": ({"batch": 4}, {"dims": 8, "studio_window": 6}, {"width": 16, "layers": 2, "heads": 2}),
    "stylegan2": (
        {"batch": 4},
        {"dims": 8},
        {
            # As in the shipped light form a latent has as many numbers as a style, and they are not the same thing.
            "latent": 8, "noise": 4, "style": 12, "mapping_layers": 2, "width": 8, "thinnest": 4,
            "critic_width": 8, "critic_thinnest": 4, "penalty_every": 2, "path_every": 2,
        },
    ),
    "vocos": (
        {"batch": 2},
        {"crop_frames": 24, "dims": 8},
        {"width": 8, "layers": 1, "hidden": 8, "adversarial_from": 0.5, "discriminators": {"channels": 2}},
    ),
}  # fmt: skip

CorpusMaker = Callable[..., Corpus]


def _loop(voice: str, rng: np.random.Generator) -> np.ndarray:
    """Kicks on the beat ("techno") or hats off it ("breaks"), each its own level and decay: (1, samples)."""
    audio = np.zeros(SAMPLES, dtype=np.float32)
    time_s = np.arange(12_000) / 48_000
    decay = np.exp(-time_s * rng.uniform(15, 60))
    for sixteenth in range(0 if voice == "techno" else 2, 32, 4):
        if voice == "techno":
            hit = np.sin(2 * np.pi * rng.uniform(50, 70) * time_s)
        else:
            hit = rng.standard_normal(len(time_s))
        place = (sixteenth * 6_000 + np.arange(len(hit))) % SAMPLES
        audio[place] += rng.uniform(0.1, 0.3) * hit * decay
    return audio[None]


@pytest.fixture(scope="session")
def make_corpus(tmp_path_factory: pytest.TempPathFactory) -> CorpusMaker:
    """Make a corpus of ``train`` and ``test`` loops for each voice; loops state two measures and a key."""

    def make(
        voices: tuple[str, ...] = ("breaks", "techno"), train: int = 12, test: int = 2, measured: bool = True
    ) -> Corpus:
        path = tmp_path_factory.mktemp("corpus") / "tiny"
        rng = np.random.default_rng(5)
        header = CorpusHeader(channels=1, key="A minor", licence="CC0-1.0", made_by="tests")
        open_for_writing(path, header)
        records = []
        for voice in voices:
            with ShardWriter(path, voice, 1, SAMPLES) as shard:
                for number in range(train + test):
                    row = shard.append(_loop(voice, rng))
                    measures = {"onset_density": float(rng.normal(2, 1)), "brightness": float(rng.normal())}
                    records.append(
                        LoopRecord(
                            f"{voice}-{number}", f"{voice}-{number}.wav", 0.0, 120.0, voice,
                            "train" if number < train else "test", "CC0-1.0", voice, row,
                            (measures if measured else {}) | {"loudness_lufs": -14.0},
                            {"key": "A minor"} if voice == "techno" else {},
                        )
                    )  # fmt: skip
        finish_corpus(path, header, records)
        return Corpus.open(path)

    return make


@pytest.fixture(scope="session")
def corpus(make_corpus: CorpusMaker) -> Corpus:
    """Two voices of 12 + 2 loops: too few for a generator's judge, which keeps tests quick."""
    return make_corpus()


@pytest.fixture(scope="session")
def shrink(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a recipe that is a shipped one made small: ``shrink("flow", train={...}, model={...})``."""

    def make(
        name: str, train: dict | None = None, data: dict | None = None, model: dict | None = None
    ) -> Path:
        small = SHRUNK[read_recipe(name).family]
        path = tmp_path_factory.mktemp("recipe") / f"{name}.toml"
        lines = [f'base = "{name}"']
        for table, base, own in zip(("train", "data", "model"), small, (train, data, model), strict=True):
            lines.append(f"[{table}]")
            lines += [f"{key} = {_toml(value)}" for key, value in {**base, **(own or {})}.items()]
        path.write_text("\n".join(lines) + "\n")
        return path

    return make


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)


@dataclass(frozen=True)
class Run:
    """A finished run of a shrunk recipe, and the checkpoint that it began with."""

    recipe: Recipe
    folder: Path
    result: Result
    started_from: Path | None = None


@pytest.fixture(scope="session")
def trained(
    corpus: Corpus, shrink: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Run]:
    """``trained(name)``: a shipped recipe, shrunk and trained for three steps, once in a session."""
    runs: dict[str, Run] = {}

    def get(name: str) -> Run:
        if name not in runs:
            recipe = read_recipe(str(shrink(name)))
            folder = tmp_path_factory.mktemp("run") / name
            taught = getattr(recipe.model, "taught_steps", 0) > 0
            teacher = get("flow").folder / "last.safetensors" if taught else None
            result = train(
                corpus, recipe, folder, Limits(steps=3), accelerator="cpu", quiet=True, tell=_hush,
                start_from=teacher,
            )  # fmt: skip
            runs[name] = Run(recipe, folder, result, teacher)
        return runs[name]

    return get


def _hush(text: str) -> None:
    """The loop's reports are for people."""
