"""One loop of one audio file, by the code that prepares a corpus: decode, find the beat, cut, stretch."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.audio.files import AudioFileError
from aijockey.corpus.beat_file import find_sidecar, read_beats
from aijockey.corpus.cut import (
    SEAM_SAMPLES,
    TEXTURE_SEAM_SAMPLES,
    Piece,
    conform,
    pieces_of_bars,
    pieces_without_tempo,
)
from aijockey.corpus.decode import decode, decode_circular
from aijockey.corpus.rhythm import listen
from aijockey.corpus.timing import find_timing

Float = npt.NDArray[np.float32]

MOST_SECONDS = 3600.0
SHORTEST_S = 0.25
_CIRCLE_CONTEXT_S = 1.0


@dataclass(frozen=True)
class OneLoop:
    """A loop cut from a file.

    Attributes
    ----------
    audio : (samples,) mono at 48 kHz and 120 BPM, a circle. bpm : tempo of the file there, None for a texture.
    tempo_from : how that is known ("given", "file name", "loop length", "onsets", "beat file", "none").
    start_s : where it begins in the file. pieces : how many loops the file would give.
    """

    audio: Float
    bpm: float | None
    tempo_from: str
    start_s: float
    pieces: int


def read_loop(
    path: Path, bars: int, *, bpm: float | None = None, start_s: float = 0.0, texture: bool = False
) -> OneLoop:
    """The first loop of ``bars`` bars in a file that begins at ``start_s`` or later (else the last one).

    Parameters
    ----------
    bpm : tempo of the file where the player states it. texture : take it as it is, without a beat.

    Raises
    ------
    AudioFileError : not audio, no tempo, silent, or too short; says what would help.
    """
    if not path.is_file():
        raise AudioFileError(f"{path}: no such file")
    with tempfile.TemporaryDirectory(prefix="aijockey-") as folder:
        scratch = Path(folder)
        try:
            recording = decode(path, scratch, 1)
        except AudioFileError as error:
            raise AudioFileError(f"{path}: {error}") from error
        seconds = recording.seconds
        if not SHORTEST_S <= seconds <= MOST_SECONDS:
            raise AudioFileError(
                f"{path}: {seconds:.2f} s; expected {SHORTEST_S} s to {MOST_SECONDS / 60:.0f} minutes"
            )
        rhythm = listen(recording.audio)
        if float(rhythm.power.max(initial=0.0)) < 1e-6:
            raise AudioFileError(f"{path}: is silent")
        sidecar = find_sidecar(path)
        written = read_beats(sidecar) if sidecar else None
        timing = None if texture else find_timing(rhythm, seconds, path.stem, bpm, written)
        if timing is None and not texture:
            raise AudioFileError(
                f"{path}: no tempo was found; --bpm states one, --texture takes it as sound without a beat"
            )
        pieces = pieces_of_bars(timing, bars) if timing else pieces_without_tempo(seconds, bars)
        if not pieces:
            at = f"at {timing.bpm:.1f} BPM" if timing else "without a beat"
            raise AudioFileError(
                f"{path}: {seconds:.2f} s {at} are too short for a loop of {bars} bars, or a part of it"
            )
        piece = next((piece for piece in pieces if piece.start_s >= start_s - 1e-6), pieces[-1])
        audio, origin = recording.audio, 0
        if timing is not None and timing.circular:
            audio, origin = decode_circular(path, scratch, 1, _CIRCLE_CONTEXT_S)
        loop = _conformed(path, audio, origin, piece, SEAM_SAMPLES if timing else TEXTURE_SEAM_SAMPLES)
        return OneLoop(
            loop,
            piece.bpm if timing else None,
            timing.found_by if timing else "none",
            piece.start_s,
            len(pieces),
        )


def _conformed(path: Path, audio: Float, origin: int, piece: Piece, seam_samples: int) -> Float:
    loop = np.array(conform(audio, origin, piece, seam_samples)[0], dtype=np.float32)
    if not np.abs(loop).max(initial=0.0) > 1e-4:
        raise AudioFileError(
            f"{path}: is silent from {piece.start_s:.2f} s on; --start takes another part of it"
        )
    return loop
