"""Time-stretch of loops to the transport's tempo, keeping pitch, locked to its samples.

A stretcher reads from an endless *reference signal* on the 120 BPM grid, random access, and gives the sound
of any stretch of transport samples. Two kinds, for two kinds of material:

`GridStretch` keeps attacks whole, for rhythms. The signal runs at its own speed along *lines*; each sixteenth
of the grid lies exactly on a line, and in between, where it is heard least, one line is cross-faded into the
next. At 120 BPM all lines coincide and the reference comes through bit by bit.

`ToneStretch` keeps partials whole, for chords and basses: a phase vocoder whose frames are read from where
the transport is, so it cannot drift.

`Varispeed` keeps neither pitch nor anything else from following the tempo, as a record player does.

All three can be set to start anywhere and give the same from there. ``rate`` is the speed at which the two
stretchers read along their lines and within their frames: 2 is an octave up, at the same tempo.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.stft import hann
from aijockey.live.clock import TempoMap
from aijockey.live.interpolation import ReadReference, read_between
from aijockey.music.grid import BEAT_SAMPLES, REFERENCE_BPM, SIXTEENTH_SAMPLES

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]

FADE_SAMPLES = 512
# A splice may jump this far; faster or slower tempos splice more often instead.
MOST_JUMP_SAMPLES = 900
DIVISIONS = tuple(number for number in range(1, 61) if SIXTEENTH_SAMPLES % number == 0)
# Both stretchers may read this far ahead of the transport, on the grid; swaps are settled before.
LOOKAHEAD_BEATS = 1.0
FRAME_SAMPLES = 5760
HOP_SAMPLES = FRAME_SAMPLES // 4
OVERLAP_GAIN = 1.5  # what squared Hann windows sum to at a hop of a quarter
ATTACK_RATIO = 8.0


@lru_cache(maxsize=64)
def _fade(samples: int) -> Float:
    """Raised cosine from 0 to 1: the two lines carry nearly the same sound, so their gains sum to 1."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples)).astype(np.float32)


class GridStretch:
    """Stretch that keeps every sixteenth's attack as it is.

    Parameters
    ----------
    origin : where on the 120 BPM grid a sixteenth of the material stands, for loops that run out of phase.
    """

    def __init__(self, clock: TempoMap, read: ReadReference, rate: float = 1.0, origin: int = 0) -> None:
        self.rate = rate
        self._clock = clock
        self._read = read
        self._origin = origin % SIXTEENTH_SAMPLES
        self._position = -1
        self._reference = 0  # of the present grid point
        self._grain_end = 0  # sample of the next one
        self._line = self._next_line = _Line(0, 0, rate)
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
        self._splice = sample
        if self._next_line != self._line:
            self._splice += self._least_heard(sample, length)

    def _least_heard(self, sample: int, length: int) -> int:
        """Where in the grain the lines differ least over a fade: mostly a quiet place, or one in phase."""
        first, last = length // 4, max(length // 4, length - length // 16 - self._fade_samples)
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
        return self._clock.sample_at(self._clock.swung(Fraction(reference, BEAT_SAMPLES)))


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


class ToneStretch:
    """Stretch that keeps partials whole: a phase vocoder with phase locking (Laroche and Dolson 1999).

    Frames of 120 ms stand every 30 ms of *output*, and each is read from where the transport then is in
    the reference, so the sound cannot drift. How far a partial turns between two frames is measured, not
    unwrapped: from the frame and one read exactly a hop before it. At the reference tempo that is the
    last frame itself, and the reference comes through unchanged. What begins within a frame keeps its own
    phase, so that attacks stay crisp. Channels turn together.

    (python-stretch was tried first: fed block by block its pitch was 0.3 to 2 % off away from a ratio of 1.)
    """

    def __init__(self, clock: TempoMap, read: ReadReference, channels: int, rate: float = 1.0) -> None:
        self.rate = rate
        self._clock = clock
        self._read = read
        self._window = hann(FRAME_SAMPLES)
        self._position = -1
        self._frame = 0
        self._last: Complex | None = None  # what the last frame became, channels summed
        self._sum = np.zeros((channels, FRAME_SAMPLES), dtype=np.float32)  # overlapping frames still to come
        self._ready = np.zeros((channels, 0), dtype=np.float32)

    def render(self, start: int, count: int) -> Float:
        """Sound of samples ``start`` to ``start + count``, (channels, count). Thread: audio"""
        skip = 0
        if start != self._position:
            # Frames stand on an absolute grid; the first that reaches ``start`` is centred half
            # a frame before.
            self._frame = (start - FRAME_SAMPLES // 2) // HOP_SAMPLES
            self._last = None
            self._sum[:] = 0.0
            self._ready = self._ready[:, :0]
            skip = start - (self._frame * HOP_SAMPLES - FRAME_SAMPLES // 2)
        missing = count + skip - self._ready.shape[1]
        sound = self._ready
        if missing > 0:
            sound = np.concatenate([sound, self._next_hops(-(-missing // HOP_SAMPLES))], axis=1)[:, skip:]
        self._ready = sound[:, count:]
        self._position = start + count
        return sound[:, :count]

    def _next_hops(self, hops: int) -> Float:
        """Add the next frames, one a hop; gives the samples that no later frame reaches."""
        reach = hops * HOP_SAMPLES
        total = np.zeros((len(self._sum), FRAME_SAMPLES + reach), dtype=np.float32)
        total[:, :FRAME_SAMPLES] = self._sum
        sounds = [self._around(self._frame + hop) for hop in range(hops)]
        self._frame += hops
        sounding = [bool(sound.any()) for sound in sounds]
        if any(sounding):
            # All frames in one transform: (hops, 2, channels, samples).
            frames = np.empty((hops, 2, len(total), FRAME_SAMPLES), dtype=np.float32)
            for pair, sound in zip(frames, sounds, strict=True):
                np.multiply(sound[:, HOP_SAMPLES:], self._window, out=pair[0])
                np.multiply(sound[:, :FRAME_SAMPLES], self._window, out=pair[1])
            turned = self._turned(scipy.fft.rfft(frames), sounding)
            made = scipy.fft.irfft(turned, FRAME_SAMPLES)
            made *= self._window
            for hop in np.flatnonzero(sounding).tolist():
                total[:, hop * HOP_SAMPLES : hop * HOP_SAMPLES + FRAME_SAMPLES] += made[hop]
        else:
            self._last = None
        self._sum = total[:, reach:]
        return total[:, :reach] * np.float32(1.0 / OVERLAP_GAIN)

    def _around(self, frame: int) -> Float:
        """What a frame and the one a hop before it are made of, (channels, frame and hop)."""
        centre = self._clock.reference_at(frame * HOP_SAMPLES)
        if self.rate == 1.0:
            return self._read(centre - FRAME_SAMPLES // 2 - HOP_SAMPLES, FRAME_SAMPLES + HOP_SAMPLES)
        offsets = self.rate * (
            np.arange(FRAME_SAMPLES + HOP_SAMPLES, dtype=np.float64) - (FRAME_SAMPLES // 2 + HOP_SAMPLES)
        )
        return read_between(self._read, centre, offsets, self.rate)

    def _turned(self, spectra: Complex, sounding: list[bool]) -> Complex:
        """Spectra (hops, 2, channels, bins), each with that of a hop before it, turned so that each partial goes on
        from the last frame: (hops, channels, bins).
        """
        turned = spectra[:, 0]
        summed = spectra.sum(axis=2) if spectra.shape[2] > 1 else spectra[:, :, 0]
        power = np.square(summed.real)
        power += np.square(summed.imag)
        for hop, sounds in enumerate(sounding):
            if not sounds:
                self._last = None
                continue
            centre, back = summed[hop]
            if self._last is None:
                self._last = centre.copy()
                continue
            peaks = _peaks(power[hop, 0])
            turn = self._last[peaks] * np.conj(back[peaks])
            size = np.abs(turn)
            # What has just begun, or was nothing, keeps its own phase.
            new = (power[hop, 0, peaks] > ATTACK_RATIO * power[hop, 1, peaks]) | (size < 1e-20)
            turn *= np.float32(1.0) / np.maximum(size, 1e-20)
            turn[new] = 1.0
            # Each bin turns with its peak, up to half-way to the next.
            edges = np.concatenate([[0], (peaks[:-1] + peaks[1:] + 1) // 2, [power.shape[2]]])
            turns = np.repeat(turn, np.diff(edges))
            self._last = centre * turns
            turned[hop] *= turns
        return turned


def _peaks(power: Float) -> npt.NDArray[np.int64]:
    """Bins that are the largest of their two neighbours on either side; at least one."""
    inner = power[2:-2]
    is_peak = (inner >= power[1:-3]) & (inner > power[3:-1]) & (inner >= power[:-4]) & (inner > power[4:])
    found = np.flatnonzero(is_peak) + 2
    return found if len(found) else np.array([int(np.argmax(power))])
