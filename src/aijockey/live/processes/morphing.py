"""Eight decks that move through latent space without end, and hands that change where they go: what becomes of it.

Every deck drifts, with a new loop each bar; beside that a hand moves one of them somewhere else every so often. The
figures say whether loops came in time, and how long hands waited for what they did.
"""

import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aijockey.control.parameters import Value
from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.gesture_delay import delay_figures
from aijockey.live.loops import Loop
from aijockey.live.pace import paces_of
from aijockey.live.processes import device, workers
from aijockey.live.processes.exchange import READY, LoopExchange
from aijockey.live.processes.exchange_source import ExchangeSource
from aijockey.live.processes.supervisor import Plan, Supervisor
from aijockey.live.set_file import LiveSet
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ
from aijockey.pack.pack import Pack

DECKS = 8
GESTURE_S = 1.0
PACE_DB = 1.0
TEMPO_BPM = 124.0


def morphing_set(voices: Sequence[str], decks: int = DECKS, ride_beats: float = 1.0) -> LiveSet:
    """Decks of the voices in turn, each drifting around a loop of its own and renewed every bar."""
    setups: list[dict[str, Value]] = [
        {
            "voice": voices[number % len(voices)],
            "seed": float(100 + number),
            "play": 1.0,
            "refresh": "change",
            "ride_beats": ride_beats,
            "walk_kind": "drift",
            "walk_pace": PACE_DB,
            "walk_seed": float(number),
            "gain_db": -9.0,
        }
        for number in range(decks)
    ]
    return LiveSet(tuple(setups), title="Morphing", tempo_bpm=TEMPO_BPM, bars=1_000_000)


def rehearse(
    voices: Mapping[str, bool],
    seconds: float,
    loop_s: float,
    *,
    decks: int = DECKS,
    most_workers: int = 1,
    gesture_s: float = GESTURE_S,
    ride_beats: float = 1.0,
) -> dict[str, Any]:
    """The same in virtual time: engine and exchange as they are, and workers that take exactly ``loop_s`` for a loop.
    So the figures are the machinery's own, the same on every machine and beside any load.

    Thread: control
    """
    exchange = LoopExchange(1, LOOP_SAMPLES)
    try:
        source = ExchangeSource(exchange, voices)
        source.decks = decks
        live_set = morphing_set(tuple(voices), decks, ride_beats)
        engine, silence = Engine(live_set, source), Loop(np.zeros((1, LOOP_SAMPLES), dtype=np.float32))
        in_hand: list[tuple[float, int] | None] = [None] * most_workers  # until when, slot
        for worker in range(most_workers):
            exchange.set_worker(worker, "state", READY)
            exchange.set_worker(worker, "loop_us", round(1e6 * loop_s))
        move, moved, made = gestures(decks), 0, 0

        def work(now_s: float) -> int:
            done = 0
            for worker, job in enumerate(in_hand):
                if job is not None and now_s >= job[0]:
                    exchange.give(job[1], silence)
                    in_hand[worker], done = None, done + 1
                if in_hand[worker] is None and (taken := exchange.take(worker)) is not None:
                    in_hand[worker] = (now_s + loop_s, taken[0])
            return done

        before_s = 0.0
        while not engine.prime():
            source.poll(8)
            work(before_s := before_s + QUANTUM_SAMPLES / RATE_HZ)
        while engine.position_samples < seconds * RATE_HZ:
            now_s = engine.position_samples / RATE_HZ
            if gesture_s and now_s >= gesture_s * (moved + 1):
                engine.submit(*move())
                moved += 1
            made += work(before_s + now_s)
            source.poll()
            engine.process(QUANTUM_SAMPLES)
        hands = [deck.gestures for deck in engine.decks]
        return {
            "seconds": seconds,
            "decks": decks,
            "loop_ms": round(1000 * loop_s, 1),
            "workers": most_workers,
            "busy": round(made * loop_s / seconds / most_workers, 3),
            "ride_beats": ride_beats,
            "gestures": moved,
            "gesture_ms": delay_figures([delay for hand in hands for delay in hand.delays_s]),
            "launch_ms": delay_figures([delay for hand in hands for delay in hand.launches_s]),
            "swaps": sum(len(deck.entered) for deck in engine.decks),
            "late_loops": sum(deck.swaps.late_loops for deck in engine.decks),
            "loops_made": made,
            "asked_ahead_s": round(source.ahead_s, 2),
            "dropped_requests": source.dropped,
            "withdrawn_requests": source.withdrawn,
        }
    finally:
        exchange.close()


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
    ride_beats: float = 1.0,
    progress: Callable[[float], None] = lambda seconds: None,
) -> dict[str, Any]:
    """Figures of ``seconds`` of it, played by a clock into nothing, as plain values.

    gesture_s : a hand moves so often, on the mean; 0: never. ride_beats : grid on which moves are heard; launches
    wait for bars.

    Raises
    ------
    AijockeyError : what a performance may raise.

    Thread: control
    """
    move, moved = gestures(decks), 0
    with tempfile.TemporaryDirectory(prefix="aijockey-morph-") as folder:
        plan = Plan(
            live_set=morphing_set([voice.name for voice in pack.manifest.voices], decks, ride_beats),
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
        "ride_beats": ride_beats,
        "gestures": moved,
        "gesture_ms": state["gesture_ms"],
        "launch_ms": state["launch_ms"],
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
