import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.control.parameters import CROSSFADER_CURVES
from aijockey.live.gain_law import CURVES, crossfader_gain, factor, pan_gains, pump_gain, solo_gain


@given(pan=st.floats(-1, 1))
def test_pan_keeps_the_power(pan):
    left, right = pan_gains(pan)
    assert left**2 + right**2 == pytest.approx(2.0)
    assert (left >= right) == (pan <= 0) or left == pytest.approx(right)


def test_pan_in_the_middle_changes_nothing():
    left, right = pan_gains(np.array([[0.0], [0.5]]))
    assert left[0] == right[0] == 1.0
    assert right[1] > left[1]


def test_a_fader_at_its_lowest_is_silence():
    assert factor(-90.0) == 0.0
    assert factor(0.0) == 1.0
    assert factor(-6.0206) == pytest.approx(0.5, abs=1e-5)
    np.testing.assert_allclose(factor(np.array([-90.0, 0.0])), [0.0, 1.0])


def test_the_pump_ducks_on_the_beat_and_is_open_before_the_next():
    beats = np.linspace(3.0, 5.0, 4800, endpoint=False)
    gain = pump_gain(beats, 0.8)
    assert gain[0] == pytest.approx(0.2, abs=0.01)
    np.testing.assert_allclose(gain[(np.mod(beats, 1) > 0.76) & (np.mod(beats, 1) < 0.97)], 1.0)
    assert (pump_gain(beats, 0.0) == 1.0).all()
    # It closes within 2 % of a beat, and never jumps.
    assert np.abs(np.diff(pump_gain(np.linspace(3.5, 4.5, 24_000), 1.0))).max() < 0.01


def sides(position, curve):
    gain = crossfader_gain(np.array([[-1.0], [0.0], [1.0]]), position, {curve: 1.0})
    return gain[:, 0]


@pytest.mark.parametrize("curve", CROSSFADER_CURVES)
def test_every_curve_gives_one_side_at_its_end_and_leaves_thru_alone(curve):
    assert set(CURVES) == set(CROSSFADER_CURVES)
    np.testing.assert_allclose(sides(-1.0, curve), [1.0, 1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(sides(1.0, curve), [0.0, 1.0, 1.0], atol=1e-12)
    gains = np.array([sides(position, curve) for position in np.linspace(-1, 1, 201)])
    assert (np.diff(gains[:, 0]) <= 1e-12).all()
    np.testing.assert_allclose(gains[:, 0], gains[::-1, 2], atol=1e-12)


@given(position=st.floats(-1, 1))
def test_smooth_keeps_the_power_linear_the_amplitude_and_cut_both_sides(position):
    a, _, b = sides(position, "smooth")
    assert a * a + b * b == pytest.approx(1.0)
    a, _, b = sides(position, "linear")
    assert a + b == pytest.approx(1.0)
    a, _, b = sides(position, "cut")
    assert max(a, b) == 1.0
    if abs(position) < 0.8:
        assert a == b == 1.0


def test_solo_leaves_the_solo_decks_and_the_safe_ones():
    column = np.array
    none = solo_gain(column([[0.0], [0.0], [0.0]]), column([[0.0], [1.0], [0.0]]))
    assert (none == 1.0).all()
    gain = solo_gain(column([[1.0], [0.0], [0.0]]), column([[0.0], [1.0], [0.0]]))
    np.testing.assert_array_equal(gain[:, 0], [1.0, 1.0, 0.0])
