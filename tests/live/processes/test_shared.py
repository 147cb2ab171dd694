import multiprocessing

import pytest

from aijockey.live.processes.board import TEXTS, Board
from aijockey.live.processes.mailbox import MOST_WAITING, Mailbox, Outbox
from aijockey.live.processes.shared import SharedMemoryError


@pytest.fixture
def board():
    board = Board()
    yield board
    board.close()


@pytest.fixture
def mailbox():
    mailbox = Mailbox(256)
    yield mailbox
    mailbox.close()


def test_words_and_texts_are_seen_by_who_attaches(board):
    other = Board(board.name)
    try:
        assert board.age_s("device") == float("inf")
        assert board.read("state") is None
        other["underruns"] = 1 << 40
        other.beat("device")
        assert other.publish("state", {"bar": 1.5, "voice": "flöte"})
        assert board["underruns"] == 1 << 40
        assert 0 <= board.age_s("device") < 60
        assert board.read("state") == {"bar": 1.5, "voice": "flöte"}
        assert not board.publish("device", {"error": "x" * TEXTS["device"]})
        assert board.read("device") is None
    finally:
        other.close()
    with pytest.raises(SharedMemoryError, match="no shared memory"):
        Board("aijockey-none")


def test_a_text_whose_writer_was_killed_is_not_read_and_the_next_writer_mends_it(board):
    board.publish("state", {"bar": 1})
    board._shared["sequences"][0, 0] += 1
    assert board.read("state") is None
    board.publish("state", {"bar": 2})
    assert board.read("state") == {"bar": 2}


def _publish_many(name):
    board = Board(name)
    for number in range(20_000):
        board.publish("state", {"numbers": [number] * (number % 50 + 1)})
    board.close()


def test_a_text_is_never_a_mixture(board):
    process = multiprocessing.get_context("spawn").Process(target=_publish_many, args=(board.name,))
    process.start()
    seen = 0
    while process.is_alive():
        content = board.read("state")
        if content:
            seen += 1
            assert len(set(content["numbers"])) == 1
            assert len(content["numbers"]) == content["numbers"][0] % 50 + 1
    process.join()
    assert process.exitcode == 0
    assert seen


def test_messages_arrive_in_order_around_the_end_of_the_ring(mailbox):
    other = Mailbox(256, mailbox.name)
    try:
        for number in range(100):
            assert mailbox.put({"number": number})
            assert mailbox.put({"text": "é" * (number % 7)})
            assert other.take() == {"number": number}
            assert other.take() == {"text": "é" * (number % 7)}
        assert other.take() is None
    finally:
        other.close()


def test_a_full_mailbox_refuses_and_loses_nothing(mailbox):
    count = 0
    while mailbox.put({"number": count}):
        count += 1
    assert 5 < count < 30
    assert [mailbox.take() for _ in range(count)] == [{"number": number} for number in range(count)]


def test_of_what_waits_the_newest_value_of_each_address_is_kept_in_order(mailbox):
    outbox = Outbox(mailbox)
    for number in range(10_000):
        assert outbox.send({"set": f"deck.{number % 3}", "to": number}, key=f"deck.{number % 3}")
    assert outbox.waiting == 3
    assert outbox.send({"do": "fade_out"})
    got = []
    while (message := mailbox.take()) is not None:
        got.append(message)
        outbox.flush()
    values = [message["to"] for message in got[:-1]]
    assert got[-1] == {"do": "fade_out"}
    assert values[-3:] == [9997, 9998, 9999] or sorted(values[-3:]) == [9997, 9998, 9999]
    assert outbox.replaced + len(values) == 10_000
    assert outbox.refused == 0


def test_what_can_never_be_sent_or_is_too_much_is_refused(mailbox):
    outbox = Outbox(mailbox)
    assert not outbox.send({"text": "x" * 1000})
    while outbox.waiting < MOST_WAITING:
        assert outbox.send({"number": outbox.waiting})
    assert not outbox.send({"number": -1})
    assert outbox.refused == 2


def test_one_that_grew_too_long_while_it_waited_holds_nobody_up(mailbox):
    outbox = Outbox(mailbox)
    while not outbox.waiting:
        outbox.send({"text": "filler"})
    outbox.send({"to": 1}, key="a")
    outbox.send({"to": "x" * 1000}, key="a")
    outbox.send({"to": 2}, key="b")
    taken = []
    while message := mailbox.take():
        taken.append(message)
        outbox.flush()
    assert taken[-1] == {"to": 2}
    assert outbox.refused == 1
