"""A long, hard performance with everything on, measured: what a machine can be trusted with.

Eight decks, each an ensemble, are regenerated every two bars, with two inserts, filter and sends on all of them, a
recording, and a client that watches the state; beside it an idle callback with the same blocks says what the machine
does to anybody.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aijockey.control.parameters import Value
from aijockey.control.web.client import Client
from aijockey.errors import AijockeyError
from aijockey.live.engine_benchmark import EFFECTS
from aijockey.live.output import Float
from aijockey.live.pace import paces_of
from aijockey.live.processes import children, device, workers
from aijockey.live.processes.device import OpenOutput
from aijockey.live.processes.front import SurfacePlan
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import Event, LiveSet
from aijockey.music.grid import RATE_HZ
from aijockey.pack.pack import Pack

DECKS = 8
MEMBERS = 4
SPREAD = 0.3
REFRESH_BARS = 2
TEMPO_BPM = 128.0
WATCH_HZ = 20
TURN_S = 0.5
SAMPLE_S = 2.0
MIB = 1 << 20
MESSAGE_BYTES = 16 << 10


@dataclass(frozen=True)
class IdleSetup:
    """What the idle process is told; as `aijockey.live.processes.device.DeviceSetup`."""

    inbox: str
    seconds: float
    device: str | None
    block_samples: int
    open_output: OpenOutput


def idle(setup: IdleSetup) -> None:
    """Run a callback that does nothing. Runs in a process of its own."""
    report = Mailbox(MESSAGE_BYTES, setup.inbox)
    times = device.CallbackTimes()
    ends = time.monotonic() + setup.seconds

    def silence(block: Float) -> bool:
        block[:] = 0.0
        return time.monotonic() < ends

    try:
        output = setup.open_output(setup.device, setup.block_samples)
        children.prioritise_audio(threads=True)
        output.start(device.Timed(silence, times).fill)
    except AijockeyError as error:
        report.put({"error": str(error)})
        return
    while output.active:
        time.sleep(0.05)
    output.close()
    report.put({**times.as_json(), "underflows": output.underflows})


def hard_set(pack: Pack, members: int) -> LiveSet:
    """Eight decks of the pack's voices in turn, always on their way somewhere, each played by so many members."""
    voices = [voice.name for voice in pack.manifest.voices]
    deck: dict[str, Value] = {
        "play": 1.0,
        "refresh_bars": float(REFRESH_BARS),
        "gain_db": -6.0,
        "filter": -0.2,
        "low_db": -3.0,
        "spread": SPREAD if members > 1 else 0.0,
        "members": float(max(2, members)),
    }
    decks = tuple(
        {
            **deck,
            "voice": voices[number % len(voices)],
            "seed": float(number),
            "insert_1": EFFECTS[number % len(EFFECTS)],
            "insert_2": EFFECTS[(number + 2) % len(EFFECTS)],
            "echo_send": 0.2,
            "room_send": 0.2,
        }
        for number in range(DECKS)
    )
    walks = tuple(Event(0.0, f"deck.{number + 1}.walk", 1000.0 + number, 1e6) for number in range(DECKS))
    return LiveSet(decks, events=walks, title="Soak", tempo_bpm=TEMPO_BPM, bars=1_000_000)


def soak(
    pack: Pack,
    minutes: float,
    *,
    device_name: str | None = None,
    null: bool = False,
    block_samples: int = 512,
    members: int = MEMBERS,
    progress: Callable[[float], None] = lambda seconds: None,
) -> dict[str, Any]:
    """Figures of ``minutes`` of a hard set, as plain values.

    Parameters
    ----------
    null : play by a clock into nothing instead of a device.
    members : of the ensemble that plays each deck, all made anew for each loop; 1 is none.
    progress : called with the seconds that have passed since the last call.

    Raises
    ------
    AijockeyError : what a performance may raise.

    Thread: control
    """
    open_output = device.open_null if null else device.open_device
    with tempfile.TemporaryDirectory(prefix="aijockey-soak-") as folder:
        plan = Plan(
            live_set=hard_set(pack, members),
            channels=2,
            maker=workers.from_pack,
            material=str(pack.path),
            voices={voice.name: voice.tonal for voice in pack.manifest.voices},
            bars=1_000_000,
            loop_samples=pack.manifest.samples,
            open_output=open_output,
            devices=(device_name,),
            block_samples=block_samples,
            surfaces=SurfacePlan(port=0),
            folder=Path(folder),
            record="soak",
            paces=paces_of(pack.manifest),
        )
        report = Mailbox(MESSAGE_BYTES)
        supervisor = Supervisor(plan)
        try:
            began = time.monotonic()
            supervisor.start()
            supervisor.wait_until_playing()
            first_sound_s = time.monotonic() - began
            setup = IdleSetup(report.name, 60 * minutes, device_name, block_samples, open_output)
            idler = children.start("idle", idle, setup)
            figures = _measure(supervisor, 60 * minutes, progress)
            idler.join(30.0)
            children.end(idler)
            figures["idle_callback"] = report.take() or {"error": "it gave no figures"}
        finally:
            supervisor.close()
            report.close()
    return {
        "minutes": minutes,
        "decks": DECKS,
        "members": members,
        "block_samples": block_samples,
        "first_sound_s": round(first_sound_s, 2),
        **figures,
    }


def _measure(supervisor: Supervisor, seconds: float, progress: Callable[[float], None]) -> dict[str, Any]:
    client = _Client(supervisor.port or 0)
    client.start()
    samples: list[dict[str, tuple[float, int]]] = []
    began = last = time.monotonic()
    while (now := time.monotonic()) - began < seconds:
        if supervisor.failure is not None:
            raise supervisor.failure
        samples.append(_usage(supervisor))
        progress(now - last)
        last = now
        time.sleep(min(SAMPLE_S, max(0.0, seconds - (now - began))))
    client.stopped.set()
    client.join(30.0)
    state = supervisor.state()
    told = state["device"]
    return {
        "quantum": state["load"],
        "callback": told.get("callback"),
        "callback_lateness": told.get("lateness"),
        "device": told.get("name"),
        "scheduling": state["scheduling"],
        "ahead_ms": state["ahead_ms"],
        "underruns": state["underruns"],
        "underflows": told.get("underflows"),
        "late_loops": state["late_loops"],
        "failed_loops": state["failed_loops"],
        "loops_made": sum(supervisor.exchange.worker(n, "made") for n in range(state["workers"])),
        "loop_ms": state["loop_ms"],
        "workers": state["workers"],
        "restarts": {key: value for key, value in state.items() if key.endswith("_restarts")},
        "recorded_s": state["recording"].get("seconds"),
        "recorded_lost_samples": state["recording"].get("lost_samples"),
        "state_messages": client.messages,
        "growth": _growth(samples),
        "played_s": round(state["position_samples"] / RATE_HZ, 1),
    }


class _Client(threading.Thread):
    """A surface that watches the state."""

    def __init__(self, port: int) -> None:
        super().__init__(name="state client", daemon=True)
        self._port = port
        self.stopped = threading.Event()
        self.messages = 0

    def run(self) -> None:
        with Client(self._port, name="soak", timeout_s=30.0) as client:
            client.watch(state=WATCH_HZ, meters=WATCH_HZ)
            while not self.stopped.is_set():
                self.messages += client.turn(TURN_S)


def _usage(supervisor: Supervisor) -> dict[str, tuple[float, int]]:
    """Role -> resident MiB and open handles; empty where the system does not say."""
    usage = {}
    for role, child in supervisor.children.items():
        if child.process is None:
            continue
        folder = Path(f"/proc/{child.process.pid}")
        try:
            pages = int((folder / "statm").read_text().split()[1])
            usage[role] = (pages * os.sysconf("SC_PAGE_SIZE") / MIB, len(list((folder / "fd").iterdir())))
        except (OSError, ValueError):
            continue
    return usage


def _growth(samples: list[dict[str, tuple[float, int]]]) -> dict[str, dict[str, float]]:
    """Role -> memory and handles after the first third, and at the end."""
    if not samples:
        return {}
    first, last = samples[len(samples) // 3], samples[-1]
    return {
        role: {
            "mib_after_a_third": round(first[role][0], 1),
            "mib_at_the_end": round(last[role][0], 1),
            "handles_after_a_third": first[role][1],
            "handles_at_the_end": last[role][1],
        }
        for role in last
        if role in first
    }
