"""MIDI and OSC on the command line."""

import argparse

import pytest

from aijockey.cli.main import build_parser, main
from aijockey.cli.surfaces import midi, osc
from aijockey.control.midi import ports
from aijockey.errors import AijockeyError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AIJOCKEY_CONFIG", str(tmp_path))
    return tmp_path


def parsed(*words: str) -> argparse.Namespace:
    return build_parser("play").parse_args(["play", *words])


def test_nothing_runs_where_nothing_was_asked_for():
    assert midi.configs(parsed()) == osc.configs(parsed()) == ()


def test_osc_stays_on_this_machine_unless_others_are_allowed_or_sent_to():
    (config,) = osc.configs(parsed("--osc", "9000"))
    assert (config.port, config.host, config.allow) == (9000, "127.0.0.1", ())
    (config,) = osc.configs(parsed("--osc", "9000", "--osc-allow", "10.0.0.0/24"))
    assert (config.host, config.allow) == ("0.0.0.0", ("10.0.0.0/24",))
    (config,) = osc.configs(parsed("--osc", "9000", "--osc-send", "127.0.0.1:8080"))
    assert config.host == "127.0.0.1"
    (config,) = osc.configs(parsed("--osc", "9000", "--osc-send", "10.0.0.7:9001"))
    assert (config.host, config.allow) == ("0.0.0.0", ())


@pytest.mark.parametrize(
    "words",
    [
        ["--osc-allow", "10.0.0.1"],
        ["--osc", "1", "--osc-allow", "all"],
        ["--osc", "1", "--osc-send", "tablet:9"],
    ],
)
def test_what_osc_cannot_do_is_said_before_anything_plays(words):
    with pytest.raises(AijockeyError, match="--osc"):
        osc.configs(parsed(*words))


def test_midi_is_looked_for_when_it_is_asked_for(folder, monkeypatch):
    class Nothing:
        def __init__(self, api: str | None = None) -> None:
            self.api = api

        def close(self) -> None:
            pass

    monkeypatch.setattr(ports, "RtMidiPorts", Nothing)
    (config,) = midi.configs(
        parsed("--midi-port", "nano", "--midi-clock-out", "drums", "--midi-delay-ms", "-12")
    )
    assert (config.only, config.clock_out, config.delay_ms) == (("nano",), ("drums",), -12.0)
    assert config.controllers
    assert config.folder == folder / "midi"
    (config,) = midi.configs(parsed("--midi-clock-in", "drums"))
    assert not config.controllers
    with pytest.raises(AijockeyError, match="--midi-clock-in"):
        midi.configs(parsed("--midi", "--midi-transport"))


def test_without_its_library_midi_says_how_to_get_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(AijockeyError, match=r"pip install 'aijockey\[midi\]'"):
        midi.configs(parsed("--midi"))


def test_maps_are_listed_shown_and_checked(folder, capsys):
    assert main(["midi", "maps"]) == 0
    assert "Korg nanoKONTROL2" in capsys.readouterr().out
    assert main(["midi", "maps", "nanokontrol2"]) == 0
    assert "ch1 cc 48" in capsys.readouterr().out
    assert main(["midi", "maps", "nanocontrol"]) == 1
    assert "nanokontrol2" in capsys.readouterr().err
    broken = folder / "broken.toml"
    broken.write_text('format = 1\nports = ["x"]\n[[map]]\ncontrol = "cc 1"\nset = "deck.1.gane_db"\n')
    assert main(["midi", "check", str(broken)]) == 1
    assert "gain_db" in capsys.readouterr().err
    assert main(["midi", "check"]) == 1
