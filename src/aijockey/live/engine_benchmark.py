"""How fast the engine is by itself: eight decks with two inserts each, from loops that are there already.

Offline, it is asked for much at a time and may use two threads; live, for a quantum at a time. The share of each part
is taken in a run of its own, so that looking at the clock does not weigh on the figures.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from aijockey.control.parameters import INSERTS, Value
from aijockey.live.engine import Engine
from aijockey.live.loop_source import DirectSource
from aijockey.live.loops import Float, LoopRequest
from aijockey.live.set_file import LiveSet
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ

DECKS = 8
TEMPO_BPM = 128.0
BLOCK_SAMPLES = RATE_HZ
SECONDS = 20.0
# Half of the voices are rhythms and half tones, as in the default pack.
VOICES = {"rhythm": False, "tones": True}
EFFECTS = tuple(name for name in INSERTS if name not in ("none", "plugin"))


def full_set() -> LiveSet:
    """Every deck plays a new loop every two bars through two inserts; some use isolator, filter and sends."""
    decks: list[dict[str, Value]] = []
    for number in range(DECKS):
        deck: dict[str, Value] = {
            "voice": "tones" if number % 2 else "rhythm",
            "seed": float(number),
            "play": 1.0,
            "refresh_bars": 2.0,
            "gain_db": -9.0,
            "pan": (number - 3.5) / 8.0,
            "insert_1": EFFECTS[number % len(EFFECTS)],
            "insert_2": EFFECTS[(number + 2) % len(EFFECTS)],
            "queue": " ".join(str(seed) for seed in range(number + 1, number + 60)),
        }
        decks.append(deck)
    for number, more in ((1, "low_db"), (3, "high_db"), (5, "mid_db")):
        decks[number][more] = -6.0
    decks[2] |= {"echo_send": 0.3}
    decks[4] |= {"room_send": 0.3}
    decks[6] |= {"filter": 0.2}
    return LiveSet(tuple(decks), (), tempo_bpm=TEMPO_BPM)


def make_engine(**settings: Any) -> Engine:
    """A fresh engine that plays `full_set` from bursts and chords that are made beforehand."""
    rng = np.random.default_rng(0)
    beat = np.exp(-(np.arange(LOOP_SAMPLES) % 12_000) / 2_000.0)
    time_s = np.arange(LOOP_SAMPLES) / RATE_HZ
    loops: dict[str, list[Float]] = {
        "rhythm": [(0.2 * beat * rng.normal(size=(1, LOOP_SAMPLES))).astype(np.float32) for _ in range(4)],
        "tones": [
            sum(
                (0.04 * np.sin(2 * np.pi * round(4 * hz) / 4 * time_s) for hz in rng.uniform(60, 2000, 12)),
                np.zeros((1, LOOP_SAMPLES)),
            ).astype(np.float32)
            for _ in range(4)
        ],
    }

    def loop(request: LoopRequest) -> Float:
        return loops[request.voice][request.point.seed % 4]

    return Engine(full_set(), DirectSource(loop, VOICES, match_level=False), **settings)


def measure_engine(seconds: float | None = None) -> dict[str, Any]:
    """Times real time, by the clock and by the processor's time, and the share of each part.

    Parameters
    ----------
    seconds : of sound that each run makes; None: 20.
    """
    seconds = SECONDS if seconds is None else seconds
    return {
        "decks": DECKS,
        "inserts_a_deck": 2,
        "tempo_bpm": TEMPO_BPM,
        "seconds": seconds,
        "offline": _run(make_engine(metered=False), seconds, BLOCK_SAMPLES),
        "offline_two_threads": _run(make_engine(metered=False, threads=2), seconds, BLOCK_SAMPLES),
        "live": _run(make_engine(), seconds / 2, QUANTUM_SAMPLES),
        "shares": shares(make_engine(metered=False), seconds / 2),
    }


def _run(engine: Engine, seconds: float, block_samples: int) -> dict[str, float]:
    engine.process(RATE_HZ)
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(round(seconds * RATE_HZ / block_samples)):
        engine.process(block_samples)
    wall_s, processor_s = time.perf_counter() - began, time.process_time() - worked
    return {
        "times_real_time": round(seconds / wall_s, 2),
        "times_real_time_by_processor": round(seconds / processor_s, 2),
    }


def shares(engine: Engine, seconds: float) -> dict[str, float]:
    """Share of each part of the engine in its time, offline."""
    spent: dict[str, float] = {}

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            began = time.perf_counter()
            result = function(*arguments)
            spent[part] = spent.get(part, 0.0) + time.perf_counter() - began
            return result

        return run

    engine.process(RATE_HZ)
    for deck in engine.decks:
        for name, part in (("plan_ahead", "planning"), ("settle", "planning"), ("render", "decks")):
            setattr(deck, name, timed(part, getattr(deck, name)))
    mixer: Any = engine.mixer
    for owner, name, part in (
        (engine, "_stretch_tones", "tones"),
        (mixer._isolator, "process", "isolator"),
        (mixer._sweep, "process", "filter"),
        (mixer._inserts, "process", "inserts"),
        (mixer._sends, "process", "sends"),
        (engine.limiter, "process", "limiter"),
        (mixer, "process", "mixer"),
    ):
        setattr(owner, name, timed(part, getattr(owner, name)))
    began = time.perf_counter()
    for _ in range(max(1, round(seconds))):
        engine.process(BLOCK_SAMPLES)
    whole = time.perf_counter() - began
    inside = sum(spent.get(part, 0.0) for part in ("isolator", "filter", "inserts", "sends"))
    spent["mixer"] = spent.get("mixer", 0.0) - inside
    spent["rest"] = (
        whole - inside - sum(spent[part] for part in ("planning", "tones", "decks", "limiter", "mixer"))
    )
    return {part: round(share / whole, 3) for part, share in sorted(spent.items(), key=lambda item: -item[1])}


def describe_engine(figures: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{figures['decks']} decks with {figures['inserts_a_deck']} inserts each at {figures['tempo_bpm']:g} BPM, "
        "loops there already:"
    ]
    for name in ("offline", "offline_two_threads", "live"):
        run = figures[name]
        lines.append(
            f"  {name.replace('_', ' '):<20}{run['times_real_time']:6.1f} x real time"
            f"{run['times_real_time_by_processor']:8.1f} by the processor's time"
        )
    parts = ", ".join(f"{part} {100 * share:.0f} %" for part, share in figures["shares"].items())
    return "\n".join([*lines, f"  of it: {parts}"])
