"""A section becomes moves: who plays, how decks come and go, where their mixers and directions travel meanwhile."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aijockey.control.autopilot.form import PHRASE_BEATS, Form, Part
from aijockey.control.autopilot.roles import role_of
from aijockey.control.autopilot.style import Section, Style
from aijockey.control.desk import Instrument
from aijockey.control.parameters import CONTROL_PREFIX, SILENCE_DB, Value

BAR, HALF_PHRASE = 4.0, PHRASE_BEATS / 2
# A deck that fades out ends here; one that fades in begins so far below its level.
LOW_DB = -36.0
FADE_IN_DB, BLEND_IN_DB = 18.0, 12.0
KILLED_DB = SILENCE_DB
CLOSED = 0.65  # filter of a deck that comes in or goes out through it
# A ride begins so long after the line that put its parameter where it starts from.
AFTER = 0.5
AUDIBLE_DB = -30.0
LARGEST_SEED = 1 << 20
FLOOR = ("beat", "bass")  # what people dance to comes with the phrase
LOUDEST_OFFSET_DB = 4.0
# Sum of the decks' fader powers, in dB, at no energy and at full energy.
LEVEL_DB = (-1.5, 3.5)
# What the room adds to a deck's power at full send.
ROOM_POWER = 3.0
# Of the generators' controls, what more energy pushes up.
ENERGETIC = ("density", "bright", "energy", "loud", "attack")
ROLL_BEATS = ((4.0, 1.0), (2.0, 0.5), (1.0, 0.25))  # beats before the end, length of what repeats


@dataclass(frozen=True)
class Step:
    """At ``beat``, one move. on_line : it acts exactly there, with the deck's grid line, and is sent ahead for it."""

    beat: float
    address: str
    value: Value
    over_beats: float = 0.0
    on_line: bool = False


@dataclass(frozen=True)
class Scene:
    """Who plays: deck (from 1) -> role, for the decks that the autopilot brings."""

    decks: Mapping[int, str] = field(default_factory=dict)

    def deck_of(self, role: str) -> int | None:
        """The deck that has a role."""
        return next((deck for deck, its in self.decks.items() if its == role), None)


class Stage(Protocol):
    """What a composer sees of the desk."""

    def value(self, address: str) -> Value:
        """A parameter's value now."""

    def is_taken(self, deck: int) -> bool:
        """Whether a hand has the deck."""


class Composer:
    """Makes moves of parts of the form."""

    def __init__(self, style: Style, instrument: Instrument, form: Form) -> None:
        self.style, self._form = style, form
        self._roles = {voice.name: role_of(voice) for voice in instrument.voices}
        self._controls = {voice.name: voice.controls for voice in instrument.voices}
        self._decks = range(1, instrument.decks + 1)

    def role(self, stage: Stage, deck: int) -> str:
        """The role of a deck's voice; "" for none."""
        return self._roles.get(str(stage.value(f"deck.{deck}.voice")), "")

    def is_audible(self, stage: Stage, deck: int) -> bool:
        """Whether a deck plays and its fader is up."""
        name = f"deck.{deck}."
        return (
            bool(stage.value(name + "play"))
            and not stage.value(name + "mute")
            and float(stage.value(name + "gain_db")) > AUDIBLE_DB
        )

    def compose(self, part: Part, before: Scene, stage: Stage, energy: float) -> tuple[Scene, list[Step]]:
        """The scene of a part and all moves that lead into it and through it, in order of time.

        before : who plays until then. energy : what is wanted, 0 to 1.
        """
        scene, voices = self._cast(part, before, stage, energy)
        steps = [Step(part.start - 8.0, f"deck.{deck}.voice", voice) for deck, voice in voices.items()]
        targets = self._targets(part.section, scene)
        entering = [deck for deck in scene.decks if deck not in before.decks]
        leaving = [deck for deck in before.decks if deck not in scene.decks and not stage.is_taken(deck)]
        # Two beats side by side for a phrase, where there is room for it.
        blend = (
            part.section.arrive == "blend"
            and part.end - part.start > PHRASE_BEATS
            and any(before.decks[deck] == "beat" for deck in leaving)
            and any(scene.decks[deck] == "beat" for deck in entering)
        )
        goes_on = any(deck in scene.decks for deck in before.decks)
        for deck in leaving:
            role = before.decks[deck]
            how = self.style.leave.get(role, "fade")
            if how == "fade" and not goes_on:
                how = "filter"  # were all to fade out, nothing would be left
            steps += self._leave(part, deck, how, blend and role == "beat")
        for order, deck in enumerate(entering):
            role = scene.decks[deck]
            order += 1 if goes_on or blend else 0
            steps += self._enter(part, deck, role, targets[deck], order, blend and role == "beat")
        rng = self._form.rng(part.number, "movement")
        for deck, role in scene.decks.items():
            if deck not in entering:
                steps += self._settle(part, deck, targets[deck], stage)
            # Steps for decks in order of their numbers, so that chance falls alike.
            voice = voices.get(deck, str(stage.value(f"deck.{deck}.voice")))
            steps += self._wander(part, deck, role, voice, deck in entering, energy, rng)
            steps += self._rise(part, deck, role)
        return scene, sorted(steps, key=lambda step: step.beat)

    def _cast(self, part: Part, before: Scene, stage: Stage, energy: float) -> tuple[Scene, dict[int, str]]:
        rng = self._form.rng(part.number, "cast")
        section = part.section
        # The more energy is wanted beyond the section's own, the more of those that may join do.
        likely = min(1.0, max(0.15, 0.5 + 1.2 * (energy - section.energy)))
        joining = [role for role in section.may if rng.random() < likely]
        decks: dict[int, str] = {}
        voices: dict[int, str] = {}
        covered = {
            self.role(stage, deck)
            for deck in self._decks
            if stage.is_taken(deck) and self.is_audible(stage, deck)
        }
        for role in [*section.play, *joining]:
            change = rng.random() < (1.0 if section.arrive == "drop" else self.style.change)
            choice = rng.random()
            if role in covered:
                continue  # a hand plays it
            free = [deck for deck in self._decks if not stage.is_taken(deck) and deck not in decks]
            fit = [deck for deck in free if self.role(stage, deck) == role]
            old = before.deck_of(role)
            others = [deck for deck in fit if deck != old]
            if old in fit and not (change and others):
                decks[old] = role
            elif others:
                decks[others[int(choice * len(others))]] = role
            elif (spare := self._spare(free, before, section, joining, stage)) and (
                names := [name for name, its in self._roles.items() if its == role]
            ):
                decks[spare] = role
                voices[spare] = names[int(choice * len(names))]
        if not decks and not covered:
            # A pack without what the section wants: whoever plays goes on, else anybody.
            going_on = [deck for deck in before.decks if not stage.is_taken(deck)]
            anybody = going_on or [deck for deck in self._decks if not stage.is_taken(deck)]
            decks = {deck: self.role(stage, deck) or "beat" for deck in anybody[:1]}
        return Scene(dict(sorted(decks.items()))), voices

    def _spare(
        self, free: list[int], before: Scene, section: Section, joining: list[str], stage: Stage
    ) -> int | None:
        """A deck that nobody needs, for a role that no deck has."""
        wanted = {*section.play, *joining}
        idle = [deck for deck in free if deck not in before.decks and not self.is_audible(stage, deck)]
        return next((deck for deck in idle if self.role(stage, deck) not in wanted), None)

    def _targets(self, section: Section, scene: Scene) -> dict[int, dict[str, float]]:
        """Where the mixer of each deck is in a section, its level kept whatever the number of decks."""
        targets = {deck: self.style.mix_of(role, section) for deck, role in scene.decks.items()}
        power = sum(
            10.0 ** (mix["gain_db"] / 10.0) * (1.0 + ROOM_POWER * mix["room_send"])
            for mix in targets.values()
        )
        if not power:
            return targets
        wanted_db = LEVEL_DB[0] + (LEVEL_DB[1] - LEVEL_DB[0]) * section.energy
        offset_db = max(-LOUDEST_OFFSET_DB, min(LOUDEST_OFFSET_DB, wanted_db - 10.0 * math.log10(power)))
        for mix in targets.values():
            mix["gain_db"] = round(mix["gain_db"] + offset_db, 1)
        return targets

    def _enter(
        self, part: Part, deck: int, role: str, mix: Mapping[str, float], order: int, blends: bool
    ) -> list[Step]:
        start, name = part.start, f"deck.{deck}."
        arrive, how = part.section.arrive, self.style.enter.get(role, "fade")
        steps = [Step(start - 8.0, f"{name}seed", self._seed(part, deck))]
        first = {**mix, "filter": 0.0} if arrive == "drop" else dict(mix)
        if arrive == "blend" and role not in FLOOR and order > 1 and part.end - start > PHRASE_BEATS:
            start += HALF_PHRASE * (1 + order % 2)  # decks come one by one
        # The first of all is there at once, since nobody else is.
        if order and role != "bass" and arrive == "blend" and how in ("fade", "blend", "filter"):
            if how == "filter":
                first["filter"] = CLOSED if mix["filter"] >= 0 else -CLOSED
                steps.append(Step(start + AFTER, f"{name}filter", mix["filter"], HALF_PHRASE))
            else:
                first["gain_db"] = mix["gain_db"] - (FADE_IN_DB if how == "fade" else BLEND_IN_DB)
                steps.append(Step(start + AFTER, f"{name}gain_db", mix["gain_db"], HALF_PHRASE))
            if blends:
                # Two kicks at once are mud: the new one has no bass until the other gives its own away.
                first["low_db"] = KILLED_DB
                steps.append(Step(start + HALF_PHRASE, f"{name}low_db", mix["low_db"], on_line=True))
        steps += [Step(start, f"{name}{key}", value, on_line=True) for key, value in first.items()]
        steps.append(Step(start, f"{name}roll_beats", 0.0, on_line=True))
        return [*steps, Step(start, f"{name}play", 1.0, on_line=True)]

    def _leave(self, part: Part, deck: int, how: str, blends: bool) -> list[Step]:
        """Out by the section's first beat, or over its first phrase where another deck takes the role over."""
        name, end = f"deck.{deck}.", part.start
        steps: list[Step] = []
        if blends:
            end = part.start + PHRASE_BEATS
            steps.append(Step(part.start + HALF_PHRASE, f"{name}low_db", KILLED_DB, on_line=True))
            steps.append(Step(part.start + HALF_PHRASE + BAR, f"{name}gain_db", LOW_DB, HALF_PHRASE - BAR))
        elif part.section.arrive == "drop":
            pass  # what built up to it goes on to the very end
        elif how == "filter":
            steps.append(Step(end - HALF_PHRASE, f"{name}filter", CLOSED, HALF_PHRASE - 0.5))
        elif how == "fade":
            steps.append(Step(end - HALF_PHRASE, f"{name}gain_db", LOW_DB, HALF_PHRASE - 0.5))
        elif how == "echo":
            steps.append(Step(end - 2 * BAR, f"{name}echo_send", 0.6, 2 * BAR - 0.5))
        steps.append(Step(end, f"{name}play", 0.0, on_line=True))
        steps.append(Step(end, f"{name}roll_beats", 0.0, on_line=True))
        return steps

    def _settle(self, part: Part, deck: int, mix: Mapping[str, float], stage: Stage) -> list[Step]:
        """A deck that goes on moves to its place in the new section, at once for a drop."""
        name = f"deck.{deck}."
        if part.section.arrive == "drop":
            steps = [Step(part.start, name + key, value, on_line=True) for key, value in mix.items()]
            steps.append(Step(part.start, f"{name}seed", self._seed(part, deck), on_line=True))
            return [*steps, Step(part.start, f"{name}roll_beats", 0.0, on_line=True)]
        return [
            Step(part.start, name + key, value, 2 * BAR)
            for key, value in mix.items()
            if abs(float(stage.value(name + key)) - value) > 0.01
        ] + [Step(part.start, f"{name}roll_beats", 0.0, on_line=True)]

    def _wander(
        self, part: Part, deck: int, role: str, voice: str, enters: bool, energy: float, rng: random.Random
    ) -> list[Step]:
        """Slow ways through latent space and along the generator's directions."""
        name, length = f"deck.{deck}.", part.end - part.start
        chance, seed, second = rng.random(), float(rng.randrange(1, LARGEST_SEED)), rng.random()
        names = self._controls.get(voice, ())
        steps: list[Step] = []
        if chance < self.style.walk:
            steps.append(Step(part.start + BAR, f"{name}walk", seed, length - 2 * BAR))
        if names and role != "bass":
            control = names[int(second * len(names))]
            reach = self.style.directions
            value = rng.uniform(-reach, reach)
            if any(word in control for word in ENERGETIC):
                value = reach * (2.0 * energy - 1.0) + 0.4 * value
            value = round(max(-2.0, min(2.0, value)), 2)
            at = part.start + BAR * (1 + deck % 4)
            steps.append(Step(at, f"{name}{CONTROL_PREFIX}{control}", value, HALF_PHRASE))
        return steps

    def _rise(self, part: Part, deck: int, role: str) -> list[Step]:
        section, name = part.section, f"deck.{deck}."
        start = part.end - PHRASE_BEATS + BAR
        steps = [
            Step(start, name + key, value, part.end - start - 0.5)
            for key, value in section.rise.get(role, {}).items()
        ]
        if role in section.rolls:
            steps += [Step(part.end - before, f"{name}roll_beats", beats, on_line=before % BAR == 0)
                      for before, beats in ROLL_BEATS]  # fmt: skip
        return steps

    def _seed(self, part: Part, deck: int) -> float:
        return float(self._form.rng(part.number, f"seed {deck}").randrange(1, LARGEST_SEED))
