"""Ping-pong delay in time with the transport."""

import numpy as np
import numpy.typing as npt
from scipy.signal import butter

from aijockey.live.effects.sections import Sections
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

# 4 beats at 20 BPM.
LONGEST_SAMPLES = 12 * RATE_HZ
BAND_HZ = (180.0, 6_000.0)
SILENCE = 1e-9


class Echo:
    """Repeats what is sent to it, each time on the other side, duller and thinner.

    The delay is a whole number of samples, of a quantum at least; a new delay is faded in over one quantum. A
    repeat is read before it is written, so blocks that are longer than the delay are taken apart.
    """

    latency_samples = 0

    def __init__(self) -> None:
        # A second of headroom, so that a block never wraps onto what it reads.
        self._line = np.zeros((2, LONGEST_SAMPLES + RATE_HZ), dtype=np.float32)
        self._band = Sections(butter(1, BAND_HZ, btype="bandpass", fs=RATE_HZ, output="sos"), 2)
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._line[:] = 0.0
        self._write = 0
        self._quiet_samples = self._line.shape[1] + 1
        self._delay_samples: int | None = None
        self._band.reset()

    def process(
        self,
        sent: Float | None,
        delay_samples: int,
        feedback: float | npt.NDArray[np.float64],
        count: int = 0,
    ) -> Float | None:
        """Repeats (2, samples) of what was ``sent`` (2, samples) so far; None where all is silent.

        sent : None for ``count`` samples of silence.
        """
        if sent is None:
            if self._quiet_samples > self._line.shape[1]:
                return None
            sent = np.zeros((2, count), dtype=np.float32)
        count = sent.shape[1]
        if count > QUANTUM_SAMPLES and (delay_samples < count or delay_samples != self._delay_samples):
            starts = range(0, count, QUANTUM_SAMPLES)
            pieces = [
                self._repeat(sent[:, at : at + QUANTUM_SAMPLES], delay_samples, _part(feedback, at))
                for at in starts
            ]
            return np.concatenate(pieces, axis=1)
        return self._repeat(sent, delay_samples, feedback)

    def _repeat(self, sent: Float, delay_samples: int, feedback: float | npt.NDArray[np.float64]) -> Float:
        count = sent.shape[1]
        delay_samples = min(LONGEST_SAMPLES, max(count, delay_samples))
        repeats = self._read(delay_samples, count)
        if self._delay_samples not in (None, delay_samples):
            before = self._read(self._delay_samples or 0, count)
            fade = np.linspace(0.0, 1.0, count, endpoint=False, dtype=np.float32)
            repeats = before + (repeats - before) * fade
        self._delay_samples = delay_samples
        filtered = self._band(repeats)
        # The sides are exchanged at each repeat; what is sent enters on the left.
        back = (filtered[::-1] * feedback).astype(np.float32)
        back[0] += 0.5 * (sent[0] + sent[1])
        self._store(back)
        # Once a whole line of silence has been written, there is nothing left to repeat.
        silent = float(np.abs(back).max()) < SILENCE
        self._quiet_samples = self._quiet_samples + count if silent else 0
        return repeats

    def _read(self, delay_samples: int, count: int) -> Float:
        start = (self._write - delay_samples) % self._line.shape[1]
        first = self._line[:, start : start + count]
        if first.shape[1] == count:
            return first.copy()
        return np.concatenate([first, self._line[:, : count - first.shape[1]]], axis=1)

    def _store(self, block: Float) -> None:
        count, size = block.shape[1], self._line.shape[1]
        first = min(count, size - self._write)
        self._line[:, self._write : self._write + first] = block[:, :first]
        self._line[:, : count - first] = block[:, first:]
        self._write = (self._write + count) % size


def _part(feedback: float | npt.NDArray[np.float64], start: int) -> float | npt.NDArray[np.float64]:
    return feedback if isinstance(feedback, float) else feedback[start : start + QUANTUM_SAMPLES]
