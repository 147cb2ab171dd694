"""Phaser, by pedalboard (JUCE)."""

from pedalboard import Phaser as LibraryPhaser

from aijockey.live.effects.insert import Float, Gain, Place, by_channel, mixed

SPEED_HZ = (0.05, 5.0)


class Phaser:
    """``amount`` mixes the turned sound in, up to notches at 1; ``tone`` is the speed, 0.05 to 5 Hz."""

    latency_samples = 0

    def prepare(self, channels: int) -> None:
        """Make the library's phasers."""
        self._phasers = [
            LibraryPhaser(SPEED_HZ[0], depth=0.6, centre_frequency_hz=900.0, feedback=0.3, mix=1.0)
            for _ in range(channels)
        ]
        self._tone = -1.0

    def reset(self) -> None:
        """Forget all sound."""
        for phaser in self._phasers:
            phaser.reset()

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        if tone != self._tone:
            self._tone = tone
            for phaser in self._phasers:
                phaser.rate_hz = SPEED_HZ[0] * (SPEED_HZ[1] / SPEED_HZ[0]) ** tone
        return mixed(audio, by_channel(self._phasers, audio), 0.5 * amount)
