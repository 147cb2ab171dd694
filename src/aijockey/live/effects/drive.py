"""Drive: a soft or hard knee that keeps the level."""

import numpy as np

from aijockey.live.effects.insert import Float, Gain, Place, mixed, wet_share

MOST_DB = 36.0
# A sound of this size keeps it, whatever the drive.
LEVEL = 0.25


class Drive:
    """``amount`` is the gain before the knee, 0 to 36 dB; ``tone`` goes from a soft knee to a hard one.

    (pedalboard's Distortion is the same hyperbolic tangent, but its drive steps from block to block.)
    """

    latency_samples = 0

    def prepare(self, channels: int) -> None:
        """Nothing to allocate."""

    def reset(self) -> None:
        """It remembers nothing."""

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        gain = 10.0 ** (MOST_DB / 20.0 * amount)
        driven = audio * np.float32(gain) if isinstance(gain, float) else audio * gain.astype(np.float32)
        bent = np.tanh(driven)
        kept = np.tanh(LEVEL * gain)
        if tone > 0.0:
            np.clip(driven, -1.0, 1.0, out=driven)
            driven -= bent
            driven *= np.float32(tone)
            bent += driven
            kept = kept + tone * (np.minimum(LEVEL * gain, 1.0) - kept)
        bent *= (LEVEL / kept).astype(np.float32)
        return mixed(audio, bent, wet_share(amount, 0.1))
