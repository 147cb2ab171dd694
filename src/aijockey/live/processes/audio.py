"""The audio process: the engine and nothing else. It renders into the ring, ahead of what sounds, and waits for nobody.

At each border of a quantum it takes a bounded number of commands from its mailboxes and one loop from the exchange.
How far it runs ahead is as little as the machine allows: it starts with eight quanta, made before the device takes the
first, comes down to two, and doubles after an underrun.
"""

import gc
import time
from itertools import chain, islice
from typing import Any

import numpy as np

from aijockey.control.parameters import Value
from aijockey.errors import AijockeyError
from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.gesture_delay import delay_figures
from aijockey.live.live_input import RingInput
from aijockey.live.master import Outputs
from aijockey.live.processes.audio_setup import JOURNAL_BYTES, AudioSetup
from aijockey.live.processes.board import Board
from aijockey.live.processes.children import prioritise_audio
from aijockey.live.processes.desk_link import changed_values
from aijockey.live.processes.exchange import LoopExchange
from aijockey.live.processes.exchange_source import ExchangeSource
from aijockey.live.processes.gallery import key_of_text
from aijockey.live.processes.health import Shares
from aijockey.live.processes.mailbox import Mailbox
from aijockey.live.processes.pace import DEVICE_LOST_S, Pace
from aijockey.live.processes.pulse import COLUMNS, Pulse, show_pulse
from aijockey.live.processes.reserve import Reserve
from aijockey.live.processes.restore import entry_message, event_message
from aijockey.live.set_file import parse_set
from aijockey.live.shared_ring import SharedRing
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

QUANTUM_S = QUANTUM_SAMPLES / RATE_HZ
IDLE_S = 0.0015
PUBLISH_S = 0.05
# What one quantum takes in; the rest waits for the next, and what waits is thinned by its sender.
MOST_COMMANDS = 16
COMMANDS_S = 0.1 * QUANTUM_S
COLLECT_S = 10.0
# Lines that one quantum adds to the journal, and that the last one does.
MOST_TOLD = 24
MOST_AT_LAST = 4096
MOST_UNTOLD = 1024
MOST_TEXT = 200
# Of the engine's state, what is shown as it is.
TRANSPORT = ("target_bpm", "nudge", "keep_pitch", "swing", "bar_of_phrase", "phrase", "steps_to_undo")


def perform(setup: AudioSetup) -> None:
    """Play the set. Runs in a process of its own."""
    Performance(setup).run()


class Performance:
    """An engine and everything it reads and writes."""

    def __init__(self, setup: AudioSetup) -> None:
        self.setup = setup
        self.ring = SharedRing.attach(setup.ring)
        self.board = Board(setup.board)
        self.inboxes = [Mailbox(name=name) for name in setup.inboxes]
        self.journal = Mailbox(JOURNAL_BYTES, setup.journal)
        exchange = LoopExchange(setup.channels, setup.loop_samples, setup.exchange)
        self.source = ExchangeSource(exchange, setup.voices, setup.paces)
        self.heard = SharedRing.attach(setup.heard)
        self._with_decks = self.ring.channels > 2
        self.cue = SharedRing.attach(setup.cue) if setup.cue else None
        self.input = None
        if setup.live_input:
            self.input = RingInput(SharedRing.attach(setup.live_input), setup.block_samples)
        self.engine = Engine(
            parse_set(setup.set_text), self.source, with_decks=self._with_decks, live_input=self.input
        )
        self.source.decks = len(self.engine.decks)
        self._align()
        self.reserve = Reserve(setup.ahead_samples, setup.block_samples)
        self.shares = Shares()
        self.scheduling = "normal"
        self.refused_commands = 0
        self.last_error = ""
        self._ring_start = self.ring.written  # frame of the engine's sample 0
        self._entered: list[object] = [None] * len(self.engine.decks)
        self._fade: tuple[int, int] | None = None  # samples faded, of how many
        self._published = 0.0
        self._meters: object = None
        self._values_told: dict[str, Value] = {}
        self._collected = time.monotonic()

    def run(self) -> None:
        """Prime, warm up, then play until the process is ended."""
        self._prime()
        gc.collect()
        gc.freeze()
        gc.disable()
        self.scheduling = prioritise_audio()
        pace = Pace(time.monotonic_ns, self.ring.written)
        self.board["written_at_start"] = self.ring.written
        self.board["clock_position"] = pace.position
        # The first quantum takes as long as four others: all that is in stock is made before the device may begin.
        while self._top_up(pace.position):
            self.board.beat("engine")
        self.board["primed"] = 1
        while not self.board["go"]:
            self.board.beat("engine")
            self._top_up(pace.position)
            self._publish()
            time.sleep(IDLE_S)
        self.reserve.begin(time.monotonic())
        # Time passed while everybody got ready; the clock begins now.
        pace = Pace(time.monotonic_ns, max(pace.position, self.board["clock_position"]))
        underruns = self.board["underruns"]
        while True:
            self.board.beat("engine")
            position = pace.update(
                self.board.age_s("device"), self.board["device_position"], self.ring.written
            )
            self.board["clock_position"] = position
            if not self._top_up(position):
                self.reserve.filled(time.monotonic())
                self._rest()
            if self.board["underruns"] != underruns:
                underruns = self.board["underruns"]
                self.reserve.ran_out(time.monotonic())

    def _prime(self) -> None:
        deadline = time.monotonic() + self.setup.patience_s
        while not self.engine.prime() and time.monotonic() < deadline:
            self.board.beat("engine")
            self.source.poll(8)
            time.sleep(IDLE_S)

    def _top_up(self, position: int) -> bool:
        """Render a quantum if there is room for one ahead of ``position``."""
        if self.ring.finished or self.ring.written - position > self.reserve.samples - QUANTUM_SAMPLES:
            return False
        began = time.perf_counter()
        self._take_commands(began)
        self.source.poll()
        self._write(self.engine.process_outputs(QUANTUM_SAMPLES))
        self.shares.add((time.perf_counter() - began) / QUANTUM_S)
        self._show_pulse()
        self._list_loops()
        self._tell()
        end = self.engine.clock.sample_at(self.setup.bars * BEATS_PER_BAR) + self.engine.latency_samples
        if self.engine.position_samples >= end:
            self._finish()
        self._publish()
        return True

    def _write(self, outputs: Outputs) -> None:
        decks = () if outputs.decks is None else (outputs.decks,)
        sound = np.concatenate([outputs.master, *decks, outputs.output])
        if self._fade:
            sound = self._faded(sound)
        self.heard.write(sound[-2:])
        self.ring.write(sound[:-2])
        if self.cue is not None:
            self.cue.write(outputs.cue)

    def _align(self) -> None:
        """All rings count the same frames, also where the last engine was killed between them."""
        rings = [ring for ring in (self.ring, self.heard, self.cue) if ring is not None]
        last = max(ring.written for ring in rings)
        for ring in rings:
            if ring.written < last:
                ring.write(np.zeros((ring.channels, last - ring.written), dtype=np.float32))

    def _rest(self) -> None:
        self.source.poll()
        now = time.monotonic()
        if now - self._collected > COLLECT_S:
            # Only what was made since the warm-up is looked at: a few milliseconds, in a moment with sound in stock.
            self._collected = now
            gc.collect(1)
        self._publish()
        time.sleep(IDLE_S)

    def _take_commands(self, began: float) -> None:
        # What the journal cannot keep up with waits with its senders, who thin it.
        most = MOST_COMMANDS if self._untold < MOST_UNTOLD else MOST_TOLD // (2 * len(self.inboxes))
        for inbox in self.inboxes:
            for _ in range(most):
                message = inbox.take()
                if message is None:
                    break
                self._obey(message)
                if time.perf_counter() - began > COMMANDS_S:
                    break

    def _obey(self, message: dict[str, Any]) -> None:
        try:
            if message.get("do") == "fade_out":
                self._fade = self._fade or (0, max(1, round(float(message["seconds"]) * RATE_HZ)))
                return
            self.engine.submit(str(message["set"]), message["to"], float(message.get("over", 0.0)))
        except (AijockeyError, KeyError, TypeError, ValueError) as error:
            self.refused_commands += 1
            self.last_error = f"{type(error).__name__}: {error}"[:300]

    @property
    def _untold(self) -> int:
        return len(self.engine.performance.events) + len(self.engine.performance.entries)

    def _tell(self, most: int = MOST_TOLD) -> None:
        """Put what was done, and what became of loops, into the journal; what has no room waits for the next time."""
        performance, offset = self.engine.performance, self.setup.beat_offset
        news = chain(
            ({"event": event_message(event, offset)} for event in performance.events),
            ({"entry": entry_message(entry, offset)} for entry in performance.entries),
        )
        events, told = len(performance.events), 0
        for message in islice(news, most):
            if not self.journal.put(message):
                break
            told += 1
        # The supervisor has it now; kept here too, it would grow all night.
        performance.forget(min(told, events), max(0, told - events))

    def _finish(self) -> None:
        """Nothing more will be played: tell the rest, and what was never heard."""
        self._tell(MOST_AT_LAST)
        for deck in self.engine.decks:
            for entry in deck.swaps.overdue():
                self.journal.put({"entry": entry_message(entry, self.setup.beat_offset)})
        self.heard.finish()
        self.ring.finish()

    def _list_loops(self) -> None:
        """Say which loops entered, for the track list."""
        for number, deck in enumerate(self.engine.decks):
            news = []
            for entry in reversed(deck.entered):
                if entry is self._entered[number]:
                    break
                news.append(entry)
            for beat, request in reversed(news):
                entered = {
                    "deck": number + 1,
                    "beat": float(beat) + self.setup.beat_offset,
                    "sample": self._ring_start
                    + self.engine.clock.sample_at(beat)
                    + self.engine.latency_samples,
                    "voice": request.voice if request else "",
                }
                if request:
                    entered |= {
                        "seed": request.point.seed,
                        "point": str(request.point),
                        "controls": dict(request.controls),
                    }
                self.journal.put({"loop": entered})
            if news:
                self._entered[number] = news[0]

    def _faded(
        self, sound: "np.ndarray[Any, np.dtype[np.float32]]"
    ) -> "np.ndarray[Any, np.dtype[np.float32]]":
        assert self._fade is not None
        done, length = self._fade
        gains = 1.0 - np.arange(done + 1, done + sound.shape[1] + 1, dtype=np.float32) / length
        self._fade = (done + sound.shape[1], length)
        if done + sound.shape[1] >= length:
            self._finish()
        return sound * np.maximum(gains, 0.0, dtype=np.float32)

    def _show_pulse(self) -> None:
        """Position and meters, whenever the meters are new."""
        engine = self.engine
        if engine.meters.snapshot is self._meters:
            return
        self._meters = levels = engine.meters.snapshot
        # The ring is written up to here, with sound that is late by what the engine looks ahead.
        late_beats = engine.latency_samples * engine.tempo_bpm / (60.0 * RATE_HZ)
        show_pulse(
            self.board,
            Pulse(
                self.ring.written,
                engine.position_beats + self.setup.beat_offset - late_beats,
                engine.tempo_bpm,
                engine.limiter.gain_reduction_db,
                np.roll(levels, 1, axis=0)[:, :COLUMNS],
            ),
        )

    def _shown(self, deck: dict[str, Any]) -> dict[str, Any]:
        """What is shown of a deck, with keys of its loops' pictures, in beats of the performance."""
        enters = deck["enters"]
        return {
            **deck,
            "enters": None if enters is None else enters + self.setup.beat_offset,
            "fixed": deck["fixed"] + self.setup.beat_offset,
            "loop_key": key_of_text(deck["loop"]),
            "next_key": key_of_text(deck["next"]),
        }

    def _publish(self) -> None:
        now = time.monotonic()
        if now - self._published < PUBLISH_S:
            return
        self._published = now
        self.board.publish("state", self.state())
        values = self.engine.conductor.values
        if values != self._values_told:
            self._values_told = dict(values)
            self.board.publish("values", changed_values(values))

    def state(self) -> dict[str, Any]:
        """What everybody may know."""
        engine = self.engine
        shown = engine.state()
        return {
            "beat": round(engine.position_beats + self.setup.beat_offset, 4),
            "bar": round((engine.position_beats + self.setup.beat_offset) / BEATS_PER_BAR, 4),
            "tempo_bpm": round(engine.tempo_bpm, 3),
            "heard": self._heard(),
            "position_samples": engine.position_samples,
            "load": self.shares.as_json(),
            "ahead_ms": round(1000 * self.reserve.samples / RATE_HZ, 1),
            "scheduling": self.scheduling,
            "late_loops": sum(deck.swaps.late_loops for deck in engine.decks),
            "failed_loops": sum(deck.swaps.failed_loops for deck in engine.decks),
            "waiting_loops": self.source.waiting,
            "dropped_requests": self.source.dropped,
            "withdrawn_requests": self.source.withdrawn,
            "asked_ahead_s": round(self.source.ahead_s, 2),
            "gesture_ms": delay_figures([delay for deck in engine.decks for delay in deck.gestures.delays_s]),
            "launch_ms": delay_figures(
                [delay for deck in engine.decks for delay in deck.gestures.launches_s]
            ),
            "refused_commands": self.refused_commands,
            "untold": self._untold,
            "last_error": self.last_error,
            "input_gaps": self.input.gaps if self.input else 0,
            "limiter_db": round(engine.limiter.gain_reduction_db, 2),
            **{name: shown[name] for name in TRANSPORT},
            "decks": [
                {
                    **_shortened(self._shown(shown_deck)),
                    "pending": deck.swaps.pending,
                    "swaps": len(deck.entered),
                    "failed": deck.swaps.failed_loops,
                    "peak": round(float(strip.peak), 4),
                    "faults": strip.faults,
                }
                for shown_deck, deck, strip in zip(shown["decks"], engine.decks, engine.strips, strict=True)
            ],
        }

    def _heard(self) -> dict[str, float] | None:
        """The beat that the device takes now, its tempo, and when that was so on the steady clock; None before the set
        runs.
        """
        engine, board = self.engine, self.board
        if not board["go"]:
            return None
        position, at_s = board["clock_position"], time.monotonic()
        if board.age_s("device") < DEVICE_LOST_S:
            # A device takes whole blocks: what it takes next is known best at the time when it took one.
            position, at_s = board["device_position"], board["device_beat_ns"] / 1e9
        sample = position - self._ring_start - engine.latency_samples
        tempo_bpm = engine.clock.tempo_at(max(0, sample))
        before_beats = min(0, sample) * tempo_bpm / (60.0 * RATE_HZ)
        beat = float(engine.clock.beat_at(max(0, sample))) + before_beats
        return {
            "beat": round(beat + self.setup.beat_offset, 5),
            "tempo_bpm": round(tempo_bpm, 3),
            "at_s": round(at_s, 5),
        }


def _shortened(values: dict[str, Any]) -> dict[str, Any]:
    """Texts may be long; a board has only so much room."""
    return {name: value[:MOST_TEXT] if isinstance(value, str) else value for name, value in values.items()}
