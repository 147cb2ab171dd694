from pathlib import Path

import pytest

from aijockey.train.config import (
    DataConfig,
    RecipeError,
    TrainConfig,
    build,
    read_recipe,
    recipe_names,
    resolve,
)


def _write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_every_shipped_recipe_resolves_and_survives_a_checkpoint() -> None:
    assert recipe_names()
    for name in recipe_names():
        recipe = read_recipe(name)
        assert resolve(recipe.to_dict(), name) == recipe


def test_a_recipe_differs_from_its_base_only_where_it_says(tmp_path: Path) -> None:
    base = read_recipe("flow")
    text = 'base = "flow"\n[train]\nbatch = 7\n[data]\nmel = {bands = 64}\n'
    own = read_recipe(_write(tmp_path / "own.toml", text))
    assert (own.train.batch, own.data.mel.bands, own.name) == (7, 64, "own")
    assert own.model == base.model
    assert own.train.learning_rate == base.train.learning_rate
    assert own.data.mel.hop_samples == base.data.mel.hop_samples


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'family = "flow"\n[train]\nlerning_rate = 1.0',
            r"train\.lerning_rate: unknown; did you mean 'learning_rate'",
        ),
        ('family = "flow"\n[model]\nwith = 3', r"model\.with: unknown; did you mean 'width'"),
        ('family = "flow"\n[data]\nmel = {band = 3}', r"data\.mel\.band: unknown; did you mean 'bands'"),
        ('family = "flwo"', r"unknown family 'flwo'; did you mean 'flow'"),
        ("[train]\nbatch = 3", r"unknown family None"),
        ('family = "flow"\n[trian]\nbatch = 3', r"unknown key 'trian'; expected family, base, train"),
        ('family = "flow"\n[train]\nbatch = "many"', r"train\.batch is 'many'; expected a int such as 64"),
        ('family = "flow"\n[train]\nbatch = 1.5', r"train\.batch is 1\.5; expected a int"),
        ('family = "flow"\n[train]\nlearning_rate = true', r"learning_rate is True; expected a float"),
        ('family = "flow"\n[data]\nvoices = "techno"', r"data\.voices is 'techno'; expected a tuple"),
        (
            'family = "flow"\n[data]\nmel = {hop_samples = 256}',
            r"hop of 256 samples does not divide a sixteenth",
        ),
        ('family = "stylegan2"\n[model]\nform = "tiny"', r"form is 'tiny'; expected light or full"),
        ('family = "stylegan2"\n[model]\nloss = "wasserstein"', r"expected logistic or relativistic"),
        ('family = "flow"\nbase = 3', r"base is 3; expected the name of a recipe"),
        ('base = "flow-lihgt"', r"no recipe 'flow-lihgt'; did you mean 'flow-light'"),
        ("family = flow", r"recipe .*own\.toml: "),
        ("train = 3\nfamily = 'flow'", r"train is 3; expected a table"),
    ],
)
def test_faults_are_named_with_what_was_expected(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=message):
        read_recipe(_write(tmp_path / "own.toml", text))


def test_bases_that_form_a_circle_are_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    _write(first, f'base = "{second}"')
    _write(second, f'base = "{first}"')
    with pytest.raises(RecipeError, match="bases form a circle"):
        read_recipe(str(first))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone\.toml: no such recipe file"):
        read_recipe(str(tmp_path / "gone.toml"))


def test_whole_numbers_pass_for_floats_and_lists_for_tuples() -> None:
    assert build(TrainConfig, {"learning_rate": 1}, "here").learning_rate == 1.0
    assert build(DataConfig, {"voices": ["techno"], "controls": []}, "here").voices == ("techno",)
