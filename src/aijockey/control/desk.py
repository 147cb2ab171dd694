"""The desk: what every surface sees and moves, whether it is a page, a controller, a program or the autopilot.

A surface moves parameters with `Desk.move` and hears of every change with `Desk.subscribe`, its own and those of
others: of hands, of the set that plays, of undo. What the desk shows at once is what was sent; what the engine says
later stands over it. A surface that holds a parameter (a finger on a fader) keeps others from moving it meanwhile.

One thread has the desk: that of the control process' event loop. Others hand over with ``call_soon_threadsafe``.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from aijockey.control import parameters
from aijockey.control.parameters import (
    CONTROL_PREFIX,
    DECK_PARAMETERS,
    GLOBAL_PARAMETERS,
    ParameterError,
    Value,
)

if TYPE_CHECKING:
    from aijockey.audio.drum_hits import Hits

# A hand that holds a parameter and is silent for so long has gone.
HOLD_S = 5.0
# So long the desk believes what was sent before it believes the engine that has not heard of it.
ECHO_S = 0.5
ENGINE = "engine"


class HeldError(ParameterError):
    """Another surface holds the parameter."""


@dataclass(frozen=True)
class Voice:
    """A voice of the pack as a surface shows it. controls : names of what can be moved in its generator."""

    name: str
    tonal: bool
    controls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instrument:
    """What does not change while a set plays."""

    title: str
    decks: int
    voices: tuple[Voice, ...]
    pack: str = ""


@dataclass(frozen=True)
class Change:
    """A parameter has another value, or was triggered.

    source : the surface that moved it, as it calls itself; `ENGINE` for the set, undo and whatever came of others.
    """

    address: str
    value: Value
    source: str


class Link(Protocol):
    """The way to the engine, see `aijockey.live.processes.desk_link`."""

    def check(self, address: str, value: object) -> Value:
        """``value`` as the engine takes it; raises ParameterError (or another AijockeyError) that says why not."""

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        """Send a move; False where too many wait."""

    def crowded(self) -> bool:
        """Whether moves wait for the engine: who has many had better keep them back."""

    def values(self) -> Mapping[str, Value] | None:
        """Every value that is not its default; None where nothing changed since the last time."""

    def state(self) -> dict[str, Any]:
        """What the engine and the supervisor show: position, decks, meters, health."""

    def hits(self, loop_key: str) -> "Hits | None":
        """What is struck in a loop, by the key that the state has for it; None where that is not known."""


Listener = Callable[[Change], None]


class Desk:
    """Every parameter of a set that plays.

    Parameters
    ----------
    link : the way to the engine.
    clock : seconds, steady.
    """

    def __init__(
        self, instrument: Instrument, link: Link, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.instrument = instrument
        self._link, self._clock = link, clock
        self._defaults = _defaults(instrument)
        self._values = dict(self._defaults)
        self._told: Mapping[str, Value] = {}  # by the engine, last
        self._sent: dict[str, tuple[float, str]] = {}  # when and by whom, until the engine says the same
        self._holders: dict[str, tuple[str, float]] = {}
        self._listeners: list[Listener] = []

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everything that has a value, controls of the pack's voices included; gestures have none."""
        return tuple(self._values)

    @property
    def values(self) -> Mapping[str, Value]:
        """Values by address, as they are shown."""
        return self._values

    def value(self, address: str) -> Value:
        """The value of one parameter.

        Raises
        ------
        ParameterError : no such address.
        """
        if address not in self._values:
            parameters.resolve(address)
            raise ParameterError(
                f"{address} has no value; it is a gesture, or a deck that the set does not have"
            )
        return self._values[address]

    @property
    def crowded(self) -> bool:
        """Whether moves wait for the engine: a surface that can keep its own back does, so that others' pass."""
        return self._link.crowded()

    def state(self) -> dict[str, Any]:
        """What the engine and the supervisor show."""
        return self._link.state()

    def hits(self, loop_key: str) -> "Hits | None":
        """What is struck in a loop, by its key in the state; None where that is not known (yet)."""
        return self._link.hits(loop_key)

    def move(self, address: str, value: object, *, over_beats: float = 0.0, source: str) -> Value:
        """Move a parameter; returns the value as the engine takes it. Listeners hear of it before this returns.

        Raises
        ------
        ParameterError : unknown address, value out of range, a deck that the set does not have.
        HeldError : another surface holds it.
        """
        target = self._resolve(address)
        checked = self._link.check(address, value)
        holder = self.holder(address)
        if holder is not None and holder != source:
            raise HeldError(f"{address} is held by another surface")
        if not self._link.send(address, checked, over_beats):
            raise ParameterError(f"{address}: too many moves at once; this one is left out")
        if holder is not None:
            self._holders[address] = (source, self._clock())
        if not target.parameter.gesture:
            self._sent[address] = (self._clock(), source)
            self._values[address] = checked
        self._tell(Change(address, checked, source))
        return checked

    def hold(self, address: str, source: str) -> bool:
        """Keep others from moving a parameter until `release`; False where another surface has it."""
        self._resolve(address)
        holder = self.holder(address)
        if holder is not None and holder != source:
            return False
        self._holders[address] = (source, self._clock())
        return True

    def release(self, address: str, source: str) -> None:
        """Let go of a parameter; nothing where somebody else holds it."""
        if self._holders.get(address, ("", 0.0))[0] == source:
            del self._holders[address]

    def release_all(self, source: str) -> None:
        """Let go of everything, for a surface that has gone."""
        self._holders = {address: held for address, held in self._holders.items() if held[0] != source}

    def holder(self, address: str) -> str | None:
        """Who holds a parameter."""
        held = self._holders.get(address)
        if held is None:
            return None
        if self._clock() - held[1] > HOLD_S:
            del self._holders[address]
            return None
        return held[0]

    @property
    def holders(self) -> dict[str, str]:
        """Who holds what, by address."""
        return {address: name for address in tuple(self._holders) if (name := self.holder(address))}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every change from now on; what is returned ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def turn(self) -> None:
        """Take in what the engine says; to be called some 50 times a second."""
        now = self._clock()
        told = self._link.values()
        if told is None and not any(now - since > ECHO_S for since, _ in self._sent.values()):
            return
        if told is not None:
            self._told = dict(told)
        for address in {**self._values, **self._told}:
            value = self._told.get(address, self._defaults.get(address, 0.0))
            sent = self._sent.get(address)
            if value == self._values.get(address):
                self._sent.pop(address, None)
            elif sent is None or now - sent[0] > ECHO_S:
                self._sent.pop(address, None)
                self._values[address] = value
                self._tell(Change(address, value, ENGINE))

    def _resolve(self, address: str) -> parameters.Target:
        """The row behind an address of this instrument, so that nobody fills the desk with names that mean nothing."""
        target = parameters.resolve(address)
        if target.deck is not None and target.deck >= self.instrument.decks:
            raise ParameterError(f"{address}: the set has {self.instrument.decks} decks")
        if target.control is not None and address not in self._values:
            known = {name for voice in self.instrument.voices for name in voice.controls}
            guess = parameters.near(target.control, known)
            raise ParameterError(f"{address}: no voice of the pack has this control{guess}")
        return target

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)


def _defaults(instrument: Instrument) -> dict[str, Value]:
    values = {address: row.default for address, row in GLOBAL_PARAMETERS.items() if not row.gesture}
    controls = sorted({name for voice in instrument.voices for name in voice.controls})
    for number in range(1, instrument.decks + 1):
        values |= {
            f"deck.{number}.{name}": row.default for name, row in DECK_PARAMETERS.items() if not row.gesture
        }
        values |= {f"deck.{number}.{CONTROL_PREFIX}{name}": 0.0 for name in controls}
    return values
