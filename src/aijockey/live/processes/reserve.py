"""How far the sound is made ahead of the device: as little as this machine allows, found out while it plays."""

from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

LEAST_SAMPLES = 2 * QUANTUM_SAMPLES
MOST_SAMPLES = RATE_HZ // 2
# So long without a gap, and half of the reserve is tried again; each gap doubles it.
PATIENCE_S = 30.0
MOST_PATIENCE_S = 3600.0


class Reserve:
    """Doubles after a gap, and halves again after a while without one.

    A gap is counted once, however many blocks of the device it takes: only a reserve that was full since has failed.

    Parameters
    ----------
    samples : for good; 0 finds it out.

    Attributes
    ----------
    samples : to be made ahead of what the device takes.
    """

    def __init__(self, samples: int = 0, now_s: float = 0.0) -> None:
        self.samples = samples or LEAST_SAMPLES
        self._is_fixed = bool(samples)
        self._was_full = False
        self._since_s = now_s
        self._patience_s = PATIENCE_S

    def filled(self, now_s: float) -> None:
        """As much as wanted is there. Thread: audio"""
        self._was_full = True
        if not self._is_fixed and self.samples > LEAST_SAMPLES and now_s - self._since_s > self._patience_s:
            self.samples = max(LEAST_SAMPLES, self.samples // 2)
            self._since_s = now_s

    def ran_out(self, now_s: float) -> None:
        """The device had to go without. Thread: audio"""
        if self._is_fixed or not self._was_full:
            return
        self.samples = min(2 * self.samples, MOST_SAMPLES)
        self._patience_s = min(2.0 * self._patience_s, MOST_PATIENCE_S)
        self._since_s, self._was_full = now_s, False
