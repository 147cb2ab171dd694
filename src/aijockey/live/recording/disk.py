"""How long the disk lasts, said long before it matters."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["ok", "low", "urgent", "full"]

# What a recording leaves free, so that sets, logs and the system itself can go on writing.
RESERVE_BYTES = 64 << 20
# Level -> it is said when the recording has less than so many minutes left; the first that holds.
LEVELS: dict[Level, float] = {"full": 0.0, "urgent": 10.0, "low": 60.0}


@dataclass(frozen=True)
class DiskState:
    """What is free at a place, and for how many minutes at the present rate."""

    free_bytes: int
    minutes_left: float
    level: Level

    def describe(self) -> str:
        """One line for people; empty while all is well."""
        if self.level == "ok":
            return ""
        if self.level == "full":
            return "the disk is full; only the recording stops"
        return f"the disk is full in {self.minutes_left:.0f} min at this rate; free some space"


class DiskWatch:
    """Looks at the disk that ``folder`` lies on.

    Parameters
    ----------
    free_bytes : asks the system; tests put another in its place.
    """

    def __init__(
        self,
        folder: Path,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.folder, self._reserve_bytes, self._free_bytes = folder, reserve_bytes, free_bytes

    def look(self, bytes_per_second: int) -> DiskState:
        """The state of the disk for a recording of ``bytes_per_second``. Thread: any but audio

        Raises
        ------
        OSError : the folder is gone.
        """
        free = self._free_bytes(self.folder)
        minutes = max(0.0, (free - self._reserve_bytes) / max(1, bytes_per_second) / 60.0)
        if free <= self._reserve_bytes:
            return DiskState(free, 0.0, "full")
        level: Level = next((name for name, below in LEVELS.items() if minutes < below), "ok")
        return DiskState(free, minutes, level)
