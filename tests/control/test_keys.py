"""The keyboard: one table, each key once, each address there, and what a press comes to."""

from collections import Counter

import pytest
from tests.control.conftest import FakeLink

from aijockey.control import parameters
from aijockey.control.desk import Desk, Instrument
from aijockey.control.keys import ACTIONS, KEYS, SECOND_KEY_S, Keyboard, keys_for, rows


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
        row = parameters.resolve(key.address.replace("deck.N.", "deck.1.")).parameter
        assert key.value is None or key.step is None
        assert key.back is None or key.value not in (None, key.back)
        if key.value is not None:
            row.check(key.value)
            row.check(key.value if key.back is None else key.back)
        elif key.step is not None:
            assert row.curve in ("linear", "decibel", "octave", "step", "choice"), key
        else:
            assert row.curve == "switch", key
        assert key.meaning
        assert key.group


def test_every_key_can_be_typed_in_a_terminal_and_in_a_page() -> None:
    strokes = [stroke for key in KEYS for stroke in key.key.split(" ")]
    assert all(len(stroke) == 1 or stroke in ("space", "backspace") for stroke in strokes)
    # What begins a pair does nothing alone.
    assert not {key.key.split(" ")[0] for key in KEYS if " " in key.key} & {key.key for key in KEYS}


@pytest.mark.parametrize("key", [key for key in KEYS if key.address], ids=lambda key: key.key)
def test_a_press_moves_what_the_table_says(key, desk: Desk, link: FakeLink) -> None:
    wanted = key.address.replace("deck.N.", "deck.1.")
    row = parameters.resolve(wanted).parameter
    before = None if row.gesture else desk.value(wanted)
    keyboard = Keyboard(desk)
    for stroke in key.key.split(" "):
        assert keyboard.press(stroke)
    assert len(link.sent) == 1
    address, value, _ = link.sent[-1]
    assert address == wanted
    if key.value is not None:
        assert value == key.value
        for stroke in key.key.split(" "):
            keyboard.press(stroke)
        assert link.sent[-1][1] == (key.value if key.back is None else key.back)
    elif key.step is not None and row.choices:
        place = row.choices.index(before) + int(key.step)
        assert value == row.choices[min(len(row.choices) - 1, max(0, place))]
    elif key.step is not None:
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
    assert keyboard.press("é") == ""
    assert link.sent == []


def test_the_deck_in_hand_is_the_one_that_was_touched_last_or_chosen(desk: Desk, link: FakeLink) -> None:
    keyboard = Keyboard(desk)
    for typed, address in [
        ("p", "deck.1.solo"), ("e", "deck.3.gain_db"), ("p", "deck.3.solo"), (".", ""), ("p", "deck.4.solo"),
        (">", ""), (">", ""), ("/", "deck.2.roll_beats"), (">", ""), (">", ""), ("p", "deck.8.solo"),
        (".", ""), ("P", "master.panic"), ("p", "deck.1.solo"), ("<", "deck.8.skip"), ("p", "deck.8.solo"),
    ]:  # fmt: skip
        link.sent.clear()
        assert keyboard.press(typed)
        assert [sent[0] for sent in link.sent] == ([address] if address else [])


def test_a_second_key_comes_soon_or_stands_for_itself(desk: Desk, link: FakeLink) -> None:
    now = [0.0]
    keyboard = Keyboard(desk, clock=lambda: now[0])
    assert "1 to 8" in keyboard.press("~")
    keyboard.press("3")
    keyboard.press("`")
    now[0] += SECOND_KEY_S + 0.1
    keyboard.press("2")  # too late: it launches
    keyboard.press("`")
    keyboard.press("p")  # no number: it stands for itself
    keyboard.press("5")
    assert link.sent == [
        ("deck.1.store", 3.0, 0.0), ("deck.2.play", 1.0, 0.0), ("deck.2.solo", 1.0, 0.0), ("deck.5.play", 1.0, 0.0),
    ]  # fmt: skip


def test_every_deck_can_be_played_on_from_the_keyboard() -> None:
    wanted = ("play", "gain_db", "mute", "low_db", "filter", "skip")
    assert {f"deck.{deck}.{name}" for deck in range(1, 9) for name in wanted} <= {key.address for key in KEYS}
    in_hand = ("solo", "roll_beats", "moment", "store", "mid_db", "high_db", "headphones", "halve", "double")
    assert {f"deck.N.{name}" for name in in_hand} <= {key.address for key in KEYS}


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
