"""Where in the ring the sound is now: as the device says while it lives, and by a clock of one's own while not."""

from collections.abc import Callable

from aijockey.music.grid import RATE_HZ

# A device takes a block every 1.3 to 43 ms; one that has been silent for this long is gone.
DEVICE_LOST_S = 0.3


class Pace:
    """The position that everything runs by. It never goes back.

    Parameters
    ----------
    now_ns : the monotonic clock.
    position : frame to begin at.
    """

    def __init__(self, now_ns: Callable[[], int], position: int) -> None:
        self._now_ns = now_ns
        self._seen_ns = now_ns()
        self._rest = 0.0
        self.position = position
        self.on_device = False

    def update(self, device_age_s: float, device_position: int, written: int) -> int:
        """The position now, at most ``written``.

        device_age_s : since the device last took a block; infinite where there is none.

        Thread: audio
        """
        now_ns = self._now_ns()
        passed_s, self._seen_ns = (now_ns - self._seen_ns) / 1e9, now_ns
        self.on_device = device_age_s < DEVICE_LOST_S
        if self.on_device:
            self.position = max(self.position, min(device_position, written))
            self._rest = 0.0
            return self.position
        frames = passed_s * RATE_HZ + self._rest
        self._rest = frames % 1.0
        # Where nothing is written the clock waits, as a device would that plays silence.
        self.position = min(self.position + int(frames), max(written, self.position))
        return self.position
