"""OSC on loopback sockets: moves, questions, subscribers, bundles, strangers."""

import asyncio
import json
import math
import shutil
import subprocess
import time

import pytest
from tests.control.conftest import FakeLink
from tests.control.osc.surface import Surface, a_desk, until, with_service

from aijockey.control.desk import Desk
from aijockey.control.osc import codec, steering
from aijockey.control.osc import service as osc_service
from aijockey.control.osc.addresses import to_osc
from aijockey.control.osc.service import OscConfig, OscService
from aijockey.errors import AijockeyError


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
