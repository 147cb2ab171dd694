import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aijockey.corpus.measure import measure_loop
from aijockey.corpus.store import Corpus
from aijockey.corpus.synthesize import render_loop
from aijockey.representation.mel import LogMel, MelConfig
from aijockey.train import studio_stream as module
from aijockey.train.config import DataConfig
from aijockey.train.features import Features, StudioBatches, TrainingDataError
from aijockey.train.studio_stream import FIRST_SEED, Rendered, StreamConfig, StudioStream

CONFIG = StreamConfig(("breaks", "techno"), ("onset_density",), MelConfig(), 2, 0, 6, 0.5)


class Inline:
    """Stands in for the worker processes: renders at once, in this process, and counts."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.seeds: list[int] = []

    def submit(self, function: Callable[..., Rendered], voice: str, seed: int, *more: Any) -> Any:
        self.seeds.append(seed)
        number = float(seed - FIRST_SEED)
        rendered = (np.full((128, 256), number, np.float16), np.array([number], np.float32))
        return type("Done", (), {"result": lambda self: rendered, "done": lambda self: True})()

    def shutdown(self, **_: Any) -> None:
        """Nothing runs."""


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], StudioStream]:
    """Streams over one ring, whose loops are pictures of their own number."""
    monkeypatch.setattr(module, "ProcessPoolExecutor", Inline)
    return lambda: StudioStream(tmp_path / "ring", CONFIG, workers=1, quiet=True)


def test_the_window_moves_at_its_rate_and_holds_what_it_says(stream: Callable[[], StudioStream]) -> None:
    made = stream()
    for step in range(60):
        window = made.prepare(step)
        assert (window.start, len(window)) == (step // 2, 6)
        loops = np.array(window)
        np.testing.assert_array_equal(made.mels(loops)[:, 0, 0], loops)
        np.testing.assert_array_equal(made.controls(loops)[:, 0], loops)
        np.testing.assert_array_equal(made.voice_of(loops), loops % 2)
    rendered = made._pool.seeds  # type: ignore[union-attr]
    assert len(set(rendered)) == len(rendered) == 29 + 6 + made.ahead  # each once


def test_a_resumed_stream_renders_only_what_is_not_there(stream: Callable[[], StudioStream]) -> None:
    first = stream()
    first.prepare(10)
    again = stream()
    again.prepare(10)
    assert again._pool is None
    earlier = stream()  # the checkpoint was older than the ring: some of its window was overwritten
    window = np.array(earlier.prepare(0))
    np.testing.assert_array_equal(earlier.mels(window)[:, 0, 0], window)


def test_a_row_that_was_being_written_when_killed_is_rendered_again(
    stream: Callable[[], StudioStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stream()
    made.prepare(0)

    class Killed(Exception):
        pass

    class Torn:
        def __setitem__(self, *_: Any) -> None:
            raise Killed

    monkeypatch.setattr(made, "_mel", Torn())
    with pytest.raises(Killed):
        made._keep(3, (np.zeros((128, 256), np.float16), np.zeros(1, np.float32)))
    again = stream()
    again.prepare(0)
    assert again._pool.seeds == [FIRST_SEED + 3]  # type: ignore[union-attr]
    np.testing.assert_array_equal(again.mels(np.arange(6))[:, 0, 0], np.arange(6))


@pytest.mark.slow
def test_workers_render_the_studios_loops(tmp_path: Path) -> None:
    made = StudioStream(tmp_path / "ring", CONFIG, workers=1, quiet=True)
    try:
        window = np.array(made.prepare(0))
        mels, controls = made.mels(window), made.controls(window)
    finally:
        made.close()
    for loop in (0, 5):
        audio = render_loop(CONFIG.voices[loop % 2], FIRST_SEED + loop).audio
        np.testing.assert_allclose(mels[loop], LogMel().encode(audio.mean(axis=0)), atol=0.01)
        assert controls[loop, 0] == pytest.approx(measure_loop(audio)["onset_density"], rel=1e-5)
    assert len({mel.tobytes() for mel in mels}) == 6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_workers_end_when_training_is_killed(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from aijockey.representation.mel import MelConfig
from aijockey.train.studio_stream import StreamConfig, StudioStream
if __name__ == "__main__":
    config = StreamConfig(("techno",), (), MelConfig(), 2, 0, 2, 1.0)
    stream = StudioStream(Path(sys.argv[1]), config, 1, quiet=True)
    stream.prepare(0)
    print(*[process.pid for process in stream._pool._processes.values()], flush=True)
    time.sleep(600)
"""
    (tmp_path / "main.py").write_text(script)
    trainer = subprocess.Popen(
        [sys.executable, str(tmp_path / "main.py"), str(tmp_path / "ring")], stdout=subprocess.PIPE, text=True
    )
    assert trainer.stdout is not None
    worker = int(trainer.stdout.readline())
    assert Path(f"/proc/{worker}").exists()
    os.kill(trainer.pid, signal.SIGKILL)
    trainer.communicate()
    for _ in range(600):
        if not Path(f"/proc/{worker}").exists():
            return
        time.sleep(0.1)
    pytest.fail(f"worker {worker} outlives the process that it rendered for")


def test_batches_are_standardised_by_the_corpus_and_depend_on_seed_and_step(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ProcessPoolExecutor", Inline)
    config = DataConfig(dims=8, source="studio", studio_window=6, controls=("onset_density",))
    features = Features(corpus, config, quiet=True)
    batches = StudioBatches(features, 5, 0, tmp_path / "a")
    batch = batches(1)
    again = StudioBatches(features, 5, 0, tmp_path / "b")(1)
    for name, value in vars(batch).items():
        assert torch.equal(value, vars(again)[name])
    assert batch.codes.shape == (5, 64, 8)
    # A loop's number is its control, and says its voice.
    scale, voice, units = features.control_scale, batch.voice.numpy(), batch.controls[:, 0].numpy()
    loops = units * scale.deviation[voice, 0] + scale.mean[voice, 0]
    inside = np.abs(units) < 4
    assert inside.any()
    np.testing.assert_allclose(loops[inside] % 2, voice[inside], atol=1e-3)


def test_voices_that_the_studio_lacks_are_named(make_corpus: Callable[..., Corpus], tmp_path: Path) -> None:
    features = Features(make_corpus(("snare",), train=2, test=0), DataConfig(source="studio"), quiet=True)
    with pytest.raises(TrainingDataError, match="the studio has no voice 'snare'; it has techno"):
        StudioBatches(features, 2, 0, tmp_path)


def test_a_corpus_of_held_out_loops_alone_is_enough(make_corpus: Callable[..., Corpus]) -> None:
    features = Features(
        make_corpus(("techno",), train=0, test=3), DataConfig(dims=8, source="studio"), quiet=True
    )
    assert len(features.train) == 3
    assert features.code.dims == 8
