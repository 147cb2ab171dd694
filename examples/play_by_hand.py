"""Moves made while the engine runs, recorded as a set that replays the same samples."""

import sys

import numpy as np

from aijockey.live.engine import Engine
from aijockey.live.programme import direct_source
from aijockey.live.set_file import LiveSet
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

BAR_SAMPLES = 96_000


def main(pack_name: str | None = None) -> None:
    pack = Pack.open(find_pack(pack_name))
    voice = pack.manifest.voices[0].name
    start = LiveSet(({"voice": voice, "play": 1},))
    engine = Engine(start, direct_source(pack))
    heard = [engine.process(BAR_SAMPLES)]
    moves = [engine.submit("deck.1.filter", -0.5, over_beats=2), engine.submit("deck.1.seed", 7)]
    heard.append(engine.process(2 * BAR_SAMPLES))
    replay = Engine(LiveSet(start.decks, tuple(moves)), direct_source(pack)).process(3 * BAR_SAMPLES)
    print("the same samples:", np.array_equal(np.concatenate(heard, axis=1), replay))


if __name__ == "__main__":
    main(*sys.argv[1:])
