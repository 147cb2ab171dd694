"""A deck: plays loops in phase with the transport, swaps them on the grid, and reads them as hands want."""

import bisect
import math
from collections import deque
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import DECK_PARAMETERS, Value
from aijockey.live.clock import TICKS_PER_BEAT, Moment, TempoMap
from aijockey.live.gesture_delay import GestureDelays
from aijockey.live.head import ATTACK_FADE_SAMPLES, FADE_SAMPLES, MOST_HEADS, Head
from aijockey.live.loop_source import LoopSource, paces_of_source, request_ahead, request_fixed
from aijockey.live.loop_timeline import LoopTimeline, Playing
from aijockey.live.loops import Loop, LoopRequest, Ticket
from aijockey.live.plan import DeckPlan, PlanEvent, Swap
from aijockey.live.reading import Hands, Reading
from aijockey.live.set_parts import Entry
from aijockey.live.stretch import LOOKAHEAD_BEATS
from aijockey.live.swap_queue import SwapQueue
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ
from aijockey.music.key import in_key

Float = npt.NDArray[np.float32]

# How long before it is settled a swap is fixed; what a hand does later acts at the next grid line. About as long as
# one loop takes to make: one that takes longer comes a line later.
COMMIT_BEATS = Fraction(1, 2)
TOO_EARLY = 1e-6  # of a tick
# How much earlier than it is fixed a loop is asked for at least, in case nothing changes.
FORESIGHT_BEATS = Fraction(4)
# A deck that starts from silence fades in within this much before its grid line.
START_FADE_SAMPLES = RATE_HZ // 200
ENTERED = 4096


@lru_cache(maxsize=64)
def _ahead(fade_beats: float) -> Fraction:
    """How long before it is heard a swap is fixed."""
    return Fraction(fade_beats) + Fraction(LOOKAHEAD_BEATS) + COMMIT_BEATS


class Deck:
    """One player of loops. The mixer shapes what it gives.

    Parameters
    ----------
    number : of the deck, from 1.
    outcomes : what becomes of its planned loops is told here.
    entries : outcomes of an earlier performance by planned beat, to be repeated.

    entered : the last loops that entered, with their beats. moved : moves of its mixer that came with loops.
    """

    def __init__(
        self,
        setup: Mapping[str, Value],
        source: LoopSource,
        clock: TempoMap,
        *,
        number: int = 1,
        common_grid_beats: float | None = None,
        outcomes: Callable[[Entry], None] = lambda _: None,
        entries: Mapping[float, Entry] | None = None,
    ) -> None:
        self.plan = DeckPlan(setup, common_grid_beats, paces_of_source(source))
        self.swaps = SwapQueue(number, self._ask, outcomes, entries or {})
        self.entered: deque[tuple[Fraction, LoopRequest | None]] = deque(maxlen=ENTERED)
        self.moved: list[tuple[Fraction, Mapping[str, Value]]] = []
        self._number, self._outcomes = number, outcomes
        self._source = source
        self._clock = clock
        self._channels = source.channels
        self._due: Fraction | None = Fraction(-1)  # the plan has nothing to do before this beat
        self._tick = -1
        self._cursor = Fraction(-1)
        self.gestures = GestureDelays()
        self._moved = False  # since the plan was last looked ahead in
        self._foreseen: dict[LoopRequest, Ticket] = {}
        self._timeline = LoopTimeline(source.channels)
        self._changes: list[tuple[int, str, Value]] = []
        self.values = {name: row.default for name, row in DECK_PARAMETERS.items() if row.read}
        self._hands = Hands()
        self._cued_at = 0
        for name, value in setup.items():
            if name in self.values:
                self._take(name, value, 0)
        self._heads = [self._head(0, 0)]
        self._was_silent = True

    @property
    def plan_cursor(self) -> Fraction:
        """The beat before which swaps are fixed; events before it act late."""
        return self._cursor

    @property
    def request(self) -> LoopRequest | None:
        """The loop that entered last, None for none."""
        return self._timeline.last.request

    @property
    def voice(self) -> str | None:
        """Voice of the loop that entered last."""
        return self.request.voice if self.request else None

    @property
    def silent(self) -> bool:
        """Whether nothing plays and nothing is about to."""
        return self._timeline.silent and self._is_plain_silence

    @property
    def _is_plain_silence(self) -> bool:
        return len(self._heads) == 1 and self._heads[0].loop is None and not self._changes

    def plan_ahead(self, now: Moment) -> None:
        """Ask for the loops that will be needed soon, once a tick. Thread: audio"""
        tick = now.tick
        if tick == self._tick:
            return
        self._cursor = max(self._cursor, Fraction(tick, TICKS_PER_BEAT) + self._ahead_beats)
        if self._is_due(self._cursor):
            for swap in self.plan.advance(self._cursor):
                self._plan(swap)
            self._due = self.plan.due()
        if tick % TICKS_PER_BEAT == 0 or self._tick < 0 or self._moved:
            self._foresee(now)

    @property
    def _ahead_beats(self) -> Fraction:
        return _ahead(self.plan.fade_beats)

    def next_tick(self, now: Moment) -> int:
        """The tick at which there is something to plan or to settle next, with the next beat at the latest.

        Thread: audio
        """
        ticks = [(now.tick // TICKS_PER_BEAT + 1) * TICKS_PER_BEAT]
        # Rounded so that a tick is at most told too early.
        settles = self.swaps.settles_beats
        if settles is not None:
            ticks.append(math.ceil(settles * TICKS_PER_BEAT - TOO_EARLY) - 1)
        if self._due is not None:
            planned = float(self._due) - float(self._ahead_beats)
            ticks.append(math.floor(planned * TICKS_PER_BEAT - TOO_EARLY) + 1)
        if self._moved:
            ticks.append(now.tick + 1)
        return max(now.tick + 1, min(ticks))

    def settle(self, now: Moment) -> None:
        """Let in swaps that are near, or put them off where their loop is late; once a tick. Thread: audio"""
        tick = now.tick
        if tick == self._tick:
            return
        self._tick = tick
        # All that settles before the next tick.
        for swap, loop, beat in self.swaps.settle(Fraction(tick + 1, TICKS_PER_BEAT)):
            self._enter(swap, loop, beat)
        self._timeline.forget(now.reference)

    def add(self, event: PlanEvent) -> None:
        """Take an event of the planned parameters. Thread: audio"""
        self.plan.add(event)
        self._due = event.beat if self._due is None else min(self._due, event.beat)
        self._moved = True

    def send(self, name: str, sample: int, value: Value) -> None:
        """Read otherwise from ``sample`` on. Thread: audio"""
        bisect.insort_right(self._changes, (sample, name, value), key=lambda change: change[0])

    def next_change(self, now: Moment) -> float:
        """A sample up to which the deck is read as it is at ``now``; infinite where nothing waits. Thread: audio"""
        change: float = self._changes[0][0] if self._changes else math.inf
        entry = self._timeline.next_after(now.reference)
        if entry is None:
            return change
        # One less: places on the grid are rounded to the nearest sample.
        return min(change, self._clock.sample_at(Fraction(entry.at, BEAT_SAMPLES)) - 1)

    def render(self, now: Moment, count: int) -> Float | None:
        """Sound of the next ``count`` samples, (channels, count); None while the deck is silent.

        Thread: audio
        """
        if self.silent:
            self._was_silent = True
            return None
        start, end = now.sample, now.sample + count
        if self._changes:
            self._change(start, end)
            if self.silent:
                return None
        tonal = self._timeline.is_tonal(now.reference)
        for head in self._heads:
            if not head.kind:
                head.start(head.wanted(now, head.tonal if head.loop else tonal))
        head = self._heads[-1]
        kind = head.wanted(now, head.tonal if head.loop else tonal)
        if kind != head.kind:
            if not self._was_silent:
                head = head.again(start, count)
                self._heads.append(head)
            head.start(kind)
        self._was_silent = False
        sound = self._heads[0].render(start, count)
        if len(self._heads) > 1:
            return self._blended(sound.copy(), start, count)
        # What is a view may be of a loop.
        return sound if sound.base is None else sound.copy()

    def _blended(self, sound: Float, start: int, count: int) -> Float:
        """``sound`` of the first head with the others faded in over it; drops those that have faded out."""
        end = start + count
        for head in self._heads[1:]:
            first = max(start, head.begin)
            part = head.render(first, end - first)
            gain = np.clip((np.arange(first, end) - head.begin) / max(1, head.fade_samples), 0.0, 1.0)
            below = sound[:, first - start :]
            below += (part - below) * gain.astype(np.float32)
            # What has faded in whole is that sound to the bit.
            whole = max(0, head.begin + head.fade_samples - first)
            below[:, whole:] = part[:, whole:]
        while len(self._heads) > 1 and self._heads[1].begin + self._heads[1].fade_samples <= end:
            self._heads.pop(0)
        return sound

    def _change(self, start: int, end: int) -> None:
        """New heads for what is sent within this quantum."""
        while self._changes and self._changes[0][0] < end:
            sample = max(start, self._changes[0][0])
            fade = FADE_SAMPLES
            while self._changes and max(start, self._changes[0][0]) == sample:
                _, name, value = self._changes.pop(0)
                self._take(name, value, self._clock.reference_at(sample))
                if name in ("cue", "retrigger") and value:
                    fade = ATTACK_FADE_SAMPLES
            head = self._head(sample, fade)
            if self._was_silent and head.loop is None:
                self._heads = [head]
                continue
            self._heads.append(head)
            if len(self._heads) > MOST_HEADS:
                del self._heads[1]

    def _take(self, name: str, value: Value, reference: int) -> None:
        self.values[name] = value
        self._hands = self._hands.sent(name, float(value), reference)
        if name == "cue":
            self._cued_at = reference

    def _head(self, sample: int, fade: int) -> Head:
        """A head for how things are set now."""
        reference = self._clock.reference_at(sample)
        present = self._timeline.present(reference)
        reading, loop = self._hands.reading(), None
        cued = self._timeline.loaded if present.loop is None else present
        if self.values["cue"] and cued is not None:
            reading, loop = Reading(-self._cued_at), cued.loop
        tonal = cued.tonal if cued else self._timeline.last.tonal
        semitones = int(float(self.values["pitch_semitones"]))
        if tonal and self.values["in_key"]:
            semitones = in_key(semitones)
        pitch = float(2.0 ** (semitones / 12.0))
        return Head(
            self._timeline.read,
            self._clock,
            self._channels,
            reading,
            sample,
            fade,
            pitch=pitch,
            loop=loop,
            tonal=tonal,
        )

    def _foresee(self, now: Moment) -> None:
        """Ask now for loops that will be fixed later, if nothing changes; what was foreseen otherwise is let go."""
        self._moved = False
        foreseen: dict[LoopRequest, Ticket] = {}
        hand_waits = True
        until = self._cursor + self._foresight(now)
        for swap in self.plan.peek(until) if self._is_due(until) else ():
            if swap.request is None or swap.same or self.swaps.is_lost(swap):
                continue
            ticket = self._foreseen.get(swap.request)
            if ticket is None or ticket.error:
                # The first loop that a hand's move leads to is what it waits for.
                by_hand = hand_waits and self.gestures.waits_at(swap.beat)
                ticket = (
                    self._source.request(swap.request)
                    if by_hand
                    else request_ahead(self._source, swap.request, float(swap.beat))
                )
            hand_waits = hand_waits and not self.gestures.waits_at(swap.beat)
            foreseen[swap.request] = ticket
        self._foreseen = foreseen

    def _is_due(self, until: Fraction) -> bool:
        return self._due is not None and self._due < until

    def _foresight(self, now: Moment) -> Fraction:
        """How many beats to look ahead: as long as the source says that loops take, where it knows."""
        ahead_s = getattr(self._source, "ahead_s", None)
        if ahead_s is None:
            return FORESIGHT_BEATS
        return max(FORESIGHT_BEATS, Fraction(ahead_s * self._clock.tempo_at(now.sample) / 60.0))

    def _plan(self, swap: Swap) -> None:
        if swap.same:
            self.moved.append((swap.beat, swap.mixer))
        else:
            self.swaps.add(swap)

    def _ask(self, swap: Swap) -> Ticket:
        assert swap.request is not None
        foreseen, since = self._foreseen.get(swap.request), float(self._timeline.last.beat)
        by_hand = self.gestures.waits_at(swap.beat)
        return request_fixed(self._source, swap.request, foreseen, since, by_hand)

    def _enter(self, swap: Swap, loop: Loop | None, beat: Fraction) -> None:
        last = self._timeline.last
        at = int(beat * BEAT_SAMPLES + Fraction(1, 2))
        fade = int(swap.fade_beats * BEAT_SAMPLES)
        if last.loop is None:
            fade = min(fade, START_FADE_SAMPLES)
        # Not into the past: at the very start there is nothing to fade from.
        fade = max(0, min(fade, at - self._clock.reference_at(0), at - last.at))
        tonal = self._source.voices.get(swap.request.voice, False) if swap.request else False
        self._timeline.add(Playing(at, fade, loop, tonal, beat, swap.request))
        self.entered.append((beat, swap.request))
        if swap.mixer:
            self.moved.append((beat, swap.mixer))
        if tonal != last.tonal and self.values["pitch_semitones"]:
            # Tonal voices move in key, rhythms freely.
            self.send("in_key", self._clock.sample_at(beat), self.values["in_key"])
        if swap.request is not None:
            self._outcomes(Entry(self._number, float(swap.beat), float(beat), swap.request))
            self.gestures.heard(swap.beat, self._clock.sample_at(beat - Fraction(fade, BEAT_SAMPLES)))
