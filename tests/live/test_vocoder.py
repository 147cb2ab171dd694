"""Vocoders under one contract: exact length, circular, and as loud as the mel says."""

import numpy as np
import pytest

from aijockey.live.graph import GenerationError, Graph
from aijockey.live.vocoder import VOCODERS, make_griffin_lim, make_vocoder
from aijockey.music.grid import LOOP_SAMPLES, SIXTEENTH_SAMPLES
from aijockey.pack.errors import PackError
from aijockey.pack.manifest import GriffinLimSpec
from aijockey.representation.griffin_lim import GriffinLim
from aijockey.representation.mel import LogMel, MelConfig

DB_PER_NEPER = 20 / np.log(10)


@pytest.fixture(scope="module")
def packs(tiny_pack, tiny_audio_pack, make_pack):
    silent = make_pack(files={"vocoder.onnx": None}, vocoder=GriffinLimSpec("griffin-lim", "griffin-lim", 2))
    return {"spectrum": tiny_pack, "audio": tiny_audio_pack, "griffin-lim": silent}


@pytest.fixture
def loops(rng):
    """Two loops: decaying noise on each beat, and a chord under a slow swell."""
    time_s = np.arange(LOOP_SAMPLES) / 48_000
    beats = rng.standard_normal(LOOP_SAMPLES) * np.exp(-12 * (time_s % 0.5)) * 0.3
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (110.0, 220.0, 330.25, 440.5))
    swell = chord * (0.6 - 0.4 * np.cos(2 * np.pi * time_s / 4)) * 0.1
    return np.stack([beats, swell]).astype(np.float32)


def test_every_kind_is_tested(packs):
    assert set(packs) == set(VOCODERS)
    for kind, pack in packs.items():
        assert pack.manifest.vocoder.output == kind


@pytest.mark.parametrize("kind", VOCODERS)
@pytest.mark.parametrize("batch", [1, 3])
def test_one_contract(packs, rng, kind, batch):
    mel = rng.normal(-5, 1, (batch, 16, 256)).astype(np.float32)
    audio = make_vocoder(packs[kind]).decode(mel)
    assert audio.shape == (batch, LOOP_SAMPLES)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()


@pytest.mark.parametrize("kind", VOCODERS)
def test_the_same_mel_sounds_the_same(packs, rng, kind):
    mel = rng.normal(-5, 1, (2, 16, 256)).astype(np.float32)
    vocoder = make_vocoder(packs[kind])
    assert np.array_equal(vocoder.decode(mel), vocoder.decode(mel))
    assert vocoder.decode(mel[1:])[0] == pytest.approx(vocoder.decode(mel)[1], abs=1e-5)


@pytest.mark.parametrize("kind", ["spectrum", "audio"])
def test_a_turned_mel_is_the_turned_loop(packs, rng, kind):
    """Four frames are two turns of the tiny vocoder's phases: everything turns with the mel."""
    mel = rng.normal(-5, 1, (1, 16, 256)).astype(np.float32)
    vocoder = make_vocoder(packs[kind])
    turned = vocoder.decode(np.roll(mel, 4, axis=-1))
    assert turned == pytest.approx(np.roll(vocoder.decode(mel), 4 * 750, axis=-1), abs=1e-4)


def test_griffin_lim_comes_near_the_mel(loops):
    encoder = LogMel(MelConfig())
    mel = encoder.encode(loops)
    errors = []
    for iterations in (1, 32):
        audio = GriffinLim(MelConfig(), iterations).decode(mel)
        assert audio.shape == loops.shape
        errors.append(np.abs(encoder.encode(audio) - mel).mean() * DB_PER_NEPER)
    assert errors[1] < 1.0
    assert errors[1] < 0.7 * errors[0]


def test_griffin_lim_keeps_loudness(loops):
    audio = GriffinLim(MelConfig()).decode(LogMel(MelConfig()).encode(loops))
    level = np.sqrt(np.mean(np.square(audio), axis=-1) / np.mean(np.square(loops), axis=-1))
    assert np.abs(20 * np.log10(level)).max() < 1.5


def test_griffin_lim_keeps_hits_in_place(loops):
    audio = GriffinLim(MelConfig()).decode(LogMel(MelConfig()).encode(loops[:1]))[0]
    energy = np.square(audio).reshape(-1, 4, SIXTEENTH_SAMPLES).sum(axis=-1)
    # The sixteenth on the beat holds most of each beat's energy, as in the original.
    assert np.all(np.argmax(energy, axis=1) == 0)


def test_griffin_lim_has_no_seam(loops):
    audio = GriffinLim(MelConfig()).decode(LogMel(MelConfig()).encode(loops))
    for loop in audio:
        assert abs(loop[0] - loop[-1]) <= np.quantile(np.abs(np.diff(loop)), 0.99)


def test_silence_stays_silent():
    mel = LogMel(MelConfig()).encode(np.zeros((1, LOOP_SAMPLES), np.float32))
    assert np.abs(GriffinLim(MelConfig(), 4).decode(mel)).max() < 1e-6


def test_magnitudes_have_the_wanted_bands(loops):
    config = MelConfig()
    mel = LogMel(config).encode(loops)
    vocoder = GriffinLim(config)
    magnitude = vocoder.magnitude(mel)
    assert magnitude.min() >= 0
    bands = np.sqrt(np.stack([vocoder._filters @ power for power in np.square(magnitude)]))
    again = np.log(bands * 4 / config.window_samples + config.floor)
    assert np.abs(again - mel).mean() * DB_PER_NEPER < 0.3


def test_griffin_lim_stands_beside_any_pack(tiny_pack, rng):
    vocoder = make_griffin_lim(tiny_pack)
    assert vocoder.iterations == 32
    assert vocoder.decode(np.full((1, 16, 256), -6.0, np.float32)).shape == (1, LOOP_SAMPLES)


def test_a_graph_feeds_only_what_is_declared_and_says_what_is_wrong(tiny_pack):
    graph = Graph(tiny_pack, "vocoder.onnx")
    mel = np.zeros((1, 16, 256), np.float32)
    assert set(graph.run({"mel": mel, "voice": np.zeros(1, np.int64)})) == {"real", "imag"}
    with pytest.raises(GenerationError, match=r"vocoder\.onnx: cannot be run"):
        graph.run({"mel": mel[:, :3]})
    with pytest.raises(GenerationError, match=r"has shape \(1, 751, 512\); expected \(1, 751, 500\)"):
        graph.output({"mel": mel}, "real", (1, 751, 500))
    with pytest.raises(PackError, match=r"did you mean 'vocoder\.onnx'"):
        Graph(tiny_pack, "vocodr.onnx")
