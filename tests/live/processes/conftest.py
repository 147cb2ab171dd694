"""A performance in real processes, with loops that cost nothing, and a place to listen."""

import importlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aijockey.live.processes.device import open_null
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import Event, LiveSet

# Nothing here is a promise of speed: so long may a busy machine take before a test is called stuck.
PATIENCE_S = 240.0
# A fresh loop every bar, since the walk goes on for good; all sound alike.
TONE_DECK = {"voice": "tone", "play": 1.0, "refresh_bars": 1.0, "seed": 1.0}
ENDLESS_WALK = Event(0.0, "deck.1.walk", 2.0, 1e6)


@pytest.fixture
def makers(monkeypatch):
    """The module `fault_makers`, importable by children too, as everything beside it."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("fault_makers")


def _eventually(what: Callable[[], object], patience_s: float = PATIENCE_S) -> object:
    """Wait until ``what()`` is true; fails with its last value."""
    deadline = time.monotonic() + patience_s
    while not (value := what()):
        assert time.monotonic() < deadline, f"still {value!r} after {patience_s:.0f} s"
        time.sleep(0.01)
    return value


@pytest.fixture
def eventually():
    """``eventually(condition)`` waits for something to become true."""
    return _eventually


@pytest.fixture
def stage(makers):
    """The module `stage`: what is done to a performance, and what its sound is judged by."""
    return importlib.import_module("stage")


class Ear(threading.Thread):
    """Hears everything that the engine writes, while a test does other things."""

    def __init__(self, supervisor):
        super().__init__(daemon=True)
        self.reader = supervisor.ring.reader(0)
        self.pieces = []
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            sound = self.reader.read(48_000)
            if sound.shape[1]:
                self.pieces.append(sound)
            else:
                time.sleep(0.01)

    @property
    def sound(self):
        return np.concatenate(self.pieces, axis=1)

    def stop(self):
        self.stopped.set()
        self.join()


@pytest.fixture
def perform(makers):
    """``perform(material="", decks=…, **plan)`` starts a performance that plays, with an ear at the ring."""
    running = []

    def start(material="", *, decks=(TONE_DECK,), events=(ENDLESS_WALK,), wait=True, **settings):
        plan = Plan(
            live_set=LiveSet(tuple(decks), events=tuple(events), tempo_bpm=120.0, bars=100_000),
            maker=settings.pop("maker", makers.make),
            material=material,
            voices=makers.VOICES,
            **{"bars": 100_000, "open_output": open_null, "most_workers": 1, "patience_s": PATIENCE_S}
            | settings,
        )
        supervisor = Supervisor(plan)
        ear = Ear(supervisor)
        running.append((supervisor, ear))
        supervisor.start()
        ear.start()
        if wait:
            supervisor.wait_until_playing(PATIENCE_S)
        return supervisor, ear

    yield start
    for supervisor, ear in running:
        ear.stop()
        supervisor.close()
        assert not [
            child for child in supervisor.children.values() if child.process and child.process.is_alive()
        ]
