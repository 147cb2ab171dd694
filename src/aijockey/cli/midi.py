"""``aijockey midi``: ports by name, what they send, maps of controllers."""

import argparse
from typing import TYPE_CHECKING

from aijockey.cli.arguments import Rule

if TYPE_CHECKING:
    from aijockey.control.midi.map_file import MapFolder

FORMS = ("ports", "monitor", "maps", "check")
RULES = (
    Rule(("NAME",), lambda given: given.what != "ports", "ports lists all of them"),
    Rule(("--midi-api",), lambda given: given.what in ("ports", "monitor"), "maps are files"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=FORMS,
        default="ports",
        help="ports: list them; monitor: show what they send, until Ctrl-C; maps: list maps, or one in full; "
        "check: read a map file",
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="part of a port's name, name of a map, or a map file"
    )
    parser.add_argument(
        "--midi-api",
        choices=("alsa", "jack", "core", "windows"),
        help="MIDI system (without: the first there is)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    from aijockey.control.midi.map_file import MapFolder
    from aijockey.control.player_files import player_folder

    folder = MapFolder(player_folder() / "midi")
    if arguments.what == "maps":
        return show_maps(folder, arguments.name)
    if arguments.what == "check":
        return check(arguments.name)
    if arguments.what == "monitor":
        return monitor(arguments.name or "", arguments.midi_api)
    return list_ports(folder, arguments.midi_api)


def list_ports(folder: "MapFolder", api: str | None) -> int:
    """Every port, and the map that would be used."""
    from aijockey.control.midi.ports import RtMidiPorts, is_controller

    ports = RtMidiPorts(api)
    inputs, outputs = ports.inputs(), ports.outputs()
    print("Inputs:")
    for name in inputs:
        made = folder.for_port(name)
        told = f"map: {made.title}" if made else "no map; it can be learned"
        print(f"  {name}  [{told if is_controller(name) else 'no controller'}]")
    print("Outputs:")
    for name in outputs:
        print(f"  {name}")
    if not inputs and not outputs:
        print("There is no MIDI port. Is the controller plugged in?")
    for problem in folder.problems:
        print(f"left out: {problem}")
    return 0


def monitor(part: str, api: str | None) -> int:
    """What ports send, as maps name it."""
    import queue

    from aijockey.control.midi.messages import Decoder
    from aijockey.control.midi.ports import PortError, RtMidiPorts

    ports = RtMidiPorts(api)
    names = [name for name in ports.inputs() if part.lower() in name.lower()]
    if not names:
        raise PortError(
            f"no input with {part!r} in its name; there are {', '.join(ports.inputs()) or 'none'}"
        )
    heard: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def listen(name: str) -> None:
        ports.open_input(name, lambda data: heard.put((name, data)))

    for name in names:
        listen(name)
    print(f"listening to {', '.join(names)}; Ctrl-C ends it", flush=True)
    decoders = {name: Decoder() for name in names}
    while True:
        name, data = heard.get()
        moved = "; ".join(f"{entry.control} = {entry.value}" for entry in decoders[name].decode(data))
        print(f"{name}: {data.hex(' ')}  {moved}", flush=True)


def show_maps(folder: "MapFolder", name: str | None) -> int:
    """All maps, or every control of one."""
    from aijockey.control.midi.map_file import MapError
    from aijockey.control.parameters import near

    maps = folder.all()
    for problem in folder.problems:
        print(f"left out: {problem}")
    if name is None:
        for key, made in sorted(maps.items()):
            print(
                f"{key:24} {made.title}: {len(made.bindings)} controls, for ports with {' or '.join(made.ports)}"
            )
        print(f"Your own go to {folder.own}; 'aijockey midi maps NAME' shows one.")
        return 0
    if name not in maps:
        raise MapError(f"no map '{name}'{near(name, maps)}; 'aijockey midi maps' lists them")
    made = maps[name]
    print(f"{made.title}\nports: {', '.join(made.ports)}\nsource: {made.source}\n{made.note}".rstrip())
    for binding in made.bindings:
        to = "" if binding.to is None else f" = {binding.to}"
        print(f"  {binding.control!s:16} {binding.mode:9} {binding.address}{to}")
    return 0


def check(path: str | None) -> int:
    """Whether a map file can be used."""
    from pathlib import Path

    from aijockey.control.midi.map_file import MapError, read_map

    if path is None:
        raise MapError("which file? aijockey midi check FILE")
    made = read_map(Path(path))
    print(f"{path}: {made.title}, {len(made.bindings)} controls, for ports with {' or '.join(made.ports)}")
    return 0
