import numpy as np
import pytest
from scipy.signal import sosfreqz

from aijockey.live.effects.sweep_filter import BLEND, SweepFilter, cutoff_hz, sections
from aijockey.music.grid import RATE_HZ


@pytest.mark.parametrize("position", [-1.0, -0.7, -0.4, 0.2, 0.6, 1.0])
def test_three_decibels_down_at_the_cutoff_and_24_an_octave_beyond(position):
    cutoff = cutoff_hz(position)
    beyond = cutoff * (2.0 if position < 0 else 0.5)
    _, response = sosfreqz(sections(position), worN=[cutoff, beyond], fs=RATE_HZ)
    db = 20 * np.log10(np.abs(response))
    assert db[0] == pytest.approx(-3.01, abs=0.02)
    if cutoff < RATE_HZ / 8:  # beyond, the bilinear transform steepens the slope
        assert db[1] == pytest.approx(-24.1, abs=1.5)


def test_the_knob_goes_from_open_to_closed_in_even_octaves():
    assert cutoff_hz(-1.0) == pytest.approx(60)
    assert cutoff_hz(1.0) == pytest.approx(10_000)
    ratio = cutoff_hz(-0.25) / cutoff_hz(-0.5)
    assert cutoff_hz(-0.5) / cutoff_hz(-0.75) == pytest.approx(ratio)


def test_what_is_processed_is_what_the_sections_say():
    sweep = SweepFilter(1)
    time = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * cutoff_hz(-0.5) * time).astype(np.float32)[None]
    out = sweep.process(tone, -0.5)
    assert np.sqrt(np.mean(out[0, RATE_HZ // 2 :] ** 2)) == pytest.approx(0.5, abs=0.01)


def test_zero_is_bit_transparent_and_silence_stays_silent(rng):
    sweep = SweepFilter(2)
    sound = rng.normal(size=(2, 512)).astype(np.float32)
    assert sweep.process(sound, 0.0) is sound
    sweep.process(sound, -0.5)
    sweep.reset()
    assert not sweep.process(np.zeros((2, 512), np.float32), -0.5).any()


def test_a_sweep_through_the_middle_does_not_click():
    time = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 200 * time).astype(np.float32)[None]
    position = np.linspace(-0.5, 0.5, RATE_HZ)
    sweep = SweepFilter(1)
    blocks = [
        sweep.process(tone[:, start : start + 512], position[start : start + 512])
        for start in range(0, RATE_HZ, 512)
    ]
    out = np.concatenate(blocks, axis=1)
    # Second differences show a click that the tone's own slope would hide.
    bend = np.abs(np.diff(out, n=2)).max() / (2 * np.pi * 200 / RATE_HZ) ** 2
    assert bend < 3.0
    assert BLEND > 0
