"""Directions are found where they are, made independent, calibrated, and told of as they are."""

import dataclasses
import json

import numpy as np
import pytest

from aijockey.cli.main import main
from aijockey.evaluate.directions.calibrate import AMOUNTS, Settings
from aijockey.evaluate.directions.fit import (
    fit_slopes,
    invert_curve,
    response_of,
    rising,
    separable,
    untangle,
)
from aijockey.evaluate.directions.held_out import _reason_against
from aijockey.evaluate.directions.measures import MEL_MEASURES, measure_mels
from aijockey.evaluate.directions.remake import card_with, make_directions, write_directions
from aijockey.live.generator import Generator
from aijockey.pack.errors import PackExistsError
from aijockey.pack.pack import Pack
from aijockey.representation.mel import LogMel, MelConfig

CONFIG = MelConfig()
SIXTEENTH = 6_000


def hits(rng, places, decay_s=0.05, low_hz=0.0):
    """Noise bursts at sixteenths (may lie between), decaying, above a frequency: (192000,)."""
    audio = np.zeros(192_000, np.float32)
    time_s = np.arange(24_000) / 48_000
    for place in places:
        burst = rng.standard_normal(24_000) * np.exp(-time_s / decay_s)
        if low_hz:
            burst = np.diff(burst, prepend=0.0)
        start = round(place * SIXTEENTH)
        audio[(start + np.arange(24_000)) % 192_000] += burst.astype(np.float32) * 0.2
    return audio


def measured(audio):
    values = measure_mels(LogMel(CONFIG).encode(audio)[None], CONFIG)[0]
    return dict(zip(MEL_MEASURES, values, strict=True))


def test_density_counts_hits_and_a_gain_changes_nothing(rng):
    four, sixteen = (measured(hits(rng, range(0, 32, step))) for step in (4, 2))
    assert four["onset_density"] == pytest.approx(1.0)
    assert sixteen["onset_density"] == pytest.approx(2.0)
    loop = hits(rng, range(0, 32, 4))
    loud, soft = measured(loop), measured(0.5 * loop)
    for name in ("onset_density", "brightness", "sustain", "swing"):
        assert soft[name] == pytest.approx(loud[name], abs=0.05)


def test_syncopation_is_none_on_the_beat_and_grows_off_it(rng):
    on_beat = measured(hits(rng, range(0, 32, 4)))["syncopation"]
    off_beat = measured(hits(rng, range(2, 32, 4)))["syncopation"]
    sixteenths = measured(hits(rng, range(3, 32, 4)))["syncopation"]
    # Eighth before a silent beat: one level too deep, or up to three where the beat is the bar's first.
    assert on_beat < 0.1 * off_beat
    assert sixteenths > 1.2 * off_beat


def test_swing_is_heard_on_the_mel(rng):
    straight = measured(hits(rng, range(32), 0.02))["swing"]
    late = [place + (0.25 if place % 2 else 0.0) for place in range(32)]
    assert straight == pytest.approx(0.5, abs=0.01)
    # Windows of 43 ms blur where a quiet sound begins behind a loud one.
    assert measured(hits(rng, late, 0.02))["swing"] == pytest.approx(0.625, abs=0.03)


def test_bass_brightness_tone_and_length_go_the_right_way(rng):
    time_s = np.arange(192_000) / 48_000
    bass = 0.3 * np.sin(2 * np.pi * 55.0 * time_s).astype(np.float32)
    tone = 0.3 * np.sin(2 * np.pi * 1760.0 * time_s).astype(np.float32)
    noise = hits(rng, range(0, 32, 4), 0.05)
    assert measured(bass)["bass_share"] > 0.95
    assert measured(tone)["bass_share"] < 0.01
    assert measured(bass)["brightness"] < measured(tone)["brightness"]
    assert measured(tone)["tonalness"] > 2.0 * measured(noise)["tonalness"]
    assert (
        measured(tone)["sustain"]
        > measured(hits(rng, range(0, 32, 4), 0.2))["sustain"]
        > measured(noise)["sustain"]
    )


def test_silence_is_finite():
    values = measure_mels(LogMel(CONFIG).encode(np.zeros((1, 192_000), np.float32)), CONFIG)
    assert np.isfinite(values).all()


def linear_world(rng, loops=300, numbers=400):
    """Two tangled measures of which only the heavy numbers of a place decide."""
    scale = np.exp(-np.arange(numbers) / 20.0)
    truth = rng.standard_normal((2, numbers)) * scale
    truth[1] += 0.8 * truth[0]
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    places = rng.standard_normal((loops, numbers)).astype(np.float32)
    return scale, truth, places, places @ truth.T + 0.3 * rng.standard_normal((loops, 2))


def test_the_fit_points_the_right_way_and_knows_how_much_it_knows(rng):
    scale, truth, places, targets = linear_world(rng)
    fit = fit_slopes(places, targets, scale)
    cosines = (fit.slopes * truth).sum(axis=1) / np.linalg.norm(fit.slopes, axis=1)
    assert (cosines > 0.9).all()
    fresh = rng.standard_normal((4000, places.shape[1]))
    noisy = fresh @ truth.T + 0.3 * rng.standard_normal((4000, 2))
    missed = 1.0 - np.square(noisy - fresh @ fit.slopes.T).mean(axis=0) / noisy.var(axis=0)
    assert fit.explained == pytest.approx(missed, abs=0.1)
    # Knowing which numbers matter is what makes few loops enough.
    blind = fit_slopes(places, targets, np.ones(len(scale)))
    assert (fit.explained > blind.explained + 0.1).all()


def test_noise_is_not_foreseen(rng):
    places = rng.standard_normal((200, 500)).astype(np.float32)
    assert (fit_slopes(places, rng.standard_normal((200, 3)), np.ones(500)).explained < 0.2).all()


def test_moves_raise_one_measure_and_no_other(rng):
    response = rng.standard_normal((5, 3))
    assert untangle(response, ridge=0.0) @ response == pytest.approx(np.eye(3), abs=1e-9)
    # What hardly shows is not divided by.
    faint = response * np.array([1.0, 1.0, 1e-3])
    assert np.linalg.norm(untangle(faint)[2]) < 1.0
    amounts = rng.standard_normal((40, 5))
    assert response_of(amounts @ response, amounts) == pytest.approx(response)


def test_measures_that_move_together_are_one_direction():
    """The second is nearly the first's twin, the fourth hardly moves: first come, first served."""
    response = np.array([[0.5, 0.48, 0.0, 0.01], [0.0, 0.05, 0.5, 0.0]])
    assert separable(response, [0, 1, 2, 3], longest=3.0) == [0, 2]
    assert separable(response, [1, 0, 2, 3], longest=3.0) == [1, 2]


def test_curves_rise_and_are_inverted(rng):
    assert rising([1.0, 3.0, 2.0, 2.0, 5.0]) == pytest.approx([1.0, 7 / 3, 7 / 3, 7 / 3, 5.0])
    strengths = np.linspace(-5, 5, 11)
    found = invert_curve(strengths, 2.0 * strengths, np.array(AMOUNTS))
    assert found == pytest.approx(np.array(AMOUNTS) / 2.0, abs=1e-4)
    flat = invert_curve(strengths, np.clip(strengths, -1.0, 1.0), np.array(AMOUNTS))
    assert (np.diff(flat) > 0.0).all()
    assert flat[3] == 0.0
    # No further than where it gives way no more, and nowhere where it goes the other way.
    assert np.abs(flat).max() < 1.1
    one_way = invert_curve(strengths, np.abs(strengths), np.array(AMOUNTS))
    assert one_way[:3] == pytest.approx([0.0, 0.0, 0.0], abs=0.1)


@pytest.mark.parametrize(
    ("slope", "effect", "why"),
    [
        (1.0, [-2.9, -2.0, -1.0, 0.0, 1.0, 2.0, 2.9], ""),
        (0.1, [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3], "by 0.1 deviations"),
        (1.7, [0.0, 0.0, 0.0, 0.0, 5.0, 6.8, 6.8], "by 1.7 deviations"),
        (0.5, [-2.0, -2.0, -1.0, 0.0, 1.0, 0.5, 0.0], "falls by 0.5"),
    ],
)
def test_a_direction_that_does_not_do_what_it_says_is_no_control(slope, effect, why):
    reason = _reason_against(np.array(effect), slope, noise=0.0)
    assert (why in reason) if why else not reason


SMALL = Settings(fit=32, tries=2, curve=2, held_out=24, audio=2)


@pytest.fixture(scope="module")
def proofs(tiny_pack):
    told = []
    found = make_directions(tiny_pack.path, ("kick",), SMALL, lambda done, what: told.append((done, what)))
    assert sum(done for done, _ in told) > 32
    assert {what for _, what in told} >= {"kick: fit", "kick: held out"}
    return found


def test_a_pack_gets_directions_that_do_what_they_say(tiny_pack, proofs, tmp_path, capsys):
    made = write_directions(tiny_pack, proofs, tmp_path / "directed")
    spec = made.manifest.voice("kick").directions
    assert spec is not None, proofs["kick"].figures["left_out"]
    assert made.hash != tiny_pack.hash
    assert made.manifest.voice("hats").directions is None
    generator = Generator(made)
    latents = np.stack([generator.latent("kick", seed) for seed in range(12)])
    direction = max(spec.directions, key=lambda d: d.slope)
    column = list(MEL_MEASURES).index(direction.name)
    low, high = (
        measure_mels(generator.mel("kick", latents, {direction.name: a}), made.mel_config)[:, column].mean()
        for a in (-2.0, 2.0)
    )
    # As far as the table says, in the unit that it says.
    said = np.interp(2.0, direction.amounts, direction.effect) - np.interp(
        -2.0, direction.amounts, direction.effect
    )
    assert (high - low) / direction.spread.std == pytest.approx(said, rel=0.5)
    assert "### kick\n\n| direction | slope" in made.card
    assert set(made.manifest.figures["directions"]) == {"kick"}
    assert main(["voices", str(made.path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)[0]["directions"]
    assert [entry["name"] for entry in listed] == [d.name for d in spec.directions]
    again = write_directions(made, proofs, tmp_path / "again")
    assert again.card.count("## Directions") == 1
    with pytest.raises(PackExistsError):
        write_directions(made, proofs, tmp_path / "again")


def test_calibration_repeats_itself(tiny_pack, proofs):
    again = make_directions(tiny_pack.path, ("kick",), SMALL)["kick"]
    assert again.directions == proofs["kick"].directions
    assert np.array_equal(again.vectors, proofs["kick"].vectors)


def test_the_section_of_the_card_is_replaced_and_the_rest_kept(tiny_pack, proofs):
    manifest = tiny_pack.manifest
    card = "# Tiny\n\nText.\n\n## Directions\n\nstale\n\n## Figures\n\nkept\n"
    new = card_with(card, manifest)
    assert "stale" not in new
    assert "## Figures\n\nkept" in new
    assert new.count("## Directions") == 1
    assert card_with(new, manifest) == new


def test_the_verb_writes_beside_and_never_over(tiny_pack, tmp_path, capsys, monkeypatch):
    from aijockey.evaluate.directions import calibrate

    monkeypatch.setattr(calibrate, "QUICK", dataclasses.replace(SMALL, held_out=6, audio=0))
    assert main(["directions", str(tiny_pack.path)]) == 1
    assert "--force replaces it" in capsys.readouterr().err
    words = ["directions", str(tiny_pack.path), "-o", str(tmp_path / "new"), "--voices", "kick"]
    assert main([*words, "--voices", "kik"]) == 1
    assert "did you mean 'kick'" in capsys.readouterr().err
    assert main([*words, "--quick", "--json", "--workers", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["hash"] == Pack.open(tmp_path / "new").hash
    assert set(told["voices"]) == {"kick"}


def test_a_level_that_no_loop_has_is_measured_like_any_other(rng):
    config = MelConfig()
    mel = rng.normal(-3.0, 2.0, (config.bands, 256)).astype(np.float32)
    # Far out in latent space a network may make anything.
    usual, far = measure_mels(np.stack([mel, mel + 60.0]), config)
    np.testing.assert_allclose(far, usual, atol=2e-3)
