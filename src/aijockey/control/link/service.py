"""Ableton Link as a surface of the control process."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from aijockey.control.beat_clock import BeatClock
from aijockey.control.desk import Desk
from aijockey.control.link.follower import QUANTUM_BEATS, SOURCE, TEMPO, LinkFollower
from aijockey.control.link.session import AaLinkSession

TURN_S = 0.02


@dataclass(frozen=True)
class LinkConfig:
    """What is asked for. starts_and_stops, delay_s : as for `LinkFollower`."""

    starts_and_stops: bool = False
    delay_s: float = 0.0
    name: str = SOURCE

    def build(self, desk: Desk) -> "LinkService":
        """The service; joins when it runs."""
        return LinkService(desk, self)


class LinkService:
    """A session for as long as it runs."""

    def __init__(self, desk: Desk, config: LinkConfig) -> None:
        self.name = config.name
        self._desk, self._config = desk, config
        self._clock = BeatClock()
        self._follower: LinkFollower | None = None

    async def run(self) -> None:
        """Join, follow until cancelled, leave."""
        # Not before the engine plays: then it is known which tempo the session should begin with.
        while self._clock.update(self._desk.state(), time.monotonic()) is None:
            await asyncio.sleep(TURN_S)
        config = self._config
        session = AaLinkSession(
            float(self._desk.value(TEMPO)), QUANTUM_BEATS, starts_and_stops=config.starts_and_stops
        )
        self._follower = LinkFollower(
            self._desk, session, starts_and_stops=config.starts_and_stops, delay_s=config.delay_s
        )
        try:
            while True:
                now_s = time.monotonic()
                phase = session.phase()
                self._follower.turn(now_s, self._clock.update(self._desk.state(), now_s), phase)
                await asyncio.sleep(TURN_S)
        finally:
            self._follower.close()
            session.close()

    def status(self) -> dict[str, Any]:
        """Peers, tempo, how far off the phase is."""
        return self._follower.status() if self._follower else {"peers": 0, "waits": "for the set to begin"}
