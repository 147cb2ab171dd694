"""Who may connect: loopback, or whoever has paired; the right host, no foreign origin.

A page of somebody else in the player's browser can send requests to loopback. It cannot choose its ``Origin``, and
where it makes a name of its own point at this machine (rebinding), that name is in ``Host``. Both are checked before
anything else.

The pairing token is in the link of the QR code, in its fragment, which no browser sends. Sessions are not kept: a
cookie is a random number and its signature by the token, so they outlive a restart of the process.
"""

import contextlib
import hmac
import ipaddress
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aijockey.control.web.protocol import DEFAULT_PORT

COOKIE = "aijockey_session"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
MOST_FAILURES = 10
FAILURES_S = 60.0
_BEARER = "bearer "


def new_token() -> str:
    """128 random bits, to be typed by nobody."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Access:
    """Who is let in; plain, so that it travels to the control process.

    port : the server listens on.
    token : of pairing; "" where the server listens on loopback alone and nobody pairs.
    names : under which others on the network reach this machine, the first one in links.
    """

    port: int = DEFAULT_PORT
    token: str = ""
    names: tuple[str, ...] = ()

    @property
    def network(self) -> str:
        """Link that others reach the page by, without token; "" on loopback."""
        return f"http://{self.names[0]}:{self.port}/" if self.token and self.names else ""

    @property
    def pairing_link(self) -> str:
        """Link that pairs whoever opens it; "" on loopback."""
        return f"{self.network}#pair={self.token}" if self.network else ""


def network_names() -> tuple[str, ...]:
    """Addresses and names of this machine, the one that others most likely reach first; none without a network."""
    found: list[str] = []
    # No packet is sent: the system only says which of its addresses it would send from.
    for target in ("192.0.2.1", "10.255.255.255"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                found.append(str(probe.getsockname()[0]))
            except OSError:
                continue
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(name, None, socket.AF_INET)]
    addresses = [address for address in dict.fromkeys(found) if not ipaddress.ip_address(address).is_loopback]
    names = [name, f"{name}.local"] if name and "." not in name else [name] if name else []
    return (*addresses, *names) if addresses else ()


class Guard:
    """Checks of one server.

    Parameters
    ----------
    access : who is let in.
    clock : seconds, steady.
    """

    def __init__(self, access: Access, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self._clock = clock
        names = (*LOOPBACK_NAMES, *(access.names if access.token else ()))
        self._hosts = frozenset(f"{name.lower()}:{access.port}" for name in names)
        if access.port == 80:  # which browsers leave out
            self._hosts |= {name.lower() for name in names}
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    def knows_host(self, host: str) -> bool:
        """Whether a ``Host`` is a name of this server."""
        return host.lower() in self._hosts

    def same_origin(self, host: str, origin: str | None, fetch_site: str | None = None) -> bool:
        """Whether a request comes from this server's own page, or from no page at all.

        origin, fetch_site : headers ``Origin`` and ``Sec-Fetch-Site``; None where absent, as with programs.
        """
        if fetch_site not in (None, "same-origin", "none"):
            return False
        return origin is None or origin.lower() == f"http://{host.lower()}"

    def knows_client(self, peer: str, cookie: str | None, authorization: str | None) -> bool:
        """Whether a client may see and move: it is on this machine, has paired, or shows the token."""
        if not self.access.token:
            return True  # the server listens on loopback alone
        if _is_loopback(peer):
            return True
        if authorization and authorization[: len(_BEARER)].lower() == _BEARER:
            return self.knows_token(authorization[len(_BEARER) :].strip())
        return cookie is not None and self._signed(cookie)

    def knows_token(self, token: str) -> bool:
        """Whether it is the token; a wrong one counts."""
        if self.access.token and _equal(token, self.access.token):
            return True
        self._failures.append(self._clock())
        return False

    @property
    def exhausted(self) -> bool:
        """Whether too many wrong tokens came in the last minute; who then has a wrong one is told to wait."""
        full = len(self._failures) == MOST_FAILURES
        return full and self._clock() - self._failures[0] < FAILURES_S

    def new_session(self) -> str:
        """Value of a cookie."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._signature(nonce)}"

    def _signed(self, cookie: str) -> bool:
        nonce, _, signature = cookie.partition(".")
        return _equal(signature, self._signature(nonce))

    def _signature(self, nonce: str) -> str:
        text = f"session:{nonce}".encode(errors="replace")
        return hmac.new(self.access.token.encode(), text, "sha256").hexdigest()


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
