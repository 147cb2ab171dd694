import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live.recording.track_list import (
    MOST_CUE_TRACKS,
    LoopEntered,
    Mark,
    PackNote,
    TrackList,
    cue_time,
)

BEAT = 24_000
PACK = PackNote("default", "1.0", "ab" * 32, "CC0-1.0")


def entered(deck: int, beat: float, voice: str, seed: int = 1, **more) -> LoopEntered:
    return LoopEntered(deck, beat, round(beat * BEAT), voice, seed, **more)


def test_cue_times_are_frames_of_a_75th():
    assert cue_time(0) == "00:00:00"
    assert cue_time(639) == "00:00:00"
    assert cue_time(640) == "00:00:01"
    assert cue_time(48_000 - 1) == "00:00:74"
    assert cue_time(48_000 * 61) == "01:01:00"
    assert cue_time(48_000 * 3600 * 3 + 24_000) == "180:00:37"


@given(st.integers(0, 48_000 * 36_000))
def test_a_cue_time_is_within_a_frame_of_its_sample(sample):
    minutes, seconds, frames = (int(part) for part in cue_time(sample).split(":"))
    assert seconds < 60
    assert frames < 75
    back = (minutes * 60 + seconds) * 48_000 + frames * 640
    assert 0 <= sample - back < 640


def test_loops_near_one_another_are_one_track():
    tracks = TrackList("Night", 0, [PACK])
    for deck, beat in ((1, 0), (2, 0), (3, 8), (1, 31), (2, 32), (4, 40), (1, 80)):
        tracks.add(entered(deck, beat, f"voice{deck}", seed=beat))
    cue = tracks.cue_tracks(100 * BEAT)
    assert [track.sample / BEAT for track in cue] == [0, 32, 80]
    assert [len(track.entries) for track in cue] == [4, 2, 1]
    assert cue[1].title == "voice2 32 + voice4 40"


def test_the_sheet_reads_like_one():
    tracks = TrackList('Say "hi"\n', 48_000, [PACK], started_at="2030-01-01T00:00:00+00:00")
    tracks.add(entered(1, 0, "techno", 7))
    tracks.add(entered(2, 66, "bass", 3))
    tracks.add_mark(Mark(48_000 * 10, "Guests"))
    text = tracks.as_cue("night.wav", 48_000 * 100)
    assert text.splitlines() == [
        'REM DATE "2030-01-01T00:00:00+00:00"',
        'REM PACK "default 1.0, CC0-1.0" ' + "ab" * 32,
        'PERFORMER "AI Jockey"',
        "TITLE \"Say 'hi' \"",
        'FILE "night.wav" WAVE',
        "  TRACK 01 AUDIO",
        '    TITLE "techno 7"',
        "    REM BAR 1 DECK 1 techno 7",
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO",
        '    TITLE "Guests"',
        "    REM BAR 17.5 DECK 2 bass 3",
        "    INDEX 01 00:09:00",
    ]


def test_a_long_night_keeps_to_99_tracks(rng):
    tracks = TrackList("Long", 0)
    for beat in range(0, 400 * 64, 16):
        tracks.add(entered(int(rng.integers(1, 9)), beat, "techno", beat))
    frames = 400 * 64 * BEAT
    cue = tracks.as_cue("long.wav", frames)
    starts = [line for line in cue.splitlines() if "INDEX 01" in line]
    assert 40 <= len(starts) <= MOST_CUE_TRACKS
    assert len(set(starts)) == len(starts)
    for title in re.findall(r'    TITLE "(.*)"', cue):
        assert 0 < len(title) <= 160
    # What the sheet merges, the JSON keeps.
    assert len(tracks.as_json("long.wav", frames)["loops"]) == 400 * 4


def test_marks_beyond_99_are_cut_not_overflown():
    tracks = TrackList("Marks", 0)
    for second in range(200):
        tracks.add_mark(Mark(second * 48_000, f"m{second}"))
    cue = tracks.cue_tracks(48_000 * 300)
    assert [track.title for track in cue] == [f"m{second}" for second in range(99)]


def test_json_says_all_and_comes_back(tmp_path):
    entry = entered(
        3, 4.0, "pads", 9, point=[9, [2, None, 0.0], 0.25], controls={"swing": 0.5}, pack="default"
    )
    tracks = TrackList("Set", 2 * BEAT, [PACK], [entered(1, 0, "bass", 5)])
    tracks.add(entry)
    tracks.add(entered(1, 1000, "late"))
    tracks.gaps.append((48_000, 480))
    tracks.write(tmp_path / "set.wav", 10 * BEAT)
    found = json.loads((tmp_path / "set.json").read_text())
    assert found["packs"] == [
        {"name": "default", "version": "1.0", "sha256": "ab" * 32, "licence": "CC0-1.0"}
    ]
    assert [(loop["time_s"], loop["bar"], loop["voice"]) for loop in found["loops"]] == [
        (0.0, 1, "bass"),
        (1.0, 2, "pads"),
    ]
    assert LoopEntered.from_json(found["loops"][1]) == entry
    assert found["gaps"] == [{"time_s": 1.0, "seconds": 0.01}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.cue", "set.json"]


def test_silence_opens_no_track():
    tracks = TrackList("Quiet", 0)
    tracks.add(entered(1, 64, ""))
    cue = tracks.cue_tracks(100 * BEAT)
    assert [(track.sample, track.title) for track in cue] == [(0, "silence")]


@pytest.mark.parametrize("seed", range(5))
def test_order_of_arrival_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    entries = [entered(int(rng.integers(1, 9)), 4.0 * beat, "x", beat) for beat in range(200)]
    one, other = TrackList("A", 0), TrackList("A", 0)
    for entry in entries:
        one.add(entry)
    for index in rng.permutation(len(entries)):
        other.add(entries[index])
    assert one.as_cue("a.wav", 10**9) == other.as_cue("a.wav", 10**9)
