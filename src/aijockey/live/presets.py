"""Presets: moments that a player keeps by name, in a file of their own, for every set.

The file is TOML, one table a moment::

    ["first light"]
    moment = "voice=techno; point=7~3@0.2; controls.onset_density=0.5"
    pack = "default"
    sha256 = "…"

A moment says the same sound only with the pack that it was kept from; `Preset.fits` tells. What a deck does with one is
an ordinary event (``deck.N.loop``, ``deck.N.moment_M``), so it is recorded and undone like any other.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aijockey.control.parameters import near
from aijockey.control.player_files import player_folder
from aijockey.errors import AijockeyError
from aijockey.live.moments import EMPTY, parse_moment
from aijockey.live.set_parts import bare_key, only_keys, text_of, toml

MAX_FILE_BYTES = 4 << 20
MOST_PRESETS = 4096
MOST_NAME = 80
KEYS = ("moment", "pack", "sha256")


class PresetError(AijockeyError):
    """A preset that is not there, or a file of them that cannot be read."""


@dataclass(frozen=True)
class Preset:
    """A moment that is kept: its text, and the pack it belongs to ("" for any)."""

    moment: str
    pack: str = ""
    sha256: str = ""

    def fits(self, pack_sha256: str) -> bool:
        """Whether a pack makes the very sound that was kept."""
        return self.sha256 in ("", pack_sha256)


def presets_path() -> Path:
    """Where the player's presets are: ``AIJOCKEY_MOMENTS``, or moments.toml in the player's folder. Thread: any"""
    if chosen := os.environ.get("AIJOCKEY_MOMENTS"):
        return Path(chosen)
    return player_folder() / "moments.toml"


def read_presets(path: Path | None = None) -> dict[str, Preset]:
    """The player's presets by name; none where there is no file. Thread: control

    Raises
    ------
    PresetError : the file cannot be read, or holds what is no moment; names file and preset.
    """
    path = path or presets_path()
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PresetError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; is it a file of moments?")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PresetError(f"{path}: cannot be read ({error})") from error
    presets = {}
    for name, entry in table.items():
        where = f"{path}: '{name}'"
        if not isinstance(entry, dict):
            raise PresetError(f'{where}: expected a table such as ["{name[:40]}"]')
        try:
            only_keys(entry, KEYS, name)
            texts = {key: text_of(entry.get(key, ""), key) for key in KEYS}
            presets[name] = checked_preset(name, Preset(**texts))
        except AijockeyError as error:
            raise PresetError(f"{where}: {error}") from error
    return presets


def checked_preset(name: str, preset: Preset) -> Preset:
    """The preset, if it can be kept by that name.

    Raises
    ------
    PresetError : no name, a name that is too long or has control characters, or a moment of nothing.
    ParameterError : not the text of a moment.
    """
    if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
        raise PresetError(
            f"{name[:40]!r} is no name for a moment; expected 1 to {MOST_NAME} printable characters"
        )
    if preset.moment == EMPTY or not parse_moment(preset.moment):
        raise PresetError(f"'{name}' holds nothing; expected a moment such as 'voice=techno; point=7'")
    return preset


def keep(name: str, preset: Preset, path: Path | None = None, *, force: bool = False) -> None:
    """Keep a moment by name; the file appears whole or not at all. Thread: control

    Raises
    ------
    PresetError : the name is taken and ``force`` is not given, there are too many, or the file cannot be written.
    ParameterError : not the text of a moment.
    """
    path = path or presets_path()
    presets = read_presets(path)
    checked_preset(name, preset)
    if not force:
        check_free(name, path)
    if len(presets) >= MOST_PRESETS and name not in presets:
        raise PresetError(f"{MOST_PRESETS} moments are kept already; forget some first")
    _write(path, {**presets, name: preset})


def check_free(name: str, path: Path | None = None) -> None:
    """Whether no moment has that name yet, so that long work can be refused before it begins. Thread: control

    Raises
    ------
    PresetError : one has; shows it.
    """
    presets = read_presets(path)
    if name in presets:
        raise PresetError(f"'{name}' is kept already ({presets[name].moment}); --force replaces it")


def forget(name: str, path: Path | None = None) -> Preset:
    """Take a moment out of the file; returns it. Thread: control

    Raises
    ------
    PresetError : there is none of that name; names the nearest.
    """
    path = path or presets_path()
    presets = read_presets(path)
    preset = find(name, presets)
    _write(path, {kept: other for kept, other in presets.items() if kept != name})
    return preset


def find(name: str, presets: Mapping[str, Preset]) -> Preset:
    """The preset of a name.

    Raises
    ------
    PresetError : there is none; names the nearest.
    """
    if name not in presets:
        raise PresetError(f"no moment '{name}' is kept{near(name, presets)}")
    return presets[name]


def _write(path: Path, presets: Mapping[str, Preset]) -> None:
    lines = []
    for name, preset in sorted(presets.items()):
        values = {key: getattr(preset, key) for key in KEYS}
        lines += [
            f"[{bare_key(name)}]",
            *(f"{key} = {toml(value)}" for key, value in values.items() if value),
            "",
        ]
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text("\n".join(lines), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise PresetError(f"{path}: cannot be written ({error})") from error
    finally:
        partial.unlink(missing_ok=True)
