"""The noise of seeds: what every latent begins with."""

import hashlib

import numpy as np
import numpy.typing as npt
import scipy.special

from aijockey.live.points import SEEDS

Float = npt.NDArray[np.float32]


def voice_noise(voice: str, seed: int, count: int) -> Float:
    """``count`` standard normal numbers that belong to ``voice`` and ``seed``, for good.

    The counter-based generator Philox4x64-10 (Salmon et al. 2011) with the key (first 8 bytes of the SHA-256
    of the voice's name, little-endian; seed), its words' upper 53 bits made uniform and sent through the
    normal quantile function. NumPy promises the stream of its bit generators but not its normal variates,
    hence our own last step.

    Raises
    ------
    ValueError : the seed is not in 0 .. 2^64 - 1.
    """
    if not 0 <= seed < SEEDS:
        raise ValueError(f"seed {seed} is out of range; expected 0 to {SEEDS - 1}")
    voice_key = int.from_bytes(hashlib.sha256(voice.encode()).digest()[:8], "little")
    words = np.random.Philox(key=np.array([voice_key, seed], dtype=np.uint64)).random_raw(count)
    uniform = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return scipy.special.ndtri(uniform).astype(np.float32)
