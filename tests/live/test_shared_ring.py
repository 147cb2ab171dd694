import multiprocessing
import time

import numpy as np
import pytest

from aijockey.live.shared_ring import SharedRing, SharedRingError


@pytest.fixture
def ring():
    with SharedRing.create(2, 1000) as made:
        yield made


@pytest.mark.parametrize("block", [1, 64, 65, 480, 999])
def test_every_reader_gets_what_is_written_whatever_the_blocks(ring, rng, block):
    sound = rng.normal(size=(2, 4 * 999)).astype(np.float32)
    readers = [ring.reader(), ring.reader()]
    heard = [[], []]
    for start in range(0, sound.shape[1], block):
        ring.write(sound[:, start : start + block])
        for reader, pieces in zip(readers, heard, strict=True):
            pieces.append(reader.read(5000))
    for reader, pieces in zip(readers, heard, strict=True):
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), sound)
        assert reader.lost == 0
        assert reader.available == 0
        assert reader.read(10).shape == (2, 0)


def test_what_a_slow_reader_misses_is_counted_and_the_rest_is_in_order(ring):
    counting = np.tile(np.arange(10_000, dtype=np.float32), (2, 1))
    reader = ring.reader()
    for start in range(0, 5000, 500):
        ring.write(counting[:, start : start + 500])
    assert reader.available == 5000
    np.testing.assert_array_equal(reader.read(300)[0], np.arange(4000, 4300))
    assert reader.lost == 4000
    np.testing.assert_array_equal(reader.read(3000)[0], np.arange(4300, 5000))
    assert reader.lost == 4000


def test_frames_that_are_being_overwritten_are_not_returned(ring):
    ring.write(np.ones((2, 1000), np.float32))
    reader = ring.reader(0)
    # A writer that has begun a block of 200 and was killed before its end.
    ring._words[3] = 1200
    ring._sound[:, :200] = np.nan
    read = reader.read(1000)
    assert read.shape == (2, 800)
    assert np.isfinite(read).all()
    assert reader.lost == 200
    # Its successor goes on where the counting was.
    ring.write(np.full((2, 10), 2, np.float32))
    np.testing.assert_array_equal(reader.read(100), np.full((2, 10), 2, np.float32))


def test_attached_rings_share_sound_marks_and_the_end(ring):
    other = SharedRing.attach(ring.name)
    try:
        assert (other.channels, other.samples) == (2, 1000)
        reader = other.reader()
        ring.write(np.full((2, 7), 0.5, np.float32))
        ring.set_mark(3, 1 << 40)
        ring.finish()
        assert reader.read(100).sum() == pytest.approx(7)
        assert other.mark(3) == 1 << 40
        assert other.finished
        ring.finish(False)
        assert not other.finished
    finally:
        other.close()


def test_wrong_blocks_rings_and_marks_are_refused(ring):
    with pytest.raises(ValueError, match=r"\(1, 5\); expected \(2, up to 1000\)"):
        ring.write(np.zeros((1, 5), np.float32))
    with pytest.raises(ValueError, match="expected"):
        ring.write(np.zeros((2, 1001), np.float32))
    with pytest.raises(ValueError, match="0 to 7"):
        ring.mark(8)
    with pytest.raises(ValueError, match="0 channels"):
        SharedRing.create(0, 10)
    with pytest.raises(SharedRingError, match="no ring"):
        SharedRing.attach("aijockey-none")
    name = ring.name
    ring.close()
    with pytest.raises(SharedRingError):
        SharedRing.attach(name)


def _count_up(name, total):
    ring = SharedRing.attach(name)
    try:
        for start in range(0, total, 100):
            ring.write(np.tile(np.arange(start, start + 100, dtype=np.float32), (2, 1)))
    finally:
        ring.finish()
        ring.close()


def test_another_process_writes_at_full_speed_and_nothing_comes_torn_or_twice():
    total = 1_000_000  # exact in float32
    with SharedRing.create(2, 5000) as ring:
        reader = ring.reader()
        process = multiprocessing.get_context("spawn").Process(target=_count_up, args=(ring.name, total))
        process.start()
        got, expected = 0, 0
        try:
            while not (ring.finished and not reader.available):
                before = reader.lost
                sound = reader.read(700)
                got += sound.shape[1]
                expected += reader.lost - before
                np.testing.assert_array_equal(sound[0], np.arange(expected, expected + sound.shape[1]))
                np.testing.assert_array_equal(sound[0], sound[1])
                expected += sound.shape[1]
                if not sound.shape[1]:
                    time.sleep(0.0005)
        finally:
            process.join(30)
        assert process.exitcode == 0
        assert got > 0
        assert got + reader.lost == total
