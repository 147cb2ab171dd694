"""Measuring while training: one documented score that picks the best checkpoint, pictures that show why.

Generators are scored by `evaluate.score` (log-mels of new loops against held-out ones, a voice at a time, then the
mean); vocoders by the mean of mel error and multi-resolution STFT distance on held-out loops. Lower is better.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from aijockey.audio.files import write_audio
from aijockey.evaluate.score import QuickJudge
from aijockey.representation.griffin_lim import GriffinLim
from aijockey.train.config import TrainConfig
from aijockey.train.families.base import GeneratorTask, Kind, Task, VocoderTask, to_numpy
from aijockey.train.features import Features, Float, step_rng
from aijockey.train.losses import MultiResolutionStft
from aijockey.train.torch_mel import TorchLogMel

FEWEST_LOOPS = 16
SHOWN_LOOPS = 2
LOG_TO_DB = 20.0 / np.log(10.0)


class Judge(Protocol):
    """Measures a task's averaged network."""

    def measure(self) -> dict[str, float]:
        """Figures, with ``score`` among them."""

    def warnings(self, figures: dict[str, float]) -> list[str]:
        """What a player should know: collapse, blur."""

    def show(self, folder: Path, step: int) -> None:
        """Write pictures of fixed latents."""


def make_judge(
    kind: Kind, task: Task, features: Features, config: TrainConfig, seed: int, device: torch.device
) -> Judge | None:
    """The judge of a task, or None where the corpus is too small to compare with."""
    if kind == "vocoder":
        assert isinstance(task, VocoderTask)
        return VocoderJudge(task, features, device)
    assert isinstance(task, GeneratorTask)
    judge = GeneratorJudge(task, features, config.judge_count, seed, device)
    return judge if judge.judges else None


class GeneratorJudge:
    """Scores new loops of every voice that has enough real ones: held-out, or training loops where those are few."""

    def __init__(
        self, task: GeneratorTask, features: Features, count: int, seed: int, device: torch.device
    ) -> None:
        self.task, self.features, self.device = task, features, device
        self.count, self.seed = max(count, FEWEST_LOOPS), seed
        self.judges: dict[int, QuickJudge] = {}
        for voice in range(len(features.voices)):
            test = features.test[features.voice_of[features.test] == voice]
            train = features.train[features.voice_of[features.train] == voice]
            real = test if len(test) >= FEWEST_LOOPS else train
            if len(real) >= FEWEST_LOOPS:
                mels = features.mels
                fit_on = mels[train[:500]].astype(np.float32) if len(train) >= FEWEST_LOOPS else None
                self.judges[voice] = QuickJudge(
                    mels[real[:400]].astype(np.float32), fit_on, features.config.mel
                )

    def measure(self) -> dict[str, float]:
        """Score of each voice and their mean, with the quantities behind it averaged over voices."""
        figures: dict[str, float] = {}
        rows = []
        for voice, judge in self.judges.items():
            row = judge.judge(self.make(voice, self.count))
            rows.append(row)
            figures[f"{self.features.voices[voice]}.score"] = row["score"]
        for name in rows[0]:
            figures[name] = float(np.mean([row[name] for row in rows]))
        return figures

    def make(self, voice: int, count: int) -> Float:
        """Log-mels of new loops of a voice from fixed latents, with controls left free."""
        columns = len(self.features.info.controls)
        random = torch.Generator().manual_seed(int(step_rng(self.seed, voice, 2).integers(2**62)))
        parts = []
        for start in range(0, count, 64):
            size = min(64, count - start)
            index = torch.full((size,), voice, dtype=torch.int64, device=self.device)
            controls = torch.zeros(size, columns, device=self.device)
            parts.append(to_numpy(self.task.sample(index, controls, torch.zeros_like(controls), random)))
        mel: Float = self.features.code.decode(np.concatenate(parts))
        return mel

    def warnings(self, figures: dict[str, float]) -> list[str]:
        """Collapse shows as a loss of diversity and coverage."""
        found = []
        low = min(figures[f"{view}_diversity"] for view in ("timbre", "rhythm", "harmony"))
        if low < 0.5:
            found.append(f"loops are only {low:.2f} as diverse as real ones: the model may be collapsing")
        return found

    def show(self, folder: Path, step: int) -> None:
        """Two generated loops of each voice beside a real one, and the first of each as sound, one after another."""
        rows, sounds = [], []
        griffin_lim = GriffinLim(self.features.config.mel)
        for voice, name in enumerate(self.features.voices):
            members = self.features.train[self.features.voice_of[self.features.train] == voice]
            if len(members):
                real = self.features.mels[members[0]].astype(np.float32)
                made = self.make(voice, SHOWN_LOOPS)
                rows.append((name, [real, *made]))
                sounds.append(griffin_lim.decode(made[:1])[0])
        draw_sheet(folder / f"step-{step:07d}.png", rows, ["real", *["generated"] * SHOWN_LOOPS])
        write_preview(folder / f"step-{step:07d}.ogg", np.concatenate(sounds))


class VocoderJudge:
    """Scores the resynthesis of a fixed choice of held-out loops."""

    def __init__(self, task: VocoderTask, features: Features, device: torch.device, count: int = 32) -> None:
        self.task, self.features, self.device = task, features, device
        pool = features.test if len(features.test) else features.train
        chosen = np.random.default_rng(0).permutation(pool)[:count]
        self.audio = np.stack([features.mono(int(index)) for index in chosen])
        self.log_mel = TorchLogMel(features.config.mel).to(device)
        self.stft = MultiResolutionStft().to(device)

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """``mel_db`` (mean absolute, decibels), ``stft``, and ``score``, which sums them at like weights."""
        mel_errors, distances = [], []
        for start in range(0, len(self.audio), 4):
            truth = torch.from_numpy(self.audio[start : start + 4]).to(self.device)
            mel = self.log_mel(truth)
            made = self.task.vocode(mel)
            mel_errors.append(float((self.log_mel(made) - mel).abs().mean()) * LOG_TO_DB)
            distances.append(float(self.stft(made, truth)))
        mel_db, stft = float(np.mean(mel_errors)), float(np.mean(distances))
        return {"mel_db": mel_db, "stft": stft, "score": 0.5 * mel_db + stft}

    def warnings(self, figures: dict[str, float]) -> list[str]:
        """None: a vocoder that fails shows in its score."""
        return []

    @torch.no_grad()
    def show(self, folder: Path, step: int) -> None:
        """Real and resynthesized log-mels, and their sound."""
        truth = torch.from_numpy(self.audio[:4]).to(self.device)
        mel = self.log_mel(truth)
        made = self.task.vocode(mel)
        again = to_numpy(self.log_mel(made))
        rows = [(f"loop {i}", [a, b]) for i, (a, b) in enumerate(zip(to_numpy(mel), again, strict=True))]
        draw_sheet(folder / f"step-{step:07d}.png", rows, ["real", "vocoded"])
        both = np.concatenate([self.audio[:4], to_numpy(made)], axis=1)
        write_preview(folder / f"step-{step:07d}.ogg", both.reshape(-1))


def write_preview(path: Path, mono: Float) -> None:
    """Loops one after another, (samples,), as a compressed file."""
    write_audio(path, np.clip(mono, -1.0, 1.0)[None])


def draw_sheet(path: Path, rows: list[tuple[str, list[Float]]], titles: list[str]) -> None:
    """A sheet of log-mels, a row for each name, as PNG."""
    from matplotlib.figure import Figure

    path.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(3.2 * len(titles), 1.5 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), len(titles), squeeze=False)
    for axes, (name, mels) in zip(grid, rows, strict=True):
        for place, (cell, mel) in enumerate(zip(axes, mels, strict=True)):
            cell.imshow(mel * LOG_TO_DB, origin="lower", aspect="auto", cmap="magma", vmin=-80, vmax=0)
            cell.set_xticks([]), cell.set_yticks([])
            if place == 0:
                cell.set_ylabel(name, fontsize=8)
    for cell, title in zip(grid[0], titles, strict=True):
        cell.set_title(title, fontsize=8)
    partial = path.with_suffix(".partial")
    figure.savefig(partial, format="png", dpi=90)
    partial.replace(path)
