"""What clients see and move: a snapshot, then what changed, everybody in step."""

import runpy
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from aijockey.control.desk import HOLD_S
from aijockey.control.parameters import PARAMETERS
from aijockey.control.web.client import Client, ClientError

FADER = "deck.1.gain_db"
PATIENCE_S = 30.0


def until(client: Client, condition) -> None:
    """Take in what is told until something is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        client.turn(0.01)


def test_a_snapshot_holds_everything_there_is(stage):
    stage.call(stage.desk.hold, FADER, "midi")
    client = stage.client("page")
    shot = client.snapshot
    assert client.name.startswith("page-")
    assert shot["protocol"] == 1
    assert shot["instrument"]["decks"] == 2
    assert shot["instrument"]["voices"][0] == {"name": "techno", "tonal": False, "controls": ["swing"]}
    assert {row["address"] for row in shot["parameters"]} == {row.address for row in PARAMETERS}
    assert client.values == dict(stage.desk.values)
    assert client.held == {FADER: "midi"}
    assert client.state["decks"] == [{"voice": "techno"}]
    assert shot["sounds"] == ["master"]
    assert shot["keys"][0]["key"] == "Space"


def test_every_parameter_goes_there_and_back(stage):
    one, other = stage.client(), stage.client()
    sent = {}
    for address in stage.desk.addresses:
        row = (
            next(
                r
                for r in PARAMETERS
                if r.address.replace(".N.", ".1.") == address.replace("deck.2", "deck.1")
            )
            if (".controls." not in address)
            else None
        )
        if row is None or row.curve in ("name", "text"):
            continue
        value = row.choices[-1] if row.choices else row.high
        sent[address] = one.move(address, value)
        assert sent[address] == value
    until(other, lambda: all(other.values[address] == value for address, value in sent.items()))
    assert other.gaps == 0
    until(one, lambda: one.seq == other.seq)
    assert one.values == other.values == dict(stage.desk.values)


def test_changes_are_told_newest_first_of_all_with_their_source(stage):
    one, other = stage.client("one"), stage.client("other")
    for value in range(-20, 0):
        one.send({"set": FADER, "to": value})
    until(other, lambda: other.values[FADER] == -1.0)
    assert {source for _, _, source in other.changes} == {one.name}
    assert len(other.changes) <= 20
    stage.link.told = {FADER: -1.0, "deck.2.pan": 0.5}
    stage.call(stage.desk.turn)
    until(other, lambda: other.values["deck.2.pan"] == 0.5)
    assert other.changes[-1] == ("deck.2.pan", 0.5, "engine")


def test_a_gesture_is_told_and_keeps_no_value(stage):
    one, other = stage.client(), stage.client()
    assert one.move("history.undo", 1) == 1.0
    until(other, lambda: bool(other.changes))
    assert other.changes[0][:2] == ("history.undo", 1.0)
    assert "history.undo" not in other.values
    assert ("history.undo", 1.0, 0.0) in stage.link.sent


def test_no_frame_waits_for_the_one_before_it(stage):
    stage.client()
    (one,) = stage.service._server.server_state.connections
    there = one.transport.get_extra_info("socket")
    assert there.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_length_travels_to_the_engine(stage):
    stage.client().move(FADER, -6, over_beats=8)
    assert (FADER, -6.0, 8.0) in stage.link.sent


@pytest.mark.parametrize(
    ("address", "value", "said"),
    [
        (FADER, 99, "99 is out of range; expected -90 to 12 dB"),
        (FADER, 10**400, "out of range"),
        (FADER, None, "not a number"),
        (FADER, [1], "not a number"),
        (FADER, "loud", "not a number"),
        ("deck.1.gain_dB", 0, "did you mean gain_db"),
        ("deck.3.gain_db", 0, "the set has 2 decks"),
        ("deck.1.controls.swnig", 1, "did you mean swing"),
        ("mixer.crossfader_curve", "sharp", "not one of"),
    ],
)
def test_nonsense_is_refused_with_name_and_range(stage, address, value, said):
    client, before = stage.client(), dict(stage.desk.values)
    with pytest.raises(ClientError, match=said) as error:
        client.move(address, value)
    assert address in str(error.value)
    assert dict(stage.desk.values) == before
    assert stage.link.sent == []


def test_not_a_number_is_refused(stage):
    client = stage.client()
    client.send_text('{"set": "deck.1.gain_db", "to": NaN}')
    until(client, lambda: bool(client.errors))
    assert "out of range" in client.errors[0]
    assert stage.link.sent == []


def test_what_one_finger_holds_no_other_moves(stage):
    one, other = stage.client("one"), stage.client("other")
    one.hold(FADER)
    until(other, lambda: other.held == {FADER: one.name})
    with pytest.raises(ClientError, match="held"):
        other.move(FADER, -3)
    with pytest.raises(ClientError, match=f"held by {one.name}"):
        other.hold(FADER)
    one.move(FADER, -6)
    one.release(FADER)
    until(other, lambda: other.held == {})
    assert other.move(FADER, -3) == -3.0
    # Who goes lets go.
    other.hold(FADER)
    until(one, lambda: one.held == {FADER: other.name})
    other.close()
    until(one, lambda: one.held == {})
    assert HOLD_S > 2.0  # what the protocol promises a resting finger


def test_resync_gives_the_same_as_having_listened(stage):
    one, other = stage.client(), stage.client()
    one.move(FADER, -6)
    one.move("mixer.crossfader", 0.5)
    until(other, lambda: other.values["mixer.crossfader"] == 0.5)
    values, seq = dict(other.values), other.seq
    other.values.clear()
    other.resync()
    assert (other.values, other.seq) == (values, seq)
    one.move(FADER, -7)
    until(other, lambda: other.values[FADER] == -7.0)
    assert other.gaps == 0


def test_only_what_changed_of_the_state_is_told(stage):
    client = stage.client()
    client.watch(state=20)
    client.turn(0.1)
    states = []
    take, client._TAKES["state"] = client._TAKES["state"], lambda _, message: states.append(message["state"])
    try:
        stage.backstage.shown["bar"] = 7
        until(client, lambda: any("bar" in state for state in states))
    finally:
        client._TAKES["state"] = take
    # How many listen may change once more, as the server notices who came and went.
    told = [{key: value for key, value in state.items() if key != "clients"} for state in states]
    assert [state for state in told if state] == [{"bar": 7}]


def test_meters_sound_pictures_pings_and_events(stage):
    client = stage.client()
    client.watch(meters=60, sound="master")
    stage.backstage.reader.written += 4800
    until(client, lambda: client.meters is not None and len(client.sound) == 5)
    assert client.meters.levels.shape == (3, 4)
    assert [frame.sample for frame in client.sound] == [0, 960, 1920, 2880, 3840]
    frames = np.concatenate([frame.frames for frame in client.sound])
    expected = np.round(32767 * 0.5 * np.sin(2 * np.pi * 440 * np.arange(4800) / 48_000))
    assert np.abs(frames[:, 0] - expected).max() <= 1
    assert not frames[:, 1].any()
    client.watch(meters=0, sound="off")
    assert client.get("loop", deck=1) == {"picture": "k", "beats": 8}
    assert client.get("loop", deck=2, which="next") is None
    assert client.get("state")["bar"] == 0
    assert client.get("pairing") is None
    told = client.ping()
    assert (told["beat"], told["sample"], told["tempo_bpm"]) == (4.0, 96_000.0, 120.0)
    stage.backstage.told = ["the device is back"]
    until(client, lambda: list(client.events) == ["the device is back"])
    client.do("fade_out", seconds=2)
    assert stage.backstage.done[-1][1]["seconds"] == 2
    for wrong in (
        {"get": "loop", "deck": 3},
        {"get": "x"},
        {"do": "x"},
        {"watch": {"sound": "x"}},
        {"watch": 7},
    ):
        with pytest.raises(ClientError, match="expected"):
            client.ask(wrong)


def test_moves_that_come_too_fast_are_thinned_and_the_last_one_counts(stage):
    client = stage.client()
    count = 3000
    for number in range(count):
        client.send({"set": FADER, "to": -number * 60 / count})
    client.send({"set": FADER, "to": -33})
    # It waits for nothing that was sent before.
    assert client.move("master.panic", 1) == 1.0
    until(client, lambda: client.values[FADER] == -33.0)
    panics = [number for number, move in enumerate(stage.link.sent) if move[0] == "master.panic"]
    assert len(panics) == 1
    assert len(stage.link.sent) < count
    assert stage.desk.value(FADER) == -33.0


def test_the_service_says_how_it_is(stage):
    stage.client()
    status = stage.call(stage.service.status)
    assert status["clients"] == 1
    assert status["connections"] >= 1


def test_the_example_rides_a_filter(stage, capsys):
    stage.backstage.shown["beat"] = 4.0
    main = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "move_by_program.py"))["main"]
    main(str(stage.port), "3")
    said = capsys.readouterr().out
    assert "'test' with 2 decks" in said
    assert "deck.1.filter" in said
    assert ("deck.1.filter", 0.0, 4.0) in stage.link.sent
    assert stage.desk.holders == {}
