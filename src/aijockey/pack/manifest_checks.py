"""What types alone cannot say: that the parts of a manifest fit each other, and that file names are safe."""

import json
import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NoReturn

from aijockey.music.grid import RATE_HZ, REFERENCE_BPM, SIXTEENTH_SAMPLES, loop_samples
from aijockey.pack.errors import ManifestError, UnsafeNameError
from aijockey.pack.fields import nearest
from aijockey.pack.manifest import (
    CARD_NAME,
    FORMAT,
    MANIFEST_NAME,
    MAX_FILES,
    MAX_PACK_BYTES,
    DirectionSpec,
    DirectSpec,
    GeneratorSpec,
    Manifest,
    PaceSpec,
    RotationSpec,
    SpectrumVocoderSpec,
    VoiceSpec,
)


def check_file_name(name: str) -> None:
    """Refuse names that are not one plain file in the pack's own folder.

    Raises
    ------
    UnsafeNameError
    """
    plain = 0 < len(name) <= 100 and name[0].isalnum() and name.isascii()
    if not plain or any(not (letter.isalnum() or letter in "._-") for letter in name):
        raise UnsafeNameError(
            f"name {json.dumps(name)[:120]} is not allowed: expected letters, digits, . _ - and no folders"
        )


def check_manifest(manifest: Manifest) -> None:
    """Refuse a manifest whose parts do not fit each other.

    Raises
    ------
    ManifestError, UnsafeNameError
    """
    _check_grid(manifest)
    _check_names(manifest)
    for name, generator in manifest.generators.items():
        _check_generator(manifest, f"generators.{name}", generator)
    for index, voice in enumerate(manifest.voices):
        _check_voice(manifest, f"voices[{index}]", voice)
    seats = [(voice.generator, voice.index) for voice in manifest.voices]
    _check_unique("voices, generator and index", [f"{generator} {index}" for generator, index in seats])
    _check_files(manifest)


def _fail(where: str, message: str) -> NoReturn:
    raise ManifestError(f"{where}: {message}")


def _check_unique(where: str, words: Iterable[str]) -> None:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            _fail(where, f"'{word}' appears twice")
        seen.add(word)


def _check_grid(manifest: Manifest) -> None:
    if manifest.rate_hz != RATE_HZ:
        _fail("rate_hz", f"is {manifest.rate_hz}; packs of format {FORMAT} are at {RATE_HZ}")
    if manifest.bpm != REFERENCE_BPM:
        _fail("bpm", f"is {manifest.bpm:g}; packs of format {FORMAT} are at {REFERENCE_BPM:g}")
    if manifest.samples != loop_samples(manifest.bars):
        _fail(
            "samples",
            f"is {manifest.samples}, but {manifest.bars} bars are {loop_samples(manifest.bars)} samples",
        )
    mel = manifest.representation
    if SIXTEENTH_SAMPLES % mel.hop_samples:
        _fail(
            "representation.hop_samples",
            f"{mel.hop_samples} does not divide a sixteenth of {SIXTEENTH_SAMPLES} samples",
        )
    if not mel.low_hz < mel.high_hz <= manifest.rate_hz / 2:
        _fail(
            "representation.high_hz",
            f"bands from {mel.low_hz:g} to {mel.high_hz:g} Hz; expected low < high <= {RATE_HZ // 2}",
        )
    vocoder = manifest.vocoder
    if isinstance(vocoder, SpectrumVocoderSpec):
        if manifest.samples % vocoder.hop_samples:
            _fail(
                "vocoder.hop_samples",
                f"{vocoder.hop_samples} does not divide a loop of {manifest.samples} samples",
            )
        if vocoder.window_samples % vocoder.hop_samples or vocoder.window_samples < 2 * vocoder.hop_samples:
            _fail(
                "vocoder.window_samples",
                f"{vocoder.window_samples} is not 2 or more whole hops of {vocoder.hop_samples}",
            )


def _check_names(manifest: Manifest) -> None:
    _check_unique("controls", [control.name for control in manifest.controls])
    _check_unique("voices", [voice.name for voice in manifest.voices])
    if not manifest.voices:
        _fail("voices", "the list is empty; a pack has at least one voice")


def _check_generator(manifest: Manifest, where: str, generator: GeneratorSpec) -> None:
    if generator.codes not in manifest.codes:
        _fail(f"{where}.codes", f"no codes '{generator.codes}'{nearest(generator.codes, manifest.codes)}")
    code = manifest.codes[generator.codes]
    if manifest.frames % code.patch_frames:
        _fail(
            f"codes.{generator.codes}.patch_frames",
            f"{code.patch_frames} does not divide a loop of {manifest.frames} frames",
        )
    shape = generator.latent_shape
    if not 1 <= len(shape) <= 3 or math.prod(shape) > 1 << 22:
        _fail(f"{where}.latent_shape", f"is {list(shape)}; expected 1 to 3 axes and at most {1 << 22} values")
    patches = (manifest.frames // code.patch_frames, code.dims)
    if isinstance(generator.sampler, RotationSpec):
        _check_rotation(where, shape, patches)
    else:
        _check_style(where, generator.sampler)
    known = [control.name for control in manifest.controls]
    for control in generator.controls:
        if control not in known:
            _fail(f"{where}.controls", f"no control '{control}'{nearest(control, known)}")
    _check_unique(f"{where}.controls", generator.controls)


def _check_rotation(where: str, shape: tuple[int, ...], patches: tuple[int, int]) -> None:
    if shape != patches:
        _fail(
            f"{where}.latent_shape",
            f"is {list(shape)}; a rotation's latents are shaped like codes, {list(patches)}",
        )


def _check_style(where: str, sampler: DirectSpec) -> None:
    if len(sampler.style_shape) not in (0, 2):
        _fail(f"{where}.sampler.style_shape", f"is {list(sampler.style_shape)}; expected [layers, style]")
    if (sampler.style_factors is None) != (sampler.factors == 0):
        _fail(f"{where}.sampler.factors", f"is {sampler.factors}; it counts the rows of style_factors")
    if sampler.style_factors is not None and not sampler.style_shape:
        _fail(f"{where}.sampler.style_factors", "there are factors of a style but no style_shape")


def _check_directions(manifest: Manifest, where: str, voice: VoiceSpec) -> None:
    assert voice.directions is not None
    sampler = manifest.generators[voice.generator].sampler
    shown = isinstance(sampler, DirectSpec) and bool(sampler.style_shape)
    if voice.directions.space == "style" and not shown:
        _fail(f"{where}.space", f"is style, but generator '{voice.generator}' has no style_shape")
    if not voice.directions.directions:
        _fail(f"{where}.directions", "the list is empty; leave the object out")
    _check_unique(f"{where}.directions", [direction.name for direction in voice.directions.directions])
    known = manifest.generators[voice.generator].controls
    for index, direction in enumerate(voice.directions.directions):
        _check_curve(f"{where}.directions[{index}]", direction)
        for name in direction.conditions:
            if name not in known:
                _fail(f"{where}.directions[{index}].conditions", f"no control '{name}'{nearest(name, known)}")


def _check_curve(where: str, direction: DirectionSpec) -> None:
    amounts, strengths, effect = direction.amounts, direction.strengths, direction.effect
    if not 2 <= len(amounts) <= 64 or len(strengths) != len(amounts) or len(effect) != len(amounts):
        _fail(
            where,
            f"has {len(amounts)} amounts, {len(strengths)} strengths and {len(effect)} effects; "
            "expected as many of each, 2 to 64",
        )
    for name, curve in (("amounts", amounts), ("strengths", strengths)):
        if any(later <= earlier for earlier, later in pairwise(curve)):
            _fail(f"{where}.{name}", "do not ascend; a curve has one strength for each amount")
    if any(later < earlier for earlier, later in pairwise(effect)):
        _fail(f"{where}.effect", "falls somewhere; a direction's effect never does")
    if 0.0 not in amounts or strengths[amounts.index(0.0)] != 0.0:
        _fail(f"{where}.strengths", "an amount of 0 must be there and move nothing")


def _check_voice(manifest: Manifest, where: str, voice: VoiceSpec) -> None:
    if voice.generator not in manifest.generators:
        _fail(
            f"{where}.generator",
            f"no generator '{voice.generator}'{nearest(voice.generator, manifest.generators)}",
        )
    wanted = manifest.generators[voice.generator].controls
    for name in wanted:
        if name not in voice.controls:
            _fail(
                f"{where}.controls",
                f"'{name}' is missing; generator '{voice.generator}' is conditioned on it",
            )
    for name in voice.controls:
        if name not in wanted:
            _fail(
                f"{where}.controls",
                f"'{name}' is not a control of generator '{voice.generator}'{nearest(name, wanted)}",
            )
    if voice.directions is not None:
        _check_directions(manifest, f"{where}.directions", voice)
    sampler = manifest.generators[voice.generator].sampler
    if isinstance(sampler, RotationSpec) and voice.index >= sampler.voices:
        _fail(
            f"{where}.index",
            f"is {voice.index}; generator '{voice.generator}' has {sampler.voices} voices, from 0",
        )
    if voice.pace is not None:
        _check_pace(f"{where}.pace", voice.pace)


def _check_pace(where: str, pace: PaceSpec) -> None:
    angles, changes = pace.angles_rad, pace.changes_db
    if not 1 <= len(angles) == len(changes) <= 64:
        _fail(where, f"has {len(angles)} angles and {len(changes)} changes; expected as many, 1 to 64")
    for name, values in (("angles_rad", angles), ("changes_db", changes)):
        if any(after <= before for before, after in pairwise(values)):
            _fail(f"{where}.{name}", "does not rise from each number to the next")


def _check_files(manifest: Manifest) -> None:
    if len(manifest.files) > MAX_FILES:
        _fail("files", f"lists {len(manifest.files)} files; at most {MAX_FILES} are allowed")
    for name in manifest.files:
        check_file_name(name)
    folded = [name.casefold() for name in (*manifest.files, MANIFEST_NAME)]
    _check_unique("files (regardless of case)", folded)
    used = {*manifest.graphs, *manifest.arrays, CARD_NAME}
    for name in sorted(used - set(manifest.files)):
        _fail("files", f"'{name}' is used but not listed{nearest(name, manifest.files)}")
    for name in sorted(set(manifest.files) - used):
        _fail("files", f"'{name}' is listed, but nothing in the manifest uses it")
    total = sum(entry.bytes for entry in manifest.files.values())
    if total > MAX_PACK_BYTES:
        _fail("files", f"{total:,} bytes in all; at most {MAX_PACK_BYTES:,} are allowed")
