"""An insert slot: holds one effect of a table, changes it without a click, and keeps all decks aligned."""

from collections import deque
from collections.abc import Mapping

import numpy as np

from aijockey.live.effects.insert import Double, Float, Gain, Insert, Place
from aijockey.live.smoothing import RAMP_SAMPLES

NONE = "none"


class Slot:
    """One place for an effect.

    Parameters
    ----------
    channels : of its sound.
    effects : name -> effect, prepared. "none" needs no entry; a name without one is "none".
    chosen : what it begins with.
    latency_samples : what the slot delays its sound by, whatever it holds: as much as the slowest effect that
        any deck may have here. An effect that delays less gets its sound so much later.
    """

    def __init__(
        self, channels: int, effects: Mapping[str, Insert], chosen: str = NONE, latency_samples: int = 0
    ) -> None:
        slowest = max((effect.latency_samples for effect in effects.values()), default=0)
        assert slowest <= latency_samples
        self.latency_samples = latency_samples
        self._effects = dict(effects)
        self._name = chosen
        self._leaving: str | None = None
        self._changed_at = 0
        self._changes: deque[tuple[int, str]] = deque()
        self._fresh = dict.fromkeys(self._effects, True)  # as after `reset`
        self._line = np.zeros((channels, latency_samples), dtype=np.float32)

    @property
    def name(self) -> str:
        """What it holds, or will once all changes are through."""
        return self._changes[-1][1] if self._changes else self._name

    @property
    def idle(self) -> bool:
        """Whether it passes its sound untouched and at once."""
        return (
            self._name not in self._effects
            and self._leaving is None
            and not self._changes
            and not self.latency_samples
        )

    @property
    def steady(self) -> bool:
        """Whether it holds what it held: nothing comes or goes."""
        return self._leaving is None and not self._changes

    def choose(self, sample: int, name: str) -> None:
        """Change to another effect from ``sample`` on, over 10 ms. Thread: audio"""
        self._changes.append((sample, name))

    def reset(self) -> None:
        """Forget all sound, not what is chosen. Thread: audio"""
        self._line[:] = 0.0
        for name in self._effects:
            self._rest(name)

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """Shape ``audio`` (channels, samples), late by ``latency_samples``. Thread: audio"""
        heard = np.concatenate([self._line, audio], axis=1) if self.latency_samples else audio
        start, end = place.start, place.start + audio.shape[1]
        if self._leaving is None and self._changes and self._changes[0][0] < end:
            sample, name = self._changes.popleft()
            if name != self._name:
                self._leaving, self._name, self._changed_at = self._name, name, max(sample, start)
                if name in self._effects:
                    self._rest(name)
        made = self._run(self._name, heard, audio.shape[1], amount, tone, place)
        if self._leaving is not None:
            before = self._run(self._leaving, heard, audio.shape[1], amount, tone, place)
            made = (before + (made - before) * self._share(start, end)).astype(np.float32)
            if end >= self._changed_at + RAMP_SAMPLES:
                self._leaving = None
        if self.latency_samples:
            self._line = heard[:, audio.shape[1] :]
        return made

    def _share(self, start: int, end: int) -> Double:
        return np.clip((np.arange(start, end) - self._changed_at) / RAMP_SAMPLES, 0.0, 1.0)

    def _run(self, name: str, heard: Float, count: int, amount: Gain, tone: float, place: Place) -> Float:
        effect = self._effects.get(name)
        if effect is None or (isinstance(amount, float) and amount == 0.0):
            if effect is not None:
                self._rest(name)
            return heard[:, :count]
        self._fresh[name] = False
        early = effect.latency_samples
        return effect.process(heard[:, early : early + count], amount, tone, place)

    def _rest(self, name: str) -> None:
        if not self._fresh[name]:
            self._effects[name].reset()
            self._fresh[name] = True
