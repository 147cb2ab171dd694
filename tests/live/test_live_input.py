"""A live input as a deck: through the whole strip, late by what is said, and silent where there is none."""

import numpy as np
import pytest

from aijockey.live.engine import Engine
from aijockey.live.live_input import RingInput, in_channels, input_delay_samples
from aijockey.live.programme import input_decks, with_input
from aijockey.live.set_file import Event, LiveSet, SetError, format_set, parse_set
from aijockey.live.shared_ring import SharedRing
from aijockey.live.sound_input import ClockedInput, InputAdapter
from aijockey.music.grid import RATE_HZ


class Tone:
    """An input that is always there."""

    def __init__(self, level=0.25):
        self.level, self.position = level, 0

    def read(self, count):
        time = np.arange(self.position, self.position + count) / RATE_HZ
        self.position += count
        return np.tile((self.level * np.sin(2 * np.pi * 1000 * time)).astype(np.float32), (2, 1))


def level(sound):
    return float(np.sqrt(np.mean(np.square(sound[:, -RATE_HZ // 2 :], dtype=np.float64))))


def heard(make_source, deck, *events, live_input=None, block=4096):
    live_set = LiveSet((deck,), tuple(events))
    engine = Engine(live_set, make_source(), live_input=live_input)
    return np.concatenate([engine.process(block) for _ in range(2 * RATE_HZ // block)], axis=1)


def test_the_strip_shapes_it_like_any_loop(make_source):
    plain = level(heard(make_source, {"input": 1.0}, live_input=Tone()))
    assert plain == pytest.approx(0.25 / np.sqrt(2), rel=0.01)
    for deck, expected in (
        ({"gain_db": -6.0}, 10 ** (-6 / 20)),
        ({"trim_db": 6.0}, 10 ** (6 / 20)),
        ({"mute": 1.0}, 0.0),
        ({"mid_db": -90.0}, 0.03),
        ({"filter": -1.0}, 0.001),
    ):
        shaped = level(heard(make_source, {"input": 1.0, **deck}, live_input=Tone()))
        assert shaped == pytest.approx(expected * plain, rel=0.02, abs=0.04 * plain)


def test_it_takes_the_place_of_the_loops_and_gives_it_back_without_a_step(make_source):
    deck = {"voice": "drone", "play": 1.0}
    events = (Event(1.0, "deck.1.input", 1.0), Event(2.5, "deck.1.input", 0.0))
    sound = heard(make_source, deck, *events, live_input=Tone(0.3))
    loops = heard(make_source, deck)
    before = RATE_HZ // 2 - 1000
    np.testing.assert_allclose(sound[:, :before], loops[:, :before], atol=1e-6)
    np.testing.assert_allclose(sound[:, -RATE_HZ // 2 :], loops[:, -RATE_HZ // 2 :], atol=1e-3)
    assert np.abs(sound - loops).max() > 0.2
    assert np.abs(np.diff(sound)).max() < 0.06


@pytest.mark.parametrize("block", [1, 64, 65, 512, 4096])
def test_blocks_do_not_matter(block, make_source):
    if block == 1:
        blocks, samples = 1, 6000
    else:
        blocks, samples = block, 40_000
    live_set = LiveSet(({"input": 1.0, "insert_1": "compressor"},), (Event(0.5, "deck.1.gain_db", -3.0),))

    def run(size):
        engine = Engine(live_set, make_source(), live_input=Tone())
        return np.concatenate([engine.process(size) for _ in range(samples // size)], axis=1)

    expected, sound = run(512), run(blocks)
    count = min(expected.shape[1], sound.shape[1])
    np.testing.assert_allclose(sound[:, :count], expected[:, :count], atol=1e-6)


def test_a_replay_has_no_input_and_says_which_decks_are_silent(make_source):
    live_set = with_input(LiveSet(({"voice": "kick"},), (Event(1.0, "deck.1.input", 1.0),)))
    again = parse_set(format_set(live_set))
    assert input_decks(again) == (1, 2)
    assert not heard(make_source, {"input": 1.0, "voice": "kick", "play": 1.0}).any()


def test_it_takes_one_more_deck_and_says_where_there_is_none_left():
    assert with_input(LiveSet(({"input": 1.0},))).decks == ({"input": 1.0},)
    with pytest.raises(SetError, match="at most 15"):
        with_input(LiveSet(({"voice": "kick"},) * 16))


def test_from_a_ring_it_is_late_by_the_delay_that_is_said():
    with SharedRing.create(2, RATE_HZ) as ring:
        live_input = RingInput(ring, 256)
        assert live_input.delay_samples == input_delay_samples(256)
        count = np.arange(RATE_HZ // 2, dtype=np.float32)
        heard = []
        for start in range(0, len(count), 256):
            ring.write(np.tile(count[start : start + 256], (2, 1)))
            if ring.written % 512 == 0:
                heard.append((ring.written, live_input.read(512)))
        written, sound = heard[-1]
        assert written - sound[0, 0] == live_input.delay_samples
        np.testing.assert_array_equal(np.diff(sound), 1.0)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_any_device_comes_in_at_48_khz_in_stereo(rate_hz, channels):
    adapter = InputAdapter(rate_hz, channels)
    time = np.arange(rate_hz) / rate_hz
    tone = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[:, np.newaxis].repeat(channels, axis=1)
    sound = np.concatenate([adapter.adapt(tone[at : at + 441]) for at in range(0, rate_hz, 441)], axis=1)
    assert sound.shape[0] == 2
    assert sound.shape[1] > RATE_HZ - RATE_HZ * (adapter.latency_s + 0.03)
    crossings = np.count_nonzero(np.diff(np.signbit(sound[0, 4800:43_200])))
    assert crossings == pytest.approx(2 * 440 * 0.8, abs=2)


def test_what_is_not_finite_does_not_come_in():
    block = np.array([[np.nan], [np.inf], [0.5]], np.float32)
    np.testing.assert_array_equal(InputAdapter(RATE_HZ, 1).adapt(block), [[0, 0, 0.5]] * 2)


def test_a_clocked_input_hands_over_until_it_is_told_to_stop():
    taken = []

    def take(sound):
        taken.append(sound)
        return len(taken) < 3

    clocked = ClockedInput(480, lambda start, count: np.full((2, count), start, np.float32))
    clocked.start(take)
    clocked._thread.join(20.0)
    assert not clocked.active
    assert [float(sound[0, 0]) for sound in taken] == [0.0, 480.0, 960.0]


def test_mono_decks_hear_the_mean_of_both_sides():
    stereo = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    np.testing.assert_array_equal(in_channels(stereo, 1), [[0.5, 0.5]])
    np.testing.assert_array_equal(in_channels(stereo, 2), stereo)
