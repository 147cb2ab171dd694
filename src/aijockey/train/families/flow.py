"""Rectified flow over the codes of the grid: noise becomes a loop along nearly straight lines.

Liu, Gong and Liu, "Flow straight and fast" (2022), with logit-normal times (Esser et al. 2024). Of each number the
network states only how it turns otherwise than a normal distribution would (`flow_network.Moments`).

Every loop is conditioned on its voice and on its measures, each dropped at random: a pack's knobs come with the model.

A flow that is trained can teach one that takes fewer steps (Salimans and Ho, "Progressive distillation for fast
sampling of diffusion models", 2022): each of the pupil's steps is to arrive where several of the teacher's do.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from aijockey.representation.patch_code import PatchCode
from aijockey.train.config import TrainConfig
from aijockey.train.families.base import (
    Average,
    CodeBatch,
    DataInfo,
    Float,
    GeneratorTask,
    Graph,
    Metrics,
    draw_known,
    standard_normal,
    to_numpy,
)
from aijockey.train.families.flow_graph import FlowGraph
from aijockey.train.families.flow_network import FlowConfig, FlowNetwork, Moments, Uncontrolled, Velocity


def sample_times(steps: int, shift: float) -> Tensor:
    """Times from 0 to 1, (steps + 1,): with ``shift`` above 1 denser near the noise, where directions are decided."""
    u = torch.linspace(0.0, 1.0, steps + 1)
    return u / (u + shift * (1.0 - u))


@dataclass(frozen=True)
class Lesson:
    """What a step of training teaches: states on their way, and how they are to move.

    Attributes
    ----------
    state, velocity : (batch, patches, dims), in standard units, by angle.
    time : (batch,).
    weight : (batch, patches, dims) of each number's error, so that squares sum to those of the velocity in codes by
        time, as in the plain rectified flow.
    """

    state: Tensor
    time: Tensor
    velocity: Tensor
    weight: Tensor


class FlowTask(GeneratorTask):
    """Training of a flow, by loops or by another flow."""

    def __init__(self, config: FlowConfig, train: TrainConfig, data: DataInfo) -> None:
        self.config, self.train, self.data = config, train, data
        network = FlowNetwork(config, data)
        moments = Moments(len(data.voices), config.fold, data.patches, data.dims)
        self.networks = nn.ModuleDict(
            {"flow": network, "average": Average(network, train.ema_decay), "moments": moments}
        )
        if config.taught_steps:
            self.networks["teacher"] = copy.deepcopy(network).requires_grad_(False).eval()
        self.optimizers = {"flow": train.optimizer(network)}
        self._measured = moments

    def see_codes(self, code: PatchCode, codes: Iterable[Float]) -> None:
        """Measure what a normal distribution can say of each voice; a teacher's pupil keeps to the teacher's."""
        if self.config.taught_steps:
            self._measured = copy.deepcopy(self.moments)
        self._measured.measure(codes)

    def begin(self, step: int) -> None:
        """A pupil begins as its teacher.

        Raises
        ------
        ValueError : there is no teacher, or it learned other codes.
        """
        if not self.config.taught_steps:
            return
        for name, ours in self._measured.named_buffers():
            if not torch.allclose(ours, self.moments.get_buffer(name), rtol=1e-2, atol=1e-3):
                raise ValueError(
                    "it is taught by a flow that was trained on the same corpus, with the same [data] and voices; "
                    "name its run with --start-from"
                )
        if step == 0:
            taught = self.networks["average"].network.state_dict()  # type: ignore[union-attr]
            self.networks["flow"].load_state_dict(taught)
            self.networks["teacher"].load_state_dict(taught)

    @property
    def moments(self) -> Moments:
        """Directions, means and deviations of all voices."""
        moments = self.networks["moments"]
        assert isinstance(moments, Moments)
        return moments

    def step(self, batch: CodeBatch, random: torch.Generator, step: int) -> Metrics:
        """Regress the velocity of each loop of the batch at a random time."""
        network = self.networks["flow"]
        loop = self.moments.standardize(batch.codes, batch.voice)
        noise = standard_normal(tuple(loop.shape), random).to(loop.device)
        known = draw_known(batch.controls, self.config.known_chance, random)
        if self.config.taught_steps:
            lesson = self._taught(loop, noise, batch, known, random)
        else:
            lesson = self._straight(loop, noise, batch.voice, random)
        velocity = Velocity(network, self.moments)(
            lesson.state, lesson.time, batch.voice, batch.controls, known
        )
        loss = ((velocity - lesson.velocity) * lesson.weight).square().mean()
        gradient = self.descend("flow", loss)
        self.networks["average"].update(network, step)  # type: ignore[operator]
        return {"loss": loss.detach(), "gradient": gradient}

    def _straight(self, loop: Tensor, noise: Tensor, voice: Tensor, random: torch.Generator) -> Lesson:
        """The straight line in codes from noise to each loop."""
        config = self.config
        time = torch.randn(len(loop), generator=random) * config.time_spread + config.time_mean
        time = torch.sigmoid(time).to(loop.device)
        sine, cosine, distance = self._place(time, voice)
        velocity = cosine * loop - sine * noise
        weight = self.moments.deviation[voice] / distance
        return Lesson(cosine * noise + sine * loop, time, velocity, weight)

    @torch.no_grad()
    def _taught(
        self, loop: Tensor, noise: Tensor, batch: CodeBatch, known: Tensor, random: torch.Generator
    ) -> Lesson:
        """Where the teacher's steps lead, from a place on the line at which one of the pupil's steps begins."""
        config, voice = self.config, batch.voice
        times = sample_times(config.steps * config.taught_steps, config.shift).to(loop.device)
        which = torch.randint(config.steps, (len(loop),), generator=random).to(loop.device)
        first = which * config.taught_steps
        sine, cosine, _ = self._place(times[first], voice)
        begin = state = cosine * noise + sine * loop
        velocity = Velocity(self.networks["teacher"], self.moments)
        start = angle = self._angle(times[first], voice)
        for index in range(config.taught_steps):
            after = self._angle(times[first + index + 1], voice)
            said = velocity(state, times[first + index], voice, batch.controls, known)
            state, angle = state + (after - angle) * said, after
        turned, last = angle - start, times[first + config.taught_steps]
        distance = self._place(last, voice)[2]
        weight = turned * distance / (last - times[first])[:, None, None]
        return Lesson(begin, times[first], (state - begin) / turned, weight)

    def _place(self, time: Tensor, voice: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Share of data and of noise in a state at ``time`` (batch,), and how far from the mean that is in codes."""
        near, far = time[:, None, None] * self.moments.deviation[voice], 1.0 - time[:, None, None]
        distance = torch.sqrt(near.square() + far.square())
        return near / distance, far / distance, distance

    def _angle(self, time: Tensor, voice: Tensor) -> Tensor:
        """How far each number has turned at ``time`` (batch,): 0 is noise, a quarter turn data."""
        deviation, when = self.moments.deviation[voice], time[:, None, None]
        return torch.atan2(when * deviation, (1.0 - when).expand_as(deviation))

    @torch.no_grad()
    def sample(self, voice: Tensor, controls: Tensor, known: Tensor, random: torch.Generator) -> Tensor:
        """Turn noise into codes in the exported number of steps."""
        velocity = self._average_velocity()
        state = standard_normal((len(voice), self.data.patches, self.data.dims), random).to(voice.device)
        for now, then in pairwise(sample_times(self.config.steps, self.config.shift).to(voice.device)):
            time, later = now.expand(len(voice)), then.expand(len(voice))
            turn = self._angle(later, voice) - self._angle(time, voice)
            state = state + turn * velocity(state, time, voice, controls, known)
        return self.moments.codes(state, voice)

    def graph(self) -> Graph:
        """Velocity network; the pack's sampler integrates it."""
        data, count, moments = self.data, len(self.data.controls), self.moments
        inputs = {
            "latent": torch.zeros(2, data.patches, data.dims),
            "time": torch.full((2,), 0.5),
            "voice": torch.zeros(2, dtype=torch.int64),
            "controls": torch.zeros(2, count),
            "known": torch.zeros(2, count),
        }
        arrays = ("mean", "deviation", "time_basis", "code_basis")
        sampler = {
            "kind": "rotation",
            "steps": self.config.steps,
            "shift": self.config.shift,
            "voices": len(data.voices),
            **{name: to_numpy(getattr(moments, name)) for name in arrays},
        }
        entry = {
            "latent_shape": [data.patches, data.dims],
            "controls": list(data.controls),
            "sampler": sampler,
        }
        velocity = self._average_velocity()
        traced = FlowGraph(velocity)
        if not data.controls:
            without = {name: value for name, value in inputs.items() if name not in ("controls", "known")}
            return Graph(Uncontrolled(velocity), without, ("velocity",), entry, Uncontrolled(traced))
        return Graph(velocity, inputs, ("velocity",), entry, traced)

    def _average_velocity(self) -> Velocity:
        return Velocity(self.networks["average"].network, self.moments)  # type: ignore[arg-type]
