"""``aijockey moments``: loops that are kept by name, for every set."""

import argparse
import json

from aijockey.cli.arguments import Rule

RULES = (
    Rule(("--forget",), lambda given: not given.keep, "--keep keeps the same moment"),
    Rule(("--pack", "--force"), lambda given: given.keep, "only --keep TEXT writes a moment"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="of one moment; its text is printed (default: list all)"
    )
    parser.add_argument("--keep", metavar="TEXT", help="keep NAME: text of a moment, as deck.N.loop takes it")
    parser.add_argument("--pack", help="pack that the moment belongs to (default: default)")
    parser.add_argument("--forget", action="store_true", help="forget NAME")
    parser.add_argument("--force", action="store_true", help="replace a moment of the same name")
    parser.add_argument("--json", action="store_true", help="print a JSON object, name to moment")


def run(arguments: argparse.Namespace) -> int:
    """List, keep or forget."""
    from aijockey.live.presets import Preset, PresetError, find, forget, keep, presets_path, read_presets

    name = arguments.name
    if (arguments.keep or arguments.forget) and not name:
        raise PresetError("a NAME is missing: aijockey moments NAME --keep 'voice=techno; point=7'")
    if arguments.keep:
        from aijockey.pack.find import find_pack
        from aijockey.pack.pack import Pack

        pack = Pack.open(find_pack(arguments.pack))
        keep(name, Preset(arguments.keep, pack.manifest.name, pack.hash), force=arguments.force)
    presets = {name: forget(name)} if arguments.forget else read_presets()
    chosen = presets if name is None else {name: find(name, presets)}
    if arguments.json:
        print(json.dumps({kept: vars(preset) for kept, preset in chosen.items()}, indent=1))
    elif name is not None:
        print(chosen[name].moment)
    else:
        for kept, preset in chosen.items():
            print(f"{kept:<24} {preset.pack:<12} {preset.moment}")
        if not chosen:
            print(f"no moments are kept in {presets_path()}")
    return 0
