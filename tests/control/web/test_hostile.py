"""What means no good is refused, nothing changes, nothing crashes, and nobody else waits."""

import contextlib
import random
import socket
import struct
import time

import pytest
from tests.control.web.test_pages import ask
from tests.control.web.test_surface import FADER, until

from aijockey.control.web.client import Client, ClientError
from aijockey.control.web.hub import MOST_CLIENTS
from aijockey.control.web.protocol import MOST_MESSAGE_BYTES
from aijockey.control.web.visitor import MOST_UNREAD_BYTES

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def handshake(stage, **head):
    """Status of a handshake with other headers."""
    link = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
    lines = {"Host": f"127.0.0.1:{stage.port}", **HANDSHAKE, **head}
    text = "".join(
        f"{key.replace('_', '-')}: {value}\r\n" for key, value in lines.items() if value is not None
    )
    with link:
        link.sendall(f"GET /ws HTTP/1.1\r\n{text}\r\n".encode("latin-1"))
        return int(link.recv(4096).split(b" ", 2)[1])


def still_well(stage, before):
    """Nothing has changed, and a new client is served."""
    assert dict(stage.desk.values) == before
    assert stage.link.sent == []
    with Client(stage.port, timeout_s=30) as client:
        assert client.values == before


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://localhost:{port}",
        "",
    ],
)
def test_a_page_of_somebody_else_is_refused(stage, origin):
    before = dict(stage.desk.values)
    origin = origin.format(port=stage.port)
    assert handshake(stage, Origin=origin) == 403
    assert ask(stage, "POST", "/pair", "{}", Content_Type="application/json", Origin=origin)[0] == 403
    still_well(stage, before)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_the_browser_says_of_a_request_counts(stage, site):
    assert handshake(stage, Sec_Fetch_Site=site) == 403
    assert ask(stage, "POST", "/pair", "{}", Content_Type="application/json", Sec_Fetch_Site=site)[0] == 403


def test_the_own_page_is_let_in(stage):
    assert handshake(stage, Origin=f"http://127.0.0.1:{stage.port}") == 101
    host = f"localhost:{stage.port}"
    assert handshake(stage, Host=host, Origin=f"http://{host}", Sec_Fetch_Site="same-origin") == 101


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", ""],
)
def test_a_name_that_was_bent_to_this_machine_is_refused(stage, host):
    before = dict(stage.desk.values)
    host = host.format(port=stage.port)
    assert handshake(stage, Host=host, Origin=f"http://{host}") == 400
    assert ask(stage, "GET", "/", Host=host)[0] == 400
    still_well(stage, before)


def test_two_hosts_are_none(stage):
    with socket.create_connection(("127.0.0.1", stage.port), timeout=30) as link:
        host = f"Host: 127.0.0.1:{stage.port}\r\n"
        link.sendall(f"GET /session HTTP/1.1\r\n{host}Host: evil.example\r\n\r\n".encode())
        assert b" 400 " in link.recv(4096).split(b"\r\n")[0]


def test_a_message_that_is_too_long_ends_its_connection_alone(stage):
    client, friend, before = stage.client(), stage.client(), dict(stage.desk.values)
    client.send_text('{"set": "deck.1.gain_db", "to": "' + "x" * MOST_MESSAGE_BYTES + '"}')
    with pytest.raises(ClientError, match="1009"):
        client.turn(30)
    assert friend.get("state")["bar"] == 0
    still_well(stage, before)


def test_messages_that_mean_nothing_are_told_so_and_then_it_ends(stage):
    before = dict(stage.desk.values)
    noise = random.Random(7)
    for seed in range(6):
        client = stage.client()
        with pytest.raises(ClientError):
            _say_nonsense(client, noise, seed)
        client.close()
    still_well(stage, before)


def _say_nonsense(client, noise, kind):
    for _ in range(100):
        client.send_text(_noise(noise, kind))
        client.turn(0.0)
    client.turn(30)


def _noise(noise, kind):
    words = ("set", "to", "hold", "release", "do", "get", "watch", "resync", "ping", "hello", "id", "over")
    junk = (None, True, [], {}, -1, 1e308, "", "deck.1", "\u0000", [[[]]], {"sound": []}, "x" * 300, 10**30)
    if kind == 0:
        return "".join(chr(noise.randrange(1, 0x2FF)) for _ in range(noise.randrange(100)))
    if kind == 1:
        return "[" * noise.randrange(1, 2000)
    if kind == 2:
        return '{"hello": 1}'
    if kind == 3:
        return "{}"
    if kind == 4:
        return f'{{"{noise.choice(words)}'
    return str({"nothing": noise.choice(junk)}).replace("'", '"')


def test_fuzzed_messages_with_words_of_the_protocol_change_nothing(stage):
    noise, before = random.Random(11), dict(stage.desk.values)
    words = (
        "set",
        "hold",
        "release",
        "do",
        "get",
        "watch",
        "ping",
        "to",
        "over",
        "id",
        "deck",
        "which",
        "seconds",
    )
    junk = ("null", "true", "[]", "{}", "-1", "1e999", "NaN", '"deck.1.gain_db"', '"deck.99.gain_db"', '"\\ud800"',
            '"' + "9" * 400 + '"', "9" * 400, '{"sound":[]}', '{"meters":-1}', '"state"', '"record"')  # fmt: skip
    client = stage.client()
    for _ in range(400):
        # A move to nothing that it could take: never both an address and a number for it.
        picked = noise.sample(words, noise.randrange(1, 4))
        pairs = [
            f'"{word}": {noise.choice(junk if word != "to" else ("null", "[]", "NaN", "9" * 400))}'
            for word in picked
        ]
        try:
            client.send_text("{" + ", ".join(pairs) + "}")
            client.turn(0.0)
        except ClientError:
            client = stage.client()
    client.close()
    still_well(stage, before)


def test_raw_bytes_in_place_of_frames_end_their_connection_alone(stage):
    noise, before = random.Random(3), dict(stage.desk.values)
    friend = stage.client()
    for _ in range(20):
        link = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
        with link:
            if noise.random() < 0.5:
                lines = {"Host": f"127.0.0.1:{stage.port}", **HANDSHAKE}
                head = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in lines.items())
                link.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
                link.recv(4096)
            link.sendall(noise.randbytes(noise.randrange(1, 2000)))
    assert friend.get("state")["bar"] == 0
    still_well(stage, before)


def test_before_hello_nothing_is_done_and_nothing_told(stage):
    with Client(stage.port, timeout_s=30) as watcher:
        link = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
        with link:
            lines = {"Host": f"127.0.0.1:{stage.port}", **HANDSHAKE}
            head = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in lines.items())
            link.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
            link.recv(4096)
            link.sendall(_frame(b'{"set": "deck.1.gain_db", "to": -6}'))
            assert b"the first message is a hello" in link.recv(4096)
            watcher.move("deck.1.pan", 0.5)
            link.settimeout(0.2)
            with pytest.raises(TimeoutError):
                link.recv(4096)
        assert watcher.values[FADER] == 0.0


def _frame(payload, opcode=1):
    """A masked frame of a client, mask 0."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
    return bytes([0x80 | opcode]) + size + bytes(4) + payload


def test_there_are_so_many_clients_and_no_more(stage):
    for _ in range(MOST_CLIENTS):
        stage.client()
    with pytest.raises(ClientError, match="503"):
        Client(stage.port, timeout_s=30)
    stage.leave()
    deadline = time.monotonic() + 30
    while stage.call(lambda: stage.service.hub.full):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stage.client()


def test_one_that_never_reads_among_twenty_costs_little_and_nobody_else(stage, monkeypatch):
    monkeypatch.setattr("aijockey.control.web.visitor.STALLED_S", 1.0)
    hub = stage.service.hub
    deaf = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lines = {"Host": f"127.0.0.1:{stage.port}", **HANDSHAKE}
    head = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in lines.items())
    deaf.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
    assert b" 101 " in deaf.recv(200)
    deaf.sendall(_frame(b'{"hello": 1, "name": "deaf"}'))
    deaf.sendall(_frame(b'{"watch": {"sound": "master", "meters": 60}}'))
    deadline = time.monotonic() + 30
    while not stage.call(lambda: [one for one in hub.visitors if one.name.startswith("deaf")]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (visitor,) = stage.call(lambda: [one for one in hub.visitors if one.name.startswith("deaf")])
    friends = [stage.client() for _ in range(19)]
    mover = friends[0]
    try:
        # Much more than it may have unread: sound, moves, and answers that it asks for and does not take.
        for number in range(160):
            stage.backstage.reader.written += 9600
            mover.move(FADER, -number / 8)
            if not visitor.gone.is_set():
                try:
                    deaf.sendall(_frame(b'{"get": "state"}') + _frame(b'{"resync": true}'))
                except OSError:
                    break
            assert visitor.unread_bytes <= MOST_UNREAD_BYTES
        for friend in friends:
            until(friend, lambda friend=friend: friend.values[FADER] == stage.desk.value(FADER))
            assert friend.gaps == 0
        # It is dropped, since it asks for more than it reads, or reads nothing for long; and its connection with it.
        while visitor in stage.call(lambda: list(hub.visitors)):
            assert time.monotonic() < deadline + 30
            time.sleep(0.02)
    finally:
        deaf.close()
    assert stage.call(stage.service.status)["dropped"] >= 1


def test_a_connection_that_asks_for_nothing_is_ended(stage, monkeypatch):
    monkeypatch.setattr("aijockey.control.web.service.SILENT_S", 0.1)
    monkeypatch.setattr("aijockey.control.web.app.HELLO_S", 0.1)
    friend = stage.client()
    silent = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
    slow = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
    nameless = socket.create_connection(("127.0.0.1", stage.port), timeout=30)
    with silent, slow, nameless:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: 127")
        lines = {"Host": f"127.0.0.1:{stage.port}", **HANDSHAKE}
        head = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in lines.items())
        nameless.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
        assert b" 101 " in nameless.recv(200)
        for link in (silent, slow, nameless):
            with contextlib.suppress(ConnectionResetError):
                assert link.recv(4096) == b""
    assert friend.get("state")["bar"] == 0


def test_what_strangers_send_is_not_written_down(stage, capfd):
    with socket.create_connection(("127.0.0.1", stage.port), timeout=30) as link:
        link.sendall(b"\x16\x03\x01 GET secret\r\n\r\n")
        link.recv(4096)
    assert capfd.readouterr() == ("", "")
