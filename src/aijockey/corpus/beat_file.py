"""Beat files: when each beat of a recording is, as a person or another program has written it down.

A text file with a beat a line: the time in seconds and, in a second column if there is one, the beat's
number in its bar ("1" is a downbeat; "12.1" is bar 12, beat 1). Columns are parted by tabs, commas or
spaces, further ones are not read, and neither are lines that begin with "#".
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError

SIDECAR_SUFFIXES = (".beats.tsv", ".beats.csv", ".beats.txt", ".beats", ".txt")


class BeatFileError(AijockeyError):
    """A beat file that cannot be read; the text names file and line."""


@dataclass(frozen=True)
class WrittenBeats:
    """Beats as written: ``times_s`` (n,) ascending; ``numbers`` (n,) in the bar from 1, or None."""

    times_s: npt.NDArray[np.float64]
    numbers: npt.NDArray[np.int64] | None


def find_sidecar(audio: Path) -> Path | None:
    """The beat file that lies beside an audio file: SONG.beats.tsv, .beats.csv, .beats.txt, .beats or .txt.

    A SONG.txt counts only if it looks like one, since it may as well be the lyrics.
    """
    for suffix in SIDECAR_SUFFIXES:
        path = audio.with_name(audio.stem + suffix)
        if path.is_file() and (suffix != ".txt" or _looks_like_beats(path)):
            return path
    return None


def _looks_like_beats(path: Path) -> bool:
    try:
        return len(read_beats(path).times_s) >= 4
    except BeatFileError:
        return False


def read_beats(path: Path) -> WrittenBeats:
    """Read a beat file.

    Raises
    ------
    BeatFileError : missing, not text, a line without a time, times that do not ascend, or fewer than two
        beats.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BeatFileError(f"{path}: cannot be read ({error})") from error
    times: list[float] = []
    numbers: list[int | None] = []
    for place, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        columns = re.split(r"[\t,;\s]+", line.strip())
        try:
            time_s = float(columns[0])
        except ValueError as error:
            raise BeatFileError(f"{path}, line {place}: {columns[0]!r} is no time in seconds") from error
        if times and not time_s > times[-1]:
            raise BeatFileError(f"{path}, line {place}: {time_s} s does not come after {times[-1]} s")
        times.append(time_s)
        numbered = re.fullmatch(r"(?:\d+\.)?(\d{1,2})", columns[1]) if len(columns) > 1 else None
        numbers.append(int(numbered[1]) if numbered else None)
    if len(times) < 2:
        raise BeatFileError(f"{path}: holds {len(times)} beats; expected a time in seconds on each line")
    known = [number for number in numbers if number is not None]
    whole = len(known) == len(times) and 1 in known
    return WrittenBeats(np.array(times), np.array(known, dtype=np.int64) if whole else None)
