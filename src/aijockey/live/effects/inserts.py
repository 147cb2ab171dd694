"""The one list of insert effects: what `deck.N.insert_1` may name.

A plug-in stands apart: which one a slot hosts is named by an alias (`live.plugins`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from aijockey.live.effects.compressor import Compressor
from aijockey.live.effects.crusher import Crusher
from aijockey.live.effects.drive import Drive
from aijockey.live.effects.duck import Duck
from aijockey.live.effects.gate import Gate
from aijockey.live.effects.insert import Insert
from aijockey.live.effects.phaser import Phaser


@dataclass(frozen=True)
class InsertRow:
    """One row: how to make it, and what its two knobs do."""

    name: str
    make: Callable[[], Insert]
    amount: str
    tone: str


INSERT_ROWS: tuple[InsertRow, ...] = (
    InsertRow("compressor", Compressor, "how hard it presses, at equal level", "release, 30 to 500 ms"),
    InsertRow("drive", Drive, "gain before the knee, 0 to 36 dB, at equal level", "knee, from soft to hard"),
    InsertRow("phaser", Phaser, "depth of the notches", "speed, 0.05 to 5 Hz"),
    InsertRow("crusher", Crusher, "bits, from 12 to 2.5", "samples held, 1 to 32"),
    InsertRow("gate", Gate, "how far it closes", "one of six patterns of sixteenths"),
    InsertRow("duck", Duck, "how far the deck of duck_from presses this one", "release, 40 to 600 ms"),
)
