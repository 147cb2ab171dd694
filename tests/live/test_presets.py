import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aijockey.cli.main import main
from aijockey.errors import AijockeyError
from aijockey.live.presets import Preset, find, forget, keep, presets_path, read_presets


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("AIJOCKEY_MOMENTS", str(tmp_path / "settings" / "moments.toml"))
    return presets_path()


names = st.text(min_size=1, max_size=20).filter(lambda name: name.strip() and name.isprintable())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names, sha256=st.text("0123456789abcdef", max_size=64))
def test_what_is_kept_is_read_again(name, sha256, path):
    path.unlink(missing_ok=True)
    preset = Preset("voice=techno; point=7~3@0.2; gain_db=-3.0", "default", sha256)
    keep(name, preset)
    keep("other", Preset("point=9"), force=True)
    assert find(name, read_presets()) == (preset if name != "other" else Preset("point=9"))
    assert preset.fits(sha256)
    assert preset.fits("f" * 64) == (sha256 in ("", "f" * 64))
    assert forget(name).moment
    assert name not in read_presets()


@pytest.mark.parametrize("moment", ["-", "", "gain_db=99", "voice", "play=1", "point=x"])
def test_only_moments_are_kept(moment):
    with pytest.raises(AijockeyError):
        keep("mine", Preset(moment))
    assert read_presets() == {}


def test_a_name_is_not_taken_over_by_accident(path):
    keep("mine", Preset("point=1"))
    with pytest.raises(AijockeyError, match="--force"):
        keep("mine", Preset("point=2"))
    with pytest.raises(AijockeyError, match="did you mean mine"):
        forget("mein")
    for name in ("", " ", "a\nb", "x" * 81):
        with pytest.raises(AijockeyError, match="name"):
            keep(name, Preset("point=2"))
    assert tomllib.loads(path.read_text()) == {"mine": {"moment": "point=1"}}
    assert [file.name for file in path.parent.iterdir()] == ["moments.toml"]


@pytest.mark.parametrize(
    "text", ["mine = 3", "[mine]\nmoment = 3", "[mine]\nmoments = 'point=1'", "[mine", "[mine]"]
)
def test_a_file_that_is_none_says_where(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with pytest.raises(AijockeyError, match=r"moments\.toml"):
        read_presets()


def test_the_verb_keeps_lists_and_forgets(tiny_pack, capsys):
    assert main(["moments"]) == 0
    assert "no moments are kept" in capsys.readouterr().out
    assert main(["moments", "mine", "--keep", "voice=kick; point=7", "--pack", str(tiny_pack.path)]) == 0
    assert main(["moments", "--json"]) == 0
    assert tiny_pack.hash in capsys.readouterr().out
    assert main(["moments", "mine", "--forget"]) == 0
    assert main(["moments", "mine"]) == 1
    assert main(["moments", "--keep", "point=7"]) == 1
    assert "NAME is missing" in capsys.readouterr().err
