"""Which loops are the same again: a coarse picture of each, and the distance between pictures in dB.

The picture has a column for each sixteenth and 16 bands; two loops whose pictures differ by less than about
a dB everywhere sound alike, whatever their level. A sequencer that repeats a bar makes hundreds of such
loops.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aijockey.audio.onsets import HOP_SAMPLES, WINDOW_SAMPLES, band_matrix, power_spectrogram
from aijockey.music.grid import SIXTEENTH_SAMPLES

Float = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]

BANDS = 16
FLOOR_DB = -50.0
_BLOCK = 512


def fingerprint(audio: Float) -> Half:
    """Band levels of each sixteenth of a loop (channels, samples), in dB below its loudest: (cells,)."""
    power = power_spectrogram(audio.mean(axis=0), WINDOW_SAMPLES, HOP_SAMPLES) @ band_matrix(
        WINDOW_SAMPLES, BANDS
    )
    frames = SIXTEENTH_SAMPLES // HOP_SAMPLES
    # Sixteenths are the middles of the columns: an attack a millisecond early or late stays in its column.
    cells = np.roll(power, frames // 2, axis=0).reshape(-1, frames, BANDS).mean(axis=1)
    level_db = 10.0 * np.log10(cells / max(float(cells.max()), 1e-12) + 10.0 ** (FLOOR_DB / 10.0))
    return level_db.ravel().astype(np.float16)


def repeats(print_: Half, kept: Sequence[Half], threshold_db: float) -> bool:
    """Whether a loop is one of those ``kept`` again; ``threshold_db`` as in `find_duplicates`."""
    if not kept or threshold_db <= 0:
        return False
    distances = np.square(np.stack(kept).astype(np.float32) - print_.astype(np.float32)).mean(axis=1)
    return bool(distances.min() < threshold_db**2)


def find_duplicates(fingerprints: Half, threshold_db: float) -> npt.NDArray[np.int64]:
    """For each of (n, cells) fingerprints, the earlier one that it repeats, or -1: (n,).

    The distance is the root of the mean square difference. Only loops that are kept themselves count as
    originals, so a sound that changes slowly is not thinned to its first loop. ``threshold_db`` of 0 keeps
    all.
    """
    count = len(fingerprints)
    original = np.full(count, -1, dtype=np.int64)
    if threshold_db <= 0 or count < 2:
        return original
    prints = fingerprints.astype(np.float32)
    squares = np.einsum("ij,ij->i", prints, prints)
    limit = threshold_db**2 * prints.shape[1]
    for start in range(0, count, _BLOCK):
        block = slice(start, min(count, start + _BLOCK))
        distances = (
            squares[block, None] + squares[None, : block.stop] - 2.0 * prints[block] @ prints[: block.stop].T
        )
        for row in range(block.stop - start):
            index = start + row
            near = np.flatnonzero((distances[row, :index] < limit) & (original[:index] < 0))
            if len(near):
                original[index] = near[0]
    return original
