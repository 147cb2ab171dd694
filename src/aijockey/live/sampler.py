"""How a generator's graph is driven from latents to codes, and back where that is possible.

``rotation`` follows a rectified flow (Liu et al. 2022; Lipman et al. 2022) from noise (time 0) to data (time 1), on a
shifted grid of times (Esser et al. 2024). Were a voice's codes normal, the flow would be known: along the directions in
which they do not depend on each other (`aijockey.representation.loop_basis`) each number turns from noise towards data
by its own angle (as in the trigonometric flow of Lu and Song 2024, which has one angle for all). So the state is kept
in those terms, the graph states only how the truth differs from that, and fine components keep their strength however
few the steps. ``direct`` is one call.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from aijockey.live.graph import GenerationError, Graph
from aijockey.live.latent_math import slerp
from aijockey.pack.manifest import DirectSpec, RotationSpec
from aijockey.pack.pack import Pack
from aijockey.representation.loop_basis import from_components, orthonormal, to_components

Float = npt.NDArray[np.float32]
Feeds = Mapping[str, npt.NDArray[Any]]

# Solving one inverse step stops at a change this small beside the state itself: below half precision's.
INVERSION_TOLERANCE = 1e-5


def step_times(steps: int, shift: float) -> Float:
    """Times from 0 to 1 of ``steps`` steps, (steps + 1,); ``shift`` above 1 puts more near noise."""
    u = np.linspace(0.0, 1.0, steps + 1)
    return (u / (u + shift * (1.0 - u))).astype(np.float32)


class RotationSampler:
    """Turns noise into codes by steps of Euler's method over angles; runs backwards too."""

    def __init__(self, graph: Graph, spec: RotationSpec, pack: Pack) -> None:
        self.graph = graph
        self.spec = spec
        self._mean = pack.array(spec.mean)
        self._deviation = pack.array(spec.deviation)
        # Exact, or running backwards would divide what leaks from strong directions by a weak one's deviation.
        self._time_basis = orthonormal(pack.array(spec.time_basis))
        self._code_basis = orthonormal(pack.array(spec.code_basis))

    def sample(self, latents: Float, feeds: Feeds, shape: tuple[int, ...], steps: int | None = None) -> Float:
        """Latents to codes of ``shape`` (without batch). ``steps`` overrides the pack's.

        Raises
        ------
        GenerationError
        """
        voice = feeds["voice"]
        times, angles = self._path(voice, steps)
        state = latents.astype(np.float32, copy=True)
        for now, (angle, then) in zip(times, pairwise(angles), strict=False):
            state += (then - angle) * self._velocity(state, now, feeds)
        components = self._deviation[voice] * state
        codes = self._mean[voice] + from_components(
            components, self._time_basis[voice], self._code_basis[voice]
        )
        return codes.reshape(len(latents), *shape)

    def morph(
        self,
        latents: tuple[Float, Float],
        feeds: tuple[Feeds, Feeds],
        amount: float,
        shape: tuple[int, ...],
        steps: int | None = None,
    ) -> Float:
        """Codes of ``shape`` so far, 0 to 1, from one voice to another of the same graph: one flow of both.

        The noise is as far from the first voice's to the second's, both as codes, along the sphere. Each step then is
        the mean of where the two voices would take it, as flows are composed (Liu et al. 2022), so the loop is drawn
        toward what both find likely; with 0 and 1 it is that voice's own loop. Costs two evaluations a step. ``feeds``
        may differ in the voice and its controls alone.

        Raises
        ------
        GenerationError
        """
        if amount <= 0.0 or amount >= 1.0:
            alone = int(amount >= 1.0)
            return self.sample(latents[alone], feeds[alone], shape, steps)
        voices = [feed["voice"] for feed in feeds]
        paths = [self._path(voice, steps) for voice in voices]
        times = paths[0][0]
        noises = [
            from_components(latent, self._time_basis[voice], self._code_basis[voice])
            for latent, voice in zip(latents, voices, strict=True)
        ]
        codes = np.stack([slerp(a, b, amount) for a, b in zip(*noises, strict=True)]).astype(np.float32)
        shares = (np.float32(1.0 - amount), np.float32(amount))
        for index, (now, then) in enumerate(pairwise(times)):
            mixed = np.zeros_like(codes)
            for share, voice, feed, (_, angles) in zip(shares, voices, feeds, paths, strict=True):
                time_basis, code_basis = self._time_basis[voice], self._code_basis[voice]
                spread = self._deviation[voice]
                # On the path at a time, mean and size of every number are known; the rest is the flow's state.
                state = to_components(codes - now * self._mean[voice], time_basis, code_basis)
                state = state / np.hypot(1.0 - now, now * spread)
                state = state + (angles[index + 1] - angles[index]) * self._velocity(state, now, feed)
                there = from_components(state * np.hypot(1.0 - then, then * spread), time_basis, code_basis)
                mixed += share * (then * self._mean[voice] + there)
            codes = mixed
        return codes.reshape(len(codes), *shape)

    def invert(self, codes: Float, feeds: Feeds, steps: int | None = None, refinements: int = 12) -> Float:
        """The latents that `sample`, with the same ``steps``, turns into ``codes``, as nearly as it goes.

        A step forward is z1 = z0 + da v(z0, t0). Going back, z0 stands on both sides: z0 = z1 - da v(z0, t0)
        is solved by iteration, starting from the plain backward step, its stride halved for a loop where it
        stops gaining; each loop keeps its best z0. The time grows as the number of evaluations, up to 1 +
        ``refinements`` a step.

        Raises
        ------
        GenerationError
        """
        voice = feeds["voice"]
        times, angles = self._path(voice, steps)
        components = to_components(
            codes - self._mean[voice], self._time_basis[voice], self._code_basis[voice]
        )
        state = components / self._deviation[voice]
        for index in reversed(range(len(times) - 1)):
            stride = angles[index + 1] - angles[index]
            state = self._step_back(state, stride, times[index], times[index + 1], feeds, refinements)
        return state

    def _path(self, voice: npt.NDArray[Any], steps: int | None) -> tuple[Float, list[Float]]:
        """Times, and at each the angle of every number of a loop: 0 is noise, a quarter turn is data."""
        times = step_times(steps or self.spec.steps, self.spec.shift)
        spread = self._deviation[voice]
        return times, [np.arctan2(time * spread, 1.0 - time) for time in times]

    def _step_back(
        self, end: Float, stride: Float, now: np.float32, then: np.float32, feeds: Feeds, refinements: int
    ) -> Float:
        """The z0 whose step from ``now`` to ``then`` arrives at ``end``, for each row on its own."""
        z = end - stride * self._velocity(end, then, feeds)
        best = z.copy()
        axes = tuple(range(1, z.ndim))
        least = np.full(len(z), np.inf, dtype=np.float32)
        damping = np.ones((len(z),) + (1,) * (z.ndim - 1), dtype=np.float32)
        for _ in range(refinements):
            change = end - stride * self._velocity(z, now, feeds) - z
            size = np.sqrt(np.mean(np.square(change), axis=axes))
            gained = size < least
            best[gained] = z[gained]
            least = np.minimum(least, size)
            damping[~gained] *= 0.5
            if np.all(least <= INVERSION_TOLERANCE * (1.0 + np.sqrt(np.mean(np.square(z), axis=axes)))):
                break
            z = z + damping * change
        return best

    def _velocity(self, state: Float, time: np.float32, feeds: Feeds) -> Float:
        inputs = {**feeds, "latent": state, "time": np.full(len(state), time, dtype=np.float32)}
        return self.graph.output(inputs, "velocity", state.shape)


class DirectSampler:
    """One call of a graph whose output is the codes."""

    def __init__(self, graph: Graph, spec: DirectSpec, pack: Pack) -> None:
        self.graph = graph
        self.spec = spec

    def sample(self, latents: Float, feeds: Feeds, shape: tuple[int, ...], steps: int | None = None) -> Float:
        """Latents to codes of ``shape`` (without batch); ``steps`` means nothing here.

        Raises
        ------
        GenerationError
        """
        return self.graph.output(self._inputs(latents, feeds), "codes", (len(latents), *shape))

    def style(self, latents: Float, feeds: Feeds) -> Float:
        """The style that latents make, (batch, style), where the graph shows it.

        Raises
        ------
        GenerationError
        """
        shape = (len(latents), self.spec.style_shape[-1])
        return self.graph.output(self._inputs(latents, feeds), "style", shape)

    def _inputs(self, latents: Float, feeds: Feeds) -> Feeds:
        truncation = np.full(len(latents), self.spec.truncation, dtype=np.float32)
        return {**feeds, "latent": latents, "truncation": truncation}

    def morph(
        self,
        latents: tuple[Float, Float],
        feeds: tuple[Feeds, Feeds],
        amount: float,
        shape: tuple[int, ...],
        steps: int | None = None,
    ) -> Float:
        """Codes so far, 0 to 1, from one voice to another: of a style between theirs, with noise between theirs.

        The style is all that a voice tells such a network, so a mixture takes one call, and three more for styles.
        With 0 and 1 it is that voice's own loop. ``feeds`` may differ in what makes styles alone: voice and controls.

        Raises
        ------
        GenerationError : the graph shows no style, or as in `sample`.
        """
        if not self.spec.style_shape:
            raise GenerationError(
                f"{self.graph.name}: a 'direct' generator without styles cannot be morphed between voices; "
                "use one with 'rotation'"
            )
        if amount <= 0.0 or amount >= 1.0:
            alone = int(amount >= 1.0)
            return self.sample(latents[alone], feeds[alone], shape, steps)
        middle = np.stack([slerp(a, b, amount) for a, b in zip(*latents, strict=True)]).astype(np.float32)
        wanted = [
            self.style(latent, feed)[:, None] + feed["style_offset"]
            for latent, feed in zip(latents, feeds, strict=True)
        ]
        mixed = np.float32(1.0 - amount) * wanted[0] + np.float32(amount) * wanted[1]
        offset = mixed - self.style(middle, feeds[0])[:, None]
        return self.sample(middle, {**feeds[0], "style_offset": offset.astype(np.float32)}, shape, steps)

    def invert(self, codes: Float, feeds: Feeds, steps: int | None = None, refinements: int = 0) -> NoReturn:
        """Raises GenerationError: a network that maps once cannot be run backwards."""
        raise GenerationError(
            f"{self.graph.name}: a 'direct' generator cannot be run backwards; use one with 'rotation'"
        )


Sampler = RotationSampler | DirectSampler

SAMPLERS: dict[str, Callable[[Graph, Any, Pack], Sampler]] = {
    "rotation": RotationSampler,
    "direct": DirectSampler,
}
