"""Audible change to angle: how far a walk goes in a bar so that equal paces sound equally fast in every voice."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from aijockey.pack.manifest import Manifest


@dataclass(frozen=True)
class Pace:
    """A voice's curve of change over angle, both rising from 0.

    angles_rad, changes_db : as `aijockey.pack.manifest.PaceSpec`.
    """

    angles_rad: tuple[float, ...]
    changes_db: tuple[float, ...]

    def angle_rad(self, change_db: float) -> float:
        """The angle between two latents whose loops differ by ``change_db``, 0 or more; beyond the curve's end at most
        its last angle, where more of an angle hardly changes more.
        """
        if change_db <= 0.0:
            return 0.0
        place = bisect_left(self.changes_db, change_db)
        if place == len(self.changes_db):
            return self.angles_rad[-1]
        low_db, low_rad = (self.changes_db[place - 1], self.angles_rad[place - 1]) if place else (0.0, 0.0)
        share = (change_db - low_db) / (self.changes_db[place] - low_db)
        return low_rad + share * (self.angles_rad[place] - low_rad)


# For voices that were not measured: about the mean of the default pack's.
USUAL_PACE = Pace((0.1, 0.2, 0.4, 0.8), (0.85, 1.68, 3.31, 6.27))


def paces_of(manifest: Manifest) -> dict[str, Pace]:
    """Paces of the voices of a pack that were measured, by name."""
    return {
        voice.name: Pace(voice.pace.angles_rad, voice.pace.changes_db)
        for voice in manifest.voices
        if voice.pace is not None
    }


def pace_of(voice: str, paces: Mapping[str, Pace]) -> Pace:
    """Pace of a voice, or the usual one."""
    return paces.get(voice, USUAL_PACE)
