"""The studio's corpus on disk: whole, repeatable, resumable."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aijockey.cli.main import main
from aijockey.corpus.store import Corpus, CorpusError
from aijockey.corpus.synthesize import corpus as studio_corpus
from aijockey.corpus.synthesize import render_loop
from aijockey.corpus.synthesize.corpus import StudioSettings, SynthesizeError, loop_seed, synthesize_corpus
from aijockey.errors import AijockeyError

SETTINGS = StudioSettings(voices=("bass", "percussion"), loops_per_voice=10, seed=5, test_share=0.2)


def contents(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("studio") / "corpus"
    synthesize_corpus(path, SETTINGS, progress=False)
    return path


def test_what_is_written(made: Path) -> None:
    corpus = Corpus.open(made)
    assert corpus.header.key == "A minor"
    assert corpus.header.licence == "CC0-1.0"
    assert (corpus.header.bars, corpus.header.samples, corpus.header.channels) == (2, 192_000, 2)
    assert corpus.voices == ["bass", "percussion"]
    assert len(corpus.loops) == 20
    for voice in corpus.voices:
        assert len(corpus.select("test", voice)) == 2
        assert len(corpus.select("train", voice)) == 8
    first = corpus.loops[0]
    assert (first.source, first.start_s, first.bpm) == ("studio/bass/000000", 0.0, 120.0)
    assert first.licence == "CC0-1.0"
    assert {"onset_density", "bass_share", "brightness", "swing", "tonalness", "sustain"} <= set(
        first.measures
    )
    scores = corpus.scores()
    assert [line["id"] for line in scores] == [record.id for record in corpus.loops]
    assert all(line["score"] and line["labels"]["genre"] for line in scores)


def test_loops_are_those_of_their_seed(made: Path) -> None:
    corpus = Corpus.open(made)
    for index in (0, 13):
        voice, number = corpus.loops[index].source.split("/")[1:]
        loop = render_loop(voice, loop_seed(SETTINGS.seed, int(number)))
        np.testing.assert_allclose(corpus.audio(index), loop.audio, atol=1 / 32767)


def test_several_processes_and_an_interruption_change_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_corpus, "LOOPS_PER_SHARD", 4)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    synthesize_corpus(whole, SETTINGS, progress=False)

    calls = 0

    def dies_in_the_middle(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 7:
            raise KeyboardInterrupt
        return render_loop(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(studio_corpus, "render_loop", dies_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        synthesize_corpus(broken, SETTINGS, progress=False)
    with pytest.raises(CorpusError, match="unfinished"):
        Corpus.open(broken)
    monkeypatch.setattr(studio_corpus, "render_loop", render_loop)
    summary = synthesize_corpus(broken, SETTINGS, progress=False)
    assert (summary["shards_kept"], summary["shards_made"]) == (1, 5)
    assert contents(broken) == contents(whole)
    # The audio is the same whatever the size of a shard.
    for index in range(20):
        np.testing.assert_array_equal(Corpus.open(broken).audio(index), Corpus.open(made).audio(index))


@pytest.mark.slow
def test_kill_9_loses_nothing(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "killed"
    words = ["synthesize", str(path), "--voices", "bass,percussion", "--loops-per-voice", "10", "--seed", "5"]
    words += ["--test-share", "0.2", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "aijockey.cli.main", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(path.glob("shards/.*.partial")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert main([*words[:-1], "1"]) == 0
    assert not list(path.rglob("*.partial"))
    assert contents(path) == contents(made)


def test_other_settings_in_the_same_folder_are_refused(made: Path) -> None:
    before = contents(made)
    with pytest.raises(CorpusError, match="seed"):
        synthesize_corpus(made, replace(SETTINGS, seed=6))
    assert contents(made) == before


def test_force_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "corpus"
    synthesize_corpus(path, StudioSettings(voices=("pads",), loops_per_voice=1), progress=False)
    synthesize_corpus(path, StudioSettings(voices=("stabs",), loops_per_voice=2), progress=False, force=True)
    assert Corpus.open(path).voices == ["stabs"]


@pytest.mark.parametrize(
    "settings",
    [
        {"voices": ("tekno",)},
        {"voices": ()},
        {"voices": ("bass", "bass")},
        {"loops_per_voice": 0},
        {"seed": -1},
        {"test_share": 1.0},
        {"test_share": -0.1},
    ],
)
def test_settings_that_make_no_corpus_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(AijockeyError):
        StudioSettings(**settings)  # type: ignore[arg-type]


def test_the_command_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "synthesize",
        str(tmp_path / "c"),
        "--voices",
        "bass",
        "--loops-per-voice",
        "2",
        "--workers",
        "1",
    ]
    assert main([*words, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["loops"] == 2
    assert summary["voices"] == ["bass"]
    assert main(words) == 0
    assert "2 loops" in capsys.readouterr().out
    assert main([*words, "--seed", "1"]) == 1
    assert "--force" in capsys.readouterr().err
    assert main([*words, "--workers", "0"]) == 1
    with pytest.raises(SynthesizeError):
        StudioSettings(loops_per_voice=-1)
