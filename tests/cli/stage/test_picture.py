"""What the terminal shows of a state: everything a player needs, on lines that fit."""

import re
from typing import Any

import pytest

from aijockey.cli.stage.picture import help_picture, level_bar, picture
from aijockey.control.keys import KEYS

STATE: dict[str, Any] = {
    "beat": 38.5, "tempo_bpm": 124.0, "target_bpm": 128.0, "nudge": 0.0, "steps_to_undo": 3, "late_loops": 1,
    "underruns": 0, "worker_restarts": 0, "limiter_db": -0.5, "load": {"mean": 0.2, "p99": 0.4},
    "device": {"name": "Speakers", "state": "open"}, "recording": {"recording": True, "name": "night"},
    "decks": [
        {"voice": "techno", "plays": True, "loop": "voice=techno; point=7", "next": "voice=techno; point=9",
         "enters": 48.0, "late": False, "error": "", "peak": 0.5},
        {"voice": "bass", "plays": False, "loop": "", "next": "", "enters": None, "late": True, "error": "",
         "peak": 0.0},
    ],
}  # fmt: skip
VALUES = {"deck.1.gain_db": -3.0, "deck.1.filter": 0.4, "deck.2.gain_db": -90.0, "deck.2.mute": 1.0}
AUTOPILOT = {"on": True, "style": "house", "section": "build", "plan": "drop in 4 bars", "energy": 0.6,
             "hands": {"deck.2": 3.0}}  # fmt: skip


def bare(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def shown(**changes: Any) -> str:
    lines = picture({**STATE, **changes}, VALUES, title="A night", bars=96, width=120, autopilot=AUTOPILOT)
    return "\n".join(bare(lines))


def test_transport_decks_plan_and_health_are_there() -> None:
    text = shown()
    for words in (
        "124.0 BPM → 128.0", "bar 10 of 96 ●●●○", "phrase 2, bar 2 of 8", "1 ▶ techno", "filter +0.40",
        "→ 9 in 2.4 bars", "2 · bass", "-inf", "mute", "late",
        "autopilot house: build, drop in 4 bars", "yours: deck.2",
        "undo 3",
        "into Speakers", "recording night", "1 late loops",
    ):  # fmt: skip
        assert words in text, words


def test_a_deck_that_stops_next_says_so() -> None:
    decks = [{**STATE["decks"][0], "next": ""}]
    assert "→ stops in 2.4 bars" in shown(decks=decks)


@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = picture(
        STATE, VALUES, title="A night" * 20, bars=96, width=width, autopilot=AUTOPILOT, notes=["x" * 300]
    )
    assert max(map(len, bare(lines))) <= width


def test_what_comes_from_files_gives_the_terminal_no_orders() -> None:
    decks = [{**STATE["decks"][0], "voice": "\x1b]0;owned\x07", "loop": "point=\x1b[2J"}]
    text = "".join(
        picture({**STATE, "decks": decks}, VALUES, title="\x1b[2J", bars=4, width=100, notes=["\x1bc"])
    )
    assert not re.search(r"\x1b(?!\[[0-9;]*m)", text)


def test_before_the_engine_says_anything_there_is_a_picture_too() -> None:
    assert picture({}, {}, title="A night", bars=4)


def test_levels_grow_with_the_sound() -> None:
    bars = [level_bar(level_db) for level_db in (-90.0, -30.0, -12.0, 0.0)]
    filled = [len(bar.strip()) for bar in bars]
    assert filled == sorted(filled)
    assert bars[0].strip() == ""
    assert bars[3] == "█" * 12
    assert {len(bar) for bar in bars} == {12}


@pytest.mark.parametrize("width", [80, 140])
def test_every_key_is_in_the_help(width: int) -> None:
    text = "\n".join(help_picture(KEYS, width, 24))
    assert text.count("launch or stop") == 8
    assert all(key.meaning in text for key in KEYS)
