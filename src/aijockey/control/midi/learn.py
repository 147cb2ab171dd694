"""Learning by touching: an address is chosen, and the control that moves next is its control.

What moves is watched for a moment, since several kinds of control look the same at first: a knob, an endless one, the
coarse half of a 14-bit fader, a button that sends a controller.
"""

from dataclasses import dataclass, field

from aijockey.control.midi.encoders import guess
from aijockey.control.midi.mapping import Binding, learned
from aijockey.control.midi.messages import TOP_7, Control, Movement
from aijockey.control.parameters import resolve

# From the first message on.
WATCH_S = 0.5
# Nobody touches anything: learning ends.
PATIENCE_S = 30.0
# So much of one control is enough to tell what it is.
ENOUGH = 24


@dataclass
class Learning:
    """What is to be learned, and what moved since.

    port : of the control, once something moved.
    """

    address: str
    began_s: float
    port: str = ""
    _first_s: float | None = None
    _moved: list[Movement] = field(default_factory=list)

    def __post_init__(self) -> None:
        resolve(self.address)

    def heard(self, port: str, movement: Movement, now_s: float) -> None:
        """Something moved. Only what came first and its own port count."""
        if self.port not in ("", port) or (not self._moved and not _begins(movement)):
            return
        if self._first_s is None:
            self.port, self._first_s = port, now_s
        self._moved.append(movement)

    def is_over(self, now_s: float) -> bool:
        """Whether enough was heard, or nothing for too long."""
        if self._first_s is None:
            return now_s - self.began_s > PATIENCE_S
        return (
            self._moved[0].control.kind == "note"
            or now_s - self._first_s > WATCH_S
            or len(self._moved) > ENOUGH
        )

    def binding(self) -> Binding | None:
        """What was learned; None where nothing moved.

        Raises
        ------
        ParameterError : this parameter cannot be moved by such a control alone.
        """
        if not self._moved:
            return None
        first = self._moved[0].control
        same = [movement for movement in self._moved if movement.control == first]
        if any(movement.steps for movement in same):
            return learned(first, self.address, "twos")
        values = [movement.value for movement in same]
        if first.kind == "cc":
            fine = Control("cc", first.channel, first.number + 32) if first.number < 32 else None
            if fine and sum(movement.control == fine for movement in self._moved) >= max(1, len(same) // 2):
                return learned(Control("cc14", first.channel, first.number), self.address)
            if set(values) <= {0, TOP_7}:
                return _button(first, self.address)
            return learned(first, self.address, guess(values))
        return learned(first, self.address)


def _begins(movement: Movement) -> bool:
    """Whether a movement is one of a hand's, not a button let go."""
    return movement.control.kind != "note" or movement.value > 0


def _button(control: Control, address: str) -> Binding:
    """A controller that is only ever 0 and 127: a button, unless its parameter is no button's."""
    row = resolve(address).parameter
    as_note = learned(Control("note", control.channel), address) if row.curve in BUTTONS else None
    if as_note is None:
        return learned(control, address)
    return Binding(control, address, as_note.mode)


BUTTONS = ("switch", "hold", "trigger")
