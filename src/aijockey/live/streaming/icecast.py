"""A connection to an Icecast server (2.4 or newer) as a source: one PUT whose body does not end."""

import base64
import contextlib
import socket
import ssl
from urllib.parse import quote, urlencode

from aijockey import __version__
from aijockey.live.streaming.config import StreamConfig, StreamError

TIMEOUT_S = 10.0
MOST_ANSWER_BYTES = 1 << 14
# What a server's status means for a player.
REASONS = {
    401: "the server refuses user or password",
    403: "the server refuses: is the mount in use, or are there too many sources?",
    404: "the server knows no such place; is it Icecast?",
    405: "the server takes no PUT; Icecast 2.4 or newer does",
}


class Connection:
    """One source connection, open from the beginning.

    Raises
    ------
    StreamError : nobody answers, or the server refuses; the text says which.

    Thread: one, not audio
    """

    def __init__(self, config: StreamConfig, timeout_s: float = TIMEOUT_S) -> None:
        self._config, self._timeout_s = config, timeout_s
        self._socket = self._open()
        try:
            request = [
                f"PUT {quote(config.mount)} HTTP/1.1",
                *self._common_headers(),
                f"Content-Type: {config.mime_type}",
                f"Ice-Name: {config.title}",
                f"Ice-Public: {int(config.public)}",
                "Ice-Audio-Info: samplerate=48000;channels=2",
                "Expect: 100-continue",
            ]
            self._check(self._ask(self._socket, request))
        except BaseException:
            self._socket.close()
            raise

    def send(self, data: bytes) -> None:
        """Send bytes of the stream.

        Raises
        ------
        StreamError : the server has closed the connection or takes nothing for the time-out.
        """
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise StreamError(f"{self._config.place}: the connection broke ({error})") from error

    def closed_by_server(self) -> bool:
        """Whether the server has ended the connection; sending alone notices only later."""
        try:
            self._socket.settimeout(0.0)
            while data := self._socket.recv(4096):
                del data  # words after the first answer have no meaning here
            return True
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        finally:
            with contextlib.suppress(OSError):
                self._socket.settimeout(self._timeout_s)

    def set_title(self, title: str) -> None:
        """Tell the server what is playing, beside the stream, as MP3 needs it.

        Raises
        ------
        StreamError : it was refused.
        """
        query = urlencode({"mode": "updinfo", "mount": self._config.mount, "song": title, "charset": "UTF-8"})
        with self._open() as connection:
            request = [f"GET /admin/metadata?{query} HTTP/1.0", *self._common_headers()]
            self._check(self._ask(connection, request))

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _open(self) -> socket.socket:
        config = self._config
        try:
            opened = socket.create_connection((config.host, config.port), timeout=self._timeout_s)
            if config.tls:
                opened = ssl.create_default_context().wrap_socket(opened, server_hostname=config.host)
        except OSError as error:
            raise StreamError(f"{config.place}: nobody answers ({error}); is the server running?") from error
        return opened

    def _common_headers(self) -> list[str]:
        config = self._config
        login = base64.b64encode(f"{config.user}:{config.password}".encode()).decode()
        return [
            f"Host: {config.host}:{config.port}",
            f"Authorization: Basic {login}",
            f"User-Agent: aijockey/{__version__}",
        ]

    def _ask(self, connection: socket.socket, lines: list[str]) -> int:
        """Send a request's head; the status of the answer."""
        try:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = b""
            while b"\r\n\r\n" not in answer and len(answer) < MOST_ANSWER_BYTES:
                data = connection.recv(4096)
                if not data:
                    break
                answer += data
        except OSError as error:
            raise StreamError(f"{self._config.place}: no answer ({error})") from error
        words = answer.split(b"\r\n", 1)[0].split()
        if len(words) < 2 or not words[0].startswith((b"HTTP/", b"ICE/")) or not words[1].isdigit():
            raise StreamError(f"{self._config.place}: answers with something else than HTTP; is it Icecast?")
        return int(words[1])

    def _check(self, status: int) -> None:
        if status not in (100, 200):
            reason = REASONS.get(status, "the server refuses the stream")
            raise StreamError(f"{self._config.place}: {reason} (status {status})")
