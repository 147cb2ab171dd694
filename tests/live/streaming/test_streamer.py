"""A stream read back is what was played, also when the server was away in between."""

import base64
import contextlib
import io
import socket
import threading
import time

import numpy as np
import pytest
from scipy.signal import butter, correlate, sosfilt

from aijockey.live.streaming.config import (
    PASSWORD_VARIABLE,
    StreamConfig,
    StreamError,
    find_password,
)
from aijockey.live.streaming.encoder import FORMATS, Encoder
from aijockey.live.streaming.icecast import Connection
from aijockey.live.streaming.streamer import LONGEST_WAIT_S, Backlog, Streamer

av = pytest.importorskip("av", reason="needs PyAV: pip install 'aijockey[stream]'")


RATE_HZ = 48_000
PASSWORD = "for this test alone"  # as the fixture `icecast` has it


def music(seconds: float, seed: int = 5) -> np.ndarray:
    """Noise in the middle of the spectrum: no two seconds alike, and codecs keep it."""
    noise = np.random.default_rng(seed).standard_normal((2, round(seconds * RATE_HZ)))
    band = butter(2, [150, 3_000], "band", fs=RATE_HZ, output="sos")
    return (0.25 * sosfilt(band, noise)).astype(np.float32)


def decoded(data: bytes, stream_format: str) -> np.ndarray:
    """What a listener hears, as far as the bytes go; the last packet may be cut off."""
    blocks = []
    with av.open(io.BytesIO(data), format=FORMATS[stream_format][0]) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
        try:
            for frame in container.decode(audio=0):
                blocks += [part.to_ndarray() for part in resampler.resample(frame)]
        except av.error.InvalidDataError:
            pass
    return np.concatenate(blocks, axis=1)


def place_in(heard: np.ndarray, sound: np.ndarray) -> int:
    """Where in ``sound`` the second half-second of ``heard`` begins, less that half-second."""
    piece = heard[0, RATE_HZ // 2 : RATE_HZ]
    return int(correlate(sound[0], piece, mode="valid", method="fft").argmax()) - RATE_HZ // 2


def likeness(heard: np.ndarray, sound: np.ndarray, start: int) -> float:
    """Smallest correlation of any whole second of ``heard`` with ``sound`` from ``start``; the edges apart."""
    values = []
    for at in range(RATE_HZ // 2, heard.shape[1] - RATE_HZ, RATE_HZ):
        there = sound[0, start + at : start + at + RATE_HZ]
        if len(there) == RATE_HZ:
            values.append(np.corrcoef(heard[0, at : at + RATE_HZ], there)[0, 1])
    return float(min(values))


class FakeServer:
    """Speaks the source protocol on loopback: PUT with a body that does not end, and metadata requests."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.password = password
        self.bodies: list[bytearray] = []
        self.heads: list[str] = []
        self.whole: list[bytearray] = []  # bodies that have come to their end
        self._sockets: list[socket.socket] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        for opened in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                opened, _ = listener.accept()
            except OSError:
                return
            self._sockets.append(opened)
            threading.Thread(target=self._serve, args=(opened,), daemon=True).start()

    def _serve(self, opened: socket.socket) -> None:
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                data = opened.recv(4096)
                if not data:
                    return
                head += data
            text, body = head.split(b"\r\n\r\n", 1)
            self.heads.append(text.decode())
            login = base64.b64encode(f"source:{self.password}".encode()).decode()
            if f"Authorization: Basic {login}" not in text.decode().split("\r\n"):
                opened.sendall(b"HTTP/1.0 401 Authentication Required\r\n\r\n")
                opened.close()
                return
            opened.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\n")
            if text.startswith(b"GET"):
                opened.close()
                return
            kept = bytearray(body)
            self.bodies.append(kept)
            while data := opened.recv(65_536):
                kept += data
        except OSError:
            return
        self.whole.append(kept)


@pytest.fixture
def server():
    made = FakeServer()
    yield made
    made.stop()


def config_for(port: int, stream_format: str = "opus", **more) -> StreamConfig:
    return StreamConfig("127.0.0.1", "/set", PASSWORD, port, format=stream_format, **more)


def wait_until(true, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def play(streamer: Streamer, sound: np.ndarray, backlog_s: float = 3.0) -> None:
    """Feed as fast as it is sent, so that nothing is dropped."""
    for start in range(0, sound.shape[1], 4_800):
        streamer.feed(sound[:, start : start + 4_800])
        wait_until(lambda: streamer.status().backlog_s < backlog_s)


@pytest.mark.parametrize("stream_format", FORMATS)
def test_thirty_seconds_read_back_are_what_was_played(server, stream_format):
    """The server is stopped and started in between: then the stream goes on, with the sound of that time."""
    sound = music(30.0)
    streamer = Streamer(config_for(server.port, stream_format), pause=lambda _: time.sleep(0.02), seed=1)
    half = 15 * RATE_HZ
    play(streamer, sound[:, :half])
    wait_until(lambda: streamer.status().backlog_s == 0)
    # What was sent but is not yet read would go with the server.
    wait_until(lambda: len(server.bodies[0]) == streamer.status().sent_bytes)
    server.stop()
    wait_until(lambda: streamer.status().state in ("waiting", "connecting"))
    assert streamer.status().error
    server.start()
    play(streamer, sound[:, half:])
    streamer.close(timeout_s=60)
    assert streamer.status().state == "ended"
    assert streamer.status().dropped_s == 0
    assert streamer.status().connections == len(server.bodies) == 2
    wait_until(lambda: any(body is server.bodies[1] for body in server.whole))
    first, second = (decoded(bytes(body), stream_format) for body in server.bodies)
    # An encoder holds some back, which the break takes; what is heard stands where it belongs.
    assert first.shape[1] > 13 * RATE_HZ
    assert 14.5 * RATE_HZ < second.shape[1] < 15.5 * RATE_HZ
    least = {"opus": 0.95, "mp3": 0.95, "flac": 0.999999}[stream_format]
    assert likeness(first, sound, place_in(first, sound)) > least
    start = place_in(second, sound)
    assert likeness(second, sound, start) > least
    assert abs(start - half) < 0.1 * RATE_HZ


def test_likeness_can_fail():
    sound = music(4.0)
    assert likeness(sound[:, RATE_HZ:], sound, place_in(sound[:, RATE_HZ:], sound)) > 0.999
    assert likeness(music(4.0, seed=6), sound, 0) < 0.3


def test_a_server_that_is_away_costs_no_memory_and_the_newest_sound_stays(server):
    server.stop()
    waits: list[float] = []
    ended = threading.Event()

    def pause(seconds: float) -> None:
        waits.append(seconds)
        ended.wait(0.001 if len(waits) < 30 else 0.05)

    streamer = Streamer(config_for(server.port, "flac", backlog_s=2.0), pause=pause, seed=2)
    sound = music(6.0)
    for _ in range(50):
        streamer.feed(sound[:, :RATE_HZ])
    streamer.feed(sound[:, RATE_HZ:])
    assert streamer.status().backlog_s == 2.0
    assert streamer.status().dropped_s == 53.0
    wait_until(lambda: len(waits) >= 12)
    assert "nobody answers" in streamer.status().error
    # Longer and longer, but never longer than the limit, and never twice the same.
    assert all(0.25 * 2**step <= wait <= 0.5 * 2**step for step, wait in enumerate(waits[:6]))
    assert max(waits) <= LONGEST_WAIT_S
    assert min(waits[7:]) >= LONGEST_WAIT_S / 2
    assert len(set(waits)) == len(waits)
    server.start()
    wait_until(lambda: streamer.status().state == "streaming")
    streamer.close(timeout_s=30)
    wait_until(lambda: len(server.whole) == 1)
    heard = decoded(bytes(server.bodies[0]), "flac")
    assert heard.shape[1] == 2 * RATE_HZ
    assert np.abs(heard - sound[:, 4 * RATE_HZ :]).max() < 2.0**-22
    ended.set()


def test_the_backlog_drops_the_oldest_whatever_the_blocks(rng):
    sound = rng.standard_normal((2, 10_000)).astype(np.float32)
    for block in (1, 64, 65, 480, 4096):
        backlog = Backlog(1_000)
        for start in range(0, 10_000, block):
            backlog.add(sound[:, start : start + block])
            assert backlog.samples <= 1_000
        assert backlog.dropped_samples == 9_000
        parts = [backlog.take(0.0) for _ in range(-(-1_000 // min(block, 1_000)) + 1)]
        kept = np.concatenate([part for part in parts if part is not None], axis=1)
        assert np.array_equal(kept, sound[:, 9_000:])


def test_a_wrong_password_is_told_and_never_shown(server):
    config = config_for(server.port)
    server.password = "another"
    with pytest.raises(StreamError, match="refuses user or password") as caught:
        Connection(config)
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(config)


def test_something_else_than_icecast_is_named():
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        opened, _ = listener.accept()
        opened.recv(4096)
        opened.sendall(b"SSH-2.0-x\r\n\r\n")
        opened.close()

    threading.Thread(target=answer, daemon=True).start()
    with pytest.raises(StreamError, match="is it Icecast"):
        Connection(config_for(listener.getsockname()[1]))
    listener.close()


def test_titles_travel_in_headers_and_beside_mp3(server, monkeypatch):
    monkeypatch.setattr("aijockey.live.streaming.streamer.TITLE_S", 0.0)
    for stream_format in ("opus", "mp3"):
        streamer = Streamer(config_for(server.port, stream_format, title="My set"))
        play(streamer, music(1.0))
        wait_until(lambda streamer=streamer: streamer.status().backlog_s == 0)
        streamer.set_title("Second half & more")
        play(streamer, music(1.0))
        wait_until(lambda streamer=streamer: streamer._told_title.startswith("Second"))
        streamer.close(timeout_s=30)
    ogg = bytes(server.bodies[0])
    assert b"title=My set" in ogg
    assert b"title=Second half & more" in ogg
    assert ogg.count(b"OpusHead") == 2
    asked = [head for head in server.heads if head.startswith("GET")]
    assert len(asked) == 1
    assert "mode=updinfo&mount=%2Fset&song=Second+half+%26+more" in asked[0]


@pytest.mark.parametrize("stream_format", FORMATS)
def test_blocks_change_nothing_in_an_encoded_stream(stream_format):
    sound = music(1.0)

    def encoded(block: int) -> np.ndarray:
        encoder = Encoder(stream_format)
        parts = [encoder.encode(sound[:, at : at + block]) for at in range(0, sound.shape[1], block)]
        return decoded(b"".join([*parts, encoder.close()]), stream_format)

    whole = encoded(RATE_HZ)
    for block in (64, 65, 480, 4096):
        assert np.array_equal(encoded(block), whole)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": ""}, PASSWORD_VARIABLE),
        ({"password": "a\r\nX: y"}, "printable"),
        ({"title": "a\nb"}, "printable"),
        ({"mount": "set"}, "after a slash"),
        ({"mount": "/a b"}, "no spaces"),
        ({"user": "a:b"}, "no colon"),
        ({"port": 0}, "1 to 65535"),
        ({"format": "wav"}, "expected one of opus, mp3, flac"),
        ({"bitrate_kbps": 5}, "16 to 512"),
    ],
)
def test_a_stream_that_cannot_be_is_refused(changes, words):
    with pytest.raises(StreamError, match=words) as caught:
        StreamConfig(**{"host": "localhost", "mount": "/set", "password": PASSWORD, **changes})
    assert PASSWORD not in str(caught.value)


def test_addresses():
    config = StreamConfig.from_url("icecasts://dj@radio.example:8443/set.ogg", PASSWORD)
    assert (config.host, config.port, config.mount) == ("radio.example", 8443, "/set.ogg")
    assert (config.user, config.tls) == ("dj", True)
    assert StreamConfig.from_url("icecast://localhost/x", PASSWORD).place == "localhost:8000/x"
    with pytest.raises(StreamError, match="holds a password") as caught:
        StreamConfig.from_url("icecast://dj:hunter2@localhost/x", PASSWORD)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(StreamError, match="no address"):
        StreamConfig.from_url("localhost/x", PASSWORD)
    with pytest.raises(StreamError, match="cannot be read"):
        StreamConfig.from_url("icecast://localhost:99999/x", PASSWORD)


def test_passwords_come_from_the_environment_or_a_private_file(tmp_path, monkeypatch):
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    assert find_password() is None
    monkeypatch.setenv(PASSWORD_VARIABLE, "from outside")
    assert find_password() == "from outside"
    file = tmp_path / "password"
    file.write_text("inside\n")
    file.chmod(0o600)
    assert find_password(file) == "inside"
    file.chmod(0o644)
    if file.stat().st_mode & 0o044:
        with pytest.raises(StreamError, match="chmod 600"):
            find_password(file)
    file.chmod(0o600)
    file.write_text("\n")
    with pytest.raises(StreamError, match="holds no password"):
        find_password(file)


@pytest.mark.endurance
@pytest.mark.parametrize("stream_format", FORMATS)
def test_a_real_server_gives_back_what_it_got(icecast, stream_format):
    sound = music(30.0)
    half = 15 * RATE_HZ
    streamer = Streamer(config_for(icecast.port, stream_format), pause=lambda _: time.sleep(0.05), seed=3)
    halves = []
    for part in (sound[:, :half], sound[:, half:]):
        play(streamer, part[:, :RATE_HZ])
        wait_until(lambda: streamer.status().backlog_s == 0)
        heard = bytearray()
        listener = icecast.listen(heard)
        wait_until(lambda heard=heard: len(heard) > 0)
        play(streamer, part[:, RATE_HZ:])
        wait_until(lambda: streamer.status().backlog_s == 0)
        settled = -1
        while settled != len(heard):
            settled = len(heard)
            time.sleep(0.5)
        halves.append(bytes(heard))
        icecast.stop()
        listener.join(timeout=20)
        wait_until(lambda: streamer.status().state in ("waiting", "connecting"))
        icecast.start()
    assert streamer.status().dropped_s == 0
    streamer.close()
    for number, data in enumerate(halves):
        back = decoded(data, stream_format)
        assert back.shape[1] > 12 * RATE_HZ
        start = place_in(back, sound)
        assert number * half - 4_800 <= start < number * half + 3 * RATE_HZ
        assert likeness(back, sound, start) > (0.999999 if stream_format == "flac" else 0.95)
