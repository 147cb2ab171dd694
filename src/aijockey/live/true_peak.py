"""True peaks: the largest value of the waveform that the samples stand for, between them too."""

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import gain_to_db

Float = npt.NDArray[np.float32]
STEP_SAMPLES = 16
ONE_THREAD = 1 << 18  # multiplications that OpenBLAS leaves to one thread


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
        kernel = np.sinc(offsets) * window
        # A product of 16 samples at a time is ten times as fast as one of each sample with all its taps.
        wide = np.zeros((taps + STEP_SAMPLES - 1, oversampling - 1, STEP_SAMPLES), dtype=np.float32)
        for sample in range(STEP_SAMPLES):
            wide[sample : sample + taps, :, sample] = kernel
        self._kernel = wide.reshape(len(wide), -1)
        self._phases = oversampling - 1
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._tail = np.zeros((2, self.taps - 1), dtype=np.float32)

    def peaks(self, sound: Float) -> Float:
        """Largest magnitude of either channel, (samples,), from each sample to the next, of ``sound`` (2,
        samples).
        """
        count, reach = sound.shape[1], self.taps - 1
        steps = -(-count // STEP_SAMPLES)
        padded = np.zeros((2, reach + steps * STEP_SAMPLES), dtype=np.float32)
        padded[:, :reach] = self._tail
        padded[:, reach : reach + count] = sound
        self._tail = padded[:, count : count + reach].copy()
        windows = np.lib.stride_tricks.sliding_window_view(padded, reach + STEP_SAMPLES, axis=1)
        rows = np.ascontiguousarray(windows[:, ::STEP_SAMPLES]).reshape(2 * steps, -1)
        between = _product(rows, self._kernel)
        phases = between.reshape(2, steps, self._phases, STEP_SAMPLES)
        most = np.maximum(phases.max(axis=2), -phases.min(axis=2)).reshape(2, -1)[:, :count]
        middle = self.taps // 2 - 1
        at = np.abs(padded[:, middle : middle + count + 1])
        peaks: Float = np.maximum(np.maximum(at[:, :-1], at[:, 1:]), most).max(axis=0)
        return peaks


def _product(rows: Float, kernel: Float) -> Float:
    """``rows @ kernel`` in pieces that are too small for a BLAS to share out among threads: where another
    process has the other core, waiting for a thread there took 40 ms instead of 0.4.
    """
    most = max(1, ONE_THREAD // kernel.size)
    if len(rows) <= most:
        return rows @ kernel
    made = np.empty((len(rows), kernel.shape[1]), dtype=np.float32)
    for first in range(0, len(rows), most):
        np.matmul(rows[first : first + most], kernel, out=made[first : first + most])
    return made


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
