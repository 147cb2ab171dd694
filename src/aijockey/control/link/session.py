"""A Link session as the follower sees it, and the one that the library `aalink` joins."""

from typing import Any, Protocol

from aijockey.errors import AijockeyError

INSTALL = "Ableton Link needs aalink: pip install 'aijockey[link]'"


class LinkMissingError(AijockeyError):
    """The library is not installed."""


class Session(Protocol):
    """What all peers share.

    tempo_bpm, playing : may be set, which all peers then follow. peers : others that are there.
    """

    tempo_bpm: float
    playing: bool

    @property
    def peers(self) -> int:
        """How many others there are."""

    def phase(self) -> float:
        """Beats into the quantum now, 0 up to the quantum."""

    def align(self, beat: float) -> None:
        """Say that it is ``beat`` now. Only for a session without peers: it moves everybody's beats."""

    def close(self) -> None:
        """Leave."""


class AaLinkSession:
    """A `Session` by aalink. To be made in the thread of an event loop.

    Raises
    ------
    LinkMissingError : aalink is not installed.
    """

    def __init__(self, tempo_bpm: float, quantum: float, *, starts_and_stops: bool) -> None:
        try:
            from aalink import Link
        except ImportError as error:
            raise LinkMissingError(f"{INSTALL} ({error})") from error
        self._link: Any = Link(tempo_bpm)
        self._link.quantum = quantum
        self._link.start_stop_sync_enabled = starts_and_stops
        self._link.enabled = True

    @property
    def tempo_bpm(self) -> float:
        """Of the session."""
        return float(self._link.tempo)

    @tempo_bpm.setter
    def tempo_bpm(self, tempo_bpm: float) -> None:
        self._link.tempo = tempo_bpm

    @property
    def playing(self) -> bool:
        """Whether the session runs."""
        return bool(self._link.playing)

    @playing.setter
    def playing(self, playing: bool) -> None:
        self._link.playing = playing

    @property
    def peers(self) -> int:
        """How many others there are."""
        return int(self._link.num_peers)

    def phase(self) -> float:
        """Beats into the quantum now."""
        return float(self._link.phase)

    def align(self, beat: float) -> None:
        """Say that it is ``beat`` now."""
        self._link.force_beat(beat)

    def close(self) -> None:
        """Leave."""
        self._link.enabled = False
