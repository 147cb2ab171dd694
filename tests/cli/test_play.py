import threading

import numpy as np
import pytest
import soundfile

from aijockey.cli import play as verb
from aijockey.cli.main import main
from aijockey.errors import AijockeyError
from aijockey.live import output
from aijockey.live.engine import Engine
from aijockey.live.output import NoDeviceError
from aijockey.live.programme import choose_set, direct_source


@pytest.fixture
def no_device(monkeypatch):
    def refuse(device=None, block_samples=512):
        raise NoDeviceError("there is no sound output device")

    monkeypatch.setattr(output, "DeviceOutput", refuse)


def test_without_a_device_it_says_so_and_renders_to_a_new_file(
    tiny_pack, no_device, tmp_path, monkeypatch, capsys
):
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
    tiny_pack, tmp_path, monkeypatch, capsys
):
    def refuse(device=None, block_samples=512):
        raise AijockeyError(f"no output device '{device}'; there are: 'Built-in'")

    monkeypatch.setattr(output, "DeviceOutput", refuse)
    monkeypatch.chdir(tmp_path)
    assert main(["play", "--pack", str(tiny_pack.path), "--device", "moon"]) == 1
    assert "'Built-in'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


class ThreadOutput:
    """A device without a clock: takes blocks from a thread of its own, as soon as the ring has them."""

    name = "thread"

    def start(self, fill):
        self.blocks = []
        owner = fill.__self__

        def run():
            going = True
            while going:
                if owner._written - owner._read < 512 and not owner.finished:
                    stop.wait(0.001)
                    continue
                block = np.zeros((512, 2), np.float32)
                going = fill(block)
                self.blocks.append(block)

        stop = threading.Event()
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    @property
    def active(self):
        return self.thread.is_alive()

    def close(self):
        self.thread.join(timeout=5)


@pytest.mark.slow
def test_with_a_device_it_plays_what_render_writes(tiny_pack, capsys):
    live_set = choose_set(None, tiny_pack)
    device = ThreadOutput()
    assert verb.play(live_set, tiny_pack, 1, device, 1, 0.35) == 0
    heard = np.concatenate(device.blocks).T
    one_bar = 4 * 60 * 48_000 // 124
    expected = Engine(live_set, direct_source(tiny_pack)).process(one_bar)
    np.testing.assert_array_equal(heard[:, :one_bar], expected)
    told = capsys.readouterr()
    assert "0 dropouts" in told.out
    assert "124.0 BPM" in told.out
    assert "thread" in told.err
