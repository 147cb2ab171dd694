import dataclasses

import numpy as np
import pytest

from aijockey.errors import AijockeyError
from aijockey.latent import Space, blend, child, near, point, ring, styled, way
from aijockey.live.generator import Generator
from aijockey.live.moments import parse_moment
from aijockey.live.pace import USUAL_PACE
from aijockey.live.points import Seed
from aijockey.pack.manifest import PaceSpec


@pytest.fixture(scope="module")
def space(tiny_pack):
    return Space(Generator(tiny_pack), "kick")


def test_places_are_said_by_seeds_texts_and_points():
    assert point(7) == point("7") == point(Seed(7)) == Seed(7)
    assert str(way(7, "9~1@0.2", 0.5)) == "7>(9~1@0.2)@0.5"
    assert str(blend({7: 2, "9": 1})) == "(7*2.0+9*1.0)"
    assert str(ring([1, 2, 3], 0.25)) == "(1|2|3)@0.25"
    assert str(styled(7, 9)) == "7/9@sound"
    assert str(child(7, 9, 3)) == "7&9@3"
    with pytest.raises(AijockeyError, match="not a point"):
        point("seven")


def test_a_moment_names_the_loop_and_its_pack_and_a_deck_can_play_it(space, tiny_pack):
    moment = space.moment("7~3@0.2", {"brightness": 0.5})
    assert (moment.pack, moment.pack_sha256) == ("tiny", tiny_pack.hash)
    assert parse_moment(moment.text) == {"voice": "kick", "point": "7~3@0.2", "controls.brightness": 0.5}
    np.testing.assert_array_equal(space.loops([moment])[0], space.loops(["7~3@0.2"], {"brightness": 0.5})[0])


def test_walks_glides_and_children_are_points_that_have_loops(space):
    home = space.moment(7)
    path = space.walk(home, "orbit", bars=6, pace_db=2.0)
    assert path[0] == Seed(7)
    assert len(path) == 7
    assert len(space.walk(7, "sine", bars=4, period_bars=4)) == 5
    assert space.glide(7, 9, 4)[2] == way(7, 9, 0.5)
    assert space.mels(path).shape[0] == 7
    assert space.change_db([7, 7, 9])[0] == 0.0 < space.change_db([7, 7, 9])[1]
    assert space.loops([space.breed(home, 9, 5), space.shake(home, 0.25, 1)]).shape == (2, 192_000)
    assert space.loops([7], toward="hats", morph=0.5).shape == (1, 192_000)
    assert space.angle_rad(7, near(7, 3, 0.2)) == pytest.approx(0.2, abs=0.01)
    with pytest.raises(AijockeyError, match="did you mean 'orbit'"):
        space.walk(7, "orbits")


def test_the_pace_of_a_walk_is_the_voices_own(make_pack, tiny_manifest, space):
    assert space.pace is USUAL_PACE
    voices = tuple(
        dataclasses.replace(voice, pace=PaceSpec((0.1, 0.5), (1.0, 3.0))) for voice in tiny_manifest.voices
    )
    measured = Space(Generator(make_pack(voices=voices)), "kick")
    assert measured.pace.angle_rad(1.0) == pytest.approx(0.1)
    assert measured.walk(7, "circle", bars=1, pace_db=2.0) == measured.walk(7, "circle", bars=1, pace_db=2.0)
    assert measured.angle_rad(*measured.walk(7, "orbit", bars=1, pace_db=1.0)) < 0.12
