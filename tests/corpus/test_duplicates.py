from collections.abc import Callable

import numpy as np

from aijockey.corpus.duplicates import find_duplicates, fingerprint, repeats

Drums = Callable[..., np.ndarray]


def loop(drums: Drums, pattern: str, seed: int = 0) -> np.ndarray:
    return drums(pattern, 120.0, 4.0, seed=seed, variation=0.3 if seed else 0.0, loop=True)[None]


def test_the_same_again_softer_or_a_little_noisier_is_a_repeat(drums: Drums) -> None:
    original = loop(drums, "break")
    noise = 3e-4 * np.random.default_rng(0).standard_normal(original.shape).astype(np.float32)
    prints = np.stack([fingerprint(audio) for audio in (original, 0.3 * original, original + noise)])
    assert find_duplicates(prints, 1.0).tolist() == [-1, 0, 0]


def test_other_patterns_and_variations_are_kept(drums: Drums) -> None:
    loops = [loop(drums, name) for name in ("break", "garage", "techno")] + [
        loop(drums, "break", s) for s in (1, 2)
    ]
    prints = np.stack([fingerprint(audio) for audio in loops])
    assert (find_duplicates(prints, 1.0) == -1).all()


def test_a_turned_loop_is_another_loop(drums: Drums) -> None:
    original = loop(drums, "break")
    assert not repeats(fingerprint(np.roll(original, 24_000, axis=1)), [fingerprint(original)], 1.0)


def test_many_copies_leave_one_and_zero_keeps_all(drums: Drums) -> None:
    prints = np.repeat(fingerprint(loop(drums, "break"))[None], 1500, axis=0)
    assert (find_duplicates(prints, 1.0) == -1).sum() == 1
    assert (find_duplicates(prints, 0.0) == -1).all()
    assert not repeats(prints[0], [prints[1]], 0.0)
    assert find_duplicates(prints[:1], 1.0).tolist() == [-1]


def test_a_slow_change_is_sampled_not_thinned_to_one() -> None:
    """Steps of 0.4 dB: each is like the one before, yet the tenth is not like the first."""
    prints = (np.arange(20, dtype=np.float32)[:, None] * 0.4 * np.ones((1, 64))).astype(np.float16)
    kept = np.flatnonzero(find_duplicates(prints, 1.0) < 0)
    assert kept.tolist() == [0, 3, 6, 9, 12, 15, 18]
