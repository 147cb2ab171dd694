"""Starts the processes of a performance, watches them, and starts again what ends or hangs.

It owns all shared memory, so every process can be replaced while the others go on. It has no part in the sound: when
it is late, nothing is heard of it. When it ends, by whatever cause, its children end with it.
"""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from aijockey.errors import AijockeyError
from aijockey.live.loops import LoopRequest, Ticket
from aijockey.live.output import NoDeviceError
from aijockey.live.processes import children, device, keeper, workers
from aijockey.live.processes.audio_setup import JOURNAL_BYTES, AudioSetup
from aijockey.live.processes.board import DEVICE_STATES, Board
from aijockey.live.processes.broadcast import LAST_S, BroadcastSetup
from aijockey.live.processes.cores import most_workers, probe, usable_cores, worker_cores, workers_wanted
from aijockey.live.processes.exchange import ABSENT, BROKEN, MOST_WORKERS, READY, STARTING, LoopExchange
from aijockey.live.processes.front import Front, SurfacePlan
from aijockey.live.processes.health import health_line
from aijockey.live.processes.mailbox import Mailbox, Outbox, key_of
from aijockey.live.processes.restore import bar_of, entry_of, event_of, set_at
from aijockey.live.set_file import LiveSet, format_set
from aijockey.live.set_journal import SetJournal
from aijockey.live.set_parts import Entry, Event, PackReference
from aijockey.live.shared_ring import SharedRing
from aijockey.live.streaming.config import StreamConfig
from aijockey.live.voices import check_voices
from aijockey.music.grid import BEATS_PER_BAR, LOOP_SAMPLES, RATE_HZ

RING_SAMPLES = 10 * RATE_HZ  # a writer may be away for this long and lose nothing
WATCH_S = 0.02
PUBLISH_S = 0.1
HEALTH_S = 60.0  # between two lines of health in the log
# Without a sign of life for this long, a process hangs. A device is asked most: half a second may be silent.
HANGS_S: Mapping[str, float] = {"engine": 3.0, "device": 0.4, "server": 5.0, "writer": 20.0, "stream": 20.0}
WORKER_HANGS_S = 2.0
LOOP_HANGS_S = 20.0
OPENING_S = 15.0
# A watcher that was itself held up for this long cannot tell who hangs.
HELD_UP_S = 0.25
BACKOFF_S = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
LIVED_S = 10.0
# Starts of a process that fails by itself, one after the other, before it is given up.
MOST_FRUITLESS = 5
FADE_S = 0.5
ENDING_S = 10.0
MOST_REMEMBERED = 10_000
LOOPS_TOLD_AGAIN = 4  # of each deck, to a writer that takes over
MIB = 1 << 20
# By name: the engine's libraries take longer to import than all the rest, and are not needed here.
AUDIO_PROCESS = "aijockey.live.processes.audio:perform"
STREAM_PROCESS = "aijockey.live.processes.broadcast:broadcast"


@dataclass(frozen=True)
class Plan:
    """What to play and with what.

    maker, material : what makes loops, see `aijockey.live.processes.workers.WorkerSetup`.
    voices : name -> whether tonal.
    devices : names to try in turn; None is the default device.
    ahead_samples : how far the sound is rendered ahead; 0 finds out how little will do.
    surfaces : pages, controllers and programs, see `aijockey.live.processes.front.SurfacePlan`.
    most_workers : at most so many processes make loops; 0 is as many as leave a processor to the sound.
    worker_memory_mib : what a worker may take beyond its start.
    loop_deadline_s : a worker that takes longer for one loop hangs; the loop is tried once more, then given up.
    variations : loops made for each that is asked for, see `aijockey.live.processes.exchange.ExchangeSource`.
    stream : where to stream to.
    folder, record, log : where recordings go; the name of one to begin with; the file of the log.
    record_decks : whether each deck is recorded by itself too.
    keep : the set file that takes down what is done; None keeps none.
    """

    live_set: LiveSet
    maker: workers.Maker
    material: str
    voices: Mapping[str, bool]
    bars: int
    channels: int = 1
    loop_samples: int = LOOP_SAMPLES
    open_output: device.OpenOutput = device.open_device
    devices: tuple[str | None, ...] = (None,)
    block_samples: int = 512
    ahead_samples: int = 0
    surfaces: SurfacePlan = field(default_factory=SurfacePlan)
    most_workers: int = 0
    worker_memory_mib: int = 2048
    loop_deadline_s: float = LOOP_HANGS_S
    stream: StreamConfig | None = None
    folder: Path = Path()
    record: str | None = None
    log: Path | None = None
    record_decks: bool = False
    keep: Path | None = None
    packs: tuple[dict[str, Any], ...] = ()
    variations: int = 1
    patience_s: float = 60.0


@dataclass
class Child:
    """A process that is watched, and its past."""

    role: str
    process: BaseProcess | None = None
    starts: int = 0
    fruitless: int = 0
    started: float = 0.0
    due: float = 0.0  # when to start it next
    last_words: str = ""


class Supervisor:
    """The performance as a whole.

    Raises
    ------
    SetError : the set names a voice that there is none of.
    PortTakenError : the control port is in use.
    """

    def __init__(self, plan: Plan) -> None:
        check_voices(plan.live_set, _Voices(plan.voices, plan.channels))
        self.plan = plan
        self.front = Front(plan.surfaces, plan.live_set, plan.voices)
        stems = len(plan.live_set.decks) if plan.record_decks else 0
        self.ring = SharedRing.create(2 + 2 * stems, RING_SAMPLES)  # master, and decks to be recorded
        self.heard = SharedRing.create(2, RING_SAMPLES)  # what the device gets
        self.board = Board()
        self.exchange = LoopExchange(plan.channels, plan.loop_samples)
        # Of the engine, which looks into the first one first.
        self._inboxes = (self.front.urgent, Mailbox(), self.front.inbox)
        self._journal = Mailbox(JOURNAL_BYTES)
        self._writer_inbox = Mailbox(keeper.INBOX_BYTES)
        self._outbox, self._writer_outbox = Outbox(self._inboxes[1]), Outbox(self._writer_inbox)
        self._lock = threading.Lock()
        self._live: list[Event] = []
        self._set_journal: SetJournal | None = None
        self._set_failed = False
        if plan.keep is not None:
            pack = plan.packs[0] if len(plan.packs) == 1 else None
            reference = PackReference(str(pack["name"]), str(pack["sha256"])) if pack else None
            self._set_journal = SetJournal(plan.keep, plan.live_set, plan.bars, reference)
        self._cores: tuple[int, ...] = ()
        self._workers = 0
        self._device_turn = 0
        self._seen = 0.0
        self._published = 0.0
        self._logged = 0.0
        self._last_state: dict[str, Any] | None = None
        # Deck -> the loops that entered last: a loop is told of before it is heard, so the last may not sound yet.
        self._sounding: dict[int, deque[dict[str, Any]]] = {}
        self._recording: dict[str, Any] | None = None
        self._ending = self._closing = False
        self.failure: AijockeyError | None = None
        self.fading = False
        self.notes: deque[str] = deque(maxlen=200)
        self.children: dict[str, Child] = {}
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    @property
    def port(self) -> int | None:
        """Where the control process listens. Thread: any"""
        return self.front.port

    @property
    def playing(self) -> bool:
        """Whether the set runs. Thread: any"""
        return bool(self.board["go"])

    @property
    def finished(self) -> bool:
        """Whether all that was to be played has sounded. Thread: any"""
        return self.ring.finished and self.board["clock_position"] >= self.ring.written

    def start(self) -> None:
        """Start everything; returns at once. Thread: control, one that outlives the performance"""
        cores = usable_cores()
        self._cores = worker_cores(cores, probe(cores))
        most = self.plan.most_workers or most_workers(cores)
        for role in ("engine", "device", *(("server",) if self.front.serves else ()), "writer"):
            self.children[role] = Child(role)
        if self.plan.stream is not None:
            self.children["stream"] = Child("stream")
        self._workers = min(most, 2)
        for number in range(self._workers):
            self.children[f"worker {number}"] = Child(f"worker {number}")
        if self.plan.record:
            self.record(self.plan.record)
        self._thread.start()

    def wait_until_playing(self, timeout_s: float = 120.0) -> None:
        """Wait for the first sound.

        Raises
        ------
        NoDeviceError : there is no device at all.
        AijockeyError : a device that refuses, or a process that keeps ending.

        Thread: control
        """
        deadline = time.monotonic() + timeout_s
        while not self.playing:
            if self.failure is not None:
                raise self.failure
            if time.monotonic() > deadline:
                raise AijockeyError(
                    f"nothing was ready to play within {timeout_s:.0f} s; aijockey doctor may know"
                )
            time.sleep(0.01)

    def send(self, address: str, value: object, over_beats: float = 0.0) -> None:
        """Move a parameter; the engine checks it. Thread: any"""
        with self._lock:
            self._outbox.send({"set": address, "to": value, "over": over_beats}, key=key_of(address))

    def fade_out(self, seconds: float = FADE_S) -> None:
        """End with a fade. Thread: any"""
        self.fading = True
        with self._lock:
            self._outbox.send({"do": "fade_out", "seconds": seconds})

    def record(self, name: str) -> None:
        """Begin a recording. Thread: any"""
        self._recording = {
            "do": "start", "name": name, "title": self.plan.live_set.title, "packs": list(self.plan.packs),
            "decks": self.plan.record_decks,
        }  # fmt: skip
        with self._lock:
            self._writer_outbox.send(self._recording)

    def stop_recording(self) -> None:
        """End the recording; nothing where there is none. Thread: any"""
        self._recording = None
        with self._lock:
            self._writer_outbox.send({"do": "stop"})

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
        with self._lock:
            self._writer_outbox.send({"do": "end"})
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
        self._read_journal()
        if self._set_journal is not None:
            played = float(self._last_state.get("beat", 0.0))
            kept = self._set_journal.path
            self._set_journal.close(min(played, float(self.plan.bars * BEATS_PER_BAR)))
            if not self.playing:  # nothing was played
                kept.unlink(missing_ok=True)
            if self._set_journal.error:
                self.notes.append(self._set_journal.error)
        for memory in (
            self.ring,
            self.heard,
            self.board,
            self.exchange,
            self._journal,
            self._writer_inbox,
            self._inboxes[1],
            self.front,
        ):
            memory.close()

    def _runs(self, role: str) -> bool:
        child = self.children.get(role)
        return child is not None and child.process is not None and child.process.is_alive()

    # What follows runs in the supervisor's own thread, which outlives the children that it starts.

    def _watch(self) -> None:
        self._seen = time.monotonic()
        while not self._closing:
            try:
                if self._ending or self.failure is not None:
                    self._flush()
                else:
                    self._look()
            except AijockeyError as error:
                self.failure = error
            # A watcher that ends would take every process with it.
            except Exception as error:
                self._note(f"supervisor: {type(error).__name__}: {error}")
            time.sleep(WATCH_S)

    def _flush(self) -> None:
        with self._lock:
            self._outbox.flush()
            self._writer_outbox.flush()

    def _look(self) -> None:
        now = time.monotonic()
        held_up = now - self._seen > HELD_UP_S
        self._seen = now
        self._read_journal()
        self._obey()
        self._flush()
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
                self._start(child, now)
            return
        if child.process.is_alive():
            if not held_up and (reason := self._hangs(child, now)):
                self._note(f"{child.role} {reason}; it is started again")
                child.process.kill()
            return
        self._bury(child, now)

    def _bury(self, child: Child, now: float) -> None:
        """A process has ended: decide when it is started again, or that it is not."""
        assert child.process is not None
        code = child.process.exitcode
        child.process.join()
        child.process = None
        if child.role == "device":
            self._judge_device(child)
        if child.role in ("engine", "device", "stream") and self.ring.finished:
            child.due = math.inf
            return
        # An end by a signal is somebody else's doing; an end by itself will mostly come again.
        failed = code is not None and code > 0
        child.fruitless = child.fruitless + 1 if now - child.started < LIVED_S else 1
        child.due = now + BACKOFF_S[min(child.fruitless - 1, len(BACKOFF_S) - 1)]
        self._note(f"{child.role} ended ({_ending(code)})")
        if failed and child.fruitless >= MOST_FRUITLESS and child.role != "device":
            child.due = math.inf
            self._note(f"{child.role} is given up after {child.fruitless} starts")
            if child.role == "engine":
                raise AijockeyError(
                    f"the audio process ended {child.fruitless} times in a row ({_ending(code)})"
                )
            if child.role.startswith("worker"):
                self.exchange.set_worker(_number(child), "state", BROKEN)
                if not self.playing:
                    raise AijockeyError(
                        f"the process that makes loops ended {child.fruitless} times in a row ({_ending(code)})"
                    )

    def _judge_device(self, child: Child) -> None:
        """Before the set runs, a device that cannot be had is the player's to know; later it is tried again."""
        state = DEVICE_STATES[self.board["device_state"]]
        told = self.board.read("device") or {}
        child.last_words = str(told.get("error", ""))
        if state in ("no device", "refused"):
            self._device_turn += 1
            if not self.playing and self._device_turn >= len(self.plan.devices):
                raise (NoDeviceError if state == "no device" else AijockeyError)(child.last_words)
        elif child.fruitless >= 2:
            # It opens, and ends again soon: the same one is tried first, then the spares.
            self._device_turn += 1

    def _hangs(self, child: Child, now: float) -> str:
        if child.role.startswith("worker"):
            return self._worker_hangs(_number(child))
        age_s = self.board.age_s(child.role)
        if child.role == "device":
            if not self.playing:
                opening = DEVICE_STATES[self.board["device_state"]] == "opening"
                return "cannot open its device" if opening and now - child.started > OPENING_S else ""
            if age_s > now - child.started:  # not one block yet
                return "takes no sound" if now - child.started > OPENING_S else ""
        if age_s > now - child.started:
            return ""  # still at its start
        return f"gave no sign of life for {age_s:.1f} s" if age_s > HANGS_S[child.role] else ""

    def _worker_hangs(self, number: int) -> str:
        now_ns, said = time.monotonic_ns(), self.exchange.worker
        process = self.children[f"worker {number}"].process
        if said(number, "state") != READY or process is None or said(number, "process_id") != process.pid:
            return ""
        if (now_ns - said(number, "beat_ns")) / 1e9 > WORKER_HANGS_S:
            return "does not move"
        busy_ns = said(number, "busy_since_ns")
        if busy_ns and (now_ns - busy_ns) / 1e9 > self.plan.loop_deadline_s:
            return f"has worked at one loop for {self.plan.loop_deadline_s:g} s"
        used_mib = _resident_mib(process.pid)
        if used_mib > self.plan.worker_memory_mib:
            return f"holds {used_mib:.0f} MiB of memory"
        return ""

    def _start(self, child: Child, now: float) -> None:
        child.starts += 1
        child.started = now
        starter = (
            self._start_worker if child.role.startswith("worker") else getattr(self, f"_start_{child.role}")
        )
        child.process = starter(child)

    def _start_engine(self, child: Child) -> BaseProcess:
        plan, live_set, offset = self.plan, self.plan.live_set, 0.0
        self.board["primed"] = 0
        if child.starts > 1 and self.playing:
            state = self.board.read("state") or {}
            offset = bar_of(float(state.get("beat", 0.0)))
            live_set = set_at(plan.live_set, self._live, offset)
            self._note(f"the set goes on from bar {offset / BEATS_PER_BAR + 1:.0f}")
        setup = AudioSetup(
            set_text=format_set(live_set),
            bars=max(1, plan.bars - int(offset // BEATS_PER_BAR)),
            voices=dict(plan.voices),
            ring=self.ring.name,
            heard=self.heard.name,
            board=self.board.name,
            exchange=self.exchange.name,
            channels=plan.channels,
            loop_samples=plan.loop_samples,
            inboxes=tuple(inbox.name for inbox in self._inboxes),
            journal=self._journal.name,
            beat_offset=offset,
            ahead_samples=plan.ahead_samples,
            variations=plan.variations,
            patience_s=1.0 if offset or self.playing else plan.patience_s,
        )
        return children.start("engine", AUDIO_PROCESS, setup)

    def _start_device(self, child: Child) -> BaseProcess:
        plan = self.plan
        self.board["device_serial"] = child.starts
        self.board["device_state"] = DEVICE_STATES.index("opening")
        name = plan.devices[self._device_turn % len(plan.devices)]
        setup = device.DeviceSetup(
            self.heard.name, self.board.name, child.starts, name, plan.block_samples, plan.open_output
        )
        return children.start("device", device.serve, setup)

    def _start_server(self, child: Child) -> BaseProcess:
        return self.front.start(self.board.name, self.ring.name)

    def _start_writer(self, child: Child) -> BaseProcess:
        plan = self.plan
        if child.starts > 1:
            with self._lock:
                for entry in chain.from_iterable(self._sounding.values()):
                    self._writer_outbox.send(entry)
                if self._recording:
                    self._writer_outbox.send(self._recording)
        setup = keeper.KeeperSetup(
            self.ring.name,
            self.board.name,
            self._writer_inbox.name,
            str(plan.folder),
            str(plan.log) if plan.log else None,
            0 if child.starts == 1 else None,
        )
        return children.start("writer", keeper.keep, setup)

    def _start_stream(self, child: Child) -> BaseProcess:
        assert self.plan.stream is not None
        setup = BroadcastSetup(
            self.ring.name, self.board.name, self.plan.stream, 0 if child.starts == 1 else None
        )
        return children.start("stream", STREAM_PROCESS, setup)

    def _start_worker(self, child: Child) -> BaseProcess:
        plan, number = self.plan, _number(child)
        self.exchange.set_worker(number, "busy_since_ns", 0)
        self.exchange.set_worker(number, "state", STARTING)
        setup = workers.WorkerSetup(
            number,
            self.exchange.name,
            plan.channels,
            plan.loop_samples,
            plan.maker,
            plan.material,
            plan.worker_memory_mib,
            self._cores,
            self.front.gallery.name,
        )
        return children.start(f"worker-{number}", workers.work, setup)

    def _begin(self) -> None:
        """Let the set run once the engine has its loops and the device is open."""
        if not self.playing and self.board["primed"] and DEVICE_STATES[self.board["device_state"]] == "open":
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

    def _read_journal(self) -> None:
        while (entry := self._journal.take()) is not None:
            if "loop" in entry:
                self._enter(entry["loop"])
                continue
            if "entry" in entry:
                self._keep(entry_of(entry["entry"]))
                continue
            event = event_of(entry["event"])
            self._live.append(event)
            self._keep(event)
            if len(self._live) > MOST_REMEMBERED:
                self._thin()

    def _keep(self, item: Event | Entry) -> None:
        if self._set_journal is not None:
            self._set_journal.add(item)
            if self._set_journal.error and not self._set_failed:
                self._set_failed = True
                self._note(self._set_journal.error)

    def _enter(self, entry: dict[str, Any]) -> None:
        """A deck has begun to play a loop: the writer lists it."""
        packs = self.plan.packs
        message = {"do": "loop", **entry, "pack": packs[0]["name"] if len(packs) == 1 else ""}
        self._sounding.setdefault(entry["deck"], deque(maxlen=LOOPS_TOLD_AGAIN)).append(message)
        with self._lock:
            self._writer_outbox.send(message)

    def _thin(self) -> None:
        """Of what is long past, the newest event of each address will do to restore the set."""
        keep = set({event.address: index for index, event in enumerate(self._live)}.values())
        keep.update(range(len(self._live) - MOST_REMEMBERED // 2, len(self._live)))
        self._live = [event for index, event in enumerate(self._live) if index in keep]

    def _watch_state(self) -> dict[str, Any]:
        restarts = {role: max(0, child.starts - 1) for role, child in self.children.items()}
        return {
            "bars": self.plan.bars,
            "underruns": self.board["underruns"],
            "workers": self._workers,
            "worker_restarts": sum(count for role, count in restarts.items() if role.startswith("worker")),
            "engine_restarts": restarts.get("engine", 0),
            "device_restarts": restarts.get("device", 0),
            "server_restarts": restarts.get("server", 0),
            "writer_restarts": restarts.get("writer", 0),
            "loop_ms": [round(self.exchange.worker(n, "loop_us") / 1000, 1) for n in range(self._workers)],
            "device": self.board.read("device") or {},
            "recording": self.board.read("writer") or {},
            "stream": self.board.read("stream") or {},
            "stream_restarts": restarts.get("stream", 0),
            "note": self.notes[-1] if self.notes else "",
        }

    def _note(self, line: str) -> None:
        self.notes.append(line)
        self._log(line)

    def _log(self, line: str) -> None:
        with self._lock:
            self._writer_outbox.send({"do": "log", "line": line})


@dataclass
class _Voices:
    """As much of a source as is needed to check a set against it."""

    voices: Mapping[str, bool]
    channels: int

    def request(self, request: LoopRequest) -> Ticket:
        """Nothing is made here."""
        raise NotImplementedError(request)

    def close(self) -> None:
        """Nothing to close."""


def _number(child: Child) -> int:
    return int(child.role.split()[1])


def _ending(code: int | None) -> str:
    if code is None:
        return "no exit status"
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _resident_mib(process_id: int | None) -> float:
    """Memory that a process holds; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB
