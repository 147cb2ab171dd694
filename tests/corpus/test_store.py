import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.corpus.store import Corpus, CorpusError, CorpusHeader, LoopRecord, to_int16
from aijockey.corpus.writing import ShardWriter, finish_corpus, open_for_writing, read_part, write_part

HEADER = CorpusHeader(channels=2, samples=480, licence="CC0-1.0", made_by="test", settings={"bars": 2})


def record(row: int, *, shard: str = "a", voice: str = "techno", split: str = "train") -> LoopRecord:
    return LoopRecord(
        id=f"{shard}-{row}", source=f"{voice}/{shard}.wav", start_s=row * 1.5, bpm=126.0, voice=voice,
        split=split, licence="CC0-1.0", shard=shard, row=row,
        measures={"onset_density": 2.5}, notes={"key": "A minor"},
    )  # fmt: skip


@pytest.fixture
def audio() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.uniform(-1, 1, (3, 2, 480)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, audio: np.ndarray) -> Path:
    path = tmp_path / "corpus"
    open_for_writing(path, HEADER)
    with ShardWriter(path, "a", 2, 480) as shard:
        rows = [shard.append(loop) for loop in audio]
    assert rows == [0, 1, 2]
    records = [record(0), record(1, voice="bass"), record(2, split="test")]
    finish_corpus(
        path, HEADER, records, [{"source": "notes.txt", "reason": "not audio"}], [{"id": "a-0", "score": []}]
    )
    return path


def test_what_is_written_is_read(folder: Path, audio: np.ndarray) -> None:
    corpus = Corpus.open(folder)
    assert corpus.header.complete
    assert corpus.header.settings == {"bars": 2}
    assert corpus.loops == [record(0), record(1, voice="bass"), record(2, split="test")]
    for index, loop in enumerate(audio):
        assert corpus.audio(index).dtype == np.float32
        assert np.abs(corpus.audio(index) - loop).max() <= 0.5 / 32767 + 1e-7
    assert corpus.skipped() == [{"source": "notes.txt", "reason": "not audio"}]
    assert corpus.scores() == [{"id": "a-0", "score": []}]


def test_samples_are_mapped_not_loaded(folder: Path) -> None:
    corpus = Corpus.open(folder)
    samples = corpus.audio_int16(1)
    assert isinstance(samples, np.memmap)
    assert not samples.flags.writeable


def test_select(folder: Path) -> None:
    corpus = Corpus.open(folder)
    assert corpus.voices == ["bass", "techno"]
    assert corpus.select() == [0, 1, 2]
    assert corpus.select(split="train") == [0, 1]
    assert corpus.select("train", "techno") == [0]
    with pytest.raises(CorpusError, match=r"has no voice 'pad'.*bass, techno"):
        corpus.select(voice="pad")
    with pytest.raises(CorpusError, match="split"):
        corpus.select(split="validation")


@given(st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=50))
def test_int16_is_the_nearest_and_clips(values: list[float]) -> None:
    stored = to_int16(np.array(values, dtype=np.float32))
    wanted = np.clip(np.array(values), -1, 1) * 32767
    assert np.abs(stored - wanted).max() <= 0.51


def corrupt_header(path: Path) -> None:
    (path / "corpus.json").write_text('{"format": 1')


def newer_header(path: Path) -> None:
    header = json.loads((path / "corpus.json").read_text())
    (path / "corpus.json").write_text(json.dumps(header | {"format": 2}))


def wrong_type(path: Path) -> None:
    header = json.loads((path / "corpus.json").read_text())
    (path / "corpus.json").write_text(json.dumps(header | {"samples": "many"}))


def unfinished(path: Path) -> None:
    header = json.loads((path / "corpus.json").read_text())
    (path / "corpus.json").write_text(json.dumps(header | {"complete": False}))


def lost_shard(path: Path) -> None:
    (path / "shards" / "a.npy").unlink()


def short_shard(path: Path) -> None:
    shard = path / "shards" / "a.npy"
    shard.write_bytes(shard.read_bytes()[:-1000])


def half_a_line(path: Path) -> None:
    manifest = path / "manifest.jsonl"
    manifest.write_text(manifest.read_text()[:-30])


def lost_field(path: Path) -> None:
    line = record(0).to_json()
    del line["bpm"]
    (path / "manifest.jsonl").write_text(json.dumps(line) + "\n")


def path_escape(path: Path) -> None:
    (path / "manifest.jsonl").write_text(json.dumps(record(0).to_json() | {"shard": "../a"}) + "\n")


def twice_the_same(path: Path) -> None:
    line = json.dumps(record(0).to_json()) + "\n"
    (path / "manifest.jsonl").write_text(line + line)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (corrupt_header, "corpus.json is damaged"),
        (newer_header, "format 2.*update"),
        (wrong_type, "'samples' is 'many'"),
        (unfinished, "unfinished"),
        (lost_shard, "a.npy is missing"),
        (short_shard, "cut short"),
        (half_a_line, "line 3"),
        (lost_field, "line 1: 'bpm' is missing"),
        (path_escape, "line 1: 'shard'"),
        (twice_the_same, "line 2: the id"),
    ],
)
def test_damage_is_named(folder: Path, damage, words: str) -> None:
    damage(folder)
    with pytest.raises(CorpusError, match=words):
        Corpus.open(folder)


def test_shard_of_another_shape_is_named(folder: Path, audio: np.ndarray) -> None:
    np.save(folder / "shards" / "a.npy", np.zeros((3, 480, 2), dtype=np.int16))
    corpus = Corpus.open(folder)
    with pytest.raises(CorpusError, match=r"int16 \(3, 480, 2\); expected int16 \(loops, 2, 480\)"):
        corpus.audio(0)


def test_a_folder_of_audio_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not a corpus"):
        Corpus.open(tmp_path)
    with pytest.raises(CorpusError, match="no such folder"):
        Corpus.open(tmp_path / "absent")


def test_resuming_needs_the_same_settings(folder: Path) -> None:
    assert open_for_writing(folder, HEADER)
    other = CorpusHeader(**{**HEADER.__dict__, "settings": {"bars": 1}})
    with pytest.raises(CorpusError, match="bars 2, now 1"):
        open_for_writing(folder, other)
    assert not open_for_writing(folder, other, force=True)
    assert not (folder / "manifest.jsonl").exists()
    assert list((folder / "shards").iterdir()) == []


def test_foreign_files_are_never_removed(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"precious")
    with pytest.raises(CorpusError, match="not a corpus"):
        open_for_writing(tmp_path, HEADER, force=True)
    assert (tmp_path / "song.wav").read_bytes() == b"precious"


def test_a_shard_that_failed_leaves_nothing(tmp_path: Path) -> None:
    open_for_writing(tmp_path, HEADER)
    with pytest.raises(ValueError, match="does not fit"), ShardWriter(tmp_path, "a", 2, 480) as shard:  # noqa: PT012
        shard.append(np.zeros((2, 480), dtype=np.float32))
        shard.append(np.zeros((1, 480), dtype=np.float32))
    assert list((tmp_path / "shards").iterdir()) == []


def test_parts_come_back_and_damaged_ones_are_named(tmp_path: Path) -> None:
    open_for_writing(tmp_path, HEADER)
    assert read_part(tmp_path, "a") is None
    write_part(tmp_path, "a", {"loops": [1, 2]})
    assert read_part(tmp_path, "a") == {"loops": [1, 2]}
    (tmp_path / "parts" / "a.json").write_text("{")
    with pytest.raises(CorpusError, match=r"a\.json is damaged"):
        read_part(tmp_path, "a")
