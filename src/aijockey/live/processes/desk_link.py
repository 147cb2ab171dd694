"""What joins a desk to the engine in another process: values and state from the board, moves through a mailbox."""

from collections.abc import Collection, Mapping
from typing import Any

from aijockey.audio.drum_hits import Hits
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS, Value, resolve
from aijockey.live.processes.board import Board
from aijockey.live.processes.gallery import Gallery
from aijockey.live.processes.mailbox import Mailbox, Outbox, key_of
from aijockey.live.set_parts import check_move
from aijockey.live.voices import check_voice

# What waits for nothing else that was sent.
URGENT = ("master.panic",)


def changed_values(values: Mapping[str, Value]) -> dict[str, Value]:
    """Of all values of an engine those that are not their defaults: few, so that a board has room. Thread: audio"""
    return {address: value for address, value in values.items() if value != _default(address)}


def _default(address: str) -> Value | None:
    row = GLOBAL_PARAMETERS.get(address)
    if row is None:
        row = DECK_PARAMETERS.get(address.split(".", 2)[-1])
    return None if row is None else row.default


class DeskLink:
    """A `aijockey.control.desk.Link` over shared memory. Thread: that of the desk

    Parameters
    ----------
    urgent : a second way to the engine, which looks there first; None where there is none.
    voices : that the pack has, so that a missing one is told to who asks for it, before there is an engine too; None
    leaves it to the engine.
    gallery : where workers hang what they see in loops; None where they do not.
    """

    def __init__(
        self,
        board: Board,
        outbox: Outbox,
        urgent: Mailbox | None = None,
        voices: Collection[str] | None = None,
        gallery: Gallery | None = None,
    ) -> None:
        self._board, self._outbox, self._urgent = board, outbox, urgent
        self._voices, self._gallery = voices, gallery
        self._serial = 0

    def check(self, address: str, value: object) -> Value:
        """As `aijockey.live.set_parts.check_move`; a voice must be one of the pack's."""
        checked = check_move(address, value)
        if self._voices is not None and resolve(address).parameter.name == "voice":
            check_voice(checked, self._voices)
        return checked

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        """Leave a move for the engine; False where too many wait."""
        message = {"set": address, "to": value, "over": over_beats}
        if address in URGENT and self._urgent is not None:
            # Both ways: before what waits, and once more behind it, for what waits may undo it.
            self._outbox.send(message)
            return self._urgent.put(message)
        return self._outbox.send(message, key=key_of(address))

    def crowded(self) -> bool:
        """Whether so much waits that another move would not be taken in with the next quantum."""
        return self._outbox.crowded

    def values(self) -> Mapping[str, Value] | None:
        """What the engine published since the last time; None where nothing new can be had."""
        serial = self._board.serial("values")
        if serial == self._serial:
            return None
        told = self._board.read("values")
        if told is not None:
            self._serial = serial
        return told

    def state(self) -> dict[str, Any]:
        """What the engine and the supervisor show."""
        return {**(self._board.read("state") or {}), **(self._board.read("watch") or {})}

    def hits(self, loop_key: str) -> Hits | None:
        """What is struck in a loop; None where the gallery has not, or no longer, its picture."""
        picture = self._gallery.find(loop_key) if self._gallery is not None and loop_key else None
        return None if picture is None else picture.hits
