"""The system's side of OSC: many datagrams at once, and a buffer of its own for what must not wait."""

import socket
import threading
import time
from functools import partial
from random import Random

import pytest

from aijockey.control.osc import bulk, codec, steering
from aijockey.control.osc.bulk import BulkReader
from aijockey.control.osc.intake import Intake, Kind
from aijockey.control.osc.network import PortError, Sender, Sockets, listen

PANIC = codec.encode("/master/panic", 1)
MOVE = codec.encode("/deck/1/gain_db", -6.0)
KNOWN = {b"/deck/1/gain_db": Kind.MOVE, b"/deck/1/skip": Kind.GESTURE, b"/master/panic": Kind.URGENT}
needs_steering = pytest.mark.skipif(
    not steering.can_steer(), reason="only Linux lets a program choose the socket"
)


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::1"])
def host(request):
    try:
        with socket.socket(
            socket.AF_INET6 if ":" in request.param else socket.AF_INET, socket.SOCK_DGRAM
        ) as one:
            one.bind((request.param, 0))
    except OSError as error:
        pytest.skip(f"no {request.param} here ({error})")
    return request.param


def hand(host: str, sockets: Sockets) -> socket.socket:
    there = "127.0.0.1" if host == "0.0.0.0" else host
    one = socket.socket(socket.AF_INET6 if ":" in there else socket.AF_INET, socket.SOCK_DGRAM)
    one.connect((there, sockets.port))
    return one


def read_all(reader: BulkReader, one: socket.socket) -> list[bytes]:
    told: list[bytes] = []
    while read := reader.read(one):
        told += [data for data, _ in read]
    return told


@pytest.mark.parametrize("one_by_one", [False, True])
def test_datagrams_come_in_their_order_with_their_senders_and_long_ones_can_be_told(host, one_by_one):
    sockets = listen(host, 0)
    reader = BulkReader(one_by_one=one_by_one)
    assert reader.read(sockets.main) == []
    hands = [hand(host, sockets) for _ in range(2)]
    sent = [bytes([number % 256]) * (number % 90) for number in range(bulk.MOST_AT_ONCE + 200)]
    told = []
    for number, data in enumerate(sent):
        hands[number % 2].send(data)
        if number % 100 == 99:
            told += reader.read(sockets.main)
    told += reader.read(sockets.main)
    assert [data for data, _ in told] == sent
    assert [sender for _, sender in told] == [
        hands[number % 2].getsockname()[:2] for number in range(len(sent))
    ]
    hands[0].send(b"x" * 9000)
    assert [len(data) for data, _ in reader.read(sockets.main)] == [bulk.MOST_BYTES + 1]
    for one in hands:
        one.close()
    sockets.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        reader.read(sockets.main)


@needs_steering
def test_what_is_urgent_has_a_buffer_that_a_flood_does_not_fill(host):
    sockets = listen(host, 0, ("/master/panic",))
    assert sockets.urgent is not None
    one = hand(host, sockets)
    for _ in range(30_000):
        one.send(MOVE)
    bundles = [
        codec.encode_bundle([PANIC]),
        codec.encode_bundle([MOVE, MOVE, PANIC, MOVE]),
        codec.encode_bundle([MOVE, codec.encode_bundle([PANIC])], time.time()),
    ]
    urgent = [PANIC, *bundles, codec.encode("/master/panic")]
    for data in urgent:
        one.send(data)
    others = [codec.encode("/master/pan", 1.0), codec.encode("/master/panics"), b"/mas", b"", b"#bundle\0"]
    for data in others:
        one.send(data)  # lost: the flood's buffer is full
    assert read_all(BulkReader(), sockets.urgent) == urgent
    flood = read_all(BulkReader(), sockets.main)
    assert set(flood) == {MOVE}
    assert len(flood) < 30_000
    assert sockets.overflowed() == 30_000 - len(flood) + len(others)
    for data in others:
        one.send(data)
    assert read_all(BulkReader(), sockets.main) == others
    one.close()
    sockets.close()


@needs_steering
def test_a_shared_port_is_taken_by_nobody_else():
    sockets = listen("127.0.0.1", 0, ("/master/panic",))
    port = sockets.port
    with pytest.raises(PortError, match="in use"):
        listen("127.0.0.1", port, ("/master/panic",))
    sockets.close()
    listen("127.0.0.1", port, ("/master/panic",)).close()


@needs_steering
def test_where_the_kernel_takes_no_program_there_is_one_socket(monkeypatch):
    monkeypatch.setattr(steering, "steer", lambda first, addresses: 0)
    sockets = listen("127.0.0.1", 0, ("/master/panic",))
    assert sockets.urgent is None
    one = hand("127.0.0.1", sockets)
    one.send(PANIC)
    assert read_all(BulkReader(), sockets.main) == [PANIC]
    one.close()
    sockets.close()


@pytest.mark.parametrize("urgent", [("/master/panic",), ()])
def test_the_thread_keeps_the_newest_and_hands_over_what_is_urgent_though_nobody_takes_the_rest(urgent):
    sockets = listen("127.0.0.1", 0, urgent)
    heard, ready = threading.Event(), threading.Event()
    sorter = Intake(KNOWN, lambda host: True, lambda data, sender: heard.set(), ready.set)
    sorter.begin(sockets)
    one = hand("127.0.0.1", sockets)
    for number in range(2000):
        one.send(codec.encode("/deck/1/gain_db", number))
        while number - sorter.counts["received"] > 100:  # no more than any system has room for
            time.sleep(0.001)
    one.send(PANIC)
    assert heard.wait(10)
    assert ready.wait(10)
    newest, deadline = None, time.monotonic() + 10
    while newest != codec.encode("/deck/1/gain_db", 1999):
        assert time.monotonic() < deadline
        if (batch := sorter.take()) is not None and b"/deck/1/gain_db" in batch.newest:
            newest = batch.newest[b"/deck/1/gain_db"][0]
        time.sleep(0.001)
    sorter.close()
    sorter.close()  # harmless
    assert sorter.failure is None
    assert sorter.counts["received"] == 2001
    one.close()
    sockets.close()


def test_what_ends_the_thread_is_told():
    sockets = listen("127.0.0.1", 0)
    ready = threading.Event()

    def breaks(data, sender):
        raise RuntimeError("broken")

    sorter = Intake(KNOWN, lambda host: True, breaks, ready.set)
    sorter.begin(sockets)
    one = hand("127.0.0.1", sockets)
    one.send(PANIC)
    assert ready.wait(10)
    assert str(sorter.failure) == "broken"
    sorter.close()
    one.close()
    sockets.close()


def test_what_is_read_in_bulk_is_sorted_as_one_by_one():
    random = Random(3)
    kinds = [
        *(codec.encode("/deck/1/gain_db", float(number)) for number in range(20)),
        codec.encode("/deck/1/gain_db"), codec.encode("/deck/1/gain_db", True), codec.encode("/deck/1/skip", 1), PANIC,
        codec.encode("/deck/1/gain", 1.0), codec.encode("/deck/1/gain_db", "x" * bulk.MOST_BYTES), b"",
        b"/deck/1/gain_db", codec.encode_bundle([MOVE, PANIC]), codec.encode_bundle([MOVE], time.time() + 30),
    ]  # fmt: skip
    senders = [("127.0.0.1", 1), ("127.0.0.1", 2), ("10.0.0.1", 1)]
    read = [(random.choice(kinds), random.choice(senders)) for _ in range(3000)]
    told = []
    for in_bulk in (False, True):
        urgent: list[tuple[bytes, Sender]] = []
        hear = partial(lambda heard, *both: heard.append(both), urgent)
        sorter = Intake(KNOWN, lambda host: host != "10.0.0.1", hear, lambda: None)
        for data, sender in sorter._sort_moves(read) if in_bulk else read:
            sorter.sort(data, sender)
        told.append((sorter.take(), list(urgent), dict(sorter.counts)))
    assert told[0] == told[1]
    assert told[0][2]["received"] == 3000


def test_a_bundle_that_holds_many_lets_others_through_between():
    sockets = listen("127.0.0.1", 0, ("/master/panic",))
    events: list[str] = []
    urgent, ready = lambda data, sender: events.append("urgent"), lambda: events.append("ready")
    sorter = Intake(KNOWN, lambda host: True, urgent, ready)
    one = hand("127.0.0.1", sockets)
    many = codec.encode_bundle([MOVE] * 140)
    for _ in range(40):
        one.send(many)
    one.send(PANIC)
    reader = BulkReader()
    assert sorter._read_from(sockets.main, reader, sockets.urgent) == 40
    if sockets.urgent is not None:
        assert events[:2] == ["ready", "urgent"]
    one.close()
    sockets.close()
