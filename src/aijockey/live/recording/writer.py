"""The process that keeps what was played: reads the ring, writes recordings, track lists and the log.

Commands come down a pipe as JSON, one of `Writer.COMMANDS`; status goes back the same way. Whatever happens to
this process, sound goes on: it only reads the ring. Killed and started again it goes on in a next file. It ends,
its files whole, when its pipe does.
"""

import contextlib
import dataclasses
import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError
from aijockey.live.recording.disk import DiskState, DiskWatch
from aijockey.live.recording.log_file import LogFile
from aijockey.live.recording.recorder import MASTER, Recorder
from aijockey.live.recording.track_list import LoopEntered, Mark, PackNote, TrackList
from aijockey.live.recording.wave_file import SAMPLE_FORMATS, RecordingError
from aijockey.live.shared_ring import SharedRing
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

MOST_FRAMES = RATE_HZ  # at a time
TICK_S = 0.05
REPORT_S = 0.5
LIST_S = 5.0
DISK_S = 2.0
REMEMBERED_LOOPS = 1000
NICENESS = 2


def ring_tracks(decks: int = 0) -> dict[str, slice]:
    """Tracks of a ring whose channels are the master and then ``decks`` decks, all stereo."""
    names = [MASTER, *(f"deck-{number}" for number in range(1, decks + 1))]
    return {name: slice(2 * index, 2 * index + 2) for index, name in enumerate(names)}


class Reader(Protocol):
    """A place in a ring of sound, as `aijockey.live.shared_ring.RingReader` is one."""

    position: int
    lost: int

    def read(self, most: int) -> Float:
        """What is there, oldest first, (channels, up to ``most``)."""


@dataclass(frozen=True)
class RecordingStatus:
    """How the recording goes, for surfaces and the log.

    path : of the master's file, also of the last one after it ended; "" before the first. error : why a
    recording stopped or did not start. disk_minutes_left : at the rate of the recording, or of one that would
    start now.
    """

    recording: bool = False
    path: str = ""
    seconds: float = 0.0
    lost_samples: int = 0
    clipped_samples: int = 0
    disk_minutes_left: float = 0.0
    disk_level: str = "ok"
    error: str = ""
    notice: str = ""


class Writer:
    """The work of the process, one `tick` at a time.

    Parameters
    ----------
    reader : of the ring; its position counts the set's samples.
    tracks : name -> channels in the ring; ``master`` first, then ``deck-1`` and so on.
    folder : where recordings go; no message can name another.
    log_path : file that lines of the log are appended to; None keeps none.
    """

    # Command -> the method that carries it out.
    COMMANDS: ClassVar[dict[str, str]] = {
        "start": "_start",
        "stop": "_stop",
        "mark": "_mark",
        "loop": "_loop",
        "log": "_note",
    }

    def __init__(
        self,
        reader: Reader,
        tracks: Mapping[str, slice],
        folder: Path,
        *,
        log_path: Path | None = None,
        disk: DiskWatch | None = None,
    ) -> None:
        self._reader, self._tracks, self._folder = reader, dict(tracks), folder
        self._disk = disk or DiskWatch(folder)
        self._log = LogFile(log_path) if log_path else None
        self._recorder: Recorder | None = None
        self._list: TrackList | None = None
        self._loops: list[LoopEntered] = []
        self._lost_before = 0
        self._listed = self._looked = 0.0
        self.status = RecordingStatus()
        self._look_at_disk()

    def do(self, message: Mapping[str, Any]) -> None:
        """Carry out one command; one that cannot be is said in ``status.error``, never raised."""
        command = message.get("do")
        if command not in self.COMMANDS:
            self._set(error=f"unknown command {command!r}; expected one of {', '.join(self.COMMANDS)}")
            return
        try:
            getattr(self, self.COMMANDS[command])(message)
        except (AijockeyError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
            reason = str(error) if isinstance(error, AijockeyError) else f"{type(error).__name__} {error}"
            self._set(error=f"{command}: {reason}")

    def tick(self) -> bool:
        """Take what is in the ring; False when there was nothing."""
        before = self._reader.lost
        sound = self._reader.read(MOST_FRAMES)
        lost = self._reader.lost - before
        if self._recorder is not None:
            self._record(self._recorder, sound, lost)
        now = time.monotonic()
        if now - self._looked >= DISK_S:
            self._look_at_disk()
        if now - self._listed >= LIST_S:
            self._write_list()
        return sound.shape[1] > 0

    def close(self) -> None:
        """End what runs."""
        self._stop({})
        if self._log:
            self._log.close()

    def _start(self, message: Mapping[str, Any]) -> None:
        if self._recorder is not None:
            raise RecordingError(f"{self._recorder.path.name} is being recorded already")
        state = self._look_at_disk()
        if state.level == "full":
            raise RecordingError(f"{self._folder}: {state.free_bytes >> 20} MB are free; free some space")
        sample_format = message.get("format", "pcm24")
        if sample_format not in SAMPLE_FORMATS:
            raise RecordingError(f"format {sample_format!r}: expected one of {', '.join(SAMPLE_FORMATS)}")
        packs = [PackNote(**pack) for pack in message.get("packs", ())]
        names = list(self._tracks) if message.get("decks") else [MASTER]
        tracks = {name: self._tracks[name] for name in names}
        self._recorder = Recorder(self._folder, str(message["name"]), tracks, sample_format)
        start = self._reader.position
        sounding = {entry.deck: entry for entry in self._loops if entry.sample <= start}
        later = [entry for entry in self._loops if entry.sample > start]
        title = str(message.get("title") or message["name"])
        started_at = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        self._list = TrackList(title, start, packs, [*sounding.values(), *later], started_at)
        self._lost_before = self._reader.lost
        self._set(
            recording=True,
            path=str(self._recorder.path),
            seconds=0.0,
            lost_samples=0,
            clipped_samples=0,
            error="",
        )
        self._write_list()

    def _stop(self, _message: Mapping[str, Any]) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.close()
        except RecordingError as error:
            self._set(error=str(error))
        self._write_list()
        self._recorder = self._list = None
        self._set(recording=False)

    def _mark(self, message: Mapping[str, Any]) -> None:
        if self._list is not None:
            self._list.add_mark(
                Mark(int(message.get("sample", self._reader.position)), str(message["title"]))
            )

    def _loop(self, message: Mapping[str, Any]) -> None:
        entry = LoopEntered.from_json(message)
        if entry in self._loops:  # told again to a writer that takes over
            return
        self._loops.append(entry)
        self._loops.sort(key=lambda item: item.sample)
        if len(self._loops) > REMEMBERED_LOOPS:
            # What a deck plays now must be known when a recording starts, however long ago it entered.
            past = [item for item in self._loops if item.sample <= self._reader.position]
            latest = {item.deck: item for item in past}
            self._loops = [*latest.values(), *self._loops[len(past) :]][-REMEMBERED_LOOPS:]
            self._loops.sort(key=lambda item: item.sample)
        if self._list is not None:
            self._list.add(entry)

    def _note(self, message: Mapping[str, Any]) -> None:
        if self._log:
            self._log.write(str(message["line"]))

    def _record(self, recorder: Recorder, sound: Float, lost: int) -> None:
        assert self._list is not None
        try:
            if lost:
                at = recorder.frames
                self._list.gaps.append((at, recorder.write_silence(lost, sound.shape[0])))
            recorder.write(sound)
        except RecordingError as error:
            self._set(error=str(error))
            self._stop({})
            return
        self._set(
            seconds=recorder.frames / RATE_HZ,
            lost_samples=self._reader.lost - self._lost_before,
            clipped_samples=recorder.clipped_samples,
        )

    def _look_at_disk(self) -> DiskState:
        self._looked = time.monotonic()
        rate = self._recorder.bytes_per_second if self._recorder else 6 * RATE_HZ
        try:
            state = self._disk.look(rate)
        except OSError as error:
            state = DiskState(0, 0.0, "full")
            self._set(error=f"{self._folder}: {error.strerror or error}")
        self._set(disk_minutes_left=state.minutes_left, disk_level=state.level, notice=state.describe())
        if state.level == "full" and self._recorder is not None:
            seconds = self._recorder.frames / RATE_HZ
            self._set(error=f"{self._recorder.path}: the recording stops after {seconds:.1f} s (disk full)")
            self._stop({})
        return state

    def _write_list(self) -> None:
        self._listed = time.monotonic()
        if self._recorder is not None and self._list is not None:
            with contextlib.suppress(OSError):  # on a full disk the sound is what matters
                self._list.write(self._recorder.path, self._recorder.frames)

    def _set(self, **changes: Any) -> None:
        before, self.status = self.status, dataclasses.replace(self.status, **changes)
        for name in ("error", "notice"):
            text = getattr(self.status, name)
            if text and text != getattr(before, name):
                self._note({"line": f"recording: {text}"})


def write_recordings(
    pipe: Connection, ring: str, tracks: Mapping[str, slice], folder: Path, log_path: Path | None = None
) -> None:
    """The process: serves ``pipe`` until its other end is closed.

    Parameters
    ----------
    ring : name of a `SharedRing`; this process must be a child of the one that owns it.
    tracks : as `ring_tracks` gives them.

    After a start again its owner sends what each deck plays (``loop``) and, if it was recording, ``start``.
    """
    # The terminal's interrupt is for the player; this process ends when its pipe does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with SharedRing.attach(ring) as memory:
        writer = Writer(memory.reader(), tracks, folder, log_path=log_path)
        try:
            serve(pipe, writer)
        finally:
            writer.close()


def serve(pipe: Connection, writer: Writer) -> None:
    """Commands in, status out, sound onto the disk, until the other end of ``pipe`` is closed."""
    reported, shown = 0.0, RecordingStatus()
    while True:
        busy = writer.tick()
        try:
            while pipe.poll(0.0 if busy else TICK_S):
                writer.do(_read(pipe.recv_bytes()))
                busy = True
            moment = time.monotonic()
            # What begins, ends or fails is told at once.
            changed = (writer.status.recording, writer.status.error) != (shown.recording, shown.error)
            if changed or moment - reported >= REPORT_S:
                reported, shown = moment, writer.status
                pipe.send_bytes(json.dumps(dataclasses.asdict(shown)).encode())
        except (EOFError, OSError):
            return


def _read(data: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(data)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
