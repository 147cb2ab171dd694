"""One controller: what it sends becomes moves, what others move becomes its lights, rings and motors.

Thread: that of the desk
"""

import time
from collections.abc import Callable
from typing import Any

from aijockey.control.desk import Change, Desk, HeldError
from aijockey.control.midi.encoders import steps
from aijockey.control.midi.map_file import ControllerMap
from aijockey.control.midi.mapping import PRESSED_BY, Binding
from aijockey.control.midi.messages import Decoder, Movement, encode
from aijockey.control.midi.pickup import Pickup
from aijockey.control.parameters import ParameterError, Value
from aijockey.control.travel import from_travel, to_travel
from aijockey.errors import AijockeyError

# A control that is being moved is not told where it is until it has been still for so long.
STILL_S = 0.35
# Old cables carry a thousand messages a second; of each turn (a hundred a second) so many are for feedback.
MOST_FEEDBACK = 8
MOST_WAITING_SHOWN = 16


class Surface:
    """One controller.

    Parameters
    ----------
    send : puts a message on its way to the device; None where it has no input.
    clock : seconds, steady.

    Attributes
    ----------
    refused : moves that the desk did not take, and why the last.
    """

    def __init__(
        self,
        port: str,
        made: ControllerMap,
        desk: Desk,
        source: str,
        send: Callable[[bytes], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.port, self.desk, self.source = port, desk, source
        self.refused, self.last_error, self.moves = 0, "", 0
        self._send, self._clock = send, clock
        self._pickups: dict[Binding, Pickup] = {}
        self._ways: dict[Binding, float] = {}  # where an endless knob is between the steps of its parameter
        self._moved: dict[Binding, float] = {}
        self._shown: dict[Binding, int] = {}
        self._due: dict[Binding, None] = {}
        self._down: set[Binding] = set()
        self.use(made)

    def use(self, made: ControllerMap) -> None:
        """From now on this map; the device is shown where everything is."""
        self.map = made
        bindings = [binding for binding in made.bindings if self._exists(binding)]
        self._by_control: dict[object, list[Binding]] = {}
        self._by_address: dict[str, list[Binding]] = {}
        for binding in bindings:
            self._by_control.setdefault(binding.control, []).append(binding)
            self._by_address.setdefault(binding.address, []).append(binding)
        numbers = [binding.control for binding in bindings]
        self.decoder = Decoder(
            frozenset((control.channel, control.number) for control in numbers if control.kind == "cc14"),
            frozenset((control.channel, control.number) for control in numbers if control.kind == "cc"),
        )
        for memory in (self._pickups, self._ways, self._moved, self._shown):
            for binding in [binding for binding in memory if binding not in set(bindings)]:
                del memory[binding]
        self._down &= set(bindings)
        self.show_all()

    def greet(self) -> None:
        """Set the device up and show it where everything is."""
        for message in self.map.hello:
            self._tell(message)
        self.show_all()

    def show_all(self) -> None:
        """Tell the device everything anew, with the coming turns."""
        self._shown.clear()
        self._due = {binding: None for bindings in self._by_address.values() for binding in bindings}

    def receive(self, data: bytes) -> list[Movement]:
        """A message of the device; what it moved."""
        movements = self.decoder.decode(data)
        for movement in movements:
            self.obey(movement)
        return movements

    def obey(self, movement: Movement) -> None:
        """Do what a control asks for."""
        for binding in self._by_control.get(movement.control, ()):
            try:
                self._do(binding, movement)
            except HeldError as error:
                self.last_error = str(error)
                self._due[binding] = None
            except AijockeyError as error:
                self.refused += 1
                self.last_error = str(error)

    def changed(self, change: Change) -> None:
        """A parameter has another value: of this surface's own doing, or of others'."""
        for binding in self._by_address.get(change.address, ()):
            if binding.row.gesture:
                continue
            mine = change.source == self.source and binding in self._moved
            if binding.mode == "absolute" and not mine:
                self._pickup(binding).parameter_moved(self._target(binding, change.value))
            if not mine or self._clock() - self._moved[binding] > STILL_S:
                self._ways.pop(binding, None)
            self._due[binding] = None

    def turn(self) -> None:
        """Send feedback that is due, a little of it; to be called a hundred times a second."""
        for movement in self.decoder.flush():
            self.obey(movement)
        sent = 0
        now = self._clock()
        for binding in list(self._due):
            if sent >= MOST_FEEDBACK:
                return
            if now - self._moved.get(binding, -STILL_S) < STILL_S:
                continue  # it is in a hand: its motor would fight, its ring jump back
            del self._due[binding]
            sent += self._show(binding)

    def status(self) -> dict[str, Any]:
        """Plain values: the map, what waits for a fader to be picked up, what was refused."""
        waiting = {
            binding.address: way
            for binding, pickup in self._pickups.items()
            if (way := pickup.waits(self._target(binding, self.desk.value(binding.address))))
        }
        return {
            "map": self.map.title,
            "bindings": sum(len(bindings) for bindings in self._by_control.values()),
            "moves": self.moves,
            "refused": self.refused,
            "last_error": self.last_error,
            "waiting": dict(list(waiting.items())[:MOST_WAITING_SHOWN]),
        }

    def release(self) -> None:
        """The device has gone: what its buttons held is let go."""
        for binding in list(self._down):
            self._down.discard(binding)
            if binding.mode != "hold":
                continue
            try:
                self.desk.move(binding.address, binding.off_value, source=self.source)
            except AijockeyError as error:
                self.last_error = str(error)

    def _do(self, binding: Binding, movement: Movement) -> None:
        if binding.mode in PRESSED_BY:
            self._press(binding, movement.value > movement.control.top // 2)
        elif binding.mode == "relative":
            count = movement.steps or steps(binding.encoding, movement.value)
            if count:
                self._turn_by(binding, -count if binding.inverted else count)
        else:
            value = binding.value_at(movement.value, movement.control.top)
            target = self._target(binding, self.desk.value(binding.address))
            if binding.pickup and not self._pickup(binding).moved(self._target(binding, value), target):
                return
            # What it says is what it shows: no answer is needed.
            self._shown[binding] = movement.value
            self._move(binding, value)

    def _press(self, binding: Binding, down: bool) -> None:
        # Some send a press twice, some a release for each press: only changes count.
        if down == (binding in self._down) and binding.mode != "press":
            return
        if down:
            self._down.add(binding)
        else:
            self._down.discard(binding)
        if binding.mode == "hold":
            self._move(binding, binding.on_value if down else binding.off_value, in_hand=False)
        elif down and binding.mode == "toggle":
            on = self.desk.value(binding.address) == binding.on_value
            self._move(binding, binding.off_value if on else binding.on_value, in_hand=False)
        elif down:
            self._move(binding, binding.on_value, in_hand=False)
        # Many devices switch their light themselves when pressed: say again what is so.
        self._shown.pop(binding, None)
        self._due[binding] = None

    def _turn_by(self, binding: Binding, count: int) -> None:
        row = binding.row
        present = self.desk.value(binding.address)
        way = self._ways.get(binding)
        if way is None:
            way = to_travel(row, present, centred=binding.centred)
        # Choices and small whole numbers take a step of the knob each, so that none is skipped.
        values = len(row.choices) if row.curve == "choice" else row.high - row.low + 1
        is_stepped = row.curve in ("choice", "step") and values <= 1.0 / binding.step
        step = 1.0 / max(1.0, values - 1) if is_stepped else binding.step
        way = min(1.0, max(0.0, way + count * step))
        self._ways[binding] = way
        value = from_travel(row, way, centred=binding.centred)
        if value != present:
            self._move(binding, value)

    def _move(self, binding: Binding, value: Value, *, in_hand: bool = True) -> None:
        if in_hand:
            self._moved[binding] = self._clock()
        self.desk.move(binding.address, value, source=self.source)
        self.moves += 1

    def _show(self, binding: Binding) -> int:
        """Tell the device where a parameter is; the number of messages that took."""
        if not binding.shows or binding.row.gesture:
            return 0
        shown = binding.shown(self.desk.value(binding.address))
        if self._shown.get(binding) == shown:
            return 0
        self._shown[binding] = shown
        messages = encode(binding.told, shown)
        for message in messages:
            self._tell(message)
        return len(messages)

    def _tell(self, message: bytes) -> None:
        if self._send is not None:
            self._send(message)

    def _pickup(self, binding: Binding) -> Pickup:
        return self._pickups.setdefault(binding, Pickup())

    def _target(self, binding: Binding, value: Value) -> float:
        return to_travel(binding.row, value, centred=binding.centred)

    def _exists(self, binding: Binding) -> bool:
        """Whether the set has it: maps are for eight decks, sets may have fewer."""
        if binding.row.gesture:
            number = binding.address.split(".")[1]
            return not binding.address.startswith("deck.") or int(number) <= self.desk.instrument.decks
        try:
            self.desk.value(binding.address)
        except ParameterError:
            return False
        return True
