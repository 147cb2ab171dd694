"""Cutting a recording on its bars and conforming each piece to 120 BPM: exact lengths, ends that meet."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.audio.stretch import stretch_part
from aijockey.corpus.timing import Timing
from aijockey.music.grid import BAR_SAMPLES, BEAT_SAMPLES, BEATS_PER_BAR, RATE_HZ

Float = npt.NDArray[np.float32]

# The end of a piece is cross-faded into what came before its beginning: short, so that no attack is blurred.
SEAM_SAMPLES = 480
# Textures without a beat have no attacks to blur, but a change of colour to hide.
TEXTURE_SEAM_SAMPLES = 12_000
# A beat may differ this much from its neighbours and still be one (a gap in a beat file is not).
UNEVEN = 0.25


@dataclass(frozen=True)
class Piece:
    """Part of a recording, ``start_s`` to ``stop_s``: ``beats`` beats, ``repeats`` times in its loop."""

    start_s: float
    stop_s: float
    beats: int
    repeats: int = 1

    @property
    def bpm(self) -> float:
        """Tempo of this piece by its own beginning and end."""
        return 60.0 * self.beats / (self.stop_s - self.start_s)


def pieces_of_bars(timing: Timing, bars: int) -> list[Piece]:
    """Where loops of ``bars`` bars lie: on downbeats, one behind the other.

    A recording too short for one gives its longest piece of 1/2, 1/4 ... of that, which is then repeated: a
    loop of one bar fills two.
    """
    beats = bars * BEATS_PER_BAR
    repeats = 1
    while beats >= 1:
        pieces = list(_pieces(timing, beats, repeats, on_bars=beats >= BEATS_PER_BAR and not timing.circular))
        if pieces or beats % 2:
            return pieces
        beats, repeats = beats // 2, repeats * 2
    return []


def pieces_of_beats(timing: Timing) -> list[Piece]:
    """Every single beat."""
    return list(_pieces(timing, 1, 1, on_bars=False))


def _pieces(timing: Timing, beats: int, repeats: int, on_bars: bool) -> Iterator[Piece]:
    times_s, starts_bar = timing.beats_s, timing.starts_bar
    lengths = np.diff(times_s)
    usual = float(np.median(lengths)) if len(lengths) else 0.0
    even = np.abs(lengths / max(usual, 1e-9) - 1.0) < UNEVEN
    index = 0
    while index + beats < len(times_s):
        bar_is_whole = not on_bars or _is_bar(starts_bar, index, beats)
        if bar_is_whole and even[index : index + beats].all() and times_s[index] > -0.02:
            yield Piece(max(0.0, float(times_s[index])), float(times_s[index + beats]), beats, repeats)
            index += beats
        else:
            index += 1


def _is_bar(starts_bar: npt.NDArray[np.bool_], index: int, beats: int) -> bool:
    """Whether bars of four begin exactly at ``index`` and every four beats from there."""
    expected = np.arange(beats) % BEATS_PER_BAR == 0
    return bool(np.array_equal(starts_bar[index : index + beats], expected))


def pieces_without_tempo(seconds: float, bars: int) -> list[Piece]:
    """A texture that has no tempo, in pieces as long as a loop is: 4 s for two bars, nothing is stretched."""
    length_s = bars * BAR_SAMPLES / RATE_HZ
    count = int(seconds / length_s + 1e-6)
    return [Piece(i * length_s, (i + 1) * length_s, bars * BEATS_PER_BAR) for i in range(count)]


def conform(audio: Float, origin: int, piece: Piece, seam_samples: int = SEAM_SAMPLES) -> Float:
    """One piece at 120 BPM, 48 kHz, as a circle.

    Parameters
    ----------
    audio : (channels, n) at 48 kHz, may be memory-mapped. origin : the sample of it that is 0 s.

    Returns
    -------
    (channels, beats * repeats * 24000) float32; what would be above full scale is turned down.
    """
    samples = piece.beats * BEAT_SAMPLES
    start, stop = origin + piece.start_s * RATE_HZ, origin + piece.stop_s * RATE_HZ
    part = stretch_part(audio, start, stop, samples, seam_samples=min(seam_samples, samples // 8))
    peak = float(np.abs(part).max(initial=0.0))
    if peak > 1.0:
        part /= np.float32(peak)
    return np.tile(part, piece.repeats)
