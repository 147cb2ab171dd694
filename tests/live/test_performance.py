"""What was played is written down so that it plays the same again, whatever hands and networks did."""

import numpy as np
import pytest

from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.loops import Ticket
from aijockey.live.set_file import Event, LiveSet, format_set, parse_set

DECKS = (
    {"voice": "kick", "play": 1.0, "refresh_bars": 1.0, "gain_db": -6.0},
    {
        "voice": "tone",
        "play": 1.0,
        "refresh_bars": 1.0,
        "crossfade_beats": 1.0,
        "gain_db": -9.0,
        "room_send": 0.3,
    },
    {"voice": "hats", "gain_db": -6.0},
)
START = LiveSet(
    DECKS, (Event(1.0, "deck.1.walk", 9.0, 24.0), Event(6.0, "mixer.crossfader", 0.2, 3.0)), tempo_bpm=131.0
)


class UnsureSource:
    """Makes some loops at once, some late, some never, by a seeded lot."""

    channels = 1

    def __init__(self, inner, rng):
        self.inner, self.rng, self.voices = inner, rng, inner.voices
        self.open = []

    def request(self, request):
        ticket = Ticket(request)
        lot = self.rng.random()
        self.open.append([ticket, 0 if lot < 0.4 else int(self.rng.integers(50, 450)), lot > 0.9])
        self.pass_quantum()
        return ticket

    def pass_quantum(self):
        for item in self.open:
            item[1] -= 1
            if item[1] <= 0:
                ticket, _, fails = item
                if fails:
                    ticket.error = "the network failed"
                else:
                    ticket.loop = self.inner.request(ticket.request).loop
        self.open = [item for item in self.open if item[1] > 0]

    def close(self):
        pass


def moves(rng):
    """Whatever a hand may do, at random."""
    deck = f"deck.{rng.integers(1, 4)}"
    return [
        (f"{deck}.seed", float(rng.integers(0, 50)), 0.0),
        (f"{deck}.walk", float(rng.integers(0, 50)), 8.0),
        (f"{deck}.play", float(rng.random() < 0.7), 0.0),
        (f"{deck}.voice", str(rng.choice(["kick", "hats", "tone", "ramp"])), 0.0),
        (f"{deck}.controls.density", float(rng.normal()), 2.0),
        (f"{deck}.gain_db", float(rng.uniform(-20, 0)), 1.0),
        (f"{deck}.filter", float(rng.uniform(-0.5, 0.5)), 0.0),
        ("transport.tempo_bpm", float(rng.uniform(110, 150)), float(rng.integers(0, 3))),
        ("transport.nudge", float(rng.uniform(-5, 5)), 1.0),
        ("transport.swing", float(rng.random()), 0.0),
        ("transport.quantise_beats", float(rng.choice([0.0, 1.0, 4.0])), 0.0),
        (f"{deck}.quantise_beats", float(rng.choice([-1.0, 0.0, 1.0, 4.0])), 0.0),
        (f"{deck}.refresh", str(rng.choice(["hold", "bars", "change"])), 0.0),
        (f"{deck}.store", float(rng.integers(1, 4)), 0.0),
        (f"{deck}.moment", float(rng.integers(1, 4)), 0.0),
        (f"{deck}.enqueue", f"{rng.integers(0, 9)} m{rng.integers(1, 4)}", 0.0),
        (f"{deck}.skip", 1.0, 0.0),
        (f"{deck}.roll_beats", float(rng.choice([0.0, 0.25, 0.5])), 0.0),
        (f"{deck}.stutter_beats", float(rng.choice([0.0, 0.125])), 0.0),
        (f"{deck}.halve", 1.0, 0.0),
        (f"{deck}.double", 1.0, 0.0),
        (f"{deck}.reverse", float(rng.random() < 0.5), 0.0),
        (f"{deck}.retrigger", float(rng.random() < 0.5), 0.0),
        (f"{deck}.cue", float(rng.random() < 0.5), 0.0),
        (f"{deck}.pitch_semitones", float(rng.integers(-4, 5)), 0.0),
        ("transport.keep_pitch", float(rng.random() < 0.6), 0.0),
        ("transport.tap", 0.0, 0.0),
        ("history.undo", 1.0, 0.0),
        ("history.redo", 1.0, 0.0),
        (
            f"{deck}.insert_1",
            str(rng.choice(["none", "compressor", "phaser", "crusher", "gate", "duck"])),
            0.0,
        ),
        (f"{deck}.insert_1_amount", float(rng.random()), 1.0),
        (f"{deck}.duck_from", float(rng.integers(0, 4)), 0.0),
        (f"{deck}.solo", float(rng.random() < 0.2), 0.0),
        (f"{deck}.side", str(rng.choice(["a", "thru", "b"])), 0.0),
        (f"{deck}.echo_send", float(rng.random()), 0.0),
        ("mixer.crossfader_curve", str(rng.choice(["smooth", "linear", "cut"])), 0.0),
        ("echo.time_beats", float(rng.uniform(0.2, 2.0)), 0.0),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_performance_with_late_and_failed_loops_replays_to_the_bit(seed, make_source):
    rng = np.random.default_rng(seed)
    source = UnsureSource(make_source(), rng)
    engine = Engine(START, source)
    pieces = []
    for _ in range(700):
        source.pass_quantum()
        if rng.random() < 0.2:
            choices = moves(rng)
            engine.submit(*choices[rng.integers(len(choices))])
        pieces.append(engine.process(int(rng.integers(1, 2 * QUANTUM_SAMPLES))))
    live = np.concatenate(pieces, axis=1)
    entries = engine.performance.entries
    assert any(entry.is_late for entry in entries)
    assert any(entry.lost for entry in entries)
    recorded = parse_set(format_set(engine.recorded()))
    assert recorded.events[-1].beat <= engine.position_beats + 8
    replay = Engine(recorded, make_source())
    again = np.concatenate(
        [replay.process(min(4096, live.shape[1] - at)) for at in range(0, live.shape[1], 4096)], axis=1
    )
    np.testing.assert_array_equal(again, live)
    assert np.abs(live).max() > 0.1
    # And a recording of the replay says the same.
    assert replay.recorded().entries == engine.recorded().entries


def test_moves_on_one_sample_act_in_their_order(make_source):
    engine = Engine(START, make_source())
    engine.process(1000)
    for value in (-3.0, -20.0, -7.0):
        engine.submit("deck.1.gain_db", value)
    engine.process(24_000)
    assert engine.strips[0].controls["gain_db"].target == -7.0
    # A flood of moves on one sample is one in the log.
    assert [event.value for event in engine.performance.events] == [-7.0]


def test_what_is_submitted_on_the_line_that_is_fixed_makes_one_swap_in_a_replay_too(make_source):
    live_set = LiveSet(({"voice": "ramp", "play": 1.0, "quantise_beats": 0.0, "crossfade_beats": 0.0},))
    engine = Engine(live_set, make_source())
    pieces = []
    for number in range(300):
        pieces.append(engine.process(QUANTUM_SAMPLES))
        engine.submit("deck.1.seed", float(number % 7))
    live = np.concatenate(pieces, axis=1)
    again = Engine(engine.recorded(), make_source()).process(live.shape[1])
    np.testing.assert_array_equal(again, live)


FLOODED = {
    "deck.1.gain_db": (-20.0, 0.0),
    "deck.2.controls.density": (-2.0, 2.0),
    "deck.2.spread": (0.0, 1.0),
    "deck.1.morph": (0.0, 1.0),
    "transport.tempo_bpm": (110.0, 150.0),
    "transport.swing": (0.0, 1.0),
}


def played(engine, quanta, hand):
    """What sounds while ``hand(number)`` acts before each quantum."""
    pieces = []
    for number in range(quanta):
        hand(number)
        pieces.append(engine.process(QUANTUM_SAMPLES))
    return np.concatenate(pieces, axis=1)


@pytest.mark.parametrize("address", FLOODED)
def test_a_flood_of_moves_of_one_parameter_is_one_a_quantum_and_replays_to_the_bit(address, make_source, rng):
    engine = Engine(START, make_source())
    live = played(
        engine,
        150,
        lambda _: [engine.submit(address, float(value)) for value in rng.uniform(*FLOODED[address], 16)],
    )
    assert len(engine.performance.events) <= 150
    again = Engine(parse_set(format_set(engine.recorded())), make_source()).process(live.shape[1])
    np.testing.assert_array_equal(again, live)


def test_floods_of_many_parameters_at_once_replay_to_the_bit(make_source, rng):
    engine = Engine(START, make_source())

    def hand(number):
        for _ in range(12):
            address = str(rng.choice(list(FLOODED)))
            over = float(rng.choice([0.0, 0.0, 0.0, 2.0]))
            engine.submit(address, float(rng.uniform(*FLOODED[address])), over)
            if rng.random() < 0.2:
                choices = moves(rng)
                engine.submit(*choices[rng.integers(len(choices))])

    live = played(engine, 200, hand)
    again = Engine(parse_set(format_set(engine.recorded())), make_source()).process(live.shape[1])
    np.testing.assert_array_equal(again, live)


def test_what_comes_in_between_keeps_its_place(make_source):
    engine = Engine(START, make_source())
    engine.process(1000)
    for address, value, over_beats in (
        ("deck.1.controls.density", 1.0, 0.0),
        (
            "deck.1.refresh",
            "hold",
            0.0,
        ),  # what is turned now waits for a launch: what was turned before does not
        ("deck.1.controls.density", 2.0, 0.0),
        ("transport.tempo_bpm", 140.0, 0.0),
        ("transport.tempo_bpm", 100.0, 4.0),  # from there
        ("deck.1.skip", 1.0, 0.0),
        ("deck.1.skip", 1.0, 0.0),
    ):
        engine.submit(address, value, over_beats)
    assert len(engine.performance.events) == 7


def test_what_is_forgotten_leaves_the_log_as_it_would_have_been(make_source):
    engines = [Engine(START, make_source()) for _ in range(2)]
    taken = []
    for number in range(40):
        for engine in engines:
            for value in (-3.0, -20.0, float(-number)):
                engine.submit("deck.1.gain_db", value)
            engine.submit("deck.2.reverse", float(number % 2))
            engine.process(QUANTUM_SAMPLES)
        if number % 3 == 0:
            kept = engines[1].performance
            taken += kept.events[:5]
            kept.forget(5, len(kept.entries))
    assert taken + engines[1].performance.events == engines[0].performance.events
    assert engines[1].performance.forgotten == len(taken)
