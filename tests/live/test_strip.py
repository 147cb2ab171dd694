import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live.strip import Strip, factor, pan_gains, pump_gain


@given(pan=st.floats(-1, 1))
def test_pan_keeps_the_power(pan):
    left, right = pan_gains(pan)
    assert left**2 + right**2 == pytest.approx(2.0)
    assert (left >= right) == (pan <= 0) or left == pytest.approx(right)


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


def run(strip, sound, start=0, crossfader=0.0):
    pieces = []
    for at in range(0, sound.shape[1], 512):
        part = sound[:, at : at + 512]
        buses = strip.process(part, start + at, part.shape[1], np.zeros(part.shape[1]), crossfader)
        pieces.append(buses.main)
    return np.concatenate(pieces, axis=1)


def test_untouched_it_passes_mono_to_both_sides_bit_by_bit(rng):
    sound = rng.normal(size=(1, 4096)).astype(np.float32)
    out = run(Strip({}), sound)
    np.testing.assert_array_equal(out[0], sound[0])
    np.testing.assert_array_equal(out[1], sound[0])


@pytest.mark.parametrize(
    ("name", "value"), [("gain_db", -90.0), ("gain_db", 12.0), ("mute", 1.0), ("pan", 1.0), ("low_db", -90.0)]
)
def test_no_move_clicks(name, value):
    strip = Strip({})
    sound = np.full((1, 9600), 0.5, np.float32)
    strip.send(name, 3000, value, 0)
    out = run(strip, sound)
    assert np.abs(np.diff(out, axis=1)).max() < 0.05
    # Nothing happens before; the isolator is faded in over the block of 512 that its first move falls in.
    np.testing.assert_array_equal(out[0, : 2560 if name == "low_db" else 3000], 0.5)


def test_sends_are_after_the_fader(rng):
    sound = rng.normal(size=(1, 512)).astype(np.float32)
    buses = Strip({"gain_db": -20.0, "echo_send": 0.5, "pan": 0.0}).process(sound, 0, 512, np.zeros(512), 0.0)
    np.testing.assert_allclose(buses.echo, 0.05 * np.concatenate([sound, sound]), rtol=1e-5)
    assert buses.room is None


def test_a_silent_deck_rings_out_and_then_costs_nothing(rng):
    strip = Strip({"filter": -0.5})
    run(strip, rng.normal(size=(1, 512)).astype(np.float32))
    answers = [strip.process(None, 512 * k, 512, np.zeros(512), 0.0) for k in range(1, 20)]
    assert np.abs(answers[0].main).max() > 0
    assert answers[-1] is None


def test_a_fault_silences_the_strip_and_it_recovers(rng):
    strip = Strip({"low_db": -10.0, "filter": -0.3})
    bad = np.full((1, 512), np.nan, np.float32)
    assert strip.process(bad, 0, 512, np.zeros(512), 0.0) is None
    assert strip.faults == 1
    out = run(strip, rng.normal(size=(1, 2048)).astype(np.float32), 512)
    assert np.isfinite(out).all()
    assert np.abs(out).max() > 0.01
