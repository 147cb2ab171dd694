"""What leaves the engine: the master, and the headphones beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.live.effects.limiter import Limiter
from aijockey.live.gain_law import factor

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double


@dataclass(frozen=True)
class Outputs:
    """Sound of master and headphones, (2, samples) each, sample by sample beside each other.

    output : what a device with two channels gets: the master, or, with ``master.cue_split``, the master in mono on
        the left and the cue in mono on the right. A recording is of ``master``.
    decks : each deck's share of the master before its gain and limiter, (2 * decks, samples), where it is wanted.
    """

    master: Float
    cue: Float
    output: Float
    decks: Float | None = None

    @classmethod
    def silence(cls, count: int) -> "Outputs":
        """Nothing, for ``count`` samples."""
        nothing = np.zeros((2, count), dtype=np.float32)
        return cls(nothing, nothing, nothing)

    @classmethod
    def joined(cls, pieces: Sequence["Outputs"]) -> "Outputs":
        """One after the other."""
        whole = [piece for piece in pieces if piece.samples] or list(pieces[:1])
        if len(whole) == 1:
            return whole[0]
        master = np.concatenate([piece.master for piece in whole], axis=1)
        cue = np.concatenate([piece.cue for piece in whole], axis=1)
        decks = [piece.decks for piece in whole if piece.decks is not None]
        shares = np.concatenate(decks, axis=1) if decks else None
        if all(piece.output is piece.master for piece in whole):
            return cls(master, cue, master, shares)
        return cls(master, cue, np.concatenate([piece.output for piece in whole], axis=1), shares)

    @property
    def samples(self) -> int:
        """Length."""
        return self.master.shape[1]

    def part(self, start: int, end: int | None) -> "Outputs":
        """Samples ``start`` to ``end``."""
        master, cue = self.master[:, start:end], self.cue[:, start:end]
        output = master if self.output is self.master else self.output[:, start:end]
        return Outputs(master, cue, output, None if self.decks is None else self.decks[:, start:end])


class Headphones:
    """Mixes what the headphones hear, in time with the limited master and as safe as it.

    Parameters
    ----------
    latency_samples : by how much the master is late.
    """

    def __init__(self, latency_samples: int) -> None:
        self._limiter = Limiter()
        assert self._limiter.latency_samples == latency_samples
        self._sleeps = True

    def process(
        self, master: Float, cue: Float | None, controls: Mapping[str, Gain | Mapping[str, Gain]]
    ) -> Outputs:
        """``master`` (2, samples) after its limiter, ``cue`` (2, samples) or None. Thread: audio"""
        share, level_db, split = (
            controls[f"master.{name}"] for name in ("cue_mix", "cue_gain_db", "cue_split")
        )
        assert not isinstance(share, Mapping)
        assert not isinstance(level_db, Mapping)
        assert not isinstance(split, Mapping)
        tapped = self._limited(cue, factor(level_db), master.shape[1])
        ears = tapped
        if not (isinstance(share, float) and share == 0.0):
            # What is mixed of two sounds that are within the ceiling, with shares that sum to 1, is so too.
            loud = np.minimum(np.asarray(factor(level_db)), 1.0)
            ears = (tapped * (1.0 - share) + master * (share * loud)).astype(np.float32)
        if isinstance(split, float) and split == 0.0:
            return Outputs(master, ears, master)
        halves = np.stack([master.mean(axis=0), tapped.mean(axis=0)])
        return Outputs(master, ears, (master + (halves - master) * split).astype(np.float32))

    def _limited(self, cue: Float | None, gain: Gain, count: int) -> Float:
        if cue is None:
            self._sleeps = self._sleeps or self._limiter.quiet
            if self._sleeps:
                return np.zeros((2, count), dtype=np.float32)
            cue = np.zeros((2, count), dtype=np.float32)
        self._sleeps = False
        return self._limiter.process((cue * gain).astype(np.float32))
