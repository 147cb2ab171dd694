import numpy as np

from aijockey.live.effects.room import Room


def test_it_answers_after_the_sound_and_dies_away(rng):
    room = Room()
    burst = np.zeros((2, 512), np.float32)
    burst[:] = rng.normal(size=(2, 512)) * 0.1
    answers = [
        room.process(burst if k == 0 else np.zeros((2, 512), np.float32), 0.6, 0.5) for k in range(400)
    ]
    energy = np.array([float(np.square(answer).sum()) for answer in answers])
    assert energy[2:20].sum() > 0
    assert energy[-20:].sum() < 1e-3 * energy.sum()


def test_the_same_twice_and_silent_after_reset(rng):
    sound = rng.normal(size=(2, 512)).astype(np.float32)
    one, two = Room(), Room()
    for _ in range(20):
        np.testing.assert_array_equal(one.process(sound, 0.6, 0.5), two.process(sound, 0.6, 0.5))
    one.reset()
    for _ in range(20):
        assert not one.process(np.zeros((2, 512), np.float32), 0.6, 0.5).any()
