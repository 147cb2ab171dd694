from aijockey.live.gesture_delay import GestureDelays, delay_figures
from aijockey.live.processes.morphing import gestures, rehearse
from aijockey.music.grid import RATE_HZ

VOICES = {"kick": False, "hats": False}
BAR_S = 4 * 60 / 124


def test_eight_decks_morph_without_a_gap_where_loops_are_quick_enough():
    figures = rehearse(VOICES, 10.0, 0.12, gesture_s=1.2)
    assert (
        figures["late_loops"] <= 1
    )  # a hand that moves just before a line goes before loops that are due there
    assert figures["swaps"] >= 8 * 4  # a new loop every bar in every deck
    assert figures["gesture_ms"]["count"] + figures["launch_ms"]["count"] >= 4
    # A hand is heard within the bar, what it launches on the second bar line at the latest.
    assert 0 < figures["gesture_ms"]["p50"] <= figures["gesture_ms"]["p95"] < 1000 * BAR_S
    assert figures["launch_ms"]["p95"] < 1000 * 2 * BAR_S
    assert figures["busy"] < 0.9


def test_hands_are_heard_within_the_bar_where_loops_come_too_slowly_for_all_decks():
    figures = rehearse(VOICES, 16.0, 0.24)
    assert figures["late_loops"] > 0
    assert figures["gesture_ms"]["count"] >= 8
    assert figures["gesture_ms"]["p95"] < 1000 * BAR_S


def test_the_same_rehearsal_has_the_same_figures():
    assert rehearse(VOICES, 4.0, 0.1, decks=2, gesture_s=0.7) == rehearse(
        VOICES, 4.0, 0.1, decks=2, gesture_s=0.7
    )


def test_where_loops_are_too_slow_work_is_dropped_and_not_piled_up():
    figures = rehearse(VOICES, 6.0, 1.0, decks=3, gesture_s=0.25)
    assert figures["late_loops"] > 0
    assert figures["dropped_requests"] > 0
    assert figures["loops_made"] <= 7


def test_delays_count_from_the_move_to_the_first_loop_that_heard_of_it():
    delays = GestureDelays()
    delays.moved(1, 0)
    delays.moved(9, RATE_HZ)
    delays.heard(8, 2 * RATE_HZ)
    assert list(delays.delays_s) == [2.0]
    delays.heard(12, 3 * RATE_HZ)
    delays.heard(16, 9 * RATE_HZ)
    assert list(delays.delays_s) == [2.0, 2.0]
    delays.moved(17, 9 * RATE_HZ, launches=True)
    delays.heard(20, 10 * RATE_HZ)
    assert (list(delays.delays_s), list(delays.launches_s)) == ([2.0, 2.0], [1.0])
    assert delay_figures([]) == {"p50": 0.0, "p95": 0.0, "count": 0}
    assert delay_figures([1.0, 3.0, 2.0]) == {"p50": 2000.0, "p95": 3000.0, "count": 3}


def test_hands_move_the_same_again():
    one, other = gestures(8, 3), gestures(8, 3)
    assert [one() for _ in range(20)] == [other() for _ in range(20)]
