"""OSC on loopback sockets: the table walked, floods thinned, strangers and nonsense refused."""

import asyncio
import json
import math
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import ClassVar

import pytest
from tests.control.conftest import FakeLink

from aijockey.control import parameters
from aijockey.control.desk import Desk, Instrument, Voice
from aijockey.control.osc import codec, intake, steering
from aijockey.control.osc import service as osc_service
from aijockey.control.osc.addresses import from_osc, to_argument, to_osc, to_value
from aijockey.control.osc.service import OscConfig, OscService
from aijockey.control.parameters import ParameterError
from aijockey.errors import AijockeyError

Peer = tuple[str, int]
HERE: Peer = ("127.0.0.1", 9)


def a_desk() -> tuple[Desk, FakeLink]:
    link = FakeLink()
    voices = (Voice("techno", False, ("swing",)), Voice("bass", True))
    return Desk(Instrument("test", 2, voices), link), link


class Surface:
    """A socket of somebody who speaks OSC."""

    open: ClassVar[list["Surface"]] = []

    def __init__(self, port: int) -> None:
        self.open.append(self)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.there = ("127.0.0.1", port)
        self.port = self.socket.getsockname()[1]

    def send(self, address: str, *arguments: codec.Argument) -> None:
        self.socket.sendto(codec.encode(address, *arguments), self.there)

    def heard(self) -> list[codec.Message]:
        told: list[codec.Message] = []
        while True:
            try:
                told += codec.decode(self.socket.recv(65536))
            except BlockingIOError:
                return told

    async def wait_for(self, address: str) -> codec.Message:
        told: list[codec.Message] = []
        for _ in range(400):
            told += self.heard()
            for message in told:
                if message.address == address:
                    return message
            await asyncio.sleep(0.005)
        raise AssertionError(f"{address} never came; {told[:5]} did")


def with_service(work: Callable[[OscService, Desk, FakeLink], Awaitable[None]], **config: object) -> None:
    async def run() -> None:
        desk, link = a_desk()
        service = OscConfig(0, **config).build(desk)
        task = asyncio.create_task(service.run())
        try:
            while not service.port:
                await asyncio.sleep(0)
            await work(service, desk, link)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            while Surface.open:
                Surface.open.pop().socket.close()

    asyncio.run(run())


async def until(true: Callable[[], object]) -> None:
    for _ in range(400):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came about")


def drain(service: OscService) -> None:
    """Turns until nothing waits."""
    service.turn()
    while service._waiting or service._gestures:
        service.turn()


def some_values(row: parameters.Parameter) -> list[parameters.Value]:
    if row.curve in ("name", "text"):
        return ["7>9@0.5", "techno", "-"]
    if row.choices:
        return list(row.choices)
    middle = round(row.low + 0.37 * (row.high - row.low), 3)
    return [
        row.low,
        row.high,
        float(math.floor(middle)) if row.curve in parameters.WHOLE else middle,
        row.default,
    ]


def test_every_value_of_the_table_goes_to_osc_and_back_unchanged():
    desk, _ = a_desk()
    for address in desk.addresses:
        row = parameters.resolve(address).parameter
        assert from_osc(to_osc(address)) == address
        if row.curve == "trigger":
            continue  # what only acts has no value to keep
        for value in some_values(row):
            packet = codec.encode(to_osc(address), to_argument(row, value))
            (message,) = codec.decode(packet)
            assert to_value(row, message.arguments, message.address) == (value, 0.0), address


def test_every_gesture_acts_when_a_button_goes_down_and_not_when_it_is_let_go():
    rows = [row for row in parameters.PARAMETERS if row.curve == "trigger"]
    assert len(rows) >= 5
    for row in rows:
        assert to_value(row, (1.0,), "/x") is not None
        assert to_value(row, (0.0,), "/x") is None
    tap = parameters.resolve("transport.tap").parameter
    assert to_value(tap, (1,), "/transport/tap") == (0.0, 0.0)  # now
    assert to_value(tap, (1234.5,), "/transport/tap") == (1234.5, 0.0)


@pytest.mark.parametrize("row", [row for row in parameters.PARAMETERS if row.curve not in ("name", "text")])
def test_nonsense_is_refused_with_name_value_and_range(row):
    for bad in (math.nan, math.inf, 1e12, "loud", None):
        with pytest.raises(ParameterError) as caught:
            to_value(row, (bad,), "/deck/1/thing")
        assert "/deck/1/thing" in str(caught.value)
    for arguments in ((), (0, 0, 0), (row.default, -1.0), (row.default, "slow"), (row.default, math.nan)):
        with pytest.raises(ParameterError):
            to_value(row, arguments, "/deck/1/thing")


@pytest.mark.parametrize(
    "address", ["/deck/*/gain_db", "/deck/1/{a,b}", "/deck.1.gain_db", "deck/1", "/", "/deck/99/gain_db"]
)
def test_patterns_and_unknown_addresses_are_refused(address):
    with pytest.raises(ParameterError):
        from_osc(address)


def test_a_move_is_made_and_the_others_are_told_but_not_the_hand_that_moves():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        hand = Surface(service.port)
        hand.send("/subscribe")
        await hand.wait_for("/subscribed")
        await asyncio.sleep(0.1)
        hand.heard()
        hand.send("/deck/1/gain_db", -6.5, 4)
        await until(lambda: link.sent)
        assert link.sent == [("deck.1.gain_db", -6.5, 4.0)]
        await asyncio.sleep(0.1)
        assert hand.heard() == []  # it knows
        desk.move("deck.2.insert_1", "drive", source="page")
        assert (await hand.wait_for("/deck/2/insert_1")).arguments == ("drive",)

    with_service(work)


def test_who_subscribes_is_told_everything_first():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        desk.move("deck.2.pan", 0.25, source="page")
        surface = Surface(service.port)
        surface.send("/subscribe")
        told: dict[str, tuple[codec.Argument, ...]] = {}

        def all_told() -> bool:
            told.update({message.address: message.arguments for message in surface.heard()})
            return set(told) >= {to_osc(address) for address in desk.addresses}

        await until(all_told)
        assert told["/deck/2/pan"] == (0.25,)
        surface.send("/unsubscribe")
        await until(lambda: not service.status()["subscribers"])

    with_service(work)


def test_questions_are_answered():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        surface = Surface(service.port)
        surface.send("/deck/1/gain_db")
        assert (await surface.wait_for("/deck/1/gain_db")).arguments == (0.0,)
        surface.send("/list")
        assert (await surface.wait_for("/mixer/crossfader")).arguments == (0.0,)
        surface.send("/describe")
        tree = json.loads(str((await surface.wait_for("/describe")).arguments[0]))
        leaf = tree["CONTENTS"]["deck"]["CONTENTS"]["1"]["CONTENTS"]["low_db"]
        assert leaf["RANGE"] == [{"MIN": -90.0, "MAX": 12.0}]
        assert leaf["TYPE"] == "f"

    with_service(work)


def test_errors_come_back_with_a_guess_and_nothing_changes():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        surface = Surface(service.port)
        for address, value, text in [
            ("/deck/1/gain", -6.0, "gain_db"),
            ("/deck/1/gain_db", 99.0, "-90 to 12"),
            ("/deck/1/gain_db", math.nan, "nan"),
            ("/deck/7/gain_db", 0.0, "deck.7"),
        ]:
            surface.send(address, value)
            assert text in str((await surface.wait_for("/error")).arguments[0])
        surface.socket.sendto(b"not osc at all", surface.there)
        await surface.wait_for("/error")
        assert link.sent == []

    with_service(work)


def test_what_a_hand_holds_osc_does_not_move():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        desk.hold("deck.1.gain_db", "page")
        surface = Surface(service.port)
        surface.send("/deck/1/gain_db", -6.0)
        await until(lambda: service.status()["last_error"])
        assert link.sent == []

    with_service(work)


def test_strangers_are_not_heard():
    desk, link = a_desk()
    service = OscConfig(0, allow=("10.1.0.0/16",)).build(desk)
    for host, moves in [("192.168.1.4", 0), ("10.2.0.1", 0), ("10.1.7.7", 1), ("127.0.0.1", 2), ("::1", 3)]:
        service.receive(codec.encode("/deck/1/pan", 0.1 * moves), (host, 1))
        service.turn()
        assert len(link.sent) == moves
    assert service.counts["strangers"] == 2
    with pytest.raises(AijockeyError, match="osc-allow"):
        OscConfig(0, allow=("everybody",)).build(desk)


def test_a_bundle_waits_for_its_time():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        surface = Surface(service.port)
        later = codec.encode_bundle([codec.encode("/deck/1/pan", 0.5)], time.time() + 0.15)
        surface.socket.sendto(later, surface.there)
        surface.send("/deck/2/pan", -0.5)
        await until(lambda: len(link.sent) == 2)
        assert [address for address, _, _ in link.sent] == ["deck.2.pan", "deck.1.pan"]
        far = codec.encode_bundle([codec.encode("/deck/1/pan", 0.5)], time.time() + 1e6)
        surface.socket.sendto(far, surface.there)
        assert "ahead" in str((await surface.wait_for("/error")).arguments[0])

    with_service(work)


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


@pytest.mark.skipif(not steering.can_steer(), reason="only Linux lets a program choose the socket")
def test_a_second_service_on_the_port_is_refused():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        with pytest.raises(AijockeyError, match="in use"):
            await OscConfig(service.port).build(desk).run()

    with_service(work)


def test_lists_are_told_a_few_times_a_second():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        surface = Surface(service.port)
        for _ in range(osc_service.LISTS_A_SECOND + 1):
            surface.send("/describe")
            await surface.wait_for("/describe" if _ < osc_service.LISTS_A_SECOND else "/error")
        surface.send("/deck/1/gain_db")  # a single value costs nothing
        await surface.wait_for("/deck/1/gain_db")

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


@pytest.mark.skipif(
    shutil.which("oscsend") is None, reason="liblo's oscsend is not installed (apt install liblo-tools)"
)
def test_a_foreign_client_moves_and_a_foreign_server_hears():
    async def work(service: OscService, desk: Desk, link: FakeLink) -> None:
        for words in (
            ["/deck/1/gain_db", "f", "-7.25"],
            ["/deck/2/insert_1", "s", "phaser"],
            ["/deck/1/play", "T"],
        ):
            subprocess.run(["oscsend", "127.0.0.1", str(service.port), *words], check=True, timeout=10)
        await until(lambda: len(link.sent) == 3)
        assert sorted(link.sent) == [
            ("deck.1.gain_db", -7.25, 0.0), ("deck.1.play", 1.0, 0.0), ("deck.2.insert_1", "phaser", 0.0),
        ]  # fmt: skip

    with_service(work)
