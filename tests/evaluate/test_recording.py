"""A recording judged as a whole: silence, levels and who played are found where they were put."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.evaluate.recording import judge_recording, longest_silence_s, rehearse
from aijockey.evaluate.recording_picture import draw_recording
from aijockey.live.set_file import LiveSet, write_set
from aijockey.live.set_parts import Event
from aijockey.music.grid import BAR_SAMPLES, RATE_HZ

BARS = 12
SET = LiveSet(
    ({"voice": "techno", "play": 1.0}, {"voice": "bass"}, {"voice": "deep_bass"}),
    events=(
        Event(4.0, "deck.1.play", 0.0),
        Event(30.0, "deck.1.play", 1.0),
        Event(30.0, "deck.2.play", 1.0),
        Event(38.0, "deck.3.play", 1.0),
        Event(44.0, "deck.3.low_db", -90.0),
    ),
    tempo_bpm=120.0,
    bars=BARS,
)


def test_who_plays_when_and_a_drop_on_its_phrase() -> None:
    lanes, starts = rehearse(SET, BARS * BAR_SAMPLES)
    assert list(starts) == [bar * BAR_SAMPLES for bar in range(BARS + 1)]
    heard = [[lanes.voices[index] for index in lanes.voice[:, bar] if index >= 0] for bar in (0, 5, 8, 11)]
    assert heard == [["techno"], [], ["techno", "bass"], ["techno", "bass", "deep_bass"]]
    assert list(lanes.bass[9:12]) == [1, 2, 1]  # until the second one's lows are gone


def test_silence_is_as_long_as_it_is() -> None:
    sound = np.full((2, 3 * RATE_HZ), 0.1, dtype=np.float32)
    sound[:, RATE_HZ : RATE_HZ + RATE_HZ // 2] = 0.0
    assert longest_silence_s(sound) == pytest.approx(0.5, abs=0.06)
    assert longest_silence_s(sound[:, : RATE_HZ // 2]) == 0.0


def test_figures_and_a_picture_of_a_recording(tmp_path: Path, rng: np.random.Generator) -> None:
    sound = 0.05 * rng.standard_normal((2, BARS * BAR_SAMPLES)).astype(np.float32)
    sound[:, 4 * BAR_SAMPLES : 6 * BAR_SAMPLES] = 0.0
    soundfile.write(tmp_path / "set.wav", sound.T, RATE_HZ)
    write_set(tmp_path / "set.set", SET)
    recording = judge_recording(tmp_path / "set.wav", tmp_path / "set.set")
    figures = recording.figures
    assert figures["bars"] == BARS
    assert figures["longest_silence_s"] == pytest.approx(4.0, abs=0.1)
    assert figures["changes"]["drops"] == [8]
    assert figures["changes"]["drops_on_phrases"] == 1
    assert figures["bars_with_two_open_basses"] == 1
    assert figures["voices"]["bass"]["share"] == 0.33
    assert figures["truths"]["clipped_share"] == 0.0
    assert figures["truths"]["silent"] == pytest.approx(1 / 6, abs=1e-4)
    draw_recording(recording, tmp_path / "set.png")
    assert (tmp_path / "set.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
