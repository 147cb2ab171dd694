import io
import struct
import zlib

import numpy as np
import pytest
import soundfile

from aijockey.evaluate.exhibits import encode_opus, encode_png, mel_picture
from aijockey.evaluate.goals import GOALS, verdict
from aijockey.evaluate.page import number


def decode_png(data: bytes) -> np.ndarray:
    """Palette places of our own kind of PNG, every checksum checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, {}
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(
            kind + content
        )
        chunks[kind] = content
        place += 12 + size
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert len(chunks[b"PLTE"]) == 3 * 256
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def test_a_png_holds_its_pixels(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (7, 11)).astype(np.uint8)
    np.testing.assert_array_equal(decode_png(encode_png(pixels)), pixels)


def test_a_mel_picture_has_low_bands_at_the_bottom_and_loud_ones_bright() -> None:
    mel = np.full((4, 6), np.log(1e-4), np.float32)
    mel[0] = 0.0
    pixels = decode_png(mel_picture(mel))
    assert (pixels[-1] > 250).all()
    assert (pixels[:-1] < 5).all()


def test_opus_keeps_length_and_clips_what_is_too_loud() -> None:
    loop = 1.5 * np.sin(2 * np.pi * 220 * np.arange(192_000) / 48_000).astype(np.float32)[None]
    found, rate_hz = soundfile.read(io.BytesIO(encode_opus(loop)))
    assert rate_hz == 48_000
    assert len(found) == 192_000
    assert 0.8 < np.abs(found).max() < 1.3


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("frechet_ratio", 1.5, "good"),
        ("frechet_ratio", 2.9, "fair"),
        ("frechet_ratio", 3.1, "poor"),
        ("coverage", 0.9, "good"),
        ("coverage", 0.5, "poor"),
        ("frequency_detail", 0.7, "fair"),
        ("on_grid_gap", -0.05, "fair"),
        ("frechet", 7.0, ""),
    ],
)
def test_marks_follow_the_table(name: str, value: float, expected: str) -> None:
    assert verdict(name, value) == expected
    assert name in GOALS or not expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (3.0, "3"), (0.12345, "0.123"), (1234.56, "1235"), (-16.04, "-16"), (0.00001, "1e-05")],
)
def test_numbers_are_short(value: float | None, shown: str) -> None:
    assert number(value) == shown
