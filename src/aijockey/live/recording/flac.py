"""A recording as FLAC, afterwards: checked against what was recorded before anything is removed."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from aijockey.audio.files import AudioFileError
from aijockey.live.recording.whole_file import write_whole

BLOCK_FRAMES = 1 << 18
STEP_24_BIT = 2.0**-23
# FLAC holds at most eight channels.
MOST_CHANNELS = 8


def to_flac(
    recording: Path,
    *,
    force: bool = False,
    remove: bool = False,
    progress: Callable[[int], None] = lambda frames: None,
) -> Path:
    """Write ``recording`` (WAV or RF64) beside itself as 24-bit FLAC and point its cue sheet there.

    The file appears under its name only when it is whole and was read back equal, to half a step of 24 bits;
    what was beyond full scale is cut off there.

    Parameters
    ----------
    force : overwrite a FLAC file that is there.
    remove : delete the recording after that.
    progress : called with frames done since the last call; each frame is done twice, written and read.

    Raises
    ------
    AudioFileError : not a recording, a failed write, or a file that reads back different.
    """
    target = recording.with_suffix(".flac")
    if not recording.is_file():
        raise AudioFileError(f"{recording}: no such file")
    if target == recording:
        raise AudioFileError(f"{recording}: is FLAC already")
    if target.exists() and not force:
        raise AudioFileError(f"{target}: exists already; --force overwrites it")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with soundfile.SoundFile(recording) as source:
            if source.channels > MOST_CHANNELS:
                raise AudioFileError(f"{recording}: {source.channels} channels; FLAC holds {MOST_CHANNELS}")
            with soundfile.SoundFile(
                partial, "w", source.samplerate, source.channels, subtype="PCM_24", format="FLAC"
            ) as made:
                for block in source.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):
                    made.write(np.clip(block, -1.0, 1.0))
                    progress(len(block))
            source.seek(0)
            _compare(source, partial, target, progress)
        os.replace(partial, target)
        sheet = recording.with_suffix(".cue")
        if sheet.is_file():
            text = sheet.read_text(encoding="utf-8")
            write_whole(sheet, text.replace(f'FILE "{recording.name}"', f'FILE "{target.name}"'))
        if remove:
            recording.unlink()
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioFileError(f"{recording}: cannot be made FLAC ({error})") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _compare(
    source: soundfile.SoundFile, partial: Path, target: Path, progress: Callable[[int], None]
) -> None:
    with soundfile.SoundFile(partial) as made:
        if made.frames != source.frames:
            raise AudioFileError(f"{target}: {made.frames} frames were written of {source.frames}")
        for block in source.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):
            back = made.read(len(block), dtype="float32", always_2d=True)
            if np.abs(back - np.clip(block, -1.0, 1.0)).max(initial=0.0) > 1.01 * STEP_24_BIT:
                raise AudioFileError(f"{target}: reads back different from {source.name}; is the disk sound?")
            progress(len(block))
