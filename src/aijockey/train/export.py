"""Checkpoints -> pack: ONNX graphs in half precision, patch codes, control scales, model card.

A pack may join several runs: each brings its voices, and a later run takes over a voice that an earlier one has. The
vocoder is a run of its own, or another pack's, or Griffin-Lim.
"""

import logging
import re
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from aijockey import __version__
from aijockey.corpus.measure import MEASURES
from aijockey.errors import AijockeyError
from aijockey.music.grid import REFERENCE_BPM
from aijockey.pack import manifest as m
from aijockey.pack.pack import Pack
from aijockey.pack.writer import Content, write_pack
from aijockey.train import checkpoint as checkpoints
from aijockey.train.checkpoint import Checkpoint, find_checkpoint
from aijockey.train.families import FAMILIES
from aijockey.train.families.base import Graph, Task, to_numpy

HALF_FROM_VALUES = 1024
OPSET = 23
"""With attention and gelu as nodes of their own."""
ARRAYS = {"rotation": "moments-", "direct": ""}
"""How the names of a sampler's files begin, after the generator's."""
TOLERANCE, TOLERANCE_IN_FULL = 2e-2, 1e-4
"""Largest difference between torch and ONNX Runtime, relative to the output's largest value, with weights in half and
in full precision."""


VocoderSpec = m.SpectrumVocoderSpec | m.AudioVocoderSpec | m.GriffinLimSpec


class ExportError(AijockeyError):
    """Runs that do not make a pack together."""


@dataclass(frozen=True)
class PackText:
    """What is said of a pack. ``card`` opens its model card and ``tables`` end it; what was trained stands between."""

    name: str
    version: str = "1.0.0"
    licence: str = ""
    card: str = ""
    tables: str = ""


def build_task(checkpoint: Checkpoint) -> Task:
    """Networks of a checkpoint, ready to sample or export."""
    recipe = checkpoint.recipe
    task = FAMILIES[recipe.family].make(recipe.model, recipe.train, checkpoint.data)
    checkpoints.restore(task, checkpoint)
    return task


def export_pack(
    target: Path,
    runs: list[Path],
    vocoder: Path | Pack | None,
    text: PackText,
    voices: list[str] | None = None,
    figures: dict[str, Any] | None = None,
    force: bool = False,
    corrections: int | None = None,
) -> Pack:
    """Write a pack of some runs.

    Parameters
    ----------
    runs : generator runs; a later one takes over the voices that it shares with an earlier one.
    vocoder : a vocoder run, a pack whose vocoder is copied, or None for Griffin-Lim.
    voices : names to keep, in this order; None keeps all.
    corrections : rounds of `representation.mel_correction` after the vocoder; None as its run or pack says.

    Raises
    ------
    ExportError : runs of different representations or loop lengths, unknown voices, corrections of a vocoder that takes
        none, or a graph that ONNX Runtime computes otherwise than torch.
    CheckpointError, PackError : what is read or written is not sound.
    """
    if not runs:
        raise ExportError("no generator run was given; expected at least one folder made by `aijockey train`")
    files: dict[str, Content] = {}
    generators: dict[str, m.GeneratorSpec] = {}
    codes: dict[str, m.PatchPcaSpec] = {}
    specs: dict[str, m.VoiceSpec] = {}
    owned: dict[str, set[str]] = {}  # generator -> its files
    loaded = [checkpoints.load(find_checkpoint(run)) for run in runs]
    first = loaded[0]
    for run, checkpoint in zip(runs, loaded, strict=True):
        if FAMILIES[checkpoint.recipe.family].kind != "generator":
            raise ExportError(
                f"{run} holds a {checkpoint.recipe.family}, which is a vocoder; name it with --vocoder"
            )
        if (checkpoint.data.mel, checkpoint.data.samples) != (first.data.mel, first.data.samples):
            raise ExportError(f"{run} was trained on another representation or loop length than {runs[0]}")
        name, before = _unused(checkpoint.recipe.family, generators), set(files)
        _add_generator(name, checkpoint, files, generators, codes, specs)
        owned[name] = set(files) - before
    if voices is not None:
        unknown = [voice for voice in voices if voice not in specs]
        if unknown:
            raise ExportError(f"no run has the voice '{unknown[0]}'; they have {', '.join(specs)}")
        specs = {voice: specs[voice] for voice in voices}
    _drop_unused(specs, generators, codes, files, owned)
    wanted = sorted({name for spec in generators.values() for name in spec.controls})
    statements = [checkpoint.statement for checkpoint in loaded]
    licence = text.licence or _joined_licence(statements)
    manifest = m.Manifest(
        format=m.FORMAT,
        name=text.name,
        version=text.version,
        licence=licence,
        made_by=f"aijockey {__version__} export",
        training_data=_describe_data(loaded),
        rate_hz=first.data.mel.rate_hz,
        bpm=REFERENCE_BPM,
        bars=int(first.statement["bars"]) or 1,
        samples=first.data.samples,
        key=first.statement["key"],
        representation=m.MelSpec(
            "mel", **{k: v for k, v in asdict(first.data.mel).items() if k != "rate_hz"}
        ),
        controls=tuple(
            m.ControlSpec(name, MEASURES[name].unit, MEASURES[name].description) for name in wanted
        ),
        codes=codes,
        generators=generators,
        vocoder=_corrected(_add_vocoder(vocoder, first, files), corrections),
        voices=tuple(specs.values()),
        figures=figures or {},
    )
    shown = [*loaded, checkpoints.load(find_checkpoint(vocoder))] if isinstance(vocoder, Path) else loaded
    return write_pack(target, manifest, files, model_card(manifest, text, shown), force=force)


def _add_generator(
    name: str,
    checkpoint: Checkpoint,
    files: dict[str, Content],
    generators: dict[str, m.GeneratorSpec],
    codes: dict[str, m.PatchPcaSpec],
    specs: dict[str, m.VoiceSpec],
) -> None:
    graph = build_task(checkpoint).graph()
    files[f"{name}.onnx"] = export_graph(graph, f"{name}.onnx")
    code, data, statement = checkpoint.code, checkpoint.data, checkpoint.statement
    if code is None:
        raise ExportError(f"the checkpoint of {name} holds no patch code")
    files[f"{name}-mean.npy"] = code.mean.astype(np.float16)
    files[f"{name}-basis.npy"] = code.basis.astype(np.float16)
    codes[name] = m.PatchPcaSpec(
        "patch-pca", code.patch_frames, code.dims, f"{name}-mean.npy", f"{name}-basis.npy"
    )
    sampler = dict(graph.entry["sampler"])
    for key, value in sampler.items():
        # An array of the sampler's becomes a file, and its entry that file's name.
        if isinstance(value, np.ndarray):
            sampler[key] = f"{name}-{ARRAYS[sampler['kind']]}{key}.npy"
            files[sampler[key]] = value.astype(np.float16)
    kinds = {"rotation": m.RotationSpec, "direct": m.DirectSpec}
    generators[name] = m.GeneratorSpec(
        family=checkpoint.recipe.family,
        graph=f"{name}.onnx",
        codes=name,
        latent_shape=tuple(graph.entry["latent_shape"]),
        controls=tuple(graph.entry["controls"]),
        sampler=kinds[sampler["kind"]](**sampler),
    )
    for index, voice in enumerate(data.voices):
        spreads = {
            control: m.SpreadSpec(
                float(checkpoint.scale.mean[index, c]), float(checkpoint.scale.deviation[index, c])
            )
            for c, control in enumerate(data.controls)
        }
        tonal = voice in statement.get("tonal_voices", [])
        word = voice_word(voice)
        specs[word] = m.VoiceSpec(
            name=word,
            generator=name,
            index=index,
            tonal=tonal,
            key=statement["key"] if tonal else None,
            loudness_lufs=round(float(statement["loudness_lufs"][voice]), 2),
            controls=spreads if graph.entry["controls"] else {},
        )


def voice_word(voice: str) -> str:
    """A voice's name as packs allow it: lower-case letters, digits, ``-`` and ``_``."""
    word = re.sub(r"[^a-z0-9_-]+", "-", voice.lower()).strip("-_")[:48]
    return word or "voice"


def _unused(name: str, taken: dict[str, Any]) -> str:
    number = 2
    unused = name
    while unused in taken:
        unused, number = f"{name}-{number}", number + 1
    return unused


def _drop_unused(
    specs: dict[str, m.VoiceSpec],
    generators: dict[str, m.GeneratorSpec],
    codes: dict[str, m.PatchPcaSpec],
    files: dict[str, Content],
    owned: dict[str, set[str]],
) -> None:
    used = {spec.generator for spec in specs.values()}
    for name in [name for name in generators if name not in used]:
        del generators[name]
        del codes[name]
        for file in owned.pop(name):
            del files[file]


def _add_vocoder(vocoder: Path | Pack | None, first: Checkpoint, files: dict[str, Content]) -> VocoderSpec:
    if vocoder is None:
        return m.GriffinLimSpec("griffin-lim", "griffin-lim")
    if isinstance(vocoder, Pack):
        spec = vocoder.manifest.vocoder
        if vocoder.mel_config != first.data.mel:
            raise ExportError(f"the vocoder of {vocoder.path} reads another mel than these runs make")
        if not isinstance(spec, m.GriffinLimSpec):
            files[spec.graph] = vocoder.read(spec.graph)
        return spec
    checkpoint = checkpoints.load(find_checkpoint(vocoder))
    if FAMILIES[checkpoint.recipe.family].kind != "vocoder":
        raise ExportError(f"{vocoder} holds a {checkpoint.recipe.family}, which is no vocoder")
    if checkpoint.data.mel != first.data.mel:
        raise ExportError(f"the vocoder of {vocoder} reads another mel than these runs make")
    graph = build_task(checkpoint).graph()
    files["vocoder.onnx"] = export_graph(graph, "vocoder.onnx")
    kinds = {"spectrum": m.SpectrumVocoderSpec, "audio": m.AudioVocoderSpec}
    return kinds[graph.entry["output"]](family=checkpoint.recipe.family, graph="vocoder.onnx", **graph.entry)


def _corrected(spec: VocoderSpec, corrections: int | None) -> VocoderSpec:
    if corrections is None:
        return spec
    if not isinstance(spec, m.SpectrumVocoderSpec):
        raise ExportError(f"corrections are for a vocoder that makes a spectrum; this one is {spec.family}")
    return replace(spec, corrections=corrections)


def export_graph(graph: Graph, name: str) -> bytes:
    """ONNX of a network with a dynamic batch, large weights in half precision; checked against torch with both.

    Raises
    ------
    ExportError : ONNX Runtime's result differs by more than `TOLERANCE`, or `TOLERANCE_IN_FULL` before that.
    """
    module = (graph.traced or graph.module).eval()
    shapes = {key: {0: torch.export.Dim("batch", min=1, max=1024)} for key in graph.inputs}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module,
            kwargs=graph.inputs,
            output_names=list(graph.outputs),
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _compare(graph, model.SerializeToString(), name, TOLERANCE_IN_FULL)
    store_in_half(model)
    strip(model)
    data: bytes = model.SerializeToString()
    _compare(graph, data, name, TOLERANCE)
    return data


def store_in_half(model: onnx.ModelProto) -> None:
    """Keep large float weights as float16, cast back where they enter the graph, so all arithmetic stays float32."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < HALF_FROM_VALUES:
            continue
        half = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}.half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(half)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def strip(model: onnx.ModelProto) -> None:
    """Take out what only says how the graph was made (source lines and paths of the machine that exported it)."""
    model.producer_name, model.producer_version = "aijockey", __version__
    model.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    model.graph.doc_string = ""
    del model.graph.value_info[:]
    for element in [*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        element.doc_string = ""
        del element.metadata_props[:]


def _compare(graph: Graph, data: bytes, name: str, tolerance: float) -> None:
    """At the batch that was traced, and at two others: a shape may have been taken for a constant."""
    for batch in (2, 1, 3):
        _compare_batch(graph, data, name, batch, tolerance)


def _compare_batch(graph: Graph, data: bytes, name: str, batch: int, tolerance: float) -> None:
    random = torch.Generator().manual_seed(0)
    inputs = {
        key: torch.randn((batch, *value.shape[1:]), generator=random)
        if value.dtype == torch.float32
        else value[:1].expand(batch, *value.shape[1:]).contiguous()
        for key, value in graph.inputs.items()
    }
    with torch.no_grad():
        expected = graph.module.eval()(**inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = run_onnx(data, {key: value.numpy() for key, value in inputs.items()})
    for output, ours, theirs in zip(graph.outputs, found, expected, strict=True):
        truth = to_numpy(theirs)
        error = float(np.abs(ours - truth).max() / max(1e-6, np.abs(truth).max()))
        if not error <= tolerance:
            raise ExportError(
                f"{name}: ONNX Runtime and torch differ by {error:.2%} in '{output}' of a batch of {batch}; "
                f"expected under {tolerance:.2g}"
            )


def run_onnx(data: bytes, inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.float32]]:
    """Run a graph once on one thread, with the inputs that it declares."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    declared = {entry.name for entry in session.get_inputs()}
    outputs: list[npt.NDArray[np.float32]] = session.run(
        None, {k: v for k, v in inputs.items() if k in declared}
    )
    return outputs


def _joined_licence(statements: list[dict[str, Any]]) -> str:
    licences = sorted({licence for statement in statements for licence in statement["licences"]})
    text = "; ".join(licences) if licences else "unknown"
    return text if len(text) <= 300 else f"{text[:297]}..."


def _describe_data(checkpoints_: list[Checkpoint]) -> str:
    parts = []
    for checkpoint in checkpoints_:
        statement = checkpoint.statement
        loops = ", ".join(f"{count} of {voice}" for voice, count in statement["loops"].items())
        parts.append(
            f"{checkpoint.recipe.family}: {loops} loops from {statement['sources']} sources, made by "
            f"{statement['made_by'] or 'unknown'}; licence {', '.join(statement['licences'])}."
        )
    return " ".join(parts)


def model_card(manifest: m.Manifest, text: PackText, checkpoints_: list[Checkpoint]) -> str:
    """The Markdown card that travels in a pack."""
    lines = [f"# {manifest.name} {manifest.version}", ""]
    if text.card:
        lines += [text.card.strip(), ""]
    lines += [
        f"Loops of {manifest.bars} bars at {manifest.bpm:g} BPM, {manifest.rate_hz} Hz, mono"
        + (f"; tonal voices are in {manifest.key}." if manifest.key else "."),
        f"Licence of the weights: {manifest.licence}. Trained on: {manifest.training_data}",
        "",
        "| voice | generator | tonal | loudness (LUFS) |",
        "|---|---|---|---|",
        *(
            f"| {v.name} | {v.generator} | {'yes' if v.tonal else 'no'} | {v.loudness_lufs:.1f} |"
            for v in manifest.voices
        ),
        "",
        "| model | recipe | steps | minutes | best score |",
        "|---|---|---|---|---|",
    ]
    for checkpoint in checkpoints_:
        progress = checkpoint.progress
        score = "-" if progress.best_score is None else f"{progress.best_score:.3f}"
        before = checkpoint.statement.get("started_from", [])  # name, steps, seconds of each
        steps = " + ".join(str(count) for count in [*(row[1] for row in before), progress.step])
        minutes = " + ".join(f"{s / 60:.0f}" for s in [*(row[2] for row in before), progress.seconds])
        lines.append(
            f"| {checkpoint.recipe.family} | {checkpoint.recipe.name} | {steps} | {minutes} | {score} |"
        )
    if text.tables:
        lines += ["", text.tables.strip()]
    return "\n".join(lines) + "\n"
