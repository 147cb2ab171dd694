import time

import numpy as np
import pytest

from aijockey.errors import AijockeyError
from aijockey.live.engine import Engine
from aijockey.live.loops import LoopRequest, Point
from aijockey.live.playback import Player, Ring
from aijockey.live.programme import direct_source
from aijockey.live.set_file import LiveSet
from aijockey.live.worker import WorkerSource, wait_for

BAR_SAMPLES = 96_000


class ManualOutput:
    """A device that is asked for: takes a block each time somebody looks whether it still plays."""

    name = "manual"

    def __init__(self, block=480):
        self.blocks, self.block = [], block
        self.playing = False

    def start(self, fill):
        self.fill, self.playing = fill, True

    @property
    def active(self):
        block = np.full((self.block, 2), np.nan, np.float32)
        self.playing = self.playing and self.fill(block)
        self.blocks.append(block)
        return self.playing

    def close(self):
        self.playing = False

    @property
    def sound(self):
        return np.concatenate(self.blocks).T


@pytest.fixture
def engine(make_source):
    live_set = LiveSet(({"voice": "kick", "play": 1.0}, {"voice": "hats", "play": 1.0, "room_send": 0.5}))
    return lambda: Engine(live_set, make_source())


def test_what_is_played_is_what_is_rendered(engine, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    output = ManualOutput()
    seen = []
    status = Player(engine(), output).play(2, seen.append, every_s=0.0)
    assert status.dropouts == 0
    assert seen[-1].bar == pytest.approx(2, abs=0.2)
    heard = output.sound
    assert heard.shape[1] >= 2 * BAR_SAMPLES
    whole = engine().process(heard.shape[1])
    end = 2 * BAR_SAMPLES
    np.testing.assert_array_equal(heard[:, :end], whole[:, :end])


def test_an_interrupt_ends_it_with_a_fade(engine, monkeypatch):
    sleeps = []

    def sleep(seconds):
        sleeps.append(seconds)
        if len(sleeps) == 50:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    output = ManualOutput()
    status = Player(engine(), output).play(64, lambda status: None)
    assert status.dropouts == 0
    heard = output.sound
    # Half a second after the interrupt it is over, and it ends in silence without a cut.
    assert 50 * 480 + 24_000 <= heard.shape[1] <= 52 * 480 + 24_000 + 480
    assert np.abs(heard[:, -10:]).max() < 1e-3
    assert np.abs(heard[:, 48 * 480 : 50 * 480 + 12_000]).max() > 0.1


def test_the_ring_wraps_counts_dropouts_and_fades(rng):
    ring = Ring(1000)
    sound = rng.normal(size=(2, 5000)).astype(np.float32)
    out, at = [], 0
    while at < 5000:
        size = min(ring.free, int(rng.integers(1, 700)), 5000 - at)
        ring.write(sound[:, at : at + size])
        at += size
        block = np.empty((size, 2), np.float32)
        assert ring.fill(block)
        out.append(block)
    np.testing.assert_array_equal(np.concatenate(out).T, sound)
    assert ring.dropouts == 0
    block = np.ones((64, 2), np.float32)
    assert ring.fill(block)
    assert ring.dropouts == 1
    assert not block.any()
    ring.write(np.ones((2, 1000), np.float32))
    ring.fade_out(500)
    faded = np.empty((400, 2), np.float32)
    assert ring.fill(faded)
    assert (np.diff(faded[:, 0]) < 0).all()
    assert not ring.fill(faded)
    assert faded[-1, 0] == 0.0


def test_the_end_is_no_dropout():
    ring = Ring(1000)
    ring.write(np.ones((2, 100), np.float32))
    ring.finished = True
    assert not ring.fill(np.empty((256, 2), np.float32))
    assert ring.dropouts == 0


def filled(ticket, seconds=120.0):
    end = time.monotonic() + seconds
    while ticket.loop is None and ticket.error is None and time.monotonic() < end:
        time.sleep(0.01)
    return ticket


@pytest.mark.slow
def test_a_worker_makes_the_same_loops_and_survives_its_death(tiny_pack):
    source = WorkerSource(tiny_pack)
    try:
        request = LoopRequest("kick", Point(1, Point(2), 0.5), (("brightness", 0.5), ("unknown", 1.0)))
        made = filled(source.request(request)).loop
        direct = direct_source(tiny_pack).request(request).loop
        np.testing.assert_array_equal(made.audio, direct.audio)
        assert source.request(request).loop is made
        # Its process dies: the next request starts another.
        source._process.kill()
        source._process.join()
        assert filled(source.request(LoopRequest("drone", Point(3)))).loop is not None
        assert source.starts == 2
        failed = filled(source.request(LoopRequest("kick", Point(-1))))
        assert failed.loop is None
        assert failed.error
    finally:
        source.close()
    assert not source._process.is_alive()


def test_waiting_ends_when_there_is_nothing_to_wait_for():
    class Failed:
        failure = "the process that makes loops ended 5 times in a row"

    with pytest.raises(AijockeyError, match="5 times"):
        wait_for(lambda: False, Failed())
    Failed.failure = None
    with pytest.raises(AijockeyError, match="within 0 s"):
        wait_for(lambda: False, Failed(), timeout_s=0.0)
    wait_for(lambda: True, Failed())
