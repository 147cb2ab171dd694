"""Who is told of changes: newest value for each parameter, in bundles, never back to the hand that moves it."""

import time
from collections.abc import Callable

from aijockey.control import parameters
from aijockey.control.desk import Change, Desk
from aijockey.control.osc import codec
from aijockey.control.osc.addresses import to_argument, to_osc

Peer = tuple[str, int]

FEEDBACK_S = 0.02
# A surface asks again within this time, or is forgotten.
LASTS_S = 60.0
MOST_PEERS = 16
# A fader that is being moved is not told where it is until it has been still for so long.
STILL_S = 0.3
MOST_BUNDLE_BYTES = 1400


class Subscribers:
    """Peers and what each has not been told yet.

    send : puts a datagram on its way.
    """

    lasts_s = LASTS_S

    def __init__(self, desk: Desk, send: Callable[[bytes, Peer], None]) -> None:
        self._desk, self._send = desk, send
        self._until: dict[Peer, float] = {}
        self._untold: dict[Peer, dict[str, None]] = {}
        self._moving: dict[tuple[str, str], float] = {}  # host and address -> last move
        self._told_s = 0.0

    @property
    def names(self) -> list[str]:
        """Peers as people write them."""
        return [f"{host}:{port}" for host, port in self._until]

    @property
    def patience_s(self) -> float:
        """How long `turn` can wait."""
        return FEEDBACK_S if any(self._untold.values()) else 0.5

    def add(self, peer: Peer, *, for_good: bool = False) -> None:
        """Tell ``peer`` everything, and every change from now on.

        Raises
        ------
        ParameterError : too many already.
        """
        if peer not in self._until and len(self._until) >= MOST_PEERS:
            raise parameters.ParameterError(f"{MOST_PEERS} subscribers already; /unsubscribe one")
        if peer not in self._until:
            self._untold[peer] = dict.fromkeys(self._desk.addresses)
        self._until[peer] = float("inf") if for_good else time.monotonic() + LASTS_S

    def drop(self, peer: Peer) -> None:
        """Tell it no more."""
        self._until.pop(peer, None)
        self._untold.pop(peer, None)

    def moved(self, address: str, sender: Peer) -> None:
        """A peer moves a parameter itself; called before the desk is."""
        self._moving[sender[0], address] = time.monotonic()

    def changed(self, change: Change) -> None:
        """A parameter has another value."""
        if parameters.resolve(change.address).parameter.gesture:
            return
        self.again(change.address)

    def again(self, address: str) -> None:
        """Everybody is to be told of a parameter."""
        for untold in self._untold.values():
            untold[address] = None

    def turn(self, now: float) -> None:
        """Send what is due."""
        if now - self._told_s < FEEDBACK_S:
            return
        self._told_s = now
        for peer in [peer for peer, until in self._until.items() if until < now]:
            self.drop(peer)
        self._moving = {key: moved for key, moved in self._moving.items() if now - moved < STILL_S}
        for peer, untold in self._untold.items():
            due = [address for address in untold if (peer[0], address) not in self._moving]
            self._tell(peer, due)
            for address in due:
                del untold[address]

    def _tell(self, peer: Peer, addresses: list[str]) -> None:
        bundle: list[bytes] = []
        size = 0
        for address in addresses:
            row = parameters.resolve(address).parameter
            message = codec.encode(to_osc(address), to_argument(row, self._desk.value(address)))
            if bundle and size + len(message) > MOST_BUNDLE_BYTES:
                self._send(codec.encode_bundle(bundle), peer)
                bundle, size = [], 0
            bundle.append(message)
            size += len(message) + 4
        if bundle:
            self._send(codec.encode_bundle(bundle), peer)
