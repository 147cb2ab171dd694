"""Directions of a pack: what they move, by how much, and that nothing moves at 0."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live.directions import VoiceDirections, move, move_back
from aijockey.live.generator import Generator
from aijockey.live.graph import GenerationError
from aijockey.live.loop_source import controls_of, generate_loop
from aijockey.live.loops import LoopRequest
from aijockey.live.points import Seed
from aijockey.pack.errors import ArrayFileError, ManifestError
from aijockey.pack.manifest import DirectionSpec, DirectionsSpec, SpreadSpec

AMOUNTS = (-2.0, 0.0, 1.0, 3.0)


def direction(name: str, **changes) -> DirectionSpec:
    spec = DirectionSpec(
        name=name,
        unit="octaves",
        description="made by hand",
        spread=SpreadSpec(1.0, 0.5),
        amounts=AMOUNTS,
        strengths=(-4.0, 0.0, 1.0, 2.0),
        effect=(-2.0, 0.0, 1.0, 3.0),
        slope=1.0,
        monotone=1.0,
    )
    return dataclasses.replace(spec, **changes)


VECTORS = np.zeros((2, 64, 4), np.float32)
VECTORS[0, ::8, 0] = 1.0
VECTORS[1, :, 1] = 0.5


@pytest.fixture(scope="module")
def make_directed(make_pack, tiny_manifest):
    """The tiny pack, whose kick has the directions ``brightness`` (a vector and a push) and ``thump`` (a vector)."""

    def make(vectors=VECTORS, space="latent", **changes):
        listed = (direction("brightness", conditions={"onset_density": 0.5}, **changes), direction("thump"))
        kick = dataclasses.replace(
            tiny_manifest.voices[0], directions=DirectionsSpec(space, "directions-kick.npy", listed)
        )
        return make_pack(
            files={"directions-kick.npy": vectors.astype(np.float16)},
            voices=(kick, *tiny_manifest.voices[1:]),
        )

    return make


@pytest.fixture(scope="module")
def generator(make_directed):
    return Generator(make_directed())


@pytest.fixture(scope="module")
def latents(generator):
    return np.stack([generator.latent("kick", seed) for seed in range(3)])


def test_a_pack_with_directions_reads_back_as_it_was_written(make_directed):
    pack = make_directed()
    spec = pack.manifest.voice("kick").directions
    assert [d.name for d in spec.directions] == ["brightness", "thump"]
    assert spec.directions[0].conditions == {"onset_density": 0.5}
    assert pack.array(spec.vectors).shape == (2, 64, 4)


def test_zero_moves_nothing_to_the_bit(generator, latents):
    plain = generator.codes("kick", latents)
    assert np.array_equal(generator.codes("kick", latents, {"brightness": 0.0, "thump": 0.0}), plain)


def test_a_direction_is_the_curve_times_its_vector_and_its_push(generator, latents):
    pushes = np.zeros((3, 2), np.float32)
    pushes[:, 0] = 0.5 * 1.5  # an amount of 2 is half-way from strength 1 to 2
    offsets = np.repeat(1.5 * VECTORS[:1], 3, axis=0)
    expected = generator.moved_codes("kick", latents, offsets, pushes)
    assert np.allclose(generator.codes("kick", latents, {"brightness": 2.0}), expected, atol=1e-5)
    known = generator.moved_codes("kick", move(latents, offsets), None, None, {"onset_density": 0.75})
    assert np.allclose(known, expected, atol=1e-5)


def test_amounts_of_one_call_may_differ_and_hold_beyond_the_ends(generator, latents):
    several = generator.codes("kick", latents, {"thump": [-2.0, 0.0, 3.0]})
    for row, amount in enumerate((-9.0, 0.0, 9.0)):
        alone = generator.codes("kick", latents[row : row + 1], {"thump": amount})
        assert np.array_equal(alone[0], several[row])


def test_a_small_amount_changes_a_loop_a_little(generator, latents):
    """Also where a condition begins to be given: there is no jump at 0."""
    plain = generator.codes("kick", latents)
    little, more = (generator.codes("kick", latents, {"brightness": a}) for a in (0.01, 1.0))
    assert 0.0 < np.abs(little - plain).mean() < 0.05 * np.abs(more - plain).mean()


def test_what_is_no_direction_is_a_condition_as_before(generator, latents, tiny_pack):
    raw = Generator(tiny_pack)
    dense = {"onset_density": 1.0}
    assert np.array_equal(generator.codes("kick", latents, dense), raw.codes("kick", latents, dense))
    bright = {"brightness": 1.0}
    assert not np.allclose(generator.codes("kick", latents, bright), raw.codes("kick", latents, bright))
    without = Generator(generator.pack, directions=False)
    assert np.array_equal(without.codes("kick", latents, bright), raw.codes("kick", latents, bright))


def test_units_are_the_directions_own(generator):
    assert generator.standardize("kick", "brightness", 2.0) == pytest.approx(2.0)
    assert generator.standardize("kick", "onset_density", 1.0) == 0.0


def test_inversion_knows_what_was_moved(generator, latents):
    controls = {"brightness": 1.0, "thump": -1.0}
    found = generator.invert("kick", generator.mel("kick", latents, controls), controls)
    assert np.abs(found - latents).max() < 1e-2


def test_a_request_goes_through_the_mapping(generator):
    assert controls_of(generator.pack, "kick") == ("brightness", "thump", "onset_density")
    request = LoopRequest("kick", Seed(7), (("nonsense", 1.0), ("thump", 2.0)))
    loop = generate_loop(generator, request, controls_of(generator.pack, "kick"))
    latent = generator.latent("kick", 7)[None]
    assert np.array_equal(loop, generator.generate("kick", latent, {"thump": 2.0}))


def test_wrong_amounts_are_named(generator, latents):
    with pytest.raises(GenerationError, match="direction 'thump': expected one finite number or 3"):
        generator.codes("kick", latents, {"thump": np.nan})
    with pytest.raises(GenerationError, match="did you mean 'thump'"):
        generator.codes("kick", latents, {"thum": 1.0})
    with pytest.raises(GenerationError, match="has no directions"):
        VoiceDirections(generator.pack, generator.pack.manifest.voice("hats"))
    with pytest.raises(GenerationError, match="shows no style"):
        generator.styles("kick", latents)


@given(seed=st.integers(0, 2**32), share=st.floats(0.0, 0.9))
def test_a_move_keeps_the_length_and_can_be_taken_back(seed, share):
    rng = np.random.default_rng(seed)
    latents = rng.standard_normal((2, 5, 7)).astype(np.float32)
    offsets = rng.standard_normal((2, 5, 7)).astype(np.float32)
    offsets *= share * np.linalg.norm(latents) / max(float(np.linalg.norm(offsets)) * 2, 1e-6)
    moved = move(latents, offsets)
    lengths = [np.linalg.norm(x.reshape(2, -1), axis=1) for x in (latents, moved)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-5)
    assert np.allclose(move_back(moved, offsets), latents, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"strengths": (-4.0, 0.0, 0.0, 2.0)}, "strengths: do not ascend"),
        ({"amounts": (-2.0, 1.0, 0.0, 3.0)}, "amounts: do not ascend"),
        ({"effect": (-2.0, 0.0, 1.0, 0.5)}, "effect: falls"),
        ({"strengths": (-4.0, 0.1, 1.0, 2.0)}, "0 must be there and move nothing"),
        ({"effect": (0.0, 1.0)}, "4 amounts, 4 strengths and 2 effects"),
    ],
)
def test_curves_that_are_none_are_refused(make_directed, changes, text):
    with pytest.raises(ManifestError, match=text):
        make_directed(**changes)


def test_vectors_that_are_none_are_refused(make_directed):
    with pytest.raises(ArrayFileError, match="shape"):
        make_directed(vectors=VECTORS[:1])
    with pytest.raises(ArrayFileError, match="finite"):
        make_directed(vectors=VECTORS + np.inf)
    with pytest.raises(ArrayFileError, match="direction 1 is all zeros"):
        make_directed(vectors=VECTORS * np.array([1.0, 0.0])[:, None, None])


def test_names_and_spaces_must_be_there(make_directed, make_pack, tiny_manifest):
    with pytest.raises(ManifestError, match="is style, but generator 'flow' has no style_shape"):
        make_directed(space="style")
    twice = DirectionsSpec("latent", "d.npy", (direction("thump"), direction("thump")))
    kick = dataclasses.replace(tiny_manifest.voices[0], directions=twice)
    with pytest.raises(ManifestError, match="'thump' appears twice"):
        make_pack(files={"d.npy": VECTORS}, voices=(kick,))
    wrong = DirectionsSpec("latent", "d.npy", (direction("thump", conditions={"onset_densty": 1.0}),))
    kick = dataclasses.replace(tiny_manifest.voices[0], directions=wrong)
    with pytest.raises(ManifestError, match="did you mean 'onset_density'"):
        make_pack(files={"d.npy": VECTORS[:1]}, voices=(kick,))
