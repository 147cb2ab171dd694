from itertools import pairwise

import numpy as np
import pytest

from aijockey.evaluate.pace import measure_pace, walk_changes_db, with_pace
from aijockey.live.generator import Generator
from aijockey.live.pace import Pace, paces_of
from aijockey.pack.manifest_file import encode_manifest, parse_manifest


@pytest.fixture(scope="module")
def generator(tiny_pack):
    return Generator(tiny_pack)


def test_a_voice_changes_more_the_farther_one_goes(generator):
    pace = measure_pace(generator, "kick", points=4)
    assert all(before < after for before, after in pairwise((0.0, *pace.changes_db)))
    assert pace == measure_pace(generator, "kick", points=4)


def test_equal_paces_sound_equally_fast_in_voices_that_do_not(generator, make_pack):
    told = []
    manifest = with_pace(
        generator.pack.manifest, generator, ["kick", "hats"], lambda *what: told.append(what)
    )
    assert parse_manifest(encode_manifest(manifest)) == manifest
    assert [voice for voice, _ in told] == ["kick", "hats"]
    assert set(paces_of(manifest)) == {"kick", "hats"}
    measured = Generator(make_pack(voices=manifest.voices))
    heard = {
        voice: np.mean([walk_changes_db(measured, voice, "orbit", 0.5, 6, seed).mean() for seed in range(6)])
        for voice in ("kick", "hats")
    }
    assert heard["kick"] == pytest.approx(0.5, rel=0.3)
    assert heard["hats"] == pytest.approx(heard["kick"], rel=0.3)
    unlike = [Pace(*vars(pace).values()).angle_rad(0.5) for _, pace in told]
    assert max(unlike) / min(unlike) > 1.05  # it is the pace that makes them alike
