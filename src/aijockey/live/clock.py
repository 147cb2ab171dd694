"""Samples and beats: the transport's position, counted in samples and never accumulated.

Time is a whole number of samples; beats follow from it through a list of tempo segments in rational numbers,
so hours do not drift. "The sample of a beat" is the first sample at or after it. The *reference position* of
a sample is where it falls on the 120 BPM grid that loops are stored on, 24,000 samples a beat.
"""

import bisect
import math
from dataclasses import dataclass
from fractions import Fraction

from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ, REFERENCE_BPM

SAMPLES_PER_MINUTE = 60 * RATE_HZ
# Where a change of tempo falls between samples is kept to this fraction of a sample, so that thousands of
# changes do not grow the rationals; it defines where the change is, it does not accumulate.
SUBSAMPLES = 1 << 32


@dataclass(frozen=True)
class _Segment:
    beat: Fraction
    sample: Fraction
    bpm: Fraction
    slope: Fraction  # BPM per sample; not 0 in a ramp

    def beat_at(self, sample: int | Fraction) -> Fraction:
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
    """The tempo from the start of the set on: constant stretches, and ramps that are linear in time."""

    def __init__(self, tempo_bpm: float) -> None:
        self._segments = [_Segment(Fraction(0), Fraction(0), Fraction(tempo_bpm), Fraction(0))]
        self._samples = [Fraction(0)]
        self._beats = [Fraction(0)]

    def change(self, beat: Fraction, tempo_bpm: float, over_beats: float = 0.0) -> None:
        """From ``beat`` on, go to ``tempo_bpm`` within ``over_beats`` and stay; what was planned
        after ``beat`` is dropped.

        Thread: audio
        """
        start = self._quantised(self._exact_sample_at(beat))
        bpm = self._segment_at_sample(start).bpm_at(start)
        while len(self._segments) > 1 and self._samples[-1] >= start:
            self._segments.pop(), self._samples.pop(), self._beats.pop()
        wanted = Fraction(tempo_bpm)
        if over_beats > 0 and wanted != bpm:
            length = self._quantised(2 * Fraction(over_beats) * SAMPLES_PER_MINUTE / (bpm + wanted))
            ramp = _Segment(beat, start, bpm, (wanted - bpm) / length)
            self._append(ramp)
            # The end's beat follows from the ramp itself, so that the two segments meet.
            beat, start = ramp.beat_at(start + length), start + length
        self._append(_Segment(beat, start, wanted, Fraction(0)))

    def beat_at(self, sample: int) -> Fraction:
        """Beats passed at ``sample``, exactly."""
        return self._segment_at_sample(sample).beat_at(sample)

    def sample_at(self, beat: Fraction | float) -> int:
        """First sample at or after ``beat``."""
        sample = self._exact_sample_at(Fraction(beat))
        return math.ceil(sample) if isinstance(sample, Fraction) else math.ceil(sample - 1e-6)

    def reference_at(self, sample: int) -> int:
        """Position of ``sample`` on the 120 BPM grid, to the nearest sample."""
        return math.floor(self.beat_at(sample) * BEAT_SAMPLES + Fraction(1, 2))

    def tempo_at(self, sample: int) -> float:
        """Tempo in BPM at ``sample``."""
        return float(self._segment_at_sample(sample).bpm_at(sample))

    def is_reference(self, sample: int) -> bool:
        """Whether at ``sample`` the transport runs at the reference tempo, where loops play as they are."""
        segment = self._segment_at_sample(sample)
        return not segment.slope and segment.bpm == REFERENCE_BPM

    def _append(self, segment: _Segment) -> None:
        if self._samples[-1] == segment.sample:
            self._segments.pop(), self._samples.pop(), self._beats.pop()
        self._segments.append(segment)
        self._samples.append(segment.sample)
        self._beats.append(segment.beat)

    def _segment_at_sample(self, sample: int | Fraction) -> _Segment:
        return self._segments[max(0, bisect.bisect_right(self._samples, sample) - 1)]

    def _exact_sample_at(self, beat: Fraction) -> Fraction | float:
        return self._segments[max(0, bisect.bisect_right(self._beats, beat) - 1)].sample_at(beat)

    @staticmethod
    def _quantised(sample: Fraction | float) -> Fraction:
        return Fraction(round(sample * SUBSAMPLES), SUBSAMPLES)


@dataclass(frozen=True)
class Moment:
    """Where the transport is: worked out once for all decks."""

    sample: int
    beat: Fraction
    reference: int
    is_reference: bool

    @classmethod
    def of(cls, clock: TempoMap, sample: int) -> "Moment":
        """The moment of ``sample``."""
        return cls(sample, clock.beat_at(sample), clock.reference_at(sample), clock.is_reference(sample))
