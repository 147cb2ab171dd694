"""Examples are what people copy, so they run."""

import runpy
from pathlib import Path

import pytest
import soundfile

EXAMPLES = Path(__file__).parents[2] / "examples"
MINE = {"generate_and_mix", "own_loops", "write_a_set", "play_by_hand", "ride_the_latent", "like_my_loop"}


@pytest.fixture
def run():
    return lambda name, *words: runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](*words)


def test_generate_and_mix(run, tiny_pack, tmp_path):
    run("generate_and_mix", str(tmp_path / "mix.wav"), str(tiny_pack.path))
    assert soundfile.info(tmp_path / "mix.wav").frames == 4 * 192_000


def test_own_loops(run, tmp_path, capsys):
    run("own_loops", str(tmp_path / "own.wav"))
    assert "4 bars" in capsys.readouterr().out


def test_write_a_set(run, tiny_pack, tmp_path):
    run("write_a_set", str(tmp_path), str(tiny_pack.path), "2")
    assert soundfile.info(tmp_path / "mine.wav").frames > 48_000
    assert (tmp_path / "mine.set").read_text().startswith("format = 2")


def test_play_by_hand(run, tiny_pack, capsys):
    run("play_by_hand", str(tiny_pack.path))
    assert "the same samples: True" in capsys.readouterr().out


def test_ride_the_latent(run, tiny_pack, tmp_path, capsys):
    run("ride_the_latent", str(tmp_path / "ride.wav"), str(tiny_pack.path), "2")
    assert soundfile.info(tmp_path / "ride.wav").frames == 4 * 96_000
    assert "change from bar to bar in dB" in capsys.readouterr().out


def test_like_my_loop(run, tiny_pack, tmp_path, capsys):
    run("own_loops", str(tmp_path / "120bpm.wav"))
    run("like_my_loop", str(tmp_path / "120bpm.wav"), str(tmp_path / "like.wav"), str(tiny_pack.path), "hats")
    assert soundfile.info(tmp_path / "like.wav").channels == 2
    assert "dB from your loop" in capsys.readouterr().out


def test_no_example_is_left_out():
    assert {path.stem for path in EXAMPLES.glob("*.py")} >= MINE
