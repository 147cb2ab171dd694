import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aijockey.corpus.store import Corpus
from aijockey.representation.mel import LogMel, MelConfig
from aijockey.train import features as module
from aijockey.train.config import DataConfig
from aijockey.train.features import (
    CodeBatches,
    CropBatches,
    Features,
    TrainingDataError,
    cached_mels,
    group_by_voice,
    step_rng,
)
from aijockey.train.torch_mel import TorchLogMel

CONFIG = DataConfig(dims=8)


@pytest.fixture
def features(corpus: Corpus) -> Features:
    return Features(corpus, CONFIG, quiet=True)


def test_mels_are_those_of_the_audio_and_stay_on_disk(corpus: Corpus, features: Features) -> None:
    assert isinstance(features.mels, np.memmap)
    assert features.mels.shape == (len(corpus.loops), 128, 256)
    expected = LogMel().encode(corpus.audio(3).mean(axis=0))
    np.testing.assert_allclose(features.mels[3].astype(np.float32), expected, atol=0.01)


def test_mels_killed_half_way_go_on_where_they_were(
    make_corpus: Callable[..., Corpus], monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_corpus(("techno",), train=7, test=0)
    monkeypatch.setattr(module, "MEL_BLOCK_LOOPS", 2)
    original, encoded = LogMel.encode, []

    def die_at_the_sixth(self: LogMel, audio: Any) -> Any:
        if len(encoded) == 5:
            raise KeyboardInterrupt
        encoded.append(audio)
        return original(self, audio)

    monkeypatch.setattr(LogMel, "encode", die_at_the_sixth)
    with pytest.raises(KeyboardInterrupt):
        cached_mels(corpus, MelConfig(), quiet=True)
    folder = corpus.path / "features"
    assert not list(folder.glob("*.npy"))
    resumed: list[Any] = []
    monkeypatch.setattr(LogMel, "encode", lambda self, audio: resumed.append(audio) or original(self, audio))
    mels = cached_mels(corpus, MelConfig(), quiet=True)
    assert len(resumed) == 3  # loops 4 to 6; the fifth's block was not finished
    for index in range(7):
        expected = original(LogMel(), corpus.audio(index)[0])
        np.testing.assert_allclose(mels[index].astype(np.float32), expected, atol=0.01)
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == [".lock", "mel"]
    cached_mels(corpus, MelConfig(), quiet=True)
    assert len(resumed) == 3


def test_another_mel_or_manifest_is_another_cache(corpus: Corpus) -> None:
    small = MelConfig(bands=16, hop_samples=1500)
    assert cached_mels(corpus, small, quiet=True).shape == (len(corpus.loops), 16, 128)
    assert cached_mels(corpus, MelConfig(), quiet=True).shape[1:] == (128, 256)


def test_rotation_keeps_the_downbeat(features: Features) -> None:
    """Whatever the turn, kicks stay on the beat: a batch loop is a corpus loop rotated by whole bars."""
    batches, turned = CodeBatches(features, 16, seed=1), 0
    codes = batches(0).codes.numpy()
    originals = features.code.encode(features.mels[features.train].astype(np.float32))
    half = codes.shape[1] // 2
    for loop in codes:
        same = np.abs(originals - loop).max(axis=(1, 2)).min()
        rotated = np.abs(np.roll(originals, half, axis=1) - loop).max(axis=(1, 2)).min()
        assert min(same, rotated) < 1e-4
        turned += rotated < 1e-4
    assert 2 < turned < 14


def test_a_batch_depends_on_seed_and_step_alone(corpus: Corpus, features: Features) -> None:
    one, other = CodeBatches(features, 4, 0), CodeBatches(Features(corpus, CONFIG, True), 4, 0)
    for step in (5, 0):
        for name, value in vars(one(step)).items():
            assert torch.equal(value, vars(other(step))[name])
    assert not torch.equal(one(0).codes, one(1).codes)
    assert not torch.equal(one(0).codes, CodeBatches(features, 4, 1)(0).codes)


def test_streams_of_random_numbers_do_not_meet() -> None:
    draws = {
        step_rng(seed, step, stream).random() for seed in (0, 1) for step in range(50) for stream in range(3)
    }
    assert len(draws) == 300
    assert step_rng(2**80 + 1, 0, 0).random() == step_rng(1, 0, 0).random()


def test_voices_are_drawn_equally_however_many_loops_they_have(make_corpus: Callable[..., Corpus]) -> None:
    features = Features(make_corpus(("breaks", "techno"), train=6, test=0), CONFIG, quiet=True)
    few = np.concatenate([features.train[:1], features.train[6:]])  # one breaks, six kicks
    drawn = module.balanced(features, 2_000, np.random.default_rng(0), group_by_voice(features, few))
    assert 0.45 < (features.voice_of[drawn] == 0).mean() < 0.55


def test_controls_are_standard_within_each_voice(features: Features) -> None:
    units = features.standard_controls(features.train)
    for voice in range(2):
        own = units[features.voice_of[features.train] == voice]
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(own.std(axis=0), 1, atol=1e-4)


def test_a_control_that_does_not_vary_stays_near_zero(features: Features) -> None:
    features.controls[:, 0] = 3.0
    assert features.control_scale.deviation[:, 0].tolist() == [1.0, 1.0]
    assert np.abs(features.standard_controls(features.train)[:, 0]).max() == 0.0


def test_outliers_are_held_within_four_units(features: Features) -> None:
    assert features.control_scale.mean.shape == (2, 2)
    features.controls[0, 1] = 1e6
    assert features.standard_controls(np.array([0]))[0, 1] == 4.0


def test_only_controls_that_every_loop_states_are_used(make_corpus: Callable[..., Corpus]) -> None:
    bare = Features(make_corpus(("techno",), train=4, test=0, measured=False), CONFIG, quiet=True)
    assert bare.info.controls == ()
    assert CodeBatches(bare, 3, 0)(0).controls.shape == (3, 0)


def test_crops_pair_audio_with_its_own_mel(features: Features) -> None:
    config = DataConfig(dims=8, crop_frames=16, context_frames=4, coded_share=0.0)
    batch = CropBatches(Features(features.corpus, config, True), 3, 0)(0)
    hop = config.mel.hop_samples
    assert batch.mel.shape == (3, 128, 24)
    assert batch.audio.shape == (3, 16 * hop)
    # Frames whose window lies within the crop are the same whether or not the context is there.
    own = TorchLogMel(config.mel)(batch.audio)
    inside = slice(2, -2)
    torch.testing.assert_close(own[..., inside], batch.mel[..., 4:-4][..., inside], atol=2e-3, rtol=0)


def test_coded_crops_went_through_the_code(features: Features) -> None:
    config = DataConfig(dims=8, crop_frames=16, context_frames=4, coded_share=1.0)
    coded = Features(features.corpus, config, True)
    mel = CropBatches(coded, 3, 0)(0).mel.numpy()
    np.testing.assert_allclose(coded.code.decode(coded.code.encode(mel)), mel, atol=1e-3)


def test_faults_are_named(corpus: Corpus, make_corpus: Callable[..., Corpus]) -> None:
    with pytest.raises(TrainingDataError, match="has no voice 'snare'; it has breaks, techno"):
        Features(corpus, DataConfig(voices=("snare",)))
    with pytest.raises(TrainingDataError, match="which patches of 7 x 750 samples do not divide"):
        Features(corpus, DataConfig(patch_frames=7))
    with pytest.raises(TrainingDataError, match="64 patches, fewer than the code's 128 dimensions"):
        _ = Features(make_corpus(("techno",), train=1, test=0), DataConfig(), quiet=True).code
    with pytest.raises(TrainingDataError, match="has no loops to train on"):
        Features(make_corpus(("techno",), train=0, test=1), DataConfig())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads private memory from /proc")
def test_a_corpus_larger_than_the_allowance_is_never_read_whole(tmp_path: Path) -> None:
    """Batches over 400 MB of audio and 100 MB of log-mels, with at most 40 MB of private memory on top."""
    script = """
import sys
from pathlib import Path
import numpy as np
from aijockey.corpus.store import Corpus, CorpusHeader, LoopRecord
from aijockey.corpus.writing import finish_corpus, open_for_writing
from aijockey.train import features as module
from aijockey.train.config import DataConfig
path, count = Path(sys.argv[1]), 1100
header = CorpusHeader(channels=1)
open_for_writing(path, header)
# Sparse files: large, but nobody has to write them.
np.lib.format.open_memmap(path / "shards" / "a.npy", "w+", np.int16, (count, 1, 192_000)).flush()
records = [LoopRecord(f"l{i}", f"s{i}", 0.0, 120.0, "a", "train", "CC0-1.0", "a", i) for i in range(count)]
finish_corpus(path, header, records)
def make_mels(corpus, config, target, quiet):
    np.lib.format.open_memmap(target, "w+", np.float16, (count, 128, 256)).flush()
module._make_mels = make_mels
features = module.Features(Corpus.open(path), DataConfig(dims=8, crop_frames=16), quiet=True)
def private_mb():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024
module.FIT_LOOPS = 16
codes, crops = module.CodeBatches(features, 32, 0), module.CropBatches(features, 4, 0)
codes(0), crops(0)
before = private_mb()
for step in range(1, 13):
    codes(step), crops(step)
print(private_mb() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "large")],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert float(done.stdout) < 40.0
