"""Where sound leaves: the device, found by name, and what is said when there is none."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
# Fills a block (samples, channels) and returns False when it was the last.
Fill = Callable[[Float], bool]


class NoDeviceError(AijockeyError):
    """There is nothing to play into; the text says why."""


class Output(Protocol):
    """A running sound device: calls back for blocks until it is told to stop."""

    name: str

    def start(self, fill: Fill) -> None:
        """Begin to ask ``fill`` for blocks."""

    @property
    def active(self) -> bool:
        """Whether blocks are still asked for."""

    def close(self) -> None:
        """Stop asking."""


class DeviceOutput:
    """A device through PortAudio.

    Parameters
    ----------
    device : part of its name; None is the system's default.

    Raises
    ------
    NoDeviceError : no PortAudio or no output device at all.
    AijockeyError : no device of that name, or one that refuses stereo at 48 kHz.
    """

    def __init__(self, device: str | None = None, block_samples: int = 512) -> None:
        sounddevice = _sounddevice()
        index, self.name = _find(sounddevice, device)
        self._sounddevice = sounddevice
        self._index, self._block_samples = index, block_samples
        self._stream: Any = None
        try:
            sounddevice.check_output_settings(device=index, channels=2, dtype="float32", samplerate=RATE_HZ)
        except sounddevice.PortAudioError as error:
            raise AijockeyError(
                f"the device '{self.name}' does not take stereo at {RATE_HZ} Hz ({error})"
            ) from error

    def start(self, fill: Fill) -> None:
        """Begin to ask ``fill`` for blocks. Thread: control"""
        stop = self._sounddevice.CallbackStop

        def callback(block: Float, _frames: int, _time: object, _status: object) -> None:
            if not fill(block):
                raise stop

        try:
            self._stream = self._sounddevice.OutputStream(
                samplerate=RATE_HZ,
                blocksize=self._block_samples,
                device=self._index,
                channels=2,
                dtype="float32",
                callback=callback,
            )
            self._stream.start()
        except self._sounddevice.PortAudioError as error:
            raise AijockeyError(
                f"the device '{self.name}' cannot be opened ({error}); is it in use?"
            ) from error

    @property
    def active(self) -> bool:
        """Whether the device still asks for blocks. Thread: any"""
        return self._stream is not None and bool(self._stream.active)

    def close(self) -> None:
        """Let go of the device. Thread: control"""
        if self._stream is not None:
            self._stream.close()


class NullOutput:
    """No device, but its clock: takes a block whenever it would be due, for machines without sound and for tests."""

    name = "nowhere (no device)"

    def __init__(self, block_samples: int = 512) -> None:
        self._block = np.zeros((block_samples, 2), dtype=np.float32)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fill: Fill) -> None:
        """Begin to ask ``fill`` for blocks. Thread: control"""
        self._thread = threading.Thread(target=self._run, args=(fill,), name="null device", daemon=True)
        self._thread.start()

    @property
    def active(self) -> bool:
        """Whether blocks are still asked for. Thread: any"""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Stop asking. Thread: control"""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, fill: Fill) -> None:
        began, taken = time.monotonic(), 0
        while not self._stop.is_set():
            taken += len(self._block)
            wait_s = began + taken / RATE_HZ - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            if not fill(self._block):
                return


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the PortAudio library is missing
        reason = f"{error}; on Debian and Ubuntu: apt install libportaudio2"
        raise NoDeviceError(f"sound output is not available ({reason})") from error
    return sounddevice


def _find(sounddevice: Any, name: str | None) -> tuple[int, str]:
    try:
        devices = [entry for entry in sounddevice.query_devices() if entry["max_output_channels"] >= 2]
        default = sounddevice.default.device[1]
    except sounddevice.PortAudioError as error:
        raise NoDeviceError(f"the sound system does not answer ({error})") from error
    if not devices:
        raise NoDeviceError("there is no sound output device")
    if name is None:
        chosen = next((entry for entry in devices if entry["index"] == default), devices[0])
        return int(chosen["index"]), str(chosen["name"])
    matching = [entry for entry in devices if name.lower() in str(entry["name"]).lower()]
    if not matching:
        names = ", ".join(f"'{entry['name']}'" for entry in devices)
        raise AijockeyError(f"no output device '{name}'; there are: {names}")
    return int(matching[0]["index"]), str(matching[0]["name"])
