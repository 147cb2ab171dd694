"""Following beats that do not lie on one grid.

Dynamic programming after Ellis, "Beat Tracking by Dynamic Programming", 2007: the path of beats that meets
the most onset strength while its steps keep near the tempo. Changed: the tempo may move by up to 8 % from
window to window, and the beats found are smoothed, since a played onset is not the beat itself.
"""

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from aijockey.corpus.pulse import windows
from aijockey.corpus.rhythm import FRAMES_PER_SECOND, Rhythm

Doubles = npt.NDArray[np.float64]

TIGHTNESS = 300.0
REACH = 0.08
SMOOTH_BEATS = 4


def follow_beats(rhythm: Rhythm, bpm: float) -> Doubles:
    """Times of the beats of a recording that goes at about ``bpm`` and varies: seconds, (n,) ascending."""
    strength = rhythm.strength_db + 4.0 * rhythm.kick_strength
    strength = scipy.ndimage.gaussian_filter1d(strength.astype(np.float64), 1.5)
    strength /= max(float(strength.std()), 1e-9)
    periods = _local_periods(rhythm, bpm)
    total = strength.copy()
    before = np.full(len(strength), -1)
    longest = int(1.3 * periods.max())
    steps = np.arange(int(0.7 * periods.min()), longest + 1)
    log_steps = np.log(steps)
    for frame in range(longest, len(strength)):
        reached = total[frame - steps] - TIGHTNESS * (log_steps - np.log(periods[frame])) ** 2
        best = int(np.argmax(reached))
        if reached[best] > 0.0:
            total[frame] += reached[best]
            before[frame] = frame - steps[best]
    tail = max(0, len(strength) - longest)
    path = [tail + int(np.argmax(total[tail:]))]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return _smooth(np.array(path[::-1]) / FRAMES_PER_SECOND)


def _local_periods(rhythm: Rhythm, bpm: float) -> Doubles:
    """Length of a beat around each frame, in frames: the best of each window near ``bpm``, evened out."""
    size = 1 << 14
    tempi = bpm * np.linspace(1.0 - REACH, 1.0 + REACH, 81)
    middles, best = [], []
    for window in windows(rhythm.frames):
        part = rhythm.strength_db[window].astype(np.float64)
        spectrum = np.abs(scipy.fft.rfft(part - part.mean(), size))
        bins = tempi / 60.0 * size / FRAMES_PER_SECOND
        score = sum(np.interp(bins * multiple, np.arange(len(spectrum)), spectrum) for multiple in (1, 2, 4))
        middles.append((window.start + window.stop) / 2)
        best.append(tempi[int(np.argmax(score))])
    evened = scipy.ndimage.median_filter(np.array(best), 5, mode="nearest")
    return FRAMES_PER_SECOND * 60.0 / np.interp(np.arange(rhythm.frames), middles, evened)


def _smooth(times_s: Doubles) -> Doubles:
    """Each beat moved onto the straight line through its neighbours, four to either side."""
    count = len(times_s)
    smooth = times_s.copy()
    for beat in range(count):
        first, last = max(0, beat - SMOOTH_BEATS), min(count, beat + SMOOTH_BEATS + 1)
        if last - first >= 4:
            numbers = np.arange(first, last) - beat
            smooth[beat] = np.polyfit(numbers, times_s[first:last], 1)[1]
    return smooth
