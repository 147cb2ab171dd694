import numpy as np
import pytest

from aijockey.live.latent_math import slerp
from aijockey.live.loop_source import DirectSource, generate_loop, latent_of
from aijockey.live.loops import LoopError, LoopRequest, make_loop
from aijockey.live.loudness import LoudnessMeter, loudness_lufs
from aijockey.live.points import Seed, Way
from aijockey.music.grid import LOOP_SAMPLES, RATE_HZ


@pytest.mark.parametrize("shape", [(192_000,), (1, 24_000), (2, 192_000)])
def test_a_loop_is_whole_beats_of_mono_or_stereo(shape, rng):
    loop = make_loop(rng.normal(size=shape).astype(np.float32), match_level=False)
    assert loop.audio.shape == (1, *shape)[-2:]


@pytest.mark.parametrize("shape", [(0,), (100,), (3, 24_000), (1, 1, 24_000), (2, 0)])
def test_anything_else_is_refused(shape):
    with pytest.raises(LoopError, match="expected"):
        make_loop(np.zeros(shape, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad):
    audio = np.zeros((1, 24_000), np.float32)
    audio[0, 5] = bad
    with pytest.raises(LoopError, match="finite"):
        make_loop(audio)


def test_loops_come_to_one_level_but_silence_is_not_raised(rng):
    noise = rng.normal(size=(1, LOOP_SAMPLES)).astype(np.float32)
    levels = [loudness_lufs(make_loop(gain * noise).audio) for gain in (0.1, 1.0, 10.0)]
    np.testing.assert_allclose(levels, levels[0], atol=0.01)
    faint = 1e-4 * noise
    assert np.abs(make_loop(faint).audio).max() <= 4.0 * np.abs(faint).max()
    assert not make_loop(np.zeros((1, LOOP_SAMPLES), np.float32)).audio.any()


def test_loudness_agrees_with_pyloudnorm_and_with_the_recommendation(rng):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    time = np.arange(10 * RATE_HZ) / RATE_HZ
    # EBU Tech 3341: a stereo sine of 1 kHz at -23 dBFS a channel is -23 LUFS.
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * time)
    meter = LoudnessMeter()
    meter.add(np.stack([tone, tone]).astype(np.float32))
    assert meter.integrated_lufs() == pytest.approx(-23.0, abs=0.1)
    noise = (rng.normal(size=(2, 10 * RATE_HZ)) * 0.05).astype(np.float32)
    noise[:, 3 * RATE_HZ : 6 * RATE_HZ] *= 0.01  # gated out
    pieces = LoudnessMeter()
    for start in range(0, noise.shape[1], 7001):
        pieces.add(noise[:, start : start + 7001])
    expected = pyloudnorm.Meter(RATE_HZ).integrated_loudness(noise.T.astype(np.float64))
    assert pieces.integrated_lufs() == pytest.approx(expected, abs=0.1)
    assert LoudnessMeter().integrated_lufs() == -np.inf


class FakeGenerator:
    """Latents that are normal, sound that is the latent's mean; remembers what it was asked."""

    def latent(self, voice, seed):
        return np.random.default_rng([len(voice), seed]).normal(size=(4, 2)).astype(np.float32)

    def generate(self, voice, latents, controls=None):
        self.asked = (voice, latents.shape, controls)
        return np.full((len(latents), 24_000), latents.mean(), np.float32)


def test_a_request_reaches_the_generator_with_its_latent_and_the_controls_it_has():
    generator = FakeGenerator()
    request = LoopRequest("kick", Way(Seed(3), Seed(4), 0.5), (("density", 1.0), ("swing", -1.0)))
    audio = generate_loop(generator, request, ["density"])
    assert generator.asked == ("kick", (1, 4, 2), {"density": 1.0})
    expected = slerp(generator.latent("kick", 3), generator.latent("kick", 4), 0.5)
    assert audio.shape == (1, 24_000)
    assert audio[0, 0] == pytest.approx(expected.mean())
    nested = Way(Seed(5), Way(Seed(3), Seed(4), 0.5), 1.0)
    np.testing.assert_allclose(latent_of(generator, "kick", nested), expected, atol=1e-6)


def test_the_same_request_is_made_once(rng):
    made = []

    def render(request):
        made.append(request)
        return np.zeros(24_000, np.float32)

    source = DirectSource(render, {"kick": False})
    first = source.request(LoopRequest("kick", Seed(1)))
    assert source.request(LoopRequest("kick", Seed(1))).loop is first.loop
    assert len(made) == 1
    for seed in range(100):
        source.request(LoopRequest("kick", Seed(seed)))
    assert len(made) == 100


def test_a_strict_source_raises_what_another_notes():
    def render(request):
        return np.zeros(10, np.float32)

    assert "10 samples" in DirectSource(render, {}).request(LoopRequest("kick", Seed(0))).error
    with pytest.raises(LoopError):
        DirectSource(render, {}, strict=True).request(LoopRequest("kick", Seed(0)))
