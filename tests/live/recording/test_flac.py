import numpy as np
import pytest
import soundfile

from aijockey.audio.files import AudioFileError
from aijockey.live.recording import flac
from aijockey.live.recording.flac import to_flac
from aijockey.live.recording.track_list import TrackList
from aijockey.live.recording.wave_file import WaveShape, WaveWriter


@pytest.fixture
def recording(tmp_path, rng):
    writer = WaveWriter(tmp_path / "a.wav", WaveShape(2))
    writer.write(rng.uniform(-1, 1, (2, 70_001)).astype(np.float32))
    writer.close()
    TrackList("a", 0).write(writer.path, writer.frames)
    return writer.path


def test_it_is_the_same_sound_and_the_cue_sheet_follows(recording):
    before = soundfile.read(recording, dtype="int32")[0]
    steps = []
    made = to_flac(recording, progress=steps.append)
    assert made == recording.with_suffix(".flac")
    assert np.array_equal(soundfile.read(made, dtype="int32")[0], before)
    assert soundfile.info(made).subtype == "PCM_24"
    assert recording.exists()
    assert 'FILE "a.flac" WAVE' in recording.with_suffix(".cue").read_text()
    assert sum(steps) == 2 * 70_001
    with pytest.raises(AudioFileError, match="--force"):
        to_flac(recording)
    to_flac(recording, force=True, remove=True)
    assert not recording.exists()


def test_float_is_rounded_and_cut_off(tmp_path):
    writer = WaveWriter(tmp_path / "f.wav", WaveShape(1, 48_000, "float32"))
    writer.write(np.array([[0.1, 1.5, -1.5, 0.3]], dtype=np.float32))
    writer.close()
    back, _ = soundfile.read(to_flac(tmp_path / "f.wav"))
    assert np.allclose(back, [0.1, 1.0, -1.0, 0.3], atol=2.0**-22)


def test_a_failure_leaves_what_was_there(recording, monkeypatch):
    monkeypatch.setattr(flac, "STEP_24_BIT", -1.0)
    with pytest.raises(AudioFileError, match="reads back different"):
        to_flac(recording, remove=True)
    assert sorted(path.suffix for path in recording.parent.iterdir()) == [".cue", ".json", ".wav"]
    assert 'FILE "a.wav" WAVE' in recording.with_suffix(".cue").read_text()


def test_what_is_no_recording_is_named(tmp_path):
    with pytest.raises(AudioFileError, match="no such file"):
        to_flac(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_text("words")
    with pytest.raises(AudioFileError, match=r"b\.wav: cannot be made FLAC"):
        to_flac(tmp_path / "b.wav")
