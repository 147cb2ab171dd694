"""Priors, steps, swing, fills; and the tables that they come from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.corpus.synthesize import patterns
from aijockey.corpus.synthesize.draw import parameters
from aijockey.corpus.synthesize.genres import RHYTHMS
from aijockey.corpus.synthesize.genres.bass import BASS
from aijockey.corpus.synthesize.genres.stabs import STABS
from aijockey.corpus.synthesize.harmony import COLOURS, KEY, draw_chords
from aijockey.corpus.synthesize.patterns import Part
from aijockey.corpus.synthesize.sounds import SOUNDS, render_shot

PARTS = [
    pytest.param(part, id=f"{voice}-{name}-{part.name}")
    for voice, genres in RHYTHMS.items()
    for name, genre in genres.items()
    for part in genre.parts
]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_every_genre_is_playable(part: Part) -> None:
    assert part.sound in SOUNDS
    assert set(part.tweak) <= set(SOUNDS[part.sound].ranges)
    for prior in part.priors:
        assert patterns.probabilities(prior).max() > 0.0
    if part.accent:
        assert patterns.probabilities(part.accent).max() > 0.0
    low, high = part.level_db
    assert low <= high <= 0.0


def test_genre_tables_hang_together() -> None:
    for genres in RHYTHMS.values():
        assert len(genres) >= 8
        for genre in genres.values():
            names = [part.name for part in genre.parts]
            assert len(names) == len(set(names))
            assert all(part.choke is None or part.choke in names for part in genre.parts)
            assert 0.5 <= genre.swing[0] <= genre.swing[1] <= 0.67
    for prior in [p for table in (BASS, STABS) for genre in table.values() for p in genre.priors]:
        assert len(prior) == 16
        assert patterns.probabilities(prior).max() > 0.0


@pytest.mark.parametrize("sound", list(SOUNDS))
def test_every_sound_starts_loud_and_ends_silent(sound: str, rng: np.random.Generator) -> None:
    for _ in range(3):
        shot = render_shot(rng, sound, {})
        assert np.isfinite(shot.loud).all()
        assert np.max(np.abs(shot.loud)) == pytest.approx(1.0, abs=1e-5)
        assert abs(shot.loud[-1]) < 1e-3
        assert abs(shot.loud[0]) < 0.6
        quarter = len(shot.loud) // 4
        assert np.sum(shot.loud[: 2 * quarter] ** 2) > np.sum(shot.loud[2 * quarter :] ** 2)
        assert np.sum(shot.soft**2) < np.sum(shot.loud**2) * 1.05


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(KeyError, match="wobble_hz"):
        parameters(np.random.default_rng(0), SOUNDS["kick"].ranges, {"wobble_hz": (1, 2)})


@pytest.mark.parametrize("prior", ["", "X..x", "0...", "X. ."])
def test_a_misspelt_prior_is_refused(prior: str) -> None:
    with pytest.raises(ValueError, match="prior"):
        patterns.probabilities(prior)


@given(st.floats(-3.0, 3.0))
def test_density_moves_only_what_is_undecided(density: float) -> None:
    chances = patterns.probabilities("X.5.9.1.")
    tilted = patterns.tilt(chances, density)
    assert tilted[0] == 1.0
    assert (tilted[[1, 3, 5, 7]] == 0.0).all()
    moved = np.sign(tilted[[2, 4, 6]] - chances[[2, 4, 6]])
    assert (moved == np.sign(density)).all() or abs(density) < 1e-9


def test_steps_follow_their_chances(rng: np.random.Generator) -> None:
    part = Part("hat", "hat", ("X.5.9.1.X.5.9.1.",))
    played = np.mean([patterns.draw_steps(rng, part, 0.0, 2) > 0 for _ in range(600)], axis=0)
    np.testing.assert_allclose(played, np.resize([1, 0, 0.5, 0, 0.9, 0, 0.1, 0], 32), atol=0.08)


def test_the_second_bar_repeats_the_first_but_for_a_few_steps(rng: np.random.Generator) -> None:
    part = Part("rim", "rim", ("5555555555555555",), vary=0.2)
    same = []
    for _ in range(200):
        steps = patterns.draw_steps(rng, part, 0.0, 2) > 0
        same.append(np.mean(steps[:16] == steps[16:]))
    assert 0.85 < np.mean(same) < 0.95  # a fifth of the steps drawn again, half of those the same


def test_a_polymeter_runs_against_the_bar(rng: np.random.Generator) -> None:
    part = Part("bell", "bell", ("X..5.",))
    steps = patterns.draw_steps(rng, part, 0.0, 2) > 0
    np.testing.assert_array_equal(steps[:27], steps[5:])


@given(st.floats(0.5, 0.67))
def test_swing_places_the_second_sixteenth(swing: float) -> None:
    part = Part("hat", "hat", ("XXXX",), late_ms=0.0)
    hits = patterns.play(np.random.default_rng(1), part, np.ones(4), swing)
    assert [hit.time for hit in hits] == pytest.approx([0.0, 2 * swing, 2.0, 2.0 + 2 * swing])


def test_hits_on_the_beat_are_never_early(rng: np.random.Generator) -> None:
    part = Part("shaker", "shaker", ("X",), late_ms=4.0)
    times = np.array([[hit.time for hit in patterns.play(rng, part, np.ones(16), 0.5)] for _ in range(50)])
    late = np.mod(times - np.arange(16) + 8.0, 16.0) - 8.0
    assert (late[:, ::4] >= 0.0).all()
    assert (late[:, 1::4] < 0.0).any()
    assert np.max(np.abs(late)) * patterns.MS_PER_SIXTEENTH <= patterns.LATEST_MS + 1e-6


def test_fills_change_only_the_last_beats(rng: np.random.Generator) -> None:
    parts = {name: Part(name, name, ("X...",), fills=name != "kick") for name in ("kick", "snare", "clap")}
    kinds, changed = set(), []
    for _ in range(200):
        grid = {name: rng.uniform(0.5, 1.0, 32) for name in parts}
        before = {name: steps.copy() for name, steps in grid.items()}
        kinds.add(patterns.fill(rng, grid, parts, {"kick"}))
        assert all((grid[name][:24] == before[name][:24]).all() for name in parts)
        changed.append(any((grid[name][24:] != before[name][24:]).any() for name in parts))
    assert np.mean(changed) > 0.9
    assert kinds == {"busy", "drop", "roll", "hole", "run"}


def test_chords_are_in_the_key_and_in_the_register(rng: np.random.Generator) -> None:
    colours = set()
    for _ in range(300):
        chords, colour = draw_chords(rng, 2, 55)
        colours.add(colour)
        assert sum(chord.duration for chord in chords) == 32
        for chord in chords:
            assert all(KEY.contains(midi) for midi in chord.pitches)
            assert min(chord.pitches) >= 55
            assert max(chord.pitches) < 55 + 24
    assert colours == set(COLOURS)
