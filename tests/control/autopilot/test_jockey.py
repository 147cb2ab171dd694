"""Truths of what the autopilot plays: basses, silences, phrases, hands, and the same again."""

import itertools
from collections.abc import Callable

import pytest
from tests.control.autopilot.conftest import Show

from aijockey.control.autopilot.form import PHRASE_BEATS
from aijockey.control.autopilot.hands import YIELD_BARS
from aijockey.control.autopilot.style import style_names

MakeShow = Callable[..., Show]
# Seeds whose first drop comes early.
SEEDS = {"house": 0, "techno": 1, "breaks": 1}
BARS = 72


@pytest.fixture(scope="module", params=style_names())
def played(request: pytest.FixtureRequest) -> Show:
    make = request.getfixturevalue("make_show_of_module")
    show: Show = make(request.param, seed=SEEDS[request.param])
    show.play(BARS)
    return show


@pytest.fixture(scope="module")
def make_show_of_module() -> MakeShow:
    from tests.control.autopilot import conftest

    return conftest.make_show.__wrapped__()  # type: ignore[attr-defined, no-any-return]


def test_never_two_bass_lines_and_never_two_kicks_with_their_lows_open(played: Show) -> None:
    for beat, decks, _ in played.looks:
        for role in ("bass", "beat"):
            full = [deck for deck, look in decks.items()
                    if look.role == role and look.audible and look.low_db > -12]  # fmt: skip
            assert len(full) <= 1, (beat, role, full)


def test_never_silent(played: Show) -> None:
    # Seen twice a beat, from the second beat on.
    assert all(any(look.audible for look in decks.values()) for beat, decks, _ in played.looks if beat > 1)


def test_drops_come_on_the_border_of_a_phrase_with_beat_and_bass(played: Show) -> None:
    drops = [
        index
        for index in range(1, len(played.looks))
        if played.looks[index][2] == "drop" and played.looks[index - 1][2] != "drop"
    ]
    assert drops
    for index in drops:
        beat, decks, _ = played.looks[index]
        assert beat % PHRASE_BEATS < 1.0
        before = played.looks[index - 2][1]
        assert {"beat", "bass"} <= {look.role for look in decks.values() if look.audible}
        assert "bass" not in {look.role for look in before.values() if look.audible}
        assert all(look.filter == 0 for look in decks.values() if look.audible)


def test_every_section_is_whole_phrases_and_the_form_follows_the_style(played: Show) -> None:
    style = played.autopilot.style
    changes = [(beat, name) for (beat, _, name), before in zip(played.looks[1:], played.looks, strict=False)
               if name != before[2] and name and before[2]]  # fmt: skip
    assert len(changes) > 3
    assert all(beat % PHRASE_BEATS < 1.0 for beat, _ in changes)
    for (_, before), (_, after) in itertools.pairwise(changes):
        assert after in style.section(before).next


def test_decks_come_and_go_and_voices_move(played: Show) -> None:
    addresses = [address for _, address, _, _ in played.moves]
    assert len({address for address in addresses if address.endswith(".play")}) >= 5
    assert any(".controls." in address for address in addresses)
    assert any(address.endswith(".walk") for address in addresses)
    assert played.autopilot.refused == 0


def test_no_roll_stays(played: Show) -> None:
    rolls = [address for _, address, _, _ in played.moves if address.endswith("roll_beats")]
    assert rolls
    for beat, _, name in played.looks:
        if name == "drop" and beat % PHRASE_BEATS < 1.0:
            break
    # On the first beat of any section, everything that was held has been let go.
    assert played.engine.conductor.values[rolls[0]] == 0.0


def test_same_seed_same_moves_and_another_seed_others(make_show: MakeShow) -> None:
    def moves(seed: int) -> list[tuple[float, str, object, float]]:
        show = make_show("techno", seed=seed)
        show.play(20)
        return show.moves

    first = moves(1)
    assert len(first) > 15
    assert moves(1) == first
    assert moves(2) != first


def test_what_a_hand_touches_is_left_alone_and_later_taken_up_again(make_show: MakeShow) -> None:
    show = make_show("house", seed=3)
    show.play(30)
    deck = next(number for number, look in show.looks[-1][1].items() if look.audible)
    desk, touched = show.engine.desk, show.engine.position_beats
    desk.move(f"deck.{deck}.gain_db", -12, source="page")
    desk.move(f"deck.{deck}.filter", -0.5, source="page")
    told = show.autopilot.status()["hands"]
    assert told[f"deck.{deck}"] == YIELD_BARS
    count = len(show.moves)
    show.play(30 + YIELD_BARS - 1)
    own = [move for move in show.moves[count:] if move[1].startswith(f"deck.{deck}.")]
    assert [move[1:3] for move in own] == []
    assert show.look(deck).gain_db == -12
    # The rest goes on, and after a while the deck is played again.
    assert len(show.moves) > count
    show.play(72)
    assert any(move[1].startswith(f"deck.{deck}.") and move[0] > touched + 60 for move in show.moves[count:])


def test_a_knob_alone_does_not_take_the_deck(make_show: MakeShow) -> None:
    show = make_show("house", seed=3)
    show.play(30)
    show.engine.desk.move("deck.2.room_send", 0.7, source="midi")
    assert not show.autopilot.is_taken(2)
    show.play(44)
    assert show.engine.conductor.values["deck.2.room_send"] == 0.7


def test_what_a_hand_holds_is_not_moved(make_show: MakeShow) -> None:
    show = make_show("house", seed=3)
    desk = show.engine.desk
    held = [f"deck.{deck}.filter" for deck in range(1, 9)]

    def hold(beat: float) -> None:
        for address in held:
            desk.hold(address, "page")

    show.play(40, hold)
    assert not [move for move in show.moves if move[1] in held]


def test_a_hand_that_brings_a_second_bass_gets_the_room(make_show: MakeShow) -> None:
    show = make_show("house", seed=3)
    bar = 0
    while (
        not any(look.role == "bass" and look.audible for look in show.looks[-1][1].values())
        if show.looks
        else True
    ):
        bar += 4
        show.play(bar)
    other = next(deck for deck, look in show.looks[-1][1].items() if look.role == "bass" and not look.plays)
    show.engine.desk.move(f"deck.{other}.gain_db", 0, source="page")
    show.engine.desk.move(f"deck.{other}.play", 1, source="page")
    show.play(bar + 4)
    decks = show.looks[-1][1]
    assert [deck for deck, look in decks.items() if look.role == "bass" and look.audible] == [other]


def test_what_a_late_loop_undoes_is_taken_up_again(make_show: MakeShow) -> None:
    show = make_show("house", seed=3)
    closed: list[str] = []
    bar = 0
    while not closed:
        bar += 2
        show.play(bar)
        closed = [str(address) for _, address, value, _ in show.moves
                  if address.endswith("loop") and "filter=0.65" in str(value)]  # fmt: skip
    address = closed[0].replace("loop", "filter")
    while show.engine.conductor.values[address] != 0.0 or not show.engine.plays(int(address.split(".")[1])):
        bar += 1
        show.play(bar)
    # A late loop brings the mixer along that it was to enter with.
    show.engine.submit(address, 0.65)
    show.play(bar + 2)
    assert show.engine.conductor.values[address] == 0.0
    assert address not in show.autopilot.status()["hands"]


def test_undo_is_a_hand(make_show: MakeShow) -> None:
    show = make_show("house", seed=3)
    # The desk sees what the engine says, and nobody else's word.
    show.play(40)
    assert not show.autopilot.status()["hands"]
    show.engine.desk.move("history.undo", 1, source="page")
    show.play(41)
    assert show.autopilot.status()["hands"]


def test_it_can_be_switched_on_and_off_at_any_time(make_show: MakeShow) -> None:
    show = make_show("house", on=False)
    show.play(5)
    assert show.moves == []
    assert show.autopilot.status()["plan"] == "off"
    show.engine.desk.move("autopilot.on", 1, source="page")
    show.play(20)
    assert any(look.audible for look in show.looks[-1][1].values())
    show.engine.desk.move("autopilot.on", 0, source="page")
    show.play(21)
    count = len(show.moves)
    show.play(40)
    assert len(show.moves) == count


@pytest.mark.parametrize(
    "voices", [{"kick": False}, {"drone": True}, {"kick": False, "bass": True, "hats": False}]
)
def test_any_pack_will_do(make_show: MakeShow, voices: dict[str, bool]) -> None:
    show = make_show("house", seed=1, voices=voices)
    show.play(40)
    assert show.autopilot.refused == 0
    assert all(any(look.audible for look in decks.values()) for beat, decks, _ in show.looks if beat > 1)


def test_a_recorded_set_does_not_bring_the_autopilot_in_again(make_show: MakeShow) -> None:
    show = make_show("house", seed=1)
    show.play(16)
    kept = show.engine.recorded()
    assert "autopilot.on" not in kept.mixer
    assert not any(event.address.startswith("autopilot.") for event in kept.events)
    assert kept.events
