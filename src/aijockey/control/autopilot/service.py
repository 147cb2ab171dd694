"""The autopilot as a surface of the control process."""

import asyncio
import math
import time
from dataclasses import dataclass
from typing import Any

from aijockey.control.autopilot.hands import SOURCE, YIELD_BARS
from aijockey.control.autopilot.jockey import ENERGY, ON, Autopilot
from aijockey.control.autopilot.style import DEFAULT_STYLE, read_style
from aijockey.control.desk import Desk

TURN_S = 0.02
# Between two words of the engine the beat goes on by its tempo, for at most so long.
MOST_UNHEARD_S = 0.5
# So long after the engine's first word the desk has heard how everything stands.
SETTLED_S = 0.3


@dataclass(frozen=True)
class AutopilotConfig:
    """What is asked for. on : whether it plays from the start; else it waits for ``autopilot.on``."""

    on: bool = False
    style: str = DEFAULT_STYLE
    energy: float | None = None
    seed: int = 0
    yield_bars: int = YIELD_BARS
    name: str = SOURCE

    def build(self, desk: Desk) -> "AutopilotService":
        """The service."""
        return AutopilotService(desk, self)


class AutopilotService:
    """Turns the autopilot with the engine's beats."""

    def __init__(self, desk: Desk, config: AutopilotConfig) -> None:
        self.name = config.name
        self._desk = desk
        self._autopilot = Autopilot(desk, read_style(config.style), config.seed, config.yield_bars)
        if config.energy is not None:
            desk.move(ENERGY, config.energy, source=self.name)
        if config.on and not desk.value(ON):
            desk.move(ON, 1.0, source=self.name)
        self._told: tuple[float, float] = (-1.0, 0.0)  # the engine's last word and when it came
        self._first = math.inf

    async def run(self) -> None:
        """Turn until cancelled."""
        try:
            while True:
                beat = self._beat()
                self._first = min(self._first, math.inf if beat is None else time.monotonic())
                if beat is not None and time.monotonic() - self._first > SETTLED_S:
                    self._autopilot.turn(beat)
                await asyncio.sleep(TURN_S)
        finally:
            self._autopilot.close()

    def status(self) -> dict[str, Any]:
        """What it does and is about to do."""
        return self._autopilot.status()

    def _beat(self) -> float | None:
        """The transport's beat now: the engine's last word, and what has passed since."""
        state = self._desk.state()
        beat = state.get("beat")
        if beat is None:
            return None
        now = time.monotonic()
        if beat != self._told[0]:
            self._told = (float(beat), now)
        passed_s = min(now - self._told[1], MOST_UNHEARD_S)
        return self._told[0] + passed_s * float(state.get("tempo_bpm", 0.0)) / 60.0
