"""From genre priors to played hits: who plays when, how hard, how late.

A prior is a text with one character a sixteenth: ``X`` always plays, ``1`` to ``9`` play with that many
tenths of probability, ``.`` never. A prior of 16 characters is a bar, of 32 two bars; any other length is a
polymeter, drawn once and repeated against the bar.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from aijockey.corpus.synthesize.draw import Range, chance, pick
from aijockey.music.grid import RATE_HZ, SIXTEENTH_SAMPLES, SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT

# How strongly players lean on each sixteenth of a beat when a part says nothing else.
METRICAL_ACCENT = (1.0, 0.72, 0.88, 0.7)
MS_PER_SIXTEENTH = 1e3 * SIXTEENTH_SAMPLES / RATE_HZ
LATEST_MS = 9.0


@dataclass(frozen=True)
class Part:
    """One instrument of a genre.

    name : in the score. sound : a key of `SOUNDS`. priors : one is chosen for a loop. presence : chance to
    take part. level_db, pan, reverb, delay : ranges; pan is mirrored by chance. ghost : chance of a quiet
    hit on an empty step. accent : digits 1 to 9 (tenths of velocity) and X, one a sixteenth, any length;
    empty leans on the beat. vary : chance that an undecided step is drawn again in later bars. late_ms :
    spread of the timing. fills : may take part in fills. roll : chance that a hit becomes two or three.
    choke : the part whose hits cut this one. tweak : narrower ranges of the sound's parameters.
    """

    name: str
    sound: str
    priors: tuple[str, ...]
    presence: float = 1.0
    level_db: Range = (-3.0, 0.0)
    pan: Range = (0.0, 0.0)
    reverb: Range = (0.0, 0.1)
    delay: Range = (0.0, 0.0)
    ghost: float = 0.0
    accent: str = ""
    vary: float = 0.15
    late_ms: float = 1.5
    fills: bool = False
    roll: float = 0.0
    choke: str | None = None
    tweak: Mapping[str, Range] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """A struck note: ``time`` in sixteenths, swing and lateness included; velocity 0 to 1."""

    time: float
    velocity: float


def probabilities(prior: str) -> np.ndarray:
    """The chance of each step, 0 to 1.

    Raises
    ------
    ValueError : a character other than X, a digit from 1 to 9, and a dot.
    """
    known = {"X": 1.0, ".": 0.0} | {str(digit): digit / 10 for digit in range(1, 10)}
    unknown = sorted(set(prior) - set(known))
    if unknown or not prior:
        raise ValueError(f"prior '{prior}' has {unknown or 'no steps'}; expected X, 1 to 9 and dots")
    return np.array([known[step] for step in prior])


def tilt(chances: np.ndarray, density: float) -> np.ndarray:
    """Undecided steps made likelier (``density`` > 0) or less likely, in log odds; 0 and 1 stay."""
    open_steps = (chances > 0.0) & (chances < 1.0)
    odds = np.log(np.where(open_steps, chances, 0.5) / (1.0 - np.where(open_steps, chances, 0.5)))
    return np.where(open_steps, 1.0 / (1.0 + np.exp(-(odds + density))), chances)


def draw_steps(rng: np.random.Generator, part: Part, density: float, bars: int) -> np.ndarray:
    """Which sixteenths of the loop a part plays: (sixteenths,) velocities, 0 where it rests."""
    chances = tilt(probabilities(pick(rng, part.priors)), density)
    count = bars * SIXTEENTHS_PER_BAR
    if len(chances) % SIXTEENTHS_PER_BAR:
        plays = np.resize(rng.random(len(chances)) < chances, count)
    else:
        chances = np.resize(chances, count)
        plays = np.resize(rng.random(count)[:SIXTEENTHS_PER_BAR] < chances[:SIXTEENTHS_PER_BAR], count)
        redrawn = rng.random(count) < chances
        later = np.arange(count) >= SIXTEENTHS_PER_BAR
        bars_differ = chances != np.resize(chances[:SIXTEENTHS_PER_BAR], count)
        again = later & ((rng.random(count) < part.vary) | bars_differ)
        plays = np.where(again, redrawn, plays)
    velocities = np.where(plays, _accents(part, count) * rng.uniform(0.9, 1.0, count), 0.0)
    ghosts = ~plays & (rng.random(count) < part.ghost)
    return np.where(ghosts, rng.uniform(0.18, 0.38, count), velocities)


def _accents(part: Part, count: int) -> np.ndarray:
    if part.accent:
        return np.resize(probabilities(part.accent), count)
    return np.resize(np.array(METRICAL_ACCENT), count)


def fill(
    rng: np.random.Generator, grid: dict[str, np.ndarray], parts: Mapping[str, Part], kick_names: set[str]
) -> str:
    """Turn the last beats of the loop into a fill, in place; returns the kind drawn."""
    kinds = ("busy", "drop", "roll", "hole", "run")
    kind = pick(rng, kinds, (3, 2, 2, 1, 2))
    last = int(pick(rng, (2, 3, 4, 6, 8), (2, 2, 4, 1, 2)))
    able = [name for name in grid if parts[name].fills]
    if kind == "drop" or (kind != "hole" and not able):
        for name in kick_names & set(grid):
            grid[name][-last:] = 0.0
        return "drop"
    if kind == "hole":
        for steps in grid.values():
            steps[-min(last, 3) :] = 0.0
    elif kind == "roll":
        name = pick(rng, able)
        grid[name][-last:] = np.linspace(0.35, 1.0, last)
    elif kind == "busy":
        for name in able:
            extra = rng.random(last) < 0.5
            grid[name][-last:] = np.where(extra, rng.uniform(0.4, 1.0, last), grid[name][-last:])
    else:  # run: the able ones take turns
        for name in able:
            grid[name][-last:] = 0.0
        for step in range(last):
            grid[pick(rng, able)][-last + step] = rng.uniform(0.55, 1.0)
    return kind


def play(rng: np.random.Generator, part: Part, steps: np.ndarray, swing: float) -> list[Hit]:
    """Put velocities on the clock.

    swing : where the second sixteenth of each pair falls, 0.5 straight to 0.67 triplet.
    """
    hits = []
    for step in np.flatnonzero(steps):
        late_ms = float(np.clip(rng.normal(0.0, part.late_ms), -LATEST_MS, LATEST_MS))
        if step % SIXTEENTHS_PER_BEAT == 0:
            late_ms = abs(late_ms)  # decks swap on the beat: an early hit would be cut in two
        time = step + (2.0 * swing - 1.0) * (step % 2) + late_ms / MS_PER_SIXTEENTH
        velocity = float(np.clip(steps[step], 0.0, 1.0))
        hits.append(Hit(time % len(steps), velocity))
        if part.roll and velocity > 0.4 and chance(rng, part.roll):
            count = int(pick(rng, (2, 3), (3, 1)))
            hits += [
                Hit((time + k / count) % len(steps), velocity * (0.8 - 0.1 * k)) for k in range(1, count)
            ]
    return hits
