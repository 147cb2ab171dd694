"""A program as a surface: it joins a set that plays, watches it, and rides a fader to the beat.

Start ``aijockey play`` first, then ``python examples/move_by_program.py``.
"""

import math
import sys

from aijockey.control.web.client import Client

TURNS = 200


def main(port: str = "8765", turns: str = str(TURNS)) -> None:
    with Client(int(port), name="example") as client:
        instrument = client.snapshot["instrument"]
        print(f"'{instrument['title']}' with {instrument['decks']} decks, as {client.name}")
        client.watch(state=10, meters=10)
        # Nobody else moves what is held, on the page neither.
        client.hold("deck.1.filter")
        for _ in range(int(turns)):
            client.turn(0.05)
            beat = client.meters.beat if client.meters else client.state["beat"]
            # Opens and closes once in eight beats.
            client.send({"set": "deck.1.filter", "to": round(-0.4 + 0.4 * math.cos(math.pi * beat / 4), 3)})
        client.move("deck.1.filter", 0.0, over_beats=4)
        client.release("deck.1.filter")
        for address, value, source in list(client.changes)[-3:]:
            print(f"{address} = {value} by {source}")


if __name__ == "__main__":
    main(*sys.argv[1:])
