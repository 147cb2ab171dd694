"""True peaks: the largest value of the waveform that the samples stand for, between them too."""

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import gain_to_db

Float = npt.NDArray[np.float32]


class Interpolator:
    """The waveform between the samples, at whole fractions of their distance, block by block.

    Windowed sinc of ``taps`` samples (Kaiser, beta 6), as ITU-R BS.1770-4 annex 2 asks for but longer.
    What it gives is late by ``taps // 2`` samples.
    """

    def __init__(self, oversampling: int, taps: int) -> None:
        self.taps = taps
        phases = np.arange(1, oversampling) / oversampling
        offsets = np.arange(taps)[:, np.newaxis] - (taps // 2 - 1) - phases
        edge = np.clip(1.0 - (2.0 * offsets / taps) ** 2, 0.0, None)
        window = np.i0(6.0 * np.sqrt(edge)) / np.i0(6.0)
        self._kernel = np.ascontiguousarray(np.sinc(offsets) * window, dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._tail = np.zeros((2, self.taps - 1), dtype=np.float32)

    def peaks(self, sound: Float) -> Float:
        """Largest magnitude of either channel, (samples,), from each sample to the next, of ``sound`` (2,
        samples).
        """
        padded = np.concatenate([self._tail, sound], axis=1)
        self._tail = padded[:, -(self.taps - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.taps, axis=1)
        # A plain matrix product: the view itself would miss the fast path.
        between = np.abs(windows.reshape(-1, self.taps) @ self._kernel).max(axis=1).reshape(2, -1)
        middle = self.taps // 2 - 1
        count = sound.shape[1]
        at = np.abs(padded[:, middle : middle + count + 1])
        peaks: Float = np.maximum(np.maximum(at[:, :-1], at[:, 1:]), between).max(axis=0)
        return peaks


class TruePeakMeter:
    """Largest true peak of stereo sound that comes in pieces, at eight times the rate."""

    def __init__(self, oversampling: int = 8, taps: int = 64) -> None:
        self._interpolator = Interpolator(oversampling, taps)
        self._peak = 0.0

    def add(self, sound: Float) -> None:
        """Take the next piece (2, samples)."""
        if sound.shape[1]:
            self._peak = max(self._peak, float(self._interpolator.peaks(sound).max()))

    @property
    def level_dbtp(self) -> float:
        """The peak so far (but for the last few samples, which are still to be joined to what follows)."""
        return gain_to_db(self._peak)
