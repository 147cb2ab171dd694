"""A desk over an engine in the same process: what plays along live plays along offline too, beat by beat.

The desk's clock is the engine's position, and whoever plays along is called before each quantum on the engine's own
grid. So what comes out depends neither on how fast it is rendered nor on the size of blocks.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aijockey.control.desk import Desk, Instrument
from aijockey.control.parameters import Value
from aijockey.live.engine import Engine
from aijockey.live.loop_source import LoopSource
from aijockey.live.master import Outputs
from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import check_move
from aijockey.music.grid import RATE_HZ


class EngineLink:
    """A `aijockey.control.desk.Link` to an engine beside it. Thread: the engine's"""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._told: Mapping[str, Value] = {}

    def check(self, address: str, value: object) -> Value:
        """As `aijockey.live.set_parts.check_move`."""
        return check_move(address, value)

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        """Move; always True."""
        self._engine.submit(address, value, over_beats)
        return True

    def values(self) -> Mapping[str, Value] | None:
        """The engine's values; None where none has changed since the last time."""
        values = self._engine.conductor.values
        if values == self._told:
            return None
        self._told = dict(values)
        return self._told

    def state(self) -> dict[str, Any]:
        """What the engine shows, with the beat since the set's beginning."""
        return {**self._engine.state(), "beat": self._engine.position_beats}


class AccompaniedEngine(Engine):
    """An engine with somebody who plays along.

    Parameters
    ----------
    instrument : what the desk shows.

    desk : what moves this engine. companion : called with the beat before each quantum; None for nobody.
    """

    def __init__(self, live_set: LiveSet, source: LoopSource, instrument: Instrument) -> None:
        super().__init__(live_set, source)
        self.desk = Desk(instrument, EngineLink(self), lambda: self._position / RATE_HZ)
        self.companion: Callable[[float], None] | None = None

    def _quantum(self) -> Outputs:
        if self.companion is not None:
            self.desk.turn()
            self.companion(float(self.clock.beat_at(self._position)))
        return super()._quantum()
