"""``aijockey devices``: sound outputs and inputs by name."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aijockey.live.devices import Device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def run(arguments: argparse.Namespace) -> int:
    """List them; none at all is a failure."""
    import dataclasses
    import json

    from aijockey.live.devices import NoDeviceError, accepted_rates, list_devices, load_sounddevice

    sounddevice = load_sounddevice()
    devices = list_devices(sounddevice)
    listed: list[dict[str, Any]] = []
    for device in devices:
        kind = "output" if device.outputs else "input"
        rates = accepted_rates(sounddevice, device, "output" if device.outputs else "input")
        entry = dataclasses.asdict(device) | {"kind": kind, "rates_hz": rates}
        del entry["index"]
        listed.append(entry | {"blocks_samples": device.blocks_samples})
    if arguments.json:
        print(json.dumps(listed, indent=1))
    if not devices:
        raise NoDeviceError("there is no sound device; 'aijockey doctor' says more")
    if not arguments.json:
        for title, kind in (("Outputs", "output"), ("Inputs", "input")):
            print_table(title, kind, devices, listed)
        print("* marks the default. 'aijockey play --device NAME' takes any part of a name,")
        print("so do --headphones NAME, for a second output, and --input NAME, for a live input.")
    return 0


def print_table(title: str, kind: str, devices: "list[Device]", listed: list[dict[str, Any]]) -> None:
    """The devices of one kind, for people."""
    print(f"{title}:")
    for device, entry in zip(devices, listed, strict=True):
        channels = entry[f"{kind}s"]
        if not channels:
            continue
        mark = "*" if entry[f"default_{kind}"] else " "
        rates = (
            ", ".join(f"{rate / 1000:g}" for rate in entry["rates_hz"]) or f"only {device.rate_hz / 1000:g}"
        )
        blocks = entry["blocks_samples"]
        sizes = f"{blocks[0]} to {blocks[-1]}" if len(blocks) > 1 else f"{blocks[0]}"
        print(f" {mark} {device.name}  [{device.system}]")
        print(f"     {channels} channels; {rates} kHz; blocks of {sizes} samples")
