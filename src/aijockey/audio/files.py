"""Audio files in and out, with errors that name the file, and writes that never leave half a file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import soundfile

from aijockey.errors import AijockeyError
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

READ_BLOCK_FRAMES = 1 << 20
FORMATS = {
    ".wav": ("WAV", "FLOAT"),
    ".flac": ("FLAC", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
}


class AudioFileError(AijockeyError):
    """A file that cannot be read or written as audio; the text names it."""


def read_audio(path: Path) -> tuple[Float, int]:
    """All of an audio file that can be decoded.

    Files are read block by block, since a header may claim any length and some files break half-way: what was
    decoded before the break is kept if it is at least a second.

    Returns
    -------
    audio (channels, samples) and its rate in Hz.

    Raises
    ------
    AudioFileError : missing, not audio, empty, or broken from the start.
    """
    if not path.is_file():
        raise AudioFileError(f"{path}: no such file")
    blocks: list[Float] = []
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz = int(file.samplerate)
            try:
                blocks.extend(_blocks(file))
            except soundfile.LibsndfileError:
                if sum(len(block) for block in blocks) < rate_hz:
                    raise
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"{path}: cannot be decoded ({error}); is it an audio file?") from error
    if not blocks:
        raise AudioFileError(f"{path}: holds no audio")
    # Files interleave, (samples, channels); everything else here is (channels, samples).
    return np.ascontiguousarray(np.concatenate(blocks).T), rate_hz


def _blocks(file: soundfile.SoundFile) -> Iterator[Float]:
    while True:
        block = file.read(READ_BLOCK_FRAMES, dtype="float32", always_2d=True)
        if not len(block):
            return
        yield cast(Float, block)


def write_audio(path: Path, audio: Float, rate_hz: int = RATE_HZ) -> None:
    """Write ``audio`` (channels, samples) as its suffix says: .wav (32-bit float), .flac (24 bit), .ogg.

    The file appears under its name only when it is whole.

    Raises
    ------
    AudioFileError : unknown suffix, missing folder, or a failed write.
    """
    if path.suffix.lower() not in FORMATS:
        raise AudioFileError(f"{path}: unknown format '{path.suffix}'; expected one of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise AudioFileError(f"{path}: the folder {path.parent} does not exist")
    container, subtype = FORMATS[path.suffix.lower()]
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with soundfile.SoundFile(
            partial, "w", samplerate=rate_hz, channels=audio.shape[0], format=container, subtype=subtype
        ) as file:
            # libsndfile's Vorbis encoder overflows its stack on very long single writes.
            for start in range(0, audio.shape[1], rate_hz):
                file.write(audio[:, start : start + rate_hz].T)
        os.replace(partial, path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioFileError(f"{path}: cannot be written ({error})") from error
    finally:
        partial.unlink(missing_ok=True)
