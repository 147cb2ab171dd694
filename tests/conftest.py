"""A tiny pack, made by hand: three voices, both samplers, a vocoder of a few kilobytes. It sounds, and loads
in a moment.

``kick`` and ``hats`` come from a ``rotation`` generator with two controls, ``drone`` from a ``direct`` one. The
vocoder plays stationary sines under the mel's envelope, so loops are circular and their level follows the
codes.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from aijockey.pack.manifest import (
    AudioVocoderSpec,
    ControlSpec,
    DirectSpec,
    GeneratorSpec,
    Manifest,
    MelSpec,
    PatchPcaSpec,
    RotationSpec,
    SpectrumVocoderSpec,
    SpreadSpec,
    VoiceSpec,
)
from aijockey.pack.pack import Pack
from aijockey.pack.writer import write_pack
from aijockey.representation.loop_basis import orthonormal

# A deadline would be a test of the machine.
settings.register_profile("aijockey", deadline=None)
settings.load_profile("aijockey")

BANDS, FRAMES, PATCH_FRAMES, DIMS, PATCHES, LATENT = 16, 256, 4, 4, 64, 8
WINDOW, HOP = 1500, 375
BINS = WINDOW // 2 + 1


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded noise: the same in every run."""
    return np.random.default_rng(2023)


def _graph(
    name: str, nodes: list[Any], inputs: dict[str, tuple], outputs: dict[str, tuple], constants: dict
) -> bytes:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kinds = {"voice": TensorProto.INT64}
    graph = helper.make_graph(
        [helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes],
        name,
        [
            helper.make_tensor_value_info(key, kinds.get(key, TensorProto.FLOAT), s)
            for key, s in inputs.items()
        ],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, s) for key, s in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _patterns() -> np.ndarray:
    """Codes that the voices tend to, (voices, patches, dims): a level on each beat, and on each off-beat
    eighth."""
    table = np.zeros((3, PATCHES, DIMS), np.float32)
    table[:, :, 0] = -3.0
    table[0, ::8, 0] = 3.0
    table[0, ::8, 1] = 2.0
    table[1, 4::8, 0] = 2.0
    table[1, 4::8, 1] = -2.0
    table[2, :, 0] = 1.0
    return table


def _flow(rng: np.random.Generator) -> bytes:
    # velocity = controls - latent / 2 + a little that is not linear; the patterns are the moments' means
    nodes = [
        ("Mul", ["controls", "known"], ["given"]),
        ("MatMul", ["given", "sensitivity"], ["flat"]),
        ("Reshape", ["flat", "shape"], ["bent"]),
        ("Mul", ["latent", "half"], ["pull"]),
        ("Sub", ["bent", "pull"], ["linear"]),
        ("Reshape", ["time", "time_shape"], ["when"]),
        ("Add", ["latent", "when"], ["moved"]),
        ("Sin", ["moved"], ["wave"]),
        ("Mul", ["wave", "tenth"], ["curved"]),
        ("Add", ["linear", "curved"], ["velocity"]),
    ]
    constants = {
        "sensitivity": rng.normal(0, 0.2, (2, PATCHES * DIMS)).astype(np.float32),
        "shape": np.array([-1, PATCHES, DIMS], np.int64),
        "time_shape": np.array([-1, 1, 1], np.int64),
        "half": np.float32(0.5),
        "tenth": np.float32(0.1),
    }
    inputs = {
        "latent": ("batch", PATCHES, DIMS),
        "time": ("batch",),
        "controls": ("batch", 2),
        "known": ("batch", 2),
    }
    return _graph("flow", nodes, inputs, {"velocity": ("batch", PATCHES, DIMS)}, constants)


def _direct(rng: np.random.Generator) -> bytes:
    nodes = [
        ("Gather", ["patterns", "voice"], ["pattern"]),
        ("Reshape", ["truncation", "column"], ["cut"]),
        ("Mul", ["latent", "cut"], ["near"]),
        ("MatMul", ["near", "weights"], ["flat"]),
        ("Reshape", ["flat", "shape"], ["shaped"]),
        ("Add", ["shaped", "pattern"], ["codes"]),
    ]
    constants = {
        "patterns": _patterns()[2:],
        "weights": rng.normal(0, 0.3, (LATENT, PATCHES * DIMS)).astype(np.float32),
        "column": np.array([-1, 1], np.int64),
        "shape": np.array([-1, PATCHES, DIMS], np.int64),
    }
    inputs = {"latent": ("batch", LATENT), "voice": ("batch",), "truncation": ("batch",)}
    return _graph("direct", nodes, inputs, {"codes": ("batch", PATCHES, DIMS)}, constants)


def _vocoder(rng: np.random.Generator) -> bytes:
    # magnitude = exp(mel) spread over bins, each frame twice; phase = that of a steady sine in each bin
    spread = np.zeros((BINS, BANDS), np.float32)
    for band, size in enumerate(np.geomspace(4, BINS - 1, BANDS).astype(int)):
        spread[size, band] = 0.25 * WINDOW
    phase = np.pi * np.arange(BINS)[:, None] * (0.5 * np.arange(4) - 1.0) + rng.uniform(0, 6, (BINS, 1))
    nodes = [
        ("Exp", ["mel"], ["level"]),
        ("MatMul", ["spread", "level"], ["wide"]),
        ("Reshape", ["wide", "split"], ["single"]),
        ("Concat", ["single", "single"], ["double"], {"axis": 3}),
        ("Reshape", ["double", "join"], ["magnitude"]),
        ("Tile", ["cosine", "times"], ["cosines"]),
        ("Tile", ["sine", "times"], ["sines"]),
        ("Mul", ["magnitude", "cosines"], ["real"]),
        ("Mul", ["magnitude", "sines"], ["imag"]),
    ]
    constants = {
        "spread": spread,
        "split": np.array([-1, BINS, FRAMES, 1], np.int64),
        "join": np.array([-1, BINS, 2 * FRAMES], np.int64),
        "cosine": np.cos(phase).astype(np.float32),
        "sine": np.sin(phase).astype(np.float32),
        "times": np.array([1, 2 * FRAMES // 4], np.int64),
    }
    outputs = dict.fromkeys(("real", "imag"), ("batch", BINS, 2 * FRAMES))
    return _graph("vocoder", nodes, {"mel": ("batch", BANDS, FRAMES)}, outputs, constants)


def _audio_vocoder() -> bytes:
    # audio = mean level of the bands at each frame, held for a hop: a click track of the envelope
    nodes = [
        ("Exp", ["mel"], ["level"]),
        ("ReduceMean", ["level"], ["envelope"], {"axes": [1], "keepdims": 0}),
        ("Reshape", ["envelope", "column"], ["upright"]),
        ("MatMul", ["upright", "ramp"], ["held"]),
        ("Reshape", ["held", "flat"], ["audio"]),
    ]
    constants = {
        "column": np.array([-1, FRAMES, 1], np.int64),
        "ramp": np.sin(2 * np.pi * np.arange(750) / 75).astype(np.float32)[None],
        "flat": np.array([-1, FRAMES * 750], np.int64),
    }
    outputs = {"audio": ("batch", FRAMES * 750)}
    return _graph("audio-vocoder", nodes, {"mel": ("batch", BANDS, FRAMES)}, outputs, constants)


@pytest.fixture(scope="session")
def tiny_files() -> dict[str, Any]:
    """File name -> content of the tiny pack: graphs as bytes, arrays as arrays."""
    rng = np.random.default_rng(7)
    basis = np.zeros((DIMS, PATCH_FRAMES, BANDS), np.float32)
    basis[0] = 0.5  # level
    basis[1] = 0.2 * np.linspace(1, -1, BANDS)  # darker
    basis[2] = 0.1 * np.linspace(1, -1, PATCH_FRAMES)[:, None]  # decays within the patch
    basis[3] = 0.1 * np.cos(2 * np.pi * (np.arange(BANDS) + 0.5) / BANDS)  # hollow
    return {
        "flow.onnx": _flow(rng),
        "direct.onnx": _direct(rng),
        "vocoder.onnx": _vocoder(rng),
        "flow-moments-mean.npy": _patterns()[:2],
        "flow-moments-deviation.npy": np.linspace(0.5, 1.5, 2 * PATCHES * DIMS, dtype=np.float32).reshape(
            2, PATCHES, DIMS
        ),
        "flow-moments-time_basis.npy": orthonormal(rng.normal(size=(2, PATCHES, PATCHES))),
        "flow-moments-code_basis.npy": orthonormal(rng.normal(size=(2, DIMS, DIMS))).astype(np.float16),
        "code-mean.npy": np.full(PATCH_FRAMES * BANDS, -4.5, np.float32),
        "code-basis.npy": basis.reshape(DIMS, -1).astype(np.float16),
    }


@pytest.fixture(scope="session")
def tiny_manifest() -> Manifest:
    """The tiny pack's manifest, without its files."""
    return Manifest(
        format=1,
        name="tiny",
        version="1.0.0",
        licence="CC0-1.0",
        made_by="aijockey tests",
        training_data="None: made by hand.",
        rate_hz=48_000,
        bpm=120.0,
        bars=2,
        samples=192_000,
        key="A minor",
        representation=MelSpec("mel", 750, 2048, BANDS, 20.0, 20_000.0, 1e-4),
        controls=(
            ControlSpec("onset_density", "onsets per beat", "How many sounds begin in a beat."),
            ControlSpec("brightness", "octaves", "Spectral centroid above 1 kHz."),
        ),
        codes={"patch-pca": PatchPcaSpec("patch-pca", PATCH_FRAMES, DIMS, "code-mean.npy", "code-basis.npy")},
        generators={
            "flow": GeneratorSpec(
                "flow",
                "flow.onnx",
                "patch-pca",
                (PATCHES, DIMS),
                ("onset_density", "brightness"),
                RotationSpec(
                    "rotation",
                    8,
                    2,
                    "flow-moments-mean.npy",
                    "flow-moments-deviation.npy",
                    "flow-moments-time_basis.npy",
                    "flow-moments-code_basis.npy",
                    2.5,
                ),
            ),
            "direct": GeneratorSpec(
                "stylegan2", "direct.onnx", "patch-pca", (LATENT,), (), DirectSpec("direct", 0.8)
            ),
        },
        vocoder=SpectrumVocoderSpec("vocos", "vocoder.onnx", "spectrum", WINDOW, HOP),
        voices=(
            VoiceSpec("kick", "flow", 0, False, None, -14.0, _spreads(1.0, -1.0)),
            VoiceSpec("hats", "flow", 1, False, None, -18.0, _spreads(2.0, 2.0)),
            VoiceSpec("drone", "direct", 0, True, "A minor", -20.0, {}),
        ),
        figures={"vocoder": {"mel_error_db": 1.5}},
    )


def _spreads(density: float, brightness: float) -> dict[str, SpreadSpec]:
    return {"onset_density": SpreadSpec(density, 0.5), "brightness": SpreadSpec(brightness, 0.7)}


PackMaker = Callable[..., Pack]


@pytest.fixture(scope="session")
def make_pack(
    tmp_path_factory: pytest.TempPathFactory, tiny_files: dict[str, Any], tiny_manifest: Manifest
) -> PackMaker:
    """Make a variant: ``make_pack(name="pack.ajpack", files={...} or None to leave out,
    **manifest_fields)``."""

    def make(name: str = "tiny", files: dict[str, Any] | None = None, **changes: Any) -> Pack:
        contents = {key: value for key, value in {**tiny_files, **(files or {})}.items() if value is not None}
        folder: Path = tmp_path_factory.mktemp("pack")
        manifest = dataclasses.replace(tiny_manifest, **changes)
        return write_pack(folder / name, manifest, contents, "# Tiny\n\nMade by hand for tests.\n")

    return make


@pytest.fixture(scope="session")
def tiny_pack(make_pack: PackMaker) -> Pack:
    """The tiny pack as a folder: voices kick, hats (euler) and drone (direct)."""
    return make_pack()


@pytest.fixture(scope="session")
def tiny_audio_pack(make_pack: PackMaker) -> Pack:
    """The tiny pack with a vocoder that writes audio itself."""
    return make_pack(
        files={"vocoder.onnx": _audio_vocoder()}, vocoder=AudioVocoderSpec("melgan", "vocoder.onnx", "audio")
    )
