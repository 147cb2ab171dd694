"""The desk: everybody sees what one moves, nobody fights over what a hand holds."""

import pytest
from tests.control.conftest import FakeLink

from aijockey.control import parameters
from aijockey.control.desk import ECHO_S, ENGINE, HOLD_S, Change, Desk, HeldError, Instrument, Voice
from aijockey.control.parameters import ParameterError, Value

FADER = "deck.1.gain_db"


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def desk(link: FakeLink, now: list[float]) -> Desk:
    instrument = Instrument("test", 2, (Voice("techno", False, ("swing",)), Voice("bass", True, ("bass",))))
    return Desk(instrument, link, lambda: now[0])


def heard(desk: Desk) -> list[Change]:
    changes: list[Change] = []
    desk.subscribe(changes.append)
    return changes


def test_a_move_reaches_the_engine_and_every_listener(desk: Desk, link: FakeLink) -> None:
    changes = heard(desk)
    assert desk.move(FADER, -6, over_beats=4, source="page") == -6.0
    assert link.sent == [(FADER, -6.0, 4)]
    assert changes == [Change(FADER, -6.0, "page")]
    assert desk.value(FADER) == -6.0


def test_what_the_engine_says_stands_over_what_was_sent(desk: Desk, link: FakeLink, now: list[float]) -> None:
    desk.move(FADER, -6, source="page")
    changes = heard(desk)
    link.told = {}  # it has not heard of the move yet
    desk.turn()
    assert desk.value(FADER) == -6.0
    now[0] += ECHO_S + 0.1
    desk.turn()  # and it never will: the move was refused, or undone at once
    assert desk.value(FADER) == 0.0
    assert changes == [Change(FADER, 0.0, ENGINE)]


def test_a_set_that_moves_is_seen(desk: Desk, link: FakeLink) -> None:
    changes = heard(desk)
    link.told = {FADER: -12.0, "deck.2.controls.swing": 1.5}
    desk.turn()
    assert {change.address: change.value for change in changes} == link_values(desk)
    link.told = {}
    desk.turn()
    assert desk.value(FADER) == 0.0
    assert desk.value("deck.2.controls.swing") == 0.0


def link_values(desk: Desk) -> dict[str, Value]:
    return {address: desk.value(address) for address in (FADER, "deck.2.controls.swing")}


def test_what_one_hand_holds_no_other_moves(desk: Desk, link: FakeLink, now: list[float]) -> None:
    assert desk.hold(FADER, "page")
    assert not desk.hold(FADER, "midi")
    with pytest.raises(HeldError):
        desk.move(FADER, -3, source="midi")
    assert link.sent == []
    desk.move(FADER, -3, source="page")
    now[0] += HOLD_S + 0.1
    desk.move(FADER, -9, source="midi")  # a hand that has gone holds nothing
    assert desk.value(FADER) == -9.0


def test_a_surface_that_goes_lets_go_of_everything(desk: Desk) -> None:
    desk.hold(FADER, "page")
    desk.hold("deck.2.gain_db", "midi")
    desk.release_all("page")
    assert desk.holder(FADER) is None
    assert desk.holder("deck.2.gain_db") == "midi"


@pytest.mark.parametrize(
    ("address", "value"),
    [("deck.3.gain_db", 0), ("deck.1.gain", 0), (FADER, float("nan")), (FADER, 99), (FADER, "loud")],
)
def test_nonsense_is_refused_and_nothing_changes(
    desk: Desk, link: FakeLink, address: str, value: object
) -> None:
    changes = heard(desk)
    with pytest.raises(ParameterError, match=address.replace(".", r"\.")):
        desk.move(address, value, source="page")
    assert link.sent == []
    assert changes == []


def test_a_gesture_is_told_and_keeps_no_value(desk: Desk, link: FakeLink) -> None:
    changes = heard(desk)
    desk.move("history.undo", 1, source="keys")
    assert [change.address for change in changes] == ["history.undo"]
    assert "history.undo" not in desk.values
    with pytest.raises(ParameterError, match="gesture"):
        desk.value("history.undo")


def test_every_row_of_the_table_has_its_default(desk: Desk) -> None:
    for address in desk.addresses:
        row = parameters.resolve(address).parameter
        assert desk.value(address) == row.default
    assert "deck.2.controls.bass" in desk.addresses
