"""Starts each process of a performance, telling it what it needs to know."""

from collections.abc import Callable
from multiprocessing.process import BaseProcess

from aijockey.live.processes import children, device, keeper, side_devices, workers
from aijockey.live.processes.audio_setup import AudioSetup
from aijockey.live.processes.board import DEVICE_STATES
from aijockey.live.processes.broadcast import BroadcastSetup
from aijockey.live.processes.chronicle import Chronicle
from aijockey.live.processes.common_memory import CommonMemory
from aijockey.live.processes.exchange import STARTING
from aijockey.live.processes.front import Front
from aijockey.live.processes.output_devices import OutputDevices
from aijockey.live.processes.performance_plan import Plan
from aijockey.live.processes.restore import bar_of, set_at
from aijockey.live.processes.watched import Child
from aijockey.live.set_file import format_set
from aijockey.live.shared_ring import SharedRing
from aijockey.music.grid import BEATS_PER_BAR

# By name: the engine's libraries take longer to import than all the rest, and are not needed here.
AUDIO_PROCESS = "aijockey.live.processes.audio:perform"
STREAM_PROCESS = "aijockey.live.processes.broadcast:broadcast"


class Cast:
    """Who plays which role.

    cores : processors that workers may use; empty for all.
    """

    def __init__(
        self,
        plan: Plan,
        memory: CommonMemory,
        chronicle: Chronicle,
        devices: OutputDevices,
        front: Front,
        note: Callable[[str], None],
    ) -> None:
        self.cores: tuple[int, ...] = ()
        self._plan, self._memory, self._chronicle = plan, memory, chronicle
        self._devices, self._front, self._note = devices, front, note
        self._roles: dict[str, Callable[[Child], BaseProcess]] = {
            "engine": self._engine,
            "device": self._device,
            "server": self._server,
            "writer": self._writer,
            "stream": self._stream,
            "worker": self._worker,
            "input": self._input,
            "headphones": self._headphones,
        }

    def start(self, child: Child, now: float) -> None:
        """Start a process for a role."""
        child.starts += 1
        child.started = now
        child.process = self._roles[child.role.split()[0]](child)

    def _engine(self, child: Child) -> BaseProcess:
        plan, memory, offset = self._plan, self._memory, 0.0
        live_set = plan.live_set
        memory.board["primed"] = 0
        if child.starts > 1 and memory.playing:
            state = memory.board.read("state") or {}
            offset = bar_of(float(state.get("beat", 0.0)))
            live_set = set_at(plan.live_set, self._chronicle.events, offset, plan.paces)
            self._note(f"the set goes on from bar {offset / BEATS_PER_BAR + 1:.0f}")
        setup = AudioSetup(
            set_text=format_set(live_set),
            bars=max(1, plan.bars - int(offset // BEATS_PER_BAR)),
            voices=dict(plan.voices),
            ring=memory.ring.name,
            heard=memory.heard.name,
            board=memory.board.name,
            exchange=memory.exchange.name,
            channels=plan.channels,
            loop_samples=plan.loop_samples,
            inboxes=tuple(inbox.name for inbox in memory.inboxes),
            journal=memory.journal.name,
            beat_offset=offset,
            ahead_samples=plan.ahead_samples,
            paces=dict(plan.paces),
            cue=memory.cue.name if memory.cue else "",
            live_input=memory.input.name if memory.input else "",
            block_samples=plan.block_samples,
            patience_s=1.0 if offset or memory.playing else plan.patience_s,
        )
        return children.start("engine", AUDIO_PROCESS, setup)

    def _device(self, child: Child) -> BaseProcess:
        plan, memory = self._plan, self._memory
        memory.board["device_serial"] = child.starts
        memory.board["device_state"] = DEVICE_STATES.index("opening")
        setup = device.DeviceSetup(
            memory.heard.name, memory.board.name, child.starts, self._devices.name, plan.block_samples,
            plan.open_output,
        )  # fmt: skip
        return children.start("device", device.serve, setup)

    def _input(self, child: Child) -> BaseProcess:
        plan, ring = self._plan, self._memory.input
        beside = self._beside("input", child, ring)
        setup = side_devices.InputSetup(*beside, plan.live_input, plan.block_samples, plan.open_input)
        return children.start("input", side_devices.listen_in, setup)

    def _headphones(self, child: Child) -> BaseProcess:
        plan, ring = self._plan, self._memory.cue
        beside = self._beside("headphones", child, ring)
        setup = side_devices.HeadphonesSetup(
            *beside, plan.headphones, plan.block_samples, plan.open_headphones
        )
        return children.start("headphones", side_devices.play_cue, setup)

    def _beside(self, role: str, child: Child, ring: SharedRing | None) -> tuple[str, str, int]:
        """Ring, board and serial for a device beside the master's, of which this is the only process from now on."""
        assert ring is not None
        self._memory.board[f"{role}_serial"] = child.starts
        return ring.name, self._memory.board.name, child.starts

    def _server(self, child: Child) -> BaseProcess:
        memory = self._memory
        return self._front.start(memory.board.name, memory.ring.name, memory.cue.name if memory.cue else "")

    def _writer(self, child: Child) -> BaseProcess:
        plan, memory = self._plan, self._memory
        if child.starts > 1:
            self._chronicle.tell_again()
        setup = keeper.KeeperSetup(
            memory.ring.name,
            memory.board.name,
            memory.writer_inbox.name,
            str(plan.folder),
            str(plan.log) if plan.log else None,
            0 if child.starts == 1 else None,
        )
        return children.start("writer", keeper.keep, setup)

    def _stream(self, child: Child) -> BaseProcess:
        assert self._plan.stream is not None
        position = 0 if child.starts == 1 else None
        setup = BroadcastSetup(self._memory.ring.name, self._memory.board.name, self._plan.stream, position)
        return children.start("stream", STREAM_PROCESS, setup)

    def _worker(self, child: Child) -> BaseProcess:
        plan, exchange = self._plan, self._memory.exchange
        exchange.set_worker(child.number, "busy_since_ns", 0)
        exchange.set_worker(child.number, "state", STARTING)
        setup = workers.WorkerSetup(
            child.number, exchange.name, plan.channels, plan.loop_samples, plan.maker, plan.material,
            plan.worker_memory_mib, self.cores, self._front.gallery.name,
        )  # fmt: skip
        return children.start(f"worker-{child.number}", workers.work, setup)
