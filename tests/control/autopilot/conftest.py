"""The autopilot on an engine of beats, and what then sounds at each moment."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from aijockey.control.autopilot.jockey import Autopilot
from aijockey.control.autopilot.roles import role_of
from aijockey.control.autopilot.style import read_style
from aijockey.control.desk import Instrument, Voice
from aijockey.live.arrange import arrange
from aijockey.live.engine_link import Rehearsal, silent_source
from aijockey.live.jockey_stage import on_stage

VOICES = {
    "techno": False, "house": False, "percussion": False, "bass": True, "deep_bass": True, "pads": True,
    "stabs": True, "textures": False,
}  # fmt: skip


@dataclass
class Look:
    """What a deck does at a moment."""

    plays: bool
    role: str
    gain_db: float
    low_db: float
    filter: float

    @property
    def audible(self) -> bool:
        return self.plays and self.gain_db > -30


@dataclass
class Show:
    """A rehearsal with the autopilot."""

    engine: Rehearsal
    autopilot: Autopilot
    looks: list[tuple[float, dict[int, Look], str]] = field(default_factory=list)

    def play(self, until_bar: int, each: Callable[[float], None] = lambda beat: None) -> None:
        """On to a bar; what is seen eight times a bar is kept."""
        beat = self.engine.position_beats
        while beat < until_bar * 4:
            beat += 0.5
            each(beat)
            self.engine.play_until(beat + 0.1)
            decks = {deck: self.look(deck) for deck in range(1, self.engine.desk.instrument.decks + 1)}
            self.looks.append((self.engine.position_beats, decks, self.autopilot.status()["section"]))

    def look(self, deck: int) -> Look:
        value = self.engine.conductor.values
        voice = Voice(str(value[f"deck.{deck}.voice"]), False)
        numbers = [float(value[f"deck.{deck}.{name}"]) for name in ("gain_db", "low_db", "filter")]
        return Look(self.engine.plays(deck), role_of(voice), *numbers)

    @property
    def moves(self) -> list[tuple[float, str, object, float]]:
        return [(e.beat, e.address, e.value, e.over_beats) for e in self.engine.performance.events]


@pytest.fixture
def make_show() -> Callable[..., Show]:
    def make(
        style: str = "house", seed: int = 0, voices: dict[str, bool] | None = None, on: bool = True
    ) -> Show:
        voices = voices or VOICES
        instrument_voices = tuple(Voice(name, tonal, ("onset_density",)) for name, tonal in voices.items())
        base = arrange(voices)
        chosen = read_style(style)
        instrument = Instrument("a show", len(base.decks), instrument_voices)
        stage = on_stage(base, instrument, chosen, tempo_bpm=120.0)
        if not on:
            stage = base.__class__(stage.decks, tempo_bpm=120.0)
        engine = Rehearsal(stage, silent_source(voices), instrument)
        autopilot = Autopilot(engine.desk, chosen, seed)
        engine.companion = autopilot.turn
        return Show(engine, autopilot)

    return make
