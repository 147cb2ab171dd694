from collections.abc import Callable

import numpy as np
import pytest

from aijockey.corpus.beat_file import WrittenBeats
from aijockey.corpus.pulse import score_tempi
from aijockey.corpus.rhythm import listen
from aijockey.corpus.timing import Timing, find_timing

Drums = Callable[..., np.ndarray]
RATE_HZ = 48_000
TEMPI = (90.0, 97.3, 104.5, 112.0, 118.4, 126.02, 133.0, 140.0, 150.7, 160.0, 170.0)


def timing_of(audio: np.ndarray, stem: str = "song", **hints: object) -> Timing | None:
    return find_timing(listen(audio[None]), len(audio) / RATE_HZ, stem, **hints)  # type: ignore[arg-type]


def beats_away_s(timing: Timing, bpm: float, offset_s: float) -> np.ndarray:
    place = (timing.beats_s - offset_s) * bpm / 60
    return (place - np.rint(place)) * 60 / bpm


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("pattern", ["four to the floor", "techno", "break", "garage"])
def test_tempo_has_no_octave_or_fraction_error(drums: Drums, pattern: str, bpm: float) -> None:
    if bpm < 95 and pattern in ("break", "garage"):
        pytest.skip("half of 180: could be either")
    audio = drums(pattern, bpm, 20.0, seed=int(bpm), offset_s=0.37, swing=0.5 if bpm < 130 else 0.57)
    timing = timing_of(audio)
    assert timing is not None
    assert timing.bpm == pytest.approx(bpm, rel=0.001)
    assert timing.found_by == "onsets"
    assert timing.confidence > 0.8


@pytest.mark.parametrize(
    ("pattern", "bpm", "swing"),
    [
        ("four to the floor", 70.0, 0.57),
        ("four to the floor", 76.0, 0.5),
        ("four to the floor", 82.0, 0.5),
        ("hip hop", 64.0, 0.5),
        ("hip hop", 87.0, 0.57),
        ("ballad", 72.0, 0.5),
        ("break", 84.0, 0.5),
    ],
)
def test_a_slow_tempo_is_kept_where_hats_and_backbeat_say_so(
    drums: Drums, pattern: str, bpm: float, swing: float
) -> None:
    timing = timing_of(drums(pattern, bpm, 24.0, offset_s=0.2, swing=swing))
    assert timing is not None
    assert timing.bpm == pytest.approx(bpm, rel=0.001)
    # What is half-time music of 140 to one is 70 to another.
    assert timing.other_bpm == pytest.approx(2 * bpm, rel=0.001)


def test_what_could_be_slow_or_fast_is_named(drums: Drums) -> None:
    timing = timing_of(drums("hats and kicks", 75.0, 24.0, offset_s=0.2))
    assert timing is not None
    assert sorted([timing.bpm, timing.other_bpm]) == pytest.approx([75.0, 150.0], rel=0.001)


@pytest.mark.parametrize("bpm", [126.0, 150.0])
@pytest.mark.parametrize("pattern", ["eighths", "techno", "garage"])
def test_a_fast_tempo_is_not_doubted_where_the_pattern_says_so(
    drums: Drums, pattern: str, bpm: float
) -> None:
    timing = timing_of(drums(pattern, bpm, 24.0, offset_s=0.2))
    assert timing is not None
    assert timing.bpm == pytest.approx(bpm, rel=0.001)
    assert timing.other_bpm is None


def test_a_slow_loop_is_known_by_its_length(drums: Drums) -> None:
    timing = timing_of(drums("hip hop", 80.0, 4 * 240 / 80.0, loop=True))
    assert timing is not None
    assert timing.circular
    assert timing.bpm == pytest.approx(80.0, rel=1e-4)
    assert len(timing.beats_s) == 17


@pytest.mark.parametrize(
    ("bpm", "swing", "offset_s"), [(126.02, 0.5, 0.31), (133.33, 0.6, 0.0), (101.7, 0.55, 1.2)]
)
def test_the_grid_does_not_drift_over_minutes(
    drums: Drums, bpm: float, swing: float, offset_s: float
) -> None:
    audio = drums(
        "four to the floor", bpm, 150.0, offset_s=offset_s, swing=swing, silent_bars=(20, 21, 22, 23, 40)
    )
    timing = timing_of(audio)
    assert timing is not None
    assert abs(timing.bpm - bpm) < 0.01
    assert np.abs(beats_away_s(timing, bpm, offset_s)).max() < 0.005


@pytest.mark.parametrize("bpm", [118.0, 126.0, 140.0])
@pytest.mark.parametrize("pattern", ["four to the floor", "techno", "garage"])
def test_bars_begin_where_music_enters_and_leaves(drums: Drums, pattern: str, bpm: float) -> None:
    offset_s = 1.1
    timing = timing_of(drums(pattern, bpm, 60.0, offset_s=offset_s, silent_bars=(8, 9, 19)))
    assert timing is not None
    bars = (timing.beats_s[timing.starts_bar] - offset_s) * bpm / 240
    assert np.abs(bars - np.rint(bars)).max() < 0.02


@pytest.mark.parametrize(
    ("bpm", "bars"), [(126.0, 1), (97.0, 1), (130.0, 4), (148.0, 4), (105.0, 2), (172.0, 8), (120.0, 2)]
)
@pytest.mark.parametrize("pattern", ["four to the floor", "break"])
def test_a_file_that_is_a_loop_is_known_by_its_length(
    drums: Drums, pattern: str, bpm: float, bars: int
) -> None:
    audio = drums(pattern, bpm, bars * 240 / bpm, loop=True)
    timing = timing_of(audio)
    assert timing is not None
    assert timing.found_by == "loop length"
    assert timing.circular
    assert timing.bpm == pytest.approx(bpm, rel=1e-4)
    assert len(timing.beats_s) == 4 * bars + 1
    assert timing.beats_s[0] == 0.0
    assert timing.beats_s[-1] == pytest.approx(len(audio) / RATE_HZ)


@pytest.mark.parametrize("seconds", [9.1, 14.4, 23.7])
def test_a_piece_of_a_song_is_not_taken_for_a_loop(drums: Drums, seconds: float) -> None:
    timing = timing_of(drums("four to the floor", 126.0, seconds, offset_s=0.2))
    assert timing is not None
    assert not timing.circular
    assert timing.bpm == pytest.approx(126.0, rel=0.003)


def test_sounds_without_a_beat_have_no_tempo() -> None:
    rng = np.random.default_rng(4)
    time = np.arange(12 * RATE_HZ) / RATE_HZ
    pad = sum(np.sin(2 * np.pi * hz * time + rng.uniform(0, 6)) for hz in (220, 262, 330)) * (
        1 - np.cos(time)
    )
    noise = rng.standard_normal(len(time))
    hit = rng.standard_normal(len(time)) * np.exp(-4 * time)
    scattered = np.zeros(len(time))
    for start in rng.integers(0, len(time) - 4000, 40):
        scattered[start : start + 4000] += rng.standard_normal(4000) * np.exp(-np.arange(4000) / 400)
    for audio in (0.1 * pad, 0.1 * noise, 0.2 * hit, 0.2 * scattered):
        assert timing_of(audio.astype(np.float32)) is None


def test_one_hit_of_a_whole_number_of_beats_is_no_loop() -> None:
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    kick = np.sin(2 * np.pi * 50 * time) * np.exp(-6 * time)
    assert timing_of(kick.astype(np.float32)) is None


def test_people_who_do_not_keep_time_are_followed(drums: Drums) -> None:
    """A tempo that wanders by 1.5 % to either side: the beats found are within 30 ms of those played."""
    steady = drums("four to the floor", 112.0, 64.0, variation=0.0)
    rate = 1.0 + 0.015 * np.sin(2 * np.pi * np.arange(60 * RATE_HZ) / (24 * RATE_HZ))
    position = np.cumsum(rate)
    timing = timing_of(np.interp(position, np.arange(len(steady)), steady).astype(np.float32))
    assert timing is not None
    assert timing.bpm == pytest.approx(112, rel=0.015)
    inside = timing.beats_s[4:-5] * RATE_HZ
    played_beats = np.interp(inside, np.arange(len(position)), position) / RATE_HZ * 112 / 60
    assert np.abs(played_beats - np.rint(played_beats)).max() * 60 / 112 < 0.030


def test_a_stated_tempo_is_kept(drums: Drums) -> None:
    audio = drums("four to the floor", 80.0, 30.0, offset_s=0.4)
    for timing in (timing_of(audio, given_bpm=80.0), timing_of(audio, stem="slow_80bpm")):
        assert timing is not None
        assert timing.bpm == pytest.approx(80.0, rel=0.001)
        assert np.abs(beats_away_s(timing, 80.0, 0.4)).max() < 0.006
    assert timing_of(audio, stem="slow_80bpm").found_by == "file name"  # type: ignore[union-attr]


def test_a_rounded_tempo_in_a_name_does_not_drift(drums: Drums) -> None:
    timing = timing_of(drums("techno", 125.6, 120.0, offset_s=0.2), stem="set 126 bpm")
    assert timing is not None
    assert np.abs(beats_away_s(timing, 125.6, 0.2)).max() < 0.006


def test_a_number_in_a_name_counts_only_where_the_audio_agrees(drums: Drums) -> None:
    audio = drums("four to the floor", 126.0, 25.0, offset_s=0.3)
    agrees, disagrees = timing_of(audio, stem="techno-126"), timing_of(audio, stem="area_99")
    assert agrees is not None
    assert disagrees is not None
    assert agrees.found_by == "file name"
    assert disagrees.found_by == "onsets"
    assert disagrees.bpm == pytest.approx(126.0, rel=0.001)
    drone = 0.1 * np.sin(2 * np.pi * 98 * np.arange(round(8 * 60 / 97 * RATE_HZ)) / RATE_HZ)
    named = timing_of(drone.astype(np.float32), stem="drone_g_97")
    assert named is not None
    assert named.circular
    assert named.bpm == pytest.approx(97.0, rel=1e-4)
    assert timing_of(drone.astype(np.float32), stem="drone_g_88") is None


def test_a_beat_file_is_believed(drums: Drums) -> None:
    audio = drums("four to the floor", 126.0, 20.0)
    times_s = 0.1 + np.arange(30) * 0.5
    numbered = timing_of(audio, written=WrittenBeats(times_s, (np.arange(30) + 2) % 4 + 1))
    assert numbered is not None
    assert numbered.found_by == "beat file"
    assert numbered.bpm == pytest.approx(120.0)
    assert numbered.beats_s[numbered.starts_bar][0] == pytest.approx(0.1 + 2 * 0.5)
    assert len(numbered.beats_s) == 31
    plain = timing_of(audio, written=WrittenBeats(np.arange(40) * 60 / 126, None))
    assert plain is not None
    assert plain.starts_bar.sum() == 10


def test_scores_fall_on_both_sides_of_the_tempo(drums: Drums) -> None:
    pulse = score_tempi(listen(drums("four to the floor", 126.0, 24.0)[None]))
    for ratio in (1 / 2, 2 / 3, 3 / 4, 4 / 3, 3 / 2):
        assert pulse.score_at(126.0) > pulse.score_at(126.0 * ratio) + 0.3, ratio
