"""What is struck in a loop hangs beside its picture, and the desk finds it there."""

import numpy as np

from aijockey.audio.drum_hits import MOST_HITS, drum_hits
from aijockey.live.loops import LoopRequest
from aijockey.live.plan import request_text
from aijockey.live.points import Seed
from aijockey.live.processes.board import Board
from aijockey.live.processes.desk_link import DeskLink
from aijockey.live.processes.gallery import Gallery, key_of_text
from aijockey.live.processes.mailbox import Mailbox, Outbox
from aijockey.music.grid import BEAT_SAMPLES, LOOP_SAMPLES, RATE_HZ


def clicks(every_beats):
    """A loop that is struck low every so many beats."""
    audio = np.zeros((1, LOOP_SAMPLES), dtype=np.float32)
    ring = np.exp(-np.arange(9600) / 2400) * np.sin(2 * np.pi * 60 * np.arange(9600) / RATE_HZ)
    for start in range(0, LOOP_SAMPLES, int(every_beats * BEAT_SAMPLES)):
        audio[0, start : start + 9600] += 0.8 * ring.astype(np.float32)
    return audio


def test_hits_are_found_by_the_loop_s_key_and_are_those_of_the_loop():
    request = LoopRequest("techno", Seed(3))
    key = key_of_text(request_text(request))
    gallery, board, mailbox = Gallery(), Board(), Mailbox()
    try:
        link = DeskLink(board, Outbox(mailbox), gallery=gallery)
        assert link.hits(key) is None
        gallery.hang(0, request, clicks(1))
        found, expected = link.hits(key), drum_hits(clicks(1))
        assert found is not None
        np.testing.assert_array_equal(found.beats, expected.beats)
        np.testing.assert_array_equal(found.classes, expected.classes)
        np.testing.assert_allclose(found.beats, np.arange(8), atol=0.05)
        picture = gallery.find(key)
        assert picture is not None
        assert [name for _, name, _ in picture.as_json()["onsets"]] == ["kick"] * 8
        assert link.hits("") is None
        assert DeskLink(board, Outbox(mailbox)).hits(key) is None
    finally:
        for shared in (gallery, board, mailbox):
            shared.close()


def test_a_loop_with_more_hits_than_there_is_room_for_keeps_the_strongest():
    noise = np.random.default_rng(1).normal(size=LOOP_SAMPLES).astype(np.float32)
    gates = np.abs(np.sin(np.linspace(0, 200 * np.pi, LOOP_SAMPLES))).astype(np.float32) ** 40
    assert 0 < len(drum_hits(noise * gates)) <= MOST_HITS
