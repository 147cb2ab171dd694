"""A set written by a program: any voices, entering one by one, saved as text and rendered."""

import sys
from pathlib import Path

from aijockey.live.engine import Engine
from aijockey.live.programme import direct_source
from aijockey.live.rendering import describe, render
from aijockey.live.set_file import Event, LiveSet, read_set, write_set
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack


def main(folder: str = ".", pack_name: str | None = None, bars: str = "8") -> None:
    pack = Pack.open(find_pack(pack_name))
    voices = [voice.name for voice in pack.manifest.voices][:4]
    decks = tuple({"voice": voice, "gain_db": -3, "room_send": 0.1} for voice in voices)
    events = [Event(4 * number, f"deck.{number + 1}.play", 1) for number in range(len(voices))]
    events.append(Event(8, "deck.1.filter", 0.5, over_beats=8))
    path = Path(folder) / "mine.set"
    write_set(path, LiveSet(decks, tuple(events), title="Mine", tempo_bpm=122, bars=int(bars)))
    live_set = read_set(path)
    print(describe(render(Engine(live_set, direct_source(pack)), path.with_suffix(".wav"), live_set.bars)))


if __name__ == "__main__":
    main(*sys.argv[1:])
