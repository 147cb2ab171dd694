"""A reader with a clock of its own: nothing lost, nothing repeated, whatever the crystals do."""

import numpy as np
import pytest

from aijockey.live.follower import EDGE_SAMPLES, MOST_RATE, Follower
from aijockey.live.shared_ring import SharedRing

RATE_HZ = 48_000
HZ = 440.0
DELAY_SAMPLES = 2048


def sine(start, count):
    return (0.5 * np.sin(2 * np.pi * HZ * np.arange(start, start + count) / RATE_HZ)).astype(np.float32)


def followed(ppm, seconds, *, written_block=512, read_block=480, pause=None):
    """What a reader gives of a sine that is written ``ppm`` too fast; time is that of the reader."""
    with SharedRing.create(1, 4 * RATE_HZ) as ring:
        follower = Follower(ring, lambda: ring.written - DELAY_SAMPLES)
        pieces, fills = [], []
        for step in range(int(seconds * RATE_HZ / read_block)):
            now = step * read_block * (1.0 + ppm / 1e6) + 2 * DELAY_SAMPLES
            while ring.written + written_block <= now and not (pause and pause[0] <= step < pause[1]):
                ring.write(sine(ring.written, written_block)[np.newaxis])
            pieces.append(follower.read(read_block)[0])
            fills.append(ring.written - (follower._place or 0))
        return np.concatenate(pieces), np.array(fills), follower


def test_without_drift_the_samples_come_through_as_they_are():
    sound, _, follower = followed(0, 6)
    start = int(np.argmax(np.abs(sound) > 0)) + EDGE_SAMPLES
    expected = sine(0, len(sound) + RATE_HZ)
    shift = next(
        at for at in range(RATE_HZ) if np.array_equal(expected[at : at + 4800], sound[start : start + 4800])
    )
    np.testing.assert_array_equal(sound[start:], expected[shift : shift + len(sound) - start])
    assert follower.gaps == 0


@pytest.mark.parametrize("ppm", [-300, 120, 300])
def test_drift_is_made_good_without_a_gap_or_a_click(ppm):
    sound, fills, follower = followed(ppm, 40)
    assert follower.gaps == 0
    # Untended, 40 s of 300 ppm would be 576 samples; blocks alone make it swing by both their lengths.
    settled = fills[300:]
    assert settled.max() - settled.min() < 512 + 480 + 250
    steepest = 2 * np.pi * HZ / RATE_HZ * 0.5 * (1 + MOST_RATE)
    assert np.abs(np.diff(sound[RATE_HZ:])).max() < 1.02 * steepest
    spectrum = np.abs(np.fft.rfft(sound[-(1 << 17) :] * np.hanning(1 << 17)))
    peak = int(np.argmax(spectrum))
    assert peak * RATE_HZ / (1 << 17) == pytest.approx(HZ, rel=2 * MOST_RATE)
    beyond = np.concatenate([spectrum[: peak - 60], spectrum[peak + 60 :]])
    assert 20 * np.log10(beyond.max() / spectrum[peak]) < -60


def test_a_writer_that_pauses_is_a_gap_with_soft_edges_and_then_it_goes_on():
    sound, _, follower = followed(0, 6, pause=(300, 330))
    assert follower.gaps == 1
    assert np.abs(np.diff(sound)).max() < 0.05
    silent = np.flatnonzero(np.abs(sound[RATE_HZ:]) == 0.0)
    assert 20 * 480 < len(silent) < 60 * 480
    assert np.abs(sound[-RATE_HZ:]).max() == pytest.approx(0.5, rel=0.01)


def test_before_anything_is_written_there_is_silence():
    with SharedRing.create(2, RATE_HZ) as ring:
        follower = Follower(ring, lambda: ring.written)
        assert not follower.read(512).any()
        assert follower.gaps == 0
