"""What a control does: bindings of controls to parameters, as map files hold them.

A binding has a *mode*: ``absolute`` (a fader or knob with ends), ``relative`` (an endless one), ``toggle`` (a button
that switches over), ``hold`` (on while it is down) and ``press`` (sends ``to`` each time it goes down).
"""

from dataclasses import dataclass
from typing import Literal

from aijockey.control import parameters
from aijockey.control.midi.encoders import Encoding
from aijockey.control.midi.messages import Control
from aijockey.control.parameters import Parameter, ParameterError, Value
from aijockey.control.travel import from_travel, has_travel, is_centred, to_travel

Mode = Literal["absolute", "relative", "toggle", "hold", "press"]
MODES: tuple[Mode, ...] = ("absolute", "relative", "toggle", "hold", "press")
PRESSED_BY = ("toggle", "hold", "press")
# One step of an endless knob, as a share of the whole way: 64 steps from end to end.
STEP = 1.0 / 64.0


class BindingError(ParameterError):
    """A binding that makes no sense; the text says why."""


@dataclass(frozen=True)
class Binding:
    """A control and what it moves.

    to, off : what a button sends, and what it goes back to; None is the natural choice of the parameter.
    pickup : an absolute control moves nothing until it has met the value (soft take-over).
    step : of a relative control, share of the way for one step.
    centred : the parameter's default lies in the middle of the way.
    light : where feedback goes; None is the control itself. lit, dark : values that say on and off to a light.
    shows : whether the device is told at all where the parameter is.
    """

    control: Control
    address: str
    mode: Mode
    to: Value | None = None
    off: Value | None = None
    pickup: bool = True
    encoding: Encoding = "twos"
    step: float = STEP
    centred: bool = False
    inverted: bool = False
    light: Control | None = None
    lit: int = 127
    dark: int = 0
    shows: bool = True

    @property
    def row(self) -> Parameter:
        """The row of the table that it moves."""
        return parameters.resolve(self.address).parameter

    @property
    def told(self) -> Control:
        """The control, or light, that shows where the parameter is."""
        return self.light or self.control

    @property
    def on_value(self) -> Value:
        """What a button sends."""
        return natural_on(self.row) if self.to is None else self.to

    @property
    def off_value(self) -> Value:
        """What a button goes back to."""
        return natural_off(self.row) if self.off is None else self.off

    def value_at(self, raw: int, top: int) -> Value:
        """The parameter's value where an absolute control is at ``raw`` of ``top``."""
        travel = raw / top
        if self.centred:  # 64 of 127 is the detent: the middle has to be one of the steps
            middle = (top + 1) // 2
            travel = 0.5 * raw / middle if raw <= middle else 0.5 + 0.5 * (raw - middle) / (top - middle)
        return from_travel(self.row, 1.0 - travel if self.inverted else travel, centred=self.centred)

    def raw_of(self, value: Value, top: int) -> int:
        """The inverse of `value_at`, to the nearest step."""
        travel = to_travel(self.row, value, centred=self.centred)
        travel = 1.0 - travel if self.inverted else travel
        if self.centred:
            middle = (top + 1) // 2
            near = 2.0 * travel * middle if travel <= 0.5 else middle + (2.0 * travel - 1.0) * (top - middle)
            return round(near)
        return round(travel * top)

    def shown(self, value: Value) -> int:
        """What the control or its light is told where the parameter is ``value``."""
        if self.mode in PRESSED_BY:
            return self.lit if value == self.on_value else self.dark
        return self.raw_of(value, self.told.top)


def natural_on(row: Parameter) -> Value:
    """What a button sends if nobody says: 1 for switches and what acts, "now" for a tap."""
    if row.curve in ("switch", "hold"):
        return 1.0
    if row.curve == "trigger":
        return 1.0 if row.high == 1.0 else 0.0
    raise BindingError(f"{row.address}: a button needs 'to', the value that it sends")


def natural_off(row: Parameter) -> Value:
    """What a button goes back to if nobody says."""
    return 0.0 if row.curve in ("switch", "hold") else row.default


def natural_mode(control: Control, row: Parameter, has_to: bool) -> Mode:
    """The mode if nobody says: by what the control is and what it moves."""
    if control.kind == "note" or has_to or not has_travel(row):
        if row.curve == "switch" and not has_to:
            return "toggle"
        return "hold" if row.curve == "hold" else "press"
    return "absolute"


def checked(binding: Binding) -> Binding:
    """The binding, if it can work.

    Raises
    ------
    ParameterError : an unknown address, a value that its parameter does not take, a mode that cannot move it.
    """
    row = binding.row
    for value in (binding.to, binding.off):
        if value is not None:
            row.check(value, binding.address)
    if binding.mode in PRESSED_BY:
        row.check(binding.on_value, binding.address)
    elif not has_travel(row):
        raise BindingError(
            f"{binding.address} is {row.curve}; {binding.mode} cannot move it, a button with 'to' can"
        )
    if binding.mode == "relative" and binding.control.kind not in ("cc", "nrpn"):
        raise BindingError(f"{binding.control} is not an endless knob; relative is for cc and nrpn")
    if not 0.0 < binding.step <= 1.0:
        raise BindingError(f"{binding.address}: step {binding.step!r}; expected a share of the way, 0 to 1")
    return binding


def learned(control: Control, address: str, encoding: Encoding | None = None) -> Binding:
    """The binding for a control that was moved after an address was chosen.

    Raises
    ------
    ParameterError : as `checked`: words, say, need a map file that says which.
    """
    row = parameters.resolve(address).parameter
    mode: Mode = "relative" if encoding else natural_mode(control, row, False)
    return checked(
        Binding(
            control,
            address,
            mode,
            encoding=encoding or "twos",
            centred=mode == "absolute" and is_centred(row),
        )
    )
