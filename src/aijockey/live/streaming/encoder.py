"""Sound to the bytes of a stream: Opus and FLAC in Ogg, or MP3, by PyAV."""

from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from aijockey.errors import MissingExtraError
from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]
StreamFormat = Literal["opus", "mp3", "flac"]

# Format -> container, codec, sample format of the codec, MIME type, options of the container.
# Ogg gathers a second into a page unless told; listeners would wait for it.
_OGG = {"page_duration": "200000", "flush_packets": "1"}
FORMATS: dict[StreamFormat, tuple[str, str, str, str, dict[str, str]]] = {
    "opus": ("ogg", "libopus", "flt", "audio/ogg", _OGG),
    "mp3": ("mp3", "libmp3lame", "fltp", "audio/mpeg", {"write_xing": "0", "id3v2_version": "0"}),
    "flac": ("ogg", "flac", "s32", "audio/ogg", _OGG),
}


class _Sink:
    """What PyAV writes into: gathers bytes until they are taken; it cannot seek, as a stream cannot."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class Encoder:
    """One stream from its headers on; a new connection needs a new one.

    Parameters
    ----------
    bitrate_kbps : of Opus and MP3; FLAC takes what it needs.
    metadata : such as ``title`` and ``artist``, written into the headers where the format has them (Ogg).

    Raises
    ------
    MissingExtraError : PyAV is not installed.

    Thread: one, not audio
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        *,
        channels: int = 2,
        bitrate_kbps: int = 192,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self._av = load_av()
        container, codec, self._sample_format, _, options = FORMATS[stream_format]
        self._layout = "stereo" if channels == 2 else "mono"
        self._sink = _Sink()
        self._container: Any = self._av.open(self._sink, "w", format=container, options=options)
        self._stream: Any = self._container.add_stream(codec, rate=RATE_HZ, layout=self._layout)
        self._stream.codec_context.format = self._sample_format
        if stream_format == "flac":
            self._stream.codec_context.options = {"compression_level": "5"}
        else:
            self._stream.bit_rate = 1000 * bitrate_kbps
        for target in (self._container, self._stream):
            target.metadata.update(metadata or {})
        self._samples = 0

    def encode(self, audio: Float) -> bytes:
        """Bytes that are ready after ``audio`` (channels, samples), headers first; often none."""
        frame = self._av.AudioFrame.from_ndarray(
            # Packed for PyAV: one row, channels interleaved.
            np.ascontiguousarray(np.clip(audio, -1.0, 1.0).T, dtype=np.float32).reshape(1, -1),
            format="flt",
            layout=self._layout,
        )
        frame.sample_rate = RATE_HZ
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE_HZ)
        self._samples += audio.shape[1]
        self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def close(self) -> bytes:
        """The last bytes; the stream is over."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


def load_av() -> Any:
    """PyAV.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("av (PyAV)", "stream") from error
    return av
