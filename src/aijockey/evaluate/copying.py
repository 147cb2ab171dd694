"""Does a generator copy its training set? Nearest neighbours, with rolled and louder copies counted as
copies.

A loop becomes a picture of 24 bands by 64 moments (half a sixteenth each), taken relative to its own level,
so that a gain changes nothing. The distance between two loops is the smallest over all 64 circular rolls of
one of them, found exactly: the sum of products over every roll at once is a correlation, which is a product
of spectra.

The yardstick is how near *held-out real loops* come to the training set. A ratio of 1 means that generated
loops are as new as unseen real ones; 0 that they are training loops.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.evaluate.intervals import Figure, percentile_figure
from aijockey.evaluate.views import level_mels, pool_bands

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]

BANDS = 24
MOMENTS = 64
BLOCK = 64


@dataclass(frozen=True)
class Nearest:
    """For each loop its nearest training loop.

    Attributes
    ----------
    distance : (loops,), 0 for a copy; two unrelated loops of a varied set are about 1.4 apart.
    index : (loops,) which training loop. roll : (loops,) by how many 64ths of the loop it is rolled.
    """

    distance: npt.NDArray[np.float64]
    index: npt.NDArray[np.intp]
    roll: npt.NDArray[np.intp]


def copying_pictures(mels: Float) -> Float:
    """Pictures of log-mels (loops, bands, frames) for `TrainingSet`: (loops, 24, 64). Small enough to
    keep.
    """
    pooled = pool_bands(level_mels(mels), BANDS)
    loops, bands, frames = pooled.shape
    return pooled.reshape(loops, bands, MOMENTS, frames // MOMENTS).mean(axis=3)


class TrainingSet:
    """Training loops, ready to be searched.

    Parameters
    ----------
    pictures : (loops, 24, 64) as `copying_pictures` gives them.
    """

    def __init__(self, pictures: Float) -> None:
        if not len(pictures):
            raise ValueError("copying cannot be judged against no training loops")
        self._mean = pictures.mean(axis=(0, 2), keepdims=True)
        # One scale for all bands: a loud register matters as it sounds. Unrelated loops are then sqrt(2)
        # apart.
        centred = pictures - self._mean
        self._scale = float(np.sqrt(np.square(centred, dtype=np.float64).sum(axis=(1, 2)).mean())) or 1.0
        self._spectra, self._power = self._transform(pictures)

    def _transform(self, pictures: Float) -> tuple[Complex, npt.NDArray[np.float64]]:
        points = (pictures - self._mean) / self._scale
        # (loops, bands, bins) -> (bins, loops, bands): one matrix product a bin.
        spectra = np.ascontiguousarray(scipy.fft.rfft(points, axis=2).transpose(2, 0, 1)).astype(np.complex64)
        return spectra, np.square(points, dtype=np.float64).sum(axis=(1, 2))

    def nearest(self, pictures: Float, *, not_itself: bool = False) -> Nearest:
        """The nearest training loop of each picture (loops, 24, 64), over all rolls.

        ``not_itself`` : the pictures are the training loops in their order, and each looks for another.
        """
        distance = np.empty(len(pictures))
        index, roll = np.empty(len(pictures), np.intp), np.empty(len(pictures), np.intp)
        for start in range(0, len(pictures), BLOCK):
            part = slice(start, start + BLOCK)
            spectra, power = self._transform(pictures[part])
            # correlation[roll] = sum over bands and moments of loop[t] * train[t - roll]
            cross = np.matmul(spectra, self._spectra.conj().transpose(0, 2, 1))
            correlation = scipy.fft.irfft(cross, MOMENTS, axis=0)
            best_roll = correlation.argmax(axis=0)
            best = np.take_along_axis(correlation, best_roll[None], axis=0)[0]
            square = power[:, None] + self._power[None, :] - 2.0 * best
            rows = np.arange(len(square))
            if not_itself:
                square[rows, rows + start] = np.inf
            found = square.argmin(axis=1)
            distance[part] = np.sqrt(np.maximum(square[rows, found], 0.0))
            index[part], roll[part] = found, best_roll[rows, found]
        return Nearest(distance, index, roll)


@dataclass(frozen=True)
class Copying:
    """What the comparison says.

    Attributes
    ----------
    ratio : median distance of generated loops to their nearest training loop over that of held-out loops.
    closest_ratio : the same of the nearest hundredth of each (at least one loop).
    suspicious : share of generated loops nearer to the training set than 99 % of held-out loops are; 0.01 by
        chance.
    pairs : indices of the ten generated loops nearest to a training loop, nearest first.
    """

    ratio: Figure
    closest_ratio: float
    suspicious: Figure
    pairs: tuple[int, ...]


def judge_copying(
    generated: Nearest, held_out: Nearest, rng: np.random.Generator, repeats: int = 1000
) -> Copying:
    """Compare how near two sets come to the training set; intervals by bootstrap over both sets."""
    fake, real = np.sort(generated.distance), np.sort(held_out.distance)
    floor = 1e-3  # held-out loops that are themselves copies must not divide by zero
    ratios, shares = [], []
    for _ in range(repeats):
        drawn_fake = fake[rng.integers(len(fake), size=len(fake))]
        drawn_real = real[rng.integers(len(real), size=len(real))]
        ratios.append(np.median(drawn_fake) / max(np.median(drawn_real), floor))
        shares.append(np.mean(drawn_fake < np.quantile(drawn_real, 0.01)))
    value = float(np.median(fake) / max(np.median(real), floor))
    share = float(np.mean(fake < np.quantile(real, 0.01)))
    return Copying(
        percentile_figure(value, ratios, len(fake)),
        float(fake[: max(1, len(fake) // 100)].mean() / max(real[: max(1, len(real) // 100)].mean(), floor)),
        percentile_figure(share, shares, len(fake)),
        tuple(int(i) for i in np.argsort(generated.distance, kind="stable")[:10]),
    )
