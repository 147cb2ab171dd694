from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.audio.files import FORMATS, AudioFileError, read_audio, write_audio


@pytest.fixture
def audio() -> np.ndarray:
    rng = np.random.default_rng(8)
    return rng.uniform(-0.9, 0.9, (2, 5_000)).astype(np.float32)


@pytest.mark.parametrize(("suffix", "error"), [(".wav", 0.0), (".flac", 2**-23)])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_what_is_written_is_read(
    tmp_path: Path, audio: np.ndarray, suffix: str, error: float, rate_hz: int
) -> None:
    write_audio(tmp_path / f"a{suffix}", audio, rate_hz)
    back, back_rate_hz = read_audio(tmp_path / f"a{suffix}")
    assert back_rate_hz == rate_hz
    assert back.shape == audio.shape
    assert back.dtype == np.float32
    assert np.abs(back - audio).max() <= error


def test_vorbis_is_as_long_and_much_the_same(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)[None].astype(np.float32)
    write_audio(tmp_path / "a.ogg", tone)
    back, _ = read_audio(tmp_path / "a.ogg")
    assert back.shape == tone.shape
    assert np.abs(back - tone)[:, 4_000:-4_000].max() < 0.05


@settings(max_examples=20, deadline=None)
@given(channels=st.integers(1, 4), samples=st.integers(1, 3_000), seed=st.integers(0, 99))
def test_any_shape_survives_wav(
    tmp_path_factory: pytest.TempPathFactory, channels: int, samples: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp("shapes") / "a.wav"
    noise = np.random.default_rng(seed).standard_normal((channels, samples)).astype(np.float32)
    write_audio(path, noise)
    assert np.array_equal(read_audio(path)[0], noise)


def test_float_wav_holds_more_than_full_scale(tmp_path: Path) -> None:
    loud = np.full((1, 10), 2.5, dtype=np.float32)
    write_audio(tmp_path / "a.wav", loud)
    assert np.array_equal(read_audio(tmp_path / "a.wav")[0], loud)


def test_a_long_ogg_is_written_in_pieces(tmp_path: Path) -> None:
    """One write of many seconds overflows libsndfile's Vorbis encoder."""
    write_audio(tmp_path / "a.ogg", np.zeros((2, 60 * 48_000), dtype=np.float32))
    assert read_audio(tmp_path / "a.ogg")[0].shape == (2, 60 * 48_000)


@pytest.mark.parametrize("content", [b"", b"words", b"fLaC" + bytes(60)])
def test_files_that_are_not_audio_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.flac"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"noise\.flac"):
        read_audio(path)


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no such file"):
        read_audio(tmp_path / "a.wav")
    soundfile.write(tmp_path / "b.wav", np.zeros((0, 2)), 48_000)
    with pytest.raises(AudioFileError, match="holds no audio"):
        read_audio(tmp_path / "b.wav")


def test_a_file_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 5 * 48_000)).astype(np.float32)
    write_audio(tmp_path / "a.wav", noise)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[: len(content) * 3 // 5])
    back, _ = read_audio(tmp_path / "a.wav")
    assert 2.9 * 48_000 < back.shape[1] < 3.1 * 48_000
    assert np.array_equal(back, noise[:, : back.shape[1]])


def test_unknown_formats_and_folders_are_refused(tmp_path: Path, audio: np.ndarray) -> None:
    with pytest.raises(AudioFileError, match=r"unknown format '\.xyz'"):
        write_audio(tmp_path / "a.xyz", audio)
    with pytest.raises(AudioFileError, match="does not exist"):
        write_audio(tmp_path / "absent" / "a.wav", audio)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_nothing_but_the_file_is_left(tmp_path: Path, audio: np.ndarray, suffix: str) -> None:
    write_audio(tmp_path / f"a{suffix}", audio)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_a_failed_write_keeps_the_old_file(
    tmp_path: Path, audio: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    write_audio(path, audio)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(soundfile.SoundFile, "write", fail)
    with pytest.raises(AudioFileError, match="disk full"):
        write_audio(path, 0.5 * audio)
    monkeypatch.undo()
    assert np.array_equal(read_audio(path)[0], audio)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]
