"""Time-stretch of loops to the transport's tempo, keeping pitch, locked to its samples.

A stretcher reads from an endless *reference signal* on the 120 BPM grid, random access, and gives the sound
of any stretch of transport samples. Two kinds, for two kinds of material:

`GridStretch` keeps attacks whole, for rhythms. The signal runs at its own speed along *lines*; each sixteenth
of the grid lies exactly on a line, and in between, where it is heard least, one line is cross-faded into the
next. At 120 BPM all lines coincide and the reference comes through bit by bit.

`ToneStretch` (`live.tone_stretch`) keeps partials whole, for chords and basses: a phase vocoder whose frames are
read from where the transport is, so it cannot drift.

`Varispeed` keeps neither pitch nor anything else from following the tempo, as a record player does.

All three can be set to start anywhere and give the same from there. ``rate`` is the speed at which the two
stretchers read along their lines and within their frames: 2 is an octave up, at the same tempo.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aijockey.live.clock import TempoMap
from aijockey.live.interpolation import ReadReference, read_between
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import BEAT_SAMPLES, REFERENCE_BPM, SIXTEENTH_SAMPLES

Float = npt.NDArray[np.float32]

FADE_SAMPLES = 512
# A splice may jump this far; faster or slower tempos splice more often instead.
MOST_JUMP_SAMPLES = 900
DIVISIONS = tuple(number for number in range(1, 61) if SIXTEENTH_SAMPLES % number == 0)
# Both stretchers may read this far ahead of the transport, on the grid; swaps are settled before.
LOOKAHEAD_BEATS = 1.0
# How many groups of decks find out one after the other what each sixteenth needs.
TURNS = 3


@lru_cache(maxsize=64)
def _fade(samples: int) -> Float:
    """Raised cosine from 0 to 1: the two lines carry nearly the same sound, so their gains sum to 1."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples)).astype(np.float32)


class GridStretch:
    """Stretch that keeps every sixteenth's attack as it is.

    Parameters
    ----------
    origin : where on the 120 BPM grid a sixteenth of the material stands, for loops that run out of phase.
    turn : all decks come to a sixteenth at once; what each must find out for it is put off, by up to two quanta, to
        when it is the deck's turn. It makes no difference to the sound: what lies ahead is settled long before.
    """

    def __init__(
        self, clock: TempoMap, read: ReadReference, rate: float = 1.0, origin: int = 0, turn: int = 0
    ) -> None:
        self.rate = rate
        turn %= TURNS
        self._put_off = 1 + (turn - 1) * QUANTUM_SAMPLES if turn else 0
        self._clock = clock
        self._read = read
        self._origin = origin % SIXTEENTH_SAMPLES
        self._position = -1
        self._reference = 0  # of the present grid point
        self._grain_end = 0  # sample of the next one
        self._line = self._next_line = _Line(0, 0, rate)
        self._grain = 0  # sample of the present grid point
        self._splice: int | None = 0  # first sample of the fade to the next line, where that is known
        self._fade_samples = 0

    def render(self, start: int, count: int) -> Float:
        """Sound of samples ``start`` to ``start + count``, (channels, count). Thread: audio"""
        if start != self._position:
            self._seek(start)
        pieces = []
        position, end = start, start + count
        while position < end:
            if position >= self._grain_end:
                self._next_grain(self._reference, self._grain_end)
                continue
            stop = min(end, self._grain_end)
            if self._splice is None:
                if position < self._grain + self._put_off and stop <= self._grain + self._soonest:
                    pieces.append(self._along(self._line, position, stop - position))
                    position = stop
                    continue
                self._splice = self._grain + self._least_heard(self._grain, self._grain_end - self._grain)
            fade_end = self._splice + self._fade_samples
            if self._next_line == self._line or position >= fade_end:
                pieces.append(self._along(self._next_line, position, stop - position))
            elif position < self._splice:
                stop = min(stop, self._splice)
                pieces.append(self._along(self._line, position, stop - position))
            else:
                stop = min(stop, fade_end)
                old = self._along(self._line, position, stop - position)
                new = self._along(self._next_line, position, stop - position)
                gain = _fade(self._fade_samples)[position - self._splice : stop - self._splice]
                pieces.append(old + (new - old) * gain)
            position = stop
        self._position = end
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)

    def _along(self, line: "_Line", start: int, count: int) -> Float:
        """Samples ``start`` on as a line reads them."""
        if line.rate == 1.0:
            return self._read(start + line.reference - line.sample, count)
        offsets = line.rate * np.arange(start - line.sample, start - line.sample + count, dtype=np.float64)
        return read_between(self._read, line.reference, offsets, line.rate)

    def _seek(self, start: int) -> None:
        heard = math.floor(self._clock.straight(self._clock.beat_at(start)) * BEAT_SAMPLES)
        reference = (heard - self._origin) // SIXTEENTH_SAMPLES * SIXTEENTH_SAMPLES + self._origin
        sample = self._sample_of(reference)
        if sample > start:  # rounding put the grid point after the start
            reference -= SIXTEENTH_SAMPLES
            sample = self._sample_of(reference)
        self._next_line = _Line(reference, sample, self.rate)
        self._next_grain(reference, sample)
        while self._grain_end <= start:
            self._next_grain(self._reference, self._grain_end)

    def _next_grain(self, reference: int, sample: int) -> None:
        """Plan from the grid point at ``reference``, which sounds at ``sample``, to the next."""
        self._line = self._next_line
        inside = (reference - self._origin) % SIXTEENTH_SAMPLES
        grid = reference - inside
        whole = self._sample_of(grid + SIXTEENTH_SAMPLES) - self._sample_of(grid)
        jump = abs(whole * self.rate - SIXTEENTH_SAMPLES)
        division = next((number for number in DIVISIONS if jump <= number * MOST_JUMP_SAMPLES), DIVISIONS[-1])
        # No step leads past the next sixteenth, also where the tempo has just changed within this one.
        step = min(SIXTEENTH_SAMPLES // division, SIXTEENTH_SAMPLES - inside)
        self._reference = reference + step
        self._grain_end = max(sample + 1, self._sample_of(self._reference))
        line = _Line(self._reference, self._grain_end, self.rate)
        self._next_line = self._line if line.coincides(self._line) else line
        length = self._grain_end - sample
        self._fade_samples = max(1, min(FADE_SAMPLES, length // 3))
        self._grain = sample
        self._splice = sample if self._next_line == self._line else None

    @property
    def _soonest(self) -> int:
        """How far into its grain the fade may begin at the soonest."""
        return (self._grain_end - self._grain) // 4

    def _least_heard(self, sample: int, length: int) -> int:
        """Where in the grain the lines differ least over a fade: mostly a quiet place, or one in phase."""
        first, last = self._soonest, max(length // 4, length - length // 16 - self._fade_samples)
        if last - first < 2:
            return first
        count = last - first + self._fade_samples
        old = self._along(self._line, sample + first, count)
        new = self._along(self._next_line, sample + first, count)
        change = new - old
        total = np.zeros(count + 1)
        np.cumsum(np.einsum("cn,cn->n", change, change), out=total[1:])
        return first + int(np.argmin(total[self._fade_samples :] - total[: -self._fade_samples]))

    def _sample_of(self, reference: int) -> int:
        return self._clock.sample_of_reference(reference)


class _Line(NamedTuple):
    """Reads ``reference`` at ``sample``, and goes on from there at ``rate``."""

    reference: int
    sample: int
    rate: float

    def coincides(self, other: "_Line") -> bool:
        """Whether both read the same everywhere."""
        if self.rate != other.rate:
            return False
        apart = (self.reference - other.reference) - self.rate * (self.sample - other.sample)
        return abs(apart) < 1e-9


class Varispeed:
    """Loops as fast as the transport: pitch follows the tempo."""

    def __init__(self, clock: TempoMap, read: ReadReference) -> None:
        self._clock = clock
        self._read = read

    def render(self, start: int, count: int) -> Float:
        """Sound of samples ``start`` to ``start + count``, (channels, count). Thread: audio"""
        base, offsets = self._clock.positions(start, count)
        return read_between(self._read, base, offsets, self._clock.tempo_at(start) / REFERENCE_BPM)
