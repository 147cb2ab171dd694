"""The UDP socket, and who is listened to. Nothing is ever looked up: hosts are addresses."""

import contextlib
import ipaddress
import socket

from aijockey.errors import AijockeyError

Sender = tuple[str, int]

LOOPBACK = ("127.0.0.0/8", "::1/128")
# Room for some 50 ms of a flood: a smaller one loses more, a larger one keeps what is urgent waiting.
BUFFER_BYTES = 1 << 20


class PortError(AijockeyError):
    """The UDP port cannot be had."""


def listen(host: str, port: int) -> socket.socket:
    """A UDP socket on ``port`` (0: any free one).

    Raises
    ------
    PortError : the port is in use, or may not be had.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortError(f"OSC port {port} cannot be had ({error.strerror}); --osc chooses another") from error
    listener.setblocking(False)
    return listener


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
