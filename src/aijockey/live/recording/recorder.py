"""One recording: a file for the master and, if wanted, one for each deck, all beginning on the same sample."""

import re
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.live.recording.wave_file import RecordingError, SampleFormat, WaveShape, WaveWriter
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

MASTER = "master"
SYNC_S = 5.0
SILENCE_BLOCK = 1 << 16
# What follows a kill or a stall of more is a new recording's business, not an hour of zeros.
MOST_SILENCE_S = 600.0
_PLAIN_NAME = re.compile(r"[\w][\w .,()+-]{0,99}")
# Every name that a recording may leave behind.
_SUFFIXES = (".wav", ".flac", ".cue", ".json")


def check_name(name: str) -> str:
    """``name`` if it is a plain file name without suffix.

    Raises
    ------
    RecordingError : it could leave the folder or hide in it.
    """
    if not _PLAIN_NAME.fullmatch(name) or name != name.strip() or name.endswith("."):
        raise RecordingError(
            f"{name!r} is no name for a recording; expected letters, digits, spaces and . , ( ) + - _, "
            "not a path"
        )
    return name


def free_base(folder: Path, name: str) -> Path:
    """``folder/name``, or the first of ``name-2``, ``name-3``… that no file of a recording has."""
    number = 1
    while True:
        base = folder / (name if number == 1 else f"{name}-{number}")
        if not any((folder / f"{base.name}{suffix}").exists() for suffix in _SUFFIXES):
            return base
        number += 1


class Recorder:
    """Writes blocks of the ring into files.

    Parameters
    ----------
    folder, name : ``NAME.wav`` for the master, ``NAME-deck-1.wav`` for others; a name that is taken becomes
    ``NAME-2``, so nothing is overwritten, also after a restart.
    tracks : what to record: name of the track -> its channels in the ring.

    Raises
    ------
    RecordingError : a bad name, or files that cannot be made; then none is left.

    Thread: one, not audio
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        tracks: Mapping[str, slice],
        sample_format: SampleFormat = "pcm24",
    ) -> None:
        self.base = free_base(folder, check_name(name))
        self._tracks = dict(tracks)
        self._writers: dict[str, WaveWriter] = {}
        try:
            for track, channels in self._tracks.items():
                shape = WaveShape(len(range(*channels.indices(1 << 16))), RATE_HZ, sample_format)
                self._writers[track] = WaveWriter(self._path(track), shape)
        except RecordingError:
            for writer in self._writers.values():
                writer.close()
                writer.path.unlink(missing_ok=True)
            raise
        self._ended = threading.Event()
        # Bringing data onto a slow disk may take seconds, in which the ring would run over.
        threading.Thread(target=self._sync, name="disk", daemon=True).start()

    @property
    def path(self) -> Path:
        """The file of the first track, the master."""
        return self._path(next(iter(self._tracks)))

    @property
    def paths(self) -> list[Path]:
        """All files of sound."""
        return [writer.path for writer in self._writers.values()]

    @property
    def frames(self) -> int:
        """Samples recorded so far, in every file."""
        return min(writer.frames for writer in self._writers.values())

    @property
    def clipped_samples(self) -> int:
        """Samples beyond full scale that were cut off, in all files."""
        return sum(writer.clipped_samples for writer in self._writers.values())

    @property
    def bytes_per_second(self) -> int:
        """What all files together take."""
        return sum(writer.shape.bytes_per_second for writer in self._writers.values())

    def write(self, audio: Float) -> None:
        """Append a block of the ring, (channels of the ring, samples).

        Raises
        ------
        RecordingError : one file cannot go on; all of them are closed, whole.
        """
        try:
            for track, channels in self._tracks.items():
                self._writers[track].write(audio[channels])
        except RecordingError:
            self.close()
            raise

    def write_silence(self, samples: int, channels: int) -> int:
        """Put silence in for ``samples`` that were lost, so that everything after keeps its time.

        Returns how many were put in: no more than `MOST_SILENCE_S`.
        """
        samples = min(samples, round(MOST_SILENCE_S * RATE_HZ))
        for start in range(0, samples, SILENCE_BLOCK):
            self.write(np.zeros((channels, min(SILENCE_BLOCK, samples - start)), dtype=np.float32))
        return samples

    def close(self) -> None:
        """End all files; harmless a second time.

        Raises
        ------
        RecordingError : the end of one could not be written; the others are whole.
        """
        self._ended.set()
        failure: RecordingError | None = None
        for writer in self._writers.values():
            try:
                writer.close()
            except RecordingError as error:
                failure = error
        if failure is not None:
            raise failure

    def _path(self, track: str) -> Path:
        name = self.base.name if track == MASTER else f"{self.base.name}-{track}"
        return self.base.with_name(f"{name}.wav")

    def _sync(self) -> None:
        while not self._ended.wait(SYNC_S):
            for writer in self._writers.values():
                writer.sync()
