"""One voice's directions: found, made independent, given a curve. `held_out` then says how well that went.

1. *Fit*: some hundred loops are measured and each measure is regressed on their latents (or styles).
2. *Independent*: the way that each measure grows and the conditions that the network was trained with are tried out,
   what they really do to all measures is measured, and the shortest combinations are taken that change one measure
   alone; then once more with these. Measures that cannot be told apart at a bearable length are left out.
3. *Curve*: the effect is measured along each move, and amounts are sent through its inverse, so that one unit of a
   player's control is one standard deviation of the measure, as far as the voice can be moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from aijockey.evaluate.directions.fit import (
    fit_slopes,
    invert_curve,
    response_of,
    separable,
    smooth_curve,
    untangle,
)
from aijockey.evaluate.directions.measures import MEL_MEASURES
from aijockey.evaluate.directions.probe import Movers, Prober, moves_style
from aijockey.live.generator import Generator
from aijockey.pack.manifest import DirectSpec, RotationSpec, SpreadSpec

Float = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

AMOUNTS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
FIT_SEEDS, TRY_SEEDS, HELD_OUT_SEEDS = 1 << 40, 2 << 40, 3 << 40
"""Where each part takes its seeds from: far from each other and from those that players count through."""

LEAST_EXPLAINED = 0.05
PRIORITY = {
    False: ("onset_density", "brightness", "bass_share", "syncopation", "swing", "sustain", "tonalness"),
    True: ("brightness", "sustain", "onset_density", "tonalness", "bass_share", "syncopation", "swing"),
}
"""Which directions are worth more where all together cannot be kept apart: of rhythms, of tonal voices."""
MOST_COST = 3.0
"""Deviations of latent that one deviation of a measure may cost. Loops four or five deviations out along one line are
no longer the voice's: in a trial without this limit they were twice as unlike themselves as another seed's loop."""
LEAST_REACH = 1.2
"""Deviations from one end of a curve to the other: what moves its measure by less is no control."""
LEAST_ALONE = 0.3
"""Share of a slope vector that must not lie in those of better foreseen measures."""
MOST_UNSUPERVISED = 3


@dataclass(frozen=True)
class Settings:
    """How many loops of a voice each part may take.

    fit : to regress on. tries : latents to try each move on, a round and a side. curve : likewise for each of the six
    points of each curve.
    held_out : latents of the table. audio : of them, to listen to.
    quick_steps : most sampler steps of all but the table: 4 instead of 8 gave measures that correlate by 0.93 (onset
    density) to 0.998, at most 0.08 deviations off, and the table, by all steps, shows what that costs.
    """

    fit: int = 1000
    tries: int = 24
    rounds: int = 2
    curve: int = 12
    held_out: int = 500
    audio: int = 8
    processes: int = 1
    quick_steps: int = 4

    def loops(self, directions: int = len(MEL_MEASURES)) -> int:
        """About how many loops a voice takes, for progress."""
        points = len(CURVE_STRENGTHS) - 1
        return (
            self.fit
            + 2 * self.tries * (2 * directions + 1)
            + 2 * (self.rounds - 1) * self.tries * (directions + 1)
            + self.curve * points * (directions + 1)
            + 3 * self.held_out
            + self.audio * (2 * directions + 4)
        )


QUICK = Settings(fit=200, tries=8, curve=6, held_out=84, audio=0)
TRY_STRENGTH = 2.0
CURVE_STRENGTHS = (-4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5)


@dataclass(frozen=True)
class Candidate:
    """What is to move a measure, a single mover, with its curve: ``strengths`` at `AMOUNTS`."""

    name: str
    measure: str
    mover: Movers
    strengths: tuple[float, ...] = AMOUNTS
    description: str = ""


@dataclass
class Found:
    """What calibration found of a voice.

    spreads : measure -> mean and deviation over what the voice generates. explained : measure -> share of its variance
    that the fit foresees. left_out : measure -> why it is no direction.
    """

    space: str
    spreads: dict[str, SpreadSpec]
    explained: dict[str, float]
    candidates: list[Candidate] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Space:
    """Where vectors live: places of some seeds in it, whitened, and the way back.

    whitened : (loops, numbers) of unit variance. scale : (numbers,). lift : (numbers, flat space), whitened to space;
    None where it is the same. shape : of the space.
    """

    whitened: Float
    scale: Array
    lift: Array | None
    shape: tuple[int, ...]

    def vectors(self, moves: Array) -> Float:
        """Moves (n, numbers) of whitened places as vectors (n, *space)."""
        flat = moves if self.lift is None else moves @ self.lift
        return flat.reshape(len(moves), *self.shape).astype(np.float32)


def space_of(generator: Generator, voice: str, seeds: Sequence[int]) -> Space:
    """The latents of seeds, or their whitened styles where the voice shows them."""
    latents = np.stack([generator.latent(voice, seed) for seed in seeds])
    spec = generator.pack.manifest.voice(voice)
    sampler = generator.pack.manifest.generators[spec.generator].sampler
    if moves_style(generator, voice):
        styles = generator.styles(voice, latents).astype(np.float64)
        centred = styles - styles.mean(axis=0)
        values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
        kept = values > 1e-4 * values.max()
        deviations = np.sqrt(values[kept])[::-1]
        axes = axes[:, kept][:, ::-1]
        whitened = (centred @ axes / deviations).astype(np.float32)
        return Space(whitened, deviations, deviations[:, None] * axes.T, styles.shape[1:])
    flat = latents.reshape(len(latents), -1)
    scale = np.ones(flat.shape[1])
    if isinstance(sampler, RotationSpec):
        # How far each number of the latent moves the code, were the voice normal.
        scale = generator.pack.array(sampler.deviation)[spec.index].reshape(-1).astype(np.float64)
    return Space(flat, scale, None, latents.shape[1:])


def calibrate(generator: Generator, prober: Prober, settings: Settings) -> Found:
    """Find the directions of the prober's voice."""
    voice, names = prober.voice, tuple(MEL_MEASURES)
    seeds = range(FIT_SEEDS, FIT_SEEDS + settings.fit)
    values = prober(seeds, what="fit", quick=True).measures
    mean, scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9)
    space = space_of(generator, voice, seeds)
    found = Found(
        "style" if moves_style(generator, voice) else "latent",
        {n: SpreadSpec(float(m), float(d)) for n, m, d in zip(names, mean, scale, strict=True)},
        {},
    )
    conditions = generator.pack.manifest.generators[generator.pack.manifest.voice(voice).generator].controls
    fit = fit_slopes(space.whitened, (values - mean) / scale, space.scale)
    found.explained = dict(zip(names, (float(x) for x in fit.explained), strict=True))
    varied = _varied(names, values, found.left_out)
    foreseen = _choose([i for i in varied if fit.explained[i] >= LEAST_EXPLAINED], fit.slopes, fit.explained)
    pushed = [i for i in varied if names[i] in conditions]
    tonal = generator.pack.manifest.voice(voice).tonal
    wanted = [names.index(n) for n in PRIORITY[tonal] if names.index(n) in {*foreseen, *pushed}]
    for index in set(varied) - set(wanted):
        found.left_out[names[index]] = f"latents foresee {max(0.0, fit.explained[index]):.0%} of it"
    if wanted:
        # Movers are as long as one deviation of a latent, or of a condition.
        slopes = fit.slopes[foreseen]
        movers = Movers.join(
            _vectors_only(
                space.vectors(slopes / np.linalg.norm(slopes, axis=1, keepdims=True)), len(conditions)
            ),
            _pushes_only([conditions.index(names[i]) for i in pushed], len(conditions), space.shape),
        )
        response = _try_out(prober, movers, scale, settings.tries)
        targets = separable(response, wanted, MOST_COST)
        for index in set(wanted) - set(targets):
            found.left_out[names[index]] = "it cannot be moved alone"
        for number in range(settings.rounds):
            if number:
                response = _try_out(prober, movers, scale, settings.tries)
            shares = untangle(response[:, targets])
            movers = movers.combined(shares / np.linalg.norm(shares, axis=1, keepdims=True))
        found.candidates = [
            Candidate(
                names[index],
                names[index],
                Movers(movers.vectors[row : row + 1], movers.pushes[row : row + 1]),
                description=MEL_MEASURES[names[index]].description,
            )
            for row, index in enumerate(targets)
        ]
    if found.space == "style":
        found.candidates += _unsupervised(generator, prober, space, scale, settings)
    found.candidates = _with_curves(prober, found, scale, settings.curve)
    return found


def _vectors_only(vectors: Float, conditions: int) -> Movers:
    return Movers(vectors, np.zeros((len(vectors), conditions), np.float32))


def _pushes_only(columns: Sequence[int], conditions: int, shape: tuple[int, ...]) -> Movers:
    """One mover for each of these columns of the conditions, that pushes it by one deviation."""
    pushes = np.eye(conditions, dtype=np.float32)[list(columns)].reshape(len(columns), conditions)
    return Movers(np.zeros((len(columns), *shape), np.float32), pushes)


def _varied(names: tuple[str, ...], values: Array, left_out: dict[str, str]) -> list[int]:
    """Measures that are not the same for most loops."""
    kept = []
    for index, name in enumerate(names):
        commonest = np.unique(values[:, index].round(6), return_counts=True)[1].max() / len(values)
        if commonest > 0.5 or values[:, index].std() < 1e-6:
            left_out[name] = f"{commonest:.0%} of loops have the same value"
        else:
            kept.append(index)
    return kept


def _choose(foreseen: Sequence[int], slopes: Array, explained: Array) -> list[int]:
    """Of measures that latents foresee, those that do not point where a better foreseen one does, in their order."""
    chosen: list[int] = []
    for index in sorted(foreseen, key=lambda i: -explained[i]):
        others = slopes[chosen]
        rest = slopes[index] - (np.linalg.pinv(others) @ (others @ slopes[index]) if chosen else 0.0)
        if np.linalg.norm(rest) >= LEAST_ALONE * np.linalg.norm(slopes[index]):
            chosen.append(index)
    return sorted(chosen)


def _try_out(prober: Prober, movers: Movers, scale: Array, tries: int) -> Array:
    """How each mover changes each measure per unit of strength, in deviations: (movers, measures)."""
    # Loops differ in how they answer: twice as many latents, each moved one way, say more than each moved both ways.
    seeds = list(range(TRY_SEEDS, TRY_SEEDS + 2 * tries))
    still = prober(seeds, what="try", quick=True).measures
    strengths = np.tile([-TRY_STRENGTH, TRY_STRENGTH], tries)
    amounts = np.kron(np.eye(len(movers)), strengths[:, None])
    moved = prober(seeds * len(movers), amounts, movers, what="try", quick=True).measures
    return response_of((moved - np.tile(still, (len(movers), 1))) / scale, amounts)


def _with_curves(prober: Prober, found: Found, scale: Array, tries: int) -> list[Candidate]:
    """Candidates with the strengths that bring their measure to each amount; those that hardly move it are left out."""
    if not found.candidates:
        return []
    names = tuple(MEL_MEASURES)
    # Other latents than those that the vectors were untangled on.
    strengths = np.array(CURVE_STRENGTHS)
    points = np.tile(strengths[strengths != 0.0], tries)
    seeds = list(range(TRY_SEEDS + (1 << 20), TRY_SEEDS + (1 << 20) + len(points)))
    movers = Movers.join(*(candidate.mover for candidate in found.candidates))
    still = prober(seeds, what="curve", quick=True).measures
    places = np.linspace(strengths[0], strengths[-1], 61)
    kept: list[Candidate] = []
    for index, candidate in enumerate(found.candidates):
        amounts = np.zeros((len(points), len(movers)))
        amounts[:, index] = points
        moved = prober(seeds, amounts, movers, what="curve", quick=True).measures
        column = names.index(candidate.measure)
        reach = smooth_curve(points, (moved - still)[:, column] / scale[column], places)
        if reach[-1] - reach[0] < LEAST_REACH:
            found.left_out[candidate.name] = (
                f"it can be moved by {reach[-1] - reach[0]:.2g} deviations in all"
            )
            continue
        curve = invert_curve(places, reach, np.array(AMOUNTS))
        kept.append(
            Candidate(
                candidate.name,
                candidate.measure,
                candidate.mover,
                tuple(float(x) for x in curve),
                candidate.description,
            )
        )
    return kept


def _unsupervised(
    generator: Generator, prober: Prober, space: Space, scale: Array, settings: Settings
) -> list[Candidate]:
    """Principal components of styles (GANSpace, Härkönen et al. 2020) and of the weights (SeFa, Shen and Zhou 2021).

    Each is as long as styles are spread along it, turned so that it raises what it changes most, and named by that.
    """
    assert space.lift is not None
    manifest = generator.pack.manifest
    sampler = manifest.generators[manifest.voice(prober.voice).generator].sampler
    assert isinstance(sampler, DirectSpec)
    vectors = list(space.lift[:MOST_UNSUPERVISED])
    labels = [f"pca{number + 1}" for number in range(len(vectors))]
    if sampler.style_factors is not None:
        factors = generator.pack.array(sampler.style_factors)[:MOST_UNSUPERVISED].astype(np.float64)
        spread = np.sqrt(np.square(space.lift @ factors.T).sum(axis=0))
        vectors += list(factors * spread[:, None])
        labels += [f"sefa{number + 1}" for number in range(len(factors))]
    conditions = len(manifest.generators[manifest.voice(prober.voice).generator].controls)
    movers = _vectors_only(np.stack(vectors).astype(np.float32), conditions)
    response = _try_out(prober, movers, scale, settings.tries)
    names = tuple(MEL_MEASURES)
    kept = []
    for number, (label, row) in enumerate(zip(labels, response, strict=True)):
        most = int(np.argmax(np.abs(row)))
        if abs(row[most]) < 1e-3:
            continue
        # As strong as a unit of its measure, within bounds: the curve does the rest.
        unit = float(np.clip(1.0 / row[most], -2.0, 2.0))
        what = f"what {'styles' if label.startswith('pca') else 'weights'} vary in most, mainly {names[most]}"
        share = unit * np.eye(len(movers))[number : number + 1]
        kept.append(
            Candidate(f"{label}_{names[most]}", names[most], movers.combined(share), description=what)
        )
    return kept
