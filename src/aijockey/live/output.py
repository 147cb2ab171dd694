"""Where sound leaves: the device, found by name, and what is said when there is none."""

import time
from typing import Any, Protocol

import numpy as np

from aijockey.errors import AijockeyError
from aijockey.live.device_life import StreamLife, ThreadLife
from aijockey.live.devices import NoDeviceError as NoDeviceError
from aijockey.live.devices import choose_device, list_devices, load_sounddevice, usable_rate
from aijockey.live.rate_adapter import Fill, Float, RateAdapter
from aijockey.music.grid import RATE_HZ


class Output(Protocol):
    """A running sound device: calls back for blocks until it is told to stop."""

    name: str
    underflows: int  # blocks that the system says came too late

    def start(self, fill: Fill) -> None:
        """Begin to ask ``fill`` for blocks."""

    @property
    def active(self) -> bool:
        """Whether blocks are still asked for."""

    def close(self) -> None:
        """Stop asking."""


class DeviceOutput(StreamLife):
    """A device through PortAudio, at 48 kHz where it can and else resampled to a rate of its own.

    Parameters
    ----------
    device : its name or a part of it; None is the system's default.
    rate_hz : of the device; None: 48 kHz, or the nearest that it takes.

    Raises
    ------
    NoDeviceError : no PortAudio or no output device at all.
    AijockeyError : no device of that name, or one that refuses stereo at that rate.
    """

    def __init__(
        self, device: str | None = None, block_samples: int = 512, rate_hz: int | None = None
    ) -> None:
        sounddevice = load_sounddevice()
        chosen = choose_device(list_devices(sounddevice), device)
        self.name, self._index = chosen.name, chosen.index
        self.rate_hz = usable_rate(sounddevice, chosen, rate_hz)
        self._sounddevice, self._block_samples = sounddevice, block_samples
        self.underflows = 0

    def start(self, fill: Fill) -> None:
        """Begin to ask ``fill`` for blocks. Thread: control"""
        stop = self._sounddevice.CallbackStop
        adapted = RateAdapter(fill, self.rate_hz).fill

        def callback(block: Float, _frames: int, _time: object, status: Any) -> None:
            if status and status.output_underflow:
                self.underflows += 1
            if not adapted(block):
                raise stop

        try:
            self.stream = self._sounddevice.OutputStream(
                samplerate=self.rate_hz,
                blocksize=self._block_samples,
                device=self._index,
                channels=2,
                dtype="float32",
                callback=callback,
            )
            self.stream.start()
        except self._sounddevice.PortAudioError as error:
            raise AijockeyError(
                f"the device '{self.name}' cannot be opened ({error}); is it in use?"
            ) from error


class NullOutput(ThreadLife):
    """No device, but its clock: takes a block whenever it would be due, for machines without sound and for tests."""

    name = "nowhere (no device)"

    def __init__(self, block_samples: int = 512) -> None:
        super().__init__()
        self._block = np.zeros((block_samples, 2), dtype=np.float32)
        self.underflows = 0

    def start(self, fill: Fill) -> None:
        """Begin to ask ``fill`` for blocks. Thread: control"""
        self.begin("null device", lambda: self._run(fill))

    def _run(self, fill: Fill) -> None:
        began, taken = time.monotonic(), 0
        while not self.stopped.is_set():
            taken += len(self._block)
            wait_s = began + taken / RATE_HZ - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            elif wait_s < -len(self._block) / RATE_HZ:
                self.underflows += 1
            if not fill(self._block):
                return
