"""From a request to its audio: members are made once, stored latents found, mono costs nothing."""

from dataclasses import replace

import numpy as np
import pytest

from aijockey.errors import AijockeyError
from aijockey.live.ensemble import mix_members, pan_weights
from aijockey.live.generator import Generator
from aijockey.live.latent_store import LatentStore
from aijockey.live.loop_maker import LoopMaker
from aijockey.live.loop_source import DirectSource, generate_loop
from aijockey.live.loops import TARGET_LUFS, LoopRequest, make_loop
from aijockey.live.loudness import loudness_lufs
from aijockey.live.members import Ensemble, ensemble_of
from aijockey.live.point_text import read_point

REQUEST = LoopRequest("kick", read_point("7"), (("brightness", 0.5),), ensemble=ensemble_of(0.4, 3))


class Counting:
    """A generator that remembers how many loops it made."""

    def __init__(self, generator):
        self.generator, self.made = generator, 0

    def latent(self, voice, seed):
        return self.generator.latent(voice, seed)

    def generate(self, voice, latents, controls=None):
        self.made += len(latents)
        return self.generator.generate(voice, latents, controls)


@pytest.fixture(scope="module")
def generator(tiny_pack):
    return Generator(tiny_pack)


@pytest.fixture
def counting(generator):
    return Counting(generator)


def test_a_request_without_an_ensemble_is_one_loop_in_mono(counting):
    maker = LoopMaker(counting)
    alone = replace(REQUEST, ensemble=None)
    np.testing.assert_array_equal(maker(alone), generate_loop(counting.generator, alone))
    assert maker(alone).shape == (1, 192_000)
    assert counting.made == 1


def test_an_ensemble_is_the_mix_of_its_members_which_are_points_like_any_other(counting):
    stereo = LoopMaker(counting)(REQUEST)
    points = [read_point(text) for text in ("7", "7~4294967297@0.4", "7~4294967298@0.4")]
    members = [
        generate_loop(counting.generator, replace(REQUEST, point=point, ensemble=None)) for point in points
    ]
    expected = mix_members(np.concatenate(members), pan_weights([-1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(stereo, expected)
    assert stereo.shape == (2, 192_000)


def test_members_are_made_once_whatever_is_done_with_their_places(counting):
    maker = LoopMaker(counting)
    maker(REQUEST)
    assert counting.made == 3
    for ensemble in (Ensemble(0.4, 3, (0.5, 0.0, -0.5)), Ensemble(0.4, 2), Ensemble(0.4, 3, (), 2)):
        maker(replace(REQUEST, ensemble=ensemble))
    assert counting.made == 3
    maker(replace(REQUEST, ensemble=Ensemble(0.5, 3)))  # another spread: the first stays
    assert counting.made == 5


def test_a_soloed_member_and_a_lone_one_stay_mono(counting):
    maker = LoopMaker(counting)
    soloed = maker(replace(REQUEST, ensemble=Ensemble(0.4, 3, (), 2)))
    assert soloed.shape == (1, 192_000)
    np.testing.assert_array_equal(
        soloed, maker(replace(REQUEST, point=read_point("7~4294967297@0.4"), ensemble=None))
    )


def test_stored_latents_are_found(counting, tmp_path):
    store = LatentStore(tmp_path)
    latent = counting.latent("kick", 3)
    key = store.add(latent)
    maker = LoopMaker(counting, None, store.latent)
    stored = maker(LoopRequest("kick", read_point(f"#{key}")))
    np.testing.assert_allclose(stored, maker(LoopRequest("kick", read_point("3"))), atol=0.02)
    with pytest.raises(AijockeyError, match="no such latent"):
        maker(LoopRequest("kick", read_point("#0123456789ab")))


def test_a_request_goes_to_another_process_and_back():
    for ensemble in (None, Ensemble(0.4, 4), Ensemble(0.25, 3, (-1.0, None, 0.5), 3)):
        request = replace(REQUEST, ensemble=ensemble)
        assert LoopRequest.from_json(request.as_json()) == request


def test_in_mono_an_ensemble_has_the_level_that_one_member_has(generator):
    source = DirectSource(LoopMaker(generator), {"kick": False}, channels=2)
    wide = source.request(REQUEST).loop
    alone = source.request(replace(REQUEST, ensemble=None)).loop
    assert wide.audio.shape[0] == 2
    assert alone.audio.shape[0] == 1
    for mono in (wide.audio.mean(axis=0, keepdims=True), alone.audio):
        assert loudness_lufs(mono) == pytest.approx(TARGET_LUFS, abs=0.05)


def test_a_mono_engine_gets_the_mono_sum(generator):
    source = DirectSource(LoopMaker(generator), {"kick": False}, channels=1)
    loop = source.request(REQUEST).loop
    assert loop.audio.shape == (1, 192_000)
    assert loudness_lufs(loop.audio) == pytest.approx(TARGET_LUFS, abs=0.05)


def test_the_level_of_stereo_loops_is_that_of_mono_ones_unless_their_sides_cancel(rng):
    noise = rng.normal(size=(2, 96_000)).astype(np.float32)
    same = make_loop(np.repeat(noise[:1], 2, axis=0))
    np.testing.assert_allclose(same.audio[:1], make_loop(noise[:1]).audio, rtol=1e-5)
    cancelling = make_loop(np.stack([noise[0], -noise[0]]))
    assert loudness_lufs(cancelling.audio) == pytest.approx(TARGET_LUFS + 6.02, abs=0.1)
