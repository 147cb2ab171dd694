"""The form: which section follows which, by the style's graph and the energy that is wanted then."""

import math
import random
from dataclasses import dataclass

from aijockey.control.autopilot.style import Section, Style
from aijockey.music.grid import BEATS_PER_BAR

PHRASE_BARS = 8
PHRASE_BEATS = float(PHRASE_BARS * BEATS_PER_BAR)
# How near a section's energy comes to the wanted one before another is as likely.
NEARNESS = 0.18
LEAST_WEIGHT = 0.03
# Energy rises to its curve within this many bars, so that a set has a beginning.
WARM_UP_BARS = 48.0


@dataclass(frozen=True)
class Part:
    """A section in its place. number : counts from 0, for chance. start, end : beats, on borders of phrases."""

    number: int
    section: Section
    start: float
    end: float


class Form:
    """Parts, one after the other, each decided when it is asked for.

    Parameters
    ----------
    seed : chance is a function of it and of a part's number alone.
    """

    def __init__(self, style: Style, seed: int) -> None:
        self.style, self.seed = style, seed

    def energy_at(self, beat: float, energy: float, since: float = 0.0) -> float:
        """The energy wanted at ``beat``, 0 to 1: the player's ``energy``, its arc, and a warm-up from ``since``."""
        bar = (beat - since) / BEATS_PER_BAR
        arc = self.style.arc * math.sin(2.0 * math.pi * (bar / self.style.arc_bars - 0.125))
        warm = min(1.0, 0.3 + 0.7 * bar / WARM_UP_BARS)
        return min(1.0, max(0.0, (energy + arc) * warm))

    def first(self, start: float, energy: float, playing: tuple[str, ...]) -> Part:
        """The first part: the style's first section, or, where roles are ``playing``, the one most like them."""
        sections = self.style.sections
        section = sections[0]
        if playing:
            section = max(sections, key=lambda item: (_likeness(item, playing), -abs(item.energy - energy)))
        return self._part(0, section, start)

    def follow(self, part: Part, energy: float) -> Part:
        """What comes after ``part`` when ``energy`` is wanted."""
        rng = self.rng(part.number + 1, "form")
        sections = [self.style.section(name) for name in part.section.next]
        weights = [
            LEAST_WEIGHT + math.exp(-(((section.energy - energy) / NEARNESS) ** 2)) for section in sections
        ]
        return self._part(part.number + 1, rng.choices(sections, weights)[0], part.end)

    def rng(self, number: int, purpose: str) -> random.Random:
        """Chance for one purpose in one part; the same on every machine."""
        return random.Random(f"{self.seed} {self.style.name} {number} {purpose}")

    def _part(self, number: int, section: Section, start: float) -> Part:
        phrases = self.rng(number, "length").randint(*section.phrases)
        end = (start // PHRASE_BEATS + phrases) * PHRASE_BEATS
        return Part(number, section, start, end if end - start >= PHRASE_BEATS / 2 else end + PHRASE_BEATS)


def _likeness(section: Section, playing: tuple[str, ...]) -> float:
    if section.arrive == "drop":
        return -1.0
    wanted, there = set(section.play), set(playing)
    return len(wanted & there) / len(wanted | there)


def next_phrase(beat: float) -> float:
    """The first border of a phrase at or after ``beat``."""
    return math.ceil(beat / PHRASE_BEATS) * PHRASE_BEATS
