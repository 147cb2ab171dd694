import threading

import numpy as np
import pytest

from aijockey.errors import AijockeyError
from aijockey.live import output
from aijockey.live.output import NoDeviceError, NullOutput


def test_devices_are_found_by_part_of_their_name(monkeypatch):

    class Fake:
        PortAudioError = RuntimeError

        class default:
            device = (0, 2)

        devices = (
            {"index": 0, "name": "Microphone", "max_output_channels": 0},
            {"index": 1, "name": "Desk: USB Audio", "max_output_channels": 4},
            {"index": 2, "name": "Built-in", "max_output_channels": 2},
        )

        @classmethod
        def query_devices(cls):
            return cls.devices

    assert output._find(Fake, None) == (2, "Built-in")
    assert output._find(Fake, "usb") == (1, "Desk: USB Audio")
    with pytest.raises(AijockeyError, match="'Desk: USB Audio', 'Built-in'"):
        output._find(Fake, "micro")
    Fake.devices = ()
    with pytest.raises(NoDeviceError):
        output._find(Fake, None)


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
