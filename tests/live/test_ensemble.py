"""Several members, one image: as wide as they differ, mono intact, the bass of one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live.ensemble import BASS_HZ, WIDE_HZ, mix_members, pan_weights
from aijockey.live.loudness import loudness_lufs
from aijockey.live.members import MOST_MEMBERS, Ensemble, EnsembleError, ensemble_of, format_pans, parse_pans
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ


def even(count):
    return pan_weights(Ensemble(0.3, count).places)


def correlation(stereo):
    return float(np.corrcoef(stereo)[0, 1])


def section(rng, count, difference, low_hz=40.0):
    """Members that share a sound and differ by a share of noise of their own; circular."""
    hz = np.arange(LOOP_SAMPLES // 2 + 1) * RATE_HZ / LOOP_SAMPLES
    shape = np.where(hz > low_hz, 1.0 / np.maximum(hz, low_hz), 0.0)
    noise = rng.normal(size=(count + 1, LOOP_SAMPLES // 2 + 1)) + 1j * rng.normal(
        size=(count + 1, LOOP_SAMPLES // 2 + 1)
    )
    sounds = np.fft.irfft(noise * shape, n=LOOP_SAMPLES, axis=1)
    mixed = np.sqrt(1.0 - difference**2) * sounds[0] + difference * sounds[1:]
    return (0.1 * mixed / mixed.std()).astype(np.float32)


@given(places=st.lists(st.floats(-1, 1), min_size=1, max_size=MOST_MEMBERS))
def test_places_have_equal_power(places):
    np.testing.assert_allclose(np.square(pan_weights(places)).sum(axis=0), 1.0, atol=1e-12)


@pytest.mark.parametrize("count", range(1, MOST_MEMBERS + 1))
def test_both_sides_have_the_same_power_when_members_stand_evenly(count):
    left, right = np.square(even(count)).sum(axis=1)
    assert left == pytest.approx(right)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_equal_members_are_that_member_in_the_middle(count, rng):
    one = section(rng, 1, 0.0)
    stereo = mix_members(np.repeat(one, count, axis=0), even(count))
    np.testing.assert_allclose(stereo, np.repeat(one, 2, axis=0), atol=2e-6)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_the_more_members_differ_the_wider_it_is(count, rng):
    members = [section(rng, count, difference, low_hz=2000.0) for difference in (0.0, 0.2, 0.4, 0.7, 1.0)]
    found = [correlation(mix_members(each, even(count))) for each in members]
    assert found[0] == pytest.approx(1.0, abs=1e-6)
    assert all(after < before for before, after in pairwise(found))


@pytest.mark.parametrize("difference", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("count", [2, 4, 8])
def test_the_mono_sum_is_as_loud_as_one_member(count, difference, rng):
    members = section(rng, count, difference)
    mono = mix_members(members, even(count)).mean(axis=0, keepdims=True)
    assert loudness_lufs(mono) == pytest.approx(loudness_lufs(members[:1]), abs=0.5)


def test_the_bass_is_that_of_the_first_member_on_both_sides(rng):
    members = section(rng, 4, 1.0, low_hz=30.0)
    members[1] = -members[0]  # what would cancel
    spectra = np.fft.rfft(mix_members(members, even(4)).astype(np.float64))
    wanted = np.fft.rfft(members[0].astype(np.float64))
    below = slice(0, int(BASS_HZ * LOOP_SAMPLES / RATE_HZ))
    for side in spectra:
        np.testing.assert_allclose(side[below], wanted[below], atol=1e-3 * np.abs(wanted).max())


def test_a_loop_stays_a_circle(rng):
    """Turned members give the turned mix: no filter knows where the loop begins (only loudness does)."""
    members = section(rng, 3, 0.6)
    turned = mix_members(np.roll(members, 12_345, axis=1), even(3))
    np.testing.assert_allclose(turned, np.roll(mix_members(members, even(3)), 12_345, axis=1), atol=5e-4)


def test_members_come_to_the_level_of_the_first(rng):
    members = section(rng, 3, 1.0)
    softer = members * np.float32([[1.0], [0.5], [1.7]])
    np.testing.assert_allclose(mix_members(softer, even(3)), mix_members(members, even(3)), atol=1e-3)


def test_silence_stays_silence_and_a_silent_member_is_finite(rng):
    assert not mix_members(np.zeros((3, LOOP_SAMPLES), np.float32), even(3)).any()
    members = section(rng, 3, 0.5)
    members[2] = 0.0
    assert np.isfinite(mix_members(members, even(3))).all()


def test_opposite_members_do_not_blow_up(rng):
    one = section(rng, 1, 0.0)[0]
    stereo = mix_members(np.stack([one, -one]), even(2))
    assert np.sqrt(np.mean(np.square(stereo))) <= 1.5 * np.sqrt(np.mean(np.square(one)))


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0])
def test_loops_of_other_lengths_too(seconds, rng):
    members = section(rng, 2, 0.5)[:, : int(seconds * RATE_HZ)]
    assert mix_members(members, even(2)).shape == (2, int(seconds * RATE_HZ))


def test_shapes_must_fit(rng):
    with pytest.raises(ValueError, match="expected"):
        mix_members(np.zeros((2, 100), np.float32), even(3))


@given(
    pans=st.lists(
        st.none() | st.integers(-100, 100).map(lambda number: number / 100), min_size=1, max_size=8
    ).filter(lambda pans: any(place is not None for place in pans))
)
def test_places_go_to_text_and_back(pans):
    assert parse_pans(format_pans(tuple(pans))) == tuple(pans)


@pytest.mark.parametrize(
    "text", ["", "x", "x x", "2", "left", "nan", "0 0 0 0 0 0 0 0 0", "1e999", "0," * 10_000]
)
def test_other_texts_are_refused(text):
    with pytest.raises(EnsembleError, match="expected"):
        parse_pans(text)


@pytest.mark.parametrize(
    "arguments", [(0.0, 4), (0.5, 1), (0.5, 4, "-", 1), (0.5, 4, "0 x x x"), (0.5, 2, "1 x")]
)
def test_where_one_member_is_all_there_is_no_ensemble(arguments):
    assert ensemble_of(*arguments) is None


def test_places_that_are_not_named_are_even_and_solo_is_one_member():
    ensemble = ensemble_of(0.5, 4, "0 x")
    assert ensemble.places == (0.0, None, pytest.approx(1 / 3), 1.0)
    assert ensemble.audible == (0, 2, 3)
    assert ensemble_of(0.5, 4, "-", 3).audible == (2,)
    assert WIDE_HZ > BASS_HZ
