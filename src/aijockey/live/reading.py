"""Where in its loop a deck reads: in phase, turned, backwards, or only a part of it over and over.

Each way of reading comes down to another circular loop (a part, or the loop backwards) and an offset, so the
stretchers need not know of it. Positions are samples on the 120 BPM grid.
"""

from dataclasses import dataclass, replace

import numpy as np

from aijockey.live.loops import Loop
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ, SIXTEENTH_SAMPLES

WHOLE_BEATS = 8.0
# The end of a part that repeats is faded into what led up to its beginning.
SEAM_SAMPLES = RATE_HZ // 200
# Backwards, attacks stay on the grid: the turning point is moved to the nearest of these.
TURN_SAMPLES = SIXTEENTH_SAMPLES // 2
KEPT_LOOPS = 3


@dataclass(frozen=True)
class Window:
    """The part of a loop that repeats."""

    start: int
    samples: int


class Reading:
    """One way to read loops; ``origin`` is where on the grid a sixteenth of the loop stands."""

    def __init__(self, shift: int = 0, window: Window | None = None, mirror: int | None = None) -> None:
        start = window.start if window else 0
        self.window, self.backwards = window, mirror is not None
        self.offset = shift - start if mirror is None else start - mirror - 1
        self.origin = (-shift if mirror is None else mirror) % SIXTEENTH_SAMPLES
        self.is_plain = not shift and window is None and mirror is None
        self._made: list[tuple[Loop, Loop]] = []

    def loop(self, loop: Loop) -> Loop:
        """What to read of ``loop``, at the reference position plus ``offset``. Thread: audio"""
        if self.window is None and not self.backwards:
            return loop
        for source, made in self._made:
            if source is loop:
                return made
        made = _part(loop, self.window) if self.window else loop
        if self.backwards:
            made = Loop(made.audio[:, ::-1], made.gain)
        self._made = [*self._made[1 - KEPT_LOOPS :], (loop, made)]
        return made


@dataclass(frozen=True)
class Hands:
    """What hands do to the reading of a deck, as last set; `reading` makes one of it.

    phase : samples that the loop is ahead of the transport, since it was triggered. part, held : the part that
    repeats for good, and the one that repeats while a button is down. mirror : loop position plus reference
    position, backwards.
    """

    phase: int = 0
    sixteenths: int = 0
    part: Window | None = None
    held: Window | None = None
    mirror: int | None = None

    @property
    def shift(self) -> int:
        """What to add to a reference position."""
        return self.phase - self.sixteenths * SIXTEENTH_SAMPLES

    def reading(self) -> Reading:
        """How to read now."""
        return Reading(self.shift, self.held or self.part, self.mirror)

    def place(self, reference: int) -> int:
        """Where in the loop the deck reads at ``reference``, but for what is held."""
        place = reference + self.shift if self.mirror is None else self.mirror - reference
        if self.part is None:
            return place
        return self.part.start + (place - self.part.start) % self.part.samples

    def sent(self, name: str, value: float, reference: int) -> "Hands":
        """After the parameter ``name`` was sent to ``value`` at ``reference``."""
        if name == "retrigger":
            begin = self.part.start if self.part else 0
            phase = begin - reference + self.sixteenths * SIXTEENTH_SAMPLES if value else 0
            mirror = self.mirror if self.mirror is None or not value else begin + reference
            return replace(self, phase=phase, mirror=mirror)
        if name == "shift_sixteenths":
            return replace(self, sixteenths=int(value))
        if name == "reverse":
            turn = round(reference / TURN_SAMPLES) * TURN_SAMPLES
            return replace(self, mirror=2 * turn + self.shift if value else None)
        if name == "loop_beats":
            if value >= WHOLE_BEATS:
                return replace(self, part=None)
            start = self.part.start if self.part else _division(self.place(reference), value)
            return replace(self, part=Window(start, int(value * BEAT_SAMPLES)))
        if name not in ("roll_beats", "stutter_beats"):
            return self
        if not value:
            return replace(self, held=None)
        samples = int(value * BEAT_SAMPLES)
        back = samples if name == "stutter_beats" else 0
        return replace(self, held=Window(_division(self.place(reference), value) - back, samples))


def _division(place: int, beats: float) -> int:
    samples = int(beats * BEAT_SAMPLES)
    return place // samples * samples


def _part(loop: Loop, window: Window) -> Loop:
    """The part as a circle of its own."""
    samples = min(window.samples, loop.samples)
    seam = min(SEAM_SAMPLES, samples // 4)
    first, last = (window.start - seam) % loop.samples, (window.start + samples - 1) % loop.samples + 1
    if first < last and last - first == seam + samples:
        led = loop.audio[:, first:last]
    else:
        led = np.take(loop.audio, np.arange(first, first + seam + samples), axis=1, mode="wrap")
    lead, audio = led[:, :seam], led[:, seam:].copy()
    gain = (0.5 - 0.5 * np.cos(np.pi * (np.arange(seam) + 0.5) / seam)).astype(np.float32)
    audio[:, -seam:] += (lead - audio[:, -seam:]) * gain
    return Loop(audio, loop.gain)
