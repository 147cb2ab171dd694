"""The proof: what a voice's directions do to latents that calibration never saw.

Each held-out latent is moved along one direction by two neighbouring amounts, in turn over all directions and amounts:
slopes and cross-talk come from all, monotonicity from single loops' steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.evaluate.directions.calibrate import AMOUNTS, HELD_OUT_SEEDS, Candidate, Found, Settings
from aijockey.evaluate.directions.fit import rising
from aijockey.evaluate.directions.measures import MEL_MEASURES
from aijockey.evaluate.directions.probe import LIKENESS, Movers, Prober
from aijockey.pack.manifest import DirectionSpec

Array = npt.NDArray[np.float64]

LEAST_SLOPE, MOST_SLOPE = 0.3, 1.5
"""A direction is worth a control where a unit does about what it says."""

FAR = 2.0
"""Likeness is judged at this amount and beyond."""


@dataclass(frozen=True)
class Proof:
    """Directions as they go into a pack, in the order of the vectors, and what else was measured.

    vectors : (directions, *space). figures : plain numbers for the manifest's ``figures`` and the model card.
    """

    directions: tuple[DirectionSpec, ...]
    vectors: npt.NDArray[np.float32]
    figures: dict[str, Any] = field(default_factory=dict)


def prove(prober: Prober, found: Found, settings: Settings, conditions: Sequence[str] = ()) -> Proof:
    """Measure the table of a voice and drop directions that do not hold; their reason is kept in the figures.

    conditions : names of the generator's, in the order of the movers' pushes.
    """
    candidates = found.candidates
    figures: dict[str, Any] = {"explained": _rounded(found.explained), "left_out": dict(found.left_out)}
    if not candidates:
        return Proof((), np.zeros((0, 1), np.float32), figures)
    names = tuple(MEL_MEASURES)
    scale = np.array([found.spreads[name].std for name in names])
    movers = Movers.join(*(candidate.mover for candidate in candidates))
    seeds = list(range(HELD_OUT_SEEDS, HELD_OUT_SEEDS + settings.held_out))
    still = prober(seeds, what="held out", likeness=True)
    which, amounts, of = _plan(len(candidates), settings.held_out)
    moved = prober(
        [seeds[index] for index in of],
        _strengths(candidates, which, amounts),
        movers,
        what="held out",
        likeness=True,
    )
    change = (moved.measures - still.measures[of]) / scale
    unlike = {
        name: _distances(name, moved.likeness[name], still.likeness[name][of])
        / max(
            float(_distances(name, still.likeness[name], np.roll(still.likeness[name], 1, axis=0)).mean()),
            1e-9,
        )
        for name in LIKENESS
    }
    heard = _listen(prober, candidates, movers, settings.audio, figures)
    kept, specs = [], []
    figures["directions"] = {}
    for index, candidate in enumerate(candidates):
        rows = which == index
        row, own = amounts[rows], names.index(candidate.measure)
        slopes = (row @ change[rows]) / float(row @ row)
        effect = np.array([_mean_at(change[rows, own], row == amount) for amount in AMOUNTS])
        reason = _reason_against(effect, float(slopes[own]), _noise(row, change[rows, own], effect))
        if reason:
            figures["left_out"][candidate.name] = reason
            continue
        kept.append(index)
        far = rows & (np.abs(amounts) >= FAR)
        specs.append(
            DirectionSpec(
                name=candidate.name,
                unit=MEL_MEASURES[candidate.measure].unit,
                description=candidate.description,
                spread=found.spreads[candidate.measure],
                amounts=AMOUNTS,
                strengths=tuple(round(float(x), 5) for x in candidate.strengths),
                effect=tuple(round(float(x), 4) for x in rising(effect)),
                slope=round(float(slopes[own]), 4),
                monotone=round(_rising_share(row, change[rows, own], of[rows]), 4),
                conditions={
                    condition: round(float(push), 5)
                    for condition, push in zip(conditions, movers.pushes[index], strict=True)
                    if abs(push) >= 1e-4
                },
                crosstalk={
                    name: round(float(slopes[other]), 4) for other, name in enumerate(names) if other != own
                },
                kept={name: round(float(unlike[name][far].mean()), 4) for name in LIKENESS},
            )
        )
        figures["directions"][candidate.name] = {
            "measured_effect": [round(float(x), 4) for x in effect],
            # What a single loop's other measures do beyond the mean: in deviations, root mean square, at `FAR`.
            "scatter": round(float(np.sqrt(np.square(np.delete(change[far], own, axis=1)).mean())), 4),
            **heard.get(candidate.name, {}),
        }
    figures["held_out"] = settings.held_out
    return Proof(tuple(specs), movers.vectors[kept], figures)


def _mean_at(values: Array, where: npt.NDArray[np.bool_]) -> float:
    """0 where nothing was moved: at an amount of 0, or where there are too few latents."""
    return float(values[where].mean()) if where.any() else 0.0


def _plan(count: int, held_out: int) -> tuple[npt.NDArray[np.intp], Array, npt.NDArray[np.intp]]:
    """Which direction, by what amount, of which held-out latent: one row a loop, none that stays where it is."""
    steps = list(pairwise(AMOUNTS))
    rows = [
        (latent % count, amount, latent)
        for latent in range(held_out)
        for amount in steps[(latent // count) % len(steps)]
        if amount != 0.0
    ]
    which, amounts, of = zip(*rows, strict=True)
    return np.array(which), np.array(amounts, dtype=np.float64), np.array(of)


def _strengths(candidates: Sequence[Candidate], which: npt.NDArray[np.intp], amounts: Array) -> Array:
    rows = np.zeros((len(which), len(candidates)))
    for row, (index, amount) in enumerate(zip(which, amounts, strict=True)):
        rows[row, index] = np.interp(amount, AMOUNTS, candidates[index].strengths)
    return rows


def _rising_share(amounts: Array, change: Array, of: npt.NDArray[np.intp]) -> float:
    """Of the steps between neighbouring amounts of one loop, how many raise the measure; no change counts half."""
    steps = []
    for latent in np.unique(of):
        mine = of == latent
        points = sorted(
            [*zip(amounts[mine], change[mine], strict=True), *([(0.0, 0.0)] if mine.sum() == 1 else [])]
        )
        steps += [float(b[1] > a[1]) + 0.5 * float(b[1] == a[1]) for a, b in pairwise(points)]
    return float(np.mean(steps))


def _noise(amounts: Array, change: Array, effect: Array) -> float:
    """Standard error of the difference between the mean effects at two amounts."""
    missed = change - np.interp(amounts, AMOUNTS, effect)
    each = len(amounts) / (len(AMOUNTS) - 1)
    return float(np.sqrt(2.0 * np.square(missed).mean() / max(each - 1.0, 1.0)))


def _reason_against(effect: Array, slope: float, noise: float) -> str:
    """Why a direction is not worth a control, or nothing."""
    if not LEAST_SLOPE <= slope <= MOST_SLOPE:
        return f"a unit changes held-out loops by {slope:.2g} deviations"
    fall = -float(np.diff(effect).min(initial=0.0))
    if fall > 0.1 * float(np.ptp(effect)) + 2.0 * noise:
        return f"its effect falls by {fall:.2g} deviations on the way"
    return ""


def _distances(name: str, one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> Array:
    """How unlike loops are: 1 - correlation of onset patterns; Euclidean for timbre. (loops,)"""
    a, b = one.astype(np.float64), other.astype(np.float64)
    if name == "timbre":
        return np.asarray(np.linalg.norm(a - b, axis=1))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(1.0 - (a * b).sum(axis=1) / np.maximum(lengths, 1e-12))


def _listen(
    prober: Prober,
    candidates: Sequence[Candidate],
    movers: Movers,
    loops: int,
    figures: dict[str, Any],
) -> dict[str, dict[str, float]]:
    """Slopes in audio: vocoder, then the corpus's own measures, of some held-out latents at amounts of -2 and 2.

    How well the measures of mels agree with those goes into ``figures``, as correlation over loops that stay.
    """
    if loops < 2:
        return {}
    names = tuple(MEL_MEASURES)
    seeds = list(range(HELD_OUT_SEEDS, HELD_OUT_SEEDS + 4 * loops))
    still = prober(seeds, what="listen", audio=True)
    assert still.audio is not None
    spread = still.audio.std(axis=0)
    figures["agreement"] = {
        name: round(float(np.corrcoef(still.measures[:, column], still.audio[:, column])[0, 1]), 3)
        for column, name in enumerate(names)
        if MEL_MEASURES[name].like and spread[column] > 1e-6 and still.measures[:, column].std() > 1e-6
    }
    which = np.repeat(np.arange(len(candidates)), 2 * loops)
    amounts = np.tile(np.repeat([-2.0, 2.0], loops), len(candidates))
    rows = _strengths(candidates, which, amounts)
    moved = prober(seeds[:loops] * (2 * len(candidates)), rows, movers, what="listen", audio=True)
    assert moved.audio is not None
    change = moved.audio - np.tile(still.audio[:loops], (2 * len(candidates), 1))
    heard: dict[str, dict[str, float]] = {}
    for index, candidate in enumerate(candidates):
        column = names.index(candidate.measure)
        if MEL_MEASURES[candidate.measure].like is None or spread[column] < 1e-6:
            continue
        mine = which == index
        row = amounts[mine]
        slope = float(row @ change[mine, column] / (row @ row)) / float(spread[column])
        heard[candidate.name] = {"audio_slope": round(slope, 3)}
    return heard


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
