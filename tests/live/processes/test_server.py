"""The control process: desk, page and pictures over shared memory, without an engine."""

import asyncio
import contextlib
import json
import threading
import time

import numpy as np
import pytest

from aijockey.control.desk import Instrument, Voice
from aijockey.control.web.client import Client, ClientError
from aijockey.control.web.guard import Access
from aijockey.live.loops import LoopRequest
from aijockey.live.point_text import read_point
from aijockey.live.processes.board import TEXTS, Board
from aijockey.live.processes.front import Front, SurfacePlan
from aijockey.live.processes.gallery import Gallery, key_of_text
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.processes.pulse import Pulse, show_pulse
from aijockey.live.processes.retrospect import MOST_EVENTS, MOST_LOOPS, MOST_OF_SET, Retrospect
from aijockey.live.processes.server import ControlProcess, PortTakenError, ServerSetup, listen
from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import Event
from aijockey.live.shared_ring import SharedRing
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ

INSTRUMENT = Instrument("test", 2, (Voice("tone", True, ("bright",)),), "tiny")
PATIENCE_S = 30.0


class Answering:
    """A service that takes a command."""

    name = "echo"

    async def run(self):
        await asyncio.Event().wait()

    def status(self):
        return {"well": True}

    def command(self, command):
        return {"heard": dict(command)}


class AnsweringConfig:
    name = "echo"

    def build(self, desk):
        return Answering()


class Engine:
    """What the engine has of it: memory, and what was put into it."""

    def __init__(self):
        self.board, self.gallery, self.ring = Board(), Gallery(), SharedRing.create(2, 2 * RATE_HZ)
        self.urgent, self.inbox, self.commands = Mailbox(), Mailbox(), Mailbox()
        self.listener = listen(0)
        setup = ServerSetup(
            self.board.name, self.urgent.name, self.inbox.name, self.commands.name, self.gallery.name, self.ring.name,
            self.listener, INSTRUMENT, Access(self.listener.getsockname()[1]), (AnsweringConfig(),),
        )  # fmt: skip
        self.control = ControlProcess(setup)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        self._task = self._loop.create_task(self.control.run())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    def client(self):
        return Client(self.listener.getsockname()[1], timeout_s=PATIENCE_S)

    def close(self):
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE_S)
        self.listener.close()
        control = self.control
        for memory in (
            control.board, control._urgent, control._outbox._mailbox, control._commands._mailbox, control._gallery,
            *control._rings.values(), self.board, self.gallery, self.ring, self.urgent, self.inbox, self.commands,
        ):  # fmt: skip
            memory.close()


@pytest.fixture(scope="module")
def engine():
    engine = Engine()
    yield engine
    engine.close()


def taken(mailbox):
    messages = []
    while (message := mailbox.take()) is not None:
        messages.append(message)
    return messages


def until(client, condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        client.turn(0.01)


def test_moves_are_checked_and_passed_on(engine):
    with engine.client() as client:
        assert client.move("deck.1.gain_db", -6, over_beats=4) == -6.0
        assert taken(engine.inbox) == [{"set": "deck.1.gain_db", "to": -6.0, "over": 4.0}]
        for address, value, said in (
            ("deck.1.point", "7>", "not a point"),
            ("deck.1.controls.dark", 0, "no voice of the pack"),
            ("deck.1.gain_db", 99, "out of range"),
        ):
            with pytest.raises(ClientError, match=said):
                client.move(address, value)
        assert taken(engine.inbox) == []


def test_panic_goes_before_and_behind_whatever_waits(engine):
    with engine.client() as client:
        client.move("master.gain_db", -3)
        client.move("master.panic", 1)
        assert [message["set"] for message in taken(engine.urgent)] == ["master.panic"]
        assert [message["set"] for message in taken(engine.inbox)] == ["master.gain_db", "master.panic"]


def test_what_the_engine_says_is_told(engine):
    with engine.client() as client:
        engine.board.publish("values", {"deck.2.pan": 0.25})
        until(client, lambda: client.values["deck.2.pan"] == 0.25)
        assert client.changes[-1] == ("deck.2.pan", 0.25, "engine")
        engine.board.publish("watch", {"note": "the device is back"})
        until(client, lambda: list(client.events) == ["the device is back"])
        assert client.state["services"]["echo"] == {"well": True}


def test_what_sounds_now_is_counted_back_from_what_is_written(engine):
    # A second is written ahead, at 120 BPM and beat 10.
    engine.ring.write(np.stack([np.full(RATE_HZ, 0.5), np.full(RATE_HZ, 0.25)]).astype(np.float32))
    engine.board["clock_position"] = 0
    levels = np.array([[-6.0, -9.0, -12.0, -13.0], [-20.0, -23.0, -26.0, -27.0], [-120.0] * 4])
    show_pulse(engine.board, Pulse(RATE_HZ, 10.0, 120.0, -2.0, levels))
    engine.board["clock_position"] = RATE_HZ // 2
    with engine.client() as client:
        client.watch(meters=60)
        until(client, lambda: client.meters is not None)
        meters = client.meters
        assert (meters.beat, meters.sample, meters.tempo_bpm, meters.limiter_db) == (
            9.0,
            24_000.0,
            120.0,
            -2.0,
        )
        # The master's sides as they are, the decks' peak twice, RMS and momentary loudness.
        np.testing.assert_allclose(meters.levels[0], [-6.02, -12.04, -9.0, -12.0], atol=0.01)
        np.testing.assert_allclose(meters.levels[1], [-20.0, -20.0, -23.0, -26.0])
        # The state is taken anew 20 times a second.
        until(client, lambda: client.get("state")["beat"] == 9.0)
        state = client.get("state")
        assert (state["beat"], state["bar"], state["phrase"], state["bar_of_phrase"]) == (9.0, 2, 0, 2)


def test_sound_is_what_the_ring_holds(engine, rng):
    with engine.client() as client:
        client.watch(sound="master")
        until(client, lambda: "master" in client.snapshot["sounds"])
        first = engine.ring.written
        sound = rng.uniform(-1, 1, (2, 9600)).astype(np.float32)
        deadline = time.monotonic() + PATIENCE_S
        while not client.sound:  # it listens from when the server has turned once
            assert time.monotonic() < deadline
            engine.ring.write(np.zeros((2, 960), np.float32))
            client.turn(0.02)
        client.turn(0.1)
        client.sound.clear()
        first = engine.ring.written
        engine.ring.write(sound)
        until(client, lambda: sum(len(frame.frames) for frame in client.sound) >= 9600 - 960)
        frames = np.concatenate([frame.frames for frame in client.sound]).T
        begin = int(client.sound[0].sample) - first
        expected = (
            np.concatenate([np.zeros((2, -begin), np.float32), sound], axis=1)
            if begin < 0
            else sound[:, begin:]
        )
        np.testing.assert_allclose(frames / 32767, expected[:, : frames.shape[1]], atol=0.6 / 32767)


def test_what_was_done_before_is_told_to_who_comes_late(engine):
    with engine.client() as client:
        assert client.get("history") == {"events": [], "loops": []}
        told = Retrospect([Event(8.0, "deck.1.pan", 0.5)])
        told.add(Event(2.0, "deck.1.gain_db", -6.0))
        told.enter({"deck": 2, "beat": 4.0, "point": "7"})
        told.publish(engine.board)
        assert client.get("history") == {
            "events": [[2.0, "deck.1.gain_db", -6.0, "live"], [8.0, "deck.1.pan", 0.5, "set"]],
            "loops": [[4.0, 2, "7"]],
        }


def test_a_retrospect_is_short_however_long_a_set_is():
    told = Retrospect([Event(float(beat), "deck.1.pan", 0.5) for beat in range(4000)])
    for step in range(2000):  # a ride: one event a beat
        told.add(Event(step / 100.0, "deck.1.gain_db", -step / 100.0))
    assert [event[0] for event in told.as_told(0.0)["events"] if event[3] == "live"] == [
        float(b) for b in range(20)
    ]
    for beat in range(20, 5000):
        told.add(Event(float(beat), f"deck.{1 + beat % 8}.filter", 0.5))
        told.enter({"deck": 1, "beat": float(beat), "point": "7>9@0.5" * 200})
    shown = told.as_told(1000.0)
    assert len([event for event in shown["events"] if event[3] == "live"]) == MOST_EVENTS
    assert {abs(event[0] - 1000.0) <= MOST_OF_SET for event in shown["events"] if event[3] == "set"} == {True}
    assert [loop[0] for loop in shown["loops"]] == [float(beat) for beat in range(5000 - MOST_LOOPS, 5000)]
    for beat in range(5000, 6000):
        told.add(Event(float(beat), "deck.1.moment_1", "voice=" + "é" * 1000))
    shown = told.as_told(6000.0)
    assert len(json.dumps(shown)) < TEXTS["history"]
    assert shown["events"][-1][0] == 5999.0


def test_a_picture_is_found_once_its_loop_is_shown(engine):
    request = LoopRequest("tone", read_point("3"))
    time_s = np.arange(LOOP_SAMPLES) / RATE_HZ
    audio = (0.5 * np.sin(2 * np.pi * 1000 * time_s) * (time_s < 2)).astype(np.float32)[np.newaxis]
    text = "voice=tone; point=3"
    engine.gallery.hang(0, request, audio)
    deck = {"loop": text, "next": "", "loop_key": key_of_text(text), "next_key": "", "peak": 0.5}
    engine.board.publish("state", {"decks": [deck, deck]})
    with engine.client() as client:
        until(client, lambda: bool(client.state.get("decks")) and client.state["decks"][0].get("picture"))
        shown = client.state["decks"][0]
        assert shown["picture"] == key_of_text(text)
        assert shown["next_picture"] == ""
        assert "peak" not in shown
        picture = client.get("loop", deck=1)
        assert (picture["loop"], picture["beats"], picture["picture"]) == (text, 8, shown["picture"])
        assert client.get("loop", deck=1, which="next") is None


def test_what_is_asked_of_supervisor_and_services_reaches_them(engine):
    with engine.client() as client:
        client.do("record", name="night")
        client.do("record")
        client.do("stop_recording")
        client.do("fade_out", seconds=2)
        assert taken(engine.commands) == [
            {"do": "record", "name": "night"}, {"do": "record", "name": ""}, {"do": "stop_recording"},
            {"do": "fade_out", "seconds": 2.0},
        ]  # fmt: skip
        assert client.do("service", service="echo", command={"learn": "deck.1.pan"}) == {
            "heard": {"learn": "deck.1.pan"}
        }
        for wrong, said in (
            ({"do": "record", "name": "../night"}, "no name for a recording"),
            ({"do": "fade_out", "seconds": 1e9}, "expected a number"),
            ({"do": "service", "service": "midi", "command": {}}, "no surface 'midi' runs; running: .*echo"),
            ({"do": "service", "service": "web", "command": {}}, "takes no commands"),
            ({"do": "reboot"}, "expected record, stop_recording"),
        ):
            with pytest.raises(ClientError, match=said):
                client.ask(wrong)
        assert taken(engine.commands) == []


def test_a_port_that_is_taken_is_said_clearly_or_another_one_taken():
    with listen(0) as taken_port:
        port = taken_port.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} cannot be had.*--port chooses another"):
            listen(port)
        front = Front(SurfacePlan(port=port, any_port=True), LiveSet(({"voice": "tone"},)), {"tone": True})
        try:
            assert front.port not in (None, port)
            assert front.access.token == ""
        finally:
            front.close()


def test_a_network_has_a_token_and_a_link():
    front = Front(SurfacePlan(port=0, network=True), LiveSet(({"voice": "tone"},)), {"tone": True})
    try:
        access = front.access
        assert len(access.token) >= 20
        if access.names:  # a machine without a network has none
            assert access.pairing_link.endswith(f":{front.port}/#pair={access.token}")
            assert access.token not in access.network
    finally:
        front.close()
