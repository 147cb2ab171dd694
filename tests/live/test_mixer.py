"""The mixer by itself: decks' sound in, buses out."""

import numpy as np
import pytest

from aijockey.control.parameters import DECK_PARAMETERS
from aijockey.live.effects.inserts import INSERT_ROWS
from aijockey.live.engine import QUANTUM_SAMPLES
from aijockey.live.mixer import RING_SAMPLES, Mixer, global_controls
from aijockey.live.smoothing import RAMP_SAMPLES
from aijockey.live.strip import Strip

BEAT_SAMPLES = 24_000


class Desk:
    """A mixer with its strips and the controls that belong to no deck."""

    def __init__(self, *setups, channels=1, **settings):
        self.strips = [Strip(setup) for setup in setups]
        self.mixer = Mixer(self.strips, channels, **settings)
        self.globals = global_controls({})
        self.position = 0

    def send(self, name, sample, value, deck=0):
        self.strips[deck].send(name, sample, value, 0)

    def quantum(self, *given):
        start, self.position = self.position, self.position + QUANTUM_SAMPLES
        beats = np.arange(start, self.position) / BEAT_SAMPLES
        controls = {
            address: control.render(start - self.mixer.latency_samples, QUANTUM_SAMPLES)
            for address, control in self.globals.items()
        }
        return self.mixer.process(given, start, beats, BEAT_SAMPLES, controls)

    def run(self, *sounds):
        mixes = [
            self.quantum(*(sound[:, at : at + QUANTUM_SAMPLES] for sound in sounds))
            for at in range(0, sounds[0].shape[1], QUANTUM_SAMPLES)
        ]
        return np.concatenate([mix.main for mix in mixes], axis=1)


def test_untouched_it_passes_mono_to_both_sides_bit_by_bit(rng):
    sound = rng.normal(size=(1, 4096)).astype(np.float32)
    out = Desk({}).run(sound)
    np.testing.assert_array_equal(out[0], sound[0])
    np.testing.assert_array_equal(out[1], sound[0])


def test_decks_add_up_and_stereo_stays_stereo(rng):
    one, two = rng.normal(size=(2, 2, 1024)).astype(np.float32)
    np.testing.assert_allclose(Desk({}, {}, channels=2).run(one, two), one + two, rtol=1e-6)


SMOOTH = [
    (row.name, value)
    for row in DECK_PARAMETERS.values()
    if not (row.planned or row.gesture) and row.curve in ("linear", "decibel", "switch")
    for value in (row.low, row.high)
    if value != row.default
]
# A level of +24 dB is a way sixteen times as far as from 0.5 to silence.
STEEPEST = 16 * 0.5 * np.log(10 ** (24 / 20)) * 3 / RAMP_SAMPLES


MOVES = [("none", *move) for move in SMOOTH] + [
    (row.name, *move)
    for row in INSERT_ROWS
    for move in SMOOTH
    if move[0].startswith("insert_1") and row.name != "crusher"  # steps are what it is for
]


@pytest.mark.parametrize(("insert", "name", "value"), MOVES)
def test_no_move_of_the_table_steps_further_than_its_ramp_allows(insert, name, value):
    """Slow sound, so that any step is the mixer's."""
    desk = Desk({"insert_1": insert, "duck_from": 2.0}, {"gain_db": -90.0})
    time = np.arange(20 * QUANTUM_SAMPLES) / 48_000
    sound = (0.5 * np.cos(2 * np.pi * 20 * time)).astype(np.float32)[None]
    key = np.zeros_like(sound)
    desk.send(name, 11 * QUANTUM_SAMPLES - 300, value)
    out = desk.run(sound, key)[:, 6 * QUANTUM_SAMPLES :]
    assert np.isfinite(out).all()
    limit = STEEPEST if value == 24 else 0.06 if insert == "gate" or name == "pump" else 0.03
    assert np.abs(np.diff(out, axis=1)).max() < limit
    if insert == "none" and name not in ("low_db", "mid_db", "high_db", "filter", "trim_db"):
        # Nothing happens before its sample.
        still = sound[0, 6 * QUANTUM_SAMPLES : 11 * QUANTUM_SAMPLES - 300]
        np.testing.assert_array_equal(out[0, : len(still)], still)


@pytest.mark.parametrize("kind", ["compressor", "drive", "phaser", "gate", "none"])
def test_a_change_of_effect_is_cross_faded(kind):
    desk = Desk({"insert_1": "drive", "insert_1_amount": 0.4})
    time = np.arange(20 * QUANTUM_SAMPLES) / 48_000
    sound = (0.3 * np.sin(2 * np.pi * 40 * time)).astype(np.float32)[None]
    desk.send("insert_1", 4000, kind)
    out = desk.run(sound)[:, 2000:]
    assert np.abs(np.diff(out, axis=1)).max() < 0.02


def test_sends_are_after_the_fader_and_come_back(rng):
    sound = (rng.normal(size=(1, 512)) * 0.1).astype(np.float32)
    quiet, loud = Desk({"gain_db": -20.0, "echo_send": 0.5}), Desk({"echo_send": 0.5})
    for desk in (quiet, loud):
        for number in range(60):
            mix = desk.quantum(sound if number == 0 else None)
            if number == 36:  # 0.75 beats later
                desk.peak = float(np.abs(mix.main).max())
    assert loud.peak > 0.01
    assert quiet.peak == pytest.approx(0.1 * loud.peak, rel=1e-3)


def test_a_silent_deck_rings_out_and_then_forgets(rng):
    desk = Desk({"filter": -0.5})
    desk.run(rng.normal(size=(1, 512)).astype(np.float32))
    answers = [desk.quantum(None).main for _ in range(RING_SAMPLES // QUANTUM_SAMPLES + 4)]
    assert np.abs(answers[0]).max() > 0
    assert not answers[-1].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30, 1000.0])
def test_a_fault_fades_its_deck_alone_and_it_comes_back(bad, rng):
    strip = {"low_db": -10.0, "filter": -0.3, "insert_1": "compressor", "insert_2": "phaser"}
    desk, alone = Desk(strip, {}), Desk({})
    steady = np.full((1, 512), 0.25, np.float32)
    other = (rng.normal(size=(1, 512)) * 0.1).astype(np.float32)
    for _ in range(20):
        before = desk.quantum(steady, other).sounds
        alone.quantum(other)
    wrong = steady.copy()
    wrong[0, 77] = bad
    mix = desk.quantum(wrong, other)
    assert desk.strips[0].faults == 1
    assert desk.strips[1].faults == 0
    np.testing.assert_array_equal(mix.sounds[1, 0], alone.quantum(other).main[0])
    # From where it was, within the quantum, to nothing.
    assert mix.sounds[0, 0, 0] == pytest.approx(before[0, 0, -1], rel=0.02)
    assert np.abs(np.diff(mix.sounds[0, 0])).max() < 0.01
    assert mix.sounds[0, 0, -1] == pytest.approx(0.0, abs=1e-6)
    after = [desk.quantum(steady, other).sounds[0, 0] for _ in range(20)]
    assert np.isfinite(after).all()
    assert after[0][0] == pytest.approx(0.0, abs=1e-6)
    assert np.abs(after[-1]).max() > 0.01
    assert desk.strips[0].faults == 1


def test_cue_hears_a_deck_whose_fader_is_down():
    desk = Desk({"gain_db": -90.0, "mute": 1.0, "headphones": 1.0}, {})
    sound = np.full((1, 512), 0.25, np.float32)
    mix = desk.quantum(sound, 2 * sound)
    np.testing.assert_allclose(mix.cue, 0.25)
    np.testing.assert_allclose(mix.main, 0.5)
    assert Desk({}).quantum(sound).cue is None


def test_solo_silences_the_others_in_place():
    desk = Desk({"solo": 1.0, "pan": -1.0}, {}, {"solo_safe": 1.0})
    sound = np.full((1, 512), 0.25, np.float32)
    sounds = desk.quantum(sound, sound, sound).sounds
    assert np.abs(sounds[0, 0]).max() == pytest.approx(0.25 * np.sqrt(2))
    assert np.abs(sounds[0, 1]).max() < 1e-6
    assert not sounds[1].any()
    np.testing.assert_allclose(sounds[2], 0.25)


@pytest.mark.parametrize(("width", "left", "right"), [(0.0, 0.15, 0.15), (1.0, 0.3, 0.0), (2.0, 0.45, -0.15)])
def test_width_scales_the_sides(width, left, right):
    desk = Desk({"width": width}, channels=2)
    out = desk.quantum(np.array([[0.3] * 512, [0.0] * 512], np.float32)).main
    np.testing.assert_allclose(out[:, 0], [left, right], atol=1e-6)


def test_trim_comes_before_everything(rng):
    sound = (rng.normal(size=(1, 2048)) * 0.01).astype(np.float32)
    louder = Desk({"trim_db": 20.0, "insert_1": "drive"}).run(sound)
    np.testing.assert_allclose(louder, Desk({"insert_1": "drive"}).run(10 * sound), atol=1e-5)


def test_a_deck_ducks_from_another_whatever_its_fader(rng):
    sound = np.full((1, 512), 0.25, np.float32)
    desk = Desk({"gain_db": -90.0}, {"insert_1": "duck", "insert_1_amount": 1.0, "duck_from": 1.0})
    for _ in range(6):
        open_main = desk.quantum(None, sound).main
    np.testing.assert_allclose(open_main, 0.25, rtol=1e-5)
    for _ in range(6):
        pressed = desk.quantum(4 * sound, sound).main
    assert np.abs(pressed).max() < 0.01
