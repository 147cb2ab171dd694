"""Link between two processes on this machine: tempo followed both ways, phase within 3 ms."""

import asyncio
import contextlib
import json
import statistics
import sys
import time

import pytest
from tests.control.link.conftest import Transport

from aijockey.control.beat_clock import BeatClock
from aijockey.control.desk import Desk, Instrument
from aijockey.control.link.service import LinkConfig

aalink = pytest.importorskip("aalink", reason="needs aijockey[link]")
pytestmark = pytest.mark.endurance

TEMPO = "transport.tempo_bpm"
# Says ten times a second when its session has which phase; takes a tempo on each line that it is told.
PEER = """
import asyncio, json, sys, time
from aalink import Link
async def main():
    link = Link(100.0)
    link.quantum = 4
    link.enabled = True
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async def listen():
        while line := await lines.readline():
            link.tempo = float(line)
    task = asyncio.create_task(listen())
    while True:
        before = time.monotonic()
        phase = link.phase
        after = time.monotonic()
        if after - before < 0.001:
            print(json.dumps([(before + after) / 2, phase, link.tempo, link.num_peers]), flush=True)
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


def test_tempo_is_followed_both_ways_and_phase_within_three_milliseconds() -> None:
    errors_ms, tempi = asyncio.run(_play())
    assert tempi == (126.0, 118.0)
    assert len(errors_ms) > 50
    assert statistics.median(map(abs, errors_ms)) < 3.0
    assert sorted(map(abs, errors_ms))[int(0.95 * len(errors_ms))] < 3.0, errors_ms


async def _play() -> tuple[list[float], tuple[float, float]]:
    start_s = time.monotonic()
    transport = Transport(120.0)
    transport._set(TEMPO, 120.0)
    desk = Desk(Instrument("link", 1, ()), transport)
    peer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PEER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert peer.stdin is not None
    heard = BeatClock()
    told: list[tuple[float, float, float, int]] = []

    async def engine() -> None:
        while True:
            # The transport counts from 0; its reports speak of the clock that all processes share.
            transport.go_on(time.monotonic() - start_s)
            state = transport.state()
            if state and not state["heard"].get("shared"):
                state["heard"]["at_s"] += start_s
                state["heard"]["shared"] = True
            desk.turn()
            heard.update(state, time.monotonic())
            await asyncio.sleep(0.01)

    async def listen() -> None:
        assert peer.stdout is not None
        while line := await peer.stdout.readline():
            told.append(tuple(json.loads(line)))

    async def eventually(condition: object, patience_s: float = 60.0) -> None:
        deadline = time.monotonic() + patience_s
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline, (told[-1:], desk.value(TEMPO))
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(engine()), asyncio.create_task(listen())]
    try:
        await eventually(lambda: told)
        tasks.append(asyncio.create_task(LinkConfig().build(desk).run()))
        await eventually(lambda: told[-1][3] == 1)
        peer.stdin.write(b"126\n")
        await eventually(lambda: desk.value(TEMPO) == 126.0)
        theirs = transport.map.target_bpm if transport.map.target_bpm == 126.0 else 126.0
        await asyncio.sleep(45.0)
        desk.move(TEMPO, 118.0, source="page")
        await eventually(lambda: abs(told[-1][2] - 118.0) < 0.01)
        await asyncio.sleep(20.0)
        del told[:]
        errors_ms = []
        while len(errors_ms) < 100:
            await asyncio.sleep(0.1)
            course = heard.course
            assert course is not None
            for at_s, phase, tempo_bpm, _ in told:
                error = (
                    phase - float(transport.map.beat_at(round((at_s - start_s) * 48_000))) + 2.0
                ) % 4.0 - 2.0
                errors_ms.append(1000.0 * error * 60.0 / tempo_bpm)
            del told[:]
        return errors_ms, (theirs, 118.0)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(ProcessLookupError):
            peer.kill()
        await peer.wait()
