"""Drum patterns of known tempo, swing and bars, made from decaying sines and noise."""

from collections.abc import Callable

import numpy as np
import pytest

RATE_HZ = 48_000
PATTERNS = {
    "four to the floor": {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "x.xxx.xxx.xxx.xx"},
    "techno": {"kick": "x...x...x...x...", "hat": "..x...x...x...x.", "tom": "...x..x....x..x."},
    "break": {"kick": "x.x.......xx....", "snare": "....x..x.x..x..x", "hat": "x.x.x.x.x.x.x.x."},
    "garage": {
        "kick": "x.....x...x.....",
        "snare": "....x.......x...",
        "hat": "..x...x.x.x...x.",
        "tom": "...x.....x.....x",
    },
    "hip hop": {"kick": "x.....x...x.....", "snare": "....x.......x...", "hat": "xxxxxxxxxxxxxxxx"},
    "ballad": {"kick": "x.......x.......", "snare": "....x.......x...", "hat": "xxxxxxxxxxxxxxxx"},
    "hats and kicks": {"kick": "x.......x.......", "hat": "xxxxxxxxxxxxxxxx"},
    "eighths": {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
}


def _sounds(rng: np.random.Generator) -> dict[str, np.ndarray]:
    def time(samples: int) -> np.ndarray:
        return np.arange(samples) / RATE_HZ

    kick, snare, hat, tom = time(10_000), time(8_000), time(2_500), time(4_000)
    return {
        "kick": np.sin(2 * np.pi * (50 * kick + 6 * (1 - np.exp(-35 * kick)))) * np.exp(-14 * kick),
        "snare": 0.5 * (rng.standard_normal(8_000) + np.sin(2 * np.pi * 190 * snare)) * np.exp(-25 * snare),
        "hat": 0.25 * np.diff(rng.standard_normal(2_501)) * np.exp(-90 * hat),
        "tom": 0.4 * np.sin(2 * np.pi * 500 * tom) * np.exp(-40 * tom),
    }


def render_drums(
    pattern: str,
    bpm: float,
    seconds: float,
    *,
    seed: int = 0,
    offset_s: float = 0.0,
    swing: float = 0.5,
    silent_bars: tuple[int, ...] = (),
    variation: float = 0.05,
    loop: bool = False,
) -> np.ndarray:
    """Mono drums, (samples,) float32: bar 0 begins at ``offset_s``; with ``loop`` the end leads into it."""
    rng = np.random.default_rng(seed)
    sounds = _sounds(rng)
    samples = round(seconds * RATE_HZ)
    audio = np.zeros(samples + RATE_HZ)
    sixteenth_s = 15.0 / bpm
    for bar in range(int((seconds - offset_s) / (16 * sixteenth_s)) + 1):
        if bar in silent_bars:
            continue
        for name, steps in PATTERNS[pattern].items():
            for step, sign in enumerate(steps):
                hit = (sign == "x") != (name != "kick" and rng.random() < variation)
                when_s = offset_s + (16 * bar + step) * sixteenth_s
                when_s += (2 * swing - 1) * sixteenth_s if step % 2 else 0.0
                start = round(when_s * RATE_HZ)
                if hit and start < samples:
                    audio[start : start + len(sounds[name])] += sounds[name] * rng.uniform(0.8, 1.0)
    if loop:
        audio[:RATE_HZ] += audio[samples : samples + RATE_HZ]
    audio = audio[:samples] + 3e-4 * rng.standard_normal(samples)
    return (0.6 * audio / np.abs(audio).max()).astype(np.float32)


@pytest.fixture
def drums() -> Callable[..., np.ndarray]:
    return render_drums
