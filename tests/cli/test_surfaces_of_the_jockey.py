"""Autopilot and Link on the command line, and a set that the autopilot plays and that plays again."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aijockey.cli.main import main
from aijockey.cli.surfaces import autopilot, link
from aijockey.control.autopilot.service import AutopilotConfig
from aijockey.control.autopilot.style import style_names
from aijockey.control.link.service import LinkConfig
from aijockey.errors import AijockeyError
from aijockey.live.set_file import LiveSet, read_set


def parsed(module: Any, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(words)


def test_the_autopilot_is_always_there_and_waits() -> None:
    (config,) = autopilot.configs(parsed(autopilot))
    assert config == AutopilotConfig(style="house")
    (config,) = autopilot.configs(
        parsed(autopilot, "--autopilot-style", "techno", "--autopilot-energy", "0.8")
    )
    assert config == AutopilotConfig(style="techno", energy=0.8)


def test_every_style_is_named_in_the_help() -> None:
    assert all(name in autopilot.STYLES for name in style_names())


def test_no_such_style_is_told_before_anything_plays() -> None:
    with pytest.raises(AijockeyError, match="house"):
        autopilot.configs(parsed(autopilot, "--autopilot-style", "hose"))


def test_link_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert link.configs(parsed(link)) == ()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    arguments = parsed(link, "--link-start-stop", "--link-delay-ms", "30")
    assert link.configs(arguments) == (LinkConfig(True, 0.03),)


def test_link_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AijockeyError, match=r"aijockey\[link\]"):
        link.configs(parsed(link, "--link"))


def test_without_autopilot_a_set_is_as_it_is(tiny_pack: Any) -> None:
    arguments = parsed(autopilot)
    live_set = LiveSet(({"voice": "kick"},))
    assert autopilot.stage(arguments, live_set, tiny_pack) is live_set


def test_what_it_renders_plays_again_from_the_set_that_was_kept(tiny_pack: Any, tmp_path: Path) -> None:
    first, again, kept = tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "a.set"
    words = ["render", "--pack", str(tiny_pack.path), "--tempo", "300", "--bars", "4"]
    assert main([*words, "-o", str(first), "--autopilot", "--save", str(kept)]) == 0
    live_set = read_set(kept)
    assert live_set.events
    assert "autopilot.on" not in live_set.mixer
    assert main(["render", str(kept), "--pack", str(tiny_pack.path), "--bars", "4", "-o", str(again)]) == 0
    sound, same = soundfile.read(first)[0], soundfile.read(again)[0]
    assert np.abs(sound).max() > 1e-3
    np.testing.assert_allclose(same, sound, atol=2e-4)
