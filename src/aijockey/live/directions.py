"""Named directions of a voice: amounts of a player's controls become a move of the latent, or of the style.

A latent of thousands of normal numbers lies near a sphere, so a move keeps its length: z + d is scaled back to |z|.
At an amount of 0 nothing moves, not by a bit. How directions are found and calibrated: ``docs/directions.md``.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from aijockey.live.graph import GenerationError
from aijockey.pack.manifest import VoiceSpec
from aijockey.pack.pack import Pack

Float = npt.NDArray[np.float32]


class VoiceDirections:
    """The directions of one voice, read from its pack.

    Thread: any
    """

    def __init__(self, pack: Pack, voice: VoiceSpec) -> None:
        spec = voice.directions
        if spec is None:
            raise GenerationError(f"voice '{voice.name}' has no directions; `aijockey directions` makes them")
        self.space = spec.space
        self.names = tuple(direction.name for direction in spec.directions)
        self._curves = [(direction.amounts, direction.strengths) for direction in spec.directions]
        self._vectors = pack.array(spec.vectors)
        controls = pack.manifest.generators[voice.generator].controls
        self._pushes = np.array(
            [[direction.conditions.get(name, 0.0) for name in controls] for direction in spec.directions],
            dtype=np.float32,
        ).reshape(len(self.names), len(controls))

    def moves(self, amounts: Mapping[str, npt.ArrayLike], count: int) -> tuple[Float, Float]:
        """What ``count`` latents or styles are moved by, (count, *shape), and conditions by, (count, controls).

        Parameters
        ----------
        amounts : name -> deviations of its measure, one number or (count,).

        Raises
        ------
        GenerationError : a number that is not finite, or of another shape.
        """
        strengths = np.zeros((count, len(self.names)), dtype=np.float32)
        for name, amount in amounts.items():
            column = np.asarray(amount, dtype=np.float64)
            if column.shape not in ((), (count,)) or not np.isfinite(column).all():
                raise GenerationError(
                    f"direction '{name}': expected one finite number or {count}, got shape {column.shape}"
                )
            index = self.names.index(name)
            strengths[:, index] = np.interp(column, *self._curves[index])
        offsets = np.einsum("bd,d...->b...", strengths, self._vectors).astype(np.float32)
        return offsets, strengths @ self._pushes


def move(latents: Float, offsets: Float) -> Float:
    """Latents (batch, …) moved by ``offsets`` of their shape, each as long as before."""
    moved = latents + offsets
    before, after = _lengths(latents), _lengths(moved)
    # Where nothing is added, nothing is scaled either: not even rounding.
    scale = np.where(_lengths(offsets) > 0.0, before / np.maximum(after, 1e-12), 1.0)
    return (moved * scale).astype(np.float32)


def move_back(moved: Float, offsets: Float) -> Float:
    """The latents that `move`, with the same offsets, turns into ``moved``.

    z = t m - d with |z| = |m|, a quadratic in t of which the larger root is the one that `move` made. Offsets that are
    longer than the latent itself have no such root; the nearest is taken.
    """
    flat_m, flat_d = moved.reshape(len(moved), -1), offsets.reshape(len(moved), -1)
    squares = np.maximum(np.einsum("bi,bi->b", flat_m, flat_m, dtype=np.float64), 1e-24)
    along = np.einsum("bi,bi->b", flat_m, flat_d, dtype=np.float64) / squares
    rest = 1.0 - np.einsum("bi,bi->b", flat_d, flat_d, dtype=np.float64) / squares
    factor = along + np.sqrt(np.maximum(along**2 + rest, 0.0))
    axes = (len(moved),) + (1,) * (moved.ndim - 1)
    return (moved * factor.reshape(axes) - offsets).astype(np.float32)


def _lengths(values: Float) -> npt.NDArray[np.float64]:
    axes = tuple(range(1, values.ndim))
    return np.asarray(np.sqrt(np.square(values, dtype=np.float64).sum(axis=axes, keepdims=True)))
