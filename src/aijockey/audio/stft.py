"""Short-time Fourier transforms of circular signals.

A loop has no first and last sample: frame ``t`` is centred on sample ``t * hop_samples`` and wraps around the
ends, so there are exactly ``samples / hop_samples`` frames and the transform of a rotated loop is the rotated
transform.
"""

import numpy as np
import numpy.typing as npt
import scipy.fft

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]


def hann(size: int) -> Float:
    """Periodic Hann window of ``size`` samples."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)


def frame_circular(audio: Float, size: int, hop_samples: int) -> Float:
    """Overlapping frames of a circular signal, as a read-only view where possible.

    Parameters
    ----------
    audio : (..., samples). The number of samples must be a multiple of ``hop_samples``.

    Returns
    -------
    (..., frames, size) with frame ``t`` centred on sample ``t * hop_samples``.

    Raises
    ------
    ValueError : the hop does not divide the signal.
    """
    samples = audio.shape[-1]
    if samples % hop_samples:
        raise ValueError(f"hop of {hop_samples} samples does not divide a loop of {samples} samples")
    before, after = size // 2, size - size // 2
    if max(before, after) <= samples:
        padded = np.concatenate([audio[..., samples - before :], audio, audio[..., :after]], axis=-1)
    else:  # a window longer than the loop sees it several times
        index = np.arange(-before, samples + after) % samples
        padded = audio[..., index]
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)
    frames: Float = windows[..., :samples:hop_samples, :]
    return frames


def stft_circular(audio: Float, size: int, hop_samples: int) -> Complex:
    """Hann-windowed spectrum of a circular signal: (..., samples) -> (..., size // 2 + 1, frames)."""
    frames = frame_circular(audio, size, hop_samples) * hann(size)
    spectrum = scipy.fft.rfft(frames, axis=-1)
    return np.swapaxes(spectrum, -1, -2).astype(np.complex64, copy=False)


def overlap_add_circular(frames: Float, hop_samples: int, window: Float | None = None) -> Float:
    """Sum centred frames, each times ``window``, into a circular signal: (..., frames, size) -> (..., frames *
    hop_samples).

    Raises
    ------
    ValueError : the frame size is not a multiple of the hop (which this fast path needs).
    """
    *lead, count, size = frames.shape
    if size % hop_samples:
        raise ValueError(f"frame of {size} samples is not a multiple of the hop of {hop_samples}")
    parts = size // hop_samples
    # Part p of frame t lands in hop slot t + p, less the hops before the centre: slices of parts, summed.
    slots = frames.reshape(*lead, count, parts, hop_samples)
    total = np.zeros((*lead, count, hop_samples), dtype=frames.dtype)
    shaped = np.empty_like(total) if window is not None else None
    before, rest = divmod(size // 2, hop_samples)
    for part in range(parts):
        each = slots[..., part, :]
        if window is not None:
            each = np.multiply(each, window[part * hop_samples : (part + 1) * hop_samples], out=shaped)
        turn = (part - before) % count
        total[..., turn:, :] += each[..., : count - turn, :]
        total[..., :turn, :] += each[..., count - turn :, :]
    signal = total.reshape(*lead, count * hop_samples)
    return np.roll(signal, -rest, axis=-1) if rest else signal


def istft_circular(spectrum: Complex, size: int, hop_samples: int) -> Float:
    """Inverse of `stft_circular`, by least squares: (..., bins, frames) -> (..., samples).

    Exact where the squared windows overlap to a non-zero sum, as they do when ``hop_samples <= size / 2``
    (Griffin and Lim 1984).
    """
    window = hann(size)
    # Squared windows overlap to the same sum in each hop, before the roll to the centre as after it.
    weight = np.square(window).reshape(-1, hop_samples).sum(axis=0)
    window = (window.reshape(-1, hop_samples) / np.maximum(weight, 1e-8)).reshape(-1)
    # Axes (..., bins, frames) -> (..., frames, bins): the FFT runs along the last.
    frames = scipy.fft.irfft(np.swapaxes(spectrum, -1, -2), n=size, axis=-1).astype(np.float32, copy=False)
    return overlap_add_circular(frames, hop_samples, window)
