"""How far two sets of points lie apart, and in which way: too far, too few, too much the same.

Points are (count, dims), float64, as `aijockey.evaluate.space.ViewSpace.points` gives them. Nothing here
knows what they stand for. Every function is a plain formula from a paper; intervals are in
`aijockey.evaluate.intervals`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

NEIGHBOURS = 5


def frechet(a: Points, b: Points) -> float:
    """Squared Frechet distance between Gaussians fitted to two sets (Dowson and Landau 1982; FID of Heusel
    2017).

    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)); 0 for a set against itself. Biased upwards for small
    sets, by about the same for sets of the same size: compare with real against real, or see
    `frechet_infinite`.

    Raises
    ------
    ValueError : fewer than two points in a set.
    """
    if len(a) < 2 or len(b) < 2:
        raise ValueError(f"sets of {len(a)} and {len(b)} points; a Frechet distance needs at least 2 in each")
    gap = a.mean(axis=0) - b.mean(axis=0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    # (A B)^(1/2) has the trace of (A^(1/2) B A^(1/2))^(1/2), which is symmetric and needs no complex square
    # root.
    inner = np.linalg.eigvalsh(root @ cov_b @ root)
    cross = np.sqrt(np.maximum(inner, 0.0)).sum()
    return max(0.0, float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2.0 * cross))


def frechet_halves(
    real: Points, fake: Points, rng: np.random.Generator, repeats: int = 10
) -> tuple[float, float]:
    """Real against fake and real against real, at one sample size and so with one bias.

    ``real`` is cut into disjoint halves, ``repeats`` times; each half meets the other half and a draw of as
    many fakes. Sizes are ``min(len(real) // 2, len(fake))``.

    Returns
    -------
    mean distance of fakes to a half, mean distance between halves.
    """
    size = min(len(real) // 2, len(fake))
    to_fake, to_real = [], []
    for _ in range(repeats):
        order = rng.permutation(len(real))
        left, right = real[order[:size]], real[order[size : 2 * size]]
        draw = fake[rng.choice(len(fake), size, replace=False)]
        to_fake.append(frechet(left, draw))
        to_real.append(frechet(left, right))
    return float(np.mean(to_fake)), float(np.mean(to_real))


def frechet_infinite(a: Points, b: Points, rng: np.random.Generator, steps: int = 8) -> float:
    """Frechet distance extrapolated to sets of infinite size (Chong and Forsyth 2020).

    Draws of N points from both sets, for ``steps`` sizes between a third and all of the smaller set, evenly
    spaced in 1 / N; a line through the distances over 1 / N; its value at 0. Four draws a size. May be
    slightly negative.
    """
    largest = min(len(a), len(b))
    smallest = max(min(largest, a.shape[1] + 2), largest // 3, 2)
    sizes = np.unique(np.rint(1.0 / np.linspace(1.0 / smallest, 1.0 / largest, steps)).astype(int))
    if len(sizes) < 2:
        return frechet(a, b)
    inverse, distance = [], []
    for size in sizes:
        for _ in range(4):
            drawn_a = a[rng.choice(len(a), size, replace=False)]
            drawn_b = b[rng.choice(len(b), size, replace=False)]
            inverse.append(1.0 / size)
            distance.append(frechet(drawn_a, drawn_b))
    slope_and_limit = np.polyfit(inverse, distance, 1)
    return float(slope_and_limit[1])


def distances(a: Points, b: Points) -> Points:
    """Euclidean distances between all pairs: (count a, count b)."""
    square = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    return np.sqrt(np.maximum(square, 0.0))


@dataclass(frozen=True)
class Manifolds:
    """Which points lie within the other set's neighbourhoods: one number a point, so that means can be
    bootstrapped.

    Attributes
    ----------
    density : (fake,) in how many real neighbourhoods a fake lies, over k: 1 on average for a perfect set,
        more where fakes crowd the middle (Naeem et al. 2020).
    coverage : (real,) 1 where a real point's neighbourhood holds a fake. For sets of equal size from one
        distribution the mean is 1 - 2^-k, 0.97 for k = 5 (Naeem et al. 2020).
    precision : (fake,) 1 where a fake lies in any real neighbourhood; recall : (real,) 1 where a real point
        lies in any fake neighbourhood (Kynkaanniemi et al. 2019).
    """

    density: Points
    coverage: Points
    precision: Points
    recall: Points


def manifolds(real: Points, fake: Points, neighbours: int = NEIGHBOURS) -> Manifolds:
    """Density, coverage, precision and recall with balls that reach to the k-th nearest neighbour.

    Give sets of equal size: coverage grows with the number of fakes.

    Raises
    ------
    ValueError : no more points than neighbours.
    """
    if min(len(real), len(fake)) <= neighbours:
        raise ValueError(
            f"{len(real)} real and {len(fake)} fake points; neighbourhoods of {neighbours} need more"
        )
    real_radius, fake_radius = radii(real, neighbours), radii(fake, neighbours)
    between = distances(real, fake)
    inside_real = between < real_radius[:, None]
    inside_fake = between < fake_radius[None, :]
    return Manifolds(
        density=inside_real.sum(axis=0) / neighbours,
        coverage=(between.min(axis=1) < real_radius).astype(np.float64),
        precision=np.asarray(inside_real.any(axis=0), dtype=np.float64),
        recall=np.asarray(inside_fake.any(axis=1), dtype=np.float64),
    )


def radii(points: Points, neighbours: int = NEIGHBOURS) -> Points:
    """Distance of each point to its ``neighbours``-th nearest other point, (count,)."""
    own = distances(points, points)
    np.fill_diagonal(own, 0.0)
    return np.partition(own, neighbours, axis=1)[:, neighbours]


def kernel_distance(a: Points, b: Points) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y + 1)^3, unbiased (KID of Binkowski et al. 2018).

    0 on average for sets from one distribution, whatever their sizes, and so sometimes slightly negative.
    Points of total variance 1 take the place of KID's division by the number of dimensions.
    """
    kernel_a, kernel_b, kernel_ab = (a @ a.T + 1.0) ** 3, (b @ b.T + 1.0) ** 3, (a @ b.T + 1.0) ** 3
    count_a, count_b = len(a), len(b)
    within_a = (kernel_a.sum() - np.trace(kernel_a)) / (count_a * (count_a - 1))
    within_b = (kernel_b.sum() - np.trace(kernel_b)) / (count_b * (count_b - 1))
    return float(within_a + within_b - 2.0 * kernel_ab.mean())


def spread(points: Points) -> Points:
    """Mean distance of each point to all others, (count,). Its mean over points is the mean pairwise
    distance.
    """
    return distances(points, points).sum(axis=1) / max(len(points) - 1, 1)
