"""Ensembles through the slots that workers fill: stereo where there is room for it, stored latents resolved."""

import numpy as np
import pytest

from aijockey.live.latent_store import LatentStore
from aijockey.live.loops import Loop, LoopRequest, make_loop
from aijockey.live.members import ensemble_of
from aijockey.live.point_text import read_point
from aijockey.live.processes.exchange import READY, LoopExchange
from aijockey.live.processes.exchange_source import ExchangeSource
from aijockey.live.processes.workers import from_pack
from aijockey.music.grid import LOOP_SAMPLES


@pytest.fixture
def exchange():
    made = LoopExchange(2, LOOP_SAMPLES)
    made.set_worker(0, "state", READY)
    yield made
    made.close()


def test_an_ensemble_comes_through_in_stereo_and_a_mono_loop_stays_mono(
    exchange, tiny_pack, tmp_path, monkeypatch
):
    monkeypatch.setenv("AIJOCKEY_DATA", str(tmp_path))
    render = from_pack(str(tiny_pack.path))
    key = LatentStore().add(np.random.default_rng(1).normal(size=(64, 4)))
    source = ExchangeSource(exchange, {"kick": False})
    requests = [
        LoopRequest("kick", read_point(f"#{key}"), ensemble=ensemble_of(0.4, 3, "-1 x 1")),
        LoopRequest("kick", read_point(f"#{key}")),
    ]
    for request, channels in zip(requests, (2, 1), strict=True):
        ticket = source.request(request)
        source.poll()
        slot, asked = exchange.take(0)
        assert asked == request
        loop = make_loop(render(asked)).within(2)
        exchange.give(slot, loop)
        source.poll()
        assert isinstance(ticket.loop, Loop)
        assert ticket.loop.audio.shape == (channels, LOOP_SAMPLES)
        np.testing.assert_array_equal(ticket.loop.audio, loop.audio)


def test_where_there_is_room_for_one_channel_the_mono_sum_comes(tiny_pack):
    request = LoopRequest("hats", read_point("1"), ensemble=ensemble_of(0.5, 2))
    loop = make_loop(from_pack(str(tiny_pack.path))(request))
    assert loop.audio.shape == (2, LOOP_SAMPLES)
    narrow = LoopExchange(1, LOOP_SAMPLES)
    try:
        narrow.set_worker(0, "state", READY)
        source = ExchangeSource(narrow, {"hats": False})
        ticket = source.request(LoopRequest("hats", read_point("1"), ensemble=ensemble_of(0.5, 2)))
        source.poll()
        slot, _ = narrow.take(0)
        narrow.give(slot, loop.within(1))
        source.poll()
        np.testing.assert_allclose(ticket.loop.audio[0], loop.audio.mean(axis=0), atol=1e-6)
    finally:
        narrow.close()
