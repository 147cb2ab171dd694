"""A circular piece of tape: sounds are laid on it in musical time, and what runs past its end goes on at its
start."""

import numpy as np
import numpy.typing as npt

from aijockey.music.grid import SIXTEENTH_SAMPLES, SIXTEENTHS_PER_BAR

Float = npt.NDArray[np.float32]


def add_circular(track: Float, sound: Float, start: int) -> None:
    """Add ``sound`` (..., length) to ``track`` (..., samples) in place from sample ``start`` on, wrapping
    around."""
    samples, length = track.shape[-1], sound.shape[-1]
    position, done = start % samples, 0
    while done < length:
        count = min(length - done, samples - position)
        track[..., position : position + count] += sound[..., done : done + count]
        position, done = 0, done + count


class Canvas:
    """Dry stereo and two mono sends, all circular.

    dry : (2, samples). reverb, delay : (samples,), what the effects are fed.
    """

    def __init__(self, bars: int) -> None:
        self.sixteenths = bars * SIXTEENTHS_PER_BAR
        self.samples = self.sixteenths * SIXTEENTH_SAMPLES
        self.dry: Float = np.zeros((2, self.samples), dtype=np.float32)
        self.reverb: Float = np.zeros(self.samples, dtype=np.float32)
        self.delay: Float = np.zeros(self.samples, dtype=np.float32)

    def place(
        self,
        sound: Float,
        time: float,
        gain: float,
        pan: float = 0.0,
        reverb: float = 0.0,
        delay: float = 0.0,
    ) -> None:
        """Lay a mono ``sound`` (length,) at ``time`` sixteenths.

        pan : -1 left to 1 right, equal power, unity per side in the middle. reverb, delay : send gains.
        """
        start = round(time * SIXTEENTH_SAMPLES)
        left, right = pan_gains(pan)
        add_circular(self.dry[0], sound * np.float32(gain * left), start)
        add_circular(self.dry[1], sound * np.float32(gain * right), start)
        if reverb > 0.0:
            add_circular(self.reverb, sound * np.float32(gain * reverb), start)
        if delay > 0.0:
            add_circular(self.delay, sound * np.float32(gain * delay), start)


def pan_gains(pan: float) -> tuple[float, float]:
    """Equal-power gains of left and right; both are 1 in the middle and their squares sum to 2."""
    angle = (pan + 1.0) * np.pi / 4.0
    return float(np.sqrt(2.0) * np.cos(angle)), float(np.sqrt(2.0) * np.sin(angle))
