import gc

import numpy as np
import pytest

from aijockey.live.loops import Loop, LoopRequest
from aijockey.live.points import Seed, Way
from aijockey.live.processes.exchange import (
    BROKEN,
    READY,
    LoopExchange,
)
from aijockey.live.processes.exchange_source import (
    LEAST_AHEAD_S,
    MOST_AHEAD_S,
    MOST_WAITING,
    ExchangeSource,
)

SAMPLES = 24_000


@pytest.fixture
def exchange():
    exchange = LoopExchange(1, SAMPLES)
    exchange.set_worker(0, "state", READY)
    yield exchange
    exchange.close()


@pytest.fixture
def source(exchange):
    return ExchangeSource(exchange, {"tone": False})


def wish(seed):
    return LoopRequest("tone", Way(Seed(seed), Seed(2), 0.5), (("brightness", 0.25),))


def loop_of(request):
    return Loop(np.full((1, SAMPLES), request.point.seed, np.float32), 0.5)


def made_in_order(exchange, source):
    """Seeds of all that waits, as the one worker makes it."""
    order = []
    source.poll()
    while (taken := exchange.take(0)) is not None:
        order.append(taken[1].point.seed)
        exchange.give(taken[0], loop_of(taken[1]))
        source.poll()
    return order


def test_a_loop_comes_back_as_it_was_made_and_is_kept(exchange, source):
    ticket, same = source.request(wish(1)), source.request(wish(1))
    source.poll()
    again = source.request(wish(1))
    slot, request = exchange.take(0)
    assert request == wish(1)
    assert exchange.take(0) is not None  # what it has in hand, as a successor would find it
    exchange.give(slot, loop_of(request))
    source.poll()
    for filled in (ticket, same, again):
        np.testing.assert_array_equal(filled.loop.audio, np.ones((1, SAMPLES)))
        assert filled.loop.gain == 0.5
    assert source.request(wish(1)).loop is ticket.loop
    assert exchange.take(0) is None


def test_the_newest_wish_goes_first_and_what_nobody_waits_for_is_dropped(exchange, source):
    tickets = {seed: source.request(wish(seed)) for seed in range(6)}
    source.poll()
    order = []
    del tickets[1], tickets[3]
    gc.collect()
    while (taken := exchange.take(0)) is not None:
        slot, request = taken
        order.append(request.point.seed)
        exchange.give(slot, loop_of(request))
        source.poll()
    source.poll()
    assert order == [5, 4, 2, 0]
    assert source.dropped == 2
    assert all(ticket.loop is not None for ticket in tickets.values())


def test_what_goes_wrong_is_on_the_ticket(exchange, source):
    failed, large = source.request(wish(1)), source.request(wish(2))
    source.poll()
    for _ in range(2):
        slot, request = exchange.take(0)
        if request == wish(1):
            exchange.fail(slot, "no such thing")
        else:
            exchange.give(slot, Loop(np.zeros((2, SAMPLES), np.float32)))
        source.poll()
    assert failed.error == "no such thing"
    assert "(2, 24000)" in large.error
    crowd = [source.request(wish(seed)) for seed in range(100, 100 + MOST_WAITING + 5)]
    assert [ticket.error is not None for ticket in crowd[:6]] == [True] * 5 + [False]


def test_a_request_that_kills_its_worker_is_given_up_and_the_next_one_made(exchange, source):
    fine, deadly = source.request(wish(1)), source.request(wish(2))
    source.poll()
    for _ in range(2):  # taken by a worker and by its successor, who both die of it
        assert exchange.take(0)[1] == wish(2)
    slot, request = exchange.take(0)
    assert request == wish(1)
    exchange.give(slot, loop_of(request))
    source.poll(8)
    assert "died of this request" in deadly.error
    assert fine.loop is not None


def test_an_engine_that_takes_over_gets_nothing_that_it_did_not_ask_for(exchange, source):
    lost = source.request(wish(1))
    source.poll()
    successor = ExchangeSource(exchange, {"tone": False})
    wanted = successor.request(wish(2))
    successor.poll()
    while (taken := exchange.take(0)) is not None:
        exchange.give(taken[0], loop_of(taken[1]))
        successor.poll(8)
    assert lost.loop is None
    assert wanted.loop.audio[0, 0] == 2


def test_without_any_worker_left_the_wish_fails(exchange, source):
    exchange.set_worker(0, "state", BROKEN)
    ticket = source.request(wish(1))
    source.poll()
    assert "keep ending" in ticket.error


def test_what_a_worker_had_that_is_given_up_is_made_by_another(exchange, source):
    exchange.set_worker(1, "state", READY)
    tickets = [source.request(wish(seed)) for seed in range(3)]
    source.poll()
    assert exchange.take(1) is not None  # it dies of it, and of the next start, and so on
    assert exchange.in_use(1)
    exchange.set_worker(1, "state", BROKEN)
    assert sorted(made_in_order(exchange, source)) == [0, 1, 2]
    assert all(ticket.loop is not None for ticket in tickets)
    assert exchange.in_use(1) == 0


def test_what_the_last_worker_had_fails_when_it_is_given_up(exchange, source):
    ticket = source.request(wish(1))
    source.poll()
    exchange.set_worker(0, "state", BROKEN)
    source.poll()
    assert "keep ending" in ticket.error


def test_what_is_asked_ahead_waits_for_what_is_urgent_and_goes_soonest_first(exchange, source):
    ahead = {due: source.request_ahead(wish(due), float(due)) for due in (30, 10, 20)}
    source.poll()
    hand = source.request(wish(99))
    assert made_in_order(exchange, source) == [99, 10, 20, 30]
    assert hand.loop is not None
    assert all(ticket.loop is not None for ticket in ahead.values())


def test_what_was_asked_ahead_becomes_urgent_when_it_is_asked_for_again(exchange, source):
    tickets = [source.request_ahead(wish(due), float(due)) for due in range(1, 8)]
    tickets.append(source.request(wish(7)))
    assert made_in_order(exchange, source) == [7, 1, 2, 3, 4, 5, 6]


def test_of_decks_that_need_a_loop_the_one_that_waited_longest_goes_first(exchange, source):
    fixed = {since: source.request_fixed(wish(since), float(since), by_hand=False) for since in (12, 4, 8)}
    fixed[99] = source.request(wish(99))
    fixed[1] = source.request_ahead(wish(1), 13.0)
    assert made_in_order(exchange, source) == [99, 4, 8, 12, 1]


def test_what_a_hand_moved_and_is_fixed_goes_before_what_it_moves_now(exchange, source):
    kept = [source.request_fixed(wish(number), 0.0, by_hand=True) for number in (1, 2)]
    kept += [source.request(wish(number)) for number in (3, 4)]
    assert made_in_order(exchange, source) == [1, 2, 4, 3]


def test_work_that_nobody_waits_for_any_more_is_not_begun(exchange, source):
    begun, waiting = source.request(wish(1)), source.request(wish(2))
    source.poll()
    slot, request = exchange.take(0)
    assert request == wish(2)
    del begun, waiting  # the hand has moved
    gc.collect()
    source.poll()
    newest = source.request(wish(3))
    source.poll()
    assert exchange.take(0)[1] == wish(3)
    exchange.give(slot, loop_of(request))
    exchange.give(exchange.take(0)[0], loop_of(wish(3)))
    assert exchange.take(0) is None
    source.poll(8)
    assert newest.loop.audio[0, 0] == 3
    assert source.withdrawn == source.dropped == 1
    assert source.request(wish(2)).loop is not None  # what was made is kept


def test_a_wish_that_comes_back_while_it_is_being_withdrawn_is_made(exchange, source):
    ticket = source.request(wish(1))
    source.poll()
    del ticket
    gc.collect()
    source.poll()
    again = source.request(wish(1))  # before the worker looks: it is wanted again
    assert exchange.take(0)[1] == wish(1)
    exchange.fail(0, "over")
    source.poll()
    assert again.error == "over"
    ticket = source.request(wish(5))
    source.poll()
    del ticket
    gc.collect()
    source.poll()
    assert exchange.take(0) is None  # the worker has refused it…
    late = source.request(wish(5))  # …when somebody wants it again
    source.poll()
    source.poll()
    slot, request = exchange.take(0)
    exchange.give(slot, loop_of(request))
    source.poll()
    assert late.loop.audio[0, 0] == 5


def test_loops_of_nearby_latents_are_not_confused(exchange, source):
    near = [LoopRequest("tone", Way(Seed(1), Seed(2), 0.5 + step * 1e-12)) for step in range(3)]
    tickets = []
    for number, request in enumerate(near):
        tickets.append(source.request(request))
        source.poll()
        slot, asked = exchange.take(0)
        assert asked == request
        exchange.give(slot, Loop(np.full((1, SAMPLES), number, np.float32)))
        source.poll()
    assert [ticket.loop.audio[0, 0] for ticket in tickets] == [0, 1, 2]
    assert [source.request(request).loop.audio[0, 0] for request in near] == [0, 1, 2]


def test_decks_look_further_ahead_where_loops_take_longer(exchange, source):
    assert source.ahead_s == LEAST_AHEAD_S
    exchange.set_worker(0, "loop_us", 500_000)
    source.decks = 8
    assert source.ahead_s == pytest.approx(8.0)
    exchange.set_worker(1, "state", READY)
    exchange.set_worker(1, "loop_us", 500_000)
    assert source.ahead_s == pytest.approx(4.0)
    exchange.set_worker(0, "loop_us", 60_000_000)
    assert source.ahead_s == MOST_AHEAD_S
