"""A performance in real processes, with hands on it and loops that come late, replays sample for sample."""

import numpy as np
import pytest
import soundfile

from aijockey.live.engine import Engine
from aijockey.live.loop_source import DirectSource
from aijockey.live.set_file import read_set
from aijockey.music.grid import RATE_HZ

MOVES = [
    ("deck.1.seed", 4.0, 0.0),
    ("deck.1.gain_db", -9.0, 1.0),
    ("transport.tempo_bpm", 126.0, 2.0),
    ("deck.2.play", 1.0, 0.0),
    ("deck.1.store", 1, 0.0),
    ("deck.1.roll_beats", 0.5, 0.0),
    ("deck.1.filter", 0.4, 0.0),
    ("deck.1.roll_beats", 0.0, 0.0),
    ("transport.nudge", 2.0, 1.0),
    ("deck.2.enqueue", "5 6>8@0.5", 0.0),
    ("deck.1.moment", 1, 0.0),
    ("deck.2.pitch_semitones", 5, 0.0),
    ("history.undo", 1, 0.0),
    ("deck.2.insert_1", "phaser", 0.0),
]


@pytest.mark.slow
def test_what_the_processes_played_is_rendered_again_from_the_set_they_kept(
    perform, eventually, makers, tmp_path
):
    path = tmp_path / "night.set"
    supervisor, ear = perform(
        "0.6",
        maker=makers.make_varied,
        keep=path,
        decks=(
            {"voice": "tone", "play": 1.0, "refresh_bars": 1.0},
            {"voice": "tone", "refresh_bars": 1.0, "gain_db": -6.0},
        ),
        events=(),
    )
    for number, move in enumerate(MOVES):
        supervisor.send(*move)
        eventually(lambda least=12_000 * (number + 1): supervisor.ring.written > least)
    eventually(lambda: (supervisor.board.read("state") or {}).get("untold") == 0)
    # It can be read while it is still being written.
    assert read_set(path).events
    supervisor.fade_out(0.1)
    eventually(lambda: supervisor.finished)
    ear.stop()
    supervisor.close()
    kept = read_set(path)
    assert {event.address for event in kept.events} >= {
        "deck.1.gain_db",
        "transport.tempo_bpm",
        "deck.2.queue",
    }
    assert any(entry.beat is not None for entry in kept.entries)
    heard = ear.sound[:2]
    render = makers.make_varied("")
    source = DirectSource(render, makers.VOICES)
    again = Engine(kept, source).process(heard.shape[1])
    whole = heard.shape[1] - RATE_HZ // 4  # the fade at the end belongs to the player
    assert np.abs(heard).max() > 0.05
    np.testing.assert_array_equal(again[:, :whole], heard[:, :whole])


@pytest.mark.slow
def test_each_deck_is_recorded_beside_the_master_and_the_device_hears_the_master(
    perform, eventually, tmp_path
):
    supervisor, ear = perform(
        record="night", record_decks=True, folder=tmp_path,
        decks=({"voice": "tone", "play": 1.0}, {"voice": "tone", "play": 1.0, "gain_db": -12.0}),
    )  # fmt: skip
    eventually(lambda: (supervisor.board.read("writer") or {}).get("seconds", 0) > 2.0)
    supervisor.fade_out(0.1)
    eventually(lambda: supervisor.finished)
    heard = supervisor.heard.reader(supervisor.heard.written - 48_000).read(48_000)
    ear.stop()
    supervisor.close()
    master, one, two = (
        soundfile.read(tmp_path / f"night{name}.wav")[0] for name in ("", "-deck-1", "-deck-2")
    )
    assert len(master) == len(one) == len(two) == ear.sound.shape[1]
    playing = slice(24_000, len(master) - 9600)
    level = [float(np.sqrt(np.mean(sound[playing] ** 2))) for sound in (one, two)]
    assert level[1] / level[0] == pytest.approx(10 ** (-12 / 20), rel=0.01)
    np.testing.assert_allclose((one + two)[playing], master[playing], atol=0.05)
    np.testing.assert_allclose(heard, ear.sound[:2, -48_000:], atol=1e-6)
