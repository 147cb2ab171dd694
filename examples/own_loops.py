"""The engine plays whatever makes loops: here a function, with no pack and no network."""

import sys
from pathlib import Path

import numpy as np

from aijockey.live.engine import Engine
from aijockey.live.loop_source import DirectSource
from aijockey.live.loops import LoopRequest
from aijockey.live.rendering import describe, render
from aijockey.live.set_file import Event, LiveSet


def loop(request: LoopRequest) -> np.ndarray:
    """Two bars at 120 BPM, 192,000 samples: a kick on each beat, or a fifth that its seed tunes."""
    time = np.arange(192_000) / 48_000
    if request.voice == "kick":
        beat = np.mod(time, 0.5)
        return np.exp(-12 * beat) * np.sin(2 * np.pi * (45 * beat + 8 * (1 - np.exp(-30 * beat))))
    return 0.2 * sum(np.sin(2 * np.pi * (110 + request.point.seed) * ratio * time) for ratio in (1, 1.5, 2))


def main(output: str = "own-loops.wav") -> None:
    source = DirectSource(loop, {"kick": False, "fifth": True})
    decks = ({"voice": "kick", "play": 1}, {"voice": "fifth", "pump": 0.8, "room_send": 0.4})
    events = (Event(4, "deck.2.play", 1), Event(8, "deck.2.filter", -0.6, 8))
    live_set = LiveSet(decks, events, tempo_bpm=125)
    print(describe(render(Engine(live_set, source), Path(output), bars=4)))


if __name__ == "__main__":
    main(*sys.argv[1:])
