"""Plug-ins of the player's own: VST3 and Audio Units, hosted by pedalboard.

A set names a plug-in by an alias; which file that is stands in the player's own configuration,
``plugins.toml`` in the user's configuration folder (or where ``AIJOCKEY_PLUGINS`` points), and nowhere else::

    [plugins]
    tape = "/home/me/.vst3/Tape.vst3"

    [plugins.space]
    path = "/home/me/.vst3/Many.vst3"
    name = "Space"                      # one of several in the file
    settings = { mix = 30.0 }

A plug-in that is missing, fails, or answers with what is not finite is bypassed, and says so in `words`.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aijockey.control.parameters import near
from aijockey.control.player_files import player_folder
from aijockey.errors import AijockeyError
from aijockey.live.effects.insert import Float, Gain, Place, mixed
from aijockey.music.grid import RATE_HZ

PROBE_SAMPLES = 512
# A plug-in that delays by more is not one for the stage.
MOST_LATENCY_SAMPLES = RATE_HZ // 5


class PluginError(AijockeyError):
    """The configuration of plug-ins, or a plug-in, cannot be used; the text says why."""


@dataclass(frozen=True)
class PluginEntry:
    """Where a plug-in is, which one of its file, and how its knobs stand."""

    path: Path
    name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def configuration_path() -> Path:
    """Where the player's plug-ins are listed. Thread: any"""
    if chosen := os.environ.get("AIJOCKEY_PLUGINS"):
        return Path(chosen)
    return player_folder() / "plugins.toml"


def read_plugins(path: Path | None = None) -> dict[str, PluginEntry]:
    """Aliases of the player's configuration; none where there is no file. Thread: control

    Raises
    ------
    PluginError : the file cannot be read, or an entry is not a path or a table with one.
    """
    path = path or configuration_path()
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("plugins", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"{path}: cannot be read ({error})") from error
    entries = {}
    for alias, value in table.items():
        given = {"path": value} if isinstance(value, str) else value
        if not isinstance(given, dict) or not isinstance(given.get("path"), str):
            raise PluginError(f"{path}: {alias} = {value!r}: expected a path, or a table with a path")
        if unknown := set(given) - {"path", "name", "settings"}:
            raise PluginError(
                f"{path}: {alias}: unknown key '{min(unknown)}'; known are path, name, settings"
            )
        entries[alias] = PluginEntry(
            Path(given["path"]).expanduser(), given.get("name"), given.get("settings", {})
        )
    return entries


class PluginRack:
    """Loads plug-ins by their aliases: one instance for each slot that names one.

    Parameters
    ----------
    entries : alias -> where it is. None: the player's configuration, read when first needed.
    load : makes a plug-in of an entry; a test puts its own here.

    words : what could not be loaded and why, by alias.
    """

    def __init__(
        self,
        entries: Mapping[str, PluginEntry] | None = None,
        load: Callable[[PluginEntry], Any] | None = None,
    ) -> None:
        self._entries = entries
        self._load = load or _load
        self.words: dict[str, str] = {}

    def make(self, alias: str, channels: int) -> "HostedPlugin | None":
        """The plug-in of an alias, prepared; None, with a word in `words`, where it cannot be had.

        Thread: control, before the first block
        """
        try:
            if self._entries is None:
                self._entries = read_plugins()
            if alias not in self._entries:
                raise PluginError(
                    f"no plug-in '{alias}' in {configuration_path()}{near(alias, self._entries)}; it is bypassed"
                )
            hosted = HostedPlugin(alias, self._load(self._entries[alias]))
            hosted.prepare(channels)
        except Exception as error:  # a plug-in is foreign code: whatever it does, the set goes on
            self.words[alias] = (
                str(error)
                if isinstance(error, AijockeyError)
                else (f"plug-in '{alias}' cannot be used ({type(error).__name__}: {error}); it is bypassed")
            )
            return None
        return hosted


class HostedPlugin:
    """A plug-in as an insert: ``amount`` mixes it in; ``tone`` does nothing.

    words : why it is bypassed; empty while it works.
    """

    def __init__(self, alias: str, plugin: Any) -> None:
        self.alias = alias
        self.words = ""
        self.latency_samples = 0
        self._plugin = plugin

    def prepare(self, channels: int) -> None:
        """Measure its delay: pedalboard holds back as many samples at the beginning.

        Raises
        ------
        PluginError : it gives nothing, or delays by more than 0.2 s.
        """
        self._channels = channels
        silence = np.zeros((channels, PROBE_SAMPLES), dtype=np.float32)
        given = taken = 0
        while taken <= MOST_LATENCY_SAMPLES + PROBE_SAMPLES:
            taken += PROBE_SAMPLES
            answer = self._plugin.process(silence, RATE_HZ, reset=False)
            given += answer.shape[-1]
            if answer.shape[-1] == PROBE_SAMPLES:
                break
        else:
            raise PluginError(
                f"plug-in '{self.alias}' delays by more than {MOST_LATENCY_SAMPLES} samples; it is bypassed"
            )
        self.latency_samples = taken - given
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        self._plugin.reset()
        # What the plug-in will hold back is given as silence.
        self._ready = np.zeros((self._channels, self.latency_samples), dtype=np.float32)
        self._dry = np.zeros((self._channels, self.latency_samples), dtype=np.float32)

    def process(self, audio: Float, amount: Gain, tone: float, place: Place) -> Float:
        """See `Insert.process`."""
        count = audio.shape[1]
        line = np.concatenate([self._dry, audio], axis=1)
        dry, self._dry = line[:, :count], line[:, count:]
        if self.words:
            return dry
        try:
            answer = self._plugin.process(np.ascontiguousarray(audio), RATE_HZ, reset=False)
            ready = np.concatenate([self._ready, answer.reshape(self._channels, -1)], axis=1)
        except Exception as error:  # foreign code, in the middle of a set
            return self._bypassed(f"stopped working ({type(error).__name__}: {error})", dry)
        if ready.shape[1] < count:
            return self._bypassed("gave less sound than it was given", dry)
        wet, self._ready = ready[:, :count], ready[:, count:]
        if not np.isfinite(wet.sum(dtype=np.float64)):
            return self._bypassed("gave sound that is not finite", dry)
        return mixed(dry, wet, amount)

    def _bypassed(self, why: str, dry: Float) -> Float:
        self.words = f"plug-in '{self.alias}' {why}; it is bypassed"
        return dry


def _load(entry: PluginEntry) -> Any:
    from pedalboard import load_plugin

    if not entry.path.exists():
        raise PluginError(f"{entry.path}: no such plug-in; it is bypassed")
    plugin = load_plugin(str(entry.path), parameter_values=dict(entry.settings), plugin_name=entry.name)
    if not getattr(plugin, "is_effect", True):
        raise PluginError(f"{entry.path}: an instrument, not an effect; it is bypassed")
    return plugin
