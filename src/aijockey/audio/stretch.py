"""Time-stretch of recordings and loops to an exact number of samples, by Signalsmith Stretch.

Attacks stay within a millisecond of where they belong (measured with noise bursts at factors from 0.5 to 2).
What is cut from a recording is stretched together with what surrounds it, so that its ends sound like its
middle.
"""

import numpy as np
import numpy.typing as npt
from python_stretch import Signalsmith

from aijockey.music.grid import RATE_HZ

Float = npt.NDArray[np.float32]

# Signalsmith looks at 120 ms; twice that on each side and its edges are gone.
CONTEXT_S = 0.25
SEED = 1


def stretch_part(
    audio: Float, start: float, stop: float, samples: int, rate_hz: int = RATE_HZ, seam_samples: int = 0
) -> Float:
    """The part of a recording from ``start`` to ``stop``, stretched to exactly ``samples`` samples.

    Parameters
    ----------
    audio : (channels, n), may be memory-mapped; only the part and its surroundings are read.
    start, stop : where it begins and ends, in samples of ``audio``; fractions are taken to the nearest
        sample. Outside the recording is silence.
    seam_samples : that many last samples are cross-faded into what precedes ``start``, so that the end leads
        into the beginning and the part can be repeated without a click. 0 leaves them.

    Returns
    -------
    (channels, samples) float32.

    Raises
    ------
    ValueError : ``stop`` is not after ``start``, or the seam is longer than the context that is stretched
        along.
    """
    if not stop > start or samples < 1:
        raise ValueError(f"part from {start} to {stop} to {samples} samples: expected a positive length")
    context = round(CONTEXT_S * rate_hz)
    if not 0 <= seam_samples <= min(context, samples):
        raise ValueError(f"seam of {seam_samples} samples; expected 0 to {min(context, samples)}")
    factor = (stop - start) / samples
    if abs(stop - start - samples) < 1.0:
        begin = round(start)
        whole = _read(audio, begin - context, begin + samples)
    else:
        # One long piece: context, part, (context): their lengths after stretching are exact.
        length = context + samples + context
        begin, end = round(start - context * factor), round(stop + context * factor)
        stretcher = Signalsmith.Stretch(SEED)
        stretcher.preset(audio.shape[0], rate_hz)
        stretcher.timeFactor = (end - begin) / length
        whole = np.asarray(stretcher.process(_read(audio, begin, end)), dtype=np.float32)
    before, part = whole[:, :context], whole[:, context : context + samples].copy()
    if seam_samples:
        # Linear, so that where both are the same (a loop that was one already) nothing changes.
        fade = np.linspace(0.0, 1.0, seam_samples, dtype=np.float32)
        part[:, -seam_samples:] += fade * (before[:, context - seam_samples :] - part[:, -seam_samples:])
    return part


def stretch_circular(audio: Float, samples: int, rate_hz: int = RATE_HZ, seam_samples: int = 480) -> Float:
    """A loop (channels, n) stretched to exactly ``samples`` samples: still a loop, without a seam."""
    context = int(2 * CONTEXT_S * rate_hz * max(1.0, audio.shape[1] / samples)) + 1
    index = np.arange(-context, audio.shape[1] + context) % audio.shape[1]
    return stretch_part(
        audio[:, index], context, context + audio.shape[1], samples, rate_hz, min(seam_samples, samples)
    )


def _read(audio: Float, begin: int, end: int) -> Float:
    """Samples ``begin`` to ``end`` of a recording, silence where it has none."""
    inside = np.asarray(audio[:, max(0, begin) : max(0, end)], dtype=np.float32)
    missing = end - begin - inside.shape[1]
    before = min(max(0, -begin), end - begin)
    return np.pad(inside, ((0, 0), (before, missing - before)))
