"""The table of every struck sound and the range of each of its parameters; genres narrow these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aijockey.corpus.synthesize import drums, hand_drums, shots
from aijockey.corpus.synthesize.draw import Range, parameters
from aijockey.corpus.synthesize.shots import Float

SHORTEST_ATTACK_S = 0.0003


@dataclass(frozen=True)
class Sound:
    """A renderer and the ranges that its parameters are drawn from."""

    render: Callable[..., Float]
    ranges: Mapping[str, Range]


@dataclass(frozen=True)
class Shot:
    """A rendered sound: loud and soft layer, both with a peak of at most 1, and the parameters that made
    it."""

    loud: Float
    soft: Float
    values: dict[str, float]


HAT = {
    "base_hz": (180, 620), "metal": (0, 1), "low_hz": (5500, 9500), "high_hz": (12000, 19000), "decay_ms": (30, 110),
    "peak": (0, 0.8), "ring": (0.2, 0.8),
}  # fmt: skip

SOUNDS = {
    "kick": Sound(drums.kick, {
        "end_hz": (44, 58), "sweep_hz": (60, 220), "sweep_ms": (10, 38), "punch_hz": (200, 1400), "punch_ms": (1.5, 7),
        "decay_s": (0.22, 0.5), "hold_ms": (10, 60), "click": (0, 0.8), "click_hz": (1500, 5000), "drive": (0.1, 1.2), "sub": (0, 0.5),
    }),
    "snare": Sound(drums.snare, {
        "tone_hz": (150, 260), "tone_ms": (80, 220), "noise_low_hz": (700, 2200), "noise_high_hz": (6000, 14000),
        "noise_ms": (100, 320), "noise": (0.6, 1.5), "snap": (0.1, 1), "drive": (0, 0.8),
    }),
    "clap": Sound(drums.clap, {
        "centre_hz": (950, 2000), "spread": (0.5, 1.1), "bursts": (2, 4.4), "gap_ms": (7, 14), "tail_ms": (90, 350), "air": (0, 0.5),
    }),
    "hat": Sound(drums.hat, HAT),
    "open hat": Sound(drums.hat, HAT | {"decay_ms": (180, 520), "ring": (0.6, 1)}),
    "ride": Sound(drums.hat, HAT | {
        "base_hz": (300, 700), "metal": (0.5, 1), "low_hz": (3500, 7000), "decay_ms": (400, 1100), "ring": (0.25, 0.6),
    }),
    "crash": Sound(drums.hat, HAT | {"metal": (0.2, 0.6), "low_hz": (2500, 5000), "decay_ms": (1400, 2800), "ring": (0.5, 0.8)}),
    "tom": Sound(drums.tom, {
        "tone_hz": (70, 220), "bend": (0.1, 0.7), "bend_ms": (15, 60), "decay_ms": (150, 450), "skin": (0, 0.6), "drive": (0, 0.6),
    }),
    "rim": Sound(drums.rim, {
        "tone_hz": (420, 1900), "second_ratio": (1.3, 3.4), "decay_ms": (25, 80), "wood": (0, 1), "drive": (0, 1),
    }),
    "cowbell": Sound(drums.cowbell, {"base_hz": (430, 760), "second_ratio": (1.35, 1.6), "decay_ms": (120, 420), "body": (0.2, 0.7)}),
    "zap": Sound(drums.zap, {
        "start_hz": (300, 4000), "end_hz": (120, 1600), "sweep_ms": (5, 60), "decay_ms": (40, 220), "index": (0, 3),
    }),
    "crackle": Sound(drums.crackle, {"centre_hz": (1500, 7000), "decay_ms": (25, 140), "grains": (4, 60)}),
    "skin": Sound(hand_drums.skin, {
        "tone_hz": (140, 420), "bend": (0.02, 0.2), "decay_ms": (120, 420), "slap": (0, 0.8), "slap_hz": (900, 2800),
        "overtone": (0.3, 1), "hollow": (0, 0.4),
    }),
    "wood": Sound(hand_drums.wood, {
        "tone_hz": (600, 2700), "second_ratio": (1.4, 2.8), "decay_ms": (35, 130), "knock": (0, 1), "hollow": (0, 1),
    }),
    "shaker": Sound(hand_drums.shaker, {
        "centre_hz": (5000, 10000), "width": (0.3, 0.8), "swell_ms": (4, 28), "decay_ms": (40, 120), "grain": (0, 0.8),
    }),
    "jingle": Sound(hand_drums.jingle, {
        "low_hz": (3500, 6000), "high_hz": (9000, 15000), "count": (8, 20), "decay_ms": (80, 260), "skin": (0, 0.6),
    }),
    "bell": Sound(hand_drums.bell, {
        "tone_hz": (440, 2600), "ratio": (1.2, 3.6), "index": (0.3, 2.5), "decay_ms": (150, 900), "strike": (0, 1),
    }),
    "scrape": Sound(hand_drums.scrape, {"centre_hz": (1800, 5000), "rate_hz": (40, 140), "decay_ms": (90, 280), "ring": (0.5, 1.5)}),
    "metal": Sound(hand_drums.metal, {
        "tone_hz": (180, 1400), "spread": (1.05, 1.7), "count": (4, 9), "decay_ms": (80, 600), "noise": (0, 1), "drive": (0, 1.5),
    }),
}  # fmt: skip


def render_shot(rng: np.random.Generator, sound: str, narrower: Mapping[str, Range]) -> Shot:
    """Draw the parameters of one of `SOUNDS` and render it.

    The soft layer is the same sound with its top dulled, as a gently struck thing has.
    """
    entry = SOUNDS[sound]
    values = parameters(rng, entry.ranges, narrower)
    # Noise that starts at full level would be a click of its own.
    loud = shots.unit_peak(shots.attack(entry.render(rng, **values), SHORTEST_ATTACK_S))
    dull_hz = 6000.0 if sound in ("hat", "open hat", "ride", "shaker", "jingle", "crash") else 1800.0
    soft = shots.filtered(loud, lambda hz: 1.0 / np.sqrt(1.0 + (hz / dull_hz) ** 2))
    return Shot(loud, shots.faded(soft), values)
