"""What hands do to a deck: exact to the sample at the reference tempo, and back in phase when they let go."""

from fractions import Fraction

import numpy as np
import pytest

from aijockey.live.clock import Moment, TempoMap
from aijockey.live.deck import Deck
from aijockey.live.engine import QUANTUM_SAMPLES
from aijockey.live.head import FADE_SAMPLES
from aijockey.live.loops import LoopRequest
from aijockey.live.plan import PlanEvent
from aijockey.live.points import Seed
from aijockey.live.reading import SEAM_SAMPLES
from aijockey.music.grid import BEAT_SAMPLES, LOOP_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

BEGIN = 5 * BEAT_SAMPLES + 4321  # somewhere off the grid
LET_GO = 11 * BEAT_SAMPLES + 77
LENGTH = 14 * BEAT_SAMPLES


def loop_of(make_source, voice="ramp", seed=0):
    return make_source().request(LoopRequest(voice, Seed(seed))).loop.audio[0]


def play(
    make_source, moves, *, voice="ramp", setup=None, tempo_bpm=120.0, samples=LENGTH, prepare=None, play=1.0
):
    """A deck alone; ``moves``: (sample, name, value)."""
    clock = TempoMap(tempo_bpm)
    if prepare:
        prepare(clock)
    deck = Deck({"voice": voice, "play": play, "refresh": "hold"} | (setup or {}), make_source(), clock)
    for sample, name, value in moves:
        deck.send(name, sample, value)
    pieces = []
    for start in range(0, samples, QUANTUM_SAMPLES):
        now = Moment.of(clock, start)
        deck.plan_ahead(now)
        deck.settle(now)
        sound = deck.render(now, QUANTUM_SAMPLES)
        pieces.append(np.zeros((1, QUANTUM_SAMPLES), np.float32) if sound is None else sound)
    return np.concatenate(pieces, axis=1)[0, :samples]


def around(loop, positions):
    return loop[np.asarray(positions) % LOOP_SAMPLES]


def frequency_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.argmax(spectrum) * RATE_HZ / len(sound)


HELD = [
    ("retrigger", 1.0, 0.0),
    ("loop_beats", 0.5, 8.0),
    ("roll_beats", 0.25, 0.0),
    ("stutter_beats", 0.5, 0.0),
    ("shift_sixteenths", 3.0, 0.0),
    ("reverse", 1.0, 0.0),
    ("cue", 1.0, 0.0),
    ("pitch_semitones", 5.0, 0.0),
]


@pytest.mark.parametrize(("name", "value", "rest"), HELD)
def test_what_is_let_go_leaves_no_trace_and_nothing_steps(name, value, rest, make_source):
    out = play(make_source, [(BEGIN, name, value), (LET_GO, name, rest)])
    plain = play(make_source, [])
    np.testing.assert_array_equal(out[:BEGIN], plain[:BEGIN])
    assert not np.array_equal(out[BEGIN:LET_GO], plain[BEGIN:LET_GO])
    after = LET_GO + FADE_SAMPLES
    np.testing.assert_array_equal(out[after:], plain[after:])
    # A tone has no step larger than its own, which a cut would make.
    tone = play(make_source, [(BEGIN, name, value), (LET_GO, name, rest)], voice="tone")
    own = np.abs(np.diff(play(make_source, [], voice="tone"))).max()
    assert np.abs(np.diff(tone)).max() < 3.0 * own


def test_retrigger_begins_the_loop_on_the_very_sample(make_source):
    out, loop = play(make_source, [(BEGIN, "retrigger", 1.0)]), loop_of(make_source)
    index = np.arange(BEGIN + FADE_SAMPLES, LENGTH)
    np.testing.assert_array_equal(out[index], around(loop, index - BEGIN))


@pytest.mark.parametrize("sixteenths", [-16, -1, 2, 16])
def test_a_shift_turns_the_loop_against_the_bar(sixteenths, make_source):
    out, loop = play(make_source, [(BEGIN, "shift_sixteenths", float(sixteenths))]), loop_of(make_source)
    index = np.arange(BEGIN + FADE_SAMPLES, LENGTH)
    np.testing.assert_array_equal(out[index], around(loop, index - sixteenths * SIXTEENTH_SAMPLES))


def test_backwards_is_the_loop_backwards_with_its_attacks_on_the_grid(make_source):
    out, loop = play(make_source, [(BEGIN, "reverse", 1.0)]), loop_of(make_source)
    index = np.arange(BEGIN + FADE_SAMPLES, LENGTH)
    turns = [turn for turn in range(0, LOOP_SAMPLES, SIXTEENTH_SAMPLES // 2)
             if np.array_equal(out[index], around(loop, 2 * turn - index))]  # fmt: skip
    assert turns
    # It turns as near as half a sixteenth allows.
    assert min(abs(turn - BEGIN % LOOP_SAMPLES) for turn in turns) <= SIXTEENTH_SAMPLES // 4


@pytest.mark.parametrize("beats", [0.125, 0.25, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("name", ["roll_beats", "loop_beats", "stutter_beats"])
def test_a_part_repeats_from_its_division_of_the_bar(name, beats, make_source):
    size = int(beats * BEAT_SAMPLES)
    samples = BEGIN + 4 * size + BEAT_SAMPLES // 2
    out, loop = play(make_source, [(BEGIN, name, beats)], samples=samples), loop_of(make_source)
    first = BEGIN // size * size - (size if name == "stutter_beats" else 0)
    seam = min(SEAM_SAMPLES, size // 4)
    index = np.arange(BEGIN + FADE_SAMPLES, samples)
    # Rolls stay in phase with the bar; the last of each lap is faded into what leads up to its beginning.
    place = (index - first) % size
    whole = place < size - seam
    np.testing.assert_array_equal(out[index][whole], around(loop, first + place)[whole])
    np.testing.assert_array_equal(out[index][:-size][size:], out[index][2 * size :])


def test_a_shorter_loop_stays_where_it_began(make_source):
    moves = [(BEGIN, "loop_beats", 2.0), (LET_GO, "loop_beats", 1.0)]
    out, loop = play(make_source, moves), loop_of(make_source)
    first = BEGIN // (2 * BEAT_SAMPLES) * 2 * BEAT_SAMPLES
    index = np.arange(LET_GO + FADE_SAMPLES, LENGTH)
    place = (index - first) % BEAT_SAMPLES
    whole = place < BEAT_SAMPLES - SEAM_SAMPLES
    np.testing.assert_array_equal(out[index][whole], around(loop, first + place)[whole])


def test_cue_plays_a_stopped_deck_from_the_loops_beginning_while_it_is_held(make_source):
    # The deck played for two bars and was stopped; what it held last is what cue plays.
    clock = TempoMap(120.0)
    deck = Deck({"voice": "ramp", "play": 1.0}, make_source(), clock)
    deck.add(PlanEvent(Fraction(3), "play", 0.0))
    press, release = 6 * BEAT_SAMPLES + 999, 8 * BEAT_SAMPLES + 1
    deck.send("cue", press, 1.0)
    deck.send("cue", release, 0.0)
    pieces = []
    for start in range(0, 12 * BEAT_SAMPLES, QUANTUM_SAMPLES):
        now = Moment.of(clock, start)
        deck.plan_ahead(now)
        deck.settle(now)
        sound = deck.render(now, QUANTUM_SAMPLES)
        pieces.append(np.zeros((1, QUANTUM_SAMPLES), np.float32) if sound is None else sound)
    out, loop = np.concatenate(pieces, axis=1)[0], loop_of(make_source)
    assert not out[4 * BEAT_SAMPLES : press].any()
    index = np.arange(press + FADE_SAMPLES, release)
    np.testing.assert_array_equal(out[index], loop[index - press])
    assert not out[release + FADE_SAMPLES :].any()


@pytest.mark.parametrize("semitones", [-12, -5, 7, 12])
@pytest.mark.parametrize("tempo_bpm", [100.0, 120.0, 140.0])
def test_pitch_moves_a_tone_and_not_the_tempo(semitones, tempo_bpm, make_source):
    out = play(make_source, [(0, "pitch_semitones", float(semitones))], voice="tone", tempo_bpm=tempo_bpm)
    expected = 220.0 * 2 ** (semitones / 12)
    assert frequency_hz(out[2 * RATE_HZ : 5 * RATE_HZ]) == pytest.approx(expected, rel=0.004)


@pytest.mark.parametrize(
    ("asked", "sounds"), [(1, 0), (2, 0), (3, 5), (4, 5), (6, 5), (-3, -5), (9, 7), (11, 12)]
)
def test_tonal_voices_move_only_to_where_they_stay_in_key_unless_told_otherwise(asked, sounds, make_source):
    for in_key, semitones in ((1.0, sounds), (0.0, asked)):
        moves = [(0, "in_key", in_key), (0, "pitch_semitones", float(asked))]
        out = play(make_source, moves, voice="tone", samples=6 * BEAT_SAMPLES)
        expected = 220.0 * 2 ** (semitones / 12)
        assert frequency_hz(out[RATE_HZ:]) == pytest.approx(expected, rel=0.006)


def test_a_rhythm_takes_any_pitch_and_keeps_its_beats(make_source):
    out = play(make_source, [(0, "pitch_semitones", 3.0)], voice="kick")
    plain = play(make_source, [], voice="kick")
    for beat in range(2, 12):
        attack = slice(beat * BEAT_SAMPLES - 200, beat * BEAT_SAMPLES + 2000)
        assert int(np.argmax(np.abs(out[attack]) > 0.2)) == pytest.approx(
            int(np.argmax(np.abs(plain[attack]) > 0.2)), abs=8
        )
    burst = slice(4 * BEAT_SAMPLES, 4 * BEAT_SAMPLES + 2400)
    assert frequency_hz(out[burst]) == pytest.approx(frequency_hz(plain[burst]) * 2 ** (3 / 12), rel=0.02)


def like_a_record(clock):
    clock.keep_pitch = False


@pytest.mark.parametrize("tempo_bpm", [90.0, 150.0, 240.0])
def test_without_keeping_pitch_a_loop_plays_as_fast_as_a_record(tempo_bpm, make_source):
    kept = play(make_source, [], voice="tone", tempo_bpm=tempo_bpm)
    free = play(make_source, [], voice="tone", tempo_bpm=tempo_bpm, prepare=like_a_record)
    part = slice(RATE_HZ, 4 * RATE_HZ)
    assert frequency_hz(kept[part]) == pytest.approx(220.0, rel=0.004)
    assert frequency_hz(free[part]) == pytest.approx(220.0 * tempo_bpm / 120.0, rel=0.004)


@pytest.mark.parametrize("voice", ["kick", "tone"])
@pytest.mark.parametrize("keep", [True, False])
def test_a_ramp_of_the_tempo_with_and_without_pitch_stays_on_its_beats(voice, keep, make_source):
    clock = TempoMap(120.0)
    clock.change(Fraction(2), 150.0, 4.0)

    def prepare(own):
        own.change(Fraction(2), 150.0, 4.0)
        own.keep_pitch = keep

    out = play(make_source, [], voice=voice, prepare=prepare)
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 0.75
    if voice == "kick":
        for beat in range(1, 12):
            at = clock.sample_at(beat)
            # A splice may blunt an attack by a sample or two where the tempo moves.
            assert np.abs(out[at - 4 : at + 40]).max() > 0.3
            assert np.abs(out[at - 1500 : at - 300]).max() < 0.1


@pytest.mark.parametrize("amount", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("tempo_bpm", [120.0, 132.0])
def test_swing_delays_every_second_sixteenth_of_rhythms_and_leaves_tones(amount, tempo_bpm, make_source):
    def render(request):
        sound = np.zeros(LOOP_SAMPLES, np.float32)
        if request.voice == "tone":
            sound[:] = 0.3 * np.sin(2 * np.pi * 220 * np.arange(LOOP_SAMPLES) / RATE_HZ)
        for step in range(32) if request.voice == "hats" else ():
            sound[step * SIXTEENTH_SAMPLES : step * SIXTEENTH_SAMPLES + 300] = 0.5 * np.exp(
                -np.arange(300) / 60
            )
        return sound[np.newaxis]

    def source():
        return make_source(render=render)

    def swing(clock):
        clock.set_swing(Fraction(0), amount)

    out = play(source, [], voice="hats", tempo_bpm=tempo_bpm, prepare=swing)
    sixteenth = 60 / tempo_bpm / 4 * RATE_HZ
    for step in range(8, 40):
        at = step * sixteenth + (0.5 * amount * sixteenth if step % 2 else 0.0)
        heard = out[int(at) - 500 : int(at) + 500]
        assert abs(int(np.argmax(heard > 0.3)) - 500) <= 2
    tone = play(source, [], voice="tone", tempo_bpm=tempo_bpm, prepare=swing)
    np.testing.assert_allclose(tone, play(source, [], voice="tone", tempo_bpm=tempo_bpm), atol=1e-5)
