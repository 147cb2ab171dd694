"""The full judgement of one voice: generated loops against held-out ones, with intervals and counts.

Everything is decided by a seed, and every figure carries the number of loops behind it.
"""

from typing import Any

import numpy as np

from aijockey.evaluate.copying import Copying, TrainingSet, judge_copying
from aijockey.evaluate.distribution import (
    NEIGHBOURS,
    Points,
    frechet,
    frechet_infinite,
    kernel_distance,
    manifolds,
    spread,
)
from aijockey.evaluate.intervals import (
    NORMAL_95,
    Figure,
    mean_figure,
    ratio_figure,
    subsample_figure,
)
from aijockey.evaluate.material import Material
from aijockey.evaluate.score import LEAST_LOOPS, score_of
from aijockey.evaluate.space import ViewSpace
from aijockey.evaluate.truths import TRUTHS
from aijockey.evaluate.views import VIEWS

Figures = dict[str, Figure]

SPLITS = 40
"""Disjoint halves of the held-out loops that a Frechet distance is averaged over."""


def compare_points(real: Points, fake: Points, rng: np.random.Generator) -> Figures:
    """All distances between two sets of points, with 95 % intervals.

    ``frechet`` and ``frechet_real`` at one sample size (half of the held-out loops), averaged over splits,
    and their ``frechet_ratio``; ``frechet_infinite`` extrapolated to infinite sets; ``density``,
    ``coverage``, ``precision``, ``recall`` at equal sizes (all held-out loops, or as many as there are fakes)
    and ``coverage_real``, ``density_real`` between halves; ``kernel`` and ``kernel_real``; ``diversity``
    relative to real's.
    """
    figures = _frechet_figures(real, fake, rng)
    size = min(len(real), len(fake))
    chosen_real = real[rng.choice(len(real), size, replace=False)]
    chosen_fake = fake[rng.choice(len(fake), size, replace=False)]
    order = rng.permutation(len(real))
    left, right = real[order[: len(real) // 2]], real[order[len(real) // 2 : len(real) // 2 * 2]]
    between, within = manifolds(chosen_real, chosen_fake), manifolds(left, right)
    for name in ("density", "coverage", "precision", "recall"):
        figures[name] = mean_figure(getattr(between, name), rng)
    figures["density_real"] = mean_figure(within.density, rng)
    figures["coverage_real"] = mean_figure(within.coverage, rng)
    figures["kernel"] = subsample_figure(
        lambda a, b: kernel_distance(real[a], fake[b]),
        (len(real), len(fake)),
        kernel_distance(real, fake),
        rng,
    )
    figures["kernel_real"] = Figure.exact(kernel_distance(left, right), len(left))
    # A mean over pairs varies twice as much as the mean over points of their distance to a fixed set.
    figures["diversity"] = ratio_figure(spread(fake), spread(real), rng, widen=2.0)
    return figures


def _frechet_figures(real: Points, fake: Points, rng: np.random.Generator) -> Figures:
    size = min(len(real) // 2, len(fake))
    to_fake, to_real = np.empty(SPLITS), np.empty(SPLITS)
    for split in range(SPLITS):
        order = rng.permutation(len(real))
        left, right = real[order[:size]], real[order[size : 2 * size]]
        to_fake[split] = frechet(left, fake[rng.choice(len(fake), size, replace=False)])
        to_real[split] = frechet(left, right)
    ratio = float(to_fake.mean() / max(to_real.mean(), 1e-12))
    # A half drawn from a set varies among draws as the whole set would among sets (see `subsample_figure`).
    factor = float(
        np.exp(NORMAL_95 * np.std(np.log(np.maximum(to_fake, 1e-12) / np.maximum(to_real, 1e-12)), ddof=1))
    )
    infinite = frechet_infinite(real, fake, rng)
    return {
        "frechet": _normal(to_fake, size),
        "frechet_real": _normal(to_real, size),
        "frechet_ratio": Figure(ratio, ratio / factor, ratio * factor, size),
        "frechet_infinite": subsample_figure(
            lambda a, b: frechet_infinite(real[a], fake[b], rng),
            (len(real), len(fake)),
            infinite,
            rng,
            repeats=10,
        ),
    }


def _normal(drawn: Points, count: int) -> Figure:
    value, half_width = float(drawn.mean()), NORMAL_95 * float(drawn.std(ddof=1))
    return Figure(value, max(0.0, value - half_width), value + half_width, count)


def truth_figures(material: Material, rng: np.random.Generator) -> Figures:
    """Means of all truths with intervals, and ``loudness_spread_db``, the standard deviation of the
    loudness.
    """
    figures = {}
    for name in TRUTHS:
        values = material.truths[name]
        finite = values[np.isfinite(values)]
        if len(finite):
            figures[name] = mean_figure(finite, rng)
    loudness = material.truths["loudness_lufs"]
    loudness = loudness[np.isfinite(loudness)]
    if len(loudness) > 1:
        deviation = float(loudness.std(ddof=1))
        # Of a normal distribution the standard deviation is known to 1 / sqrt(2 (n - 1)).
        half_width = NORMAL_95 * deviation / np.sqrt(2.0 * (len(loudness) - 1))
        figures["loudness_spread_db"] = Figure(
            deviation, deviation - half_width, deviation + half_width, len(loudness)
        )
    return figures


def judge_voice(
    held_out: Material, training: Material, generated: Material, seed: int
) -> tuple[dict[str, Any], Copying]:
    """Every figure of one voice but movement and vocoder.

    Parameters
    ----------
    held_out : the corpus's test split, at least 12 loops. training : its train split; the view spaces are
        fitted to it, so that held-out and generated loops are equally new to them. generated : at least 12.

    Returns
    -------
    figures as they go into the JSON report (`Figure` objects for numbers), and the copying verdict with its
    pairs.

    Raises
    ------
    ValueError : too few loops.
    """
    if min(held_out.count, generated.count) < LEAST_LOOPS:
        raise ValueError(
            f"{held_out.count} held-out and {generated.count} generated loops; at least {LEAST_LOOPS} each"
        )
    rng = np.random.default_rng(seed)
    views: dict[str, Any] = {}
    flat: dict[str, float] = {}
    for view in VIEWS:
        space = ViewSpace.fit(training.groups[view])
        figures = compare_points(
            space.points(held_out.groups[view]), space.points(generated.groups[view]), rng
        )
        views[view] = {"dims": space.dims, "explained": space.explained, "neighbours": NEIGHBOURS, **figures}
        for name in ("coverage", "coverage_real", "diversity"):
            flat[f"{view}_{name}"] = figures[name].value
        flat[f"{view}_ratio"] = figures["frechet_ratio"].value
    detail = {
        "frequency_detail": ratio_figure(generated.frequency_detail, held_out.frequency_detail, rng),
        "time_detail": ratio_figure(generated.time_detail, held_out.time_detail, rng),
    }
    flat.update({name: figure.value for name, figure in detail.items()})
    train = TrainingSet(training.pictures)
    copying = judge_copying(train.nearest(generated.pictures), train.nearest(held_out.pictures), rng)
    figures_of_voice = {
        "counts": {"generated": generated.count, "held_out": held_out.count, "training": training.count},
        "score": score_of(flat),
        "views": views,
        "detail": detail,
        "truths": {"generated": truth_figures(generated, rng), "held_out": truth_figures(held_out, rng)},
        "copying": {
            "ratio": copying.ratio,
            "closest_ratio": copying.closest_ratio,
            "suspicious": copying.suspicious,
        },
    }
    return figures_of_voice, copying
