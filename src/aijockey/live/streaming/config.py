"""Where a stream goes, and how its password is found; there is no default password."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from aijockey.errors import AijockeyError
from aijockey.live.streaming.encoder import FORMATS, StreamFormat

DEFAULT_PORT = 8000
DEFAULT_USER = "source"
PASSWORD_VARIABLE = "AIJOCKEY_STREAM_PASSWORD"
SCHEMES = {"icecast": False, "http": False, "icecasts": True, "https": True}
MOST_TEXT = 200


class StreamError(AijockeyError):
    """A stream that cannot be sent; the text says what was refused, never the password."""


@dataclass(frozen=True)
class StreamConfig:
    """One stream to one mount of one server.

    bitrate_kbps : of Opus and MP3. tls : whether to speak HTTPS. public : whether the server may list the
    stream in directories. backlog_s : sound that is kept while the server is away; the newest stays.
    """

    host: str
    mount: str
    password: str = field(repr=False)
    port: int = DEFAULT_PORT
    user: str = DEFAULT_USER
    format: StreamFormat = "opus"
    bitrate_kbps: int = 192
    tls: bool = False
    public: bool = False
    title: str = "AI Jockey"
    backlog_s: float = 10.0

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise StreamError(f"stream format {self.format!r}: expected one of {', '.join(FORMATS)}")
        if not self.password:
            raise StreamError(
                f"no password for the stream; set {PASSWORD_VARIABLE} or name a file that holds it"
            )
        if not 1 <= self.port <= 65_535:
            raise StreamError(f"port {self.port}: expected 1 to 65535")
        if not self.mount.startswith("/") or self.mount == "/":
            raise StreamError(f"mount {self.mount!r}: expected a name after a slash, such as /set.ogg")
        if not 16 <= self.bitrate_kbps <= 512:
            raise StreamError(f"bitrate of {self.bitrate_kbps} kbit/s: expected 16 to 512")
        if not 0.1 <= self.backlog_s <= 300.0:
            raise StreamError(f"a backlog of {self.backlog_s} s: expected 0.1 to 300")
        for name in ("host", "mount", "user", "title", "password"):
            # They stand in lines of a request, where a line end would begin another.
            text = getattr(self, name)
            if (
                not text
                or len(text) > MOST_TEXT
                or any(ord(letter) < 32 or ord(letter) == 127 for letter in text)
            ):
                raise StreamError(f"{name} of the stream: expected 1 to {MOST_TEXT} printable letters")
        if any(letter.isspace() for letter in self.host + self.mount) or ":" in self.user:
            raise StreamError("host and mount of a stream hold no spaces, and its user no colon")

    @classmethod
    def from_url(
        cls,
        url: str,
        password: str,
        *,
        stream_format: StreamFormat = "opus",
        bitrate_kbps: int = 192,
        title: str = "AI Jockey",
    ) -> Self:
        """From ``icecast://user@host:port/mount`` (``icecasts`` for TLS).

        Raises
        ------
        StreamError : not such an address, or one that holds a password: it would end up in histories and logs.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORT
        except ValueError as error:
            raise StreamError(f"the stream's address cannot be read ({error})") from error
        if parts.password is not None:
            raise StreamError(
                f"the stream's address holds a password; leave it out and set {PASSWORD_VARIABLE} instead"
            )
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise StreamError(f"{url!r} is no address of a stream; expected icecast://source@host:8000/mount")
        user = unquote(parts.username or DEFAULT_USER)
        return cls(
            parts.hostname,
            parts.path,
            password,
            port,
            user,
            stream_format,
            bitrate_kbps,
            SCHEMES[parts.scheme],
            title=title,
        )

    @property
    def mime_type(self) -> str:
        """What the server is told that it gets."""
        return FORMATS[self.format][3]

    @property
    def place(self) -> str:
        """Server and mount, for people and logs."""
        return f"{self.host}:{self.port}{self.mount}"


def find_password(file: Path | None = None) -> str | None:
    """The first line of ``file``, or the environment's `PASSWORD_VARIABLE`; None where there is neither.

    Raises
    ------
    StreamError : the file cannot be read, is empty, or may be read by others.
    """
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE) or None
    try:
        mode = file.stat().st_mode
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StreamError(f"{file}: the password cannot be read ({error})") from error
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        raise StreamError(f"{file}: others may read this password; chmod 600 mends it")
    if not lines or not lines[0].strip():
        raise StreamError(f"{file}: holds no password in its first line")
    return lines[0].strip()
