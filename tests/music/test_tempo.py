import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.music.tempo import (
    LOOP_BEATS,
    RATIOS,
    beats_if_whole,
    ratio_between,
    tempo_in_name,
    whole_beat_tempi,
)


@pytest.mark.parametrize(
    ("stem", "bpm", "sure"),
    [
        ("loop_126bpm", 126.0, True),
        ("126 BPM deep", 126.0, True),
        ("BPM_97.5_piano", 97.5, True),
        ("kit bpm=140", 140.0, True),
        ("track 7 (128,5 bpm)", 128.5, True),
        ("techno-130", 130.0, False),
        ("loop_drone_g_97", 97.0, False),
        ("120_to_the_top_174bpm", 174.0, True),
    ],
)
def test_names_that_state_a_tempo(stem: str, bpm: float, sure: bool) -> None:
    named = tempo_in_name(stem)
    assert named is not None
    assert (named.bpm, named.sure) == (bpm, sure)


@pytest.mark.parametrize(
    "stem",
    [
        "loop",
        "01 - intro",
        "robot1",
        "a96khz",
        "take_2024",
        "303",
        "solo-trumpet-06",
        "100-150",
        "5bpm",
        "1264bpm",
    ],
)
def test_names_that_do_not(stem: str) -> None:
    assert tempo_in_name(stem) is None


@given(bpm=st.floats(60, 200), beats=st.sampled_from(LOOP_BEATS))
def test_the_tempo_of_an_exact_loop_is_among_its_whole_beat_tempi(bpm: float, beats: int) -> None:
    seconds = beats * 60.0 / bpm
    tempi = whole_beat_tempi(seconds, slowest_bpm=59.9, fastest_bpm=200.1)
    assert any(abs(found / bpm - 1) < 1e-9 and count == beats for found, count in tempi)
    assert beats_if_whole(seconds, bpm) == beats
    assert [bpm for bpm, _ in tempi] == sorted(bpm for bpm, _ in tempi)


@given(bpm=st.floats(60, 200), ratio=st.sampled_from(RATIOS), off=st.floats(-0.005, 0.005))
def test_ratios_are_told(bpm: float, ratio: float, off: float) -> None:
    assert ratio_between(bpm * ratio * (1 + off), bpm) == ratio


def test_no_beats_in_no_time() -> None:
    assert whole_beat_tempi(0.0) == []
    assert beats_if_whole(0.1, 60) is None
    assert beats_if_whole(10.3, 60) is None
    assert ratio_between(100, 120) is None
