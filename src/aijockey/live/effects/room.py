"""Reverberation, by pedalboard (JUCE's Freeverb), heard wet only."""

import numpy as np
import numpy.typing as npt
from pedalboard import Reverb
from scipy.signal import butter

from aijockey.live.effects.sections import Sections
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

# Bass in a room blurs the kick.
LOW_CUT_HZ = 200.0
# An answer below -180 dB for half a second is none.
SILENCE, QUIET_SAMPLES = 1e-9, RATE_HZ // 2


class Room:
    """A room that the decks send to. Its state goes on from block to block."""

    latency_samples = 0

    def __init__(self) -> None:
        self._reverb = Reverb(room_size=0.6, damping=0.5, wet_level=1.0, dry_level=0.0, width=1.0)
        self._thin = Sections(butter(2, LOW_CUT_HZ, btype="highpass", fs=RATE_HZ, output="sos"), 2)
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._reverb.reset()
        self._thin.reset()
        self._quiet_samples = QUIET_SAMPLES + 1

    def process(self, sent: Float | None, size: float, damping: float, count: int = 0) -> Float | None:
        """The room's answer (2, samples) to what was ``sent`` (2, samples) so far; None where all is silent.

        sent : None for ``count`` samples of silence. size, damping : 0 to 1.
        """
        if sent is None:
            if self._quiet_samples > QUIET_SAMPLES:
                return None
            sent = np.zeros((2, count), dtype=np.float32)
        if self._reverb.room_size != size:
            self._reverb.room_size = size
        if self._reverb.damping != damping:
            self._reverb.damping = damping
        thin = self._thin(sent).astype(np.float32)
        # In quanta: at a longer block than ever before it would forget all sound.
        answer: Float = self._reverb.process(thin, RATE_HZ, buffer_size=QUANTUM_SAMPLES, reset=False)
        silent = float(np.abs(answer).max()) < SILENCE
        self._quiet_samples = self._quiet_samples + sent.shape[1] if silent else 0
        return answer
