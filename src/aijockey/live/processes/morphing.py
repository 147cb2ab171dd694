"""Eight decks that move through latent space without end, and hands that change where they go: what becomes of it.

Every deck drifts, with a new loop each bar; beside that a hand moves one of them somewhere else every so often. The
figures say whether loops came in time, and how long hands waited for what they did.
"""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aijockey.control.parameters import Value
from aijockey.live.pace import paces_of
from aijockey.live.processes import device, workers
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import LiveSet
from aijockey.pack.pack import Pack

DECKS = 8
GESTURE_S = 1.0
PACE_DB = 1.0
TEMPO_BPM = 124.0


def morphing_set(pack: Pack, decks: int = DECKS, quantise_beats: float = 4.0) -> LiveSet:
    """Decks of the pack's voices in turn, each drifting around a loop of its own and renewed every bar."""
    voices = [voice.name for voice in pack.manifest.voices]
    setups: list[dict[str, Value]] = [
        {
            "voice": voices[number % len(voices)],
            "seed": float(100 + number),
            "play": 1.0,
            "refresh": "change",
            "quantise_beats": quantise_beats,
            "walk_kind": "drift",
            "walk_pace": PACE_DB,
            "walk_seed": float(number),
            "gain_db": -9.0,
        }
        for number in range(decks)
    ]
    return LiveSet(tuple(setups), title="Morphing", tempo_bpm=TEMPO_BPM, bars=1_000_000)


def gestures(decks: int, seed: int = 0) -> Callable[[], tuple[str, Value, float]]:
    """What a hand does next: address, value, beats it takes. The same again for the same seed."""
    rng = random.Random(seed)
    kinds: tuple[Callable[[], tuple[str, Value, float]], ...] = (
        lambda: ("shake", 0.3, 0.0),
        lambda: ("seed", float(rng.randrange(10_000)), 0.0),
        lambda: ("point", f"{rng.randrange(100)}>{rng.randrange(100)}@0.5", 0.0),
        lambda: ("walk_range", round(rng.uniform(0.3, 0.9), 2), 0.0),
    )

    def move() -> tuple[str, Value, float]:
        name, value, over_beats = rng.choice(kinds)()
        return f"deck.{1 + rng.randrange(decks)}.{name}", value, over_beats

    return move


def morph(
    pack: Pack,
    seconds: float,
    *,
    decks: int = DECKS,
    gesture_s: float = GESTURE_S,
    quantise_beats: float = 4.0,
    progress: Callable[[float], None] = lambda seconds: None,
) -> dict[str, Any]:
    """Figures of ``seconds`` of it, played by a clock into nothing, as plain values.

    gesture_s : a hand moves so often, on the mean; 0: never. quantise_beats : grid of every deck.

    Raises
    ------
    AijockeyError : what a performance may raise.

    Thread: control
    """
    move, moved = gestures(decks), 0
    with tempfile.TemporaryDirectory(prefix="aijockey-morph-") as folder:
        plan = Plan(
            live_set=morphing_set(pack, decks, quantise_beats),
            maker=workers.from_pack,
            material=str(pack.path),
            voices={voice.name: voice.tonal for voice in pack.manifest.voices},
            paces=paces_of(pack.manifest),
            bars=1_000_000,
            loop_samples=pack.manifest.samples,
            open_output=device.open_null,
            folder=Path(folder),
        )
        supervisor = Supervisor(plan)
        try:
            supervisor.start()
            supervisor.wait_until_playing()
            began = last = time.monotonic()
            while (now := time.monotonic()) - began < seconds:
                if supervisor.failure is not None:
                    raise supervisor.failure
                if gesture_s and now - began >= gesture_s * (moved + 1):
                    supervisor.send(*move())
                    moved += 1
                progress(now - last)
                last = now
                time.sleep(0.02)
            state = supervisor.state()
            made = sum(supervisor.exchange.worker(n, "made") for n in range(state["workers"]))
        finally:
            supervisor.close()
    swaps = sum(deck["swaps"] for deck in state["decks"])
    return {
        "seconds": seconds,
        "decks": decks,
        "tempo_bpm": TEMPO_BPM,
        "quantise_beats": quantise_beats,
        "gestures": moved,
        "gesture_ms": state["gesture_ms"],
        "ahead_ms": state["ahead_ms"],
        "swaps": swaps,
        "late_loops": state["late_loops"],
        "failed_loops": state["failed_loops"],
        "loops_made": made,
        "loop_ms": state["loop_ms"],
        "workers": state["workers"],
        "asked_ahead_s": state["asked_ahead_s"],
        "dropped_requests": state["dropped_requests"],
        "withdrawn_requests": state["withdrawn_requests"],
        "refused_commands": state["refused_commands"],
        "underruns": state["underruns"],
        "quantum": state["load"],
    }
