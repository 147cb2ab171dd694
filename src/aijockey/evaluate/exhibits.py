"""Pictures and sounds for the report: small enough to travel inside one page."""

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soundfile

from aijockey.evaluate.material import LOG_MEL, fit_length, to_mono
from aijockey.evaluate.sources import Source
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

RANGE_DB = 80.0
# Dark to bright through violet and orange, near to matplotlib's magma; evenly brighter as it goes.
COLOURS = ((0, 0, 4), (40, 17, 89), (101, 26, 128), (158, 47, 127), (212, 72, 102), (245, 125, 97), (254, 191,
132),
           (252, 253, 191))  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """One loop to be seen and heard: title, PNG of its log-mel, Ogg/Opus of its sound in mono."""

    title: str
    picture: bytes
    sound: bytes
    seconds: float


@dataclass(frozen=True)
class TileJob:
    """Tiles of all loops of a source. ``rolls`` turns each back by so many 64ths, so that copies line up."""

    source: Source
    bars: int
    rolls: Sequence[int] | None = None

    def __call__(self) -> list[Tile]:
        """Do it."""
        tiles = []
        rolls = self.rolls or [0] * len(self.source.names)
        for name, roll, audio in zip(self.source.names, rolls, self.source.audio(), strict=True):
            fitted = fit_length(audio, self.bars)
            turned = np.roll(fitted, roll * fitted.shape[1] // 64, axis=1)
            mono = to_mono(turned)
            picture = mel_picture(LOG_MEL.encode(mono))
            tiles.append(Tile(name, picture, encode_opus(mono[None]), len(mono) / RATE_HZ))
        return tiles


def mel_picture(mel: Float) -> bytes:
    """PNG of a log-mel (bands, frames): low notes at the bottom, the top 80 dB below full scale to 0 dB."""
    level = np.clip(1.0 + mel * (20.0 / np.log(10.0)) / RANGE_DB, 0.0, 1.0)
    # 64 shades look the same and are half the size.
    return encode_png((level[::-1] * 63).astype(np.uint8) * 4)


def map_picture(values: Float, scale: float) -> bytes:
    """PNG of any (rows, columns) of numbers from 0 to ``scale``; the first row at the bottom."""
    level = np.clip(values / max(scale, 1e-9), 0.0, 1.0)
    return encode_png((level[::-1] * 255).astype(np.uint8))


def encode_png(pixels: Bytes) -> bytes:
    """PNG with a palette of 256 colours (ISO/IEC 15948): pixels (height, width) are places in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape
    places = np.linspace(0.0, len(COLOURS) - 1.0, 256)
    table = np.array(COLOURS, dtype=np.float64)
    palette = np.stack([np.interp(places, np.arange(len(COLOURS)), table[:, c]) for c in range(3)], axis=1)
    # Every row begins with its filter, 0 for none.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels], axis=1).tobytes()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", palette.round().astype(np.uint8).tobytes())
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def encode_opus(audio: Float) -> bytes:
    """Ogg/Opus of (channels, samples) at 48 kHz, about 30 kB for four seconds of mono; what is beyond full
    scale is cut.
    """
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        samplerate=RATE_HZ,
        channels=audio.shape[0],
        format="OGG",
        subtype="OPUS",
        compression_level=0.8,
    ) as file:
        file.write(np.clip(audio, -1.0, 1.0).T)
    return buffer.getvalue()
