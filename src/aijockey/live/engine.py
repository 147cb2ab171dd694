"""The engine: from a set, its events and a number of samples to sound.

It is a pure function of those: inside, everything runs in quanta of 512 samples on an absolute grid (in spans of
several where nothing changes, see `live.span`), and ``process`` hands out as many samples as asked, so the size of a
caller's blocks changes nothing. Events of
the mixer act at their very sample; events that choose loops act at the next grid line of their deck. The
transport is counted in samples. All that is done while it plays is in ``performance``, to be heard again.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import butter

from aijockey.control.parameters import GLOBAL_PARAMETERS, Target, Value
from aijockey.live.clock import TICKS_PER_BEAT, Moment, TempoMap
from aijockey.live.conductor import Conductor
from aijockey.live.crew import Crew
from aijockey.live.deck import Deck
from aijockey.live.effects.limiter import Limiter
from aijockey.live.effects.sections import Sections
from aijockey.live.gain_law import Gain, factor
from aijockey.live.live_input import LiveInput, in_channels
from aijockey.live.loop_source import LoopSource
from aijockey.live.master import Headphones, Outputs
from aijockey.live.meters import Meters
from aijockey.live.mixer import Mixer, global_controls
from aijockey.live.performance import Performance
from aijockey.live.plan import COMMON_GRID
from aijockey.live.plugins import PluginRack
from aijockey.live.sends import gain_of
from aijockey.live.set_file import LiveSet
from aijockey.live.set_parts import Event
from aijockey.live.span import MOST_QUANTA, QUANTUM_SAMPLES, quanta_until
from aijockey.live.state import snapshot
from aijockey.live.strip import Strip, named_plugins
from aijockey.live.voices import check_voice, check_voices
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

DC_HZ = 10.0
_WITHIN = np.arange(QUANTUM_SAMPLES, dtype=np.float64)


class Engine:
    """Plays a set.

    Parameters
    ----------
    live_set : what to play.
    source : where its loops come from; must know every voice that the set names.
    rack : plug-ins of the player. None: those of the player's own configuration.
    with_decks : whether `process_outputs` gives each deck by itself too, for recordings.
    metered : whether anybody looks at ``meters``; without, they stay where they were.
    live_input : what decks carry whose ``input`` is 1; None is silence. No recorded set holds it.
    threads : that work for decks, the calling one included. More than one is for offline rendering where processors
        are idle; beside other load it gained nothing.

    latency_samples : by how much the sound is late: the limiter's look-ahead, and what plug-ins delay.
    meters : of decks and master; read ``meters.snapshot``.

    Raises
    ------
    SetError : the set names a voice that the source does not have.
    """

    def __init__(
        self,
        live_set: LiveSet,
        source: LoopSource,
        rack: PluginRack | None = None,
        *,
        with_decks: bool = False,
        metered: bool = True,
        threads: int = 1,
        live_input: LiveInput | None = None,
    ) -> None:
        check_voices(live_set, source.voices)
        self.live_set = live_set
        self.voices = source.voices
        self.clock = TempoMap(live_set.tempo_bpm)
        self.performance = Performance(live_set)
        self.decks = [
            Deck(
                deck, source, self.clock, number=number, outcomes=self.performance.entries.append,
                common_grid_beats=float(live_set.mixer.get(COMMON_GRID, GLOBAL_PARAMETERS[COMMON_GRID].default)),
                entries={entry.planned: entry for entry in live_set.entries if entry.deck == number},
            )
            for number, deck in enumerate(live_set.decks, start=1)
        ]  # fmt: skip
        self.strips = [Strip(deck) for deck in live_set.decks]
        self._crew = Crew(threads)
        self._live_input = live_input
        named = named_plugins(live_set.decks, live_set.events)
        self.mixer = Mixer(self.strips, source.channels, rack, named, self._crew)
        self.limiter = Limiter()
        self.meters = Meters(len(self.decks), source.channels)
        self._metered = metered
        self.latency_samples = self.mixer.latency_samples + Limiter.latency_samples
        self._mixer = global_controls(live_set.mixer)
        self._moving = set(self._mixer)  # of these, the ones that may not be resting
        self._values: dict[str, Gain | Mapping[str, Gain]] = {}
        self._headphones = Headphones(Limiter.latency_samples)
        self._dc_blocker = Sections(butter(1, DC_HZ, btype="highpass", fs=RATE_HZ, output="sos"), 2)
        self.conductor = Conductor(live_set, self.clock, self.decks, self.performance, self._move)
        self._position = 0  # of the next quantum
        self._ready = Outputs.silence(0)
        # Decks are late by what the limiter looks ahead, to lie beside the master.
        self._line = (
            np.zeros((2 * len(self.decks), Limiter.latency_samples), dtype=np.float32) if with_decks else None
        )

    @property
    def position_samples(self) -> int:
        """Samples handed out so far; what `process` gives next belongs there, late by ``latency_samples``."""
        return self._position - self._ready.samples

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
        return not any(deck.swaps.pending for deck in self.decks)

    def submit(self, address: str, value: object, over_beats: float = 0.0) -> Event | None:
        """Do something now: applied from the next quantum on (mixer, tempo, reading) or at the deck's next grid
        line. A gesture (undo, tap, halve…) becomes the events that it comes down to.

        Returns the event with the beat it acts from (the last, of a gesture with several; None where there was
        nothing to do). All are in ``performance`` and replay the same from a set file.
        Thread: audio

        Raises
        ------
        ParameterError, SetError : unknown address, value out of range, no such deck or voice.
        """
        if address.endswith((".voice", ".morph_voice")):
            check_voice(value, self.voices)
        return self.conductor.submit(self._position, address, value, over_beats)

    def recorded(self, title: str | None = None) -> LiveSet:
        """What was played so far, as a set that plays it again sample for sample. Thread: audio"""
        overdue = [entry for deck in self.decks for entry in deck.swaps.overdue()]
        return self.performance.live_set_at(self.clock.beat_at(self._position), title, overdue=overdue)

    def state(self) -> dict[str, Any]:
        """Transport and decks as plain values, see `aijockey.live.state`. Thread: audio"""
        return snapshot(self)

    def process(self, count: int) -> Float:
        """The master's next ``count`` samples, (2, count), within -1 dBTP and finite. Thread: audio"""
        return self.process_outputs(count).master

    def process_outputs(self, count: int) -> Outputs:
        """The next ``count`` samples of master and headphones. Thread: audio"""
        pieces, there = [self._ready], self._ready.samples
        if count <= there:
            sound, self._ready = self._ready.part(0, count), self._ready.part(count, None)
            return sound
        while there < count:
            pieces.append(self._span(-((there - count) // QUANTUM_SAMPLES)))
            there += pieces[-1].samples
        sound = Outputs.joined(pieces)
        self._ready = sound.part(count, None)
        return sound.part(0, count)

    def _span(self, most: int) -> Outputs:
        """The next quantum, or up to ``most`` of them where all go on alike."""
        start = self._position
        self.conductor.apply(start, QUANTUM_SAMPLES)
        moment = Moment.of(self.clock, start)
        for deck in self.decks:
            deck.plan_ahead(moment)
            deck.settle(moment)
        self.conductor.collect()
        count = QUANTUM_SAMPLES * (self._alike(moment, most) if most > 1 else 1)
        controls = self._controls(start - self.mixer.latency_samples, count)
        given = self._crew.map(lambda deck: deck.render(moment, count), self.decks)
        beat_samples = 60.0 * RATE_HZ / self.clock.tempo_at(start)
        live = None
        if self._live_input is not None:
            live = in_channels(self._live_input.read(count), self.mixer.channels)
        mix = self.mixer.process(given, start, self._beats(start, count), beat_samples, controls, live)
        master = self._master(mix.main, controls)
        if self._metered:
            self.meters.add(mix.before_fader, self.mixer.peaks, master)
        self._position += count
        outputs = self._headphones.process(master, mix.cue, controls)
        if self._line is None:
            return outputs
        line = np.concatenate([self._line, mix.sounds.reshape(len(self._line), count)], axis=1)
        self._line = line[:, count:]
        return replace(outputs, decks=line[:, :count])

    def _alike(self, now: Moment, most: int) -> int:
        """How many quanta from ``now`` on go on alike: nothing moves, and no event, change of tempo, change of what a
        deck reads, or moment at which decks plan lies in between.
        """
        if self._moving or not self.mixer.steady:
            return 1
        tick = min(deck.next_tick(now) for deck in self.decks)
        # Decks plan when a quantum begins: one that a tick falls into still belongs to what was before.
        planned = self.clock.sample_at(Fraction(tick, TICKS_PER_BEAT)) + QUANTUM_SAMPLES - 1
        changes = [self.clock.next_change(now.sample), self.conductor.next_change(), planned]
        changes += [deck.next_change(now) for deck in self.decks if not deck.silent]
        return quanta_until(now.sample, changes, min(most, MOST_QUANTA))

    def _controls(self, start: int, count: int) -> Mapping[str, Gain | Mapping[str, Gain]]:
        """Values of the parameters that belong to no deck; those that rest are not asked again."""
        for address in list(self._moving):
            control = self._mixer[address]
            value = self._values[address] = control.render(start, count)
            weights = value.values() if isinstance(value, Mapping) else (value,)
            if control.resting and all(isinstance(weight, float) for weight in weights):
                self._moving.discard(address)
        return self._values

    def _beats(self, start: int, count: int) -> Double:
        """Position of each sample in beats; exact where quanta begin, and straight in between."""
        edges = np.array([
            self.clock.position_at(at) for at in range(start, start + count + 1, QUANTUM_SAMPLES)
        ])  # fmt: skip
        steps = (edges[1:] - edges[:-1]) / QUANTUM_SAMPLES
        beats: Double = (_WITHIN * steps[:, np.newaxis] + edges[:-1, np.newaxis]).ravel()
        return beats

    def _master(self, main: Float, controls: Mapping[str, Gain | Mapping[str, Gain]]) -> Float:
        """``main`` as it goes out: at its level, without what lies below hearing, limited."""
        gain_db = gain_of(controls["master.gain_db"])
        if not (isinstance(gain_db, float) and gain_db == 0.0):
            main = main * factor(gain_db)
        if not np.isfinite(main.sum()):
            main = np.nan_to_num(main, nan=0.0, posinf=0.0, neginf=0.0)
        return self.limiter.process(self._dc_blocker(main).astype(np.float32))

    def _move(self, target: Target, sample: int, value: Value, over_samples: int) -> None:
        """A parameter of the mixer goes to ``value`` from ``sample`` on."""
        if target.deck is None:
            self._mixer[target.parameter.address].send(sample, value, over_samples)
            self._moving.add(target.parameter.address)
        else:
            self.strips[target.deck].send(target.parameter.name, sample, value, over_samples)
