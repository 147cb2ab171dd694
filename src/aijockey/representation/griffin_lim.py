"""Sound from a mel without a trained network: the yardstick that vocoders are measured against.

First the magnitude of a spectrum whose bands have the wanted energy, then a phase that agrees with itself, by
alternating projections (Griffin and Lim 1984) with momentum (Perraudin, Balazs and Soendergaard 2013).
Everything is circular.
"""

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse

from aijockey.audio.stft import frame_circular, hann, overlap_add_circular
from aijockey.representation.mel import MelConfig, filterbank

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]


class GriffinLim:
    """Mel -> audio in ``iterations`` rounds.

    The transform has the mel's own hop and window; frames are zero-padded to a whole number of hops, which
    overlap-add needs. Phase starts random, the same for each loop and each call, so the result is too.
    """

    ITERATIONS = 32
    MOMENTUM = 0.99
    # More rounds change the bands' energies by less than 0.1 dB.
    MAGNITUDE_ROUNDS = 20

    def __init__(self, config: MelConfig, iterations: int = ITERATIONS, seed: int = 0) -> None:
        self.config = config
        self.iterations = iterations
        self.seed = seed
        hop = config.hop_samples
        self._size = -(-config.window_samples // hop) * hop
        before = (self._size - config.window_samples) // 2
        self._window = np.zeros(self._size, dtype=np.float32)
        self._window[before : before + config.window_samples] = hann(config.window_samples)
        # Squared windows overlap to the same sum in each hop.
        self._weight = np.roll(np.square(self._window).reshape(-1, hop).sum(axis=0), -(self._size // 2) % hop)
        # Each bin belongs to two bands at most.
        padded = MelConfig(
            config.rate_hz, hop, self._size, config.bands, config.low_hz, config.high_hz, config.floor
        )
        self._filters = scipy.sparse.csr_array(filterbank(padded))

    def decode(self, mel: Float) -> Float:
        """Loops of natural-log mels: (batch, bands, frames) -> (batch, samples). Thread: any but audio."""
        return self.audio_of_magnitude(self.magnitude(mel))

    def magnitude(self, mel: Float) -> Float:
        """Magnitudes whose bands have the energy that ``mel`` says: (batch, bins, frames).

        Non-negative least squares by multiplicative updates (Lee and Seung 2001), which from a positive start
        stay positive, where a pseudo-inverse would make negative energies to be cut off.
        """
        batch, bands, frames = mel.shape
        scale = self.config.window_samples / 4.0
        amplitude = np.maximum(np.exp(mel) - self.config.floor, 0.0) * scale
        # (batch, bands, frames) -> (bands, batch * frames): one sparse product for all.
        energy = np.square(amplitude).transpose(1, 0, 2).reshape(bands, batch * frames)
        back = self._filters.T.tocsr()
        wanted = back @ energy
        total = np.asarray(back.sum(axis=1)).reshape(-1, 1)
        power = wanted / np.maximum(total, 1e-6)
        for _ in range(self.MAGNITUDE_ROUNDS):
            power *= wanted / np.maximum(back @ (self._filters @ power), 1e-12)
        bins = power.shape[0]
        return np.sqrt(power).reshape(bins, batch, frames).transpose(1, 0, 2).astype(np.float32)

    def audio_of_magnitude(self, magnitude: Float) -> Float:
        """A signal whose spectrum nearly has this magnitude: (batch, bins, frames) -> (batch, samples)."""
        _, bins, frames = magnitude.shape
        # (batch, bins, frames) -> (batch, frames, bins): the FFT runs along the last axis.
        wanted = np.ascontiguousarray(np.swapaxes(magnitude, -1, -2))
        angle = np.random.default_rng(self.seed).uniform(-np.pi, np.pi, (frames, bins))
        spectrum: Complex = wanted * np.exp(1j * angle).astype(np.complex64)
        before = np.zeros_like(spectrum)
        for _ in range(self.iterations):
            agreed = self._analyse(self._synthesize(spectrum))
            spectrum = agreed + np.float32(self.MOMENTUM) * (agreed - before)
            before = agreed
            spectrum *= wanted / np.maximum(np.abs(spectrum), 1e-12)
        return self._synthesize(spectrum)

    def _analyse(self, audio: Float) -> Complex:
        frames = frame_circular(audio, self._size, self.config.hop_samples) * self._window
        spectrum: Complex = scipy.fft.rfft(frames, axis=-1)
        return spectrum

    def _synthesize(self, spectrum: Complex) -> Float:
        frames = scipy.fft.irfft(spectrum, n=self._size, axis=-1)
        frames *= self._window
        audio = overlap_add_circular(frames, self.config.hop_samples)
        hops = audio.reshape(len(audio), -1, self.config.hop_samples)
        return np.asarray((hops / self._weight).reshape(audio.shape), dtype=np.float32)
