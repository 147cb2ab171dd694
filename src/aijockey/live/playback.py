"""A set into a device: the engine renders ahead into a ring, and the device's callback only copies."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.output import Output
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

Float = npt.NDArray[np.float32]

FADE_SAMPLES = RATE_HZ // 2


@dataclass(frozen=True)
class Status:
    """What a player wants to see."""

    bar: float
    tempo_bpm: float
    dropouts: int
    late_loops: int
    load: float  # time spent on the sound as a share of its length
    reduction_db: float


class Ring:
    """Sound between two threads, one that writes and one that reads; neither waits for the other.

    Each side moves only its own counter, so no lock is needed.
    """

    def __init__(self, samples: int) -> None:
        self._sound = np.zeros((2, samples), dtype=np.float32)
        self._written = 0
        self._read = 0
        self._gain = 1.0
        self._gain_step = 0.0
        self.dropouts = 0
        self.finished = False  # nothing more will be written

    @property
    def free(self) -> int:
        """Samples that can be written. Thread: writer"""
        return self._sound.shape[1] - (self._written - self._read)

    def write(self, sound: Float) -> None:
        """Append ``sound`` (2, samples), no more than `free`. Thread: writer"""
        size = self._sound.shape[1]
        at = self._written % size
        first = min(sound.shape[1], size - at)
        self._sound[:, at : at + first] = sound[:, :first]
        self._sound[:, : sound.shape[1] - first] = sound[:, first:]
        self._written += sound.shape[1]

    def fade_out(self, samples: int = FADE_SAMPLES) -> None:
        """End with a fade from now on. Thread: any"""
        self._gain_step = -1.0 / samples

    def fill(self, block: Float) -> bool:
        """Copy into ``block`` (samples, 2); silence and a count of dropouts where there is not
        enough. False when all
        has been played, or the fade is over. Thread: device"""
        count = len(block)
        there = min(count, self._written - self._read)
        size = self._sound.shape[1]
        at = self._read % size
        first = min(there, size - at)
        # The ring is (channels, samples); devices interleave, (samples, channels).
        block[:first] = self._sound[:, at : at + first].T
        block[first:there] = self._sound[:, : there - first].T
        block[there:] = 0.0
        self._read += there
        if there < count and not self.finished:
            self.dropouts += 1
        if self._gain_step:
            gains = self._gain + self._gain_step * np.arange(1, count + 1)
            self._gain = float(gains[-1])
            block *= np.maximum(gains, 0.0)[:, np.newaxis]
            if self._gain <= 0.0:
                return False
        return not (self.finished and self._read >= self._written)


class Player:
    """Plays an engine into an output.

    Parameters
    ----------
    ahead_s : how far the sound is rendered ahead; what a machine may stall without a dropout, and the
    delay of a move.
    """

    def __init__(self, engine: Engine, output: Output, *, ahead_s: float = 0.35) -> None:
        self.engine = engine
        self.output = output
        self.ring = Ring(max(4 * QUANTUM_SAMPLES, round(ahead_s * RATE_HZ)))
        self._busy_s = 0.0
        self._rendered = 0

    def status(self) -> Status:
        """How it goes. Thread: control"""
        load = self._busy_s / (self._rendered / RATE_HZ) if self._rendered else 0.0
        return Status(
            bar=self.engine.position_beats / BEATS_PER_BAR,
            tempo_bpm=self.engine.tempo_bpm,
            dropouts=self.ring.dropouts,
            late_loops=sum(deck.late_swaps for deck in self.engine.decks),
            load=load,
            reduction_db=self.engine.limiter.gain_reduction_db,
        )

    def play(self, bars: int, show: Callable[[Status], None], *, every_s: float = 0.25) -> Status:
        """Play ``bars`` bars from where the engine is; ends early, with a fade, on KeyboardInterrupt.

        Thread: control
        """
        collecting = gc.isenabled()
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._top_up(bars)
            self.output.start(self.ring.fill)
            self._run(bars, show, every_s)
        finally:
            self.output.close()
            gc.unfreeze()
            if collecting:
                gc.enable()
        return self.status()

    def _run(self, bars: int, show: Callable[[Status], None], every_s: float) -> None:
        shown = 0.0
        stopping = False
        while self.output.active:
            try:
                self._top_up(bars)
                if time.monotonic() - shown >= every_s:
                    shown = time.monotonic()
                    show(self.status())
                time.sleep(QUANTUM_SAMPLES / RATE_HZ / 2)
            except KeyboardInterrupt:
                if stopping:
                    return
                stopping = True
                self.ring.fade_out()

    def _top_up(self, bars: int) -> None:
        while self.ring.free >= QUANTUM_SAMPLES and not self.ring.finished:
            started = time.perf_counter()
            self.ring.write(self.engine.process(QUANTUM_SAMPLES))
            self._busy_s += time.perf_counter() - started
            self._rendered += QUANTUM_SAMPLES
            end = self.engine.clock.sample_at(bars * BEATS_PER_BAR) + self.engine.latency_samples
            if self.engine.position_samples >= end:
                self.ring.finished = True
