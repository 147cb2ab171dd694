"""A set with a little of everything: the same in blocks of any size, and the same as ever."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.live.conftest import VOICES, fake_loop

from aijockey.live.engine import Engine
from aijockey.live.loop_source import DirectSource
from aijockey.live.set_file import format_set, parse_set, read_set
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

FOLDER = Path(__file__).parent
SET, SOUND = FOLDER / "showpiece.set", FOLDER / "showpiece.flac"


def sound_of(live_set, source, block=512):
    """All of the set, (2, samples), without the engine's delay."""
    engine = Engine(live_set, source)
    engine.process(engine.latency_samples)
    pieces, samples = [], 0
    while samples < engine.clock.sample_at(live_set.bars * BEATS_PER_BAR):
        pieces.append(engine.process(block))
        samples += block
    end = engine.clock.sample_at(live_set.bars * BEATS_PER_BAR)
    return np.concatenate(pieces, axis=1)[:, :end]


@pytest.fixture(scope="module")
def sound():
    """The set in blocks of 512."""
    return sound_of(read_set(SET), source())


def source():
    return DirectSource(fake_loop, VOICES, match_level=False)


@pytest.mark.slow
@pytest.mark.parametrize("block", [1, 64, 65, 4096])
def test_blocks_of_any_size_give_the_same(block, sound):
    np.testing.assert_allclose(sound_of(read_set(SET), source(), block), sound, atol=1e-6, rtol=0)


def test_it_sounds_as_it_always_did(sound):
    golden, rate_hz = soundfile.read(SOUND, dtype="float32")
    assert rate_hz == RATE_HZ
    assert sound.shape == golden.T.shape
    # scripts/golden tells where it differs.
    np.testing.assert_allclose(sound, golden.T, atol=1e-4, rtol=0)


@pytest.mark.slow
def test_written_and_read_again_it_is_the_same_to_the_bit(sound):
    live_set = read_set(SET)
    again = parse_set(format_set(live_set))
    assert again == live_set
    np.testing.assert_array_equal(sound_of(again, source()), sound)
