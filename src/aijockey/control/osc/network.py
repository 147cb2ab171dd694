"""The UDP sockets, and who is listened to. Nothing is ever looked up: hosts are addresses."""

import contextlib
import ipaddress
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from aijockey.control.osc import steering
from aijockey.errors import AijockeyError

Sender = tuple[str, int]

LOOPBACK = ("127.0.0.0/8", "::1/128")
# As many as the system gives: 4 MB hold 10,000 messages on Linux, a fifth of a second of a flood.
BUFFER_BYTES = 4 << 20
URGENT_BYTES = 256 << 10
_SO_MEMINFO, _MEMINFO, _DROPS = 55, struct.Struct("9I"), 8


class PortError(AijockeyError):
    """The UDP port cannot be had."""


@dataclass(frozen=True)
class Sockets:
    """A port as it is listened to.

    main : everything, also what is sent. urgent : what must not wait has a buffer of its own; None where it has not.
    """

    main: socket.socket
    urgent: socket.socket | None = None

    @property
    def port(self) -> int:
        """The UDP port."""
        return int(self.main.getsockname()[1])

    @property
    def all(self) -> tuple[socket.socket, ...]:
        """What is to be read, urgent things first."""
        return (self.main,) if self.urgent is None else (self.urgent, self.main)

    def overflowed(self) -> int:
        """Datagrams that the system threw away since nobody had read those before; 0 where it does not say."""
        dropped = 0
        for one in self.all:
            with contextlib.suppress(OSError, struct.error):
                dropped += _MEMINFO.unpack(one.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[
                    _DROPS
                ]
        return dropped

    def close(self) -> None:
        """Give the port back."""
        for one in self.all:
            one.close()


def listen(host: str, port: int, urgent: Sequence[str] = ()) -> Sockets:
    """UDP on ``port`` (0: any free one), with a socket of its own for the OSC addresses ``urgent`` where that can be.

    Raises
    ------
    PortError : the port is in use, or may not be had.
    """
    main = _bound(host, port)
    if not urgent or not steering.can_steer():
        return Sockets(main)
    # Bound alone at first: a port of sockets that share it could be taken a second time without a word.
    port = int(main.getsockname()[1])
    main.close()
    shared = []
    try:
        shared = [_bound(host, port, size, share=True) for size in (BUFFER_BYTES, URGENT_BYTES)]
        if steering.steer(shared[0], urgent):
            return Sockets(*shared)
    except PortError:
        pass
    for one in shared:
        one.close()
    return Sockets(_bound(host, port))


def _bound(host: str, port: int, size: int = BUFFER_BYTES, *, share: bool = False) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    try:
        if share:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((host, port))
    except OSError as error:
        one.close()
        raise PortError(f"OSC port {port} cannot be had ({error.strerror}); --osc chooses another") from error
    one.setblocking(False)
    return one


def allowed(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Networks that are listened to; loopback always is.

    Raises
    ------
    AijockeyError : not an address.
    """
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in (*LOOPBACK, *texts))
    except ValueError as error:
        raise AijockeyError(f"--osc-allow: {error}; expected 192.168.1.20 or 192.168.1.0/24") from None


def target_of(text: str) -> Sender:
    """``host:port`` as a socket takes it; the host is an address, never looked up.

    Raises
    ------
    AijockeyError : neither.
    """
    host, _, port = text.rpartition(":")
    try:
        if not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
            raise ValueError
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)
    except ValueError:
        raise AijockeyError(
            f"--osc-send {text!r}: expected an address and a port, 192.168.1.20:9001"
        ) from None
