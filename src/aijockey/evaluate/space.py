"""From the groups of a view to few dimensions in which distributions can be compared.

A Frechet distance between 200 loops in 500 dimensions says nothing: the covariances are not full rank and the
bias for the sample size drowns the value. So each group is scaled to the same total variance (a group is one
statement, however many numbers it takes), the view is reduced to its `DIMS` strongest principal components
*of the real material*, and one more dimension, the distance from that subspace, catches whatever real
material never does (noise, wrong tuning).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

DIMS = 24


@dataclass(frozen=True)
class ViewSpace:
    """An affine map, fitted to real loops, from the groups of one view to points.

    Attributes
    ----------
    scale : group -> the number that every feature of it is divided by.
    mean : (features,) of the scaled groups in the order of ``scale``.
    components : (dims, features), orthonormal rows.
    explained : share of real variance inside the components, 0 to 1.
    """

    scale: dict[str, float]
    mean: Float
    components: Float
    explained: float

    @classmethod
    def fit(cls, groups: Mapping[str, Float], dims: int = DIMS) -> "ViewSpace":
        """Fit to the groups of real loops, each (loops, features), at least two loops.

        After it the total variance of the real points is about 1, so a Frechet distance is in shares of the
        variety that real material has: 0.1 is a tenth of it.

        Raises
        ------
        ValueError : fewer than two loops.
        """
        count = len(next(iter(groups.values())))
        if count < 2:
            raise ValueError(f"a space needs at least 2 real loops, {count} came")
        scale = {}
        for name, values in groups.items():
            variance = float(values.var(axis=0, dtype=np.float64).sum())
            # A group that never varies in real material keeps a small scale, so that leaving it is seen.
            scale[name] = float(np.sqrt(max(variance, 1e-4) * len(groups)))
        points = np.concatenate([groups[name] / scale[name] for name in scale], axis=1).astype(np.float64)
        mean = points.mean(axis=0)
        _, singular, rows = np.linalg.svd(points - mean, full_matrices=False)
        kept = min(dims, len(singular), max(1, count // 4))
        power = np.square(singular)
        explained = float(power[:kept].sum() / max(power.sum(), 1e-12))
        return cls(scale, mean.astype(np.float32), rows[:kept].astype(np.float32), explained)

    @property
    def dims(self) -> int:
        """Dimensions of a point: the components and the distance from them."""
        return len(self.components) + 1

    def points(self, groups: Mapping[str, Float]) -> npt.NDArray[np.float64]:
        """Points of loops, (loops, dims), float64; the last column is the distance from the real subspace."""
        features = (
            np.concatenate([groups[name] / self.scale[name] for name in self.scale], axis=1) - self.mean
        )
        inside = features @ self.components.T
        outside = np.square(features).sum(axis=1) - np.square(inside).sum(axis=1)
        return np.column_stack([inside, np.sqrt(np.maximum(outside, 0.0))]).astype(np.float64)
