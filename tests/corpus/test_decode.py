import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aijockey.audio.files import AudioFileError
from aijockey.corpus.decode import decode, decode_circular

RATE_HZ = 48_000


def tone(rate_hz: int, seconds: float, channels: int) -> np.ndarray:
    """(samples, channels): 440 Hz left, 660 Hz right."""
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.stack([0.4 * np.sin(2 * np.pi * hz * time) for hz in (440, 660, 880)[:channels]], axis=1)


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".flac", ".mp3", ".ogg", ".opus"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format(tmp_path: Path, suffix: str, channels: int) -> None:
    rate_hz = 48_000 if suffix == ".opus" else 44_100
    path = tmp_path / f"tone{suffix}"
    subtype = "OPUS" if suffix == ".opus" else None
    container = "OGG" if suffix == ".opus" else None
    soundfile.write(path, tone(rate_hz, 2.0, channels), rate_hz, format=container, subtype=subtype)
    recording = decode(path, tmp_path, 2)
    assert recording.warning == ""
    assert recording.audio.shape[0] == 2
    assert recording.seconds == pytest.approx(2.0, abs=0.06)
    assert recording.audio.shape[1] / RATE_HZ == pytest.approx(recording.seconds, abs=0.001)
    middle = recording.audio[:, 20_000:68_000]
    peaks_hz = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(48_000))), axis=1)
    assert peaks_hz.tolist() == ([440, 440] if channels == 1 else [440, 660])
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_length_and_timing_survive_resampling(tmp_path: Path, rate_hz: int) -> None:
    audio = np.zeros((3 * rate_hz, 1))
    audio[rate_hz] = audio[2 * rate_hz] = 1.0
    soundfile.write(tmp_path / "a.wav", audio, rate_hz, subtype="FLOAT")
    recording = decode(tmp_path / "a.wav", tmp_path, 1)
    assert recording.seconds == 3.0
    assert abs(recording.audio.shape[1] - 3 * RATE_HZ) <= 1
    assert abs(int(np.argmax(recording.audio[0, :72_000])) - RATE_HZ) <= 1
    assert abs(int(np.argmax(recording.audio[0, 72_000:])) + 72_000 - 2 * RATE_HZ) <= 1


def test_mono_is_the_mean_and_more_channels_lose_the_rest(tmp_path: Path) -> None:
    audio = tone(RATE_HZ, 1.0, 3)
    soundfile.write(tmp_path / "a.wav", audio, RATE_HZ, subtype="FLOAT")
    mono = np.array(decode(tmp_path / "a.wav", tmp_path, 1).audio)
    assert np.allclose(mono[0], audio.mean(axis=1), atol=1e-5)
    stereo = np.array(decode(tmp_path / "a.wav", tmp_path, 2).audio)
    assert np.allclose(stereo.T, audio[:, :2], atol=1e-5)


def test_samples_stay_on_disk(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(RATE_HZ, 1.0, 2), RATE_HZ)
    audio = decode(tmp_path / "a.wav", tmp_path, 2).audio
    assert isinstance(audio, np.memmap)
    assert not audio.flags.writeable


def test_what_is_no_number_becomes_silence(tmp_path: Path) -> None:
    audio = tone(RATE_HZ, 1.0, 1)
    audio[1000:1010], audio[2000] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", audio, RATE_HZ, subtype="FLOAT")
    assert np.isfinite(decode(tmp_path / "a.wav", tmp_path, 2).audio).all()


def test_a_file_that_breaks_off_gives_its_beginning(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "a.flac"
    soundfile.write(path, 0.5 * rng.uniform(-1, 1, (20 * RATE_HZ, 2)), RATE_HZ)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200_000] = bytes(200_000)
    path.write_bytes(content[: middle + 200_000])
    recording = decode(path, tmp_path, 2)
    assert 1.0 <= recording.audio.shape[1] / RATE_HZ < 20.0


@pytest.mark.parametrize(
    "content", [b"", b"not audio at all", b"RIFF\x00\x00\x00\x00WAVE", b"fLaC" + bytes(100)]
)
def test_broken_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError):
        decode(path, tmp_path, 2)


def test_without_ffmpeg_the_reason_is_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.m4a").write_bytes(b"....ftypM4A ")
    with pytest.raises(AudioFileError, match="needs ffmpeg"):
        decode(tmp_path / "a.m4a", tmp_path, 2)


def fake_ffmpeg(folder: Path, body: str) -> None:
    program = folder / "ffmpeg"
    program.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ffmpeg is a script")
def test_ffmpeg_decodes_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools, scratch = tmp_path / "tools", tmp_path / "scratch"
    tools.mkdir()
    scratch.mkdir()
    copy = "import shutil; shutil.copy(sys.argv[sys.argv.index('-i') + 1], sys.argv[-1])"
    fake_ffmpeg(tools, copy)
    monkeypatch.setenv("PATH", str(tools))
    soundfile.write(tmp_path / "a.wav", tone(44_100, 1.0, 2), 44_100)
    (tmp_path / "a.wav").rename(tmp_path / "a.m4a")
    assert decode(tmp_path / "a.m4a", scratch, 2).seconds == 1.0
    (scratch / "converted.wav").unlink()
    fake_ffmpeg(tools, "print('moov atom not found', file=sys.stderr); sys.exit(1)")
    with pytest.raises(AudioFileError, match="moov atom not found"):
        decode(tmp_path / "a.m4a", scratch, 2)


def test_a_loop_is_resampled_as_a_circle(tmp_path: Path) -> None:
    """11 periods in a file: with its own end before it, the beginning has no edge."""
    samples = 4410
    loop = 0.5 * np.sin(2 * np.pi * 11 * np.arange(samples) / samples)[:, None]
    soundfile.write(tmp_path / "a.wav", loop, 44_100, subtype="FLOAT")
    audio, origin = decode_circular(tmp_path / "a.wav", tmp_path, 2, 0.5)
    expected = 0.5 * np.sin(2 * np.pi * 11 * np.arange(4800) / 4800)
    assert np.abs(audio[0, origin : origin + 4800] - expected).max() < 1e-3
    assert audio.shape[0] == 2
