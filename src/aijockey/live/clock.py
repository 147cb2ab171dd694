"""Samples and beats: the transport's position, counted in samples and never accumulated.

Time is a whole number of samples; beats follow from it through a list of tempo segments in rational numbers,
so hours do not drift. "The sample of a beat" is the first sample at or after it. The *reference position* of
a sample is where it falls on the 120 BPM grid that loops are stored on, 24,000 samples a beat.
"""

import bisect
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ, REFERENCE_BPM

Double = npt.NDArray[np.float64]

# Changes of swing that are kept; what is older is no longer heard.
MOST_SWINGS = 64
SAMPLES_PER_MINUTE = 60 * RATE_HZ
# Where a change of tempo falls between samples is kept to this fraction of a sample, so that thousands of
# changes do not grow the rationals; it defines where the change is, it does not accumulate.
SUBSAMPLES = 1 << 32


# At full swing every second sixteenth comes this much late: half a sixteenth, as a dotted one before it would.
FULL_SWING_BEATS = Fraction(1, 8)
EIGHTH_BEATS = Fraction(1, 2)


class _Segment:
    """From ``sample`` on, ``beat`` and on, at ``bpm``, which rises by ``slope`` a sample (not 0 in a ramp)."""

    __slots__ = ("beat", "bpm", "line", "sample", "slope")

    def __init__(self, beat: Fraction, sample: Fraction, bpm: Fraction, slope: Fraction) -> None:
        self.beat, self.sample, self.bpm, self.slope = beat, sample, bpm, slope
        # A steady segment in whole numbers, beat = (first + step * sample) / scale: ten times as quick.
        step = bpm / SAMPLES_PER_MINUTE
        first = beat - step * sample
        scale = math.lcm(step.denominator, first.denominator)
        self.line = (int(first * scale), int(step * scale), scale)

    def reference_at(self, sample: int) -> int:
        if self.slope:
            return math.floor(self.beat_at(sample) * BEAT_SAMPLES + Fraction(1, 2))
        first, step, scale = self.line
        return (2 * BEAT_SAMPLES * (first + step * sample) + scale) // (2 * scale)

    def first_sample_at(self, numerator: int, denominator: int) -> int:
        """First sample at or after the beat ``numerator / denominator``, of a steady segment."""
        first, step, scale = self.line
        return -((first * denominator - numerator * scale) // (step * denominator))

    def beat_at(self, sample: int | Fraction) -> Fraction:
        if not self.slope and isinstance(sample, int):
            first, step, scale = self.line
            return Fraction(first + step * sample, scale)
        passed = sample - self.sample
        beats = self.bpm * passed / SAMPLES_PER_MINUTE
        if self.slope:
            beats += self.slope * passed * passed / (2 * SAMPLES_PER_MINUTE)
        return self.beat + beats

    def bpm_at(self, sample: int | Fraction) -> Fraction:
        return self.bpm + self.slope * (sample - self.sample)

    def sample_at(self, beat: Fraction) -> Fraction | float:
        minutes_samples = (beat - self.beat) * SAMPLES_PER_MINUTE
        if not self.slope:
            return self.sample + minutes_samples / self.bpm
        bpm, slope = float(self.bpm), float(self.slope)
        # Quadratic in the form that stays exact when the slope is small.
        root = math.sqrt(max(0.0, bpm * bpm + 2.0 * slope * float(minutes_samples)))
        return float(self.sample) + 2.0 * float(minutes_samples) / (bpm + root)


class TempoMap:
    """The tempo from the start of the set on: constant stretches, and ramps that are linear in time.

    keep_pitch : whether loops keep their pitch at any tempo; for whoever plays them.
    """

    def __init__(self, tempo_bpm: float) -> None:
        self.keep_pitch = True
        self._target_bpm = Fraction(tempo_bpm)
        self._ramp_end = Fraction(0)
        self._bend = Fraction(1)
        self._swings: list[tuple[Fraction, Fraction]] = [(Fraction(0), Fraction(0))]  # from beat on, delay
        self._has_swung = False
        self._segments = [_Segment(Fraction(0), Fraction(0), Fraction(tempo_bpm), Fraction(0))]
        self._samples = [Fraction(0)]
        self._first_samples = [
            0
        ]  # the first whole ones: a sample is found among them sooner than among fractions
        self._beats = [Fraction(0)]

    @property
    def target_bpm(self) -> float:
        """The tempo that was asked for last, without what bends it."""
        return float(self._target_bpm)

    def change(self, beat: Fraction, tempo_bpm: float, over_beats: float = 0.0) -> None:
        """From ``beat`` on, go to ``tempo_bpm`` within ``over_beats`` and stay; what was planned
        after ``beat`` is dropped.

        Thread: audio
        """
        self._target_bpm = Fraction(tempo_bpm)
        self._ramp_end = beat + Fraction(over_beats)
        start, bpm = self._cut(beat)
        self._go(beat, start, bpm, self._target_bpm * self._bend, over_beats)

    def bend(self, beat: Fraction, percent: float) -> None:
        """From ``beat`` on, run faster by ``percent`` (slower below 0) than the tempo says; 0 lets go.

        A ramp that is under way goes on to its end, bent.

        Thread: audio
        """
        start, bpm = self._cut(beat)
        base = bpm / self._bend
        self._bend = 1 + Fraction(percent) / 100
        left_beats = max(Fraction(0), self._ramp_end - beat)
        # A change of the bend falls between samples like any change of tempo; what it bends from is rounded too.
        base = self._target_bpm if not left_beats else self._quantised(base)
        self._go(beat, start, base * self._bend, self._target_bpm * self._bend, left_beats)

    def set_swing(self, beat: Fraction, amount: float) -> None:
        """From the first eighth at or after ``beat`` on, delay every second sixteenth; ``amount`` 0 to 1.

        Thread: audio
        """
        start = math.ceil(beat / EIGHTH_BEATS) * EIGHTH_BEATS
        while len(self._swings) > 1 and self._swings[-1][0] >= start:
            self._swings.pop()
        self._swings.append((start, self._quantised(Fraction(amount) * FULL_SWING_BEATS)))
        self._has_swung = any(delay for _, delay in self._swings)
        if len(self._swings) > MOST_SWINGS:
            del self._swings[1 : -MOST_SWINGS // 2]

    @property
    def swings(self) -> bool:
        """Whether swing is, or was a moment ago, in use."""
        return any(delay for _, delay in self._swings[-2:])

    def swung(self, beat: Fraction) -> Fraction:
        """Where what stands on ``beat`` is heard: off-beat sixteenths late, all between in proportion."""
        eighth, inside, delay = self._swing_at(beat)
        if not delay:
            return beat
        half = EIGHTH_BEATS / 2
        if inside <= half:
            return eighth + inside * (half + delay) / half
        return eighth + EIGHTH_BEATS - (EIGHTH_BEATS - inside) * (half - delay) / half

    def straight(self, beat: Fraction) -> Fraction:
        """The inverse of `swung`: what is heard on ``beat``."""
        eighth, inside, delay = self._swing_at(beat)
        if not delay:
            return beat
        half = EIGHTH_BEATS / 2
        if inside <= half + delay:
            return eighth + inside * half / (half + delay)
        return eighth + EIGHTH_BEATS - (EIGHTH_BEATS - inside) * half / (half - delay)

    def _swing_at(self, beat: Fraction) -> tuple[Fraction, Fraction, Fraction]:
        delay = next((delay for start, delay in reversed(self._swings) if start <= beat), Fraction(0))
        eighth = beat // EIGHTH_BEATS * EIGHTH_BEATS
        return eighth, beat - eighth, delay

    def positions(self, start: int, count: int) -> tuple[int, Double]:
        """Exact positions of samples on the 120 BPM grid: a whole one, and (count,) what to add to it."""
        base = self.reference_at(start)
        offsets = np.empty(count)
        sample, end = start, start + count
        while sample < end:
            index = bisect.bisect_right(self._first_samples, sample)
            segment = self._segments[max(0, index - 1)]
            stop = end if index == len(self._samples) else min(end, math.ceil(self._samples[index]))
            passed = np.arange(stop - sample, dtype=np.float64)
            per_sample = BEAT_SAMPLES / SAMPLES_PER_MINUTE
            bpm = float(segment.bpm_at(sample))
            first = float(segment.beat_at(sample) * BEAT_SAMPLES - base)
            piece = first + per_sample * passed * (bpm + 0.5 * float(segment.slope) * passed)
            offsets[sample - start : stop - start] = piece
            sample = stop
        return base, offsets

    def beat_at(self, sample: int) -> Fraction:
        """Beats passed at ``sample``, exactly."""
        return self._segment_at_sample(sample).beat_at(sample)

    def position_at(self, sample: int) -> float:
        """`beat_at` as a float, ten times as quick."""
        segment = self._segment_at_sample(sample)
        if segment.slope:
            return float(segment.beat_at(sample))
        first, step, scale = segment.line
        return (first + step * sample) / scale

    def sample_at(self, beat: Fraction | float) -> int:
        """First sample at or after ``beat``."""
        exact = beat if isinstance(beat, Fraction) else Fraction(beat)
        segment = self._segments[max(0, bisect.bisect_right(self._beats, exact) - 1)]
        if not segment.slope:
            return segment.first_sample_at(exact.numerator, exact.denominator)
        sample = segment.sample_at(exact)
        return math.ceil(sample) if isinstance(sample, Fraction) else math.ceil(sample - 1e-6)

    def sample_of_reference(self, reference: int) -> int:
        """First sample at or after where the position ``reference`` of the 120 BPM grid is heard, swung."""
        last, begin = self._segments[-1], self._beats[-1]
        is_last = reference * begin.denominator >= begin.numerator * BEAT_SAMPLES
        if is_last and not last.slope and not self._has_swung:
            return last.first_sample_at(reference, BEAT_SAMPLES)  # the same, without fractions
        return self.sample_at(self.swung(Fraction(reference, BEAT_SAMPLES)))

    def reference_at(self, sample: int) -> int:
        """Position of ``sample`` on the 120 BPM grid, to the nearest sample."""
        return self._segment_at_sample(sample).reference_at(sample)

    def tempo_at(self, sample: int) -> float:
        """Tempo in BPM at ``sample``."""
        return float(self._segment_at_sample(sample).bpm_at(sample))

    def is_reference(self, sample: int) -> bool:
        """Whether at ``sample`` the transport runs at the reference tempo, where loops play as they are."""
        segment = self._segment_at_sample(sample)
        return not segment.slope and segment.bpm == REFERENCE_BPM

    def next_change(self, sample: int) -> float:
        """A sample up to which the tempo stays what it is at ``sample``; infinite where it always does."""
        index = bisect.bisect_right(self._first_samples, sample)
        if self._segments[max(0, index - 1)].slope:
            return sample
        return math.floor(self._samples[index]) if index < len(self._samples) else math.inf

    def _cut(self, beat: Fraction) -> tuple[Fraction, Fraction]:
        """Drop what was planned from ``beat`` on: its place in samples, and the tempo there."""
        start = self._quantised(self._exact_sample_at(beat))
        bpm = self._segments[max(0, bisect.bisect_right(self._samples, start) - 1)].bpm_at(start)
        while len(self._segments) > 1 and self._samples[-1] >= start:
            self._drop_last()
        return start, bpm

    def _go(
        self, beat: Fraction, start: Fraction, bpm: Fraction, wanted: Fraction, over_beats: Fraction | float
    ) -> None:
        if over_beats > 0 and wanted != bpm:
            length = self._quantised(2 * Fraction(over_beats) * SAMPLES_PER_MINUTE / (bpm + wanted))
            ramp = _Segment(beat, start, bpm, (wanted - bpm) / length)
            self._append(ramp)
            # The end's beat follows from the ramp itself, so that the two segments meet.
            beat, start = ramp.beat_at(start + length), start + length
        self._append(_Segment(beat, start, wanted, Fraction(0)))

    def _append(self, segment: _Segment) -> None:
        if self._samples[-1] == segment.sample:
            self._drop_last()
        self._segments.append(segment)
        self._samples.append(segment.sample)
        self._first_samples.append(math.ceil(segment.sample))
        self._beats.append(segment.beat)

    def _drop_last(self) -> None:
        for row in (self._segments, self._samples, self._first_samples, self._beats):
            row.pop()

    def _segment_at_sample(self, sample: int) -> _Segment:
        return self._segments[max(0, bisect.bisect_right(self._first_samples, sample) - 1)]

    def _exact_sample_at(self, beat: Fraction) -> Fraction | float:
        return self._segments[max(0, bisect.bisect_right(self._beats, beat) - 1)].sample_at(beat)

    @staticmethod
    def _quantised(sample: Fraction | float) -> Fraction:
        return Fraction(round(sample * SUBSAMPLES), SUBSAMPLES)


TICKS_PER_BEAT = 8


@dataclass(frozen=True)
class Moment:
    """Where the transport is: worked out once for all decks."""

    sample: int
    beat: Fraction
    reference: int
    is_reference: bool

    @property
    def tick(self) -> int:
        """Eighths of a beat passed."""
        return self.beat.numerator * TICKS_PER_BEAT // self.beat.denominator

    @classmethod
    def of(cls, clock: TempoMap, sample: int) -> "Moment":
        """The moment of ``sample``."""
        return cls(sample, clock.beat_at(sample), clock.reference_at(sample), clock.is_reference(sample))
