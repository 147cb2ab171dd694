"""Reading a signal between its samples: band-limited interpolation by a windowed sine (Smith 2002)."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
ReadReference = Callable[[int, int], Float]  # start, count on the 120 BPM grid -> (channels, count)

TAPS = 24
PHASES = 1024  # a tone of 10 kHz keeps 68 dB to the error of taking the nearest phase
KAISER_BETA = 7.0
LOWEST_CUTOFF = 0.1


@lru_cache(maxsize=48)
def _kernels(cutoff_hundredths: int) -> Float:
    """Filters (phases, taps) that pass below ``cutoff_hundredths`` percent of half the rate."""
    cutoff = max(LOWEST_CUTOFF, cutoff_hundredths / 100)
    time = np.arange(TAPS) - (TAPS // 2 - 1) - np.arange(PHASES)[:, np.newaxis] / PHASES
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (time / (TAPS / 2)) ** 2))) / np.i0(
        KAISER_BETA
    )
    kernels = cutoff * np.sinc(cutoff * time) * window
    normalised: Float = (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised


def warm() -> None:
    """Work out all filters, of some two milliseconds each, before sound waits for one. Thread: control"""
    for rate in (1.0, *(19.0 / step for step in range(19, 0, -1))):
        _kernels(_cutoff(rate))


class Places(NamedTuple):
    """Where to read, counted from a whole sample: from ``first`` on so many ``samples``; and for each place where its
    window begins in them, and its filter.
    """

    first: int
    samples: int
    windows: npt.NDArray[np.int64]
    kernels: Float


def places_at(offsets: npt.NDArray[np.float64], rate: float) -> Places:
    """The rising places ``offsets`` (count,), ``rate`` apart; above 1, what would fold back is filtered out."""
    whole = np.floor(offsets).astype(np.int64)
    phase = np.rint((offsets - whole) * PHASES).astype(np.int64)
    whole, phase = whole + phase // PHASES, phase % PHASES
    first, last = int(whole[0]), int(whole[-1])
    kernels = _kernels(_cutoff(rate)).take(phase, axis=0)
    return Places(first - (TAPS // 2 - 1), last - first + TAPS, whole - first, kernels)


def read_places(read: ReadReference, base: int, places: Places) -> Float:
    """``read`` at ``places`` from ``base`` on: (channels, count)."""
    block = read(base + places.first, places.samples)
    pieces = np.lib.stride_tricks.sliding_window_view(block, TAPS, axis=1)[:, places.windows]
    result: Float = np.einsum("cnt,nt->cn", pieces, places.kernels)
    return result


def read_between(read: ReadReference, base: int, offsets: npt.NDArray[np.float64], rate: float) -> Float:
    """``read`` at the rising positions ``base + offsets`` (count,): (channels, count).

    rate : how far the positions step; above 1, what would fold back is filtered out.
    """
    return read_places(read, base, places_at(offsets, rate))


def _cutoff(rate: float) -> int:
    return 100 if rate <= 1.0 else 5 * int(19 / rate)
