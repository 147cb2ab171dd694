import importlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.cli import play as verb
from aijockey.cli.main import main
from aijockey.live import devices
from aijockey.live.engine import Engine
from aijockey.live.programme import choose_set, direct_source


@pytest.fixture
def makers(monkeypatch):
    """Devices for the device's process, which imports them by name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "live" / "processes"))
    return importlib.import_module("fault_makers")


def test_without_a_device_it_says_so_and_renders_to_a_new_file(
    tiny_pack, makers, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(verb, "open_output", makers.open_none)
    monkeypatch.chdir(tmp_path)
    for name in ("aijockey-set.wav", "aijockey-set-2.wav"):
        assert main(["play", "--pack", str(tiny_pack.path), "--bars", "1"]) == 0
        told = capsys.readouterr()
        assert "no sound output device" in told.err
        assert name in told.err
        assert name in told.out
        assert soundfile.info(tmp_path / name).frames > 48_000
    assert len(list(tmp_path.iterdir())) == 2


def test_a_device_that_is_not_there_by_name_is_an_error_and_nothing_is_rendered(
    tiny_pack, makers, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(verb, "open_output", makers.open_refused)
    monkeypatch.chdir(tmp_path)
    assert main(["play", "--pack", str(tiny_pack.path), "--device", "moon"]) == 1
    assert "'Built-in'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_what_is_played_and_recorded_is_what_render_writes(tiny_pack, tmp_path, capsys):
    live_set = choose_set(None, tiny_pack)
    words = [
        "--output",
        "null",
        "--bars",
        "1",
        "--record",
        str(tmp_path / "night"),
        "--port",
        "0",
        "--no-open",
    ]
    assert main(["play", "--pack", str(tiny_pack.path), *words]) == 0
    told = capsys.readouterr()
    assert "124.0 BPM" in told.out
    assert "underruns" in told.out
    assert "page: http://127.0.0.1:" in told.err
    back, _ = soundfile.read(tmp_path / "night.wav", dtype="float32", always_2d=True)
    one_bar = 4 * 60 * 48_000 // 124
    assert len(back) >= one_bar
    expected = Engine(live_set, direct_source(tiny_pack)).process(len(back))
    # 24 bits, rounded.
    np.testing.assert_allclose(back.T, expected, atol=2.0**-23)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--stream", "icecast://source:secret@localhost/set"], "holds a password"),
        (["--stream", "icecast://localhost/set"], "no password for the stream"),
        (["--record", "no/such/folder/night"], "does not exist"),
        (["--record", "night.mp3"], "recordings are WAV files"),
    ],
)
def test_wishes_are_checked_before_anything_sounds(tiny_pack, monkeypatch, capsys, words, said):
    pytest.importorskip("av", reason="needs PyAV: pip install 'aijockey[stream]'")
    monkeypatch.delenv("AIJOCKEY_STREAM_PASSWORD", raising=False)
    assert main(["play", "--pack", str(tiny_pack.path), "--output", "null", *words]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("--input", "no input device 'moon'; there are: 'Microphone'"),
        ("--headphones", "no output device 'moon'; there are: 'Speakers'"),
    ],
)
def test_devices_beside_the_master_are_looked_for_before_anything_plays(
    word, said, tiny_pack, monkeypatch, capsys
):
    listed = [
        devices.Device(0, "Speakers", "ALSA", 2, 0, 48_000, 0.01, 0.1, default_output=True),
        devices.Device(1, "Microphone", "ALSA", 0, 1, 44_100, 0.01, 0.1, default_input=True),
    ]
    monkeypatch.setattr(devices, "load_sounddevice", lambda: None)
    monkeypatch.setattr(devices, "list_devices", lambda _: listed)
    assert main(["play", "--pack", str(tiny_pack.path), "--output", "null", word, "moon"]) == 1
    assert said in capsys.readouterr().err
