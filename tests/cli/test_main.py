"""Every verb: help is quick and true, wrong use is status 2, failure is status 1 with its reason."""

import json

import numpy as np
import pytest

from aijockey.audio.files import read_audio
from aijockey.cli.main import VERBS, main
from aijockey.errors import MissingExtraError


def status_of(words) -> int:
    """Exit status as the shell would see it; argparse leaves by SystemExit."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb, capsys):
    assert status_of([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: aijockey {verb}")
    assert VERBS[verb][1:] in " ".join(text.split())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_an_unknown_option(verb, capsys):
    assert status_of([verb, "--no-such-option"]) == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["nosuchverb"], ["--no-such-option"]])
def test_wrong_use_is_status_2(words, capsys):
    assert status_of(words) == 2
    assert "usage: aijockey" in capsys.readouterr().err


def test_help_prints_defaults_once_and_never_none(capsys):
    assert status_of(["generate", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "how many loops (default: 4)" in text
    assert "(default: None)" not in text
    assert "(default: False)" not in text


def test_help_and_version(capsys):
    assert status_of(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in VERBS)
    assert status_of(["--version"]) == 0
    assert capsys.readouterr().out.startswith("aijockey 0.")


def test_a_missing_extra_names_its_install_line():
    assert str(MissingExtraError("torch", "train")).endswith("pip install 'aijockey[train]'")


def test_voices_lists_objects_with_names(tiny_pack, capsys):
    assert status_of(["voices", tiny_pack.path, "--json"]) == 0
    voices = json.loads(capsys.readouterr().out)
    assert [voice["name"] for voice in voices] == ["kick", "hats", "drone"]
    assert voices[0]["controls"][0] == {
        "name": "onset_density",
        "unit": "onsets per beat",
        "description": "How many sounds begin in a beat.",
        "mean": 1.0,
        "std": 0.5,
    }
    assert voices[2]["key"] == "A minor"


def test_voices_for_people(tiny_pack, capsys):
    assert status_of(["voices", tiny_pack.path]) == 0
    text = capsys.readouterr().out
    assert "drone: A minor, about -20.0 LUFS" in text
    assert "onsets per beat" in text


def test_a_pack_that_is_not_there_is_status_1(tmp_path, capsys):
    assert status_of(["voices", tmp_path / "nothing"]) == 1
    assert "nothing: no such folder, archive or shipped pack" in capsys.readouterr().err


def test_generate_writes_one_float_file_a_loop(tiny_pack, tmp_path, capsys):
    words = [
        "generate",
        "hats",
        "--pack",
        tiny_pack.path,
        "--count",
        5,
        "--seed",
        7,
        "-o",
        tmp_path / "out",
        "--json",
    ]
    assert status_of(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert [entry["seed"] for entry in report] == [7, 8, 9, 10, 11]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(f"hats-{seed}.wav" for seed in range(7, 12))
    loops = []
    for entry in report:
        audio, rate_hz = read_audio(tmp_path / "out" / f"hats-{entry['seed']}.wav")
        assert (audio.shape, rate_hz) == ((1, 192_000), 48_000)
        assert entry["pack"] == tiny_pack.hash
        loops.append(audio)
    assert not np.array_equal(loops[0], loops[1])


def test_the_same_seed_is_the_same_sound(tiny_pack, tmp_path):
    for name, options in {
        "a": ["--seed", 3, "--count", 2],
        "b": ["--seed", 4, "--count", 1, "--threads", 1],
    }.items():
        assert status_of(["generate", "kick", "--pack", tiny_pack.path, "-o", tmp_path / name, *options]) == 0
    # Not the bytes of the files: a WAV of floats names the second in which it was written.
    one, other = (read_audio(tmp_path / name / "kick-4.wav")[0] for name in "ab")
    np.testing.assert_array_equal(one, other)


def test_generate_never_overwrites_without_force(tiny_pack, tmp_path, capsys):
    words = ["generate", "kick", "--pack", tiny_pack.path, "--count", 2, "-o", tmp_path]
    (tmp_path / "kick-1.wav").write_text("mine")
    assert status_of(words) == 1
    assert "kick-1.wav: exists already; --force overwrites it" in capsys.readouterr().err
    # Checked before any work.
    assert not (tmp_path / "kick-0.wav").exists()
    assert (tmp_path / "kick-1.wav").read_text() == "mine"
    assert status_of([*words, "--force"]) == 0
    assert read_audio(tmp_path / "kick-1.wav")[0].shape == (1, 192_000)


def test_controls_take_their_own_unit_or_deviations(tiny_pack, tmp_path):
    # kick: onset_density is 1 +- 0.5, so 2 onsets per beat are two deviations up.
    values = {"own": "onset_density=2", "standard": "onset_density=+2sd", "none": "onset_density=1"}
    for name, value in values.items():
        words = [
            "generate",
            "kick",
            "--pack",
            tiny_pack.path,
            "--count",
            1,
            "-o",
            tmp_path / name,
            "--control",
            value,
        ]
        assert status_of(words) == 0
    sounds = {name: read_audio(tmp_path / name / "kick-0.wav")[0].tobytes() for name in values}
    assert sounds["own"] == sounds["standard"] != sounds["none"]


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (["kik"], 1, "did you mean 'kick'"),
        (["kick", "--control", "brightnes=1"], 1, "did you mean 'brightness'"),
        (["kick", "--control", "brightness"], 2, "is not NAME=VALUE"),
        (["kick", "--control", "brightness=loud"], 2, "is not NAME=VALUE"),
        (["kick", "--count", "0"], 2, "out of range"),
        (["kick", "--count", "many"], 2, "invalid whole number value"),
        (["kick", "--seed", "-1"], 2, "out of range"),
        (["kick", "--threads", "0"], 2, "out of range"),
        (["drone", "--steps", "4"], 1, "loops of drone are made in one step"),
        ([], 2, "VOICE"),
    ],
)
def test_wrong_wishes_are_explained(tiny_pack, tmp_path, capsys, options, status, text):
    assert status_of(["generate", *options, "--pack", tiny_pack.path, "-o", tmp_path]) == status
    assert text in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_generate_needs_a_folder_that_can_be_made(tiny_pack, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert status_of(["generate", "kick", "--pack", tiny_pack.path, "-o", tmp_path / "file"]) == 1
    assert "cannot be made" in capsys.readouterr().err
