from pathlib import Path

import pytest

from aijockey.cli.main import main


def _fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["export", *words]) == 1
    return capsys.readouterr().err


def test_a_run_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _fails(capsys, str(tmp_path / "run"), "-o", str(tmp_path / "pack"), "--vocoder", "griffin-lim")
    assert "best.safetensors: no such checkpoint; `aijockey train` makes one" in said
    assert not (tmp_path / "pack").exists()


def test_figures_and_card_must_be_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(tmp_path / "run"), "-o", str(tmp_path / "pack"), "--vocoder", "griffin-lim"]
    (tmp_path / "figures.json").write_text("{no json")
    assert "figures.json does not hold figures" in _fails(
        capsys, *words, "--figures", str(tmp_path / "figures.json")
    )
    assert "card.md cannot be read" in _fails(capsys, *words, "--card", str(tmp_path / "card.md"))


def test_an_output_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "run"])
    assert "-o/--output" in capsys.readouterr().err
