"""Floods of OSC are thinned and bounded, and what is urgent comes through them."""

import math
import socket
import threading
import time
from random import Random

import pytest
from tests.control.conftest import FakeLink
from tests.control.osc.surface import HERE, Surface, a_desk, drain, until, with_service

from aijockey.control import parameters
from aijockey.control.desk import Desk
from aijockey.control.osc import codec, intake
from aijockey.control.osc.addresses import to_osc
from aijockey.control.osc.service import OscConfig, OscService


def test_a_flood_is_thinned_and_what_is_urgent_goes_first_and_once_more_behind_what_was_sent_before():
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    for number in range(20_000):
        service.receive(codec.encode(f"/deck/{1 + number % 2}/gain_db", -float(number % 90)), HERE)
    service.receive(codec.encode("/master/panic", 0), HERE)
    assert link.sent == []  # a button that is let go
    service.receive(codec.encode("/master/panic", 1), HERE)
    panic = ("master.panic", 1.0, 0.0)
    assert link.sent == [panic]  # at once, before any turn
    service.receive(codec.encode("/deck/1/pan", 0.5), HERE)
    drain(service)
    assert link.sent[1:] == [
        ("deck.1.gain_db", -18.0, 0.0), ("deck.2.gain_db", -19.0, 0.0), panic, ("deck.1.pan", 0.5, 0.0),
    ]  # fmt: skip
    assert service.counts["thinned"] == 19_998
    assert service.counts["received"] == 20_003


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("wait_s", [None, 30.0])
def test_panic_is_found_within_bundles_whatever_stands_before_it_and_whenever_it_is_for(depth, wait_s):
    at_s = wait_s and time.time() + wait_s
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    moves = [codec.encode("/deck/1/pan", 0.25), codec.encode("/master/gain_db", -3.0)]
    packet = codec.encode_bundle([*moves, codec.encode("/master/panic", 1)], at_s)
    for _ in range(depth - 1):
        packet = codec.encode_bundle([moves[0], packet])
    service.receive(packet, HERE)
    assert link.sent == [("master.panic", 1.0, 0.0)]
    service.receive(codec.encode_bundle([packet] * 4), HERE) if depth == 4 else None  # deeper than is taken
    assert len(link.sent) == 1


def test_messages_of_a_bundle_keep_their_order_and_only_the_newest_counts():
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    bundle = [
        codec.encode("/deck/1/pan", 0.1),
        codec.encode("/deck/2/pan", 0.2),
        codec.encode("/deck/1/mute", 1),
    ]
    service.receive(codec.encode_bundle(bundle), HERE)
    service.receive(
        codec.encode_bundle([codec.encode("/deck/2/pan", 0.4), codec.encode("/deck/9/pan", 1.0)]), HERE
    )
    drain(service)
    assert link.sent == [("deck.1.pan", 0.1, 0.0), ("deck.2.pan", 0.4, 0.0), ("deck.1.mute", 1.0, 0.0)]
    assert service.counts["refused"] == 1
    service.receive(codec.encode_bundle(bundle)[:-2], HERE)  # cut off: nothing of it is done
    drain(service)
    assert len(link.sent) == 3


def test_what_waits_is_bounded_whatever_comes():
    desk, _ = a_desk()
    service = OscConfig(0).build(desk)
    long = codec.encode("/deck/1/queue", "1 " * 1900)
    for number in range(3 * intake.MOST_WAITING):
        service.receive(codec.encode("/list"), ("127.0.0.1", number))  # each sender's question is its own
        service.receive(long, HERE)
        service.receive(codec.encode("/deck/1/skip", 1), HERE)
        if number < 2 * intake.MOST_LATER:
            soon = codec.encode_bundle([codec.encode("/deck/1/pan", 0.5)], time.time() + 30)
            service.receive(soon, HERE)
            service.receive(b"\xff" * 4000, HERE)
    batch = service._intake.take()
    assert len(batch.newest) == intake.MOST_WAITING
    assert len(batch.gestures) == intake.MOST_GESTURES
    assert len(batch.later) == intake.MOST_LATER
    assert len(batch.refused) == intake.MOST_REFUSED
    counts = service.counts
    assert counts["lost"] > 2 * intake.MOST_WAITING + intake.MOST_LATER
    assert counts["refused"] == 2 * intake.MOST_LATER


def test_hostile_datagrams_change_nothing_and_end_nothing():
    random = Random(7)
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    good = codec.encode("/deck/1/gain_db", -6.0, 4)
    bundle = codec.encode_bundle([good, codec.encode("/master/panic", 1)])
    hostile = [
        b"", b"\0", b"/", b"#", b"#bundle", b"#bundle\0", b"/" * 4000, b"/deck/1/gain_db", b"#bundle\0" * 500,
        codec.encode("/deck/1/gain_db", "x" * 5000), codec.encode("/deck/1/gain_db\x80"), good[:-4] + b"nan!",
        codec.BUNDLE + bytes(8) + (2**32 - 4).to_bytes(4, "big") + good,
        codec.BUNDLE + bytes(8) + bytes(4),
        codec.encode("/subscribe", -1), codec.encode("/subscribe", "x"), codec.encode("/master/panic", "now"),
        codec.encode("/master/panic", math.nan), codec.encode("/master/panic"), codec.encode("/master/panic", 1, 1, 1),
    ]  # fmt: skip
    for data in hostile:
        service.receive(data, HERE)
        drain(service)
    assert link.sent == []
    for _ in range(3000):
        data = bytearray(random.choice((good, bundle, *hostile)))
        for _ in range(random.randrange(1, 5)):
            if data:
                data[random.randrange(len(data))] = random.randrange(256)
        service.receive(bytes(data), HERE)
        drain(service)
    for address, value, over in link.sent:  # a flipped bit may make another good message
        assert parameters.check(address, value) == value
        assert over >= 0.0
    link.sent.clear()
    service.receive(good, HERE)
    drain(service)
    assert link.sent == [("deck.1.gain_db", -6.0, 4.0)]


def test_a_flood_waits_while_the_engine_has_enough_to_do_and_nothing_of_it_is_lost():
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    link.is_crowded = True
    for address in (addresses := [address for address in desk.addresses if address.endswith("_db")]):
        service.receive(codec.encode(to_osc(address), -6.0), HERE)
    for turn in range(3):
        service.turn()
        assert len(link.sent) == turn + 1  # a little always goes on
    link.is_crowded = False
    drain(service)
    assert [address for address, _, _ in link.sent] == addresses


def test_panic_comes_through_a_flood_that_is_not_over():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        ended = threading.Event()

        def flood() -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                out.connect(("127.0.0.1", service.port))
                packets = [codec.encode("/deck/1/gain_db", -float(number)) for number in range(90)]
                while not ended.is_set():
                    for packet in packets:
                        out.send(packet)

        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            hand = Surface(service.port)
            for _ in range(3):
                await until(lambda: service.counts["received"] > 1000)
                before = link.sent.count(("master.panic", 1.0, 0.0))
                hand.send("/master/panic", 1)
                await until(lambda before=before: link.sent.count(("master.panic", 1.0, 0.0)) > before)
        finally:
            ended.set()
            flooding.join()
        assert len({address for address, _, _ in link.sent}) == 2
        assert service.counts["thinned"] > service.counts["moved"]

    with_service(work)


def test_a_flood_of_names_that_nobody_knows_takes_no_room():
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    for number in range(20_000):
        service.receive(codec.encode(f"/deck/1/thing_{number}", 1.0), HERE)
    assert len(service._intake.take().refused) == intake.MOST_REFUSED
    assert service.counts["refused"] == 20_000
    service.receive(codec.encode("/deck/1/pan", 0.5), HERE)
    drain(service)
    assert link.sent == [("deck.1.pan", 0.5, 0.0)]


def test_a_question_takes_the_place_of_no_move_and_gestures_are_not_thinned():
    desk, link = a_desk()
    service = OscConfig(0).build(desk)
    service.receive(codec.encode("/deck/1/pan", 0.5), HERE)
    service.receive(codec.encode("/deck/1/pan"), HERE)
    for _ in range(3):
        service.receive(codec.encode("/deck/1/skip", 1), HERE)
        service.receive(codec.encode("/deck/1/skip", 0), HERE)
    for _ in range(4):
        service.turn()
    assert sorted(link.sent) == [("deck.1.pan", 0.5, 0.0)] + 3 * [("deck.1.skip", 1.0, 0.0)]
    for _ in range(10 * intake.MOST_GESTURES):
        service.receive(codec.encode("/deck/1/skip", 1), HERE)
    drain(service)
    assert len(link.sent) == 4 + intake.MOST_GESTURES
    assert service.counts["lost"] == 9 * intake.MOST_GESTURES
