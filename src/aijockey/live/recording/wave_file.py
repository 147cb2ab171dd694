"""A WAV file that is whole at any moment: sound is appended, and the header follows at least once a second.

The header keeps room for RF64 (EBU Tech 3306): a ``JUNK`` chunk that becomes ``ds64`` when the file outgrows
the 32 bits of RIFF, so nothing has to be moved. A process that is killed loses at most what its header did
not yet count, and what the system had taken from it stays.
"""

import contextlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
SampleFormat = Literal["pcm24", "float32"]

# Sample format -> WAVE format tag and bytes of a sample.
SAMPLE_FORMATS: dict[SampleFormat, tuple[int, int]] = {"pcm24": (1, 3), "float32": (3, 4)}
REFRESH_S = 0.5
# RIFF counts in 32 bits; readers differ in what they make of the last of them, so we change before.
MOST_RIFF_BYTES = (1 << 32) - (1 << 16)
UNKNOWN_32 = 0xFFFFFFFF
# RIFF, JUNK/ds64 (28 bytes of content), fmt (16), fact (4), and the header of data.
HEADER_BYTES = 12 + 8 + 28 + 8 + 16 + 8 + 4 + 8


class RecordingError(AijockeyError):
    """A recording that cannot be written (on); the text names the file and says why."""


@dataclass(frozen=True)
class WaveShape:
    """What a frame is made of."""

    channels: int
    rate_hz: int = RATE_HZ
    sample_format: SampleFormat = "pcm24"

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * SAMPLE_FORMATS[self.sample_format][1]

    @property
    def bytes_per_second(self) -> int:
        """What a second takes on the disk."""
        return self.frame_bytes * self.rate_hz

    def header(self, frames: int) -> bytes:
        """The file's first `HEADER_BYTES` bytes for ``frames`` frames of sound: RIFF, or RF64 if it must."""
        tag, sample_bytes = SAMPLE_FORMATS[self.sample_format]
        data_bytes = frames * self.frame_bytes
        riff_bytes = HEADER_BYTES - 8 + data_bytes + data_bytes % 2
        large = riff_bytes > MOST_RIFF_BYTES
        room = struct.pack("<QQQI", riff_bytes, data_bytes, frames, 0) if large else bytes(28)
        return b"".join(
            (
                struct.pack("<4sI4s", b"RF64" if large else b"RIFF", _short(riff_bytes, large), b"WAVE"),
                struct.pack("<4sI", b"ds64" if large else b"JUNK", 28) + room,
                struct.pack("<4sIHHI", b"fmt ", 16, tag, self.channels, self.rate_hz),
                struct.pack("<IHH", self.bytes_per_second, self.frame_bytes, 8 * sample_bytes),
                struct.pack("<4sII", b"fact", 4, min(frames, UNKNOWN_32)),
                struct.pack("<4sI", b"data", _short(data_bytes, large)),
            )
        )


def _short(count: int, large: bool) -> int:
    return UNKNOWN_32 if large else count


class WaveWriter:
    """Appends sound to a new file.

    Parameters
    ----------
    path : must not exist yet: a recording never overwrites another.

    Raises
    ------
    RecordingError : the file is there already or cannot be made.

    Thread: one, not audio
    """

    def __init__(self, path: Path, shape: WaveShape) -> None:
        self.path, self.shape = path, shape
        self.frames = 0
        self.clipped_samples = 0  # beyond full scale, which only 24 bits cut off
        self._counted_frames = 0  # what the header says
        try:
            # Unbuffered: what is written belongs to the system at once and outlives this process.
            self._file = open(path, "xb", buffering=0)  # noqa: SIM115 - closed by close()
            self._file.write(shape.header(0))
        except FileExistsError as error:
            raise RecordingError(f"{path}: exists already; a recording overwrites nothing") from error
        except OSError as error:
            raise RecordingError(f"{path}: cannot be written ({error.strerror or error})") from error

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self.frames / self.shape.rate_hz

    def write(self, audio: Float) -> None:
        """Append ``audio`` (channels, samples); the header follows when `REFRESH_S` of sound have come.

        Raises
        ------
        RecordingError : the disk is full or gone; the file is then cut to whole frames and closed.
        """
        if audio.shape[0] != self.shape.channels:
            raise RecordingError(
                f"{self.path}: {audio.shape[0]} channels came, expected {self.shape.channels}"
            )
        try:
            self._append(self._encoded(audio))
            self.frames += audio.shape[1]
            if self.frames - self._counted_frames >= REFRESH_S * self.shape.rate_hz:
                self.refresh()
        except OSError as error:
            self._rescue()
            raise RecordingError(
                f"{self.path}: the recording stops after {self.seconds:.1f} s ({error.strerror or error})"
            ) from error

    def refresh(self) -> None:
        """Let the header count all that was written."""
        self._file.seek(0)
        self._file.write(self.shape.header(self.frames))
        self._counted_frames = self.frames

    def sync(self) -> None:
        """Have the system bring what was written onto the disk, against a loss of power; may take long."""
        with contextlib.suppress(OSError, ValueError):  # not every file system can; ValueError: closed
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """End the file; harmless a second time."""
        if self._file.closed:
            return
        try:
            self.refresh()
            if (self.frames * self.shape.frame_bytes) % 2:  # chunks have even lengths
                self._append(b"\0")
        except OSError as error:
            self._rescue()
            raise RecordingError(f"{self.path}: its end cannot be written ({error})") from error
        self.sync()
        self._file.close()

    def _append(self, data: bytes | memoryview) -> None:
        """All of ``data`` after the last whole frame; a full disk may take a part of it first."""
        self._file.seek(HEADER_BYTES + self.frames * self.shape.frame_bytes)
        rest = memoryview(data)
        while len(rest):
            rest = rest[self._file.write(rest) :]

    def _rescue(self) -> None:
        """Cut off a half-written block and count the rest; neither needs space."""
        with contextlib.suppress(OSError):
            self._file.truncate(HEADER_BYTES + self.frames * self.shape.frame_bytes)
            self.refresh()
        with contextlib.suppress(OSError):
            self._file.close()

    def _encoded(self, audio: Float) -> bytes:
        # Files interleave, (samples, channels); everything else here is (channels, samples).
        frames = np.ascontiguousarray(audio.T, dtype="<f4")
        if self.shape.sample_format == "float32":
            return frames.tobytes()
        # Like libsndfile: full scale is 2^23. Non-finite samples would become noise; they become silence.
        scaled = np.rint(np.nan_to_num(frames, nan=0.0).astype(np.float64) * (1 << 23))
        limited = np.clip(scaled, -(1 << 23), (1 << 23) - 1)
        self.clipped_samples += int(np.count_nonzero(limited != scaled))
        # Little-endian 32 bits, of which the lower three bytes are kept.
        return limited.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
