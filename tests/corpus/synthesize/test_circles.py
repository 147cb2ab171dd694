"""A loop is a circle: turning what goes in turns what comes out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.corpus.synthesize import desk, effects, tones
from aijockey.corpus.synthesize.canvas import Canvas, add_circular, pan_gains
from aijockey.corpus.synthesize.desk import Rack
from aijockey.corpus.synthesize.pads import pump
from aijockey.corpus.synthesize.tones import Timbre
from aijockey.music.grid import BAR_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

RACK = Rack(
    room=9, wet=0.5, echo=0.5, echo_sixteenths=3.0, feedback=0.6, echo_low_hz=200.0, echo_high_hz=4000.0,
    ping_pong=True, tilt_db=0.5, low_cut_hz=30.0, drive=0.8, squeeze=0.7, crush_hold=1,
)  # fmt: skip


@given(st.integers(1, 50), st.integers(1, 170), st.integers(-200, 200))
def test_laying_a_sound_wraps_it(samples: int, length: int, start: int) -> None:
    sound = np.arange(1, length + 1, dtype=np.float32)
    track = np.zeros(samples, dtype=np.float32)
    add_circular(track, sound, start)
    expected = np.zeros(samples)
    np.add.at(expected, (start + np.arange(length)) % samples, sound)
    np.testing.assert_allclose(track, expected)


@given(st.floats(-1.0, 1.0))
def test_panning_keeps_the_power(pan: float) -> None:
    left, right = pan_gains(pan)
    assert left**2 + right**2 == pytest.approx(2.0)
    assert (left > right) == (pan < 0) or abs(pan) < 1e-6


def test_turning_the_canvas_turns_the_mix(rng: np.random.Generator) -> None:
    canvas, turned = Canvas(1), Canvas(1)
    shift = 5 * SIXTEENTH_SAMPLES
    for time in (0.0, 3.0, 14.5):
        sound = rng.standard_normal(9000).astype(np.float32) * np.exp(-np.arange(9000) / 1500).astype(
            np.float32
        )
        canvas.place(sound, time, 0.5, 0.3, 0.5, 0.5)
        turned.place(sound, time + 5.0, 0.5, 0.3, 0.5, 0.5)
    straight = desk.master(desk.mix(canvas, RACK), -14.0)
    np.testing.assert_allclose(
        desk.master(desk.mix(turned, RACK), -14.0), np.roll(straight, shift, axis=1), atol=2e-4
    )


def test_the_echo_repeats_on_the_grid_and_round_the_seam() -> None:
    impulse = np.zeros(BAR_SAMPLES, dtype=np.float32)
    impulse[-SIXTEENTH_SAMPLES] = 1.0
    response = effects.echo_response(BAR_SAMPLES, 3.0, 0.5, 1.0, 1e6, ping_pong=True)
    out = np.fft.irfft(np.fft.rfft(impulse) * response, n=BAR_SAMPLES)
    first, second = 2 * SIXTEENTH_SAMPLES, 5 * SIXTEENTH_SAMPLES
    assert out[0, first] == pytest.approx(1.0, abs=0.05)
    assert out[1, second] == pytest.approx(0.5, abs=0.05)
    assert abs(out[0, second]) < 0.01
    assert abs(out[1, first]) < 0.01


@pytest.mark.parametrize("room", [0, 8, effects.ROOMS - 1])
def test_rooms_ring_longer_the_larger_they_are_and_keep_the_energy(room: int) -> None:
    response = effects.room_response(room, 2 * BAR_SAMPLES)
    assert np.mean(np.abs(response) ** 2) == pytest.approx(1.0, rel=1e-3)
    tail = np.fft.irfft(response, n=2 * BAR_SAMPLES)
    early = (tail[:, : RATE_HZ // 10] ** 2).sum() / (tail**2).sum()
    assert early > 0.9 if room == 0 else early < 0.9


def test_an_open_filter_changes_nothing(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((2, BAR_SAMPLES)).astype(np.float32)
    frames = BAR_SAMPLES // effects.SWEEP_HOP
    ones = np.ones((frames, effects.SWEEP_SIZE // 2 + 1), dtype=np.float32)
    np.testing.assert_allclose(effects.sweep(audio, ones), audio, atol=1e-4)


def test_a_low_pass_is_3_db_down_at_its_cutoff() -> None:
    hz = np.arange(effects.SWEEP_SIZE // 2 + 1) * RATE_HZ / effects.SWEEP_SIZE
    gains = effects.low_pass(np.array([1600.0], dtype=np.float32), 0.0)[0]
    assert gains[np.argmin(np.abs(hz - 1600.0))] == pytest.approx(np.sqrt(0.5), rel=1e-3)
    assert gains[np.argmin(np.abs(hz - 3200.0))] < 10 ** (-11 / 20)
    assert gains[1] == pytest.approx(1.0, abs=1e-2)


def test_compression_brings_loud_and_quiet_together() -> None:
    t = np.arange(BAR_SAMPLES) / RATE_HZ
    level = np.where(t < 1.0, 0.05, 1.0)
    audio = np.tile((level * np.sin(2 * np.pi * 200.0 * t)).astype(np.float32), (2, 1))
    squeezed = effects.compress(audio, 1.0)
    before = np.abs(audio[0, -24000:]).max() / np.abs(audio[0, 24000:40000]).max()
    after = np.abs(squeezed[0, -24000:]).max() / np.abs(squeezed[0, 24000:40000]).max()
    assert after < 0.6 * before
    np.testing.assert_array_equal(effects.compress(audio, 0.0), audio)


@settings(max_examples=20)
@given(st.floats(30.0, 900.0), st.floats(0.0, 0.4))
def test_an_oscillator_closes(hz: float, bend: float) -> None:
    turn = 2 * np.pi * np.arange(BAR_SAMPLES) / BAR_SAMPLES
    pitch = (hz * (1.0 + bend * np.sin(turn))).astype(np.float32)
    phase = tones.closed_phase(pitch)
    step = np.mod(phase[0] - phase[-1], 1.0)
    assert step == pytest.approx(pitch[0] / RATE_HZ, rel=0.05)


@pytest.mark.parametrize("shape", ["saw", "square", "pulse", "triangle", "organ", "hollow", "glass", "choir"])
def test_a_tone_sounds_at_its_pitch(rng: np.random.Generator, shape: str) -> None:
    sound = tones.tone(rng, Timbre(shape), (57,), 2 * BAR_SAMPLES)[0]
    power = np.abs(np.fft.rfft(sound)) ** 2
    harmonics = [round(220.0 * k * 4) for k in range(1, 60)]
    assert sum(power[h - 2 : h + 3].sum() for h in harmonics if h < len(power)) > 0.99 * power.sum()
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.3, rel=1e-3)


def test_a_wandering_curve_closes_and_is_smooth(rng: np.random.Generator) -> None:
    curve = tones.wander(rng, 400, 4)
    assert np.max(np.abs(curve)) == pytest.approx(1.0)
    assert abs(curve[0] - curve[-1]) <= 1.01 * np.max(np.abs(np.diff(curve))) + 1e-6


def test_a_ducked_pad_is_lowest_on_the_beat() -> None:
    curve = pump(0.8, 0.5, BAR_SAMPLES)
    assert curve[0] == pytest.approx(0.2, abs=1e-3)
    assert curve[12_000] == pytest.approx(1.0, abs=1e-3)
    assert np.max(np.abs(np.diff(np.append(curve, curve[0])))) < 0.01


def test_the_master_holds_the_ceiling_and_the_loudness(rng: np.random.Generator) -> None:
    noise = rng.standard_normal((2, BAR_SAMPLES)).astype(np.float32)
    for gain in (1e-3, 1.0, 50.0):
        out = desk.master(noise * np.float32(gain), -18.0)
        assert np.max(np.abs(out)) < 0.98
        assert desk.loudness_lufs(out) == pytest.approx(-18.0, abs=0.2)
    clicks = np.zeros((2, BAR_SAMPLES), dtype=np.float32)
    clicks[:, ::24_000] = 0.1
    assert np.max(np.abs(desk.master(clicks, -10.0))) < 0.98
