"""Endless training material: the studio's loops, rendered while training by processes that run ahead of it.

The stream is one endless sequence of loops: loop ``j`` is of voice ``j % voices`` and has a seed of its own. At a step,
training draws from a *window* of the sequence that moves on at a fixed rate, so what a step can see is a function of
seed and step alone, and a run that was killed goes on exactly. The window and what was rendered ahead of it live in a
ring of memory-mapped rows in the run's folder; a resumed run renders again only what is not there.

Nothing here imports PyTorch: the worker processes import this module.
"""

import hashlib
import json
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from aijockey.corpus.measure import measure_loop
from aijockey.corpus.synthesize import render_loop
from aijockey.music.grid import loop_samples
from aijockey.representation.mel import LogMel, MelConfig

Float = npt.NDArray[np.float32]
Rendered = tuple[npt.NDArray[np.float16], Float]

# Corpora of the studio have seeds below 1e7 times their own: no loop of a stream is one that judges it.
FIRST_SEED = 1 << 48
SEED_STRIDE = 1 << 32


@dataclass(frozen=True)
class StreamConfig:
    """What decides every loop of a stream.

    Attributes
    ----------
    voices : of the studio; loops alternate between them. controls : measures to keep with each loop.
    window : loops that a step can draw from. per_step : loops by which the window moves on each step.
    """

    voices: tuple[str, ...]
    controls: tuple[str, ...]
    mel: MelConfig
    bars: int
    seed: int
    window: int
    per_step: float


class StudioStream:
    """Loops of the studio, made as training needs them.

    Parameters
    ----------
    folder : for the ring; made if it is not there. workers : processes that render, 1 or more.
    """

    def __init__(self, folder: Path, config: StreamConfig, workers: int, quiet: bool = False) -> None:
        self.config, self.workers, self.quiet = config, workers, quiet
        self.ahead = max(8 * workers, config.window // 8)
        rows = config.window + self.ahead
        key = hashlib.sha256(json.dumps([asdict(config), rows]).encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        frames = loop_samples(config.bars) // config.mel.hop_samples
        self._loop = _open_ring(folder / f"loop-{key}.npy", (rows,), np.int64, -1)
        self._mel = _open_ring(folder / f"mel-{key}.npy", (rows, config.mel.bands, frames), np.float16, 0)
        self._controls = _open_ring(
            folder / f"controls-{key}.npy", (rows, len(config.controls)), np.float32, 0
        )
        self._jobs: dict[int, Future[Rendered]] = {}
        self._pool: ProcessPoolExecutor | None = None

    def window(self, step: int) -> range:
        """Loops that a step can draw from."""
        first = int(step * self.config.per_step)
        return range(first, first + self.config.window)

    def prepare(self, step: int) -> range:
        """The window of a step, once all its loops are there; sets off the rendering of those that follow it."""
        window = self.window(step)
        wanted = np.arange(window.start, window.stop + self.ahead)
        for loop in wanted[self._loop[wanted % len(self._loop)] != wanted].tolist():
            if loop not in self._jobs:
                self._submit(loop)
        missing = [loop for loop in window if loop in self._jobs]
        with tqdm(
            total=len(missing), desc="studio", unit="loop", disable=self.quiet or len(missing) < 64
        ) as bar:
            for loop in missing:
                self._keep(loop, self._jobs.pop(loop).result())
                bar.update()
        # Rendered ahead: a row may be overwritten once the window has left the loop that it holds.
        for loop in [loop for loop, job in self._jobs.items() if job.done()]:
            self._keep(loop, self._jobs.pop(loop).result())
        return window

    def mels(self, loops: npt.NDArray[np.int64]) -> Float:
        """Log-mels of loops in the window: (n, bands, frames)."""
        return self._mel[loops % len(self._loop)].astype(np.float32)

    def controls(self, loops: npt.NDArray[np.int64]) -> Float:
        """Their measures, in the measures' own units: (n, controls)."""
        return np.array(self._controls[loops % len(self._loop)])

    def voice_of(self, loops: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Index of the voice of each loop."""
        return loops % len(self.config.voices)

    def close(self) -> None:
        """End the worker processes; what they have not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self._jobs.clear()

    def _submit(self, loop: int) -> None:
        config = self.config
        if self._pool is None:
            # A fresh interpreter each: a fork of a process that has threads may hang.
            self._pool = ProcessPoolExecutor(self.workers, get_context("spawn"), initializer=_begin_worker)
        seed = FIRST_SEED + config.seed % (1 << 14) * SEED_STRIDE + loop
        voice = config.voices[loop % len(config.voices)]
        self._jobs[loop] = self._pool.submit(render, voice, seed, config.bars, config.mel, config.controls)

    def _keep(self, loop: int, rendered: Rendered) -> None:
        """Write a row so that a kill at any point leaves it marked as whole or as nothing."""
        row = loop % len(self._loop)
        self._loop[row] = -1
        self._mel[row], self._controls[row] = rendered
        self._loop[row] = loop


def render(voice: str, seed: int, bars: int, mel: MelConfig, controls: Sequence[str]) -> Rendered:
    """One loop as training sees it: log-mel (bands, frames) of its mid signal, and measures. Runs in a worker."""
    audio = render_loop(voice, seed, bars=bars).audio
    measures = measure_loop(audio)
    encoded = LogMel(mel).encode(audio.mean(axis=0, dtype=np.float32)).astype(np.float16)
    return encoded, np.array([measures[name] for name in controls], dtype=np.float32)


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to the process that trains, and ends when that one is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _open_ring(path: Path, shape: tuple[int, ...], dtype: Any, fill: int) -> Any:
    """A memory-mapped array, made whole under another name first."""
    if not path.exists():
        partial = path.with_suffix(".partial")
        array = np.lib.format.open_memmap(partial, "w+", dtype, shape)
        if fill:
            array[...] = fill
        array.flush()
        os.replace(partial, path)
    return np.lib.format.open_memmap(path, "r+")
