"""Where sound comes in: an input device, found by name, brought to 48 kHz and to two channels."""

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import soxr

from aijockey.errors import AijockeyError
from aijockey.live.device_life import StreamLife, ThreadLife
from aijockey.live.devices import choose_device, list_devices, load_sounddevice, usable_rate
from aijockey.live.rate_adapter import QUALITY, look_ahead_samples
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
# Takes what came in, (2, samples) at 48 kHz; False when no more is wanted.
Take = Callable[[Float], bool]


class Input(Protocol):
    """A running input device: hands over blocks until it is told to stop.

    latency_s : by how much what it hands over is late.
    """

    name: str
    overflows: int  # blocks that the system says were lost
    latency_s: float

    def start(self, take: Take) -> None:
        """Begin to hand over blocks."""

    @property
    def active(self) -> bool:
        """Whether blocks still come."""

    def close(self) -> None:
        """Stop."""


class InputAdapter:
    """Brings blocks (samples, channels) at ``rate_hz`` to (2, samples) at 48 kHz; mono is heard on both sides."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._direct = rate_hz == RATE_HZ
        self._resampler = soxr.ResampleStream(rate_hz, RATE_HZ, channels, dtype="float32", quality=QUALITY)
        self.latency_s = 0.0 if self._direct else look_ahead_samples(rate_hz) / RATE_HZ

    def adapt(self, block: Float) -> Float:
        """What is ready of all that came so far. Thread: device"""
        sound = block if self._direct else self._resampler.resample_chunk(block)
        # Devices interleave, (samples, channels); here it is (channels, samples).
        sides: Float = np.ascontiguousarray(np.broadcast_to(sound.T[:2], (2, len(sound))))
        return np.where(np.isfinite(sides), sides, np.float32(0.0))


class DeviceInput(StreamLife):
    """An input through PortAudio, in stereo where it has two channels.

    Raises
    ------
    NoDeviceError : no PortAudio or no input device at all.
    AijockeyError : no device of that name, or one that refuses.
    """

    def __init__(self, device: str | None = None, block_samples: int = 512) -> None:
        sounddevice = load_sounddevice()
        chosen = choose_device(list_devices(sounddevice), device, "input")
        self.name, self._index = chosen.name, chosen.index
        self.rate_hz = usable_rate(sounddevice, chosen, kind="input")
        self._channels = min(2, chosen.inputs)
        self._sounddevice, self._block_samples = sounddevice, block_samples
        self.overflows = 0
        self._adapter = InputAdapter(self.rate_hz, self._channels)
        self.latency_s = self._adapter.latency_s

    def start(self, take: Take) -> None:
        """Begin to hand over blocks. Thread: control"""
        stop = self._sounddevice.CallbackStop

        def callback(block: Float, _frames: int, _time: object, status: Any) -> None:
            if status and status.input_overflow:
                self.overflows += 1
            if not take(self._adapter.adapt(block)):
                raise stop

        try:
            self.stream = self._sounddevice.InputStream(
                samplerate=self.rate_hz,
                blocksize=self._block_samples,
                device=self._index,
                channels=self._channels,
                dtype="float32",
                callback=callback,
            )
            self.stream.start()
            self.latency_s = self._adapter.latency_s + float(self.stream.latency)
        except self._sounddevice.PortAudioError as error:
            raise AijockeyError(
                f"the input '{self.name}' cannot be opened ({error}); is it in use?"
            ) from error


class ClockedInput(ThreadLife):
    """No device, but its clock: hands over what ``make`` gives, for machines without sound and for tests.

    Parameters
    ----------
    make : (first sample, count) -> (2, count); None is silence.
    """

    name = "nothing (no device)"

    def __init__(self, block_samples: int = 512, make: Callable[[int, int], Float] | None = None) -> None:
        super().__init__()
        self._block_samples, self._make = block_samples, make
        self.overflows = 0
        self.latency_s = block_samples / RATE_HZ

    def start(self, take: Take) -> None:
        """Begin to hand over blocks. Thread: control"""
        self.begin("clocked input", lambda: self._run(take))

    def _run(self, take: Take) -> None:
        began, taken, count = time.monotonic(), 0, self._block_samples
        silence = np.zeros((2, count), dtype=np.float32)
        while not self.stopped.is_set():
            taken += count
            wait_s = began + taken / RATE_HZ - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            if not take(self._make(taken - count, count) if self._make else silence):
                return
