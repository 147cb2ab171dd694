"""An engine for surfaces, without one."""

from collections.abc import Mapping
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import Value


class FakeLink:
    """An engine that takes everything and says what it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Value, float]] = []
        self.told: Mapping[str, Value] | None = None
        self.is_crowded = False

    def check(self, address: str, value: object) -> Value:
        return parameters.check(address, value)

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        self.sent.append((address, value, over_beats))
        return True

    def crowded(self) -> bool:
        return self.is_crowded

    def values(self) -> Mapping[str, Value] | None:
        told, self.told = self.told, None
        return told

    def state(self) -> dict[str, Any]:
        return {"beat": 4.0}

    def hits(self, loop_key: str) -> None:
        return None
