"""Every insert of the table keeps the contract, and does what it says."""

import numpy as np
import pytest

from aijockey.control.parameters import INSERTS
from aijockey.live.effects.crusher import Crusher
from aijockey.live.effects.drive import Drive
from aijockey.live.effects.duck import Duck
from aijockey.live.effects.gate import PATTERNS, Gate
from aijockey.live.effects.insert import Place
from aijockey.live.effects.inserts import INSERT_ROWS
from aijockey.live.effects.slot import Slot
from aijockey.live.smoothing import RAMP_SAMPLES

BEAT_SAMPLES = 24_000


def prepared(row, channels=2):
    effect = row.make()
    effect.prepare(channels)
    return effect


def run(effect, sound, block, amount=0.8, tone=0.6, key=None, name=None):
    pieces = []
    for start in range(0, sound.shape[1], block):
        part = sound[:, start : start + block]
        beats = np.arange(start, start + part.shape[1]) / BEAT_SAMPLES
        place = Place(start, beats, BEAT_SAMPLES, None if key is None else key[:, start : start + block])
        knob = amount if isinstance(amount, float) else amount[start : start + block]
        pieces.append(effect.process(part, knob, tone, place))
    return np.concatenate(pieces, axis=1)


def test_the_table_of_parameters_names_them_all():
    assert ("none", *(row.name for row in INSERT_ROWS), "plugin") == INSERTS


@pytest.mark.parametrize("row", INSERT_ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("block", [1, 64, 65, 480])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_equal_the_whole(row, block, channels, rng):
    samples = 700 if block == 1 else 8192
    sound = (0.3 * rng.normal(size=(channels, samples))).astype(np.float32)
    key = (rng.normal(size=(1, samples)) * (np.arange(samples) % 3000 < 300)).astype(np.float32)
    amount = np.linspace(0.0, 1.0, samples)
    whole = run(prepared(row, channels), sound, 4096, amount, key=key)
    parts = run(prepared(row, channels), sound, block, amount, key=key)
    np.testing.assert_allclose(parts, whole, atol=2e-6)
    assert whole.dtype == np.float32
    if block > 1:  # long enough for a gate to close
        assert np.abs(whole - sound).max() > 0.01


@pytest.mark.parametrize("row", INSERT_ROWS, ids=lambda row: row.name)
def test_silent_after_reset_at_0_the_sound_itself_and_finite_at_the_ends(row, rng):
    effect = prepared(row)
    sound = rng.normal(size=(2, 4096)).astype(np.float32)
    for amount, tone in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]:
        out = run(effect, sound, 512, amount, tone, key=sound)
        assert np.isfinite(out).all()
        if amount == 0.0:
            np.testing.assert_allclose(out, sound, atol=1e-6)
    effect.reset()
    assert not run(effect, np.zeros((2, 2048), np.float32), 512).any()
    assert effect.latency_samples == 0


@pytest.mark.parametrize("name", ["compressor", "drive"])
@pytest.mark.parametrize("amount", [0.25, 0.5, 1.0])
def test_presses_at_equal_level(name, amount):
    row = next(row for row in INSERT_ROWS if row.name == name)
    sine = (0.25 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000)).astype(np.float32)[None]
    out = run(prepared(row, 1), sine, 512, amount)[0, 12_000:]
    change_db = 20 * np.log10(np.sqrt(np.mean(out**2)) / (0.25 / np.sqrt(2)))
    assert abs(change_db) < 3.5


def test_a_compressor_makes_loud_and_quiet_alike():
    row = next(row for row in INSERT_ROWS if row.name == "compressor")
    time = np.arange(48_000) / 48_000
    level = np.where(time < 0.5, 0.05, 0.5)
    out = run(
        prepared(row, 1), (level * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[None], 512, 1.0, 0.0
    )
    quiet, loud = np.abs(out[0, 12_000:24_000]).max(), np.abs(out[0, 36_000:]).max()
    # 20 dB between them become 20 / 4, where both are above the threshold.
    assert 20 * np.log10(loud / quiet) == pytest.approx(6.0, abs=2.0)


def test_drive_adds_harmonics_and_a_hard_knee_more():
    tone = np.sin(2 * np.pi * 480 * np.arange(48_000) / 48_000).astype(np.float32)[None] * 0.5

    def third(knee):
        spectrum = np.abs(np.fft.rfft(run(Drive(), tone, 512, 0.3, knee)[0]))
        return spectrum[1440] / spectrum[480]

    assert 0.01 < third(0.0) < third(1.0)


def test_a_crusher_has_few_values_and_holds_them():
    sound = np.linspace(-1.0, 1.0, 4800, dtype=np.float32)[None]
    crusher = Crusher()
    crusher.prepare(1)
    out = run(crusher, sound, 480, 1.0, 1.0)
    assert len(np.unique(out)) < 8
    assert (np.diff(out[0]) != 0).sum() <= 4800 / 32


@pytest.mark.parametrize("pattern", range(len(PATTERNS)))
@pytest.mark.parametrize("bpm", [97.0, 128.0, 174.0])
def test_the_gate_opens_on_its_sixteenths(pattern, bpm):
    beat_samples = 60 * 48_000 / bpm
    beats = np.arange(int(4 * beat_samples)) / beat_samples
    gate, ones = Gate(), np.ones((1, len(beats)), np.float32)
    gate.prepare(1)
    gain = gate.process(ones, 1.0, (pattern + 0.5) / len(PATTERNS), Place(0, beats, beat_samples))[0]
    for step, mark in enumerate(PATTERNS[pattern]):
        end = int((step + 1) * beat_samples / 8) - 2
        assert gain[end] == float(mark == "x")
    assert np.abs(np.diff(gain)).max() < 0.01
    assert len(PATTERNS[pattern]) == 32


def test_the_duck_falls_in_milliseconds_and_comes_back():
    duck = Duck()
    duck.prepare(1)
    sound = np.ones((1, 48_000), np.float32)
    key = np.zeros((1, 48_000), np.float32)
    key[0, 10_000:10_200] = 0.5
    out = run(duck, sound, 512, 1.0, 0.0, key=key)[0]
    assert (out[:10_000] == 1.0).all()
    assert out[10_250] < 0.1
    assert out[10_200 + 5 * 1920] > 0.95
    assert np.abs(np.diff(out)).max() < 0.03


class Late:
    """An effect that does nothing but delay."""

    def __init__(self, latency_samples):
        self.latency_samples = latency_samples

    def prepare(self, channels):
        self.line = np.zeros((channels, self.latency_samples), np.float32)

    def reset(self):
        self.line[:] = 0.0

    def process(self, audio, amount, tone, place):
        line = np.concatenate([self.line, audio], axis=1)
        self.line = line[:, audio.shape[1] :]
        return line[:, : audio.shape[1]]


def test_a_slot_is_late_alike_whatever_it_holds_and_whenever_it_changes(rng):
    effects = {"slow": Late(300), "quick": Late(77)}
    for effect in effects.values():
        effect.prepare(1)
    slot = Slot(1, effects, "slow", 300)
    for number, name in enumerate(["quick", "none", "slow"]):
        slot.choose(4000 * (number + 1), name)
    sound = np.cumsum(0.001 * rng.normal(size=(1, 16_000)), axis=1).astype(np.float32)
    out = run(slot, sound, 512)
    # A fresh effect has nothing in its line at first; away from the fades all is the same sound, 300 late.
    settled = np.ones(16_000, bool)
    for number in range(3):
        settled[4000 * (number + 1) : 4000 * (number + 1) + RAMP_SAMPLES] = False
    settled[:300] = False
    np.testing.assert_allclose(out[0, settled], np.roll(sound[0], 300)[settled], atol=1e-6)
    assert slot.name == "slow"
