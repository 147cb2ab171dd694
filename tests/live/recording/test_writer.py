"""The writer process, with a ring in shared memory and with a double of it."""

import json
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.live.recording.disk import DiskWatch
from aijockey.live.recording.log_file import LogFile
from aijockey.live.recording.recorder import Recorder, check_name, free_base
from aijockey.live.recording.wave_file import RecordingError
from aijockey.live.recording.writer import Writer, ring_tracks, serve, write_recordings
from aijockey.live.shared_ring import SharedRing

STEP = 2.0**-23
PACK = {"name": "default", "version": "1", "sha256": "0" * 64, "licence": "CC0"}


class FedReader:
    """A ring's reader, fed by hand."""

    def __init__(self, channels: int = 2) -> None:
        self.channels, self.position, self.lost = channels, 0, 0
        self._blocks: list[np.ndarray] = []

    def feed(self, block: np.ndarray, lost: int = 0) -> None:
        self._blocks.append(block)
        self.lost_next = lost

    def read(self, most: int) -> np.ndarray:
        if not self._blocks:
            return np.zeros((self.channels, 0), np.float32)
        block = self._blocks.pop(0)
        self.lost += self.lost_next
        self.position += self.lost_next + block.shape[1]
        self.lost_next = 0
        return block


def loop(deck: int, sample: int, voice: str) -> dict:
    return {"do": "loop", "deck": deck, "beat": sample / 24_000, "sample": sample, "voice": voice, "seed": 4}


def played(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_master_and_decks_begin_on_one_sample(tmp_path, rng):
    reader = FedReader(6)
    writer = Writer(reader, ring_tracks(2), tmp_path)
    sound = rng.uniform(-0.5, 0.5, (6, 9_000)).astype(np.float32)
    reader.feed(sound[:, :3_000])
    writer.tick()  # before the start: not recorded
    writer.do({"do": "start", "name": "night", "decks": True, "packs": [PACK]})
    for start in (3_000, 6_000):
        reader.feed(sound[:, start : start + 3_000])
        assert writer.tick()
    assert not writer.tick()
    writer.do({"do": "stop"})
    assert writer.status.error == ""
    names = ["night-deck-1.wav", "night-deck-2.wav", "night.cue", "night.json", "night.wav"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for index, name in enumerate(("night.wav", "night-deck-1.wav", "night-deck-2.wav")):
        assert np.abs(played(tmp_path / name) - sound[2 * index : 2 * index + 2, 3_000:]).max() <= STEP
    assert writer.status.seconds == 6_000 / 48_000


def test_lost_sound_is_silence_of_the_same_length_and_is_told(tmp_path):
    reader = FedReader()
    writer = Writer(reader, ring_tracks(), tmp_path)
    writer.do({"do": "start", "name": "gap"})
    ones = np.full((2, 1_000), 0.5, np.float32)
    reader.feed(ones)
    writer.tick()
    reader.feed(ones, lost=70_000)
    writer.tick()
    assert writer.status.lost_samples == 70_000
    writer.do({"do": "stop"})
    sound = played(tmp_path / "gap.wav")
    assert np.array_equal(np.flatnonzero(sound[0] == 0.0), np.arange(1_000, 71_000))
    assert sound.shape[1] == 72_000
    gaps = json.loads((tmp_path / "gap.json").read_text())["gaps"]
    assert gaps == [{"time_s": 1_000 / 48_000, "seconds": 70_000 / 48_000}]


def test_what_sounds_already_stands_at_the_beginning(tmp_path):
    reader = FedReader()
    writer = Writer(reader, ring_tracks(), tmp_path)
    for entry in (
        loop(1, 0, "old"),
        loop(1, 24_000, "kick"),
        loop(2, 48_000, "bass"),
        loop(3, 100_000, "pads"),
    ):
        writer.do(entry)
    reader.feed(np.zeros((2, 72_000), np.float32))
    writer.tick()
    writer.do({"do": "start", "name": "late"})
    reader.feed(np.zeros((2, 48_000), np.float32))
    writer.tick()
    writer.do({"do": "mark", "title": "here"})
    reader.feed(np.zeros((2, 48_000), np.float32))
    writer.tick()
    writer.close()
    found = json.loads((tmp_path / "late.json").read_text())
    assert [(entry["voice"], entry["time_s"]) for entry in found["loops"]] == [
        ("kick", 0.0),
        ("bass", 0.0),
        ("pads", 28_000 / 48_000),
    ]
    assert [(mark["title"], mark["time_s"]) for mark in found["marks"]] == [("here", 1.0)]


def test_thousands_of_loops_keep_what_each_deck_plays(tmp_path):
    reader = FedReader()
    writer = Writer(reader, ring_tracks(), tmp_path)
    writer.do(loop(8, 0, "patient"))
    for number in range(3_000):
        reader.feed(np.zeros((2, 100), np.float32))
        writer.tick()
        writer.do(loop(1, 100 * number, f"v{number}"))
    writer.do({"do": "start", "name": "a"})
    reader.feed(np.zeros((2, 100), np.float32))
    writer.tick()
    writer.close()
    found = json.loads((tmp_path / "a.json").read_text())["loops"]
    assert sorted(entry["voice"] for entry in found) == ["patient", "v2999"]


def test_the_disk_is_watched_and_only_the_recording_stops(tmp_path, rng):
    free = [10_000_000_000]
    disk = DiskWatch(tmp_path, reserve_bytes=1_000_000, free_bytes=lambda _: free[0])
    reader = FedReader()
    log = tmp_path / "set.log"
    writer = Writer(reader, ring_tracks(), tmp_path, disk=disk, log_path=log)
    rate = 48_000 * 6
    assert writer.status.disk_level == "ok"
    writer.do({"do": "start", "name": "a"})
    sound = rng.uniform(-0.5, 0.5, (2, 4_800)).astype(np.float32)

    def tick_with(minutes: float) -> None:
        free[0] = 1_000_000 + round(minutes * 60 * rate)
        writer._looked = -1e9
        reader.feed(sound)
        writer.tick()

    for minutes, level in ((90, "ok"), (59, "low"), (9, "urgent")):
        tick_with(minutes)
        assert writer.status.disk_level == level
        assert writer.status.disk_minutes_left == pytest.approx(minutes, abs=0.01)
    assert writer.status.recording
    assert "full in 9 min" in writer.status.notice
    tick_with(-0.001)
    assert not writer.status.recording
    assert "disk full" in writer.status.error
    assert np.abs(played(tmp_path / "a.wav")[:, -4_800:] - sound).max() <= STEP
    # The rest goes on: blocks are taken, a start is refused with the reason, the log holds it all.
    tick_with(-0.001)
    writer.do({"do": "start", "name": "b"})
    assert "free some space" in writer.status.error
    assert not (tmp_path / "b.wav").exists()
    assert "full in 59 min" in log.read_text()
    tick_with(100)
    writer.do({"do": "start", "name": "b"})
    assert writer.status.recording
    assert writer.status.error == ""
    writer.close()


def test_a_small_disk_fills_and_the_file_is_whole(tmp_path, rng):
    """On a real file system of 2 MB; needs the right to mount one."""
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True, text=True
        )
    except OSError as error:
        pytest.skip(f"nothing can be mounted here ({error})")
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here ({mounted.stderr.strip()})")
    try:
        reader = FedReader()
        writer = Writer(reader, ring_tracks(), small, disk=DiskWatch(small, reserve_bytes=0))
        writer.do({"do": "start", "name": "a"})
        sound = rng.uniform(-0.5, 0.5, (2, 48_000)).astype(np.float32)
        for _ in range(10):
            reader.feed(sound)
            assert writer.tick()
        assert not writer.status.recording
        assert "the recording stops after" in writer.status.error
        back = played(small / "a.wav")
        assert 6 * 48_000 <= back.shape[1] < 2_097_152 / 6
        assert np.abs(back[:, :48_000] - sound).max() <= STEP
        writer.close()
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize(
    "name", ["", "..", "../a", "a/b", "a\\b", ".hidden", "C:x", "a\n", "x" * 101, "a ", "a."]
)
def test_no_name_leaves_the_folder(tmp_path, name):
    with pytest.raises(RecordingError, match="is no name"):
        check_name(name)
    writer = Writer(FedReader(), ring_tracks(), tmp_path)
    writer.do({"do": "start", "name": name})
    assert "is no name" in writer.status.error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"do": "__init__"},
        {"do": "start"},
        {"do": "start", "name": "a", "format": "mp3"},
        {"do": "start", "name": "a", "packs": [{"x": 1}]},
        {"do": "loop", "deck": "one"},
        {"do": "loop", **{key: None for key in ("deck", "beat", "sample", "voice")}},
        {"do": "loop", "deck": 1, "beat": 1, "sample": 1, "voice": "x", "controls": 3},
    ],
)
def test_a_wrong_command_is_an_error_and_nothing_else(tmp_path, message):
    writer = Writer(FedReader(), ring_tracks(), tmp_path)
    writer.do(message)
    assert writer.status.error
    assert not writer.status.recording
    assert not writer.tick()
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_taken_count_on(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    assert free_base(tmp_path, "a").name == "a-2"
    (tmp_path / "a-2.flac").write_text("")
    assert free_base(tmp_path, "a").name == "a-3"
    with pytest.raises(RecordingError, match="absent"):
        Recorder(tmp_path / "absent", "a", ring_tracks())


def test_a_recording_whose_second_file_cannot_be_made_leaves_none(tmp_path):
    (tmp_path / "a-deck-1.wav").write_text("another's")
    with pytest.raises(RecordingError, match="overwrites nothing"):
        Recorder(tmp_path, "a", ring_tracks(1))
    assert [path.name for path in tmp_path.iterdir()] == ["a-deck-1.wav"]


def test_the_log_stays_small(tmp_path):
    log = LogFile(tmp_path / "a.log", most_bytes=1_000)
    for number in range(100):
        log.write(f"line {number}\nof one")
    assert {path.name for path in tmp_path.iterdir()} == {"a.log", "a.log.1"}
    assert all(path.stat().st_size < 1_100 for path in tmp_path.iterdir())
    assert (tmp_path / "a.log").read_text().endswith("line 99 of one\n")
    lost = LogFile(tmp_path / "absent" / "a.log")
    lost.write("x")
    assert lost.dropped_lines == 1


def test_serving_ends_with_the_pipe_and_closes_files(tmp_path):
    ours, theirs = multiprocessing.Pipe()
    writer = Writer(FedReader(), ring_tracks(), tmp_path)
    thread = threading.Thread(target=serve, args=(theirs, writer))
    thread.start()
    ours.send_bytes(b"no json")
    ours.send_bytes(json.dumps({"do": "start", "name": "a"}).encode())
    status = json.loads(ours.recv_bytes())
    while not status["recording"]:
        status = json.loads(ours.recv_bytes())
    ours.close()
    thread.join(timeout=20)
    assert not thread.is_alive()


class Fixture:
    """A ring, its feeder, and the writer process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ring = SharedRing.create(2, 48_000 * 20)
        self.context = multiprocessing.get_context("spawn")
        self.start()

    def start(self) -> None:
        self.pipe, theirs = self.context.Pipe()
        arguments = (theirs, self.ring.name, ring_tracks(), self.folder, self.folder / "set.log")
        self.process = self.context.Process(target=write_recordings, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def send(self, **message) -> None:
        self.pipe.send_bytes(json.dumps(message).encode())

    def wait(self, true) -> dict:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.pipe.poll(1.0) and true(status := json.loads(self.pipe.recv_bytes())):
                return status
        raise AssertionError("the status never came")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_writer_leaves_its_file_and_goes_on_in_the_next(tmp_path, rng):
    fixture = Fixture(tmp_path)
    try:
        sound = rng.uniform(-0.5, 0.5, (2, 48_000 * 4)).astype(np.float32)
        fixture.send(do="start", name="night")
        fixture.wait(lambda status: status["recording"])
        fixture.ring.write(sound)
        fixture.wait(lambda status: status["seconds"] >= 4.0)
        assert fixture.process.pid is not None
        os.kill(fixture.process.pid, signal.SIGKILL)
        fixture.process.join()
        back = played(tmp_path / "night.wav")
        assert 3 * 48_000 <= back.shape[1] <= 4 * 48_000
        assert np.abs(back - sound[:, : back.shape[1]]).max() <= STEP

        fixture.start()
        fixture.send(**loop(1, 10, "bass"))
        fixture.send(do="start", name="night")
        status = fixture.wait(lambda status: status["recording"])
        assert Path(status["path"]).name == "night-2.wav"
        fixture.ring.write(sound[:, ::-1])
        fixture.wait(lambda status: status["seconds"] >= 4.0)
        fixture.send(do="log", line="the end")
        fixture.send(do="stop")
        fixture.wait(lambda status: not status["recording"])
        assert np.abs(played(tmp_path / "night-2.wav") - sound[:, ::-1]).max() <= STEP
        assert json.loads((tmp_path / "night-2.json").read_text())["loops"][0]["voice"] == "bass"
        fixture.pipe.close()
        fixture.process.join(timeout=20)
        assert fixture.process.exitcode == 0
        assert "the end" in (tmp_path / "set.log").read_text()
    finally:
        fixture.process.kill()
        fixture.process.join()
        fixture.ring.close()
