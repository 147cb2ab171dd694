"""The engine: from a set, its events and a number of samples to sound.

It is a pure function of those: inside, everything runs in quanta of 512 samples on an absolute grid, and
``process`` hands out as many samples as asked, so the size of a caller's blocks changes nothing. Events of
the mixer act at their very sample; events that choose loops act at the next grid line of their deck. The
transport is counted in samples.
"""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.signal import butter

from aijockey.control import parameters
from aijockey.control.parameters import GLOBAL_PARAMETERS
from aijockey.live.clock import Moment, TempoMap
from aijockey.live.deck import Deck
from aijockey.live.effects.echo import Echo
from aijockey.live.effects.limiter import Limiter
from aijockey.live.effects.room import Room
from aijockey.live.effects.sections import Sections
from aijockey.live.loop_source import LoopSource
from aijockey.live.plan import PlanEvent
from aijockey.live.set_file import Event, LiveSet, SetError
from aijockey.live.smoothing import Smoothed
from aijockey.live.strip import Gain, Strip, factor
from aijockey.live.voices import check_voices
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

Float = npt.NDArray[np.float32]

QUANTUM_SAMPLES = 512
DC_HZ = 10.0
TEMPO = "transport.tempo_bpm"


class Engine:
    """Plays a set.

    Parameters
    ----------
    live_set : what to play.
    source : where its loops come from; must know every voice that the set names.

    Raises
    ------
    SetError : the set names a voice that the source does not have.
    """

    latency_samples = Limiter.latency_samples

    def __init__(self, live_set: LiveSet, source: LoopSource) -> None:
        check_voices(live_set, source)
        self.live_set = live_set
        self.clock = TempoMap(live_set.tempo_bpm)
        self.decks = [Deck(dict(deck), source, self.clock) for deck in live_set.decks]
        self.strips = [Strip(deck) for deck in live_set.decks]
        self.limiter = Limiter()
        values = {address: row.default for address, row in GLOBAL_PARAMETERS.items()} | dict(live_set.mixer)
        self._mixer = {
            address: Smoothed(float(value)) for address, value in values.items() if address != TEMPO
        }
        self._echo, self._room = Echo(), Room()
        self._dc_blocker = Sections(butter(1, DC_HZ, btype="highpass", fs=RATE_HZ, output="sos"), 2)
        self._events: list[Event] = []
        self._position = 0  # of the next quantum
        self._ready = np.zeros((2, 0), dtype=np.float32)
        for event in live_set.events:
            self._take(event)
        self._events.reverse()  # the next one is popped from the end

    @property
    def position_samples(self) -> int:
        """Samples handed out so far; what `process` gives next belongs there, late by ``latency_samples``."""
        return self._position - self._ready.shape[1]

    @property
    def position_beats(self) -> float:
        """Position of the transport in beats."""
        return float(self.clock.beat_at(self.position_samples))

    @property
    def tempo_bpm(self) -> float:
        """Present tempo."""
        return self.clock.tempo_at(self.position_samples)

    def sample_of_bar(self, bar: int) -> int:
        """First sample of a bar (0 is the first), as far as the tempo is known. Thread: any"""
        return self.clock.sample_at(bar * BEATS_PER_BAR)

    def prime(self) -> bool:
        """Ask for the loops of the first bars; True once all are there.

        Thread: control, before the first block
        """
        for deck in self.decks:
            deck.plan_ahead(Moment.of(self.clock, self._position))
        return not any(deck.pending for deck in self.decks)

    def submit(self, address: str, value: object, over_beats: float = 0.0) -> Event:
        """Do something now: applied from the next quantum on (mixer, tempo) or at the deck's next grid line.

        Returns the event with the beat it acts from, which replays the same when it stands in a set file.
        Thread: audio

        Raises
        ------
        ParameterError : unknown address or value out of range.
        """
        target = parameters.resolve(address)
        checked = target.parameter.check(value, address)
        beat = self.clock.beat_at(self._position)
        if target.deck is not None and target.parameter.planned:
            beat = max(beat, self.decks[target.deck].plan_cursor)
        event = Event(float(beat), address, checked, over_beats)
        if target.deck is not None and target.deck >= len(self.decks):
            raise SetError(f"{address}: the set has {len(self.decks)} decks")
        self._take(event)
        self._events.sort(key=lambda item: -item.beat)
        return event

    def process(self, count: int) -> Float:
        """The next ``count`` samples, (2, count), within -1 dBTP and finite. Thread: audio"""
        pieces, there = [self._ready], self._ready.shape[1]
        while there < count:
            pieces.append(self._quantum())
            there += QUANTUM_SAMPLES
        sound = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
        self._ready = sound[:, count:]
        return sound[:, :count]

    def _take(self, event: Event) -> None:
        target = parameters.resolve(event.address)
        if target.deck is not None and target.parameter.planned:
            name = f"controls.{target.control}" if target.control else target.parameter.name
            plan_event = PlanEvent(Fraction(event.beat), name, event.value, event.over_beats)
            self.decks[target.deck].add(plan_event)
        else:
            self._events.append(event)

    def _quantum(self) -> Float:
        start, count = self._position, QUANTUM_SAMPLES
        self._apply_events(start, count)
        moment = Moment.of(self.clock, start)
        for deck in self.decks:
            deck.plan_ahead(moment)
            deck.settle(moment)
        mixer = {address: value.render(start, count) for address, value in self._mixer.items()}
        beats = np.linspace(
            float(moment.beat), float(self.clock.beat_at(start + count)), count, endpoint=False
        )
        main, echo, room = (np.zeros((2, count), dtype=np.float32) for _ in range(3))
        for deck, strip in zip(self.decks, self.strips, strict=True):
            buses = strip.process(deck.render(moment, count), start, count, beats, mixer["mixer.crossfader"])
            if buses is None:
                continue
            main += buses.main
            if buses.echo is not None:
                echo += buses.echo
            if buses.room is not None:
                room += buses.room
        main += self._returns(echo, room, mixer)
        main = (main * factor(mixer["master.gain_db"])).astype(np.float32, copy=False)
        if not np.isfinite(main.sum()):
            main = np.nan_to_num(main, nan=0.0, posinf=0.0, neginf=0.0)
        level = self._dc_blocker(main)
        self._position += count
        return self.limiter.process(level.astype(np.float32))

    def _returns(self, echo: Float, room: Float, mixer: dict[str, Gain]) -> Float:
        beat_samples = 60.0 * RATE_HZ / self.clock.tempo_at(self._position)
        delay_samples = round(_last(mixer["echo.time_beats"]) * beat_samples)
        repeats = self._echo.process(echo, delay_samples, mixer["echo.feedback"])
        answer = self._room.process(room, _last(mixer["room.size"]), _last(mixer["room.damping"]))
        returned = repeats * factor(mixer["echo.gain_db"]) + answer * factor(mixer["room.gain_db"])
        return returned.astype(np.float32)

    def _apply_events(self, start: int, count: int) -> None:
        """Hand each event of this quantum to what it moves, with its sample."""
        while self._events:
            event = self._events[-1]
            beat = Fraction(event.beat)
            sample = self.clock.sample_at(beat)
            if sample >= start + count:
                return
            self._events.pop()
            if event.address == TEMPO:
                # Never into the past: what has sounded keeps its beats.
                beat = max(beat, self.clock.beat_at(start))
                self.clock.change(beat, float(event.value), event.over_beats)
                continue
            over_samples = (
                self.clock.sample_at(beat + Fraction(event.over_beats)) - sample if event.over_beats else 0
            )
            target = parameters.resolve(event.address)
            sample = max(sample, start)
            if target.deck is None:
                self._mixer[event.address].send(sample, float(event.value), over_samples)
            else:
                self.strips[target.deck].send(target.parameter.name, sample, event.value, over_samples)


def _last(value: Gain) -> float:
    return value if isinstance(value, float) else float(value[-1])
