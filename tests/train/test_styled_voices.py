"""Voices of a stylegan2, whose layers can take styles of their own: mixing, morphing, moving, finding loops again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aijockey.evaluate import explore as sheets
from aijockey.latent import Space
from aijockey.live import latent_encoder
from aijockey.live.generator import Generator
from aijockey.live.graph import GenerationError
from aijockey.live.inversion import latent_of_mel, mel_error_db
from aijockey.live.latent_store import LatentStore
from aijockey.live.loop_source import generate_loop, latent_of
from aijockey.live.loops import LoopRequest
from aijockey.live.point_text import read_point
from aijockey.pack.manifest import DirectionSpec, DirectionsSpec
from aijockey.pack.pack import Pack
from aijockey.pack.writer import write_pack
from aijockey.train.export import PackText, export_pack


@pytest.fixture(scope="module")
def pack(trained: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Pack:
    target = tmp_path_factory.mktemp("styled") / "styled"
    return export_pack(target, [trained("stylegan2-light").folder], None, PackText("styled"))


@pytest.fixture(scope="module")
def generator(pack: Pack) -> Generator:
    return Generator(pack)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIJOCKEY_DATA", str(tmp_path))
    monkeypatch.setattr(latent_encoder, "LOOPS", 60)


def latents(generator: Generator, *seeds: int, voice: str = "techno") -> np.ndarray:
    return np.stack([generator.latent(voice, seed) for seed in seeds])


def test_the_latent_of_a_layer_makes_the_style_of_that_layer(generator: Generator) -> None:
    layers = generator.layers("techno")
    assert layers == 8
    one, other = latents(generator, 1, 2)
    alone = generator.codes("techno", one[None])
    rows = np.stack([one] * layers)
    assert np.array_equal(generator.codes("techno", rows[None]), alone)
    styles = generator.styles("techno", np.stack([one, other]))
    mixed = rows.copy()
    mixed[5:] = other
    offset = np.zeros((1, layers, styles.shape[1]), np.float32)
    offset[:, 5:] = styles[1] - styles[0]
    wanted = generator.codes("techno", one[None], style_offset=offset)
    assert np.array_equal(generator.codes("techno", mixed[None]), wanted)
    assert not np.allclose(wanted, alone)
    # Loops of one call do not hear each other.
    both = generator.codes("techno", np.stack([mixed, rows]))
    assert np.array_equal(both, np.concatenate([wanted, alone]))
    with pytest.raises(GenerationError, match="latents have shape"):
        generator.codes("techno", mixed[None, :5])


def test_conditions_count_in_every_layer(generator: Generator) -> None:
    one, other = latents(generator, 1, 2)
    rows = np.stack([one] * 4 + [other] * 4)
    told = {"brightness": 2.0}
    assert not np.allclose(generator.codes("techno", rows[None], told), generator.codes("techno", rows[None]))
    same = np.stack([one] * 8)
    assert np.array_equal(
        generator.codes("techno", same[None], told), generator.codes("techno", one[None], told)
    )


def test_a_deck_plays_one_loop_with_the_sound_of_another(generator: Generator) -> None:
    def codes(text: str) -> np.ndarray:
        return generator.codes("techno", latent_of(generator, "techno", read_point(text))[None])

    assert np.array_equal(codes("7/9@sound"), codes("9/7@rhythm"))
    assert not np.allclose(codes("7/9@sound"), codes("7"))
    assert np.array_equal(codes("7/7@sound"), codes("7"))
    request = LoopRequest("techno", read_point("7/9@sound>3@0.25"))
    assert generate_loop(generator, request).shape == (1, 192_000)
    space = Space(generator, "techno")
    assert space.mels(["7", "7/9@sound"]).shape[0] == 2
    assert space.angle_rad("7", "7/9@sound") == pytest.approx(space.angle_rad("7/9@sound", "7"))


def test_a_morph_between_voices_has_their_own_loops_at_its_ends_and_no_jump(generator: Generator) -> None:
    voices = ("breaks", "techno")
    ends = tuple(latents(generator, 5, voice=voice) for voice in voices)
    path = np.stack([generator.morph_mel(voices, ends, amount)[0] for amount in np.linspace(0.0, 1.0, 17)])
    for place, voice, latent in ((0, "breaks", ends[0]), (-1, "techno", ends[1])):
        assert np.array_equal(path[place], generator.mel(voice, latent)[0])
    steps = np.abs(np.diff(path, axis=0)).mean(axis=(1, 2))
    assert steps.min() > 0.0
    assert steps.max() < 4.0 * steps.mean()
    same = generator.morph_mel(("techno", "techno"), (ends[1], ends[1]), 0.5)
    np.testing.assert_allclose(same[0], path[-1], atol=1e-4)
    rows = np.repeat(ends[1][:, None], 8, axis=1)
    layered = generator.morph_mel(voices, (ends[0], rows), 0.25)
    np.testing.assert_allclose(layered[0], path[4], atol=1e-4)


def directed(pack: Pack, target: Path, vector: np.ndarray) -> Pack:
    """The pack with one direction in the style of techno, of which a unit adds ``vector``."""
    direction = DirectionSpec(
        name="brightness", unit="octaves", description="Higher.", spread=None, amounts=(-1.0, 0.0, 1.0),
        strengths=(-1.0, 0.0, 1.0), effect=(-1.0, 0.0, 1.0), slope=1.0, monotone=1.0, conditions={},
        crosstalk={}, kept={},
    )  # fmt: skip
    voices = tuple(
        replace(voice, directions=DirectionsSpec("style", "directions-techno.npy", (direction,)))
        if voice.name == "techno"
        else voice
        for voice in pack.manifest.voices
    )
    files: dict[str, Any] = {
        name: pack.read(name) for name in pack.manifest.files if name.endswith((".onnx", ".npy"))
    }
    files["directions-techno.npy"] = vector[None].astype(np.float32)
    return write_pack(target, replace(pack.manifest, voices=voices), files, pack.card)


def test_a_direction_of_the_style_moves_the_style_though_latents_are_as_long(
    pack: Pack, generator: Generator, tmp_path: Path, rng: np.random.Generator
) -> None:
    latent = latents(generator, 1)
    styles = generator.styles("techno", latent)
    assert styles.shape == latent.shape
    vector = rng.normal(size=styles.shape[1]).astype(np.float32)
    moved = Generator(directed(pack, tmp_path / "directed", vector))
    offset = np.repeat(vector[None, None], 8, axis=1)
    wanted = generator.codes("techno", latent, style_offset=offset)
    np.testing.assert_allclose(moved.codes("techno", latent, {"brightness": 1.0}), wanted, atol=1e-6)
    np.testing.assert_allclose(generator.moved_codes("techno", latent, vector[None], None), wanted, atol=1e-6)
    # Of a mixture all layers move, and toward another voice as much as is left of this one.
    rows = np.stack([*[latent[0]] * 4, *latents(generator, 2).repeat(4, axis=0)])[None]
    assert np.array_equal(
        moved.codes("techno", rows, {"brightness": 1.0}), generator.codes("techno", rows, style_offset=offset)
    )
    voices, ends = ("techno", "breaks"), (latent, latents(generator, 1, voice="breaks"))
    still = generator.morph_mel(voices, ends, 0.5)
    assert not np.allclose(moved.morph_mel(voices, ends, 0.5, {"brightness": 1.0}), still, atol=1e-3)


def test_a_loop_is_found_again_layer_by_layer_and_kept(generator: Generator) -> None:
    one, other = latents(generator, 3, 4)
    rows = np.stack([one] * 4 + [other] * 4)
    mel = generator.mel("techno", rows[None])[0]
    seen: list[str] = []
    found = latent_of_mel(generator, "techno", mel, lambda what, done, total: seen.append(what))
    assert found.shape == rows.shape
    assert {"learning the way back", "refining", "refining layers"} == set(seen)
    seeds = generator.mel("techno", latents(generator, *range(16)))
    nearest = min(mel_error_db(each, mel) for each in seeds)
    assert mel_error_db(generator.mel("techno", found[None])[0], mel) < 0.25 * nearest
    key = LatentStore().add(found)
    near = latent_of(generator, "techno", read_point(f"#{key}~5@0.1"), LatentStore().latent)
    assert near.shape == rows.shape


def test_a_sheet_shows_the_layers_one_after_the_other(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "GRID", 2)
    monkeypatch.setattr(sheets, "WALK", 4)
    monkeypatch.setattr(Generator, "sound", lambda self, mel: np.zeros((len(mel), 8), np.float32))
    sheet = sheets.explore(generator, "techno", seed=3)
    assert sum(len(strip.mels) for strip in sheet.strips) == sheets.loops_of_sheet(0, 8)
    (strip,) = (strip for strip in sheet.strips if strip.name == "layers")
    ends = generator.mel("techno", latents(generator, 3, 4))
    assert np.array_equal(strip.mels[[0, -1]], ends)
    assert np.abs(np.diff(strip.mels, axis=0)).mean(axis=(1, 2)).min() > 0.0
