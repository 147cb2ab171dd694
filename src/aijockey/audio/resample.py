"""Sample-rate conversion, by libsoxr."""

import numpy as np
import numpy.typing as npt
import soxr

Float = npt.NDArray[np.float32]


def resample(audio: Float, rate_hz: int, new_rate_hz: int) -> Float:
    """Convert ``audio`` (channels, samples) between sample rates, at libsoxr's high quality (linear phase)."""
    if rate_hz == new_rate_hz:
        return audio
    # soxr wants (samples, channels).
    return np.ascontiguousarray(
        soxr.resample(audio.T, rate_hz, new_rate_hz, quality="HQ").T, dtype=np.float32
    )
