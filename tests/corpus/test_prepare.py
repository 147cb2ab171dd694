import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.corpus.executors import HereExecutor, open_executor
from aijockey.corpus.prepare import PrepareError, PrepareSettings, Summary, prepare
from aijockey.corpus.source import CutSettings
from aijockey.corpus.store import Corpus, CorpusError
from aijockey.errors import AijockeyError

Drums = Callable[..., np.ndarray]
RATE_HZ = 48_000


def write(path: Path, mono: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, mono, RATE_HZ, subtype="PCM_16")


@pytest.fixture
def folder(tmp_path: Path, drums: Drums) -> Path:
    """A loop of one bar, one of two bars, 26 s of a song, and much that is not usable."""
    path = tmp_path / "audio"
    write(path / "house" / "one bar.wav", drums("four to the floor", 124.0, 240 / 124, loop=True))
    write(path / "house" / "two bars.wav", drums("techno", 97.0, 480 / 97, loop=True, seed=1))
    write(path / "breaks" / "deep" / "song.wav", drums("break", 132.0, 26.0, offset_s=0.4, variation=0.08))
    write(path / "silence.wav", np.zeros(3 * RATE_HZ, dtype=np.float32))
    write(path / "hit.wav", drums("four to the floor", 120.0, 0.2))
    (path / "broken.flac").write_bytes(b"fLaC nothing")
    (path / "cover.jpg").write_bytes(b"jpeg")
    (path / ".DS_Store").write_bytes(b"")
    return path


def do(folder: Path, corpus: Path, force: bool = False, **cut: object) -> Summary:
    settings = PrepareSettings(cut=CutSettings(**cut), licence="CC0-1.0")  # type: ignore[arg-type]
    return prepare(folder, corpus, settings, HereExecutor(), force)


def contents(corpus: Path) -> dict[str, bytes]:
    """All that makes a corpus, without what depends on the time or the machine."""
    opened = Corpus.open(corpus)
    files = [corpus / "corpus.json", corpus / "manifest.jsonl", corpus / "skipped.jsonl"]
    files += sorted((corpus / "shards").iterdir())
    assert opened.loops
    return {str(path.relative_to(corpus)): path.read_bytes() for path in files}


def test_a_tempo_that_may_be_an_octave_away_is_named_with_both(drums: Drums, tmp_path: Path) -> None:
    write(tmp_path / "audio" / "open.wav", drums("hats and kicks", 75.0, 24.0, offset_s=0.2))
    summary = do(tmp_path / "audio", tmp_path / "corpus")
    (source,) = summary.sources
    assert sorted([source["bpm"], source["other_bpm"]]) == pytest.approx([75.0, 150.0], rel=1e-3)
    (note,) = [note for note in summary.notes if "--bpm" in note]
    assert note.startswith("open.wav: taken as ")
    assert {"75.00", "150.00"} <= set(note.split())
    assert all(
        record.bpm == pytest.approx(source["bpm"], rel=1e-3)
        for record in Corpus.open(tmp_path / "corpus").loops
    )
    # Once it is said there is no doubt.
    said = do(tmp_path / "audio", tmp_path / "other", bpm=75.0)
    assert said.sources[0]["other_bpm"] is None
    assert said.sources[0]["bpm"] == pytest.approx(75.0, rel=1e-3)


def test_a_folder_becomes_a_corpus(folder: Path, tmp_path: Path) -> None:
    summary = do(folder, tmp_path / "corpus")
    corpus = Corpus.open(tmp_path / "corpus")
    by_source = {record.source: record for record in corpus.loops}
    assert by_source["house/one bar.wav"].bpm == pytest.approx(124.0, rel=1e-3)
    assert by_source["house/two bars.wav"].bpm == pytest.approx(97.0, rel=1e-3)
    assert by_source["breaks/deep/song.wav"].bpm == pytest.approx(132.0, rel=1e-3)
    assert corpus.voices == ["breaks", "house"]
    assert corpus.header.licence == "CC0-1.0"
    assert {record.licence for record in corpus.loops} == {"CC0-1.0"}
    for index, record in enumerate(corpus.loops):
        audio = corpus.audio(index)
        assert audio.shape == (2, 192_000)
        assert np.abs(audio).max() > 0.05
        assert record.measures["onset_density"] > 0.5
        assert 0.4 < record.measures["tempo_confidence"] <= 1.0
        assert record.notes["tempo_from"] in ("loop length", "onsets")
    one_bar = corpus.audio(next(i for i, r in enumerate(corpus.loops) if r.source == "house/one bar.wav"))
    assert np.array_equal(one_bar[:, :96_000], one_bar[:, 96_000:])
    assert summary.loops == len(corpus.loops)


def test_every_file_is_accounted_for(folder: Path, tmp_path: Path) -> None:
    summary = do(folder, tmp_path / "corpus")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    used = {source["source"] for source in summary.sources}
    skipped = {entry["source"]: entry["reason"] for entry in summary.skipped}
    assert used | skipped.keys() == files
    assert not used & skipped.keys()
    assert skipped["silence.wav"] == "silent"
    assert "too short" in skipped["hit.wav"]
    assert "cannot be decoded" in skipped["broken.flac"]
    assert skipped["cover.jpg"] == "not audio (.jpg)"
    assert skipped[".DS_Store"] == "hidden file"
    assert Corpus.open(tmp_path / "corpus").skipped() == summary.skipped


def test_no_source_is_on_both_sides(folder: Path, tmp_path: Path) -> None:
    do(folder, tmp_path / "corpus")
    corpus = Corpus.open(tmp_path / "corpus")
    sides: dict[str, set[str]] = {}
    for record in corpus.loops:
        sides.setdefault(record.source, set()).add(record.split)
    assert all(len(side) == 1 for side in sides.values())
    assert {"train"} in sides.values()
    assert {"test"} in sides.values()


def test_loops_of_a_song_start_on_its_bars(folder: Path, tmp_path: Path) -> None:
    do(folder, tmp_path / "corpus")
    starts = [r.start_s for r in Corpus.open(tmp_path / "corpus").loops if r.source == "breaks/deep/song.wav"]
    assert len(starts) >= 4
    beats = (np.array(starts) - 0.4) * 132 / 60
    assert np.abs(beats - np.rint(beats)).max() * 60 / 132 < 0.015


def test_beats(folder: Path, tmp_path: Path) -> None:
    do(folder, tmp_path / "corpus", unit="beat", duplicate_db=0.0)
    corpus = Corpus.open(tmp_path / "corpus")
    assert corpus.header.unit == "beat"
    assert corpus.header.samples == 24_000
    assert corpus.audio(0).shape == (2, 24_000)
    assert sum(record.source == "house/two bars.wav" for record in corpus.loops) == 8


def test_mono_and_other_lengths(folder: Path, tmp_path: Path) -> None:
    do(folder, tmp_path / "corpus", channels=1, bars=1)
    assert Corpus.open(tmp_path / "corpus").audio(0).shape == (1, 96_000)


def test_copies_are_dropped_within_and_across_files(tmp_path: Path, drums: Drums) -> None:
    bar = drums("garage", 120.0, 2.0, loop=True, variation=0.0)
    write(tmp_path / "audio" / "long.wav", np.tile(bar, 40))
    write(tmp_path / "audio" / "short.wav", np.tile(0.5 * bar, 2))
    write(tmp_path / "audio" / "other.wav", drums("break", 120.0, 4.0, loop=True))
    summary = do(tmp_path / "audio", tmp_path / "corpus")
    assert summary.loops == 2
    assert summary.repeated >= 19
    assert {
        "source": "short.wav",
        "reason": "every loop of it repeats one of another file",
    } in summary.skipped


def test_a_texture_is_kept_on_request(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write(tmp_path / "audio" / "rain" / "rain.wav", 0.1 * rng.standard_normal(9 * RATE_HZ))
    with pytest.raises(PrepareError, match="1 x no tempo found"):
        do(tmp_path / "audio", tmp_path / "corpus")
    do(tmp_path / "audio", tmp_path / "textures", no_tempo="keep", duplicate_db=0.0)
    corpus = Corpus.open(tmp_path / "textures")
    assert [record.start_s for record in corpus.loops] == [0.0, 4.0]
    assert corpus.loops[0].measures["tempo_confidence"] == 0.0
    assert corpus.loops[0].bpm == 120.0
    assert corpus.loops[0].notes["tempo_from"] == "none"


def test_a_beat_file_beside_the_audio_is_used(tmp_path: Path, drums: Drums) -> None:
    write(tmp_path / "audio" / "set.wav", drums("techno", 126.0, 20.0))
    lines = [f"{0.05 + 0.5 * beat}\t{(beat + 1) % 4 + 1}\n" for beat in range(38)]
    (tmp_path / "audio" / "set.beats.tsv").write_text("".join(lines))
    summary = do(tmp_path / "audio", tmp_path / "corpus", duplicate_db=0.0)
    assert summary.sources[0]["tempo_from"] == "beat file"
    starts = [record.start_s for record in Corpus.open(tmp_path / "corpus").loops]
    assert starts == pytest.approx([1.55, 5.55, 9.55, 13.55])
    assert summary.skipped == [{"source": "set.beats.tsv", "reason": "beat file of set.wav"}]


def test_one_beat_file_is_for_one_audio_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "beats.txt").write_text("0\n1\n")
    settings = PrepareSettings(beats=tmp_path / "beats.txt")
    with pytest.raises(PrepareError, match=r"given as beat file for 6 audio files"):
        prepare(folder, tmp_path / "corpus", settings, HereExecutor())


def test_nothing_usable_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PrepareError, match=r"looked for .*\.wav.*found no files at all"):
        do(tmp_path / "empty", tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()
    (tmp_path / "empty" / "a.txt").write_text("a")
    with pytest.raises(PrepareError, match=r"1 x not audio \(\.txt\)"):
        do(tmp_path / "empty", tmp_path / "corpus")
    with pytest.raises(PrepareError, match="no such folder"):
        do(tmp_path / "absent", tmp_path / "corpus")
    with pytest.raises(PrepareError, match="both"):
        do(tmp_path / "empty", tmp_path / "empty")


def test_other_settings_need_another_folder_or_force(folder: Path, tmp_path: Path) -> None:
    do(folder, tmp_path / "corpus")
    with pytest.raises(CorpusError, match="bars 2, now 1"):
        do(folder, tmp_path / "corpus", bars=1)
    do(folder, tmp_path / "corpus", force=True, bars=1)
    assert Corpus.open(tmp_path / "corpus").header.bars == 1


def test_a_second_run_does_only_what_is_new(folder: Path, tmp_path: Path, drums: Drums) -> None:
    first = do(folder, tmp_path / "corpus")
    again = do(folder, tmp_path / "corpus")
    assert first.resumed == 0
    assert again.resumed == 6
    assert again.loops == first.loops
    (folder / "house" / "two bars.wav").unlink()
    write(folder / "house" / "new.wav", drums("garage", 130.0, 480 / 130, loop=True))
    changed = do(folder, tmp_path / "corpus")
    assert changed.resumed == 5
    sources = {record.source for record in Corpus.open(tmp_path / "corpus").loops}
    assert "house/new.wav" in sources
    assert "house/two bars.wav" not in sources
    assert len(list((tmp_path / "corpus" / "shards").iterdir())) == 3
    write(folder / "house" / "new.wav", drums("garage", 140.0, 480 / 140, loop=True))
    assert do(folder, tmp_path / "corpus").resumed == 5


def test_a_corpus_inside_its_folder_is_not_prepared(folder: Path) -> None:
    do(folder, folder / "corpus")
    again = do(folder, folder / "corpus")
    assert again.resumed == 6


@pytest.mark.slow
def test_processes_make_the_same_corpus(folder: Path, tmp_path: Path) -> None:
    do(folder, tmp_path / "here")
    with open_executor(2) as executor:
        prepare(folder, tmp_path / "there", PrepareSettings(licence="CC0-1.0"), executor)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


@pytest.mark.slow
def test_killed_and_resumed_is_as_never_killed(tmp_path: Path, drums: Drums) -> None:
    """SIGKILL when the first parts are there; the same command then makes the same corpus."""
    audio = tmp_path / "audio"
    for index in range(8):
        bpm = 110.0 + 5 * index
        write(
            audio / "house" / f"{index}.wav",
            drums("techno", bpm, 3840 / bpm, loop=True, seed=index, variation=0.3),
        )
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    do(audio, whole)
    command = [sys.executable, "-m", "aijockey.cli.main", "prepare", str(audio), str(broken)]
    command += ["--workers", "1", "--licence", "CC0-1.0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while len(list(broken.glob("parts/*.json"))) < 2:
            assert process.poll() is None, "it finished before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with pytest.raises(CorpusError, match="unfinished"):
        Corpus.open(broken)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 2 <= json.loads(done.stdout)["resumed"] < 8
    assert contents(broken) == contents(whole)
    assert not list(broken.glob("parts/.scratch-*"))


@pytest.mark.slow
def test_a_cluster_of_two_workers_makes_the_same_corpus(folder: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    do(folder, tmp_path / "here")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        open_executor(1, scheduler=cluster.scheduler_address) as executor,
    ):
        prepare(folder, tmp_path / "there", PrepareSettings(licence="CC0-1.0"), executor)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("timed out")

    monkeypatch.setattr(distributed, "Client", refuse)
    with (
        pytest.raises(AijockeyError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"),
        open_executor(1, scheduler="tcp://127.0.0.1:1"),
    ):
        pass


def test_settings_are_compared_whole() -> None:
    """Every setting that changes what is cut is in the header that a resumed run is compared with."""
    from aijockey.corpus.source import settings_as_json

    assert settings_as_json(CutSettings()).keys() == {field.name for field in dataclasses.fields(CutSettings)}
