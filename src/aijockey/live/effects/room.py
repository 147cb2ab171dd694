"""Reverberation, by pedalboard (JUCE's Freeverb), heard wet only."""

import numpy as np
import numpy.typing as npt
from pedalboard import Reverb
from scipy.signal import butter, sosfilt

from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

# Bass in a room blurs the kick.
LOW_CUT_HZ = 200.0


class Room:
    """A room that the decks send to. Its state goes on from block to block."""

    latency_samples = 0

    def __init__(self) -> None:
        self._reverb = Reverb(room_size=0.6, damping=0.5, wet_level=1.0, dry_level=0.0, width=1.0)
        self._sos = butter(2, LOW_CUT_HZ, btype="highpass", fs=RATE_HZ, output="sos")
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._reverb.reset()
        self._state = np.zeros((len(self._sos), 2, 2))

    def process(self, sent: Float, size: float, damping: float) -> Float:
        """The room's answer (2, samples) to what was ``sent`` (2, samples) so far; ``size`` and ``damping`` 0 to 1."""
        if self._reverb.room_size != size:
            self._reverb.room_size = size
        if self._reverb.damping != damping:
            self._reverb.damping = damping
        thin, self._state = sosfilt(self._sos, sent, axis=-1, zi=self._state)
        answer: Float = self._reverb.process(thin.astype(np.float32), RATE_HZ, reset=False)
        return answer
