"""The sanity table: sets broken in known ways move the measures that should move, and not the others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import python_stretch

from aijockey.corpus.synthesize import render_loop
from aijockey.evaluate.judge import judge_voice
from aijockey.evaluate.material import Material, describe
from aijockey.music.key import A_MINOR

Loops = list[np.ndarray]
COUNT = 60
VOICE = "stabs"  # tones on a rhythm: every view has something to say
SIXTEENTH = 6000


def in_batches(loops: Loops) -> Material:
    return Material.join([describe(loops[i : i + 16], key=A_MINOR) for i in range(0, len(loops), 16)])


@pytest.fixture(scope="module")
def studio() -> dict[str, Loops]:
    loops = [render_loop(VOICE, seed).audio.mean(axis=0, keepdims=True) for seed in range(3 * COUNT)]
    return {"train": loops[:COUNT], "held_out": loops[COUNT : 2 * COUNT], "fresh": loops[2 * COUNT :]}


@pytest.fixture(scope="module")
def judge(studio: dict[str, Loops]) -> Callable[[Loops], dict[str, float]]:
    training, held_out = in_batches(studio["train"]), in_batches(studio["held_out"])

    def judged(loops: Loops) -> dict[str, float]:
        figures, _ = judge_voice(held_out, training, in_batches(loops), seed=0)
        return flat(figures)

    return judged


def flat(figures: dict[str, Any]) -> dict[str, float]:
    found = {name: figures["detail"][name].value for name in ("frequency_detail", "time_detail")}
    for view, measures in figures["views"].items():
        for name in ("frechet_ratio", "coverage", "precision", "diversity", "kernel"):
            found[f"{view}_{name}"] = measures[name].value
    for name, figure in figures["truths"]["generated"].items():
        found[name] = figure.value - figures["truths"]["held_out"][name].value
    found["newness"] = figures["copying"]["ratio"].value
    found["score"] = figures["score"]
    return found


def shuffle_frames(loop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return loop.reshape(1, 256, 750)[:, rng.permutation(256)].reshape(1, -1)


def detune(loop: np.ndarray, semitones: float) -> np.ndarray:
    stretch = python_stretch.Signalsmith.Stretch()
    stretch.preset(1, 48_000)
    stretch.setTransposeSemitones(semitones)
    laps = np.asarray(stretch.process(np.tile(loop, (1, 3))))
    return laps[:, 192_000:384_000].astype(np.float32)


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 0.1, (1, 192_000)).astype(np.float32)


Damage = Callable[[Loops, Loops, np.random.Generator], Loops]

# What is done to fresh loops -> measures that must be worse than these bounds. All others must stay where
# fresh loops have them, but for those that the damage may touch on the way.
BROKEN: dict[str, tuple[Damage, dict[str, tuple[str, float]], set[str]]] = {
    "frames shuffled": (
        lambda fresh, train, rng: [shuffle_frames(loop, rng) for loop in fresh],
        {
            "rhythm_frechet_ratio": (">", 5.0),
            "rhythm_coverage": ("<", 0.3),
            "timbre_frechet_ratio": (">", 3.0),
            "time_detail": (">", 1.5),
            "on_grid": ("<", -0.2),
            "grid_deviation_ms": (">", 10.0),
        },
        {"harmony", "timbre", "rhythm", "frequency_detail", "seam", "newness", "in_key_share", "pulse",
         "loudness"},
    ),
    "half a sixteenth late": (
        lambda fresh, train, rng: [np.roll(loop, SIXTEENTH // 2, axis=1) for loop in fresh],
        {
            "rhythm_frechet_ratio": (">", 10.0),
            "rhythm_coverage": ("<", 0.2),
            "on_grid": ("<", -0.4),
            "grid_deviation_ms": (">", 15.0),
        },
        {"rhythm", "seam"},
    ),
    "half a semitone sharp": (
        lambda fresh, train, rng: [detune(loop, 0.5) for loop in fresh],
        {"harmony_frechet_ratio": (">", 3.0), "harmony_coverage": ("<", 0.6), "in_key_share": ("<", -0.3)},
        {"harmony", "seam"},
    ),
    "one loop repeated": (
        lambda fresh, train, rng: [fresh[3]] * COUNT,
        {
            "timbre_diversity": ("<", 0.01),
            "rhythm_diversity": ("<", 0.01),
            "harmony_diversity": ("<", 0.01),
            "timbre_coverage": ("<", 0.5),
            "harmony_coverage": ("<", 0.5),
            "timbre_frechet_ratio": (">", 3.0),
            "harmony_frechet_ratio": (">", 3.0),
            "loudness_spread_db": ("<", -0.2),
        },
        {"timbre", "rhythm", "harmony", "detail", "newness", "seam", "on_grid", "grid", "loudness", "pulse",
         "in_key_share"},
    ),
    "noise": (
        lambda fresh, train, rng: [noise(rng) for _ in fresh],
        {
            "timbre_frechet_ratio": (">", 20.0),
            "rhythm_frechet_ratio": (">", 5.0),
            "harmony_frechet_ratio": (">", 5.0),
            "timbre_precision": ("<", 0.1),
            "harmony_coverage": ("<", 0.2),
            "newness": (">", 1.2),
            "in_key_share": ("<", -0.2),
        },
        {"timbre", "rhythm", "harmony", "detail", "seam", "on_grid", "grid", "loudness", "pulse", "newness"},
    ),
    "the training set, softer and a bar on": (
        lambda fresh, train, rng: [np.roll(loop * np.float32(0.7), 96_000, axis=1) for loop in train],
        {"newness": ("<", 0.05)},
        {"newness", "seam", "loudness_lufs"},
    ),
}  # fmt: skip

# How far a measure may stray on other fresh loops of the same studio, with so few loops a set.
STEADY = {
    "frechet_ratio": (0.4, 2.2),
    "coverage": (0.8, 1.0),
    "precision": (0.75, 1.0),
    "diversity": (0.85, 1.15),
    "kernel": (-0.5, 0.5),
    "detail": (0.85, 1.15),
    "newness": (0.85, 1.15),
    "pulse_tempo_bpm": (-2.5, 2.5),
    "seam": (-0.3, 0.3),
    "grid_deviation_ms": (-5.0, 5.0),
    "loudness_lufs": (-0.7, 0.7),
    "loudness_spread_db": (-0.4, 0.4),
    "score": (0.0, 1.0),
}
STEADY_TRUTH = (-0.12, 0.12)


def steady_range(name: str) -> tuple[float, float]:
    return next((bounds for part, bounds in STEADY.items() if part in name), STEADY_TRUTH)


def strayed(found: dict[str, float], allowed: set[str]) -> dict[str, float]:
    return {
        name: value
        for name, value in found.items()
        if not any(part in name for part in allowed)
        and not steady_range(name)[0] <= value <= steady_range(name)[1]
    }


@pytest.mark.slow
def test_fresh_loops_of_the_same_studio_move_nothing(studio, judge) -> None:
    assert strayed(judge(studio["fresh"]), set()) == {}


@pytest.mark.slow
def test_the_held_out_set_itself_is_nearest_of_all(studio, judge) -> None:
    found = judge(studio["held_out"])
    for view in ("timbre", "rhythm", "harmony"):
        assert found[f"{view}_frechet_ratio"] < 1.0
        assert found[f"{view}_coverage"] == found[f"{view}_precision"] == 1.0
        assert found[f"{view}_diversity"] == pytest.approx(1.0)
    assert found["newness"] == found["frequency_detail"] == found["time_detail"] == pytest.approx(1.0)
    assert found["score"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_damage_moves_what_it_should_and_nothing_else(name: str, studio, judge) -> None:
    damage, bounds, touched = BROKEN[name]
    found = judge(damage(studio["fresh"], studio["train"], np.random.default_rng(5)))
    for measure, (side, bound) in bounds.items():
        assert (found[measure] > bound) == (side == ">"), (
            f"{measure} is {found[measure]:.3f}, expected {side} {bound}"
        )
    assert strayed(found, touched | set(bounds) | {"score"}) == {}
