"""Points of latent space as arrays: interpolation on the sphere, neighbours, blends, closed paths, children.

Latents are standard normal, so nearly all of them have the same length and what lies inside that sphere is unlike
anything a generator has learned from. Everything here therefore keeps the length that its ends have.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from aijockey.live.points import (
    Blend,
    Child,
    Neighbour,
    Point,
    PointError,
    Ring,
    Seed,
    Stored,
    Style,
    Way,
)

Float = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]

# A style swaps whole directions of a latent (time directions, code directions), strongest first: which numbers of it
# a name takes from the other point. docs/latent.md tells how much of rhythm and of sound each was measured to move.
PARTS: dict[str, Callable[[tuple[int, int]], npt.NDArray[np.bool_]]] = {}


def latent_at(
    point: Point,
    seed_latent: Callable[[int], Float],
    stored_latent: Callable[[str], Float] | None = None,
    layers: int = 0,
) -> Float:
    """The latent of a point, for one voice.

    Parameters
    ----------
    seed_latent : the voice's latent of a seed; all of one shape.
    stored_latent : latent by key (12 hex digits); raises an `AijockeyError` for one that it does not have. None:
        there are none.
    layers : of a voice that shows its style. Its latents may then have a row for each layer, (layers, *shape), and do
        where a point takes a part of another or a stored latent has rows. 0: there are none.

    Raises
    ------
    PointError : a stored latent where there are none or one of another shape, or a part that such latents lack.
    """
    shape = seed_latent(0).shape

    def of(inner: Point) -> Wide:
        match inner:
            case Seed(number):
                return seed_latent(number).astype(np.float64)
            case Stored(key):
                return _stored(key, shape, stored_latent, layers)
            case Way(start, toward, amount):
                return by_row(lambda ends: slerp(ends[0], ends[1], amount), of(start), of(toward))
            case Neighbour(start, toward, distance):
                noise = seed_latent(toward).astype(np.float64)
                return by_row(lambda pair: neighbour(pair[0], pair[1], distance), of(start), noise)
            case Style(start, other, part):
                return np.where(part_mask(part, shape, layers), of(other), of(start))
            case Child(start, other, coin):
                return np.where(coins(coin, shape), of(other), of(start))
            case Blend(points, weights):
                return by_row(lambda parts: blend(parts, weights), *map(of, points))
            case Ring(points, phase):
                return by_row(lambda parts: ring(parts, phase), *map(of, points))
        raise PointError(f"{inner!r}: an unknown kind of point")

    def by_row(make: Callable[[Sequence[Wide]], Wide], *latents: Wide) -> Wide:
        """``make`` of latents; where some have a row for each layer, of each layer's by themselves."""
        if all(latent.shape == shape for latent in latents):
            return make(latents)
        rows = zip(*np.broadcast_arrays(*latents), strict=True)
        return np.stack([make(row) for row in rows])

    return np.ascontiguousarray(of(point), dtype=np.float32)


def slerp(start: npt.ArrayLike, end: npt.ArrayLike, amount: float) -> Wide:
    """Spherical interpolation of two latents (any shape), 0 to 1, which keeps the length that a normal sample has.

    The angle is between the flattened vectors and their lengths are interpolated apart; nearly parallel
    vectors fall back to a straight line. Shoemake 1985, as used for latents by White 2016.
    """
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length_a, length_b = _length(a), _length(b)
    angle = angle_between(a, b)
    if length_a == 0.0 or length_b == 0.0 or math.sin(angle) < 1e-4:
        return (1.0 - amount) * a + amount * b
    direction = math.sin((1.0 - amount) * angle) * a / length_a + math.sin(amount * angle) * b / length_b
    return np.asarray(direction / math.sin(angle) * ((1.0 - amount) * length_a + amount * length_b))


def angle_between(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Angle between two latents in radians, 0 to pi; 0 where one of them has no length."""
    one, other = np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel()
    lengths = _length(one) * _length(other)
    return math.acos(min(1.0, max(-1.0, float(np.sum(one * other)) / lengths))) if lengths else 0.0


def neighbour(start: Wide, noise: Wide, distance: float) -> Wide:
    """The latent at the angle ``distance`` (radians) from ``start`` toward ``noise``, as long as ``start``."""
    length = _length(start)
    if length == 0.0:
        return start
    across = noise - start * (float(np.sum(noise * start)) / length**2)
    size = _length(across)
    if size < 1e-9 * length:
        return start  # the noise is this very latent: there is no direction to go
    return math.cos(distance) * start + math.sin(distance) * length / size * across


def blend(latents: Sequence[Wide], weights: Sequence[float]) -> Wide:
    """Sum of latents by weight, at the mean length of what weighs; where they cancel, the heaviest alone."""
    total = sum((weight * latent for latent, weight in zip(latents, weights, strict=True)), np.zeros(()))
    return _resized(total, latents, weights)


def ring(latents: Sequence[Wide], phase: float) -> Wide:
    """A closed path through latents at equal distances of ``phase`` (0 to 1), smooth everywhere.

    Trigonometric interpolation: through three latents of one length that is the circle that they lie on, at an even
    pace; through any odd number of latents at right angles the pace is even too. Two have their great circle.
    """
    turn = 2.0 * math.pi * phase
    if len(latents) == 2:
        return neighbour(latents[0], latents[1], turn)
    return _resized(
        sum((w * latent for w, latent in zip(ring_weights(len(latents), phase), latents, strict=True)), 0.0),
        latents,
        np.square(ring_weights(len(latents), phase)),
    )


def ring_weights(count: int, phase: float) -> Wide:
    """Weights of ``count`` points, three or more, on the closed path through them: 1 at its own phase, 0 at the
    others'."""
    angles = 2.0 * np.pi * (phase - np.arange(count) / count)
    highest = (count - 1) // 2
    total = 1.0 + 2.0 * sum(np.cos(turn * angles) for turn in range(1, highest + 1))
    if count % 2 == 0:
        total = total + np.cos(count / 2 * angles)
    return np.asarray(total / count)


def coins(seed: int, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """A fair coin for each number of a latent, for good: bits of Philox with ``seed`` as its key."""
    words = np.random.Philox(key=np.array([seed, 0xC01], dtype=np.uint64)).random_raw(math.prod(shape))
    return np.asarray(words >> np.uint64(63), dtype=np.bool_).reshape(shape)


def part_mask(part: str, shape: tuple[int, ...], layers: int = 0) -> npt.NDArray[np.bool_]:
    """Which numbers of a latent of ``shape`` a part of it takes; of a voice with ``layers``, (layers, *shape).

    Raises
    ------
    PointError : no such part, or latents that are neither (time directions, code directions) nor have layers.
    """
    if part not in PARTS:
        raise PointError(f"no part '{part}' of a latent; there are {', '.join(PARTS)}")
    if layers:
        rows = _between(layers, *LAYERS[part])
        return np.broadcast_to(rows.reshape(-1, *[1] * len(shape)), (layers, *shape))
    if len(shape) != 2:
        raise PointError(
            f"'{part}' is a part of latents of two axes, time and code, or of voices with styles; "
            f"this voice's have the shape {shape}"
        )
    return np.broadcast_to(PARTS[part]((shape[0], shape[1])), shape)


def _rows(low: float, high: float) -> Callable[[tuple[int, int]], npt.NDArray[np.bool_]]:
    """Time directions from a share of them to another."""
    return lambda shape: _between(shape[0], low, high)[:, None]


def _columns(low: float, high: float) -> Callable[[tuple[int, int]], npt.NDArray[np.bool_]]:
    """Code directions from a share of them to another."""
    return lambda shape: _between(shape[1], low, high)[None, :]


def _between(count: int, low: float, high: float) -> npt.NDArray[np.bool_]:
    places = np.arange(count) / count
    return np.asarray((low <= places) & (places < high))


PARTS |= {
    "sound": _rows(0.0, 1 / 16),
    "rhythm": _rows(1 / 16, 1.0),
    "coarse": _columns(0.0, 1 / 8),
    "fine": _columns(1 / 8, 1.0),
}

# Of a voice that shows its style a part is the style of some layers, coarsest first: from a share of them to another.
# The first layer alone, of which the coarse map is made too, says most of the rhythm (docs/families.md).
LAYERS = {"rhythm": (0.0, 1 / 8), "sound": (1 / 8, 1.0), "coarse": (0.0, 0.5), "fine": (0.5, 1.0)}


def _stored(
    key: str, shape: tuple[int, ...], stored_latent: Callable[[str], Float] | None, layers: int
) -> Wide:
    if stored_latent is None:
        raise PointError(f"#{key}: a stored latent, and none are kept here")
    latent = np.asarray(stored_latent(key), dtype=np.float64)
    if latent.shape != shape and not (layers and latent.shape == (layers, *shape)):
        raise PointError(
            f"#{key}: a latent of shape {latent.shape}; this voice's have {shape} (is it another voice's?)"
        )
    if not np.isfinite(latent).all():
        raise PointError(f"#{key}: a latent with numbers that are not finite")
    return latent


def _length(latent: Wide) -> float:
    """As `np.linalg.norm`, whose last bits depend on the threads that a BLAS has."""
    return math.sqrt(float(np.square(latent).sum()))


def _resized(total: npt.ArrayLike, latents: Sequence[Wide], weights: Sequence[float] | Wide) -> Wide:
    """``total`` at the mean length of the latents by the size of their weights."""
    shares = np.abs(np.asarray(weights, np.float64))
    lengths = np.array([_length(latent) for latent in latents])
    wanted, got = float(shares @ lengths / shares.sum()), _length(np.asarray(total, np.float64))
    if got < 1e-9 * max(wanted, 1e-30):
        return latents[int(np.argmax(shares))]
    return np.asarray(total, np.float64) * (wanted / got)
