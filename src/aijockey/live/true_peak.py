"""True peaks: the largest value of the waveform that the samples stand for, between them too."""

import numpy as np
import numpy.typing as npt

from aijockey.audio.products import product_by_row
from aijockey.audio.units import gain_to_db

Float = npt.NDArray[np.float32]
STEP_SAMPLES = 16


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
        # How far a waveform can rise above the samples that it runs through.
        self._overshoot = max(1.0, float(np.abs(kernel).sum(axis=0).max())) * 1.0001
        self._steps_reached = -(-(taps - 1) // STEP_SAMPLES)
        self._phases = oversampling - 1
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._tail = np.zeros((2, self.taps - 1), dtype=np.float32)

    def peaks(self, sound: Float, floor: float = 0.0) -> Float:
        """Largest magnitude of either channel, (samples,), from each sample to the next, of ``sound`` (2,
        samples).

        floor : who asks does not mind how large a peak is that stays below. Where the samples are so small that
        no waveform through them can reach it, only the samples themselves are looked at.
        """
        count, reach = sound.shape[1], self.taps - 1
        steps = -(-count // STEP_SAMPLES)
        padded = np.zeros((2, steps * STEP_SAMPLES + self._steps_reached * STEP_SAMPLES), dtype=np.float32)
        padded[:, :reach] = self._tail
        padded[:, reach : reach + count] = sound
        self._tail = padded[:, count : count + reach].copy()
        size = np.abs(padded)
        middle = self.taps // 2 - 1
        most = np.maximum(size[:, middle : middle + count], size[:, middle + 1 : middle + 1 + count])
        # The largest sample that each step's values between samples are made of.
        blocks = size.reshape(2, -1, STEP_SAMPLES).max(axis=2)
        around = blocks[:, :steps]
        for step in range(1, self._steps_reached + 1):
            around = np.maximum(around, blocks[:, step : step + steps])
        channel, step_number = np.nonzero(around * self._overshoot > floor)
        if len(channel):
            # What each step's values between samples are made of, as a view. (Products that a BLAS shares out among
            # threads waited 40 ms for one instead of 0.4, where another process had the other core.)
            shape, strides = (2, steps, len(self._kernel)), (padded.strides[0], 4 * STEP_SAMPLES, 4)
            windows: Float = np.ndarray(shape, np.float32, padded, strides=strides)
            between = product_by_row(windows[channel, step_number], self._kernel)
            np.abs(between, out=between)
            found = np.zeros((2, steps, STEP_SAMPLES), dtype=np.float32)
            found[channel, step_number] = between.reshape(-1, self._phases, STEP_SAMPLES).max(axis=1)
            np.maximum(most, found.reshape(2, -1)[:, :count], out=most)
        peaks: Float = most.max(axis=0)
        return peaks


class TruePeakMeter:
    """Largest true peak of stereo sound that comes in pieces, at eight times the rate."""

    def __init__(self, oversampling: int = 8, taps: int = 64) -> None:
        self._interpolator = Interpolator(oversampling, taps)
        self._peak = 0.0

    def add(self, sound: Float) -> None:
        """Take the next piece (2, samples)."""
        if sound.shape[1]:
            self._peak = max(self._peak, float(self._interpolator.peaks(sound, self._peak).max()))

    @property
    def level_dbtp(self) -> float:
        """The peak so far (but for the last few samples, which are still to be joined to what follows)."""
        return gain_to_db(self._peak)
