"""Starts the processes of a performance, watches them, and starts again what ends or hangs.

It owns all shared memory, so every process can be replaced while the others go on. It has no part in the sound: when
it is late, nothing is heard of it. When it ends, by whatever cause, its children end with it.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from aijockey.errors import AijockeyError
from aijockey.live.live_input import input_delay_samples
from aijockey.live.processes import children
from aijockey.live.processes.broadcast import LAST_S
from aijockey.live.processes.cast import Cast
from aijockey.live.processes.chronicle import Chronicle
from aijockey.live.processes.common_memory import CommonMemory
from aijockey.live.processes.cores import most_workers, probe, usable_cores, worker_cores, workers_wanted
from aijockey.live.processes.exchange import ABSENT, BROKEN, MOST_WORKERS
from aijockey.live.processes.front import Front
from aijockey.live.processes.health import health_line
from aijockey.live.processes.output_devices import OutputDevices
from aijockey.live.processes.performance_plan import Plan as Plan
from aijockey.live.processes.post import Post
from aijockey.live.processes.watched import (
    HANGS_S,
    MOST_FAILURES,
    OPENING_S,
    SIDE_DEVICES,
    STARTING_S,
    STOPPED_S,
    Child,
    ending,
    is_stopped,
    why_worker_hangs,
)
from aijockey.live.voices import check_voices
from aijockey.music.grid import RATE_HZ

WATCH_S = 0.02
PUBLISH_S = 0.1
HEALTH_S = 60.0  # between two lines of health in the log
# A watcher that was itself held up for this long cannot tell who hangs.
HELD_UP_S = 0.25
FADE_S = 0.5
ENDING_S = 10.0


class Supervisor:
    """The performance as a whole.

    Raises
    ------
    SetError : the set names a voice that there is none of.
    PortTakenError : the control port is in use.
    """

    def __init__(self, plan: Plan) -> None:
        check_voices(plan.live_set, plan.voices)
        self.plan = plan
        self.notes: deque[str] = deque(maxlen=200)
        self.front = Front(plan.surfaces, plan.live_set, plan.voices)
        self.memory = CommonMemory(plan, self.front)
        self.ring, self.heard = self.memory.ring, self.memory.heard
        self.board, self.exchange = self.memory.board, self.memory.exchange
        self.post = Post(self.memory)
        self.chronicle = Chronicle(plan, self.memory, self.post, self._note)
        self._devices = OutputDevices(plan.devices, self.board)
        self._cast = Cast(plan, self.memory, self.chronicle, self._devices, self.front, self._note)
        self.children: dict[str, Child] = {}
        self._workers = 0
        self._seen = self._published = self._logged = 0.0
        self._last_state: dict[str, Any] | None = None
        self._ending = self._closing = False
        self.failure: AijockeyError | None = None
        self.fading = False
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    @property
    def port(self) -> int | None:
        """Where the control process listens. Thread: any"""
        return self.front.port

    @property
    def playing(self) -> bool:
        """Whether the set runs. Thread: any"""
        return self.memory.playing

    @property
    def finished(self) -> bool:
        """Whether all that was to be played has sounded. Thread: any"""
        return self.ring.finished and self.board["clock_position"] >= self.ring.written

    def start(self) -> None:
        """Start everything; returns at once. Thread: control, one that outlives the performance"""
        cores = usable_cores()
        self._cast.cores = worker_cores(cores, probe(cores))
        self._workers = min(self.plan.most_workers or most_workers(cores), 2)
        wanted = {
            "engine": True,
            "device": True,
            "server": self.front.serves,
            "writer": True,
            "stream": self.plan.stream is not None,
            "input": self.plan.live_input is not None,
            "headphones": self.plan.headphones is not None,
            **{f"worker {number}": True for number in range(self._workers)},
        }
        self.children |= {role: Child(role) for role, is_wanted in wanted.items() if is_wanted}
        if self.plan.record:
            self.record(self.plan.record)
        self._thread.start()

    def wait_until_playing(
        self, timeout_s: float = 120.0, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Wait for the first sound. ``meanwhile`` is called often, and may raise to give up.

        Raises
        ------
        NoDeviceError : there is no device at all.
        AijockeyError : a device that refuses, or a process that keeps ending.

        Thread: control
        """
        deadline = time.monotonic() + timeout_s
        while not self.playing:
            meanwhile()
            if self.failure is not None:
                raise self.failure
            if time.monotonic() > deadline:
                raise AijockeyError(
                    f"nothing was ready to play within {timeout_s:.0f} s; aijockey doctor may know"
                )
            time.sleep(0.01)

    def send(self, address: str, value: object, over_beats: float = 0.0) -> None:
        """Move a parameter; the engine checks it. Thread: any"""
        self.post.move(address, value, over_beats)

    def fade_out(self, seconds: float = FADE_S) -> None:
        """End with a fade. Thread: any"""
        self.fading = True
        self.post.tell_engine({"do": "fade_out", "seconds": seconds})

    def record(self, name: str) -> None:
        """Begin a recording. Thread: any"""
        self.chronicle.record(name)

    def stop_recording(self) -> None:
        """End the recording; nothing where there is none. Thread: any"""
        self.chronicle.stop_recording()

    def state(self) -> dict[str, Any]:
        """What the engine shows and what is known of the other processes; once closed, how it all ended. Thread: any"""
        if self._last_state is not None:
            return self._last_state
        return {**(self.board.read("state") or {}), **self._watch_state()}

    def close(self) -> None:
        """End every process, the writer when its files are closed, and give back the memory. Thread: control"""
        if self._ending:
            return
        self._ending = True
        if (state := self.state()) and "load" in state:
            self._log(health_line(state))
        self.post.tell_writer({"do": "end"})
        deadline = time.monotonic() + ENDING_S
        while self._runs("writer") and time.monotonic() < deadline:
            time.sleep(0.01)
        deadline = min(deadline, time.monotonic() + LAST_S + 1.0)
        while self.ring.finished and self._runs("stream") and time.monotonic() < deadline:
            time.sleep(0.01)
        self._closing = True
        if self._thread.is_alive():
            self._thread.join(ENDING_S)
        for child in self.children.values():
            if child.process is not None:
                children.end(child.process)
        self._last_state = self.state()
        self.chronicle.close(float(self._last_state.get("beat", 0.0)), self.playing)
        self.memory.close()
        self.front.close()

    def _runs(self, role: str) -> bool:
        return role in self.children and self.children[role].runs

    # What follows runs in the supervisor's own thread, which outlives the children that it starts.

    def _watch(self) -> None:
        self._seen = time.monotonic()
        while not self._closing:
            try:
                if self._ending or self.failure is not None:
                    self.post.flush()
                else:
                    self._look()
            except AijockeyError as error:
                self.failure = error
            # A watcher that ends would take every process with it.
            except Exception as error:
                self._note(f"supervisor: {type(error).__name__}: {error}")
            time.sleep(WATCH_S)

    def _look(self) -> None:
        now = time.monotonic()
        held_up = now - self._seen > HELD_UP_S
        self._seen = now
        self.chronicle.read()
        self._obey()
        self.post.flush()
        for child in list(self.children.values()):
            self._tend(child, now, held_up)
        self._begin()
        self._add_workers()
        if now - self._published > PUBLISH_S:
            self._published = now
            self.board.publish("watch", self._watch_state())
        if self.playing and now - self._logged > HEALTH_S:
            self._logged = now
            if "load" in (state := self.state()):
                self._log(health_line(state))

    def _tend(self, child: Child, now: float, held_up: bool) -> None:
        if child.process is None:
            if now >= child.due:
                self._cast.start(child, now)
        elif not child.process.is_alive():
            self._bury(child, now)
        # Whoever is held up cannot tell who hangs, but can see who is stopped.
        elif (not held_up or is_stopped(child.process.pid)) and (reason := self._hangs(child, now)):
            self._note(f"{child.role} {reason}; it is started again")
            child.process.kill()

    def _hangs(self, child: Child, now: float) -> str:
        if child.is_worker:
            return why_worker_hangs(
                child, self.exchange, time.monotonic_ns(), self.plan.loop_deadline_s,
                self.plan.worker_memory_mib,
            )  # fmt: skip
        if child.role == "device":
            reason = self._devices.hangs_at_its_start(child, now, playing=self.playing)
            if reason is not None:
                return reason
        age_s = self.board.age_s(child.role)
        if age_s > now - child.started:
            late = child.role in SIDE_DEVICES and now - child.started > OPENING_S
            if now - child.started > STARTING_S:
                return "does not start"
            return "cannot open its device" if late else ""  # still at its start
        stopped = age_s > STOPPED_S and child.process is not None and is_stopped(child.process.pid)
        return f"gave no sign of life for {age_s:.1f} s" if stopped or age_s > HANGS_S[child.role] else ""

    def _bury(self, child: Child, now: float) -> None:
        """A process has ended: it is started again, or has had its chances."""
        code = child.bury(now)
        if child.role == "device":
            self._devices.judge(child, playing=self.playing)
        if child.role in ("engine", "device", "stream", *SIDE_DEVICES) and self.ring.finished:
            child.due = math.inf
            return
        said = str((self.board.read(child.role) or {}).get("error", "")) if child.role in SIDE_DEVICES else ""
        if not said or said != child.last_words:  # what is tried again and again is told once
            self._note(f"{child.role} ended ({said or ending(code)})")
        child.last_words = said or child.last_words
        failed = code is not None and code > 0
        if failed and child.failures >= MOST_FAILURES and child.role not in ("device", *SIDE_DEVICES):
            self._give_up(child, ending(code))

    def _give_up(self, child: Child, how: str) -> None:
        child.due = math.inf
        self._note(f"{child.role} is given up after it failed {child.failures} times")
        if child.role == "engine":
            raise AijockeyError(f"the audio process ended {child.failures} times in a row ({how})")
        if child.is_worker:
            self.exchange.set_worker(child.number, "state", BROKEN)
            if not self.playing:
                raise AijockeyError(
                    f"the process that makes loops ended {child.failures} times in a row ({how})"
                )

    def _begin(self) -> None:
        """Let the set run once the engine has its loops and the device is open."""
        if not self.playing and self.board["primed"] and self._devices.is_open:
            self.board["go"] = 1

    def _add_workers(self) -> None:
        """Start more workers where the measured time of a loop asks for them."""
        loop_us = self.exchange.worker(0, "loop_us")
        if self.exchange.worker(0, "made") < 3 or self._workers >= MOST_WORKERS:
            return
        most = self.plan.most_workers or most_workers(usable_cores())
        decks, tempo_bpm = len(self.plan.live_set.decks), self.plan.live_set.tempo_bpm
        while self._workers < workers_wanted(decks, loop_us / 1e6, tempo_bpm, most):
            if self.exchange.worker(self._workers, "state") == ABSENT:
                self.children[f"worker {self._workers}"] = Child(f"worker {self._workers}")
            self._workers += 1

    def _obey(self) -> None:
        """Do what surfaces ask of us."""
        while (command := self.front.take()) is not None:
            if command["do"] == "fade_out":
                self.fade_out(float(command["seconds"]))
            elif command["do"] == "stop_recording":
                self.stop_recording()
            elif command["do"] == "record":
                self.record(str(command["name"]) or f"{time.strftime('%Y-%m-%d %H.%M')} set")

    def _watch_state(self) -> dict[str, Any]:
        restarts = {role: max(0, child.starts - 1) for role, child in self.children.items()}
        return {
            "bars": self.plan.bars,
            "underruns": self.board["underruns"],
            "workers": self._workers,
            "worker_restarts": sum(count for role, count in restarts.items() if role.startswith("worker")),
            **{
                f"{role}_restarts": restarts.get(role, 0)
                for role in ("engine", "device", "server", "writer", "stream", *SIDE_DEVICES)
            },
            "loop_ms": [round(self.exchange.worker(n, "loop_us") / 1000, 1) for n in range(self._workers)],
            "device": self.board.read("device") or {},
            "input": self._side_device("input"),
            "headphones": self._side_device("headphones"),
            "recording": self.board.read("writer") or {},
            "stream": self.board.read("stream") or {},
            "note": self.notes[-1] if self.notes else "",
        }

    def _side_device(self, role: str) -> dict[str, Any]:
        """What an input or headphones say of themselves; an input, by how much it is late in all."""
        told = self.board.read(role) or {}
        if role == "input" and told.get("state") == "open":
            waits_samples = input_delay_samples(self.plan.block_samples)
            ahead_ms = float((self.board.read("state") or {}).get("ahead_ms", 0.0))
            told["delay_ms"] = round(told["latency_ms"] + 1000 * waits_samples / RATE_HZ + ahead_ms, 1)
        return told

    def _note(self, line: str) -> None:
        self.notes.append(line)
        self._log(line)

    def _log(self, line: str) -> None:
        self.post.tell_writer({"do": "log", "line": line})
