import numpy as np
import pytest
from scipy.signal import resample_poly

from aijockey.live.effects.limiter import CEILING_DBTP, Limiter
from aijockey.live.true_peak import TruePeakMeter
from aijockey.music.grid import RATE_HZ

# What the measuring interpolation itself leaves open.
TOLERANCE_DB = 0.05


def run(sound, block=512):
    limiter = Limiter()
    pieces = [limiter.process(sound[:, start : start + block]) for start in range(0, sound.shape[1], block)]
    return np.concatenate(pieces, axis=1), limiter


def peak_dbtp(sound):
    meter = TruePeakMeter()
    meter.add(sound)
    meter.add(np.zeros((2, 64), np.float32))
    return meter.level_dbtp


def test_quiet_sound_passes_bit_by_bit_after_the_declared_delay(rng):
    sound = (rng.uniform(-0.2, 0.2, size=(2, 9600))).astype(np.float32)
    out, limiter = run(sound)
    delay = limiter.latency_samples
    np.testing.assert_array_equal(out[:, delay:], sound[:, : 9600 - delay])
    assert not out[:, :delay].any()
    assert limiter.gain_reduction_db == 0.0


@pytest.mark.parametrize("level_db", [0, 6, 20, 60])
@pytest.mark.parametrize("hz", [40, 997, 11_950, 19_000])
def test_a_steady_tone_is_brought_to_the_ceiling(level_db, hz):
    time = np.arange(RATE_HZ) / RATE_HZ
    tone = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * time + 0.4)
    out, _ = run(np.stack([tone, tone]).astype(np.float32))
    # Faded at the ends, since a cut would overshoot by itself.
    level = peak_dbtp(out[:, RATE_HZ // 2 :] * np.hanning(RATE_HZ // 2 + 2)[1:-1].astype(np.float32))
    assert CEILING_DBTP - 0.8 < level <= CEILING_DBTP + TOLERANCE_DB


def hostile_block(rng, samples):
    kind = rng.integers(0, 11)
    noise = rng.normal(size=(2, samples))
    block = np.zeros((2, samples))
    if kind == 0:
        block = noise * 10 ** rng.uniform(-3, 3)
    elif kind == 1:
        block = np.full((2, samples), rng.choice([-1.0, 1.0, 1e3]))
    elif kind == 2:
        block = noise
        block[:, rng.integers(0, samples, 5)] = rng.choice([np.nan, np.inf, -np.inf])
    elif kind == 3:
        block = np.sign(noise) * 10 ** rng.uniform(-1, 2)
    elif kind == 4:
        block[:, rng.integers(0, samples)] = 1e3
    elif kind == 5:
        block = np.tile([1.0, -1.0], (2, samples // 2)) * 10 ** rng.uniform(-1, 3)
    elif kind == 6:
        block = np.tile([1.0, 1.0, -1.0, -1.0], (2, samples // 4)) * 10 ** rng.uniform(-1, 3)
    elif kind == 7:
        block = np.full((2, samples), rng.choice([1e38, -1e38]))
    elif kind == 8:
        block = 10 * np.sin(2 * np.pi * rng.uniform(20, 23_900) / RATE_HZ * np.arange(samples) + noise[:, :1])
    elif kind == 9:
        block = np.concatenate([np.zeros((2, samples // 2)), noise[:, samples // 2 :] * 100], axis=1)
    return block.astype(np.float32)


@pytest.mark.slow
def test_a_hundred_thousand_hostile_blocks_give_nothing_above_the_ceiling(rng):
    limiter, meter = Limiter(), TruePeakMeter()
    for _ in range(1000):
        out = np.concatenate([limiter.process(hostile_block(rng, 64)) for _ in range(100)], axis=1)
        assert np.isfinite(out).all()
        meter.add(out)
    assert meter.level_dbtp <= CEILING_DBTP + TOLERANCE_DB
    # The same by an interpolation that is not ours, which rings a little more at half the rate.
    kept = np.concatenate([limiter.process(hostile_block(rng, 64)) for _ in range(3000)], axis=1)
    other = resample_poly(kept, 8, 1, axis=1)
    assert 20 * np.log10(np.abs(other).max()) <= CEILING_DBTP + 5 * TOLERANCE_DB


def test_the_meter_agrees_with_another_interpolation(rng):
    sound = rng.normal(size=(2, 4800)).astype(np.float32) * 0.2
    other = np.abs(resample_poly(sound.astype(np.float64), 8, 1, axis=1, window=("kaiser", 9.0))).max()
    assert peak_dbtp(sound) == pytest.approx(20 * np.log10(other), abs=0.25)


def test_it_finds_the_peak_between_the_samples():
    # A tone at a quarter of the rate whose samples all lie 3 dB below its crest.
    tone = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4).astype(np.float32)
    assert np.abs(tone).max() == pytest.approx(np.sqrt(0.5), abs=1e-6)
    # Away from the ends, where the tone's own onset overshoots.
    meter = TruePeakMeter()
    meter.add(np.stack([tone, tone]) * np.hanning(4800).astype(np.float32))
    assert meter.level_dbtp == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("block", [1, 64, 65, 480, 4096])
def test_blocks_equal_the_whole(block, rng):
    sound = (rng.normal(size=(2, 6000)) * np.repeat([0.1, 3.0, 0.2], 2000)).astype(np.float32)
    expected, _ = run(sound, 6000)
    np.testing.assert_allclose(run(sound, block)[0], expected, atol=2e-6)


def test_both_channels_are_turned_down_together(rng):
    sound = (rng.normal(size=(2, 9600)) * [[5.0], [0.05]]).astype(np.float32)
    out, limiter = run(sound)
    delay = limiter.latency_samples
    before, after = sound[:, 2000:-delay], out[:, 2000 + delay :]
    ratio = after / before
    inner = np.abs(before).min(axis=0) > 1e-3
    np.testing.assert_allclose(ratio[0, inner], ratio[1, inner], rtol=1e-3)


def test_it_lets_go_after_a_peak():
    sound = np.full((2, RATE_HZ), 0.25, np.float32)
    sound[:, 1000] = 30.0
    out, limiter = run(sound)
    peak = 1000 + limiter.latency_samples
    assert 0.8 < out[0, peak] < 0.9
    assert out[0, peak + 20] < 0.02
    assert out[0, -1] == pytest.approx(0.25, abs=1e-3)
    recovery = np.diff(out[0, peak + 20 :])
    assert recovery.min() > -1e-6


def test_reset_forgets(rng):
    limiter = Limiter()
    limiter.process(rng.normal(size=(2, 2048)).astype(np.float32) * 100)
    limiter.reset()
    assert not limiter.process(np.zeros((2, 2048), np.float32)).any()
