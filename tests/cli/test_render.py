import json

import numpy as np
import pytest
import soundfile

from aijockey.cli.main import main
from aijockey.live.set_file import LiveSet, format_set

BAR_SAMPLES = 96_000


@pytest.fixture
def pack_path(tiny_pack):
    return str(tiny_pack.path)


@pytest.fixture
def set_path(tmp_path):
    path = tmp_path / "mine.set"
    decks = ({"voice": "kick", "play": 1.0}, {"voice": "drone", "play": 1.0, "gain_db": -9.0})
    path.write_text(format_set(LiveSet(decks, tempo_bpm=125.0, bars=2)))
    return str(path)


def render(*words):
    return main(["render", *map(str, words)])


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_set_becomes_a_file_of_its_bars(suffix, pack_path, set_path, tmp_path, capsys):
    out = tmp_path / f"out.{suffix}"
    assert render(set_path, "--pack", pack_path, "-o", out) == 0
    info = soundfile.info(out)
    assert (info.samplerate, info.channels) == (48_000, 2)
    assert info.frames == 2 * 4 * 23_040
    text = capsys.readouterr().out
    for word in (str(out), "2 bars", "LUFS", "dBTP", "times real time"):
        assert word in text
    assert {path.name for path in tmp_path.iterdir()} == {"mine.set", out.name}


def test_block_samples_change_nothing_and_the_same_command_gives_the_same_file(pack_path, set_path, tmp_path):
    outs = []
    for block in (64, 512, 4096, 512):
        out = tmp_path / f"{len(outs)}.wav"
        assert render(set_path, "--pack", pack_path, "-o", out, "--bars", 1, "--block-samples", block) == 0
        outs.append(soundfile.read(out)[0])
    for other in outs[1:]:
        np.testing.assert_array_equal(other, outs[0])


def test_the_set_goes_on_beyond_its_end_and_the_first_bar_starts_at_once(pack_path, set_path, tmp_path):
    out = tmp_path / "long.wav"
    assert render(set_path, "--pack", pack_path, "-o", out, "--bars", 5, "--tempo", 120) == 0
    sound, _ = soundfile.read(out)
    assert len(sound) == 5 * BAR_SAMPLES
    assert np.abs(sound[-BAR_SAMPLES:]).max() > 0.01
    assert np.abs(sound[:200]).max() > 0


def test_a_pack_with_voices_of_its_own_is_arranged(pack_path, tmp_path, capsys):
    assert render("--pack", pack_path, "-o", tmp_path / "a.wav", "--bars", 1, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bars"] == 1
    assert report["peak_dbtp"] <= -1.0 + 0.05
    assert report["late_loops"] == 0
    # The default set names voices that this pack lacks: asked for by name, it says so.
    assert render("default", "--pack", pack_path, "-o", tmp_path / "b.wav") == 1
    text = capsys.readouterr().err
    assert "techno" in text
    assert "kick, hats, drone" in text


def test_seeds_make_another_piece(pack_path, set_path, tmp_path):
    outs = []
    for seed in (0, 1, 1):
        outs.append(tmp_path / f"{len(outs)}.wav")
        assert render(set_path, "--pack", pack_path, "-o", outs[-1], "--bars", 1, "--seed", seed) == 0
    first, second, third = (soundfile.read(path)[0] for path in outs)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(second, third)


def test_nothing_is_overwritten_without_force(pack_path, set_path, tmp_path, capsys):
    out = tmp_path / "out.wav"
    out.write_bytes(b"mine")
    assert render(set_path, "--pack", pack_path, "-o", out) == 1
    assert "--force" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    assert render(set_path, "--pack", pack_path, "-o", out, "--bars", 1, "--force") == 0
    assert soundfile.info(out).frames > 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-o", "{tmp}/out.mp3"], ".wav"),
        (["-o", "{tmp}/none/out.wav"], "does not exist"),
        (["{tmp}/none.set", "-o", "{tmp}/out.wav"], "no such file"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(words, says, pack_path, tmp_path, capsys):
    assert render(*(word.format(tmp=tmp_path) for word in words), "--pack", pack_path) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["--bars", "0"], ["--tempo", "900"], ["--block-samples", "x"], []])
def test_wrong_use_ends_with_two(words, tmp_path):
    arguments = ["-o", str(tmp_path / "o.wav"), *words] if words else []
    with pytest.raises(SystemExit) as caught:
        render(*arguments)
    assert caught.value.code == 2


def test_a_loop_that_cannot_be_made_fails_and_leaves_no_file(pack_path, tmp_path, capsys, monkeypatch):
    from aijockey.errors import AijockeyError
    from aijockey.live.generator import Generator

    def fail(*_, **__):
        raise AijockeyError("the network went mad")

    monkeypatch.setattr(Generator, "generate", fail)
    assert render("--pack", pack_path, "-o", tmp_path / "a.wav", "--bars", 1) == 1
    assert "went mad" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
