"""MIDI ports by name, whichever system they belong to: ALSA, JACK, CoreMIDI, Windows.

A port is known by its name without the numbers that change from one plugging-in to the next.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from aijockey.errors import AijockeyError, MissingExtraError

CLIENT = "AI Jockey"
# What systems and this program offer themselves, and no controller is.
NOT_CONTROLLERS = ("midi through", "through port", "microsoft gs", CLIENT.lower(), "rtmidi")
APIS = ("alsa", "jack", "core", "windows")
Receive = Callable[[bytes], None]


class PortError(AijockeyError):
    """A port that cannot be opened, or a system without MIDI."""


class OpenPort(Protocol):
    """A port that is in use."""

    def send(self, data: bytes) -> None:
        """Send a message. Thread: any"""

    def close(self) -> None:
        """Let go of it."""


class Ports(Protocol):
    """All ports of a system."""

    def inputs(self) -> list[str]:
        """Names of what sends to us, each once."""

    def outputs(self) -> list[str]:
        """Names of what we can send to."""

    def open_input(self, name: str, receive: Receive) -> OpenPort:
        """Have each message handed to ``receive``, on a thread of the system's."""

    def open_output(self, name: str) -> OpenPort:
        """Send to it."""


def plain_name(name: str) -> str:
    """A port's name without what changes: ALSA's numbers of client and port, Windows' number of the device."""
    name = re.sub(r"\s+\d+:\d+$", "", name.strip())
    return re.sub(r"\s+\d+$", "", name) if os.name == "nt" else name


def numbered(names: list[str]) -> list[str]:
    """Plain names; two devices of one kind become ``name`` and ``name (2)``."""
    counts: dict[str, int] = {}
    told = []
    for name in map(plain_name, names):
        counts[name] = counts.get(name, 0) + 1
        told.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return told


def is_controller(name: str) -> bool:
    """Whether a port could be a device of the player's."""
    return not any(part in name.lower() for part in NOT_CONTROLLERS)


def partner(name: str, outputs: list[str]) -> str | None:
    """The output of the device whose input is ``name``."""
    if name in outputs:
        return name
    bare = _device(name)
    return next((output for output in outputs if _device(output) == bare), None)


def _device(name: str) -> str:
    return re.sub(r"\b(midi)?\s*(in|out|input|output|capture|playback)\b", "", name.lower()).strip(" :_")


@dataclass
class _Opened:
    handle: Any

    def send(self, data: bytes) -> None:
        """Send a message. Thread: any"""
        self.handle.send_message(data)

    def close(self) -> None:
        """Let go of the port."""
        self.handle.cancel_callback() if hasattr(self.handle, "cancel_callback") else None
        self.handle.close_port()
        self.handle.delete()


class RtMidiPorts:
    """Ports of this system, by python-rtmidi.

    Parameters
    ----------
    api : one of `APIS`; None is the first that works.

    Raises
    ------
    MissingExtraError : python-rtmidi is not installed.
    PortError : no MIDI on this system, or not by this interface.
    """

    def __init__(self, api: str | None = None) -> None:
        try:
            import rtmidi
        except ImportError:
            raise MissingExtraError("python-rtmidi", "midi") from None
        self._rtmidi = rtmidi
        apis = {
            "alsa": rtmidi.API_LINUX_ALSA,
            "jack": rtmidi.API_UNIX_JACK,
            "core": rtmidi.API_MACOSX_CORE,
            "windows": rtmidi.API_WINDOWS_MM,
        }
        if api is not None and api not in apis:
            raise PortError(f"--midi-api {api!r}: expected one of {', '.join(APIS)}")
        compiled = rtmidi.get_compiled_api()
        wanted = [apis[api]] if api else [entry for entry in apis.values() if entry in compiled]
        for entry in wanted:
            try:
                self._in, self._out = rtmidi.MidiIn(entry, name=CLIENT), rtmidi.MidiOut(entry, name=CLIENT)
            # rtmidi has errors of several kinds for a system that is not there.
            except Exception as error:
                reason = str(error)
                continue
            self._api = entry
            return
        reason = reason if wanted else "none was compiled in"
        raise PortError(f"no MIDI here ({reason.strip()}); on Linux it needs /dev/snd/seq or a JACK server")

    def inputs(self) -> list[str]:
        """Names of what sends to us."""
        return numbered(self._in.get_ports())

    def outputs(self) -> list[str]:
        """Names of what we can send to."""
        return numbered(self._out.get_ports())

    def open_input(self, name: str, receive: Receive) -> OpenPort:
        """See `Ports`.

        Raises
        ------
        PortError : it has gone, or is in use.
        """
        handle = self._rtmidi.MidiIn(self._api, name=CLIENT)
        handle.ignore_types(sysex=True, timing=False, active_sense=True)
        handle.set_callback(lambda event, _: receive(bytes(event[0])))
        with self._trying(name, handle):
            handle.open_port(self._index(self.inputs(), name), name=plain_name(name)[:32])
        return _Opened(handle)

    def open_output(self, name: str) -> OpenPort:
        """See `Ports`.

        Raises
        ------
        PortError : it has gone, or is in use.
        """
        handle = self._rtmidi.MidiOut(self._api, name=CLIENT)
        with self._trying(name, handle):
            handle.open_port(self._index(self.outputs(), name), name=plain_name(name)[:32])
        return _Opened(handle)

    def close(self) -> None:
        """Let go of the system."""
        self._in.delete()
        self._out.delete()

    @staticmethod
    def _index(names: list[str], name: str) -> int:
        if name not in names:
            raise PortError(f"no port '{name}'; there are {', '.join(names) or 'none'}")
        return names.index(name)

    @staticmethod
    @contextlib.contextmanager
    def _trying(name: str, handle: Any) -> Iterator[None]:
        try:
            yield
        except PortError:
            handle.delete()
            raise
        except Exception as error:
            handle.delete()
            raise PortError(f"port '{name}' cannot be opened ({str(error).strip()}); is it in use?") from None
