"""The sheet of a voice: whole, self-contained, the same again."""

import numpy as np
import pytest

from aijockey.audio.files import read_audio
from aijockey.cli.main import main
from aijockey.evaluate import explore as sheets
from aijockey.evaluate.explore import explore, loops_of_sheet, sheet_page
from aijockey.live.generator import Generator

GRID, WALK = 2, 6


@pytest.fixture(scope="module", autouse=True)
def small():
    """Sheets of fewer loops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "GRID", GRID)
        patch.setattr(sheets, "WALK", WALK)
        yield


@pytest.fixture(scope="module")
def sheet(tiny_pack, small):
    return explore(Generator(tiny_pack), "hats", seed=3)


def test_corners_are_their_seeds(sheet, tiny_pack):
    generator = Generator(tiny_pack)
    grid = sheet.strips[0].mels
    for seed, place in ((3, 0), (4, GRID - 1), (5, GRID * (GRID - 1)), (6, GRID * GRID - 1)):
        mel = generator.mel("hats", generator.latent("hats", seed)[None])[0]
        assert np.allclose(grid[place], mel, atol=1e-4)
    assert sum(len(strip.mels) for strip in sheet.strips) == loops_of_sheet(0)


def test_a_walk_comes_back_and_keeps_its_length(sheet):
    walk = sheet.strips[-1]
    assert len(walk.mels) == WALK
    steps = np.abs(np.diff(np.concatenate([walk.mels, walk.mels[:1]]), axis=0)).mean(axis=(1, 2))
    assert steps.max() < 3.0 * steps.mean()


def test_the_page_needs_nothing_but_itself(sheet):
    page = sheet_page(sheet)
    assert page.count("data:image/png") == loops_of_sheet(0)
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "no directions of this voice" in page


def test_the_verb_writes_a_sheet(tiny_pack, tmp_path, capsys):
    words = ["explore", str(tiny_pack.path), "hats", "-o", str(tmp_path / "sheet")]
    assert main(words) == 0
    names = {path.name for path in (tmp_path / "sheet").iterdir()}
    assert names == {"hats.html", "hats.png", "hats-grid.wav", "hats-walk.wav"}
    assert read_audio(tmp_path / "sheet" / "hats-walk.wav")[0].shape[-1] == WALK * 192_000
    assert main(words) == 1
    assert "--force" in capsys.readouterr().err


def test_a_voice_that_is_not_there_is_said_before_what_is_not_installed(
    tiny_pack, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    words = ["explore", str(tiny_pack.path)]
    assert main([*words, "hatz", "-o", str(tmp_path)]) == 1
    assert "did you mean 'hats'" in capsys.readouterr().err
    assert main([*words, "hats", "-o", str(tmp_path)]) == 1
    assert "matplotlib" in capsys.readouterr().err
