from fractions import Fraction

import numpy as np
import pytest

from aijockey.live.clock import Moment
from aijockey.live.deck import Deck
from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.loops import LoopRequest, Ticket, make_loop
from aijockey.live.points import Seed
from aijockey.live.set_file import Event, LiveSet, SetError, format_set, parse_set
from aijockey.music.grid import BEAT_SAMPLES, LOOP_SAMPLES, RATE_HZ


def play(number=1, beat=0.0):
    return Event(beat, f"deck.{number}.play", 1.0)


def sound_of(engine, seconds, block=512):
    """What is heard, without the engine's delay."""
    total = round(seconds * RATE_HZ)
    engine.process(engine.latency_samples)
    return np.concatenate([engine.process(min(block, total - at)) for at in range(0, total, block)], axis=1)


BUSY = LiveSet(
    decks=(
        {"voice": "kick", "play": 1.0, "gain_db": -6.0, "echo_send": 0.2},
        {"voice": "hats", "gain_db": -9.0, "pan": 0.4, "pump": 0.5},
        {"voice": "tone", "gain_db": -9.0, "room_send": 0.4, "side": "a", "crossfade_beats": 2.0},
    ),
    events=(
        play(2, 1.0),
        play(3, 2.0),
        Event(2.37, "deck.1.low_db", -30.0),
        Event(3.01, "deck.2.filter", -0.8, 4.0),
        Event(4.0, "transport.tempo_bpm", 131.0, 6.0),
        Event(4.0, "deck.3.seed", 4.0),
        Event(5.0, "mixer.crossfader", 0.3, 1.0),
        Event(6.0, "deck.1.mute", 1.0),
        Event(7.5, "master.gain_db", 9.0),
        Event(8.0, "deck.2.play", 0.0),
    ),
    tempo_bpm=124.0,
)


@pytest.mark.parametrize("block", [1, 64, 65, 4096])
def test_the_size_of_blocks_changes_nothing(block, make_source):
    seconds = 0.4 if block == 1 else 4.6
    expected = sound_of(Engine(BUSY, make_source()), seconds)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_array_equal(sound_of(Engine(BUSY, make_source()), seconds, block), expected)


def test_a_set_that_was_written_and_read_sounds_the_same(make_source):
    again = parse_set(format_set(BUSY))
    np.testing.assert_array_equal(
        sound_of(Engine(BUSY, make_source()), 6.0), sound_of(Engine(again, make_source()), 6.0)
    )


def test_at_120_a_loop_at_0_db_comes_through_but_for_the_dc_blocker(make_source):
    live_set = LiveSet(({"voice": "ramp"},), (play(),))
    out = sound_of(Engine(live_set, make_source()), 9.0)
    loop = make_source().request(LoopRequest("ramp", Seed(0))).loop.audio
    expected = np.tile(loop, 3)[0, : out.shape[1]]
    # The blocker of 10 Hz takes what little of the noise lies that low.
    assert np.sqrt(np.mean((out[0] - expected) ** 2)) < 0.02 * np.sqrt(np.mean(expected**2)) + 0.005
    np.testing.assert_array_equal(out[0], out[1])


def test_silence_stays_silent(make_source):
    decks = ({"voice": "silence", "echo_send": 1.0, "room_send": 1.0}, {"voice": "kick"})
    assert not sound_of(Engine(LiveSet(decks, (play(),)), make_source()), 3.0).any()


@pytest.mark.parametrize("tempo_bpm", [96.0, 120.0, 125.0, 174.0])
def test_a_launch_is_heard_on_the_sample_of_its_grid_line(tempo_bpm, make_source):
    live_set = LiveSet(({"voice": "kick"},), (play(1, 5.5),), tempo_bpm=tempo_bpm)
    engine = Engine(live_set, make_source())
    out = sound_of(engine, 7.0)[0]
    start = engine.clock.sample_at(8)
    assert np.abs(out[: start - 300]).max() == 0.0
    assert abs(out[start]) > 0.4
    # The attack is the loudest there is: it comes in whole, not under a fade.
    assert np.argmax(np.abs(out[start - 200 : start + 2000])) == 200


def test_a_stop_is_silent_from_its_grid_line_on(make_source):
    live_set = LiveSet(({"voice": "ramp"},), (play(), Event(6.0, "deck.1.play", 0.0)))
    out = sound_of(Engine(live_set, make_source()), 5.0)[0]
    assert np.abs(out[8 * BEAT_SAMPLES - 8000 : 8 * BEAT_SAMPLES - 6200]).max() > 0.2
    assert np.abs(out[8 * BEAT_SAMPLES + 2000 :]).max() < 1e-2  # what the DC blocker lets go


def deck_of(make_source, live_events, setup=None):
    from aijockey.live.clock import TempoMap
    from aijockey.live.plan import PlanEvent

    deck = Deck({"voice": "ramp"} | (setup or {}), make_source(), TempoMap(120.0))
    for beat, name, value in live_events:
        deck.add(PlanEvent(Fraction(beat), name, value))
    return deck


def run_deck(deck, samples):
    from aijockey.live.clock import TempoMap

    clock, pieces = TempoMap(120.0), []
    for start in range(0, samples, QUANTUM_SAMPLES):
        now = Moment.of(clock, start)
        deck.plan_ahead(now)
        deck.settle(now)
        sound = deck.render(now, QUANTUM_SAMPLES)
        pieces.append(np.zeros((1, QUANTUM_SAMPLES), np.float32) if sound is None else sound)
    return np.concatenate(pieces, axis=1)[0]


@pytest.mark.parametrize("fade_beats", [0.0, 0.25, 1.0, 4.0])
def test_a_swap_ends_on_the_grid_and_keeps_the_power_of_unlike_loops(fade_beats, make_source):
    events = [(0, "play", 1.0), (13, "seed", 1.0)]
    out = run_deck(deck_of(make_source, events, {"crossfade_beats": fade_beats}), 20 * BEAT_SAMPLES)
    source = make_source()
    old, new = (source.request(LoopRequest("ramp", Seed(seed))).loop.audio[0] for seed in (0, 1))
    swap, fade = 16 * BEAT_SAMPLES, int(fade_beats * BEAT_SAMPLES)
    index = np.arange(len(out))
    np.testing.assert_array_equal(out[swap:], new[index[swap:] % LOOP_SAMPLES])
    np.testing.assert_array_equal(out[: swap - fade], old[index[: swap - fade] % LOOP_SAMPLES])
    if fade:
        during = out[swap - fade : swap]
        power = float(np.mean(np.square(old, dtype=np.float64)))
        for part in np.array_split(during, 4):
            assert float(np.mean(part.astype(np.float64) ** 2)) == pytest.approx(power, rel=0.1)
        middle = swap - fade // 2
        mixed = (old[middle % LOOP_SAMPLES] + new[middle % LOOP_SAMPLES]) / np.sqrt(2)
        assert out[middle] == pytest.approx(mixed, abs=1e-5)


class SlowSource:
    """Fills a ticket only when it is told to."""

    channels = 1

    def __init__(self, inner):
        self.inner, self.voices, self.tickets = inner, inner.voices, []

    def request(self, request):
        self.tickets.append(Ticket(request))
        return self.tickets[-1]

    def fill(self, ticket):
        ticket.loop = self.inner.request(ticket.request).loop

    def close(self):
        pass


def test_a_late_loop_enters_on_a_later_grid_line_and_the_present_one_goes_on(make_source):
    source = SlowSource(make_source())
    live_set = LiveSet(({"voice": "kick"},), (play(), Event(7.0, "deck.1.voice", "hats")))
    engine = Engine(live_set, source)
    assert not engine.prime()
    source.fill(source.tickets[0])
    assert engine.prime()
    pieces = [engine.process(engine.latency_samples)[:, :0], engine.process(int(10 * BEAT_SAMPLES))]
    source.fill(source.tickets[1])
    pieces.append(engine.process(10 * BEAT_SAMPLES))
    out = np.concatenate(pieces, axis=1)[0]
    assert engine.decks[0].swaps.late_loops >= 1
    level = [np.abs(out[beat * BEAT_SAMPLES : beat * BEAT_SAMPLES + 500]).max() for beat in range(19)]
    kicks = [beat for beat in range(19) if level[beat] > 0.2]
    # Kicks on every beat, past beat 8, until the loop is there; then it enters on a bar.
    assert kicks == list(range(len(kicks)))
    assert len(kicks) % 4 == 0
    assert 8 < len(kicks) <= 16


@pytest.mark.parametrize("bad", [np.nan, np.inf, "short", "error"])
def test_a_bad_loop_is_left_out_and_counted(bad, make_source):
    from aijockey.errors import AijockeyError

    good = make_source()

    def render(request):
        audio = good.request(LoopRequest("kick", Seed(0))).loop.audio.copy()
        if request.point.seed == 1:
            if bad == "error":
                raise AijockeyError("the network went mad")
            if bad == "short":
                return audio[:, :1000]
            audio[0, 77] = bad
        return audio

    events = (play(), Event(6.0, "deck.1.seed", 1.0))
    engine = Engine(LiveSet(({"voice": "kick"},), events), make_source(render=render))
    out = sound_of(engine, 6.0)[0]
    assert engine.decks[0].swaps.failed_loops == 1
    assert engine.decks[0].swaps.last_error
    for beat in range(12):
        assert abs(out[beat * BEAT_SAMPLES]) > 0.4


def test_a_deck_that_goes_mad_is_silenced_alone(make_source):
    decks = ({"voice": "kick", "play": 1.0}, {"voice": "tone", "play": 1.0})
    engine = Engine(LiveSet(decks), make_source())
    engine.process(RATE_HZ)
    real = engine.decks[1].render

    def mad(now, count):
        sound = real(now, count)
        return sound * np.float32(np.nan) if now.sample < 2 * RATE_HZ else sound * np.float32(1e30)

    engine.decks[1].render = mad
    out = engine.process(3 * RATE_HZ)
    assert np.isfinite(out).all()
    assert engine.strips[1].faults > 100
    assert engine.strips[0].faults == 0
    assert np.abs(out).max() > 0.2
    engine.decks[1].render = real
    assert np.isfinite(engine.process(RATE_HZ)).all()


def test_a_mixer_move_acts_on_its_very_sample(make_source):
    live_set = LiveSet(({"voice": "ramp"},), (play(), Event(2.123, "deck.1.mute", 1.0)))
    still = LiveSet(({"voice": "ramp"},), (play(),))
    muted = sound_of(Engine(live_set, make_source()), 2.0)[0]
    plain = sound_of(Engine(still, make_source()), 2.0)[0]
    first = int(np.flatnonzero(muted != plain)[0])
    assert first == 1 + Engine(live_set, make_source()).clock.sample_at(Fraction(2.123))


def test_what_is_done_by_hand_replays_the_same(make_source):
    start = LiveSet(({"voice": "kick", "play": 1.0}, {"voice": "tone"}), tempo_bpm=124.0)
    engine, done, pieces = Engine(start, make_source()), [], []
    moves = [
        (0.3, "deck.2.play", 1.0, 0.0),
        (1.1, "deck.1.filter", -0.6, 2.0),
        (2.0, "transport.tempo_bpm", 133.0, 0.0),
        (2.7, "deck.1.seed", 3.0, 0.0),
        (3.3, "master.gain_db", -3.0, 0.0),
        (4.0, "deck.2.walk", 9.0, 8.0),
        (5.9, "transport.tempo_bpm", 118.0, 4.0),
        (8.0, "deck.1.play", 0.0, 0.0),
    ]
    for seconds, address, value, over in moves:
        pieces.append(engine.process(round(seconds * RATE_HZ) - engine.position_samples))
        done.append(engine.submit(address, value, over))
    pieces.append(engine.process(5 * RATE_HZ))
    live = np.concatenate(pieces, axis=1)
    recorded = parse_set(format_set(LiveSet(start.decks, tuple(done), tempo_bpm=124.0)))
    replayed = Engine(recorded, make_source()).process(live.shape[1])
    np.testing.assert_array_equal(replayed, live)


def test_a_missing_voice_is_named_with_its_neighbour(make_source):
    with pytest.raises(SetError, match=r"'kicks'.*did you mean kick\?.*the pack has: kick, hats"):
        Engine(LiveSet(({"voice": "kicks"},)), make_source())
    with pytest.raises(SetError, match="tona"):
        Engine(LiveSet(({"voice": "kick"},), (Event(3, "deck.1.voice", "tona"),)), make_source())


def test_submit_refuses_what_the_table_does(make_source):
    engine = Engine(LiveSet(({"voice": "kick"},)), make_source())
    for address, value in [("deck.1.pan", 3.0), ("deck.2.pan", 0.0), ("deck.1.pam", 0.0)]:
        with pytest.raises(Exception, match=r"pan|decks"):
            engine.submit(address, value)


def test_crossfader_plays_both_sides_at_equal_power(make_source):
    def level(position, side):
        live_set = LiveSet(
            ({"voice": "ramp", "play": 1.0, "side": side},), mixer={"mixer.crossfader": position}
        )
        return np.sqrt(np.mean(sound_of(Engine(live_set, make_source()), 1.0) ** 2))

    full = level(0.0, "thru")
    assert level(-1.0, "a") == pytest.approx(full, rel=1e-3)
    assert level(1.0, "a") < 1e-6
    for position in (-0.6, 0.0, 0.3):
        both = level(position, "a") ** 2 + level(position, "b") ** 2
        assert both == pytest.approx(full**2, rel=1e-2)
    assert level(0.0, "a") == pytest.approx(full * np.sqrt(0.5), rel=1e-2)


def test_ten_thousand_bars_in_the_launch_is_still_on_its_sample(make_source):
    live_set = LiveSet(({"voice": "kick", "play": 1.0},), tempo_bpm=125.0)
    engine = Engine(live_set, make_source())
    # Jump there as hours of playing would: only the count of samples is kept.
    engine._position = engine.clock.sample_at(40_000) // QUANTUM_SAMPLES * QUANTUM_SAMPLES
    start = engine._position
    out = engine.process(4 * RATE_HZ)[0]
    for beat in (40_004, 40_006):
        at = engine.clock.sample_at(beat) - start + engine.latency_samples
        assert abs(out[at]) > 0.4
        assert abs(out[at - 20]) < 0.05


def test_levels_are_matched_so_that_voices_sum_well(make_source, rng):
    for gain in (0.01, 1.0, 8.0):
        loop = make_loop((gain * rng.normal(size=(1, LOOP_SAMPLES)) * 0.1).astype(np.float32))
        again = make_loop(loop.audio)
        assert again.gain == pytest.approx(1.0, abs=0.02) or gain == 0.01


def test_decks_by_themselves_lie_beside_the_master_and_add_up_to_it(make_source):
    decks = [
        {"voice": "tone", "seed": float(n), "play": 1.0, "gain_db": -18.0, "pan": n / 4} for n in range(3)
    ]
    live_set = LiveSet(tuple(decks), (Event(2.0, "deck.2.mute", 1.0),), tempo_bpm=120.0)
    engine = Engine(live_set, make_source(), with_decks=True)
    pieces = [engine.process_outputs(block) for block in (1, 700, 4096) * 20]
    master = np.concatenate([piece.master for piece in pieces], axis=1)
    shares = np.concatenate([piece.decks for piece in pieces], axis=1).reshape(3, 2, -1)
    # But for the DC blocker, which turns a tone of 220 Hz by little.
    np.testing.assert_allclose(
        shares.sum(axis=0)[:, 9600:], master[:, 9600:], atol=0.06 * np.abs(master).max()
    )
    assert np.abs(shares[0]).max() > 0.02
    np.testing.assert_array_equal(master, Engine(live_set, make_source()).process(master.shape[1]))
