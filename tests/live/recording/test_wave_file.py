"""A recording is whole at any moment: after a kill, on a full disk, beyond 4 GiB."""

import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.live.recording.wave_file import (
    HEADER_BYTES,
    MOST_RIFF_BYTES,
    RecordingError,
    WaveShape,
    WaveWriter,
)

TOLERANCE = {"pcm24": 2.0**-23, "float32": 0.0}


def written(path: Path, audio: np.ndarray, block: int, sample_format: str) -> WaveWriter:
    writer = WaveWriter(path, WaveShape(audio.shape[0], 48_000, sample_format))
    for start in range(0, audio.shape[1], block):
        writer.write(audio[:, start : start + block])
    return writer


@pytest.mark.parametrize("sample_format", sorted(TOLERANCE))
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 64, 65, 480, 4096])
def test_what_was_played_is_read_whatever_the_blocks(tmp_path, rng, sample_format, channels, block):
    audio = rng.uniform(-0.99, 0.99, (channels, 5_001)).astype(np.float32)
    written(tmp_path / "a.wav", audio, block, sample_format).close()
    back, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)
    assert rate_hz == 48_000
    assert back.shape == audio.T.shape
    assert np.abs(back.T - audio).max() <= TOLERANCE[sample_format]
    # Chunks have even lengths.
    assert (tmp_path / "a.wav").stat().st_size % 2 == 0


@pytest.mark.parametrize("sample_format", sorted(TOLERANCE))
def test_all_but_the_last_second_can_be_read_while_it_is_written(tmp_path, rng, sample_format):
    audio = rng.uniform(-0.5, 0.5, (2, 5 * 48_000)).astype(np.float32)
    writer = WaveWriter(tmp_path / "a.wav", WaveShape(2, 48_000, sample_format))
    for end in range(480, audio.shape[1] + 1, 480):
        writer.write(audio[:, end - 480 : end])
        if end % 48_000 == 24_000:
            (tmp_path / "copy.wav").write_bytes((tmp_path / "a.wav").read_bytes())
            back, _ = soundfile.read(tmp_path / "copy.wav", dtype="float32")
            assert end - 48_000 <= len(back) <= end
            assert np.abs(back.T - audio[:, : len(back)]).max() <= TOLERANCE[sample_format]
    writer.close()


RECORD_FOR_EVER = """
import sys
from pathlib import Path
import numpy as np
from aijockey.live.recording.wave_file import WaveShape, WaveWriter
writer = WaveWriter(Path(sys.argv[1]), WaveShape(2))
second = (np.arange(48_000 * 2).reshape(2, -1) / 100_000).astype(np.float32)
while True:
    for start in range(0, 48_000, 512):
        writer.write(second[:, start:start + 512])
    print(writer.frames, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_recorder_leaves_a_file_that_lacks_less_than_a_second(tmp_path):
    path = tmp_path / "a.wav"
    for attempt in range(3):
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", RECORD_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2 + attempt)]
        time.sleep(0.003 * attempt)
        process.kill()
        lines += process.communicate()[0].splitlines()
        told = int(lines[-1])
        on_disk = (path.stat().st_size - HEADER_BYTES) // 6
        back, _ = soundfile.read(path, dtype="float32")
        assert on_disk >= told
        assert on_disk - 48_000 <= len(back) <= on_disk
        second = (np.arange(48_000 * 2).reshape(2, -1) / 100_000).astype(np.float32)
        assert np.abs(back[:48_000].T - second).max() <= 2.0**-23


@pytest.mark.parametrize("sample_format", sorted(TOLERANCE))
def test_beyond_4_gib_it_is_rf64_and_its_end_is_read(tmp_path, rng, sample_format):
    """A sparse file: the first 4 GiB are a hole, which takes no space."""
    path = tmp_path / "long.wav"
    start, end = rng.uniform(-0.5, 0.5, (2, 2, 1_000)).astype(np.float32)
    writer = WaveWriter(path, WaveShape(2, 48_000, sample_format))
    writer.write(start)
    assert path.read_bytes()[:4] == b"RIFF"
    frames = (1 << 32) // writer.shape.frame_bytes + 12_345
    writer.frames = frames
    writer.write(end)
    writer.close()
    if path.stat().st_blocks * 512 > 1 << 30:
        pytest.skip("this file system has no sparse files")
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    assert head[:4] == b"RF64"
    assert head[12:16] == b"ds64"
    with soundfile.SoundFile(path) as file:
        assert file.format == "RF64"
        assert file.frames == frames + 1_000
        assert np.abs(file.read(1_000, dtype="float32").T - start).max() <= TOLERANCE[sample_format]
        file.seek(frames)
        assert np.abs(file.read(dtype="float32").T - end).max() <= TOLERANCE[sample_format]


def test_the_header_says_the_same_on_both_sides_of_the_border():
    shape = WaveShape(2)
    last = (MOST_RIFF_BYTES - HEADER_BYTES + 8) // 6
    small, large = shape.header(last), shape.header(last + 1)
    assert len(small) == len(large) == HEADER_BYTES
    assert (small[:4], large[:4]) == (b"RIFF", b"RF64")
    assert struct.unpack("<I", small[-4:])[0] == 6 * last
    assert struct.unpack("<QQQ", large[20:44])[1:] == (6 * (last + 1), last + 1)


def test_only_24_bits_clip_and_they_count_it(tmp_path):
    loud = np.array([[1.5, -1.5, 0.5, np.nan, np.inf]], dtype=np.float32)
    writer = written(tmp_path / "a.wav", loud, 5, "pcm24")
    writer.close()
    assert writer.clipped_samples == 3
    back, _ = soundfile.read(tmp_path / "a.wav")
    assert np.allclose(back, [1.0, -1.0, 0.5, 0.0, 1.0], atol=2.0**-22)
    writer = written(tmp_path / "b.wav", loud[:, :3], 5, "float32")
    writer.close()
    assert writer.clipped_samples == 0
    assert np.array_equal(soundfile.read(tmp_path / "b.wav", dtype="float32")[0], loud[0, :3])


FILL = """
import resource, sys
from pathlib import Path
import numpy as np
from aijockey.live.recording.wave_file import RecordingError, WaveShape, WaveWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (500_001, 500_001))
writer = WaveWriter(Path(sys.argv[1]), WaveShape(2))
noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 1000)).astype(np.float32)
try:
    while True:
        writer.write(noise)
except RecordingError as error:
    print(error)
"""


def test_where_no_more_fits_the_file_is_whole(tmp_path):
    pytest.importorskip("resource", reason="this system has no limits on files")
    path = tmp_path / "a.wav"
    found = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=True
    )
    assert "a.wav: the recording stops after 1.7 s" in found.stdout
    back, _ = soundfile.read(path, dtype="float32")
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 1000)).astype(np.float32)
    assert len(back) == 83_000
    assert np.abs(back[-1000:].T - noise).max() <= 2.0**-23
    assert path.stat().st_size == HEADER_BYTES + 83_000 * 6


def test_nothing_is_overwritten_and_folders_must_be_there(tmp_path):
    (tmp_path / "a.wav").write_text("mine")
    with pytest.raises(RecordingError, match="overwrites nothing"):
        WaveWriter(tmp_path / "a.wav", WaveShape(2))
    assert (tmp_path / "a.wav").read_text() == "mine"
    with pytest.raises(RecordingError, match="cannot be written"):
        WaveWriter(tmp_path / "absent" / "a.wav", WaveShape(2))


def test_channels_are_never_guessed(tmp_path):
    writer = WaveWriter(tmp_path / "a.wav", WaveShape(2))
    with pytest.raises(RecordingError, match="1 channels came, expected 2"):
        writer.write(np.zeros((1, 10), dtype=np.float32))
    writer.close()
    writer.close()
    assert os.path.getsize(tmp_path / "a.wav") == HEADER_BYTES
