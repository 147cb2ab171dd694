"""A loop is a circle: its transform turns with it, and comes back whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.audio.stft import frame_circular, hann, istft_circular, overlap_add_circular, stft_circular

SIZES = [(1500, 375), (2048, 512), (2250, 750), (750, 375), (8, 2), (9, 3)]


def noise(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(("size", "hop"), SIZES)
def test_a_loop_comes_back(rng, size, hop):
    audio = noise(rng, 2, 16 * hop)
    back = istft_circular(stft_circular(audio, size, hop), size, hop)
    assert back.dtype == np.float32
    assert back == pytest.approx(audio, abs=2e-5)


@settings(max_examples=40, deadline=None)
@given(hop=st.integers(2, 60), parts=st.integers(2, 5), count=st.integers(1, 12), seed=st.integers(0, 99))
def test_any_loop_comes_back_even_shorter_than_the_window(hop, parts, count, seed):
    audio = noise(np.random.default_rng(seed), count * hop)
    back = istft_circular(stft_circular(audio, parts * hop, hop), parts * hop, hop)
    assert back == pytest.approx(audio, abs=1e-4)


@pytest.mark.parametrize(("size", "hop"), SIZES)
@pytest.mark.parametrize("frames", [1, 5])
def test_a_turned_loop_has_the_turned_transform(rng, size, hop, frames):
    audio = noise(rng, 16 * hop)
    turned = stft_circular(np.roll(audio, frames * hop), size, hop)
    assert turned == pytest.approx(np.roll(stft_circular(audio, size, hop), frames, axis=-1), abs=1e-4)


@pytest.mark.parametrize(("size", "hop"), SIZES)
def test_there_is_a_frame_for_each_hop_and_no_more(rng, size, hop):
    assert stft_circular(noise(rng, 3, 12 * hop), size, hop).shape == (3, size // 2 + 1, 12)


def test_frames_are_centred_and_see_over_the_seam():
    frames = frame_circular(np.arange(12, dtype=np.float32), 4, 3)
    assert frames.tolist() == [[10, 11, 0, 1], [1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 10]]


def test_a_window_longer_than_the_loop_sees_it_several_times():
    frames = frame_circular(np.arange(4, dtype=np.float32), 10, 2)
    assert frames[0].tolist() == [3, 0, 1, 2, 3, 0, 1, 2, 3, 0]


def test_a_sine_with_a_whole_number_of_turns_is_steady():
    size, hop, turns = 1500, 375, 40
    audio = np.sin(2 * np.pi * turns * np.arange(6000) / 6000).astype(np.float32)
    magnitude = np.abs(stft_circular(audio, size, hop))
    # 40 turns in 6,000 samples are 10 in a window; a Hann window halves a sine's peak of size / 2.
    assert magnitude[10] == pytest.approx(np.full(16, size / 4), rel=1e-4)
    assert magnitude.std(axis=-1).max() < 0.01


def test_energy_is_kept(rng):
    size, hop = 2048, 512
    audio = noise(rng, 32 * hop)
    spectrum = stft_circular(audio, size, hop).astype(np.complex128)
    # Parseval, one-sided: bins but the first and last count twice; squared Hann windows overlap to 1.5.
    power = np.abs(spectrum) ** 2
    total = 2 * power.sum() - power[0].sum() - power[-1].sum()
    assert total / size == pytest.approx(1.5 * np.square(audio, dtype=np.float64).sum(), rel=1e-4)


@settings(max_examples=30, deadline=None)
@given(hop=st.integers(1, 9), parts=st.integers(1, 4), count=st.integers(1, 7), seed=st.integers(0, 99))
def test_overlap_add_is_the_plain_sum(hop, parts, count, seed):
    frames = noise(np.random.default_rng(seed), count, parts * hop)
    wanted = np.zeros(count * hop)
    for index, frame in enumerate(frames):
        for offset, value in enumerate(frame):
            wanted[(index * hop - parts * hop // 2 + offset) % (count * hop)] += value
    assert overlap_add_circular(frames, hop) == pytest.approx(wanted, abs=1e-5)


def test_sizes_that_do_not_fit_are_refused(rng):
    with pytest.raises(ValueError, match="hop of 7 samples does not divide a loop of 100 samples"):
        stft_circular(noise(rng, 100), 14, 7)
    with pytest.raises(ValueError, match="not a multiple of the hop"):
        overlap_add_circular(noise(rng, 4, 10), 4)


def test_a_periodic_window_overlaps_to_a_constant():
    assert np.roll(hann(64), 32) + hann(64) == pytest.approx(np.ones(64), abs=1e-6)
