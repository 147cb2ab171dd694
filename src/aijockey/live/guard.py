"""Keeps what is no sound out of the mix: a deck that fails is faded out, started anew and let in again."""

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# +40 dB: every knob of a strip turned up on a matched loop stays 10 dB below.
MOST_LEVEL = np.float32(100.0)


class Guard:
    """Watches the decks' sound, quantum by quantum."""

    def __init__(self, decks: int, channels: int) -> None:
        self._last = np.zeros((decks, channels), dtype=np.float32)
        self._out = np.zeros(decks, dtype=bool)

    def check(self, sound: Float) -> tuple[Float, Mask]:
        """Peaks (decks,) of ``sound`` (decks, channels, samples), and which of them are no sound.

        Thread: audio
        """
        peaks = np.abs(sound).max(axis=(1, 2))
        return peaks, ~(peaks < MOST_LEVEL)  # also true of NaN

    def apply(self, sound: Float, bad: Mask, decks: npt.NDArray[np.intp]) -> None:
        """Replace, in place, the ``bad`` of ``sound`` (decks, channels, samples) by a fade to silence from what
        was last heard; what is sound again fades in. ``decks`` says which decks these are. Thread: audio
        """
        if bad.any() or self._out[decks].any():
            fade_in = np.linspace(0.0, 1.0, sound.shape[2], dtype=np.float32)
            for row, deck in enumerate(decks):
                if bad[row]:
                    sound[row] = self._last[deck][:, np.newaxis] * (1.0 - fade_in) ** 2
                    self._out[deck] = True
                elif self._out[deck]:
                    sound[row] *= fade_in
                    self._out[deck] = False
        self._last[decks] = sound[:, :, -1]

    def rest(self, deck: int) -> None:
        """The deck fell silent. Thread: audio"""
        self._last[deck] = 0.0
