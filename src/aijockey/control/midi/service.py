"""MIDI as a service: controllers found by name as they come and go, learning, clocks, rhythm decks as notes.

Thread: that of the desk, but for what ports hand over on threads of the system's
"""

import asyncio
import contextlib
import dataclasses
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aijockey.control.beat_clock import BeatClock
from aijockey.control.desk import Change, Desk
from aijockey.control.midi.clock_in import ClockIn
from aijockey.control.midi.drum_notes import DrumNotes
from aijockey.control.midi.follower import Follower
from aijockey.control.midi.learn import Learning
from aijockey.control.midi.map_file import ControllerMap, MapFolder
from aijockey.control.midi.messages import CLOCK, CONTINUE, SONG_POSITION, START, STOP
from aijockey.control.midi.ports import OpenPort, PortError, Ports, RtMidiPorts, is_controller, partner
from aijockey.control.midi.sender import Send, Sender
from aijockey.control.midi.surface import Surface
from aijockey.errors import AijockeyError

NAME = "midi"
TURN_S = 0.01
LOOK_FOR_PORTS_S = 1.0
LOOK_AT_ENGINE_S = 0.05
MOST_UNREAD = 4096
CLOCK_MESSAGES = (CLOCK, START, CONTINUE, STOP, SONG_POSITION)


@dataclass(frozen=True)
class MidiConfig:
    """What is to be done with which ports; names are parts of ports' names.

    folder : of the player's own maps.
    only : controllers to use; empty for every one that is found.
    clock_in : a port whose clock is followed. starts_and_stops : its start and stop too.
    clock_out, notes_out : ports that get the clock, and the notes of rhythm decks.
    notes_channel : 0 gives each deck its own.
    delay_ms : of what goes out on the beat, for hardware that sounds earlier than the loudspeakers here.
    """

    folder: Path
    api: str | None = None
    only: tuple[str, ...] = ()
    controllers: bool = True
    clock_in: str = ""
    starts_and_stops: bool = False
    clock_out: tuple[str, ...] = ()
    notes_out: str = ""
    notes_channel: int = 0
    delay_ms: float = 0.0
    name: str = NAME

    def build(self, desk: Desk) -> "MidiService":
        """The service.

        Raises
        ------
        MissingExtraError : python-rtmidi is not installed.
        PortError : no MIDI on this system.
        """
        return MidiService(self, desk, RtMidiPorts(self.api))


@dataclass
class _Device:
    """A port that is open. surface : None for a port that is only listened to for its clock."""

    name: str
    inward: OpenPort
    outward: OpenPort | None
    surface: Surface | None
    unread: deque[bytes]

    def send(self, data: bytes) -> None:
        """Tell the device, whatever a system says of a cable that was pulled: the next look for ports finds out."""
        if self.outward is not None:
            with contextlib.suppress(Exception):
                self.outward.send(data)


class MidiService:
    """See the module's text.

    Parameters
    ----------
    ports : of this system, or of a test.
    """

    def __init__(
        self, config: MidiConfig, desk: Desk, ports: Ports, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = config.name
        self.config, self.desk, self.ports = config, desk, ports
        self.folder = MapFolder(config.folder)
        self.devices: dict[str, _Device] = {}
        self.learning: Learning | None = None
        self.learned = ""
        self.problems: dict[str, str] = {}
        self.clock_in = ClockIn()
        self.follower = Follower(desk, self.clock_in, self.name, starts_and_stops=config.starts_and_stops)
        self.beats = BeatClock()
        self._clock = clock
        self._ticks: deque[tuple[float, bytes]] = deque(maxlen=MOST_UNREAD)
        self._outputs: dict[str, OpenPort] = {}
        self._looked_ports_s = self._looked_engine_s = -1e9
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self.sender = Sender([self._to(part) for part in config.clock_out], config.delay_ms / 1000.0, clock)
        self.notes: DrumNotes | None = None
        if config.notes_out:
            send = self._to(config.notes_out)
            self.notes = DrumNotes(desk, desk.hits, self.sender, send, config.notes_channel)

    async def run(self) -> None:
        """Serve until cancelled."""
        self._loop = asyncio.get_running_loop()
        end = self.desk.subscribe(self._changed)
        on_the_beat = bool(self.config.clock_out or self.notes)
        if on_the_beat:
            self.sender.begin()
        try:
            while True:
                self.turn()
                # Not wait_for: where both happen at once, that of Python 3.11 loses a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TURN_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            end()
            self.follower.let_go()
            self.sender.close()
            for name in list(self.devices):
                self._lose(name)
            for port in self._outputs.values():
                port.close()

    def turn(self) -> None:
        """Read what came, tell devices what changed, look for ports now and then."""
        now = self._clock()
        if now - self._looked_ports_s > LOOK_FOR_PORTS_S:
            self._looked_ports_s = now
            self._look_for_ports()
        for device in list(self.devices.values()):
            self._read(device, now)
            if device.surface is not None:
                device.surface.turn()
        self._finish_learning(now)
        self._keep_time(now)

    def status(self) -> dict[str, Any]:
        """Controllers and their maps, what is being learned, clocks."""
        told: dict[str, Any] = {
            "devices": {
                name: device.surface.status() for name, device in self.devices.items() if device.surface
            },
            "learning": self.learning.address if self.learning else "",
            "learned": self.learned,
            "problems": [*self.folder.problems, *self.problems.values()][:10],
        }
        if self.config.clock_in:
            told["clock_in"] = self.follower.status()
        if self.config.clock_out or self.notes:
            told["outputs"] = sorted(self._outputs)
            told["late"] = self.sender.late
        if self.notes:
            told["notes"] = self.notes.sent
        return told

    def command(self, command: Mapping[str, Any]) -> Any:
        """``{"learn": ADDRESS}``, ``{"cancel": true}`` or ``{"forget": ADDRESS}``, for a page's settings.

        Raises
        ------
        AijockeyError : not one of these, or no such address.
        """
        match dict(command):
            case {"learn": str() as address}:
                self.learn(address)
            case {"cancel": _}:
                self.learning = None
            case {"forget": str() as address}:
                return {"forgotten": self.forget(address)}
            case _:
                keys = ", ".join(map(str, command))[:80]
                raise AijockeyError(f"midi: {keys!r}; expected learn, cancel or forget")
        return {"learning": self.learning.address if self.learning else ""}

    def learn(self, address: str) -> None:
        """The next control that moves is to move ``address``.

        Raises
        ------
        ParameterError : no such address, or words.
        """
        self.learning = Learning(address, self._clock())
        self.learned = ""

    def forget(self, address: str) -> int:
        """Nothing of any device moves ``address`` any more; how many controls did."""
        count = 0
        for device in self.devices.values():
            if device.surface is None:
                continue
            made = device.surface.map
            kept = tuple(binding for binding in made.bindings if binding.address != address)
            if len(kept) < len(made.bindings):
                count += len(made.bindings) - len(kept)
                self._adopt(device, dataclasses.replace(made, bindings=kept))
        return count

    def received(self, device: str, data: bytes) -> None:
        """A message came in. Thread: any"""
        if data and data[0] in CLOCK_MESSAGES:
            if self.config.clock_in and self.config.clock_in.lower() in device.lower():
                self._ticks.append((self._clock(), data))
            return
        opened = self.devices.get(device)
        if opened is None or not data or data[0] >= 0xF0:
            return
        opened.unread.append(data)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._wake.set)

    def _read(self, device: _Device, now: float) -> None:
        for _ in range(len(device.unread)):
            data = device.unread.popleft()
            if device.surface is None:
                continue
            if self.learning is None:
                device.surface.receive(data)
                continue
            for movement in device.surface.decoder.decode(data):
                self.learning.heard(device.name, movement, now)

    def _finish_learning(self, now: float) -> None:
        if self.learning is None or not self.learning.is_over(now):
            return
        learning, self.learning = self.learning, None
        try:
            binding = learning.binding()
            if binding is None:
                self.learned = f"{learning.address}: nothing moved"
                return
            device = self.devices.get(learning.port)
            if device is None or device.surface is None:
                self.learned = f"{learning.address}: {learning.port} has gone"
                return
            made = device.surface.map
            # A coarse and a fine half are one control now, whatever they were before.
            gone = {str(binding.control), str(binding.control).replace("cc14", "cc")}
            kept = tuple(old for old in made.bindings if str(old.control) not in gone)
            self._adopt(device, dataclasses.replace(made, bindings=(*kept, binding)))
            self.learned = f"{binding.address}: {binding.control} of {learning.port}, {binding.mode}"
        except AijockeyError as error:
            self.learned = f"{learning.address}: {error}"

    def _adopt(self, device: _Device, made: ControllerMap) -> None:
        """Use a changed map and keep it as the player's own, for this port."""
        own = dataclasses.replace(made, ports=(device.name,))
        if device.surface is not None:
            device.surface.use(own)
        self.folder.save(own, device.name)

    def _changed(self, change: Change) -> None:
        for device in self.devices.values():
            if device.surface is not None:
                device.surface.changed(change)

    def _keep_time(self, now: float) -> None:
        while self._ticks:
            time_s, data = self._ticks.popleft()
            self._hear_clock(time_s, data)
        if now - self._looked_engine_s < LOOK_AT_ENGINE_S:
            return
        if not (self.config.clock_in or self.config.clock_out or self.notes):
            return
        self._looked_engine_s = now
        state = self.desk.state()
        course = self.beats.update(state, now)
        self.sender.follow(course)
        if self.config.clock_in:
            self.follower.turn(now, course)
        if self.notes:
            self.notes.turn(now, course, state)

    def _hear_clock(self, time_s: float, data: bytes) -> None:
        kind = data[0]
        if kind == CLOCK:
            self.clock_in.tick(time_s)
        elif kind == START:
            self.clock_in.start()
        elif kind == CONTINUE:
            self.clock_in.proceed()
        elif kind == STOP:
            self.clock_in.stop()
        elif len(data) == 3:
            self.clock_in.locate(data[1] | data[2] << 7)

    def _look_for_ports(self) -> None:
        try:
            inputs, outputs = self.ports.inputs(), self.ports.outputs()
        except AijockeyError as error:
            self.problems["ports"] = str(error)
            return
        wanted = [name for name in inputs if self._is_wanted(name)]
        for name in list(self.devices):
            if name not in wanted:
                self._lose(name)
        for name in wanted:
            if name not in self.devices:
                self._find(name)
            if name in self.devices:
                self._find_output(self.devices[name], partner(name, outputs))
        for part in {*self.config.clock_out, *([self.config.notes_out] if self.config.notes_out else [])}:
            self._look_for_output(part, outputs)

    def _is_wanted(self, name: str) -> bool:
        if self.config.clock_in and self.config.clock_in.lower() in name.lower():
            return True
        chosen = not self.config.only or any(part.lower() in name.lower() for part in self.config.only)
        return self.config.controllers and is_controller(name) and chosen

    def _find(self, name: str) -> None:
        try:
            inward = self.ports.open_input(name, lambda data: self.received(name, data))
        except PortError as error:
            self.problems[name] = str(error)
            return
        device = _Device(name, inward, None, None, deque(maxlen=MOST_UNREAD))
        if self.config.controllers and is_controller(name):
            made = self.folder.for_port(name) or ControllerMap("not mapped yet", (name,), ())
            device.surface = Surface(name, made, self.desk, self.name, device.send, self._clock)
        self.devices[name] = device
        self.problems.pop(name, None)

    def _find_output(self, device: _Device, output: str | None) -> None:
        """Where a device is shown things; it may appear later than what it sends from."""
        if device.surface is None or device.outward is not None or output is None:
            return
        try:
            device.outward = self.ports.open_output(output)
        except PortError as error:
            self.problems[device.name] = str(error)
            return
        device.surface.greet()

    def _lose(self, name: str) -> None:
        device = self.devices.pop(name)
        if device.surface is not None:
            device.surface.release()
        for port in (device.inward, device.outward):
            if port is not None:
                with contextlib.suppress(Exception):  # whatever a system says of a cable that was pulled
                    port.close()

    def _look_for_output(self, part: str, outputs: list[str]) -> None:
        name = next((name for name in outputs if part.lower() in name.lower()), None)
        if name is None:
            self.problems[part] = f"no output '{part}'; there are {', '.join(outputs) or 'none'}"
            if part in self._outputs:
                with contextlib.suppress(Exception):
                    self._outputs.pop(part).close()
            return
        self.problems.pop(part, None)
        if part not in self._outputs:
            try:
                self._outputs[part] = self.ports.open_output(name)
            except PortError as error:
                self.problems[part] = str(error)

    def _to(self, part: str) -> Send:
        """Sends to the output that is found for ``part``, while there is one. Thread: any"""

        def send(data: bytes) -> None:
            port = self._outputs.get(part)
            if port is not None:
                with contextlib.suppress(Exception):  # it was pulled out; the next look says so
                    port.send(data)

        return send
