from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live.clock import TempoMap
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ

TEMPOS = st.floats(20, 300)


def test_at_the_reference_tempo_a_beat_is_24000_samples_after_ten_hours_too():
    clock = TempoMap(120.0)
    samples = 10 * 3600 * RATE_HZ
    assert clock.beat_at(samples) == Fraction(samples, BEAT_SAMPLES)
    assert clock.sample_at(72_000) == samples
    assert clock.reference_at(samples) == samples


@given(tempo_bpm=TEMPOS, beat=st.integers(0, 200_000))
def test_the_sample_of_a_beat_is_the_first_at_or_after_it(tempo_bpm, beat):
    clock = TempoMap(tempo_bpm)
    sample = clock.sample_at(beat)
    assert clock.beat_at(sample) >= beat
    assert sample == 0 or clock.beat_at(sample - 1) < beat


def test_ten_hours_at_an_odd_tempo_drift_by_nothing():
    clock = TempoMap(126.0)
    beats = 126 * 60 * 10
    assert clock.sample_at(beats) == 10 * 3600 * RATE_HZ
    assert clock.beat_at(10 * 3600 * RATE_HZ) == beats


@given(tempos=st.lists(TEMPOS, min_size=1, max_size=8), over=st.sampled_from([0.0, 1.0, 16.0]))
def test_changes_of_tempo_leave_no_gap_and_never_go_back(tempos, over):
    clock = TempoMap(120.0)
    for number, tempo_bpm in enumerate(tempos):
        clock.change(Fraction(8 + 20 * number), tempo_bpm, over)
    assert clock.sample_at(8) == 8 * BEAT_SAMPLES
    positions = [clock.beat_at(sample) for sample in range(0, clock.sample_at(30 + 20 * len(tempos)), 4801)]
    assert all(after > before for before, after in pairwise(positions))
    end = clock.sample_at(28 + 20 * len(tempos))
    assert clock.tempo_at(end) == pytest.approx(tempos[-1])
    # After the last change the tempo is exact again: a beat there has its length.
    assert clock.sample_at(clock.beat_at(end) + 1) - end == pytest.approx(60 * RATE_HZ / tempos[-1], abs=1)


def test_a_ramp_takes_its_beats_and_their_time():
    clock = TempoMap(100.0)
    clock.change(Fraction(4), 140.0, 16.0)
    start, end = clock.sample_at(4), clock.sample_at(20)
    # Linear in time, so the mean tempo is the middle one: 16 beats at 120 BPM.
    assert end - start == pytest.approx(16 * BEAT_SAMPLES, abs=1)
    assert clock.tempo_at((start + end) // 2) == pytest.approx(120.0, abs=0.01)
    assert clock.tempo_at(end + 10) == 140.0
    middle = clock.beat_at((start + end) // 2)
    assert clock.sample_at(middle) == pytest.approx((start + end) // 2, abs=1)


def test_a_new_change_takes_the_place_of_what_was_planned():
    clock = TempoMap(120.0)
    clock.change(Fraction(4), 60.0, 64.0)
    clock.change(Fraction(8), 130.0)
    assert clock.tempo_at(clock.sample_at(9)) == 130.0
    assert clock.tempo_at(10**9) == 130.0


def test_thousands_of_nudges_stay_quick_and_exact():
    clock = TempoMap(120.0)
    for number in range(3000):
        clock.change(Fraction(number, 3), 120.0 + number % 7 + 0.1)
    sample = clock.sample_at(999)
    assert abs(clock.beat_at(sample) - 999) < Fraction(1, 1000)
    assert clock.beat_at(sample).denominator < 1 << 200


@given(
    tempos=st.lists(TEMPOS, min_size=1, max_size=4),
    reference=st.integers(-50_000, 3_000_000),
    swing=st.sampled_from([0.0, 0.5]),
)
def test_the_sample_of_a_reference_position_is_that_of_its_beat(tempos, reference, swing):
    clock = TempoMap(tempos[0])
    for number, tempo_bpm in enumerate(tempos[1:], start=1):
        clock.change(Fraction(13 * number, 3), tempo_bpm, over_beats=number % 2)
    if swing:
        clock.set_swing(Fraction(2), swing)
    assert clock.sample_of_reference(reference) == clock.sample_at(
        clock.swung(Fraction(reference, BEAT_SAMPLES))
    )
