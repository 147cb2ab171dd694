"""How a generator's graph is driven from latents to codes, and back where that is possible.

``euler`` follows a velocity field from noise (time 0) to data (time 1), as rectified flow does (Liu et al.
2022; Lipman et al. 2022), on a shifted grid of times (Esser et al. 2024). ``direct`` is one call.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from aijockey.live.graph import GenerationError, Graph
from aijockey.pack.manifest import DirectSpec, EulerSpec

Float = npt.NDArray[np.float32]
Feeds = Mapping[str, npt.NDArray[Any]]

# Solving one inverse step stops at a change this small beside the codes themselves: below half precision's.
INVERSION_TOLERANCE = 1e-5


def euler_times(steps: int, shift: float) -> Float:
    """Times from 0 to 1 of ``steps`` steps, (steps + 1,); ``shift`` above 1 puts more near noise."""
    u = np.linspace(0.0, 1.0, steps + 1)
    return (u / (u + shift * (1.0 - u))).astype(np.float32)


class EulerSampler:
    """Integrates ``velocity`` in Euler steps; runs backwards too."""

    def __init__(self, graph: Graph, spec: EulerSpec) -> None:
        self.graph = graph
        self.spec = spec

    def sample(self, latents: Float, feeds: Feeds, shape: tuple[int, ...], steps: int | None = None) -> Float:
        """Latents to codes of ``shape`` (without batch). ``steps`` overrides the pack's.

        Raises
        ------
        GenerationError
        """
        times = euler_times(steps or self.spec.steps, self.spec.shift)
        codes = latents.astype(np.float32, copy=True)
        for now, then in pairwise(times):
            codes += (then - now) * self._velocity(codes, now, feeds)
        return codes

    def invert(self, codes: Float, feeds: Feeds, steps: int | None = None, refinements: int = 12) -> Float:
        """The latents that `sample`, with the same ``steps``, turns into ``codes``, as nearly as it goes.

        A step forward is x1 = x0 + dt v(x0, t0). Going back, x0 stands on both sides: x0 = x1 - dt v(x0, t0)
        is solved by iteration, starting from the plain backward step, its stride halved for a loop where it
        stops gaining; each loop keeps its best x0. With a flow of 3 M parameters and 8 steps, drums came back
        within 5.0 dB of their mel by plain backward steps, 0.3 dB with 3 ``refinements`` a step, 0.02 dB with
        6, 0.004 dB with 12; the time grows as the number of evaluations, up to 1 + ``refinements`` a step.

        Raises
        ------
        GenerationError
        """
        times = euler_times(steps or self.spec.steps, self.spec.shift)
        state = codes.astype(np.float32, copy=True)
        for now, then in reversed(list(pairwise(times))):
            state = self._step_back(state, now, then, feeds, refinements)
        return state

    def _step_back(
        self, end: Float, now: np.float32, then: np.float32, feeds: Feeds, refinements: int
    ) -> Float:
        """The x0 whose Euler step from ``now`` to ``then`` arrives at ``end``, for each row on its own."""
        stride = then - now
        x = end - stride * self._velocity(end, then, feeds)
        best = x.copy()
        axes = tuple(range(1, x.ndim))
        least = np.full(len(x), np.inf, dtype=np.float32)
        damping = np.ones((len(x),) + (1,) * (x.ndim - 1), dtype=np.float32)
        for _ in range(refinements):
            change = end - stride * self._velocity(x, now, feeds) - x
            size = np.sqrt(np.mean(np.square(change), axis=axes))
            gained = size < least
            best[gained] = x[gained]
            least = np.minimum(least, size)
            damping[~gained] *= 0.5
            if np.all(least <= INVERSION_TOLERANCE * (1.0 + np.sqrt(np.mean(np.square(x), axis=axes)))):
                break
            x = x + damping * change
        return best

    def _velocity(self, state: Float, time: np.float32, feeds: Feeds) -> Float:
        inputs = {**feeds, "latent": state, "time": np.full(len(state), time, dtype=np.float32)}
        return self.graph.output(inputs, "velocity", state.shape)


class DirectSampler:
    """One call of a graph whose output is the codes."""

    def __init__(self, graph: Graph, spec: DirectSpec) -> None:
        self.graph = graph
        self.spec = spec

    def sample(self, latents: Float, feeds: Feeds, shape: tuple[int, ...], steps: int | None = None) -> Float:
        """Latents to codes of ``shape`` (without batch); ``steps`` means nothing here.

        Raises
        ------
        GenerationError
        """
        truncation = np.full(len(latents), self.spec.truncation, dtype=np.float32)
        inputs = {**feeds, "latent": latents, "truncation": truncation}
        return self.graph.output(inputs, "codes", (len(latents), *shape))

    def invert(self, codes: Float, feeds: Feeds, steps: int | None = None, refinements: int = 0) -> NoReturn:
        """Raises GenerationError: a network that maps once cannot be run backwards."""
        raise GenerationError(
            f"{self.graph.name}: a 'direct' generator cannot be run backwards; use one with 'euler'"
        )


Sampler = EulerSampler | DirectSampler

SAMPLERS: dict[str, Callable[[Graph, Any], Sampler]] = {"euler": EulerSampler, "direct": DirectSampler}
