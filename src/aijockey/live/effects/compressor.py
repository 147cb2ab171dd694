"""Compressor, by pedalboard (JUCE): one knob presses more and keeps the level."""

from pedalboard import Compressor as LibraryCompressor

from aijockey.live.effects.insert import Float, Gain, Place, by_channel, mixed, wet_share

THRESHOLD_DB = -24.0
RATIO = 4.0
ATTACK_MS = 8.0
RELEASE_MS = (30.0, 500.0)
# The knob moves the sound against a fixed threshold, since a moving threshold would step from block to block:
# from 9 dB below its own level to 15 dB above. A sound of -15 dBFS keeps its level all the way.
LEAST_DB, SPAN_DB = -9.0, 24.0


class Compressor:
    """Ratio 4:1; ``amount`` drives the sound into the threshold, ``tone`` is the release, 30 to 500 ms."""

    latency_samples = 0

    def prepare(self, channels: int) -> None:
        """Make the library's compressors."""
        self._compressors = [
            LibraryCompressor(THRESHOLD_DB, RATIO, ATTACK_MS, RELEASE_MS[0]) for _ in range(channels)
        ]
        self._tone = -1.0

    def reset(self) -> None:
        """Forget all sound."""
        for compressor in self._compressors:
            compressor.reset()

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        if tone != self._tone:
            self._tone = tone
            for compressor in self._compressors:
                compressor.release_ms = RELEASE_MS[0] * (RELEASE_MS[1] / RELEASE_MS[0]) ** tone
        driven = audio * 10.0 ** ((LEAST_DB + SPAN_DB * amount) / 20.0)
        pressed = by_channel(self._compressors, driven)
        back_db = -LEAST_DB - SPAN_DB * amount / RATIO
        return mixed(audio, pressed * 10.0 ** (back_db / 20.0), wet_share(amount, 0.1))
