import json
from itertools import pairwise

import numpy as np
import pytest

from aijockey.cli.main import main
from aijockey.evaluate.pace import measure_pace, walk_changes_db, with_pace
from aijockey.live.generator import Generator
from aijockey.live.pace import Pace, paces_of
from aijockey.pack.manifest_file import encode_manifest, parse_manifest
from aijockey.pack.pack import Pack


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
        voice: np.mean(
            [
                walk_changes_db(measured, voice, kind, 0.5, 3, seed).mean()
                for seed in range(8)
                for kind in ("circle", "orbit", "drift")
            ]
        )
        for voice in ("kick", "hats")
    }
    # From the first bar of a walk on, of whichever kind.
    assert heard == pytest.approx(dict.fromkeys(heard, 0.5), rel=0.1)
    unlike = [Pace(*vars(pace).values()).angle_rad(0.5) for _, pace in told]
    assert max(unlike) / min(unlike) > 1.05  # it is the pace that makes them alike


def test_the_verb_measures_paces_anew_and_leaves_all_files_as_they_are(
    make_pack, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(measure_pace, "__defaults__", (3, (0.1, 0.2), 5))
    pack = make_pack()
    words = ["directions", str(pack.path), "--paces", "--voices", "kick", "--workers", "1"]
    assert main(words) == 1  # something is there
    assert main([*words, "-o", str(tmp_path / "paced")]) == 0
    assert "kick" in capsys.readouterr().out
    made = Pack.open(tmp_path / "paced")
    assert set(paces_of(made.manifest)) == {"kick"}
    assert made.manifest.files == pack.manifest.files
    assert made.hash != pack.hash
    assert main([*words[:3], "--json", "-o", str(tmp_path / "paced"), "--force"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert set(listed["paces"]) == {voice.name for voice in made.manifest.voices}
    assert listed["paces"]["kick"] == {
        "angles_rad": [0.1, 0.2],
        "changes_db": list(paces_of(made.manifest)["kick"].changes_db),
    }
