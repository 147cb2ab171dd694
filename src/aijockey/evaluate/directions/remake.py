"""Directions of a whole pack: made for each voice, then written as a new pack, atomically, with their tables."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aijockey.evaluate.directions.calibrate import Settings, calibrate
from aijockey.evaluate.directions.held_out import Proof, prove
from aijockey.evaluate.directions.probe import Advance, Prober, raw_generator
from aijockey.evaluate.directions.table import card_section
from aijockey.evaluate.pace import with_pace
from aijockey.evaluate.sources import open_workers
from aijockey.live.generator import Generator
from aijockey.pack.manifest import (
    CARD_NAME,
    DirectionsSpec,
    GeneratorSpec,
    Manifest,
    PaceSpec,
    RotationSpec,
    VoiceSpec,
)
from aijockey.pack.pack import Pack
from aijockey.pack.writer import Content, write_pack

SECTION = "## Directions"
MEASURED_TOGETHER = 4


def make_directions(
    path: Path, voices: Sequence[str], settings: Settings, advance: Advance = lambda done, what: None
) -> dict[str, Proof]:
    """Find, calibrate and prove the directions of some voices of the pack at ``path``.

    Parameters
    ----------
    voices : names; empty for all.
    advance : told of loops done, and for what.

    Raises
    ------
    ManifestError : no such voice.
    """
    generator = raw_generator(path)
    manifest = generator.pack.manifest
    names = [manifest.voice(name).name for name in voices] or [voice.name for voice in manifest.voices]
    proofs: dict[str, Proof] = {}
    with open_workers(settings.processes) as workers:
        for name in names:
            spec = manifest.generators[manifest.voice(name).generator]
            prober = Prober(path, name, workers, advance, _fewer_steps(spec, settings))
            found = calibrate(generator, prober, settings)
            proofs[name] = prove(prober, found, settings, spec.controls)
            proofs[name].figures["space"] = found.space
    return proofs


def with_directions(manifest: Manifest, proofs: Mapping[str, Proof]) -> Manifest:
    """The manifest with the directions and figures of ``proofs`` in place of those of the same voices."""
    voices = tuple(
        _voice_with(voice, proofs[voice.name]) if voice.name in proofs else voice for voice in manifest.voices
    )
    figures: dict[str, Any] = dict(manifest.figures)
    figures["directions"] = {
        **figures.get("directions", {}),
        **{name: proof.figures for name, proof in proofs.items()},
    }
    return dataclasses.replace(manifest, voices=voices, figures=figures)


def write_directions(pack: Pack, proofs: Mapping[str, Proof], target: Path, *, force: bool = False) -> Pack:
    """Write ``pack`` with new directions to ``target``, which may be the pack itself if ``force`` says so. Voices whose
    pace was never measured get that too.

    Raises
    ------
    PackExistsError : there is something and ``force`` is false.
    """
    manifest = with_directions(pack.manifest, proofs)
    unmeasured = [voice.name for voice in manifest.voices if voice.name in proofs and voice.pace is None]
    manifest = with_pace(manifest, Generator(pack), unmeasured)
    files = _carried(pack, manifest)
    for name, proof in proofs.items():
        if proof.directions:
            # Half precision: a vector's thousand numbers lie within a few powers of two.
            files[_file_of(name)] = proof.vectors.astype(np.float16)
    return write_pack(target, manifest, files, card_with(pack.card, manifest), force=force)


def write_paces(
    pack: Pack,
    voices: Sequence[str],
    target: Path,
    *,
    force: bool = False,
    processors: int = 1,
    progress: Callable[[str, PaceSpec], None] = lambda voice, pace: None,
) -> Pack:
    """Write ``pack`` to ``target`` with the paces of ``voices`` measured anew; all its files stay as they are.

    ``target`` may be the pack itself if ``force`` says so.

    processors : loops that are measured side by side. progress : told of each voice when it is done.

    Raises
    ------
    PackExistsError : there is something and ``force`` is false.
    """
    generator = Generator(pack, threads=processors, batch=MEASURED_TOGETHER)
    manifest = with_pace(pack.manifest, generator, voices, progress)
    return write_pack(target, manifest, _carried(pack, manifest), pack.card, force=force)


def card_with(card: str, manifest: Manifest) -> str:
    """The model card with the section on directions as the manifest has them, in place of an older one."""
    before, found, after = card.partition(f"\n{SECTION}\n")
    # The section ends where the next of its rank begins.
    _, heading, rest = after.partition("\n## ")
    kept = before.rstrip() + (f"\n\n{heading.lstrip()}{rest.rstrip()}" if found and heading else "")
    return f"{kept}\n\n{SECTION}\n\n{card_section(manifest)}\n"


def _carried(pack: Pack, manifest: Manifest) -> dict[str, Content]:
    """Files of ``pack`` that ``manifest`` still names, but for the card."""
    used = {*manifest.graphs, *manifest.arrays}
    return {name: pack.read(name) for name in pack.manifest.files if name in used and name != CARD_NAME}


def _fewer_steps(spec: GeneratorSpec, settings: Settings) -> int | None:
    if not isinstance(spec.sampler, RotationSpec):
        return None
    return min(spec.sampler.steps, settings.quick_steps)


def _voice_with(voice: VoiceSpec, proof: Proof) -> VoiceSpec:
    if not proof.directions:
        return dataclasses.replace(voice, directions=None)
    spec = DirectionsSpec(proof.figures["space"], _file_of(voice.name), proof.directions)
    return dataclasses.replace(voice, directions=spec)


def _file_of(voice: str) -> str:
    return f"directions-{voice}.npy"
