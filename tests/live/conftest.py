"""Loops that are easy to recognise, for everything that plays loops."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from aijockey.live.loop_source import DirectSource
from aijockey.live.loops import LoopRequest
from aijockey.live.points import Blend, Child, Neighbour, Point, Ring, Seed, Stored, Style, Way
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

VOICES = {"kick": False, "hats": False, "tone": True, "drone": True, "silence": False, "ramp": False}
BURST_HZ = 3_000


def fake_loop(request: LoopRequest) -> np.ndarray:
    """``kick``: a burst on each beat; ``hats``: on each off-beat; ``tone``: a circular sine of 220 Hz and
    more with the
    seed; ``ramp``: every sample differs. All 2 bars, mono."""
    time = np.arange(LOOP_SAMPLES) / RATE_HZ
    sound = np.zeros(LOOP_SAMPLES, np.float32)
    if request.voice in ("kick", "hats"):
        burst = np.exp(-np.arange(SIXTEENTH_SAMPLES) / 400) * np.cos(
            2 * np.pi * BURST_HZ * np.arange(SIXTEENTH_SAMPLES) / RATE_HZ
        )
        first = 0 if request.voice == "kick" else 2
        for step in range(first, 32, 4):
            sound[step * SIXTEENTH_SAMPLES : (step + 1) * SIXTEENTH_SAMPLES] = 0.5 * burst
    elif request.voice in ("tone", "drone"):
        sound[:] = 0.3 * np.sin(2 * np.pi * (220 + 10 * (request.point.seed % 10)) * time)
    elif request.voice == "ramp":
        sound[:] = np.random.default_rng(request.point.seed).uniform(-0.3, 0.3, LOOP_SAMPLES)
    return sound[np.newaxis]


@pytest.fixture
def make_source() -> Callable[..., DirectSource]:
    """A source of `fake_loop`; keywords as for `DirectSource`."""

    def make(**settings: object) -> DirectSource:
        render = settings.pop("render", fake_loop)
        return DirectSource(render, VOICES, **({"match_level": False} | settings))

    return make


def _wider(inner: st.SearchStrategy[Point]) -> st.SearchStrategy[Point]:
    weights = st.lists(st.floats(-10, 10), min_size=2, max_size=3).filter(any)
    return st.one_of(
        st.builds(Way, inner, inner, st.floats(0, 1)),
        st.builds(Neighbour, inner, SEEDS_DRAWN, st.floats(-math.pi, math.pi)),
        st.builds(Style, inner, inner, st.sampled_from(["sound", "rhythm"])),
        st.builds(Child, inner, inner, SEEDS_DRAWN),
        weights.flatmap(
            lambda drawn: st.builds(Blend, st.tuples(*[inner] * len(drawn)), st.just(tuple(drawn)))
        ),
        st.builds(Ring, st.lists(inner, min_size=2, max_size=4).map(tuple), st.floats(0, 1)),
    )


SEEDS_DRAWN = st.integers(0, 2**64 - 1)
LEAVES_DRAWN = st.builds(Seed, SEEDS_DRAWN) | st.builds(
    Stored, st.text("0123456789abcdef", min_size=12, max_size=12)
)
# st.from_type(Point) draws points of every kind.
st.register_type_strategy(
    Point, st.recursive(LEAVES_DRAWN, _wider, max_leaves=5).filter(lambda point: point.fits)
)
