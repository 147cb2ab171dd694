import threading

import numpy as np

from aijockey.live.output import NullOutput


def test_the_clock_without_a_device_takes_blocks_until_there_are_no_more():
    shapes, done = [], threading.Event()

    def fill(block):
        shapes.append(block.shape)
        if len(shapes) == 5:
            done.set()
        return len(shapes) < 5

    null = NullOutput(64)
    assert not null.active
    null.start(fill)
    assert done.wait(60)
    null.close()
    assert not null.active
    assert shapes == [(64, 2)] * 5


def test_the_clock_without_a_device_can_be_stopped():
    null = NullOutput(64)
    null.start(lambda block: np.isfinite(block).all())
    null.close()
    assert not null.active
