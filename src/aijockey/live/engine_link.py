"""A desk over an engine in the same process: what plays along live plays along offline too, beat by beat.

The desk's clock is the engine's position, and whoever plays along is called before each quantum on the engine's own
grid. So what comes out depends neither on how fast it is rendered nor on the size of blocks.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aijockey.audio.drum_hits import Hits
from aijockey.control.desk import Desk, Instrument
from aijockey.control.parameters import Value
from aijockey.live.clock import Moment
from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.loop_source import DirectSource, LoopSource
from aijockey.live.master import Outputs
from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import check_move
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ

# A rehearsal looks about four times in a beat.
STRIDE_SAMPLES = 4800


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

    def crowded(self) -> bool:
        """False: it is done at once."""
        return False

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

    def hits(self, loop_key: str) -> Hits | None:
        """None: nobody looks at loops here."""
        return None


class AccompaniedEngine(Engine):
    """An engine with somebody who plays along.

    Parameters
    ----------
    instrument : what the desk shows.

    desk : what moves this engine. companion : called with the beat before each quantum; None for nobody.
    """

    def __init__(self, live_set: LiveSet, source: LoopSource, instrument: Instrument) -> None:
        super().__init__(live_set, source, metered=False)
        self.desk = Desk(instrument, EngineLink(self), lambda: self._position / RATE_HZ)
        self.companion: Callable[[float], None] | None = None

    def process_outputs(self, count: int) -> Outputs:
        """As an engine's, one quantum after the other. Thread: audio"""
        pieces = [Outputs.silence(0)]
        while count:
            if not self._ready.samples:
                self._accompany()
            some = min(count, self._ready.samples or QUANTUM_SAMPLES)
            pieces.append(super().process_outputs(some))
            count -= some
        return Outputs.joined(pieces)

    def _accompany(self) -> None:
        if self.companion is not None:
            self.desk.turn()
            self.companion(float(self.clock.beat_at(self._position)))


class Rehearsal(AccompaniedEngine):
    """An engine of beats alone: plans, swaps and moves as the real one does, a hundred times as fast and silent.

    For pictures of what a set does, and for tests of whoever plays along.
    """

    def __init__(self, live_set: LiveSet, source: LoopSource, instrument: Instrument) -> None:
        super().__init__(live_set, source, instrument)
        for deck in self.decks:
            # Loops are there at once: what a deck does to have them in time is most of its work, and left out.
            vars(deck)["_foresee"] = lambda now: None

    def play_until(self, beat: float) -> None:
        """Go on to ``beat``."""
        while self.position_beats < beat:
            self._accompany()
            self.conductor.apply(self._position, STRIDE_SAMPLES)
            moment = Moment.of(self.clock, self._position)
            for deck in self.decks:
                deck.plan_ahead(moment)
                deck.settle(moment)
            self.conductor.collect()
            self._position += STRIDE_SAMPLES

    def plays(self, deck: int) -> bool:
        """Whether a deck (from 1) has a loop that sounds now."""
        beat = self.clock.beat_at(self._position)
        entered = [request for at, request in self.decks[deck - 1].entered if at <= beat]
        return bool(entered) and entered[-1] is not None


def silent_source(voices: Mapping[str, bool]) -> DirectSource:
    """Loops of silence for any request."""
    loop = np.zeros((1, LOOP_SAMPLES), dtype=np.float32)
    return DirectSource(lambda request: loop, voices, match_level=False)
