"""The keyboard: one table, each key once, each address there, and what a press comes to."""

from collections import Counter

import pytest
from tests.control.conftest import FakeLink

from aijockey.control import parameters
from aijockey.control.desk import Desk, Instrument
from aijockey.control.keys import ACTIONS, KEYS, Keyboard, keys_for, rows


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
def desk(link: FakeLink) -> Desk:
    return Desk(Instrument("keys", 8, ()), link)


def test_no_key_twice_and_every_address_is_in_the_table() -> None:
    assert [key for key, count in Counter(key.key for key in KEYS).items() if count > 1] == []
    for key in KEYS:
        assert bool(key.address) != bool(key.action), key
        if key.action:
            assert key.action in ACTIONS
            continue
        row = parameters.resolve(key.address).parameter
        assert key.value is None or key.step is None
        if key.value is not None:
            row.check(key.value)
        elif key.step is not None:
            assert row.curve in ("linear", "decibel", "octave", "step"), key
        else:
            assert row.curve == "switch", key
        assert key.meaning
        assert key.group


def test_every_key_can_be_typed_in_a_terminal_and_in_a_page() -> None:
    assert all(len(key.key) == 1 or key.key in ("space", "backspace") for key in KEYS)


@pytest.mark.parametrize("key", [key for key in KEYS if key.address], ids=lambda key: key.key)
def test_a_press_moves_what_the_table_says(key, desk: Desk, link: FakeLink) -> None:
    before = None if parameters.resolve(key.address).parameter.gesture else desk.value(key.address)
    assert Keyboard(desk).press(key.key)
    address, value, _ = link.sent[-1]
    assert address == key.address
    if key.value is not None:
        assert value == key.value
    elif key.step is not None:
        row = parameters.resolve(address).parameter
        assert value == pytest.approx(min(row.high, max(row.low, float(before) + key.step)))
    else:
        assert value == 1.0 - float(before)


def test_faders_stop_at_their_ends(desk: Desk) -> None:
    keyboard = Keyboard(desk)
    for _ in range(40):
        keyboard.press("q")
    assert desk.value("deck.1.gain_db") == 12.0


def test_what_another_holds_is_refused_in_words(desk: Desk) -> None:
    desk.hold("deck.1.gain_db", "page")
    assert "held" in Keyboard(desk).press("q")


def test_actions_are_called_and_unknown_keys_do_nothing(desk: Desk, link: FakeLink) -> None:
    called: list[str] = []
    keyboard = Keyboard(desk, actions={"help": lambda: called.append("help")})
    assert keyboard.press("?")
    assert called == ["help"]
    assert keyboard.press("~") == ""
    assert link.sent == []


def test_a_set_with_fewer_decks_has_fewer_keys() -> None:
    assert {key.group for key in keys_for(2)} >= {"Deck 1", "Deck 2", "Transport"}
    assert "Deck 3" not in {key.group for key in keys_for(2)}


def test_rows_for_the_page_say_only_what_there_is() -> None:
    row = next(row for row in rows() if row["key"] == "1")
    assert row == {
        "key": "1",
        "meaning": "launch or stop, on the next bar",
        "group": "Deck 1",
        "address": "deck.1.play",
    }
