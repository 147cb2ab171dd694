"""Pictures of loops: what is loud is tall, what is high is above, and nobody sees half of one."""

import numpy as np
import pytest

from aijockey.live.loops import LoopRequest
from aijockey.live.plan import request_text
from aijockey.live.points import Seed
from aijockey.live.processes.gallery import (
    BANDS,
    COLUMNS,
    FRAMES,
    SLOTS_PER_WORKER,
    Gallery,
    draw,
    key_of_text,
)
from aijockey.music.grid import BEAT_SAMPLES, LOOP_SAMPLES, RATE_HZ


@pytest.fixture
def gallery():
    gallery = Gallery()
    yield gallery
    gallery.close()


def tone(frequency_hz, samples=LOOP_SAMPLES, level=0.5):
    return (level * np.sin(2 * np.pi * frequency_hz * np.arange(samples) / RATE_HZ)).astype(np.float32)[
        np.newaxis
    ]


def key(seed):
    return key_of_text(request_text(LoopRequest("tone", Seed(seed))))


def test_a_waveform_shows_level_and_place():
    audio = tone(440)
    audio[:, LOOP_SAMPLES // 2 :] = 0.0
    picture = draw(audio)
    assert picture.beats == 8
    assert picture.low.shape == picture.high.shape == (COLUMNS,)
    assert np.abs(picture.high[: COLUMNS // 2 - 1] - 63.5).max() <= 1.5
    assert np.abs(picture.low[: COLUMNS // 2 - 1] + 63.5).max() <= 1.5
    assert not picture.high[COLUMNS // 2 + 1 :].any()


def test_a_mel_shows_pitch_and_level():
    low, high, silence = (draw(audio).mel for audio in (tone(100), tone(5000), 0 * tone(100)))
    assert low.shape == (BANDS, FRAMES)
    assert low[:, 5].argmax() < high[:, 5].argmax()
    assert not silence.any()
    # Full scale is at the top, 20 dB less is a quarter of the way down.
    loud, quiet = draw(tone(1000, level=1.0)).mel.max(), draw(tone(1000, level=0.1)).mel.max()
    assert loud > 240
    assert loud - quiet == pytest.approx(64, abs=3)


@pytest.mark.parametrize("beats", [1, 4, 16])
def test_a_loop_of_any_length_fills_its_picture(beats):
    picture = draw(np.repeat(tone(440, beats * BEAT_SAMPLES), 2, axis=0))
    assert picture.beats == beats
    assert picture.mel.shape == (BANDS, FRAMES)
    assert (picture.high > 50).all()
    assert picture.mel.max(axis=0).min() > 200


def test_a_picture_is_found_by_its_loop_in_another_process_too(gallery):
    request = LoopRequest("tone", Seed(1), (("bright", 0.5),))
    gallery.hang(3, request, tone(440))
    other = Gallery(gallery.name)
    try:
        found = other.find(key_of_text(request_text(request)))
        assert found is not None
        np.testing.assert_array_equal(found.mel, draw(tone(440)).mel)
        assert other.find(key(9)) is None
        assert other.find("") is None
        del found
    finally:
        other.close()


def test_old_pictures_go_and_workers_do_not_take_each_others_room(gallery):
    short = tone(440, BEAT_SAMPLES)
    gallery.hang(1, LoopRequest("tone", Seed(10_000)), short)
    for seed in range(SLOTS_PER_WORKER + 1):
        gallery.hang(0, LoopRequest("tone", Seed(seed)), short)
        gallery.hang(0, LoopRequest("tone", Seed(seed)), short)  # is there already
    assert gallery.find(key(0)) is None
    assert gallery.find(key(1)) is not None
    assert gallery.find(key(SLOTS_PER_WORKER)) is not None
    assert gallery.find(key(10_000)) is not None


def test_half_a_picture_is_none(gallery):
    gallery.hang(0, LoopRequest("tone", Seed(1)), tone(440, BEAT_SAMPLES))
    gallery._shared["words"][0, 0] |= 1  # its worker was killed while it drew
    assert gallery.find(key(1)) is None
    # Its successor draws there all the same.
    for seed in range(2, SLOTS_PER_WORKER + 2):
        gallery.hang(0, LoopRequest("tone", Seed(seed)), tone(440, BEAT_SAMPLES))
    assert gallery.find(key(SLOTS_PER_WORKER + 1)) is not None
