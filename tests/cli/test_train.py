import json
from pathlib import Path

import numpy as np
import pytest

from aijockey.cli.main import main
from aijockey.corpus.store import CorpusHeader, LoopRecord
from aijockey.corpus.writing import ShardWriter, finish_corpus, open_for_writing

SMALL = """base = "flow-light"
[train]
batch = 2
[data]
dims = 4
[model]
width = 8
layers = 1
heads = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of three loops, and a recipe of a few hundred weights."""
    header = CorpusHeader(channels=1, licence="CC0-1.0", made_by="tests")
    open_for_writing(tmp_path / "corpus", header)
    rng = np.random.default_rng(0)
    records = []
    with ShardWriter(tmp_path / "corpus", "a", 1, 192_000) as shard:
        for number in range(3):
            row = shard.append((0.1 * rng.standard_normal((1, 192_000))).astype(np.float32))
            measures = {"onset_density": float(number), "loudness_lufs": -14.0}
            records.append(
                LoopRecord(f"l{number}", "s", 0.0, 120.0, "noise", "train", "CC0-1.0", "a", row, measures)
            )
    finish_corpus(tmp_path / "corpus", header, records)
    (tmp_path / "small.toml").write_text(SMALL)
    return tmp_path


def _train(folder: Path, *more: str) -> int:
    words = [
        "train",
        str(folder / "corpus"),
        "--recipe",
        str(folder / "small.toml"),
        "--run",
        str(folder / "run"),
    ]
    return main([*words, "--accelerator", "cpu", *more])


@pytest.mark.slow
def test_trains_goes_on_and_exports(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _train(folder, "--steps", "2", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["step"], first["interrupted"], first["run"]) == (2, False, str(folder / "run"))
    assert _train(folder, "--steps", "3") == 0
    said = capsys.readouterr()
    assert "going on from step 2" in said.err
    assert "done: 3 steps" in said.out
    assert f"aijockey export {folder / 'run'} -o PACK" in said.out
    pack = str(folder / "own.ajpack")
    words = ["export", str(folder / "run"), "-o", pack, "--vocoder", "griffin-lim"]
    assert main([*words, "--name", "own", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["voices"] == ["noise"]
    assert made["pack"] == pack
    assert main(words) == 1
    assert "--force replaces it" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
    assert "1 voices (noise)" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--minutes", "--steps", "--threads", "--devices"])
def test_nonsense_is_refused_before_any_work(
    option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(folder, option, "0") == 1
    assert f"{option} is 0" in capsys.readouterr().err
    assert not (folder / "run").exists()


def test_faults_are_one_line_without_a_traceback(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(folder / "corpus"), "--recipe", "flow-lihgt"]) == 1
    assert capsys.readouterr().err == "aijockey train: no recipe 'flow-lihgt'; did you mean 'flow-light'?\n"
    assert main(["train", str(folder / "none"), "--recipe", "flow-light", "--run", str(folder / "run")]) == 1
    assert "none: no such folder" in capsys.readouterr().err


def test_recipes_are_listed_with_a_word_on_each(capsys: pytest.CaptureFixture[str]) -> None:
    from aijockey.train.config import recipe_names

    with pytest.raises(SystemExit, match="0"):
        main(["train", "--list-recipes"])
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines) == recipe_names()
    assert all(len(line.split()) > 4 for line in lines)
