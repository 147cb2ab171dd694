import numpy as np
import pytest

from aijockey.evaluate.harmony import find_peaks, harmony_of_audio, key_profile, peaks_of_audio, pitch_of

TIME_S = np.arange(192_000) / 48_000


def notes(*midi: float) -> np.ndarray:
    """Steady notes that close on the circle, (1, samples)."""
    hz = [round(440 * 2 ** ((m - 69) / 12) * 4) / 4 for m in midi]
    return (0.2 * sum(np.sin(2 * np.pi * f * TIME_S) for f in hz)).astype(np.float32)[None]


@pytest.mark.parametrize("midi", [28, 33, 45, 57, 69, 81, 93])
def test_a_note_is_found_within_five_cents(midi: int) -> None:
    _, column, hz, weight = peaks_of_audio(notes(midi))
    assert set(column) == set(range(16))
    played = 69 + 12 * np.log2(round(440 * 2 ** ((midi - 69) / 12) * 4) / 4 / 440)
    assert pitch_of(hz[weight > 0.5 * weight.max()]) == pytest.approx(played, abs=0.05)


def test_chroma_and_bass_say_which_notes_sound() -> None:
    groups = harmony_of_audio(notes(45, 60, 64))  # A below a third of C and E
    chroma = np.square(groups["chroma"]).reshape(8, 12)
    np.testing.assert_allclose(chroma, np.tile(chroma[0], (8, 1)), atol=0.01)
    assert set(np.flatnonzero(chroma[0] > 0.02)) == {0, 4, 9}
    assert chroma.sum() == pytest.approx(1.0, abs=0.01)
    assert np.argmax(groups["bass"]) == 9


def test_chroma_follows_the_beat() -> None:
    loop = notes(60)
    loop[:, 96_000:] = notes(66)[:, 96_000:]
    chroma = np.square(harmony_of_audio(loop)["chroma"]).reshape(8, 12)
    assert list(chroma[[1, 2, 5, 6]].argmax(axis=1)) == [0, 0, 6, 6]


def test_tuning_turns_with_the_detuning() -> None:
    straight, sharp = (harmony_of_audio(notes(69 + cents / 100))["tuning"][0] for cents in (0, 25))
    assert straight[0] == pytest.approx(1.0, abs=0.02)
    assert np.degrees(np.arctan2(sharp[1], sharp[0])) == pytest.approx(90.0, abs=8.0)


@pytest.mark.parametrize(("classes", "key"), [((0, 4, 7, 2, 5, 9, 11), 0), ((9, 0, 4), 12 + 9)])
def test_the_best_key_is_the_one_played(classes: tuple[int, ...], key: int) -> None:
    chroma = np.zeros((1, 12))
    chroma[0, list(classes)] = 0.5
    chroma[0, classes[0]] = 1.0
    assert key_profile(chroma)[0].argmax() == key
    assert np.abs(key_profile(chroma)).max() <= 1.0


def test_silence_has_no_peaks_and_finite_groups() -> None:
    silence = np.zeros((2, 192_000), np.float32)
    assert all(len(part) == 0 for part in peaks_of_audio(silence))
    assert all(np.isfinite(values).all() for values in harmony_of_audio(silence).values())


def test_peaks_between_bins_are_interpolated() -> None:
    bins = np.arange(60, dtype=np.float64)
    spectrum = np.exp(-((bins - 40.3) ** 2) / 4)[None, :, None].astype(np.float32)
    _, _, hz, _ = find_peaks(spectrum, bins * 10.0)
    assert hz == pytest.approx([403.0], abs=0.1)
