import numpy as np
import pytest

from aijockey.live.effects.echo import Echo


def run(sent, delay, feedback, block=512):
    echo = Echo()
    return np.concatenate(
        [
            echo.process(sent[:, start : start + block], delay, feedback)
            for start in range(0, sent.shape[1], block)
        ],
        axis=1,
    )


def click(samples=60_000):
    sent = np.zeros((2, samples), np.float32)
    sent[:, 100] = 1.0
    return sent


def test_repeats_come_on_their_sample_on_alternate_sides():
    out = run(click(), 18_000, 0.6)
    assert out[0, 18_100] == 1.0
    assert not out[:, :18_100].any()
    assert np.abs(out[1, 36_100:36_110]).max() > 0.1
    assert np.abs(out[0, 36_000:37_000]).max() < 1e-3
    energies = [float(np.square(out[:, k * 18_000 : (k + 1) * 18_000]).sum()) for k in (1, 2, 3)]
    assert energies[0] > energies[1] > energies[2] > 0


@pytest.mark.parametrize("block", [1, 64, 65, 480, 4096])
def test_blocks_equal_the_whole(block):
    samples = 12_000 if block == 1 else 60_000
    expected = run(click(samples), 5_000, 0.5, 512)
    np.testing.assert_allclose(run(click(samples), 5_000, 0.5, block), expected, atol=1e-6)


def test_no_feedback_gives_one_repeat_and_reset_forgets():
    assert not run(click(), 12_000, 0.0)[:, 12_101:].any()
    echo = Echo()
    echo.process(click(4096), 4096, 0.5)
    echo.reset()
    assert not echo.process(np.zeros((2, 4096), np.float32), 4096, 0.5).any()


def test_a_new_delay_is_faded_in(rng):
    time = np.arange(96_000) / 48_000
    sent = np.stack([np.sin(2 * np.pi * 110 * time)] * 2).astype(np.float32)
    echo = Echo()
    blocks = []
    for number in range(180):
        delay = 20_000 if number < 100 else 20_150
        blocks.append(echo.process(sent[:, number * 512 : number * 512 + 512], delay, 0.0))
    out = np.concatenate(blocks, axis=1)
    assert np.abs(np.diff(out[:, 25_000:])).max() < 3 * 2 * np.pi * 110 / 48_000


def test_full_feedback_of_the_table_does_not_grow(rng):
    sent = np.zeros((2, 48_000 * 8), np.float32)
    sent[:, :4800] = rng.normal(size=(2, 4800))
    out = run(sent, 3_000, 0.95)
    assert np.abs(out[:, -48_000:]).max() < np.abs(out[:, :48_000]).max()
