import numpy as np
import pytest

from aijockey.evaluate.score import QuickJudge, frequency_detail, quick_score, time_detail
from aijockey.evaluate.views import embed_mels, level_mels

Rng = np.random.Generator


def make_mels(rng: Rng, count: int, bands: int = 64) -> np.ndarray:
    """Hits at random sixteenths with random resonances, as log-mels (count, bands, 256)."""
    mels = np.full((count, bands, 256), 1e-4)
    time = np.arange(16)
    for mel in mels:
        for place in np.flatnonzero(rng.random(32) < 0.4):
            centre, width = rng.uniform(0, bands), rng.uniform(1.5, 12)
            shape = np.exp(-(((np.arange(bands) - centre) / width) ** 2)) * rng.uniform(0.1, 1)
            decay = np.exp(-time / rng.uniform(2, 8))
            mel[:, (place * 8 + time) % 256] += shape[:, None] * decay
    return np.log(mels).astype(np.float32)


@pytest.fixture(scope="module")
def sets() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    mels = make_mels(rng, 200)
    return mels[:100], mels[100:]


def test_equal_material_scores_near_zero_and_is_deterministic(sets) -> None:
    real, other = sets
    first, second = quick_score(real, other), quick_score(real, other)
    assert first == second
    assert first["score"] < 0.6
    assert all(0.6 < first[f"{view}_ratio"] < 1.6 for view in ("timbre", "rhythm", "harmony"))
    assert first["real_count"] == first["fake_count"] == 100


def test_score_falls_as_noise_fades(sets) -> None:
    real, other = sets
    judge = QuickJudge(real)
    rng = np.random.default_rng(2)
    noise = rng.normal(size=other.shape).astype(np.float32)
    scores = [judge.judge(other + amount * noise)["score"] for amount in (2.0, 1.0, 0.5, 0.2, 0.0)]
    assert scores == sorted(scores, reverse=True)


def test_lost_fine_structure_shows_in_detail(sets) -> None:
    real, other = sets
    wavy = 0.5 * np.cos(np.pi * np.arange(64))[:, None].astype(np.float32)  # harmonics, as fine as bands are
    fine, clear = quick_score(real + wavy, other + wavy), quick_score(real + wavy, other)
    assert clear["frequency_detail"] < 0.5 * fine["frequency_detail"]
    assert clear["time_detail"] == pytest.approx(fine["time_detail"], rel=0.01)
    assert clear["score"] > fine["score"] + 1


def test_collapse_is_punished(sets) -> None:
    real, other = sets
    collapsed = np.repeat(other[:1], 60, axis=0)
    figures = quick_score(real, collapsed)
    assert figures["timbre_diversity"] < 0.01
    assert figures["rhythm_coverage"] < 0.5
    assert figures["score"] > quick_score(real, other)["score"] + 2


def test_details_of_a_known_ramp() -> None:
    ramp = np.tile(np.arange(10.0)[:, None] * 0.5, (1, 4)).astype(np.float32)[None]
    assert frequency_detail(ramp) == pytest.approx(0.5)
    assert time_detail(ramp) == 0.0


def test_views_forget_gain(sets) -> None:
    mels = sets[0][:8]
    np.testing.assert_allclose(level_mels(mels + 0.7), level_mels(mels), atol=1e-5)
    quiet, loud = embed_mels(mels), embed_mels(mels + 0.7)
    for view, groups in quiet.items():
        for name, values in groups.items():
            np.testing.assert_allclose(loud[view][name], values, atol=1e-4, err_msg=f"{view} {name}")


def test_rhythm_strength_sits_where_hits_are() -> None:
    mels = np.full((1, 64, 256), -9.0, np.float32)
    for place in (0, 8, 20):
        mels[0, :, place * 8 : place * 8 + 4] = 0.0
    strength = embed_mels(mels)["rhythm"]["strength"].reshape(4, 32)
    assert set(np.flatnonzero(strength.sum(axis=0) > 0.1)) == {0, 8, 20}


def test_wrong_shapes_and_diverged_networks_are_named(sets) -> None:
    real, other = sets
    with pytest.raises(ValueError, match="at least 12"):
        QuickJudge(real[:5])
    with pytest.raises(ValueError, match="finite"):
        quick_score(real, np.where(other > -1, np.nan, other))
    with pytest.raises(ValueError, match="frames"):
        embed_mels(real[:, :, :250])
