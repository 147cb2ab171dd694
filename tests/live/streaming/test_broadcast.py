"""A set that is played is streamed to a real server, read back and compared; the server is away in between."""

import io
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate

from aijockey.live.streaming.config import PASSWORD_VARIABLE
from aijockey.live.streaming.encoder import FORMATS

av = pytest.importorskip("av", reason="needs PyAV: pip install 'aijockey[stream]'")

RATE_HZ = 48_000
PASSWORD = "for this test alone"  # as the fixture `icecast` has it
# Faster all the time, so that no two bars are alike and a piece of it is found in one place only.
SET = """
format = 1
title = "On the air"
tempo_bpm = 100
bars = 18
events = [
  { beat = 0, set = "deck.1.walk", to = 90, over = 72 },
  { beat = 0, set = "deck.2.walk", to = 91, over = 72 },
  { beat = 0, set = "deck.3.walk", to = 92, over = 72 },
  { beat = 0, set = "transport.tempo_bpm", to = 140, over = 72 },
]
[[deck]]
voice = "kick"
seed = 1
play = 1
refresh_bars = 1
[[deck]]
voice = "hats"
seed = 2
play = 1
refresh_bars = 1
[[deck]]
voice = "drone"
seed = 3
play = 1
refresh_bars = 1
"""


def decoded(data, stream_format):
    blocks = []
    with av.open(io.BytesIO(data), format=FORMATS[stream_format][0]) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
        try:
            for frame in container.decode(audio=0):
                blocks += [part.to_ndarray() for part in resampler.resample(frame)]
        except av.error.InvalidDataError:
            pass  # the last packet may be cut off
    return np.concatenate(blocks, axis=1)


def until(true, process, seconds=240.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.mark.endurance
@pytest.mark.parametrize("stream_format", FORMATS)
def test_what_is_played_is_heard_on_the_air_also_after_the_server_was_away(
    icecast, tiny_pack, tmp_path, stream_format
):
    (tmp_path / "air.set").write_text(SET)
    words = ["play", str(tmp_path / "air.set"), "--pack", str(tiny_pack.path), "--output", "null"]
    words += ["--record", str(tmp_path / "night"), "--log", str(tmp_path / "log.txt")]
    words += ["--stream", f"icecast://source@127.0.0.1:{icecast.port}/set", "--stream-format", stream_format]
    process = subprocess.Popen(
        [sys.executable, "-m", "aijockey.cli.main", *words],
        env={**os.environ, PASSWORD_VARIABLE: PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        halves = []
        for seconds in (15.0, None):
            heard = bytearray()
            mounted = []

            def listen(heard=heard, mounted=mounted):
                if (
                    not mounted or not mounted[-1].is_alive()
                ):  # until there is a source, the server has no such place
                    mounted.append(icecast.listen(heard))
                return len(heard) > 0

            until(listen, process)
            began = time.monotonic()
            while process.poll() is None and (seconds is None or time.monotonic() - began < seconds):
                time.sleep(0.05)
            if seconds is not None:
                icecast.stop()
                time.sleep(2.0)
                icecast.start()
            mounted[-1].join(60)
            halves.append(bytes(heard))
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "stream: ended" in said
    back, _ = soundfile.read(tmp_path / "night.wav", dtype="float32", always_2d=True)
    played = back.T
    assert played.shape[1] > 35 * RATE_HZ
    total = 0
    places = []
    for data in halves:
        sound = decoded(data, stream_format)
        assert sound.shape[1] > 8 * RATE_HZ
        total += sound.shape[1]
        piece = sound[0, RATE_HZ : 4 * RATE_HZ]
        place = int(correlate(played[0], piece, mode="valid", method="fft").argmax()) - RATE_HZ
        places.append(place)
        likeness = [
            np.corrcoef(sound[0, at : at + RATE_HZ], played[0, place + at : place + at + RATE_HZ])[0, 1]
            for at in range(RATE_HZ, sound.shape[1] - 2 * RATE_HZ, RATE_HZ)
            if place + at + RATE_HZ <= played.shape[1]
        ]
        print(
            f"{stream_format}: {sound.shape[1] / RATE_HZ:.1f} s from {place / RATE_HZ:.2f} s, {min(likeness):.5f}"
        )
        assert min(likeness) > (0.9999 if stream_format == "flac" else 0.95)
    # The second half is later, and together they are most of what was played.
    assert places[1] > places[0] + 8 * RATE_HZ
    assert total > 26 * RATE_HZ
    assert "password" not in (tmp_path / "log.txt").read_text()
    assert PASSWORD not in (tmp_path / "log.txt").read_text()
