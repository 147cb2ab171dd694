"""A transport that is heard late and reported roughly, and a session without a network."""

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from aijockey.control import parameters
from aijockey.control.parameters import Value
from aijockey.live.clock import TempoMap
from aijockey.music.grid import RATE_HZ

# The engine works so far ahead of the sound, and hears of a move so much later.
AHEAD_S, ON_THE_WAY_S = 0.06, 0.03
JITTER_S = 0.003


class Transport:
    """What an engine's transport does with tempo and nudge, by the real tempo map; a desk's link to it."""

    def __init__(self, tempo_bpm: float = 120.0, seed: int = 1) -> None:
        self.map = TempoMap(tempo_bpm)
        self.now_s = 0.0
        self.sent: list[tuple[str, Value, float]] = []
        self._mailbox: list[tuple[float, str, float, float]] = []
        self._let_go: list[tuple[Fraction, float]] = []
        self._values: dict[str, Value] = {"transport.tempo_bpm": tempo_bpm}
        self._told: dict[str, Value] | None = None
        self._rng = random.Random(seed)
        self._state: dict[str, Any] = {}
        self._stated_s = -1.0

    def go_on(self, now_s: float) -> None:
        """The engine works up to ``now_s`` and ahead."""
        self.now_s = now_s
        sample = round((now_s + AHEAD_S) * RATE_HZ)
        beat = self.map.beat_at(sample)
        while self._mailbox and self._mailbox[0][0] <= now_s:
            _, address, value, over = self._mailbox.pop(0)
            self._set(address, value)
            if address == "transport.tempo_bpm":
                self.map.change(beat, value, over)
            elif address == "transport.nudge":
                self.map.bend(beat, value)
                if over and value:
                    self._let_go.append((beat + Fraction(over), 0.0))
        while self._let_go and self._let_go[0][0] <= beat:
            at, value = self._let_go.pop(0)
            self.map.bend(at, value)
            self._set("transport.nudge", value)
        if now_s - self._stated_s >= 0.05:
            self._stated_s = now_s
            heard = max(0, round(now_s * RATE_HZ))
            self._state = {
                "tempo_bpm": self.map.tempo_at(sample),
                "heard": {
                    "beat": float(self.map.beat_at(heard)),
                    "tempo_bpm": self.map.tempo_at(heard),
                    "at_s": now_s + self._rng.uniform(-JITTER_S, JITTER_S),
                },
            }

    def heard(self) -> float:
        """The beat that sounds now."""
        return float(self.map.beat_at(max(0, round(self.now_s * RATE_HZ))))

    # What a desk asks.

    def check(self, address: str, value: object) -> Value:
        return parameters.check(address, value)

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        self.sent.append((address, value, over_beats))
        if address.startswith("transport."):
            self._mailbox.append((self.now_s + ON_THE_WAY_S, address, float(value), over_beats))
        else:
            self._set(address, value)
        return True

    def values(self) -> Mapping[str, Value] | None:
        told, self._told = self._told, None
        return told

    def state(self) -> dict[str, Any]:
        return self._state

    def _set(self, address: str, value: Value) -> None:
        self._values[address] = value
        self._told = dict(self._values)


class FakeSession:
    """A session on the same clock. touched : what was done to it from here."""

    def __init__(self, transport: Transport, tempo_bpm: float, beat: float = 0.0, peers: int = 1) -> None:
        self._transport = transport
        self._bpm, self._beat, self._since = tempo_bpm, beat, transport.now_s
        self._playing = False
        self.peers = peers
        self.touched: list[tuple[str, float]] = []

    def beat(self) -> float:
        return self._beat + (self._transport.now_s - self._since) * self._bpm / 60.0

    @property
    def tempo_bpm(self) -> float:
        return self._bpm

    @tempo_bpm.setter
    def tempo_bpm(self, tempo_bpm: float) -> None:
        self.touched.append(("tempo", tempo_bpm))
        self.others_change(tempo_bpm)

    def others_change(self, tempo_bpm: float) -> None:
        self._beat, self._since, self._bpm = self.beat(), self._transport.now_s, tempo_bpm

    @property
    def playing(self) -> bool:
        return self._playing

    @playing.setter
    def playing(self, playing: bool) -> None:
        self.touched.append(("playing", playing))
        self._playing = playing

    def others_play(self, playing: bool) -> None:
        self._playing = playing

    def phase(self) -> float:
        return self.beat() % 4.0

    def align(self, beat: float) -> None:
        self.touched.append(("align", beat))
        self._beat, self._since = beat, self._transport.now_s

    def close(self) -> None:
        pass
