import numpy as np
import pytest

from aijockey.live.processes.board import Board
from aijockey.live.processes.device import Feed
from aijockey.live.processes.reserve import (
    FIRST_PATIENCE_S,
    FIRST_SAMPLES,
    LEAST_SAMPLES,
    MOST_SAMPLES,
    PATIENCE_S,
    Reserve,
)
from aijockey.live.shared_ring import SharedRing
from aijockey.live.span import QUANTUM_SAMPLES


def come_down(reserve):
    """A reserve that has played for a while without a gap, and when that was."""
    reserve.begin(0.0)
    now_s = 0.0
    while reserve.samples > LEAST_SAMPLES:
        now_s += FIRST_PATIENCE_S + 0.1
        reserve.filled(now_s)
    return now_s


def test_it_begins_with_much_and_comes_down():
    reserve = Reserve()
    assert reserve.samples == FIRST_SAMPLES
    reserve.begin(100.0)  # getting ready may have taken as long as it likes
    reserve.filled(100.1)
    assert reserve.samples == FIRST_SAMPLES
    assert come_down(reserve) < 3 * FIRST_PATIENCE_S
    assert reserve.samples == LEAST_SAMPLES


def test_one_gap_doubles_it_once_however_long_it_is():
    reserve = Reserve()
    now_s = come_down(reserve)
    for block in range(30):
        reserve.ran_out(now_s + 0.01 * block)
    assert reserve.samples == 2 * LEAST_SAMPLES
    reserve.filled(now_s + 1.0)
    reserve.ran_out(now_s + 1.1)
    assert reserve.samples == 4 * LEAST_SAMPLES


def test_what_was_never_full_has_not_failed():
    reserve = Reserve()
    reserve.ran_out(0.0)
    assert reserve.samples == FIRST_SAMPLES


def test_it_comes_back_after_a_while_without_a_gap_and_later_after_each():
    reserve = Reserve()
    now_s = come_down(reserve)
    for tries in (2, 4):
        reserve.filled(now_s)
        reserve.ran_out(now_s)
        # Tried too early, the next time it waits twice as long.
        reserve.filled(now_s + tries * PATIENCE_S - 0.1)
        assert reserve.samples == 2 * LEAST_SAMPLES
        now_s += tries * PATIENCE_S + 0.1
        reserve.filled(now_s)
        assert reserve.samples == LEAST_SAMPLES


@pytest.mark.parametrize(("block", "least"), [(64, 1024), (512, 1024), (700, 1536), (2048, 4096)])
def test_two_blocks_of_the_device_are_the_least(block, least):
    reserve = Reserve(block_samples=block)
    reserve.begin(0.0)
    for second in range(0, 100, 10):
        reserve.filled(float(second))
    assert reserve.samples == least


def test_it_has_an_end_and_what_was_asked_for_stays():
    reserve, fixed = Reserve(), Reserve(4800)
    for second in range(20):
        for each in (reserve, fixed):
            each.filled(float(second))
            each.ran_out(second + 0.5)
    assert reserve.samples == MOST_SAMPLES
    fixed.filled(1e6)
    assert fixed.samples == 4800


@pytest.mark.parametrize("clock_position", [0, 1, 511, 512, 700])
def test_a_device_can_use_all_that_is_made_ahead(clock_position):
    # The engine writes a quantum where less than the least reserve but one is there.
    ring, board = SharedRing.create(2, 8192), Board()
    try:
        board["clock_position"], board["device_serial"] = clock_position, 1
        while ring.written - clock_position <= LEAST_SAMPLES - QUANTUM_SAMPLES:
            ring.write(np.ones((2, QUANTUM_SAMPLES), np.float32))
        feed = Feed(ring, board, 1)
        block = np.zeros((QUANTUM_SAMPLES, 2), np.float32)
        for _ in range(LEAST_SAMPLES // QUANTUM_SAMPLES):
            feed.fill(block)
        assert board["underruns"] == 0
        feed.fill(block)
        assert board["underruns"] == 1
    finally:
        ring.close()
        board.close()
