import json
import socket

import pytest

from aijockey.live.processes.board import Board
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.processes.server import (
    MOST_CLIENTS,
    MOST_LINE_BYTES,
    PortTakenError,
    Server,
    ServerSetup,
    listen,
)


@pytest.fixture
def desk():
    board, inbox, listener = Board(), Mailbox(), listen(0)
    server = Server(ServerSetup(board.name, inbox.name, listener))
    links = []

    class Desk:
        def __init__(self):
            self.board, self.inbox, self.server = board, inbox, server

        def connect(self):
            link = socket.create_connection(listener.getsockname(), timeout=30)
            links.append(link)
            server.turn()
            return link

        def ask(self, link, text):
            link.sendall(text)
            for _ in range(3):
                server.turn(0.2)
            link.setblocking(False)
            try:
                data = link.recv(1 << 20)
            except BlockingIOError:
                return None
            except ConnectionError:
                return "closed"
            return [json.loads(line) for line in data.splitlines()] if data else "closed"

    yield Desk()
    server.close()
    for link in links:
        link.close()
    listener.close()
    for memory in (server._board, server._outbox._mailbox, board, inbox):
        memory.close()


def test_moves_are_checked_and_passed_on(desk):
    link = desk.connect()
    assert desk.ask(link, b'{"set": "deck.1.gain_db", "to": -6, "over": 4}\n') is None
    assert desk.inbox.take() == {"set": "deck.1.gain_db", "to": -6.0, "over": 4.0}
    assert desk.ask(link, b'{"set": "deck.1.play", "to": 1, "id": 5}\n') == [{"id": 5, "ok": True}]
    for text, words in (
        (b'{"set": "deck.1.gain_dB", "to": -6}', "did you mean"),
        (b'{"set": "deck.1.gain_db", "to": 99}', "out of range"),
        (b'{"set": "deck.1.gain_db", "to": NaN}', "out of range"),
        (b'{"set": "deck.1.gain_db"}', "not a number"),
        (b'{"set": "deck.1.gain_db", "to": 0, "over": -1}', "over = -1"),
        (b'{"watch": 1e9}', "from 0 to 60"),
        (b'{"do": "fade_out"}', "expected set, get or watch"),
    ):
        (answer,) = desk.ask(link, text + b"\n")
        assert words in answer["error"]
    desk.inbox.take()
    assert desk.inbox.take() is None


def test_state_is_given_when_asked_and_when_watched(desk):
    link = desk.connect()
    desk.board.publish("state", {"bar": 3.0})
    desk.board.publish("watch", {"underruns": 1})
    assert desk.ask(link, b'{"get": "sta') is None
    assert desk.ask(link, b'te"}\n') == [{"state": {"bar": 3.0, "underruns": 1}}]
    answers = desk.ask(link, b'{"watch": 60}\n')
    assert answers[0] == {"state": {"bar": 3.0, "underruns": 1}}


@pytest.mark.parametrize(
    "text",
    [
        b"POST / HTTP/1.1\r\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
        b" " * (MOST_LINE_BYTES + 70_000),
    ],
)
def test_what_is_no_message_ends_the_connection_alone(desk, text):
    friend, other = desk.connect(), desk.connect()
    assert desk.ask(other, text) == "closed"
    assert desk.ask(friend, b'{"get": "state", "id": "x"}\n') == [{"id": "x", "state": {}}]


def test_somebody_who_does_not_read_and_a_crowd_cost_little(desk):
    deaf = desk.connect()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    desk.board.publish("state", {"text": "x" * 50_000})
    for _ in range(300):
        deaf.sendall(b'{"get": "state"}\n')
        desk.server.turn(0.01)
    (client,) = desk.server._clients.values()
    assert len(client.unsent) < 1_200_000
    for _ in range(MOST_CLIENTS + 3):
        desk.connect()
    assert len(desk.server._clients) == MOST_CLIENTS


def test_a_port_that_is_taken_is_said_clearly(desk):
    port = desk.server._listener.getsockname()[1]
    with pytest.raises(PortTakenError, match=f"port {port} cannot be had.*--port chooses another"):
        listen(port)
