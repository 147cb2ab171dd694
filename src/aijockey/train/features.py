"""Corpus -> what a training step sees: log-mels, codes, control values, audio crops; all memory-mapped.

Every batch is a function of seed and step alone, so a run that was killed goes on exactly where it was.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from filelock import FileLock
from tqdm import tqdm

from aijockey.corpus.store import MANIFEST_FILE, Corpus
from aijockey.corpus.synthesize import VOICES
from aijockey.errors import AijockeyError
from aijockey.representation.mel import LogMel, MelConfig
from aijockey.representation.patch_code import PatchCode, fit_patch_code
from aijockey.train.config import DataConfig
from aijockey.train.families.base import AudioBatch, CodeBatch, DataInfo
from aijockey.train.studio_stream import StreamConfig, StudioStream
from aijockey.train.torch_mel import TorchLogMel

Float = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]

FIT_LOOPS = 2_000
MEL_BLOCK_LOOPS = 64


class TrainingDataError(AijockeyError):
    """A corpus that cannot be trained on as the recipe wants."""


@dataclass(frozen=True)
class ControlScale:
    """Mean and spread of each control over a voice's training loops: what "one standard unit" means.

    Attributes
    ----------
    mean, deviation : (voices, controls).
    """

    mean: Float
    deviation: Float


class Features:
    """A corpus seen through a recipe's `DataConfig`.

    Attributes
    ----------
    voices : in the order of their index. train, test : corpus indices of each split, over these voices.
    """

    def __init__(self, corpus: Corpus, config: DataConfig, quiet: bool = False) -> None:
        missing = [voice for voice in config.voices if voice not in corpus.voices]
        if missing:
            raise TrainingDataError(
                f"{corpus.path} has no voice '{missing[0]}'; it has {', '.join(corpus.voices)}"
            )
        if corpus.header.samples % (config.mel.hop_samples * config.patch_frames):
            raise TrainingDataError(
                f"{corpus.path} holds items of {corpus.header.samples} samples, which patches of "
                f"{config.patch_frames} x {config.mel.hop_samples} samples do not divide"
            )
        self.corpus, self.config, self.quiet = corpus, config, quiet
        self.voices = tuple(config.voices or corpus.voices)
        index = {voice: number for number, voice in enumerate(self.voices)}
        self.voice_of = np.array([index.get(record.voice, -1) for record in corpus.loops], dtype=np.int64)
        self.train = self._split("train")
        self.test = self._split("test")
        if config.source == "studio" and not len(self.train):
            self.train = self.test  # fits code and controls; what is trained on comes from the studio
        if not len(self.train):
            raise TrainingDataError(
                f"{corpus.path} has no loops to train on; was everything skipped when it was made?"
            )

    def _split(self, split: str) -> npt.NDArray[np.int64]:
        inside = [i for i in self.corpus.select(split) if self.voice_of[i] >= 0]
        return np.array(inside, dtype=np.int64)

    @property
    def info(self) -> DataInfo:
        """Shapes for building networks."""
        config, samples = self.config, self.corpus.header.samples
        patches = samples // (config.mel.hop_samples * config.patch_frames)
        return DataInfo(config.mel, samples, patches, config.dims, self.voices, self._controls)

    @cached_property
    def _controls(self) -> tuple[str, ...]:
        """The wanted controls that every loop of the corpus states."""
        known = set(self.config.controls)
        for record in self.corpus.loops:
            known &= set(record.measures)
        return tuple(name for name in self.config.controls if name in known)

    @cached_property
    def controls(self) -> Float:
        """Control values of every loop of the corpus, in the measures' own units: (loops, controls)."""
        rows = [[record.measures[name] for name in self._controls] for record in self.corpus.loops]
        return np.array(rows, dtype=np.float32).reshape(len(rows), len(self._controls))

    @cached_property
    def control_scale(self) -> ControlScale:
        """Measured on the training split. A control that hardly varies in a voice has deviation 1: it stays near 0."""
        mean = np.zeros((len(self.voices), len(self._controls)), dtype=np.float32)
        deviation = np.ones_like(mean)
        for voice in range(len(self.voices)):
            values = self.controls[self.train[self.voice_of[self.train] == voice]]
            if len(values):
                mean[voice] = values.mean(axis=0)
                spread = values.std(axis=0)
                deviation[voice] = np.where(spread > 1e-4, spread, 1.0)
        return ControlScale(mean, deviation)

    def standard_controls(self, indices: npt.NDArray[np.int64]) -> Float:
        """Controls of loops in standard units of their voice, within -4 to 4: (n, controls)."""
        return self.standardize(self.controls[indices], self.voice_of[indices])

    def standardize(self, values: Float, voice: npt.NDArray[np.int64]) -> Float:
        """Controls (n, controls) of loops of voices (n,) in standard units of their voice, within -4 to 4."""
        scale = self.control_scale
        units = (values - scale.mean[voice]) / scale.deviation[voice]
        return np.clip(units, -4.0, 4.0).astype(np.float32)

    def mono(self, index: int) -> Float:
        """Mid signal of a loop: (samples,)."""
        audio: Float = self.corpus.audio(index).mean(axis=0, dtype=np.float32)
        return audio

    @cached_property
    def mels(self) -> Half:
        """Log-mels of every loop of the corpus, (loops, bands, frames) float16, computed once and kept beside it."""
        return cached_mels(self.corpus, self.config.mel, self.quiet)

    @cached_property
    def code(self) -> PatchCode:
        """Patch code fitted to (some of) the training loops."""
        chosen = self.train
        if len(chosen) > FIT_LOOPS:
            chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:FIT_LOOPS])
        config = self.config
        patches = len(chosen) * self.info.patches
        if patches < config.dims:
            raise TrainingDataError(
                f"{len(chosen)} training loops give {patches} patches, fewer than the code's {config.dims} dimensions; "
                "prepare more audio or lower data.dims"
            )
        return fit_patch_code(
            self.mels[chosen].astype(np.float32), config.patch_frames, config.dims, config.whiten
        )

    def codes_by_voice(self, most: int = FIT_LOOPS // 4) -> Iterator[Float]:
        """Codes of (some of) each voice's training loops, (loops, patches, dims), voice by voice."""
        for voice in range(len(self.voices)):
            members = self.train[self.voice_of[self.train] == voice]
            if len(members) > most:
                members = np.sort(np.random.default_rng(voice).permutation(members)[:most])
            yield self.code.encode(self.mels[members].astype(np.float32))


def cached_mels(corpus: Corpus, config: MelConfig, quiet: bool = False) -> Half:
    """Log-mels of a whole corpus as a memory map in its folder ``features``; made in blocks, resumed after a kill."""
    manifest = (corpus.path / MANIFEST_FILE).read_bytes()
    key = hashlib.sha256(json.dumps(asdict(config)).encode() + manifest).hexdigest()[:16]
    folder = corpus.path / "features"
    folder.mkdir(exist_ok=True)
    path = folder / f"mel-{key}.npy"
    # Two trainings of one corpus may begin together: one computes, the other waits. A kill releases the lock.
    with FileLock(folder / ".lock"):
        if not path.exists():
            _make_mels(corpus, config, path, quiet)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _make_mels(corpus: Corpus, config: MelConfig, path: Path, quiet: bool) -> None:
    partial, count_file = path.with_suffix(".partial"), path.with_suffix(".count")
    shape = (len(corpus.loops), config.bands, corpus.header.samples // config.hop_samples)
    done = int(count_file.read_text()) if partial.exists() and count_file.exists() else 0
    array = np.lib.format.open_memmap(partial, "r+" if done else "w+", np.float16, None if done else shape)
    encoder = LogMel(config)
    with tqdm(total=shape[0], initial=done, desc="log-mels", unit="loop", disable=quiet) as bar:
        for start in range(done, shape[0], MEL_BLOCK_LOOPS):
            stop = min(start + MEL_BLOCK_LOOPS, shape[0])
            for index in range(start, stop):
                array[index] = encoder.encode(corpus.audio(index).mean(axis=0, dtype=np.float32))
            array.flush()
            temporary = count_file.with_suffix(".new")
            temporary.write_text(str(stop))
            os.replace(temporary, count_file)
            bar.update(stop - start)
    del array
    os.replace(partial, path)
    count_file.unlink(missing_ok=True)


def step_rng(seed: int, step: int, stream: int) -> np.random.Generator:
    """Random numbers of one step: independent streams for what is drawn (0 data, 1 network, 2 judging)."""
    return np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), stream], counter=[0, 0, 0, step]))


def balanced(
    features: Features, count: int, random: np.random.Generator, by_voice: Sequence[npt.NDArray[np.int64]]
) -> npt.NDArray[np.int64]:
    """Loops drawn so that each voice is as likely as another, however many loops it has."""
    voices = random.integers(0, len(by_voice), count)
    return np.array(
        [by_voice[voice][random.integers(len(by_voice[voice]))] for voice in voices], dtype=np.int64
    )


def group_by_voice(features: Features, indices: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Indices of each voice that has any."""
    groups = [indices[features.voice_of[indices] == voice] for voice in range(len(features.voices))]
    return [group for group in groups if len(group)]


class CodeBatches:
    """Batches for generators."""

    def __init__(self, features: Features, size: int, seed: int) -> None:
        self.features, self.size, self.seed = features, size, seed
        self.groups = group_by_voice(features, features.train)

    def __call__(self, step: int) -> CodeBatch:
        """The batch of a step."""
        features, random = self.features, step_rng(self.seed, step, 0)
        chosen = balanced(features, self.size, random, self.groups)
        mel = features.mels[chosen].astype(np.float32)
        return code_batch(features, mel, features.voice_of[chosen], features.controls[chosen], random)


def code_batch(
    features: Features, mel: Float, voice: npt.NDArray[np.int64], controls: Float, random: np.random.Generator
) -> CodeBatch:
    """Codes of log-mels (n, bands, frames), each rotated by a random number of bars; controls in standard units."""
    bars = features.corpus.header.bars
    if features.config.rotate_bars and bars > 1:
        bar_frames = mel.shape[-1] // bars
        for row, turns in enumerate(random.integers(0, bars, len(mel))):
            mel[row] = np.roll(mel[row], int(turns) * bar_frames, axis=-1)
    return CodeBatch(
        codes=torch.from_numpy(features.code.encode(mel)),
        voice=torch.from_numpy(voice),
        controls=torch.from_numpy(features.standardize(controls, voice)),
    )


class StudioBatches:
    """Batches for generators from the studio's endless stream; the corpus only lends its code and control scales.

    Parameters
    ----------
    folder : of the run, for the stream's ring.
    """

    def __init__(self, features: Features, size: int, seed: int, folder: Path) -> None:
        config, header = features.config, features.corpus.header
        unknown = [voice for voice in features.voices if voice not in VOICES]
        if unknown:
            raise TrainingDataError(
                f"the studio has no voice '{unknown[0]}'; it has {', '.join(VOICES)}: set data.voices to some of them"
            )
        if header.unit != "loop":
            raise TrainingDataError(
                f"{features.corpus.path} holds single beats; the studio renders loops of whole bars"
            )
        stream = StreamConfig(
            features.voices, features.info.controls, config.mel, header.bars, seed,
            config.studio_window, config.studio_per_step,
        )  # fmt: skip
        self.features, self.size, self.seed = features, size, seed
        self.stream = StudioStream(folder, stream, config.studio_workers, features.quiet)

    def __call__(self, step: int) -> CodeBatch:
        """The batch of a step; waits for loops that are not rendered yet."""
        random, window = step_rng(self.seed, step, 0), self.stream.prepare(step)
        chosen = random.integers(window.start, window.stop, self.size)
        mel, controls = self.stream.mels(chosen), self.stream.controls(chosen)
        return code_batch(self.features, mel, self.stream.voice_of(chosen), controls, random)

    def close(self) -> None:
        """End the processes that render."""
        self.stream.close()


class CropBatches:
    """Batches for vocoders: crops of loops and of mixtures of two, at many levels; some seen through the patch code."""

    def __init__(self, features: Features, size: int, seed: int) -> None:
        self.features, self.size, self.seed = features, size, seed
        self.groups = group_by_voice(features, features.train)
        self.code = features.code if features.config.coded_share > 0 else None
        self.log_mel = TorchLogMel(features.config.mel)

    def __call__(self, step: int) -> AudioBatch:
        """The batch of a step."""
        config, random = self.features.config, step_rng(self.seed, step, 0)
        hop, window = config.mel.hop_samples, config.mel.window_samples
        frames = config.crop_frames + 2 * config.context_frames
        chosen = balanced(self.features, 2 * self.size, random, self.groups)
        audio = np.zeros((self.size, frames * hop + window), dtype=np.float32)
        loop_frames = self.features.info.frames
        start = random.integers(loop_frames // config.patch_frames, size=self.size) * config.patch_frames
        for row in range(self.size):
            first = int(start[row]) * hop - window // 2
            audio[row] = random.uniform(0.3, 1.2) * self._crop(int(chosen[2 * row]), first, audio.shape[1])
            if random.random() < 0.3:
                other = int(random.integers(loop_frames)) * hop
                audio[row] += random.uniform(0.2, 1.0) * self._crop(
                    int(chosen[2 * row + 1]), other, audio.shape[1]
                )
        with torch.no_grad():
            mel = self.log_mel(torch.from_numpy(audio), circular=False)
        coded = np.flatnonzero(random.random(self.size) < config.coded_share)
        if self.code is not None and len(coded):
            mel[coded] = torch.from_numpy(self.code.decode(self.code.encode(mel[coded].numpy())))
        inside = window // 2 + config.context_frames * hop
        middle = np.ascontiguousarray(audio[:, inside : inside + config.crop_frames * hop])
        return AudioBatch(mel=mel, audio=torch.from_numpy(middle), start=torch.from_numpy(start))

    def _crop(self, index: int, first: int, length: int) -> Float:
        """``length`` samples of a loop's mid signal from sample ``first`` on, around its end."""
        corpus = self.features.corpus
        place = np.arange(first, first + length) % corpus.header.samples
        crop: Float = corpus.audio_int16(index)[:, place].mean(axis=0, dtype=np.float32) / 32767.0
        return crop
