from collections.abc import Callable

import numpy as np
import pytest

from aijockey.audio.onsets import loop_onsets
from aijockey.corpus.cut import Piece, conform, pieces_of_bars, pieces_of_beats, pieces_without_tempo
from aijockey.corpus.timing import Timing

RATE_HZ = 48_000


def timing(times_s: np.ndarray, first_downbeat: int = 0, circular: bool = False) -> Timing:
    starts_bar = np.arange(len(times_s)) % 4 == first_downbeat
    return Timing(120.0, 1.0, "onsets", times_s, starts_bar, 1.0, circular)


@pytest.mark.parametrize("first", [0, 1, 3])
def test_loops_lie_on_downbeats_one_behind_the_other(first: int) -> None:
    pieces = pieces_of_bars(timing(np.arange(30) * 0.5, first), 2)
    assert [piece.start_s for piece in pieces] == [first * 0.5 + 4.0 * i for i in range(3)]
    assert all(piece.stop_s - piece.start_s == 4.0 and piece.beats == 8 for piece in pieces)
    assert all(piece.bpm == 120.0 for piece in pieces)


def test_one_bar_is_heard_twice_and_one_beat_eight_times() -> None:
    assert pieces_of_bars(timing(np.arange(5) * 0.5, circular=True), 2) == [Piece(0.0, 2.0, 4, 2)]
    assert pieces_of_bars(timing(np.arange(3) * 0.5, circular=True), 2) == [Piece(0.0, 1.0, 2, 4)]
    assert pieces_of_bars(timing(np.arange(1) * 0.5), 2) == []


def test_nothing_is_cut_over_a_gap_in_the_beats() -> None:
    times_s = np.concatenate([np.arange(9) * 0.5, 10.0 + np.arange(9) * 0.5])
    starts_bar = np.concatenate([np.arange(9) % 4 == 0] * 2)
    pieces = pieces_of_bars(Timing(120.0, 1.0, "beat file", times_s, starts_bar, 1.0), 2)
    assert [piece.start_s for piece in pieces] == [0.0, 10.0]


def test_bars_of_three_are_not_bars() -> None:
    times_s = np.arange(25) * 0.5
    assert all(
        p.beats < 4
        for p in pieces_of_bars(Timing(120, 1, "beat file", times_s, np.arange(25) % 3 == 0, 1), 1)
    )


def test_every_beat() -> None:
    pieces = pieces_of_beats(timing(np.arange(9) * 0.5, 2))
    assert [piece.start_s for piece in pieces] == [0.5 * i for i in range(8)]


def test_textures_are_cut_to_the_length_of_a_loop() -> None:
    assert [p.start_s for p in pieces_without_tempo(13.0, 2)] == [0.0, 4.0, 8.0]
    assert pieces_without_tempo(3.9, 2) == []
    assert len(pieces_without_tempo(4.0, 2)) == 1


@pytest.mark.parametrize("bpm", [97.0, 126.0, 148.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_onsets_of_a_conformed_loop_are_on_the_grid(
    drums: Callable[..., np.ndarray], bpm: float, channels: int
) -> None:
    audio = np.tile(drums("four to the floor", bpm, 12.0, variation=0.0), (channels, 1))
    beat_s = 60 / bpm
    loop = conform(audio, 0, Piece(4 * beat_s, 12 * beat_s, 8))
    assert loop.shape == (channels, 192_000)
    times = loop_onsets(loop.mean(axis=0)).times_samples
    away = (times + 3_000) % 6_000 - 3_000
    assert len(times) >= 24
    assert np.quantile(np.abs(away), 0.9) < 0.006 * RATE_HZ


def test_ends_meet() -> None:
    """A held tone is no loop; cut as one, the step from last to first sample is like any other."""
    tone = 0.5 * np.sin(2 * np.pi * 111.1 * np.arange(10 * RATE_HZ) / RATE_HZ)[None].astype(np.float32)
    loop = conform(tone, 0, Piece(1.013, 5.2, 8))
    steps = np.abs(np.diff(loop[0]))
    assert abs(loop[0, 0] - loop[0, -1]) <= 1.2 * np.quantile(steps, 0.99)


def test_nothing_is_above_full_scale() -> None:
    rng = np.random.default_rng(0)
    loud = (3.0 * rng.standard_normal((2, 5 * RATE_HZ))).astype(np.float32)
    assert np.abs(conform(loud, 0, Piece(0.0, 4.2, 8))).max() <= 1.0


def test_repeats_are_exact() -> None:
    rng = np.random.default_rng(0)
    audio = (0.1 * rng.standard_normal((1, 3 * RATE_HZ))).astype(np.float32)
    loop = conform(audio, RATE_HZ // 2, Piece(0.0, 1.9, 4, 2))
    assert loop.shape == (1, 192_000)
    assert np.array_equal(loop[:, :96_000], loop[:, 96_000:])
