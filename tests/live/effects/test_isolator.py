import numpy as np
import pytest

from aijockey.live.effects.isolator import HIGH_HZ, LOW_HZ, Isolator
from aijockey.music.grid import RATE_HZ

SAMPLES = 1 << 15


def response_db(low, mid, high):
    """Magnitude of the filters' answer to an impulse, once they are engaged."""
    isolator = Isolator(1)
    isolator.process(np.zeros((1, 512), np.float32), 0.5, 0.5, 0.5)
    impulse = np.zeros((1, SAMPLES), np.float32)
    impulse[0, 0] = 1.0
    answer = isolator.process(impulse, low, mid, high)[0]
    return 20 * np.log10(np.abs(np.fft.rfft(answer)) + 1e-12)


def at(hz):
    return round(hz * SAMPLES / RATE_HZ)


def test_the_bands_sum_flat():
    db = response_db(1.0, 1.0, 1.0)
    assert np.abs(db[at(20) : at(20_000)]).max() < 0.01


@pytest.mark.parametrize(
    ("gains", "hz_killed", "hz_kept"),
    [
        ((0.0, 1.0, 1.0), 60, 1000),
        ((1.0, 0.0, 1.0), 790, 40),
        ((1.0, 1.0, 0.0), 10_000, 500),
    ],
)
def test_a_kill_kills_its_band_and_leaves_the_others(gains, hz_killed, hz_kept):
    db = response_db(*gains)
    assert db[at(hz_killed)] < -33
    assert abs(db[at(hz_kept)]) < 0.5


def test_bands_meet_at_half_amplitude():
    assert response_db(1.0, 0.0, 0.0)[at(LOW_HZ)] == pytest.approx(-6.02, abs=0.1)
    assert response_db(0.0, 0.0, 1.0)[at(HIGH_HZ)] == pytest.approx(-6.02, abs=0.1)


def test_untouched_it_is_bit_transparent_and_then_engages_without_a_click(rng):
    isolator = Isolator(2)
    time = np.arange(40 * 512) / RATE_HZ
    sound = np.stack([np.sin(2 * np.pi * 100 * time)] * 2).astype(np.float32)
    pieces = []
    for block in range(40):
        part = sound[:, block * 512 : (block + 1) * 512]
        low = 1.0 if block < 20 else np.linspace(1.0, 0.9, 512) if block == 20 else 0.9
        pieces.append(isolator.process(part, low, 1.0, 1.0))
    out = np.concatenate(pieces, axis=1)
    np.testing.assert_array_equal(out[:, : 20 * 512], sound[:, : 20 * 512])
    # The steepest step of a sine of 100 Hz, with room for the phase moving over one block.
    steepest = 2 * np.pi * 100 / RATE_HZ
    assert np.abs(np.diff(out)).max() < 4 * steepest


def test_blocks_equal_the_whole_and_reset_is_silent(rng):
    sound = rng.normal(size=(2, 4096)).astype(np.float32)
    whole, parts = Isolator(2), Isolator(2)
    for isolator in (whole, parts):
        isolator.process(np.zeros((2, 512), np.float32), 0.5, 1.0, 1.0)
    expected = whole.process(sound, 0.3, 0.8, 1.2)
    pieces = [parts.process(sound[:, start : start + 65], 0.3, 0.8, 1.2) for start in range(0, 4096, 65)]
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), expected, atol=1e-6)
    whole.reset()
    assert not whole.process(np.zeros((2, 512), np.float32), 0.3, 0.8, 1.2).any()


@pytest.mark.parametrize("block", [64, 65, 480, 4096])
def test_knobs_that_rest_move_and_rest_again_weigh_the_same_bands(block, rng):
    # One filter for what rests, three for what moves: what comes out is always the bands, weighed sample by sample.
    samples = 24_000
    sound = rng.normal(size=(2, samples)).astype(np.float32)
    at = np.arange(samples)
    low = np.stack([np.interp(at, [6000, 6480, 12_000, 14_000], [0.5, 0.1, 0.1, 0.9]), np.full(samples, 0.3)])
    mid = np.interp(at, [18_000, 18_100], [1.0, 0.0]) * np.ones((2, 1))

    def awake():
        isolator = Isolator(2)
        isolator.process(np.zeros((2, 512), np.float32), 0.5, 1.0, 1.0)
        return isolator

    lows, mids, highs = (awake().process(sound, *gains) for gains in np.eye(3).tolist())
    isolator = awake()
    pieces = []
    for start in range(0, samples, block):
        part = slice(start, start + block)
        gains = [gain[:, part] for gain in (low, mid)]
        gains = [gain[:, :1] if (gain == gain[:, :1]).all() else gain for gain in gains]
        pieces.append(isolator.process(sound[:, part], *gains, 1.0))
    expected = low * lows + mid * mids + highs
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), expected, atol=1e-6)
