"""Time-stretch of loops to the transport's tempo, keeping pitch, locked to its samples.

A stretcher reads from an endless *reference signal* on the 120 BPM grid, random access, and gives the sound
of any stretch of transport samples. Two kinds, for two kinds of material:

`GridStretch` keeps attacks whole, for rhythms. The signal runs at its own speed along *lines*; each sixteenth
of the grid lies exactly on a line, and in between, where it is heard least, one line is cross-faded into the
next. At 120 BPM all lines coincide and the reference comes through bit by bit.

`ToneStretch` keeps partials whole, for chords, basses and textures: Signalsmith Stretch, fed ahead by its
delay, so that what comes out is in time. How much it is fed follows from the transport's position, so it
cannot drift.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from python_stretch import Signalsmith

from aijockey.live.clock import TempoMap
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

Float = npt.NDArray[np.float32]
ReadReference = Callable[[int, int], Float]  # start, count on the 120 BPM grid -> (channels, count)

FADE_SAMPLES = 512
# A splice may jump this far; faster or slower tempos splice more often instead.
MOST_JUMP_SAMPLES = 900
DIVISIONS = tuple(number for number in range(1, 61) if SIXTEENTH_SAMPLES % number == 0)
# Both stretchers may read this far ahead of the transport, on the grid; swaps are settled before.
LOOKAHEAD_BEATS = 1.0
CHUNK_SAMPLES = 2048


@lru_cache(maxsize=64)
def _fade(samples: int) -> Float:
    """Raised cosine from 0 to 1: the two lines carry nearly the same sound, so their gains sum to 1."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples)).astype(np.float32)


class GridStretch:
    """Stretch that keeps every sixteenth's attack as it is."""

    def __init__(self, clock: TempoMap, read: ReadReference) -> None:
        self._clock = clock
        self._read = read
        self._position = -1
        self._reference = 0  # of the present grid point
        self._grain_end = 0  # sample of the next one
        self._offset = 0  # the present line: reference position minus sample
        self._next_offset = 0
        self._splice = 0  # first sample of the fade to the next line
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
            fade_end = self._splice + self._fade_samples
            if self._next_offset == self._offset or position >= fade_end:
                pieces.append(self._read(position + self._next_offset, stop - position))
            elif position < self._splice:
                stop = min(stop, self._splice)
                pieces.append(self._read(position + self._offset, stop - position))
            else:
                stop = min(stop, fade_end)
                old = self._read(position + self._offset, stop - position)
                new = self._read(position + self._next_offset, stop - position)
                gain = _fade(self._fade_samples)[position - self._splice : stop - self._splice]
                pieces.append(old + (new - old) * gain)
            position = stop
        self._position = end
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)

    def _seek(self, start: int) -> None:
        reference = self._clock.reference_at(start) // SIXTEENTH_SAMPLES * SIXTEENTH_SAMPLES
        sample = self._sample_of(reference)
        if sample > start:  # rounding put the grid point after the start
            reference -= SIXTEENTH_SAMPLES
            sample = self._sample_of(reference)
        self._next_offset = reference - sample
        self._next_grain(reference, sample)
        while self._grain_end <= start:
            self._next_grain(self._reference, self._grain_end)

    def _next_grain(self, reference: int, sample: int) -> None:
        """Plan from the grid point at ``reference``, which sounds at ``sample``, to the next."""
        self._offset = self._next_offset
        whole = self._sample_of(reference + SIXTEENTH_SAMPLES) - self._sample_of(reference)
        jump = abs(whole - SIXTEENTH_SAMPLES)
        division = next((number for number in DIVISIONS if jump <= number * MOST_JUMP_SAMPLES), DIVISIONS[-1])
        step = SIXTEENTH_SAMPLES // division
        self._reference = reference + step
        self._grain_end = max(sample + 1, self._sample_of(self._reference))
        self._next_offset = self._reference - self._grain_end
        length = self._grain_end - sample
        self._fade_samples = max(1, min(FADE_SAMPLES, length // 3))
        self._splice = sample
        if self._next_offset != self._offset:
            self._splice += self._least_heard(sample, length)

    def _least_heard(self, sample: int, length: int) -> int:
        """Where in the grain the lines differ least over a fade: mostly a quiet place, or one in phase."""
        first, last = length // 4, max(length // 4, length - length // 16 - self._fade_samples)
        if last - first < 2:
            return first
        count = last - first + self._fade_samples
        old = self._read(sample + self._offset + first, count)
        new = self._read(sample + self._next_offset + first, count)
        difference = np.sum(np.square(new - old, dtype=np.float64), axis=0)
        total = np.concatenate([[0.0], np.cumsum(difference)])
        return first + int(np.argmin(total[self._fade_samples :] - total[: -self._fade_samples]))

    def _sample_of(self, reference: int) -> int:
        return self._clock.sample_at(Fraction(reference, BEAT_SAMPLES))


class ToneStretch:
    """Stretch that keeps the partials of sustained sound, by Signalsmith Stretch."""

    def __init__(self, clock: TempoMap, read: ReadReference, channels: int) -> None:
        self._clock = clock
        self._read = read
        self._channels = channels
        self._position = -1
        self._fed = 0  # reference position up to which it was fed
        self._ready = np.zeros((channels, 0), dtype=np.float32)
        self._stretch = Signalsmith.Stretch()
        self._stretch.preset(channels, RATE_HZ)
        self._latency = int(self._stretch.inputLatency() + self._stretch.outputLatency())

    def render(self, start: int, count: int) -> Float:
        """Sound of samples ``start`` to ``start + count``, (channels, count). Thread: audio"""
        if start != self._position:
            self._seek(start)
        while self._ready.shape[1] < count:
            at = start + self._ready.shape[1]
            # Chunks end on an absolute grid, so that they do not depend on how much is asked for at a time.
            samples = CHUNK_SAMPLES - at % CHUNK_SAMPLES
            self._ready = np.concatenate([self._ready, self._feed(at + samples, samples)], axis=1)
        sound, self._ready = self._ready[:, :count], self._ready[:, count:]
        self._position = start + count
        return sound

    def _seek(self, start: int) -> None:
        """Warm up on what came before ``start``, so that it begins as if it had always run."""
        self._stretch.reset()
        self._ready = self._ready[:, :0]
        warm_samples = 2 * self._latency
        tempo_ratio = (
            self._clock.reference_at(start + self._latency) - self._clock.reference_at(start)
        ) / self._latency
        self._fed = self._clock.reference_at(start + self._latency) - round(warm_samples * tempo_ratio)
        self._feed(start, warm_samples)

    def _feed(self, until: int, samples: int) -> Float:
        """Feed what is due for the output up to sample ``until``, which is ``samples`` long."""
        target = self._clock.reference_at(until + self._latency)
        count = max(1, target - self._fed)
        sound = self._read(self._fed, count)
        self._fed += count
        self._stretch.timeFactor = count / samples
        stretched = np.asarray(self._stretch.process(np.ascontiguousarray(sound)))
        if stretched.shape[1] != samples:
            raise RuntimeError(f"time-stretch gave {stretched.shape[1]} samples for {samples}")
        return stretched
