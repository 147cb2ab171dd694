"""Loops of a voice: exact, repeatable, independent of their neighbours, circular."""

import dataclasses
import hashlib
import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.live.generator import Generator
from aijockey.live.graph import GenerationError
from aijockey.live.sampler import step_times
from aijockey.live.voice_noise import voice_noise
from aijockey.pack.errors import ManifestError
from aijockey.pack.manifest import DirectSpec, GriffinLimSpec


@pytest.fixture(scope="module")
def generator(tiny_pack):
    return Generator(tiny_pack)


def latents_of(generator, voice, count, first=0):
    return np.stack([generator.latent(voice, seed) for seed in range(first, first + count)])


@pytest.mark.parametrize("voice", ["kick", "hats", "drone"])
@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_every_loop_has_exactly_the_packs_samples(generator, voice, count):
    audio = generator.generate(voice, latents_of(generator, voice, count))
    assert audio.shape == (count, 192_000)
    assert audio.dtype == np.float32
    assert np.sqrt(np.mean(np.square(audio))) > 1e-3


def test_no_loops_are_none(generator):
    assert generator.generate("kick", np.empty((0, 64, 4), np.float32)).shape == (0, 192_000)


@pytest.mark.parametrize("voice", ["kick", "drone"])
def test_a_loop_does_not_depend_on_its_neighbours(generator, voice):
    latents = latents_of(generator, voice, 7)
    together = generator.generate(voice, latents)
    for index in range(7):
        alone = generator.generate(voice, latents[index : index + 1])
        assert np.array_equal(alone[0], together[index])


def test_same_seed_gives_the_same_samples_in_another_generator(generator, tiny_pack):
    latents = latents_of(generator, "hats", 2)
    assert np.array_equal(generator.generate("hats", latents), Generator(tiny_pack).generate("hats", latents))


def test_seeds_and_voices_differ(generator):
    noises = [generator.latent(voice, seed) for voice in ("kick", "hats") for seed in (0, 1, 2**64 - 1)]
    for index, noise in enumerate(noises):
        assert all(not np.array_equal(noise, other) for other in noises[index + 1 :])


GOLDEN_NOISE = np.float32([0.896448016166687, -0.5705139636993408, 1.29669189453125, 0.10100217163562775])


def test_latents_of_seeds_never_change():
    # Set files name seeds; these numbers are a promise.
    assert voice_noise("techno", 1, 4) == pytest.approx(GOLDEN_NOISE, rel=1e-6)


def philox(counter: int, key: tuple[int, int]) -> list[int]:
    """One block of Philox4x64-10, by the paper (Salmon et al. 2011)."""
    mask = (1 << 64) - 1
    words, keys = [counter, 0, 0, 0], list(key)
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * words[0], 0xCA5A826395121157 * words[2]
        words = [
            (second >> 64) ^ words[1] ^ keys[0],
            second & mask,
            (first >> 64) ^ words[3] ^ keys[1],
            first & mask,
        ]
        keys = [(keys[0] + 0x9E3779B97F4A7C15) & mask, (keys[1] + 0xBB67AE8584CAA73B) & mask]
    return words


def test_latents_are_what_the_format_says():
    """docs/pack-format.md, "Seeds", followed by hand: other programs can make the same latents."""
    key = (int.from_bytes(hashlib.sha256(b"bass").digest()[:8], "little"), 123)
    words = [word for counter in (1, 2, 3) for word in philox(counter, key)]
    wanted = [statistics.NormalDist().inv_cdf((word // 2048 + 0.5) / 2**53) for word in words]
    assert voice_noise("bass", 123, 12) == pytest.approx(np.float32(wanted), rel=1e-5)


def test_latents_are_standard_normal():
    noise = voice_noise("techno", 3, 100_000).astype(np.float64)
    assert abs(noise.mean()) < 0.015
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    assert np.mean(np.abs(noise) < 1.0) == pytest.approx(0.6827, abs=0.006)
    assert abs(np.mean(noise[:-1] * noise[1:])) < 0.015


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(generator, seed):
    with pytest.raises(ValueError, match="out of range"):
        generator.latent("kick", seed)


def test_loops_are_circular(generator):
    """The step over the seam is like the steps inside."""
    for voice in generator.voices:
        for loop in generator.generate(voice, latents_of(generator, voice, 4)):
            steps = np.abs(np.diff(loop))
            assert abs(loop[0] - loop[-1]) <= np.quantile(steps, 0.999)


def test_voices_follow_their_pattern(generator):
    mel = generator.mel("kick", latents_of(generator, "kick", 4)).mean(axis=(0, 1))
    # A patch is 4 frames, a beat 32.
    on_beat, off_beat = mel.reshape(8, 8, 4)[:, 0].mean(), mel.reshape(8, 8, 4)[:, 1:].mean()
    assert on_beat > off_beat + 1.0


def test_controls_act_and_zero_is_not_absence(make_pack, generator):
    latents = latents_of(generator, "kick", 2)
    plain = generator.codes("kick", latents)
    dense = generator.codes("kick", latents, {"onset_density": 2.0})
    assert not np.allclose(plain, dense)
    mixed = generator.codes("kick", latents, {"onset_density": [0.0, 2.0]})
    assert np.array_equal(mixed[1], dense[1])
    # This graph multiplies by `known`, so a known zero equals an unknown one.
    assert np.array_equal(mixed[0], plain[0])


def test_standard_units_are_the_voices_own(generator):
    assert generator.standardize("kick", "onset_density", 1.0) == 0.0
    assert generator.standardize("hats", "onset_density", 1.0) == pytest.approx(-2.0)


@pytest.mark.parametrize(
    ("controls", "text"),
    [
        ({"onset_densty": 1.0}, "did you mean 'onset_density'"),
        ({"brightness": np.nan}, "finite"),
        ({"brightness": [1.0, 2.0, 3.0]}, "expected one finite number or 2"),
    ],
)
def test_wrong_controls_are_named(generator, controls, text):
    with pytest.raises(GenerationError, match=text):
        generator.codes("kick", latents_of(generator, "kick", 2), controls)


def test_wrong_voices_and_shapes_are_named(generator):
    with pytest.raises(ManifestError, match="did you mean 'kick'"):
        generator.latent("kik", 1)
    with pytest.raises(GenerationError, match=r"expected \(batch, 64, 4\)"):
        generator.codes("kick", np.zeros((1, 8), np.float32))


@given(steps=st.integers(1, 64), shift=st.floats(0.1, 10.0))
def test_times_run_from_noise_to_data(steps, shift):
    times = step_times(steps, shift)
    assert len(times) == steps + 1
    assert times[0] == 0.0
    assert times[-1] == 1.0
    assert np.all(np.diff(times) > 0)


def test_a_shift_of_one_is_even_and_more_dwells_near_noise():
    assert step_times(8, 1.0) == pytest.approx(np.arange(9) / 8)
    assert step_times(8, 2.5)[4] == pytest.approx(0.5 / (0.5 + 2.5 * 0.5))


def test_more_steps_converge_to_the_exact_path(generator):
    latents = latents_of(generator, "kick", 2)
    exact = generator.codes("kick", latents, steps=200)
    errors = [
        np.abs(generator.codes("kick", latents, steps=steps) - exact).mean() for steps in (4, 8, 16, 32)
    ]
    # Euler's method is of first order: twice the steps, half the error.
    assert all(1.6 < coarse / fine < 2.6 for coarse, fine in itertools.pairwise(errors))


def test_the_packs_steps_are_the_default(generator):
    latents = latents_of(generator, "hats", 1)
    assert np.array_equal(generator.codes("hats", latents), generator.codes("hats", latents, steps=8))


def test_inversion_finds_the_latents_again(generator):
    latents = latents_of(generator, "kick", 5)
    controls = {"brightness": 1.0}
    found = generator.invert("kick", generator.mel("kick", latents, controls), controls)
    assert np.abs(found - latents).max() < 1e-2
    again = generator.codes("kick", found, controls)
    assert np.abs(again - generator.codes("kick", latents, controls)).max() < 1e-3


def test_a_direct_generator_says_that_it_cannot_run_backwards(generator):
    mel = generator.mel("drone", latents_of(generator, "drone", 1))
    with pytest.raises(GenerationError, match="cannot be run backwards"):
        generator.invert("drone", mel)


def test_truncation_is_fed(make_pack, tiny_manifest):
    direct = tiny_manifest.generators["direct"]
    still = make_pack(
        generators={
            **tiny_manifest.generators,
            "direct": dataclasses.replace(direct, sampler=DirectSpec("direct", 0.0)),
        }
    )
    codes = Generator(still).codes("drone", np.ones((2, 8), np.float32) * [[1.0], [2.0]])
    assert np.array_equal(codes[0], codes[1])


def test_steps_and_shift_come_from_the_manifest(make_pack, tiny_manifest, generator):
    flow = tiny_manifest.generators["flow"]
    quick = make_pack(
        generators={
            **tiny_manifest.generators,
            "flow": dataclasses.replace(flow, sampler=dataclasses.replace(flow.sampler, steps=2, shift=1.0)),
        }
    )
    latents = latents_of(generator, "kick", 1)
    assert not np.allclose(Generator(quick).codes("kick", latents), generator.codes("kick", latents))


def test_numbers_that_are_not_finite_never_leave(generator):
    latents = np.full((1, 64, 4), np.inf, np.float32)
    with pytest.raises(GenerationError, match="not finite"):
        generator.generate("kick", latents)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_a_sample(tiny_pack, generator, threads):
    latents = latents_of(generator, "kick", 5)
    audio = Generator(tiny_pack, threads).generate("kick", latents)
    assert np.array_equal(audio, generator.generate("kick", latents))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**64 - 1))
def test_any_seed_sounds(generator, seed):
    audio = generator.generate("drone", generator.latent("drone", seed)[None])
    assert np.isfinite(audio).all()
    assert 1e-3 < np.abs(audio).max() < 4.0


def test_a_pack_without_a_vocoder_sounds_too(make_pack):
    pack = make_pack(files={"vocoder.onnx": None}, vocoder=GriffinLimSpec("griffin-lim", "griffin-lim", 4))
    generator = Generator(pack)
    audio = generator.generate("kick", latents_of(generator, "kick", 2))
    assert audio.shape == (2, 192_000)


def test_a_morph_has_the_voices_own_loops_at_its_ends_and_no_jump_between(tiny_pack):
    generator = Generator(tiny_pack)
    voices = ("kick", "hats")
    latents = tuple(np.stack([generator.latent(voice, seed) for seed in (3, 4)]) for voice in voices)
    ends = [generator.mel(voice, latent) for voice, latent in zip(voices, latents, strict=True)]
    amounts = np.linspace(0.0, 1.0, 41)
    path = np.stack([generator.morph_mel(voices, latents, float(amount)) for amount in amounts])
    np.testing.assert_array_equal(path[0], ends[0])
    np.testing.assert_array_equal(path[-1], ends[1])
    steps = np.abs(np.diff(path, axis=0)).mean(axis=(1, 2, 3))
    # At the very ends the one voice alone is sampled; the mixture must lead there.
    assert steps.max() < 4.0 * steps.mean()
    same = generator.morph_mel(("kick", "kick"), (latents[0], latents[0]), 0.5)
    np.testing.assert_allclose(same, ends[0], atol=2e-3)


def test_voices_of_different_or_direct_generators_cannot_be_morphed(tiny_pack):
    generator = Generator(tiny_pack)
    kick, drone = (generator.latent(voice, 1)[None] for voice in ("kick", "drone"))
    with pytest.raises(GenerationError, match="different generators"):
        generator.morph_mel(("kick", "drone"), (kick, drone), 0.5)
    with pytest.raises(GenerationError, match="rotation"):
        generator.morph_mel(("drone", "drone"), (drone, drone), 0.5)
