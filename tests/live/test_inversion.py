"""Loops of a voice come back to where they came from; others as near as the voice can."""

import numpy as np
import pytest

from aijockey.live import inversion as inversion_module
from aijockey.live import latent_encoder
from aijockey.live.generator import Generator
from aijockey.live.inversion import (
    InversionError,
    invert_loop,
    latent_of_mel,
    likeliest_voice,
    mel_error_db,
    moment_of,
    nearest_sample,
)
from aijockey.live.latent_encoder import LatentEncoder, encoder_of, fit_encoder, improve
from aijockey.live.latent_store import LatentStore
from aijockey.live.loop_maker import LoopMaker
from aijockey.live.loops import LoopRequest
from aijockey.live.moments import parse_moment
from aijockey.live.point_text import read_point


@pytest.fixture(scope="module")
def generator(tiny_pack):
    return Generator(tiny_pack)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AIJOCKEY_DATA", str(tmp_path))
    monkeypatch.setattr(latent_encoder, "LOOPS", 60)


def mel_of_seed(generator, voice, seed):
    return generator.mel(voice, generator.latent(voice, seed)[None])[0]


def test_a_flow_run_backwards_finds_the_very_latent(generator):
    latent = latent_of_mel(generator, "kick", mel_of_seed(generator, "kick", 5))
    np.testing.assert_allclose(latent, generator.latent("kick", 5), atol=0.02)


def test_a_direct_generator_has_an_encoder_that_comes_near(generator):
    mel = mel_of_seed(generator, "drone", 5)
    seen = []
    latent = latent_of_mel(generator, "drone", mel, lambda *step: seen.append(step))
    found = mel_error_db(generator.mel("drone", latent[None])[0], mel)
    nearest, _ = nearest_sample(generator, "drone", mel, 60)
    # The test's own latent does not have the usual length, which is all that such networks are trained on.
    length = np.linalg.norm(generator.latent("drone", 5)) / np.sqrt(latent.size)
    turned = mel_error_db(
        generator.mel("drone", generator.latent("drone", 5)[None] / np.float32(length))[0], mel
    )
    assert found <= max(1.1 * turned, 0.2 * nearest)
    assert {what for what, _, _ in seen} == {"learning the way back", "refining"}
    assert all(0 <= done <= total for _, done, total in seen)


def test_an_encoder_is_fitted_once_and_a_damaged_one_again(generator, tmp_path):
    counted = []
    first = encoder_of(generator, "drone", loops=40, progress=lambda done, total: counted.append(done))
    again = encoder_of(generator, "drone", loops=40, progress=lambda done, total: counted.append(done))
    assert len(counted) == 40
    codes = generator.codes("drone", generator.latent("drone", 1)[None])
    np.testing.assert_allclose(again.encode(codes), first.encode(codes), atol=1e-2)
    (path,) = (tmp_path / "encoders").iterdir()
    path.write_bytes(path.read_bytes()[:100])
    encoder_of(generator, "drone", loops=40, progress=lambda done, total: counted.append(done))
    assert len(counted) == 80


def test_what_is_linear_is_learned_and_noise_is_not(rng):
    latents = rng.normal(size=(300, 2, 3)).astype(np.float32)
    mixing = rng.normal(size=(6, 40)).astype(np.float32)
    codes = (latents.reshape(300, 6) @ mixing).reshape(300, 5, 8)
    encoder = fit_encoder(codes.reshape(300, -1), latents)
    assert encoder.error < 5e-3
    np.testing.assert_allclose(encoder.encode(codes[:3]), latents[:3], atol=0.05)
    noise = fit_encoder(rng.normal(size=(300, 40)).astype(np.float32), latents)
    assert 0.8 < noise.error < 1.3


def test_an_encoder_for_other_sizes_is_not_taken(rng, tmp_path):
    fit_encoder(rng.normal(size=(30, 8)).astype(np.float32), rng.normal(size=(30, 3))).save(
        tmp_path / "a.npz"
    )
    assert LatentEncoder.load(tmp_path / "a.npz", 8, (3,)) is not None
    assert LatentEncoder.load(tmp_path / "a.npz", 9, (3,)) is None
    assert LatentEncoder.load(tmp_path / "a.npz", 8, (4,)) is None
    assert LatentEncoder.load(tmp_path / "none.npz", 8, (3,)) is None


def test_improving_comes_nearer_keeps_the_lengths_and_never_gets_worse(rng):
    mixing = rng.normal(size=(20, 50))

    def made_of(latents):
        return np.tanh(latents.reshape(-1, 20).astype(np.float64) @ mixing / 5.0)

    for shape in ((20,), (2, 10)):
        goal, start = rng.normal(size=(2, *shape)).astype(np.float32)
        goal *= np.linalg.norm(start, axis=-1, keepdims=True) / np.linalg.norm(goal, axis=-1, keepdims=True)
        wanted = made_of(goal[None])
        found = improve(made_of, wanted, start, steps=20)
        errors = [np.abs(made_of(latent[None]) - wanted).mean() for latent in (start, found)]
        assert errors[1] < 0.05 * errors[0]
        np.testing.assert_allclose(np.linalg.norm(found, axis=-1), np.linalg.norm(start, axis=-1), rtol=1e-4)
        np.testing.assert_allclose(improve(made_of, wanted, goal, steps=2), goal, atol=1e-4)


def test_improving_leaves_what_is_not_free(rng):
    mixing = rng.normal(size=(6, 9))
    start, goal = rng.normal(size=(2, 2, 3)).astype(np.float32)
    free = np.array([[True] * 3, [False] * 3])
    found = improve(
        lambda latents: latents.reshape(-1, 6) @ mixing, goal.reshape(1, 6) @ mixing, start, free=free
    )
    np.testing.assert_allclose(found[1], start[1], rtol=1e-6)
    assert not np.allclose(found[0], start[0], atol=0.01)


def test_a_loop_is_inverted_kept_and_played_again(generator):
    audio = generator.generate("hats", generator.latent("hats", 3)[None])[0]
    inversion = invert_loop(generator, "hats", 0.01 * audio, samples=8)
    assert inversion.found_db < 0.5 * inversion.nearest_db
    assert inversion.found_db == pytest.approx(inversion.code_db, abs=0.1)
    assert inversion.samples == 8
    assert 0 <= inversion.nearest_seed < 8
    store = LatentStore()
    key = store.add(inversion.latent)
    moment = parse_moment(moment_of("hats", key))
    assert moment == {"voice": "hats", "point": f"#{key}"}
    sound = LoopMaker(generator, None, store.latent)(LoopRequest("hats", read_point(f"#{key}")))
    np.testing.assert_array_equal(sound[0], generator.generate("hats", inversion.latent[None])[0])


def test_the_likeliest_voice_is_the_one_that_made_it(make_pack, tiny_manifest, monkeypatch):
    flow = {"flow": tiny_manifest.generators["flow"]}
    flows = Generator(
        make_pack(voices=tiny_manifest.voices[:2], files={"direct.onnx": None}, generators=flow)
    )
    for voice in ("kick", "hats"):
        for seed in range(3):
            # The tiny vocoder is a toy: what it plays has another log-mel than it was given.
            mel = mel_of_seed(flows, voice, seed)
            monkeypatch.setattr(inversion_module, "mel_of", lambda generator, voice, audio, mel=mel: mel)
            assert likeliest_voice(flows, np.zeros(0, np.float32)) == voice


def test_the_likeliest_voice_where_not_all_run_backwards(generator):
    audio = generator.generate("drone", generator.latent("drone", 2)[None])[0]
    assert likeliest_voice(generator, audio) == "drone"


@pytest.mark.parametrize(
    ("audio", "why"),
    [
        (np.zeros(192_000, np.float32), "silent"),
        (np.full(192_000, np.nan, np.float32), "finite"),
        (np.ones(1000, np.float32), "2 bars"),
        (np.ones((2, 192_000), np.float32), "2 bars"),
    ],
)
def test_what_cannot_be_inverted_says_why(generator, audio, why):
    with pytest.raises(InversionError, match=why):
        invert_loop(generator, "kick", audio)
