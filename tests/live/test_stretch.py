from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import fftconvolve

from aijockey.live.clock import TempoMap
from aijockey.live.interpolation import places_at, read_between, read_places, warm
from aijockey.live.stretch import GridStretch
from aijockey.live.tone_stretch import ToneStretch, make_frames
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ


def reader(loop):
    """An endless loop, and the farthest position that was read."""

    def read(start, count):
        read.farthest = max(read.farthest, start + count)
        return loop[:, np.arange(start, start + count) % loop.shape[1]]

    read.farthest = 0
    return read


@pytest.fixture
def loops():
    rng = np.random.default_rng(5)
    time = np.arange(192_000) / RATE_HZ
    kick = np.zeros((1, 192_000), np.float32)
    burst = np.exp(-np.arange(6000) / 400) * np.cos(2 * np.pi * 3000 * np.arange(6000) / RATE_HZ)
    for step in range(0, 32, 2):
        kick[0, step * 6000 : (step + 1) * 6000] = burst
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)[np.newaxis]
    noise = rng.uniform(-0.5, 0.5, (2, 192_000))
    return {"kick": kick, "tone": tone.astype(np.float32), "noise": noise.astype(np.float32)}


def render(stretch, seconds, block=512, start=0):
    end = start + round(seconds * RATE_HZ)
    return np.concatenate(
        [stretch.render(at, min(block, end - at)) for at in range(start, end, block)], axis=1
    )


def test_at_the_reference_tempo_the_grid_stretch_is_bit_transparent(loops):
    out = render(GridStretch(TempoMap(120.0), reader(loops["noise"])), 9.0)
    expected = np.tile(loops["noise"], 3)[:, : out.shape[1]]
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("tempo_bpm", [90.0, 111.3, 124.0, 126.0, 140.0, 174.0])
def test_attacks_fall_on_the_sample_of_their_beat_and_stay_whole(tempo_bpm, loops):
    clock = TempoMap(tempo_bpm)
    out = render(GridStretch(clock, reader(loops["kick"])), 20.0)[0]
    attack = loops["kick"][0, :600]
    for eighth in range(4, int(19 * tempo_bpm / 30)):
        at = clock.sample_at(Fraction(eighth, 2))
        np.testing.assert_array_equal(out[at : at + 600], attack)
        assert np.abs(out[at - 300 : at]).max() < 0.2  # what is left of the last burst, and no pre-echo


@pytest.mark.parametrize("tempo_bpm", [20.0, 60.0, 200.0, 300.0])
def test_far_tempos_still_keep_each_beat(tempo_bpm, loops):
    clock = TempoMap(tempo_bpm)
    read = reader(loops["kick"])
    out = render(GridStretch(clock, read), 16.0)[0]
    assert np.isfinite(out).all()
    for beat in range(1, int(15 * tempo_bpm / 60)):
        at = clock.sample_at(beat)
        np.testing.assert_allclose(out[at], loops["kick"][0, 0], atol=1e-6)


@pytest.mark.parametrize("kind", ["grid", "tone"])
@pytest.mark.parametrize("tempo_bpm", [100.0, 126.0, 300.0])
def test_it_never_reads_further_ahead_than_a_beat(kind, tempo_bpm, loops):
    clock, read = TempoMap(tempo_bpm), reader(loops["tone"])
    stretch = GridStretch(clock, read) if kind == "grid" else ToneStretch(clock, read, 1)
    for block in range(200):
        stretch.render(block * 512, 512)
        assert read.farthest - clock.reference_at(block * 512) <= BEAT_SAMPLES


@pytest.mark.parametrize("tempo_bpm", [100.0, 126.0, 150.0])
def test_a_tone_keeps_its_pitch_and_level(tempo_bpm, loops):
    out = render(ToneStretch(TempoMap(tempo_bpm), reader(loops["tone"]), 1), 3.0)[0, RATE_HZ:]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    assert np.argmax(spectrum) * RATE_HZ / len(out) == pytest.approx(440, abs=0.6)
    assert np.sqrt(np.mean(out**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("tempo_bpm", [100.0, 126.0, 150.0])
def test_what_a_tone_stretch_gives_is_in_time_after_a_minute_too(tempo_bpm):
    # A tone that sounds in every second beat: its edges are where the beats are.
    loop = (np.sin(2 * np.pi * 500 * np.arange(192_000) / RATE_HZ)[np.newaxis]).astype(np.float32)
    loop *= np.repeat([1, 0] * 4, BEAT_SAMPLES)
    clock = TempoMap(tempo_bpm)
    start = clock.sample_at(120)
    out = render(ToneStretch(clock, reader(loop), 1), 8.0, start=start)[0]
    power = np.convolve(out**2, np.ones(480) / 480, mode="same")
    for beat in range(124, 130, 2):
        rise = clock.sample_at(beat) - start
        area = power[rise - 4000 : rise + 4000] > 0.125
        assert abs(int(np.argmax(area)) - 4000) < 0.012 * RATE_HZ


@pytest.mark.parametrize("kind", ["grid", "tone"])
@pytest.mark.parametrize("block", [64, 65, 480, 4096])
def test_blocks_do_not_matter(kind, block, loops):
    def make():
        clock = TempoMap(126.0)
        clock.change(Fraction(2), 140.0, 2.0)
        read = reader(loops["noise"])
        return GridStretch(clock, read) if kind == "grid" else ToneStretch(clock, read, 2)

    np.testing.assert_allclose(render(make(), 2.0, block), render(make(), 2.0, 512), atol=1e-6)


def test_a_ramp_keeps_every_attack_on_its_beat(loops):
    clock = TempoMap(110.0)
    clock.change(Fraction(4), 140.0, 16.0)
    out = render(GridStretch(clock, reader(loops["kick"])), 14.0)[0]
    for beat in range(1, 26):
        at = clock.sample_at(beat)
        np.testing.assert_array_equal(out[at : at + 1000], loops["kick"][0, :1000])


def test_a_tempo_that_changes_by_surprise_is_caught_up_within_a_sixteenth_or_two(loops):
    clock = TempoMap(120.0)
    stretch = GridStretch(clock, reader(loops["kick"]))
    before = render(stretch, 1.0)
    at = before.shape[1]
    clock.change(clock.beat_at(at), 133.0)
    after = render(stretch, 6.0, start=at)[0]
    first = int(clock.beat_at(at)) + 1
    for beat in range(first, first + 10):
        sample = clock.sample_at(beat) - at
        np.testing.assert_array_equal(after[sample : sample + 1000], loops["kick"][0, :1000])


def test_silence_stays_silent():
    silent = np.zeros((1, 192_000), np.float32)
    for stretch in (
        GridStretch(TempoMap(126.0), reader(silent)),
        ToneStretch(TempoMap(126.0), reader(silent), 1),
    ):
        assert not render(stretch, 1.0).any()


def test_at_the_reference_tempo_the_tone_stretch_changes_nothing(loops):
    out = render(ToneStretch(TempoMap(120.0), reader(loops["noise"]), 2), 3.0)
    np.testing.assert_allclose(out, loops["noise"][:, : out.shape[1]], atol=1e-5)


def test_a_chord_keeps_each_partial_steady():
    time = np.arange(192_000) / RATE_HZ
    hz = [110.0, 164.75, 220.0, 261.75, 329.75]
    chord = sum(0.1 * np.sin(2 * np.pi * f * time + f) for f in hz)[np.newaxis].astype(np.float32)
    out = render(ToneStretch(TempoMap(126.0), reader(chord), 1), 4.0)[0, RATE_HZ:]
    # Each partial's level over time, by a filter 20 Hz wide.
    at = np.arange(len(out)) / RATE_HZ
    for f in hz:
        carried = out * np.exp(-2j * np.pi * f * at)
        level = np.abs(fftconvolve(carried, np.hanning(9600) / np.hanning(9600).sum(), mode="valid"))
        assert level.min() > 0.035
        assert level.max() < 0.065


@pytest.mark.parametrize("others", [1, 2, 5])
@pytest.mark.parametrize(("early", "channels"), [(0, 1), (512, 2), (20_000, 1)])
def test_frames_made_together_or_early_are_to_the_bit_those_made_alone(others, early, channels, loops):
    clock = TempoMap(131.0)
    signals = [loops["tone"], loops["kick"], np.zeros((1, 192_000), np.float32), loops["noise"][:1]]
    signals = [np.concatenate([signal, 0.5 * np.roll(signal, 99)])[:channels] for signal in signals]
    chosen = [np.roll(signals[number % 4], 5_000 * number, axis=1) for number in range(others + 1)]
    together = [
        ToneStretch(clock, reader(signal), channels, 1.0 + 0.25 * (number % 2))
        for number, signal in enumerate(chosen)
    ]
    alone = [
        ToneStretch(clock, reader(signal), channels, 1.0 + 0.25 * (number % 2))
        for number, signal in enumerate(chosen)
    ]
    for at in range(7_777, 7_777 + 60 * 512, 512):
        make_frames(dict.fromkeys(together, 512 + early), at)
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_array_equal(one.render(at, 512), other.render(at, 512))


@pytest.mark.parametrize("tempo_bpm", [60.0, 127.0, 128.0, 300.0])
@pytest.mark.parametrize("block", [64, 512, 4096])
def test_whose_turn_it_is_makes_no_difference_to_the_sound(tempo_bpm, block, loops):
    clock = TempoMap(tempo_bpm)
    expected = render(GridStretch(clock, reader(loops["noise"])), 1.0, start=1_000)
    for turn in (1, 2, 3):
        sound = render(GridStretch(clock, reader(loops["noise"]), turn=turn), 1.0, block, start=1_000)
        np.testing.assert_array_equal(sound, expected)


def test_places_that_are_kept_read_as_fresh_ones(loops):
    warm()
    read, offsets = reader(loops["noise"]), 1.26 * (np.arange(500.0) - 250.0)
    kept = places_at(offsets, 1.26)
    for base in (3_000, 40_001):
        np.testing.assert_array_equal(read_places(read, base, kept), read_between(read, base, offsets, 1.26))
