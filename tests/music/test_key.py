"""Keys: scales, chords, names, and the wheel that DJs mix by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.errors import AijockeyError
from aijockey.music.key import A_MINOR, MODES, PITCH_NAMES, Key, midi_to_hz

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(MODES)))


def test_a_minor_is_the_white_keys() -> None:
    assert sorted(A_MINOR.pitch_classes) == [0, 2, 4, 5, 7, 9, 11]
    assert set(A_MINOR.pitch_classes) == set(Key.parse("C major").pitch_classes)
    assert set(A_MINOR.pitch_classes) == set(Key.parse("D dorian").pitch_classes)


@settings(deadline=None)
@given(keys)
def test_names_round_trip(key: Key) -> None:
    assert Key.parse(str(key)) == key
    assert Key.parse(str(key).lower()) == key


@pytest.mark.parametrize(
    ("flat", "sharp"), [("Db", "C#"), ("Eb", "D#"), ("Gb", "F#"), ("Ab", "G#"), ("Bb", "A#")]
)
def test_flats_are_sharps(flat: str, sharp: str) -> None:
    assert Key.parse(f"{flat} minor") == Key.parse(f"{sharp} minor")


@pytest.mark.parametrize("text", ["", "A", "H minor", "A blues", "A minor pentatonic", "minor A"])
def test_what_names_no_key_is_refused_with_the_modes(text: str) -> None:
    with pytest.raises(AijockeyError, match="minor"):
        Key.parse(text)


@settings(deadline=None)
@given(keys, st.integers(-14, 21), st.integers(0, 7))
def test_degrees_stay_in_the_scale_and_rise(key: Key, degree: int, octave: int) -> None:
    assert key.contains(key.pitch(degree, octave))
    assert key.pitch(degree + 1, octave) > key.pitch(degree, octave)
    assert key.pitch(degree + 7, octave) == key.pitch(degree, octave) + 12 == key.pitch(degree, octave + 1)


@settings(deadline=None)
@given(keys, st.integers(0, 6), st.sampled_from([(0, 2, 4), (0, 2, 4, 6), (0, 3, 4), (0, 2, 6, 8)]))
def test_chords_are_inside_the_key(key: Key, degree: int, members: tuple[int, ...]) -> None:
    chord = key.chord(degree, 3, members)
    assert len(chord) == len(members)
    assert all(key.contains(midi) for midi in chord)


def test_known_pitches_and_chords() -> None:
    assert A_MINOR.pitch(0, 4) == 69  # A of 440 Hz
    assert Key.parse("C major").pitch(0, 4) == 60  # middle C
    assert A_MINOR.chord(0, 4) == (69, 72, 76)
    assert A_MINOR.chord(5, 3) == (65, 69, 72)  # F major
    assert midi_to_hz(69) == 440.0
    assert midi_to_hz(57) == pytest.approx(220.0)
    assert midi_to_hz(60) == pytest.approx(261.6256, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "camelot"),
    [
        ("A minor", "8A"),
        ("C major", "8B"),
        ("E minor", "9A"),
        ("G major", "9B"),
        ("D minor", "7A"),
        ("G# minor", "1A"),
    ],
)
def test_camelot_wheel(name: str, camelot: str) -> None:
    assert Key.parse(name).camelot == camelot


def test_a_fifth_up_is_the_next_number_on_the_wheel() -> None:
    for tonic in range(len(PITCH_NAMES)):
        here = int(Key(tonic, "minor").camelot[:-1])
        assert int(Key((tonic + 7) % 12, "minor").camelot[:-1]) == here % 12 + 1
