"""A deck: plays loops in phase with the transport, and swaps them on the grid."""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import Value
from aijockey.live.clock import Moment, TempoMap
from aijockey.live.loop_source import LoopSource
from aijockey.live.loops import Loop, Ticket
from aijockey.live.plan import DeckPlan, PlanEvent, Swap
from aijockey.live.stretch import LOOKAHEAD_BEATS, GridStretch, ToneStretch
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ

Float = npt.NDArray[np.float32]

# How long before it is first heard a loop is asked for. With the lookahead and the shortest fades that is
# one bar.
GENERATION_BEATS = 2.75
# A deck that starts from silence fades in within this much before its grid line.
START_FADE_SAMPLES = RATE_HZ // 200
# What was read behind the transport by a stretcher must still be there.
KEEP_SAMPLES = 2 * BEAT_SAMPLES


@dataclass
class _Waiting:
    """A swap whose loop was asked for."""

    swap: Swap
    ticket: Ticket | None
    beat: Fraction


@dataclass(frozen=True)
class _Entry:
    """From reference position ``at`` on, ``loop`` plays alone; it comes in over ``fade`` samples before."""

    at: int
    fade: int
    loop: Loop | None
    tonal: bool
    beat: Fraction


class Deck:
    """One player of loops. The mixer shapes what it gives."""

    def __init__(self, setup: dict[str, Value], source: LoopSource, clock: TempoMap) -> None:
        self.plan = DeckPlan(setup)
        self.late_swaps = 0
        self.failed_loops = 0
        self.last_error: str | None = None
        self.entered: deque[tuple[Fraction, Ticket | None]] = deque(maxlen=4096)
        self._source = source
        self._clock = clock
        self._channels = source.channels
        self._cursor = Fraction(-1)
        self._ahead_for, self._ahead = -1.0, Fraction(0)
        self._waiting: deque[_Waiting] = deque()
        self._entries: deque[_Entry] = deque([_Entry(-(1 << 60), 0, None, False, Fraction(0))])
        self._grid = GridStretch(clock, self.reference)
        self._tone: ToneStretch | None = None
        self._tone_in_use = False
        self._was_silent = True

    @property
    def plan_cursor(self) -> Fraction:
        """The beat up to which swaps are planned; events before it act late."""
        return self._cursor

    @property
    def voice(self) -> str | None:
        """Voice of the loop that entered last."""
        ticket = self.entered[-1][1] if self.entered else None
        return ticket.request.voice if ticket else None

    @property
    def silent(self) -> bool:
        """Whether nothing plays and nothing is about to."""
        return len(self._entries) == 1 and self._entries[0].loop is None

    @property
    def pending(self) -> bool:
        """Whether a loop that was asked for is not there yet."""
        return any(
            item.ticket and item.ticket.loop is None and item.ticket.error is None for item in self._waiting
        )

    def plan_ahead(self, now: Moment) -> None:
        """Ask for the loops that will be needed soon. Thread: audio"""
        if self.plan.fade_beats != self._ahead_for:  # rationals are slow; this is asked for every quantum
            self._ahead_for = self.plan.fade_beats
            self._ahead = Fraction(self._ahead_for) + Fraction(LOOKAHEAD_BEATS) + Fraction(GENERATION_BEATS)
        self._cursor = max(self._cursor, now.beat + self._ahead)
        for swap in self.plan.advance(self._cursor):
            ticket = self._source.request(swap.request) if swap.request else None
            self._waiting.append(_Waiting(swap, ticket, swap.beat))

    def settle(self, now: Moment) -> None:
        """Let in swaps that are near, or put them off where their loop is late. Thread: audio"""
        while self._waiting and self._waiting[0].beat - self._settle_beats(self._waiting[0]) <= now.beat:
            self._settle_first(now.beat)
        while len(self._entries) > 1 and self._entries[1].at + KEEP_SAMPLES < now.reference:
            self._entries.popleft()

    def add(self, event: PlanEvent) -> None:
        """Take an event of the planned parameters. Thread: audio"""
        self.plan.add(event)

    def render(self, now: Moment, count: int) -> Float | None:
        """Sound of the next ``count`` samples, (channels, count); None while the deck is silent.

        Thread: audio
        """
        if self.silent:
            self._was_silent = True
            return None
        start, wants_tone = now.sample, self._wants_tone(now)
        if self._was_silent:
            self._tone_in_use, self._was_silent = wants_tone, False
        sound = self._stretched(self._tone_in_use, start, count)
        if wants_tone != self._tone_in_use:
            other = self._stretched(wants_tone, start, count)
            gain = np.linspace(0.0, 1.0, count, endpoint=False, dtype=np.float32)
            sound = sound + (other - sound) * gain
            self._tone_in_use = wants_tone
        return sound

    def reference(self, start: int, count: int) -> Float:
        """The deck's signal on the 120 BPM grid, (channels, count): loops end to end, and their cross-fades.

        Thread: audio
        """
        index = 0
        for number, entry in enumerate(self._entries):
            if entry.at <= start:
                index = number
        sound = _lap(self._entries[index].loop, start, count, self._channels)
        for entry in list(self._entries)[index + 1 :]:
            begin = entry.at - entry.fade
            if begin >= start + count:
                continue
            incoming = _lap(entry.loop, start, count, self._channels)
            angle = np.clip((np.arange(start, start + count) - begin) / max(1, entry.fade), 0.0, 1.0) * (
                np.pi / 2
            )
            sound = sound * np.cos(angle).astype(np.float32) + incoming * np.sin(angle).astype(np.float32)
            # The cosine of a quarter turn is not quite 0: what is past its grid line is the new loop alone.
            whole = max(0, entry.at - start)
            sound[:, whole:] = incoming[:, whole:]
        return sound

    def _stretched(self, tone: bool, start: int, count: int) -> Float:
        if not tone:
            return self._grid.render(start, count)
        if self._tone is None:
            self._tone = ToneStretch(self._clock, self.reference, self._channels)
        return self._tone.render(start, count)

    def _wants_tone(self, now: Moment) -> bool:
        if now.is_reference:
            return False
        tonal = False
        for entry in self._entries:
            if entry.at <= now.reference and entry.loop is not None:
                tonal = entry.tonal
        return tonal or (self._entries[0].loop is None and self._entries[-1].tonal)

    def _settle_beats(self, waiting: _Waiting) -> Fraction:
        return Fraction(waiting.swap.fade_beats) + Fraction(LOOKAHEAD_BEATS)

    def _settle_first(self, beat: Fraction) -> None:
        """The first waiting swap is near: it enters, or waits for the next grid line, or is dropped."""
        waiting = self._waiting[0]
        ticket, swap = waiting.ticket, waiting.swap
        if ticket is not None and ticket.error is not None:
            self.failed_loops += 1
            self.last_error = ticket.error
            self._waiting.popleft()
            return
        if ticket is not None and ticket.loop is None:
            if len(self._waiting) > 1 and self._waiting[1].swap.request is None:
                self._waiting.popleft()  # it would come in only to be stopped
                return
            self.late_swaps += 1
            earliest = beat + self._settle_beats(waiting)
            waiting.beat = (earliest // swap.grid_beats + 1) * swap.grid_beats
            # A later swap that is due by then replaces it.
            while len(self._waiting) > 1 and self._waiting[1].beat <= waiting.beat:
                self._waiting.popleft()
                waiting = self._waiting[0]
            return
        self._waiting.popleft()
        loop = ticket.loop if ticket else None
        at = int(waiting.beat * BEAT_SAMPLES + Fraction(1, 2))
        fade = int(swap.fade_beats * BEAT_SAMPLES)
        if self._entries[-1].loop is None:
            fade = min(fade, START_FADE_SAMPLES)
        # Not into the past: at the very start there is nothing to fade from.
        fade = max(0, min(fade, at - self._clock.reference_at(0), at - self._entries[-1].at))
        tonal = self._source.voices.get(swap.request.voice, False) if swap.request else False
        self._entries.append(_Entry(at, fade, loop, tonal, waiting.beat))
        self.entered.append((waiting.beat, ticket))


def _lap(loop: Loop | None, start: int, count: int, channels: int) -> Float:
    """``count`` samples of an endlessly repeated loop from ``start`` on, where 0 is its first sample."""
    sound = np.zeros((channels, count), dtype=np.float32)
    if loop is None:
        return sound
    position, filled = start % loop.samples, 0
    while filled < count:
        piece = loop.audio[:, position : position + count - filled]
        sound[:, filled : filled + piece.shape[1]] = piece
        filled += piece.shape[1]
        position = 0
    return sound
