"""Audio files of any kind and length, decoded to 48 kHz into a file that is memory-mapped.

Read and resampled block by block, so that neither a broken header nor a set of five hours needs memory.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from aijockey.audio.files import AudioFileError
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

SOUNDFILE_SUFFIXES = frozenset(
    {
        ".wav",
        ".wave",
        ".aif",
        ".aiff",
        ".aifc",
        ".flac",
        ".mp3",
        ".ogg",
        ".oga",
        ".opus",
        ".w64",
        ".rf64",
        ".caf",
        ".au",
    }
)
FFMPEG_SUFFIXES = frozenset({".m4a", ".aac", ".mp4", ".wma", ".webm", ".mka", ".alac", ".ape", ".wv"})
AUDIO_SUFFIXES = SOUNDFILE_SUFFIXES | FFMPEG_SUFFIXES
BLOCK_FRAMES = 1 << 18
# What is left of a file that breaks off is still of use from here on.
LEAST_BROKEN_S = 1.0


@dataclass(frozen=True)
class Recording:
    """A decoded file.

    Attributes
    ----------
    audio : (channels, samples) float32 at 48 kHz, memory-mapped.
    seconds : exact length of the file in its own samples.
    warning : what was wrong with it ("breaks off after 12.0 s: ..."), or "".
    """

    audio: Float
    seconds: float
    warning: str = ""


def decode(path: Path, scratch: Path, channels: int) -> Recording:
    """Decode ``path`` into a file in the folder ``scratch``.

    ``channels`` : 1 mixes all channels down; 2 doubles mono and takes the first two of more.

    Raises
    ------
    AudioFileError : not audio, broken from the start, empty, or of a kind that needs ffmpeg where there is
        none.
    """
    if path.stat().st_size == 0:
        raise AudioFileError("the file is empty")
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        path = _convert(path, scratch)
    raw = scratch / "decoded.f32"
    frames, warning = 0, ""
    try:
        with soundfile.SoundFile(path) as file, raw.open("wb") as output:
            rate_hz = int(file.samplerate)
            resampler = soxr.ResampleStream(rate_hz, RATE_HZ, channels, dtype="float32", quality="HQ")
            try:
                for block in _blocks(file):
                    frames += len(block)
                    output.write(resampler.resample_chunk(_mix(block, channels)).tobytes())
            except soundfile.LibsndfileError as error:
                if frames < LEAST_BROKEN_S * rate_hz:
                    raise
                warning = f"breaks off after {frames / rate_hz:.1f} s ({error})"
            output.write(resampler.resample_chunk(np.zeros((0, channels), np.float32), last=True).tobytes())
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"cannot be decoded ({error})") from error
    if not frames:
        raise AudioFileError("holds no audio")
    # The file is (samples, channels), as it grew; everything else here is (channels, samples).
    audio = np.memmap(raw, dtype=np.float32, mode="r").reshape(-1, channels).T
    return Recording(audio, frames / rate_hz, warning)


def decode_circular(path: Path, scratch: Path, channels: int, context_s: float) -> tuple[Float, int]:
    """A file that is a loop, at 48 kHz with its own end before it and its beginning behind it.

    Returns
    -------
    (channels, samples) float32, and the sample in it where the loop begins.
    """
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        path = _convert(path, scratch)
    with soundfile.SoundFile(path) as file:
        rate_hz = int(file.samplerate)
        loop = np.concatenate([_mix(block, channels) for block in _blocks(file)])
    # A whole number of samples at both rates, so that the loop begins on one.
    context = int(np.ceil(context_s)) * rate_hz
    index = np.arange(-context, len(loop) + context) % len(loop)
    audio = soxr.resample(loop[index], rate_hz, RATE_HZ, quality="HQ")
    return np.ascontiguousarray(audio.T, dtype=np.float32), context // rate_hz * RATE_HZ


def _blocks(file: soundfile.SoundFile) -> Iterator[Float]:
    while True:
        block = file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
        if not len(block):
            return
        # A float file may hold anything.
        yield np.clip(np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0), -16.0, 16.0)


def _mix(block: Float, channels: int) -> Float:
    """(samples, any) -> (samples, channels)."""
    if channels == 1:
        return block.mean(axis=1, keepdims=True, dtype=np.float32)
    return np.repeat(block, 2, axis=1) if block.shape[1] == 1 else np.ascontiguousarray(block[:, :2])


def _convert(path: Path, scratch: Path) -> Path:
    """``path`` as a WAV file in ``scratch``, by ffmpeg."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioFileError(f"{path.suffix} needs ffmpeg, which is not installed; convert it to WAV or FLAC")
    output = scratch / "converted.wav"
    if output.exists():
        return output
    command = [
        program,
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-i",
        str(path.absolute()),
        "-vn",
        "-c:a",
        "pcm_f32le",
    ]
    done = subprocess.run([*command, "-f", "wav", str(output)], capture_output=True, text=True, check=False)
    if done.returncode or not output.is_file():
        raise AudioFileError(
            f"ffmpeg cannot decode it ({done.stderr.strip().splitlines()[-1:] or 'no word why'})"
        )
    return output
