"""What the web server needs beside the desk: sound, meters, pictures, and somebody who records and fades out.

The control process makes one of shared memory (`aijockey.live.processes.backstage`); tests make their own.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from aijockey.control.web.protocol import Float, Meters


class SoundReader(Protocol):
    """A place in a ring of sound. position : frame that is read next."""

    position: int

    @property
    def available(self) -> int:
        """Frames that are there and not read yet."""

    def read(self, most: int) -> Float:
        """What is there, (2, up to most); what was lost is left out and ``position`` goes on behind it."""


class Backstage(Protocol):
    """Everything behind the desk.

    sounds : what can be heard, by name; "master" at least where there is any.
    keys : the layout of the keyboard, rows for a snapshot.
    """

    sounds: tuple[str, ...]
    keys: list[dict[str, Any]]

    def state(self) -> dict[str, Any]:
        """The state as docs/surface-protocol.md lists it, as new as it can be had."""

    def notes(self) -> list[str]:
        """What there is to tell the player since the last time."""

    def meters(self) -> Meters:
        """What sounds now."""

    def beat_at(self, sample: float) -> float:
        """Beat of a frame near the one that sounds now."""

    def listen(self, name: str) -> SoundReader:
        """A reader at what is written next."""

    def picture(self, deck: int, which: str) -> dict[str, Any] | None:
        """Picture of the ``present`` or ``next`` loop of a deck (from 1); None where there is none."""

    def history(self) -> dict[str, Any]:
        """``events``, [beat, address, value, source] each, and ``loops``, [beat, deck, point] each; newest last."""

    def do(self, what: str, arguments: Mapping[str, Any]) -> Any:
        """``record``, ``stop_recording``, ``fade_out`` or ``service``; returns the answer.

        Raises
        ------
        AijockeyError : unknown, or arguments that make no sense.
        """
