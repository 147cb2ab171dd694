"""``aijockey voices``: what a pack can play."""

import argparse
import json
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "pack", nargs="?", metavar="PACK", help="folder, archive or shipped pack (default: default)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list, one object a voice")


def run(arguments: argparse.Namespace) -> int:
    """List the voices."""
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    pack = Pack.open(find_pack(arguments.pack))
    voices = describe_voices(pack.manifest)
    if arguments.json:
        print(json.dumps(voices, indent=1))
        return 0
    manifest = pack.manifest
    print(f"{manifest.name} {manifest.version}: {manifest.bars} bars at {manifest.bpm:g} BPM")
    print(f"{manifest.licence}, {pack.path}")
    for voice in voices:
        print(f"\n{voice['name']}: {voice['key'] or 'no key'}, about {voice['loudness_lufs']:.1f} LUFS")
        for direction in voice["directions"]:
            reach = f"{direction['effect'][0]:+.1f} to {direction['effect'][-1]:+.1f} std"
            print(f"  {direction['name']:<16} {reach:<28} {direction['description']}")
        hidden = {direction["name"] for direction in voice["directions"]}
        for control in (control for control in voice["controls"] if control["name"] not in hidden):
            spread = f"{control['mean']:.3g} ± {control['std']:.2g} {control['unit']}"
            print(f"  {control['name']:<16} {spread:<28} {control['description']}")
    return 0


def describe_voices(manifest: Any) -> list[dict[str, Any]]:
    """One object a voice: name, key, loudness, generator, each calibrated direction with its curve, and each condition
    of the generator with its unit, mean and spread.
    """
    controls = {control.name: control for control in manifest.controls}
    return [
        {
            "name": voice.name,
            "pack": manifest.name,
            "generator": voice.generator,
            "tonal": voice.tonal,
            "key": voice.key,
            "loudness_lufs": voice.loudness_lufs,
            "directions": [
                {
                    "name": direction.name,
                    "unit": direction.unit,
                    "description": direction.description,
                    "mean": None if direction.spread is None else direction.spread.mean,
                    "std": None if direction.spread is None else direction.spread.std,
                    "amounts": list(direction.amounts),
                    "effect": list(direction.effect),
                    "slope": direction.slope,
                }
                for direction in (voice.directions.directions if voice.directions else ())
            ],
            "controls": [
                {
                    "name": name,
                    "unit": controls[name].unit,
                    "description": controls[name].description,
                    "mean": spread.mean,
                    "std": spread.std,
                }
                for name, spread in voice.controls.items()
            ],
        }
        for voice in manifest.voices
    ]
