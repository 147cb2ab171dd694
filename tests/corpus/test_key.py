import numpy as np
import pytest

from aijockey.corpus.key import PITCH_CLASSES, estimate_key

RATE_HZ = 44_100
CADENCES = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 10, 14), (0, 3, 7)),
}


def chords(tonic: int, mode: str, detune: float = 0.0) -> np.ndarray:
    time = np.arange(RATE_HZ) / RATE_HZ
    parts = []
    for chord in CADENCES[mode]:
        sound = np.zeros_like(time)
        for degree in (chord[0] - 12, *chord):
            hz = 261.63 * 2 ** ((tonic + degree + detune) / 12)
            sound += sum(np.sin(2 * np.pi * hz * k * time) / k**1.5 for k in range(1, 6))
        parts.append(sound * np.exp(-time))
    return (0.05 * np.concatenate(parts)).astype(np.float32)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_cadences_are_heard_in_their_key(tonic: int, mode: str) -> None:
    key = estimate_key(chords(tonic, mode)[None], RATE_HZ)
    assert key is not None
    assert key.name == f"{PITCH_CLASSES[tonic]} {mode}"
    assert key.confidence > 0.2


def test_a_little_out_of_tune_is_the_same_key() -> None:
    key = estimate_key(chords(9, "minor", detune=0.15)[None], RATE_HZ)
    assert key is not None
    assert key.name == "A minor"


def test_noise_and_silence_have_no_key() -> None:
    rng = np.random.default_rng(3)
    noise = estimate_key((0.1 * rng.standard_normal((2, 4 * RATE_HZ))).astype(np.float32), RATE_HZ)
    assert noise is None or noise.confidence < 0.1
    assert estimate_key(np.zeros((1, RATE_HZ), dtype=np.float32), RATE_HZ) is None
