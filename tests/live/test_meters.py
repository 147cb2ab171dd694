import numpy as np
import pyloudnorm
import pytest

from aijockey.live.meters import COLUMNS, Meters

RATE_HZ = 48_000


def metered(before_fader, master, block=512):
    meters = Meters(before_fader.shape[0], before_fader.shape[1])
    for at in range(0, master.shape[1] - block + 1, block):
        part = before_fader[:, :, at : at + block]
        meters.add(part, np.abs(part).max(axis=(1, 2)), master[:, at : at + block])
    return meters.snapshot


def music(rng, seconds, channels):
    time = np.arange(seconds * RATE_HZ) / RATE_HZ
    sound = 0.1 * rng.normal(size=(channels, len(time))) * (0.2 + (np.sin(2 * np.pi * time / 3) > 0))
    return (sound + 0.2 * np.sin(2 * np.pi * 50 * time)).astype(np.float32)


def test_integrated_loudness_is_what_pyloudnorm_says(rng):
    sound = music(rng, 12, 2)
    sound[:, : 4 * RATE_HZ] *= 0.001  # gated out
    row = metered(sound[np.newaxis], sound)[-1]
    expected = pyloudnorm.Meter(RATE_HZ).integrated_loudness(sound.T.astype(np.float64))
    assert row[4] == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2])
def test_momentary_and_short_term_are_those_of_their_last_windows(channels, rng):
    sound = music(rng, 5, channels)
    both = np.broadcast_to(sound, (2, sound.shape[1]))
    deck, master = metered(np.stack([sound, 0 * sound]), both)[[0, -1]]
    # A mono deck counts as heard on both sides.
    np.testing.assert_allclose(deck[:4], master[:4], atol=0.02)
    ended = sound.shape[1] // 4800 * 4800
    for column, seconds in ((2, 0.4), (3, 3.0)):
        window = both[:, ended - int((seconds + 0.0) * RATE_HZ) : ended]
        # Without gates, and with what the filters remember, but for the first samples.
        meter = pyloudnorm.Meter(RATE_HZ, block_size=seconds - 1e-9)
        expected = meter.integrated_loudness(window.T.astype(np.float64))
        assert master[column] == pytest.approx(expected, abs=0.3)


def test_a_sine_of_full_scale():
    sine = np.sin(2 * np.pi * 997 * np.arange(5 * RATE_HZ) / RATE_HZ).astype(np.float32)[None]
    row = metered(sine[np.newaxis], np.concatenate([sine, 0 * sine]))[-1]
    # BS.1770: 0 dBFS at 997 Hz on one channel reads -3.01.
    assert row[0] == pytest.approx(0.0, abs=0.01)
    np.testing.assert_allclose(row[2:], -3.01, atol=0.05)
    assert row[1] == pytest.approx(-6.02, abs=0.02)


def test_silence_reads_the_floor_and_a_snapshot_cannot_be_changed():
    snapshot = metered(np.zeros((2, 1, RATE_HZ), np.float32), np.zeros((2, RATE_HZ), np.float32))
    assert snapshot.shape == (3, len(COLUMNS))
    assert (snapshot <= -119).all()
    with pytest.raises(ValueError, match="read-only"):
        snapshot[0, 0] = 1.0


def test_the_size_of_quanta_changes_nothing(rng):
    sound = music(rng, 4, 1)
    both = np.broadcast_to(sound, (2, sound.shape[1]))
    expected = metered(sound[np.newaxis], both, 512)
    np.testing.assert_allclose(metered(sound[np.newaxis], both, 480)[:, 3:], expected[:, 3:], atol=0.1)
