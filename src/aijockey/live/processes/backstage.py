"""What surfaces see behind the desk, of shared memory: what sounds now, meters, sound, pictures of loops.

The engine works ahead of the sound. What is shown here is what sounds, counted back by the position of the device.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from aijockey.control.desk import Desk
from aijockey.control.services import Services
from aijockey.control.web.backstage import SoundReader
from aijockey.control.web.guard import Access
from aijockey.control.web.protocol import FLOOR_DB, Meters, RefusedError, number_of
from aijockey.live.processes.board import Board
from aijockey.live.processes.gallery import Gallery, Picture
from aijockey.live.processes.mailbox import Outbox
from aijockey.live.processes.pulse import Pulse, read_pulse
from aijockey.live.processes.retrospect import TEXT as HISTORY
from aijockey.live.recording.recorder import check_name
from aijockey.live.shared_ring import SharedRing
from aijockey.live.state import PHRASE_BARS
from aijockey.music.grid import BEATS_PER_BAR

METER_SAMPLES = 2048
MOST_PICTURES = 128
LONGEST_FADE_S = 60.0
FADE_S = 0.5
# Of the engine's state, what a surface has no use for: it is told oftener, or otherwise.
LEFT_OUT = ("bar", "position_samples", "untold", "dropped_requests", "refused_commands")
LEFT_OUT_OF_DECKS = ("peak", "fixed", "loop_key", "next_key")
_SILENCE = np.full((1, 4), FLOOR_DB)


class SharedBackstage:
    """A `aijockey.control.web.backstage.Backstage` over shared memory. Thread: that of the desk

    Parameters
    ----------
    rings : what can be listened to, by name; the first two channels of each.
    commands : to the supervisor.
    services : set when there are any.
    """

    def __init__(
        self,
        board: Board,
        desk: Desk,
        rings: Mapping[str, SharedRing],
        gallery: Gallery,
        commands: Outbox,
        access: Access,
        keys: list[dict[str, Any]],
    ) -> None:
        self.sounds = tuple(rings)
        self.keys = keys
        self.services: Services | None = None
        self._board, self._desk, self._rings = board, desk, rings
        self._gallery, self._commands, self._access = gallery, commands, access
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._last_note = ""
        self._watched = 0
        self._seen_notes = 0

    def state(self) -> dict[str, Any]:
        """As docs/surface-protocol.md lists it."""
        told = self._desk.state()
        state = {key: value for key, value in told.items() if key not in LEFT_OUT}
        pulse = self._pulse()
        sample = self._sample()
        beat = pulse.beat_at(sample)
        bar = int(beat // BEATS_PER_BAR)
        state |= {
            "beat": round(beat, 4),
            "sample": sample,
            "bar": bar,
            "phrase": bar // PHRASE_BARS,
            "bar_of_phrase": bar % PHRASE_BARS,
            "decks": [self._deck(deck) for deck in told.get("decks", ())],
            "services": self.services.status() if self.services else {},
            "network": self._access.network,
        }
        return state

    def notes(self) -> list[str]:
        """What the supervisor and the services noted since the last time."""
        news: list[str] = []
        serial = self._board.serial("watch")
        if serial != self._watched:
            self._watched = serial
            note = str((self._board.read("watch") or {}).get("note", ""))
            if note and note != self._last_note:
                news.append(note)
            self._last_note = note
        if self.services is not None:
            fresh, self._seen_notes = self.services.noted - self._seen_notes, self.services.noted
            news += list(self.services.notes)[-fresh:] if fresh else []
        return news

    def meters(self) -> Meters:
        """What sounds now. The master's sides are measured here, where it is known what sounds."""
        pulse, sample = self._pulse(), self._sample()
        levels = np.empty((len(pulse.levels), 4), dtype=np.float32)
        levels[:, :2], levels[:, 2:] = pulse.levels[:, :1], pulse.levels[:, 1:3]
        ring = self._rings.get("master")
        if ring is not None:
            sound, _ = ring.copy(max(0, sample - METER_SAMPLES), METER_SAMPLES)
            if sound.shape[1]:
                peaks = np.maximum(np.abs(sound[:2]).max(axis=1), 10.0 ** (FLOOR_DB / 20.0))
                levels[0, :2] = 20.0 * np.log10(peaks)
        return Meters(pulse.beat_at(sample), sample, pulse.tempo_bpm, pulse.limiter_db, levels)

    def beat_at(self, sample: float) -> float:
        """Beat of a frame near the one that sounds now."""
        return self._pulse().beat_at(sample)

    def listen(self, name: str) -> SoundReader:
        """A reader at what is written next."""
        return _Stereo(self._rings[name])

    def picture(self, deck: int, which: str) -> dict[str, Any] | None:
        """Picture of a deck's loop."""
        decks = self._desk.state().get("decks", ())
        if deck > len(decks):
            return None
        shown = decks[deck - 1]
        part = "loop" if which == "present" else "next"
        key = str(shown.get(f"{part}_key", ""))
        picture = self._picture(key)
        return None if picture is None else {"picture": key, "loop": shown.get(part, ""), **picture.as_json()}

    def history(self) -> dict[str, Any]:
        """What was done lately, as the supervisor remembers it."""
        return self._board.read(HISTORY) or {"events": [], "loops": []}

    def do(self, what: str, arguments: Mapping[str, Any]) -> Any:
        """Ask the supervisor, or a service."""
        if what == "service":
            command = arguments.get("command")
            if not isinstance(command, dict) or self.services is None:
                raise RefusedError("service: expected a command, an object")
            return self.services.command(str(arguments.get("service")), command)
        if what == "record":
            name = arguments.get("name")
            message: dict[str, Any] = {"do": "record", "name": check_name(str(name)) if name else ""}
        elif what == "stop_recording":
            message = {"do": "stop_recording"}
        elif what == "fade_out":
            seconds = number_of(dict(arguments), "seconds", 0.0, LONGEST_FADE_S, FADE_S)
            message = {"do": "fade_out", "seconds": seconds}
        else:
            raise RefusedError(f"do = {what!r:.60}: expected record, stop_recording, fade_out or service")
        if not self._commands.send(message):
            raise RefusedError(f"{what}: too many commands at once")
        return True

    def _deck(self, deck: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in deck.items() if key not in LEFT_OUT_OF_DECKS}
        for part, name in (("loop", "picture"), ("next", "next_picture")):
            key = str(deck.get(f"{part}_key", ""))
            shown[name] = key if self._picture(key) is not None else ""
        return shown

    def _picture(self, key: str) -> Picture | None:
        """Once seen, a picture is kept: the gallery has newer ones to hang."""
        if not key:
            return None
        picture = self._pictures.get(key) or self._gallery.find(key)
        if picture is not None:
            self._pictures[key] = picture
            self._pictures.move_to_end(key)
            if len(self._pictures) > MOST_PICTURES:
                self._pictures.popitem(last=False)
        return picture

    def _pulse(self) -> Pulse:
        return read_pulse(self._board) or Pulse(0.0, 0.0, 120.0, 0.0, _SILENCE)

    def _sample(self) -> int:
        return self._board["clock_position"]


class _Stereo:
    """The first two channels of a ring, from what is written next."""

    def __init__(self, ring: SharedRing) -> None:
        self._reader = ring.reader()

    @property
    def position(self) -> int:
        return self._reader.position

    @position.setter
    def position(self, position: int) -> None:
        self._reader.position = position

    @property
    def available(self) -> int:
        return self._reader.available

    def read(self, most: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
        return self._reader.read(most)[:2]
