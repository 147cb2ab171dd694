from aijockey.live.processes.reserve import LEAST_SAMPLES, MOST_SAMPLES, PATIENCE_S, Reserve


def test_one_gap_doubles_it_once_however_long_it_is():
    reserve = Reserve()
    reserve.filled(0.0)
    for block in range(30):
        reserve.ran_out(0.01 * block)
    assert reserve.samples == 2 * LEAST_SAMPLES
    reserve.filled(1.0)
    reserve.ran_out(1.1)
    assert reserve.samples == 4 * LEAST_SAMPLES


def test_what_was_never_full_has_not_failed():
    reserve = Reserve()
    reserve.ran_out(0.0)
    assert reserve.samples == LEAST_SAMPLES


def test_it_comes_back_after_a_while_without_a_gap_and_later_after_each():
    reserve = Reserve()
    reserve.filled(0.0)
    reserve.ran_out(1.0)
    reserve.filled(1.0 + 2 * PATIENCE_S)
    assert reserve.samples == 2 * LEAST_SAMPLES
    reserve.filled(1.1 + 2 * PATIENCE_S)
    assert reserve.samples == LEAST_SAMPLES
    # Tried too early: the next time it waits twice as long.
    reserve.ran_out(100.0)
    reserve.filled(100.0 + 4 * PATIENCE_S)
    assert reserve.samples == 2 * LEAST_SAMPLES
    reserve.filled(100.1 + 4 * PATIENCE_S)
    assert reserve.samples == LEAST_SAMPLES


def test_it_has_an_end_and_what_was_asked_for_stays():
    reserve, fixed = Reserve(), Reserve(4800)
    for second in range(20):
        for each in (reserve, fixed):
            each.filled(float(second))
            each.ran_out(second + 0.5)
    assert reserve.samples == MOST_SAMPLES
    fixed.filled(1e6)
    assert fixed.samples == 4800
