"""A generator that nothing but its voice conditions: it trains, is exported, and plays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aijockey.corpus.store import Corpus
from aijockey.live.generator import Generator
from aijockey.train.config import read_recipe
from aijockey.train.export import PackText, export_pack
from aijockey.train.loop import Limits, train


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flow-light", "stylegan2-light"])
def test_a_pack_without_controls_plays(
    name: str, corpus: Corpus, shrink: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = read_recipe(str(shrink(name, data={"controls": []})))
    train(corpus, recipe, tmp_path / "run", Limits(steps=1), accelerator="cpu", quiet=True, tell=_hush)
    pack = export_pack(tmp_path / "pack", [tmp_path / "run"], None, PackText("bare"))
    assert pack.manifest.controls == ()
    assert all(not spec.controls for spec in pack.manifest.generators.values())
    generator = Generator(pack)
    for voice in ("breaks", "techno"):
        latents = np.stack([generator.latent(voice, seed) for seed in range(2)])
        codes = generator.codes(voice, latents)
        assert np.isfinite(codes).all()
        assert not np.array_equal(codes[0], codes[1])


def _hush(text: Any) -> None:
    """The loop's reports are for people."""
