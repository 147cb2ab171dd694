"""How far the sound is made ahead of the device: as little as this machine allows, found out while it plays."""

from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.music.grid import RATE_HZ

LEAST_SAMPLES = 2 * QUANTUM_SAMPLES
MOST_SAMPLES = RATE_HZ // 2
# At first everything is done for the first time, by all processes at once, and what is ahead of the first sound costs
# nothing but time that nobody waits for: much is made ahead, and soon less.
FIRST_SAMPLES = 8 * QUANTUM_SAMPLES
FIRST_PATIENCE_S = 3.0
# So long without a gap, and half of the reserve is tried again; each gap doubles it.
PATIENCE_S = 30.0
MOST_PATIENCE_S = 3600.0


class Reserve:
    """Begins with much and comes down; doubles after a gap, and halves again after a while without one.

    A gap is counted once, however many blocks of the device it takes: only a reserve that was full since has failed.

    Parameters
    ----------
    samples : for good; 0 finds it out.
    block_samples : what the device takes at once: less than two of these would fail whatever the machine does.

    Attributes
    ----------
    samples : to be made ahead of what the device takes.
    """

    def __init__(self, samples: int = 0, block_samples: int = QUANTUM_SAMPLES) -> None:
        quanta = -(-2 * block_samples // QUANTUM_SAMPLES)
        self._least_samples = max(LEAST_SAMPLES, quanta * QUANTUM_SAMPLES)
        self.samples = samples or max(FIRST_SAMPLES, self._least_samples)
        self._is_fixed = bool(samples)
        self._was_full = False
        self._patience_s = FIRST_PATIENCE_S
        self._since_s = 0.0

    def begin(self, now_s: float) -> None:
        """The device begins to take. Thread: audio"""
        self._since_s = now_s

    def filled(self, now_s: float) -> None:
        """As much as wanted is there. Thread: audio"""
        self._was_full = True
        if (
            not self._is_fixed
            and self.samples > self._least_samples
            and now_s - self._since_s > self._patience_s
        ):
            self.samples = max(self._least_samples, self.samples // 2)
            self._since_s = now_s

    def ran_out(self, now_s: float) -> None:
        """The device had to go without. Thread: audio"""
        if self._is_fixed or not self._was_full:
            return
        self.samples = min(2 * self.samples, MOST_SAMPLES)
        self._patience_s = min(2.0 * max(PATIENCE_S, self._patience_s), MOST_PATIENCE_S)
        self._since_s, self._was_full = now_s, False
