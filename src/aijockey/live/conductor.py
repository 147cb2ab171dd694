"""The conductor: takes events, of the set and of hands, to what they move, each at its beat; keeps the log.

What hands do becomes ordinary events before anything else: a tap becomes a tempo, undo becomes what was. So a
recording holds nothing that would have to be guessed, and a replay goes the same way through the same code.
"""

import heapq
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from aijockey.control import parameters
from aijockey.control.parameters import (
    DECK_PARAMETERS,
    GLOBAL_PARAMETERS,
    LOOP_LENGTHS,
    SILENCE_DB,
    Target,
    Value,
)
from aijockey.live.clock import TempoMap
from aijockey.live.deck import Deck
from aijockey.live.gestures import deal, more_like_this
from aijockey.live.history import History, Move, is_undone
from aijockey.live.loops import LoopRequest
from aijockey.live.members import OF_THE_ENSEMBLE
from aijockey.live.moments import EMPTY, format_moment, parse_moment, parse_pair
from aijockey.live.performance import Performance
from aijockey.live.plan import COMMON_GRID, KNOBS, LAUNCHES, DeckPlan, PlanEvent, request_text
from aijockey.live.point_text import read_point
from aijockey.live.ride import bred, drawn_seed, shaken
from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import Event, SetError, check_move, checked
from aijockey.live.tapping import TapTempo
from aijockey.music.grid import RATE_HZ

TEMPO = "transport.tempo_bpm"
TRANSPORT = "transport"
SILENCED = ("master.gain_db", "master.cue_gain_db")  # by panic
# What changes the loop itself is undone as a whole: voice, point and controls.
LOOP_CHOICES = (
    "voice", "seed", "walk", "glide", "point", "loop", "moment", "skip", "control",
    "pad_x", "pad_y", "morph_voice", "morph",
)  # fmt: skip
# Where these go is where they are, as with controls of a generator; one that follows at once takes their place.
TURNED = (TEMPO, "transport.swing", "deck.N.morph", "deck.N.spread")
# What a moment keeps beside its loop: the mixer of the deck, and how it is read.
KEPT = tuple(
    name
    for name, row in DECK_PARAMETERS.items()
    if not row.planned
    and not row.gesture
    and (not row.read or name in ("pitch_semitones", "in_key", "loop_beats"))
)
# Moves a parameter of the mixer: target, sample, value, samples it may take.
MoveMixer = Callable[[Target, int, Value, int], None]


class Conductor:
    """Hands each event to what it moves.

    values : every parameter as it was last sent, by address.
    performance, history : what was done, and what can be taken back.
    """

    def __init__(
        self,
        live_set: LiveSet,
        clock: TempoMap,
        decks: Sequence[Deck],
        performance: Performance,
        move: MoveMixer,
    ) -> None:
        self.performance = performance
        self.history = History()
        self.values = _initial_values(live_set)
        self._clock, self._decks, self._move = clock, decks, move
        self._tapping = TapTempo()
        self._queue: list[tuple[float, int, int, Event]] = []  # heap by beat; what was derived first
        self._number = 0
        # Line of the log (see `_line_of`) -> what came last on it: its place since the beginning, and its sample.
        self._logged: dict[str, tuple[int, int]] = {}
        self._gestures = {
            "master.panic": self._panic,
            "transport.tap": self._tap,
            "history.undo": self._undo,
            "history.redo": self._redo,
            "halve": self._halve,
            "double": self._double,
            "enqueue": self._enqueue,
            "store": self._store,
            "deal": self._deal,
            "more_like_this": self._more_like_this,
            "shake": self._shake,
            "breed": self._breed,
        }
        for address, value in live_set.mixer.items():
            if address.startswith("transport.") and address != COMMON_GRID:
                self._conduct(Event(0.0, address, value), Fraction(0))
        for event in live_set.events:
            self._take(event)

    def submit(self, sample: int, address: str, value: object, over_beats: float = 0.0) -> Event | None:
        """Do something from ``sample`` on, the first that is not made yet.

        Returns the event that was made of it (the last, if there are more), None where there was nothing to do.
        Thread: audio

        Raises
        ------
        ParameterError, SetError : unknown address, value out of range, no such deck.
        """
        target = parameters.resolve(address)
        if target.deck is not None and target.deck >= len(self._decks):
            raise SetError(f"{address}: the set has {len(self._decks)} decks")
        row = target.parameter
        if row.gesture:
            gesture = self._gestures[row.name if row.group == "deck" else row.address]
            moves, is_step = gesture(sample, target.deck, check_move(address, value))
        else:
            moves, is_step = [(address, checked(address, value), over_beats)], True
        event = None
        for number, move in enumerate(moves):
            event = self._do(sample, move, is_step, joined=number > 0)
        return event

    def apply(self, start: int, count: int) -> None:
        """Hand over the events of samples ``start`` to ``start + count``. Thread: audio"""
        while self._queue:
            event = self._queue[0][3]
            sample = self._clock.sample_at(Fraction(event.beat))
            if sample >= start + count:
                return
            heapq.heappop(self._queue)
            self.values[event.address] = event.value
            target = parameters.resolve(event.address)
            if target.parameter.group == "autopilot":
                continue  # nothing sounds of it; surfaces read the value
            if target.parameter.planned:
                continue  # its deck has had it since it was known; here it only counts as sent
            beat = Fraction(event.beat)
            if target.parameter.group == "transport":
                # Never into the past: what has sounded keeps its beats.
                self._conduct(event, max(beat, self._clock.beat_at(start)))
                continue
            if target.parameter.read and target.deck is not None:
                self._decks[target.deck].send(target.parameter.name, max(sample, start), event.value)
                continue
            over_samples = (
                self._clock.sample_at(beat + Fraction(event.over_beats)) - sample if event.over_beats else 0
            )
            self._move(target, max(sample, start), event.value, over_samples)

    def next_change(self) -> float:
        """Sample of the event that comes first, as far as the tempo is known; infinite where none is left.

        Thread: audio
        """
        return self._clock.sample_at(Fraction(self._queue[0][3].beat)) if self._queue else math.inf

    def collect(self) -> None:
        """Take what decks want moved with the loops that enter. Thread: audio"""
        for number, deck in enumerate(self._decks, start=1):
            if not deck.moved:
                continue
            for beat, mixer in deck.moved:
                for name, value in mixer.items():
                    self._push(Event(float(beat), f"deck.{number}.{name}", value), derived=True)
            deck.moved.clear()

    def _do(self, sample: int, move: Move, is_step: bool, *, joined: bool = False) -> Event:
        address, value, over_beats = move
        target = parameters.resolve(address)
        beat = self._clock.beat_at(sample)
        if target.parameter.planned:
            decks = self._decks if target.deck is None else [self._decks[target.deck]]
            beat = max(beat, *(deck.plan_cursor for deck in decks))
        number = float(beat)
        if target.parameter.planned and Fraction(number) < beat:
            number = math.nextafter(number, math.inf)  # what is fixed already must not hear of it in a replay
        event = Event(number, address, value, over_beats)
        if is_step and is_undone(target.parameter):
            self.history.add(sample, move, self._before(target, address, beat), joined=joined)
        self._log(event, target, sample)
        self.values[address] = event.value
        self._take(event)
        if target.deck is not None and (
            target.parameter.name in LOOP_CHOICES or target.parameter.name in KNOBS
        ):
            launches = target.parameter.name in LAUNCHES
            self._decks[target.deck].gestures.moved(Fraction(event.beat), sample, launches)
        return event

    def _log(self, event: Event, target: Target, sample: int) -> None:
        """Take an event down. Of moves of one parameter on one sample only the last counts, and is kept: a flood of
        them is one. Where others may lie in between, which the order matters to, it has to follow its like at once.
        """
        performance = self.performance
        line = _line_of(event.address, target)
        place, at = self._logged.get(line, (-1, -1))
        index = place - performance.forgotten
        # What others take their time from has to be the very last.
        near = line != TRANSPORT or index == len(performance.events) - 1
        if at == sample and index >= 0 and near:
            last = performance.events[index]
            like = (last.address, last.beat) == (event.address, event.beat)
            if like and (
                line == event.address or (_is_turned(target) and not last.over_beats + event.over_beats)
            ):
                performance.events[index] = event
                return
        if line == TRANSPORT:
            self._logged.clear()  # by it others know how long they take, and decks where their lines are
        self._logged[line] = (performance.forgotten + len(performance.events), sample)
        performance.events.append(event)

    def _take(self, event: Event) -> None:
        target = parameters.resolve(event.address)
        if not target.parameter.planned:
            self._push(event)
            return
        name = f"controls.{target.control}" if target.control else target.parameter.name
        decks = self._decks if target.deck is None else [self._decks[target.deck]]
        for deck in decks:
            name = COMMON_GRID if target.deck is None else name
            deck.add(PlanEvent(Fraction(event.beat), name, event.value, event.over_beats))
        self._push(event)

    def _push(self, event: Event, derived: bool = False) -> None:
        self._number += 1
        heapq.heappush(self._queue, (event.beat, 0 if derived else 1, self._number, event))

    def _conduct(self, event: Event, beat: Fraction) -> None:
        """A parameter of the transport takes its value from ``beat`` on."""
        value = float(event.value)
        if event.address == TEMPO:
            self._clock.change(beat, value, event.over_beats)
        elif event.address == "transport.nudge":
            self._clock.bend(beat, value)
            if event.over_beats and value:
                self._push(Event(event.beat + event.over_beats, event.address, 0.0), derived=True)
        elif event.address == "transport.swing":
            self._clock.set_swing(beat, value)
        elif event.address == "transport.keep_pitch":
            self._clock.keep_pitch = bool(value)

    def _before(self, target: Target, address: str, beat: Fraction) -> dict[str, Value]:
        """The values that bring back how it is now."""
        name = target.parameter.name
        if target.deck is not None and name in OF_THE_ENSEMBLE:
            return {address: self._decks[target.deck].plan.foresee(beat).values[name]}
        if target.deck is None or name not in LOOP_CHOICES:
            return {address: self.values[address]}
        deck = f"deck.{target.deck + 1}"
        plan = self._decks[target.deck].plan.foresee(beat)
        text = plan.loop_text(beat)
        if name in ("moment", "loop"):
            text += "; " + format_moment({kept: self.values[f"{deck}.{kept}"] for kept in KEPT})
        before: dict[str, Value] = {f"{deck}.loop": text}
        if name == "skip":
            before[f"{deck}.queue"] = plan.values["queue"]
        if name == "moment" and not plan.values["play"]:
            before[f"{deck}.play"] = 0.0
        return before

    def _tap(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        tempo_bpm = self._tapping.tap(float(value) or sample / RATE_HZ)
        return ([] if tempo_bpm is None else [(TEMPO, tempo_bpm, 0.0)]), False

    def _panic(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        loud = [address for address in SILENCED if self.values[address] != SILENCE_DB]
        return ([(address, SILENCE_DB, 0.0) for address in loud] if value else []), True

    def _undo(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        return (self.history.undo() if value else []), False

    def _redo(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        return (self.history.redo() if value else []), False

    def _halve(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        return (self._longer(deck, -1) if value else []), True

    def _double(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        return (self._longer(deck, 1) if value else []), True

    def _longer(self, deck: int | None, steps: int) -> list[Move]:
        assert deck is not None
        address = f"deck.{deck + 1}.loop_beats"
        index = LOOP_LENGTHS.index(self.values[address]) + steps
        return [(address, LOOP_LENGTHS[index], 0.0)] if 0 <= index < len(LOOP_LENGTHS) else []

    def _enqueue(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        assert deck is not None
        player = self._decks[deck]
        queued = str(
            player.plan.foresee(max(player.plan_cursor, self._clock.beat_at(sample))).values["queue"]
        )
        address = f"deck.{deck + 1}.queue"
        text = f"{queued} {value}" if queued != EMPTY else str(value)
        self.values[address] = queued
        return [(address, checked(address, text), 0.0)], True

    def _deal(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        assert deck is not None
        trims_db = [float(self.values[f"deck.{number}.trim_db"]) for number in range(1, len(self._decks) + 1)]
        return deal(self._present(deck), deck, len(self._decks), trims_db) if value else [], True

    def _more_like_this(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        assert deck is not None
        player = self._decks[deck]
        plan = player.plan.foresee(max(player.plan_cursor, self._clock.beat_at(sample)))
        queue = more_like_this(self._present(deck), float(value), plan.values["queue"], sample)
        self.values[f"deck.{deck + 1}.queue"] = plan.values["queue"]
        return [(f"deck.{deck + 1}.queue", queue, 0.0)], True

    def _present(self, deck: int) -> LoopRequest:
        """The loop that plays, or the one that would."""
        player = self._decks[deck]
        if player.request is not None:
            return player.request
        return player.plan.foresee(player.plan_cursor).request_at(max(player.plan_cursor, Fraction(0)))

    def _store(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        assert deck is not None
        address = f"deck.{deck + 1}"
        mixer = format_moment({name: self.values[f"{address}.{name}"] for name in KEPT})
        text = f"{request_text(self._present(deck))}; {mixer}"
        return [(f"{address}.moment_{int(float(value))}", text, 0.0)], True

    def _shake(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        assert deck is not None
        plan, beat = self._foreseen(sample, deck)
        point = plan.point(beat)
        text = str(shaken(point, float(value), drawn_seed(f"{point}@{float(beat)!r}")))
        return [(f"deck.{deck + 1}.point", text, 0.0)], True

    def _breed(self, sample: int, deck: int | None, value: Value) -> tuple[list[Move], bool]:
        assert deck is not None
        plan, beat = self._foreseen(sample, deck)
        first, second, seed = parse_pair(str(value))
        mother, father = (parse_moment(str(plan.values[f"moment_{number}"])) for number in (first, second))
        for number, parent in ((first, mother), (second, father)):
            if "point" not in parent:
                raise SetError(f"deck.{deck + 1}.breed: moment {number} holds no loop; store one there first")
        coin = drawn_seed(f"{value}@{float(beat)!r}") if seed is None else seed
        child = bred(read_point(str(mother["point"])), read_point(str(father["point"])), coin)
        of_the_loop = {name: kept for name, kept in mother.items() if name not in KEPT}
        return [(f"deck.{deck + 1}.loop", format_moment({**of_the_loop, "point": str(child)}), 0.0)], True

    def _foreseen(self, sample: int, deck: int) -> tuple[DeckPlan, Fraction]:
        """The deck's plan when all that was sent has been applied, and the beat that a move now acts from."""
        player = self._decks[deck]
        beat = max(player.plan_cursor, self._clock.beat_at(sample), Fraction(0))
        return player.plan.foresee(beat), beat


def _line_of(address: str, target: Target) -> str:
    """Among which events the order matters: of the mixer each parameter goes by itself."""
    row = target.parameter
    if row.group == "transport":
        return TRANSPORT
    if row.planned or row.read:
        return f"deck {target.deck}"
    return address


def _is_turned(target: Target) -> bool:
    """Whether a parameter that is not the mixer's is where it was sent last, whatever was sent just before."""
    return bool(target.control) or target.parameter.address in TURNED


def _initial_values(live_set: LiveSet) -> dict[str, Value]:
    values = {address: row.default for address, row in GLOBAL_PARAMETERS.items() if not row.gesture}
    values |= dict(live_set.mixer) | {TEMPO: live_set.tempo_bpm}
    for number, deck in enumerate(live_set.decks, start=1):
        rows = {name: row.default for name, row in DECK_PARAMETERS.items() if not row.gesture}
        values |= {f"deck.{number}.{name}": value for name, value in {**rows, **deck}.items()}
    return values
