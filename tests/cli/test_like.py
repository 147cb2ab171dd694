"""`aijockey like`: an audio file in, a point out that plays."""

import json

import numpy as np
import pytest
import soundfile

from aijockey.audio.files import AudioFileError, write_audio
from aijockey.cli.main import main
from aijockey.corpus.one_loop import read_loop
from aijockey.live.latent_store import LatentStore
from aijockey.live.loops import LoopRequest
from aijockey.live.point_text import read_point
from aijockey.live.presets import Preset, read_presets
from aijockey.live.programme import direct_source
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AIJOCKEY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("AIJOCKEY_MOMENTS", str(tmp_path / "moments.toml"))


def clicks(bpm, beats, rate_hz=RATE_HZ):
    """A burst on each beat, (samples,)."""
    period = 60.0 / bpm
    time = np.arange(round(beats * period * rate_hz)) / rate_hz
    since = time % period
    accent = np.where((time // period) % 4 == 0, 0.8, 0.5)
    return (accent * np.exp(-since * 40) * np.sin(2 * np.pi * 180 * since)).astype(np.float32)


def test_a_loop_on_the_grid_is_taken_as_it_is(tmp_path):
    audio = clicks(120, 8)
    write_audio(tmp_path / "mine.wav", audio[None])
    loop = read_loop(tmp_path / "mine.wav", 2)
    assert loop.bpm == pytest.approx(120.0)
    np.testing.assert_allclose(loop.audio, audio, atol=1e-3)


@pytest.mark.parametrize(("name", "bpm"), [("loop 140bpm.wav", None), ("loop.wav", 140.0)])
def test_other_tempos_rates_and_stereo_come_to_two_bars(tmp_path, name, bpm):
    audio = clicks(140, 8, 44_100)
    soundfile.write(tmp_path / name, np.stack([audio, audio], axis=1), 44_100)
    loop = read_loop(tmp_path / name, 2, bpm=bpm)
    assert loop.audio.shape == (LOOP_SAMPLES,)
    assert loop.bpm == pytest.approx(140.0, abs=0.01)
    beats = np.square(loop.audio).reshape(8, -1)
    assert (beats[:, :6000].sum(axis=1) > 0.8 * beats.sum(axis=1)).all()


def test_one_bar_fills_two_and_another_start_takes_another_part(tmp_path):
    one = clicks(120, 4)
    write_audio(tmp_path / "one.wav", one[None])
    np.testing.assert_allclose(read_loop(tmp_path / "one.wav", 2).audio, np.tile(one, 2), atol=1e-3)
    long = np.concatenate([clicks(120, 8), 0.5 * clicks(120, 8)])
    write_audio(tmp_path / "long 120bpm.wav", long[None])
    second = read_loop(tmp_path / "long 120bpm.wav", 2, start_s=2.0)
    assert second.start_s == pytest.approx(4.0)
    assert second.pieces == 2
    assert np.abs(second.audio).max() < 0.5


def test_what_cannot_be_cut_says_what_would_help(tmp_path, rng):
    time = np.arange(6 * RATE_HZ) / RATE_HZ
    drone = (0.2 * np.sin(2 * np.pi * 110 * time) * np.sin(np.pi * time / 6)).astype(np.float32)
    for name, audio, why in [
        ("drone.wav", drone, "--bpm"),
        ("silence.wav", np.zeros(5 * RATE_HZ, np.float32), "silent"),
        ("short.wav", clicks(120, 8)[:4000], "expected"),
    ]:
        write_audio(tmp_path / name, audio[None])
        with pytest.raises(AudioFileError, match=why):
            read_loop(tmp_path / name, 2)
    (tmp_path / "text.wav").write_text("hello")
    for name in ("text.wav", "none.wav"):
        with pytest.raises(AudioFileError, match=name):
            read_loop(tmp_path / name, 2)
    assert read_loop(tmp_path / "drone.wav", 2, texture=True).audio.shape == (LOOP_SAMPLES,)


def test_the_verb_finds_keeps_reports_and_plays(tmp_path, tiny_pack, capsys):
    write_audio(tmp_path / "mine.wav", clicks(120, 8)[None])
    words = ["like", str(tmp_path / "mine.wav"), "--pack", str(tiny_pack.path), "--samples", "4"]
    output = tmp_path / "found.wav"
    assert main([*words, "--voice", "kick", "--name", "mine", "-o", str(output), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["moment"] == f"voice=kick; point={report['point']}"
    assert report["found_db"] < report["nearest_db"]
    assert report["tempo_from"] == "loop length" or report["bpm"] == pytest.approx(120.0)
    assert read_presets()["mine"] == Preset(report["moment"], "tiny", tiny_pack.hash)
    assert LatentStore().latent(report["point"][1:]).shape == (64, 4)
    assert main([*words, "--voice", "kick", "--name", "mine"]) == 1
    assert "kept already" in capsys.readouterr().err
    ticket = direct_source(tiny_pack).request(LoopRequest("kick", read_point(report["point"])))
    sound, _ = soundfile.read(output, dtype="float32")
    loop = ticket.loop.audio[0]
    np.testing.assert_allclose(loop / np.abs(loop).max(), sound / np.abs(sound).max(), atol=1e-4)
    assert main([*words, "--voice", "kick", "-o", str(output)]) == 1
    assert "--force" in capsys.readouterr().err


def test_without_a_voice_it_chooses_one_and_speaks_to_people(tmp_path, tiny_pack, capsys):
    write_audio(tmp_path / "mine.wav", clicks(120, 8)[None])
    words = ["like", str(tmp_path / "mine.wav"), "--pack", str(tiny_pack.path), "--samples", "0"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "played by kick" in text or "played by hats" in text or "played by drone" in text
    assert "through the vocoder alone" in text
    assert main([*words, "--voice", "kik"]) == 1
    assert "kick" in capsys.readouterr().err
