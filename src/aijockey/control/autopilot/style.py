"""A style: which sections a set is made of, what sounds in each, and how decks come and go. Data, read from TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from aijockey.control import parameters
from aijockey.control.autopilot.roles import ROLES
from aijockey.control.parameters import near
from aijockey.errors import AijockeyError

ARRIVALS = ("blend", "cut", "drop")
ENTRANCES = ("blend", "fade", "filter", "cut")
EXITS = ("fade", "filter", "echo", "cut")
# What a role's mix may set, and where it is when a style says nothing.
MIX: Mapping[str, float] = {
    "gain_db": -4.0, "low_db": 0.0, "filter": 0.0, "echo_send": 0.0, "room_send": 0.05, "pump": 0.0,
}  # fmt: skip
DEFAULT_STYLE = "house"


class StyleError(AijockeyError):
    """A style that cannot be played; the text says where and why."""


@dataclass(frozen=True)
class Section:
    """One part of the form.

    phrases : least and most phrases of 8 bars. energy : 0 to 1, what the energy curve chooses by.
    play : roles that sound. may : roles that may join, more of them with more energy. next : what may follow.
    arrive : "blend" lets decks in one by one, "cut" all on the phrase, "drop" all at once with new loops.
    mix : where a role's parameters are meanwhile. rise : where they go during the section's last phrase.
    rolls : roles whose loop is repeated ever shorter in the last bar.
    """

    name: str
    energy: float
    play: tuple[str, ...]
    next: tuple[str, ...]
    may: tuple[str, ...] = ()
    phrases: tuple[int, int] = (1, 2)
    arrive: str = "blend"
    mix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rise: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rolls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """Sections, and habits that hold in all of them.

    mix : role -> parameters of its decks. enter, leave : role -> how. change : how readily a role goes to another
    deck, 0 to 1. walk : how readily a deck wanders through latent space. directions : how far generators' controls
    are moved, in standard deviations. arc, arc_bars : how much the energy swings, and within how many bars.
    """

    name: str
    sections: tuple[Section, ...]
    summary: str = ""
    tempo_bpm: float = 124.0
    mix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    enter: Mapping[str, str] = field(default_factory=dict)
    leave: Mapping[str, str] = field(default_factory=dict)
    change: float = 0.4
    walk: float = 0.6
    directions: float = 0.8
    arc: float = 0.25
    arc_bars: float = 128.0

    def section(self, name: str) -> Section:
        """The section of that name."""
        return next(section for section in self.sections if section.name == name)

    def mix_of(self, role: str, section: Section) -> dict[str, float]:
        """Where a role's parameters are in a section."""
        return {**MIX, **self.mix.get(role, {}), **section.mix.get(role, {})}


def style_names() -> tuple[str, ...]:
    """Names of the shipped styles."""
    folder = resources.files("aijockey.control.autopilot") / "styles"
    return tuple(
        sorted(path.name.removesuffix(".toml") for path in folder.iterdir() if path.name.endswith(".toml"))
    )


def read_style(name: str) -> Style:
    """A shipped style by its name.

    Raises
    ------
    StyleError : no such style.
    """
    if name not in style_names():
        raise StyleError(
            f"no style '{name}'{near(name, style_names())}; there are: {', '.join(style_names())}"
        )
    path = resources.files("aijockey.control.autopilot") / "styles" / f"{name}.toml"
    return parse_style(path.read_text(encoding="utf-8"), name)


def parse_style(text: str, name: str = "style") -> Style:
    """The style that ``text`` (TOML) describes.

    Raises
    ------
    StyleError : not TOML, unknown or missing keys, values out of range, a section that leads nowhere.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StyleError(f"{name}: not TOML: {error}") from error
    sections = tuple(_section(entry, f"{name}: section {number}")
                     for number, entry in enumerate(table.pop("section", []), start=1))  # fmt: skip
    try:
        style = Style(name=name, sections=sections, **table)
    except TypeError as error:
        raise StyleError(f"{name}: {error}") from error
    _check(style)
    return style


def _section(entry: Mapping[str, Any], where: str) -> Section:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    try:
        return Section(**fields)
    except TypeError as error:
        raise StyleError(f"{where}: {error}") from error


def _check(style: Style) -> None:
    names = [section.name for section in style.sections]
    if not names or len(set(names)) != len(names):
        raise StyleError(f"{style.name}: sections {names}: expected one or more, each with a name of its own")
    for section in style.sections:
        where = f"{style.name}: section '{section.name}'"
        _known(section.next, names, f"{where}: next")
        _known((section.arrive,), ARRIVALS, f"{where}: arrive")
        _known((*section.play, *section.may, *section.rolls), ROLES, f"{where}: roles")
        for mix in (section.mix, section.rise):
            _check_mix(mix, where)
        if not section.next or not section.play:
            raise StyleError(f"{where}: expected roles that play, and what comes next")
        if len(section.phrases) != 2 or not 1 <= section.phrases[0] <= section.phrases[1] <= 16:
            raise StyleError(f"{where}: phrases = {section.phrases}: expected [least, most], 1 to 16")
        if not 0.0 <= section.energy <= 1.0:
            raise StyleError(f"{where}: energy = {section.energy}: expected 0 to 1")
    _check_mix(style.mix, style.name)
    for habit, known in ((style.enter, ENTRANCES), (style.leave, EXITS)):
        _known(tuple(habit), ROLES, style.name)
        _known(tuple(habit.values()), known, style.name)


def _check_mix(mix: Mapping[str, Mapping[str, float]], where: str) -> None:
    _known(tuple(mix), ROLES, where)
    for role, values in mix.items():
        _known(tuple(values), tuple(MIX), f"{where}: {role}")
        for name, value in values.items():
            parameters.check(f"deck.1.{name}", value)


def _known(words: tuple[str, ...], known: Any, where: str) -> None:
    for word in words:
        if word not in known:
            raise StyleError(f"{where}: '{word}'{near(word, known)}; known are {', '.join(known)}")
