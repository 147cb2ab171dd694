"""Directions in the style of a stylegan2, of a tiny network that has hardly been trained."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aijockey.evaluate.directions import calibrate
from aijockey.evaluate.directions.calibrate import Settings
from aijockey.evaluate.directions.probe import Prober, raw_generator
from aijockey.evaluate.directions.remake import make_directions, write_directions
from aijockey.evaluate.sources import open_workers
from aijockey.live.generator import Generator
from aijockey.pack.pack import Pack
from aijockey.train.export import PackText, export_pack

SMALL = Settings(fit=40, tries=2, curve=2, held_out=12, audio=0, rounds=1)


@pytest.fixture(scope="module")
def pack(trained: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Pack:
    target = tmp_path_factory.mktemp("styled") / "styled"
    return export_pack(target, [trained("stylegan2-light").folder], None, PackText("styled"))


def test_a_pack_shows_the_style_and_takes_an_offset(pack: Pack) -> None:
    sampler: Any = pack.manifest.generators["stylegan2"].sampler
    layers, size = sampler.style_shape
    generator = Generator(pack)
    latents = np.stack([generator.latent("techno", seed) for seed in range(2)])
    styles = generator.styles("techno", latents)
    assert styles.shape == (2, size)
    plain = generator.codes("techno", latents)
    still = generator.codes("techno", latents, style_offset=np.zeros((2, layers, size), np.float32))
    assert np.array_equal(plain, still)
    offset = np.zeros((2, layers, size), np.float32)
    offset[:, :] = (styles[::-1] - styles)[:, None]
    assert not np.allclose(generator.codes("techno", latents, style_offset=offset), plain)
    assert pack.array(sampler.style_factors).shape == (sampler.factors, size)


def test_the_space_of_styles_is_whitened(pack: Pack) -> None:
    seeds = range(60)
    generator = raw_generator(pack.path)
    space = calibrate.space_of(generator, "techno", seeds)
    assert np.cov(space.whitened.T, bias=True) == pytest.approx(np.eye(space.whitened.shape[1]), abs=1e-3)
    styles = generator.styles("techno", np.stack([generator.latent("techno", seed) for seed in seeds]))
    back = space.vectors(space.whitened.astype(np.float64)) + styles.mean(axis=0)
    assert np.abs(back - styles).max() < 0.05 * styles.std()


def test_directions_of_styles_move_loops(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So small a network hardly changes its sound: whatever is found may stay.
    monkeypatch.setattr(calibrate, "LEAST_REACH", 0.0)
    monkeypatch.setattr("aijockey.evaluate.directions.held_out.LEAST_SLOPE", -100.0)
    proofs = make_directions(pack.path, ("techno",), SMALL)
    assert proofs["techno"].figures["space"] == "style"
    made = write_directions(pack, proofs, tmp_path / "directed")
    directions = made.manifest.voice("techno").directions
    assert directions is not None
    assert directions.space == "style"
    name = directions.directions[0].name
    generator = Generator(made)
    latents = generator.latent("techno", 1)[None]
    plain = generator.codes("techno", latents)
    assert np.array_equal(generator.codes("techno", latents, {name: 0.0}), plain)
    assert not np.array_equal(generator.codes("techno", latents, {name: 3.0}), plain)


def test_unsupervised_directions_are_named_by_what_they_change(pack: Pack) -> None:
    generator = raw_generator(pack.path)
    with open_workers(1) as workers:
        prober = Prober(pack.path, "techno", workers, lambda done, what: None)
        space = calibrate.space_of(generator, "techno", range(40))
        found = calibrate._unsupervised(generator, prober, space, np.full(7, 1e-3), SMALL)
    names = [candidate.name for candidate in found]
    assert any(name.startswith("pca1_") for name in names)
    assert any(name.startswith("sefa1_") for name in names)
    assert all(candidate.name.endswith(candidate.measure) for candidate in found)
