"""A performance is kept as a set that can be read again, however much is done in it."""

import pytest

from aijockey.live import set_journal
from aijockey.live.set_file import MAX_FILE_BYTES, Event, LiveSet, read_set
from aijockey.live.set_journal import MOST_BYTES, SetJournal, table

SET = LiveSet(({"voice": "kick"},), bars=8)


def flood(number):
    return Event(number / 43.0, "deck.1.gain_db", -number / 997.0)


def test_a_flood_ends_the_file_where_it_could_not_be_read_again_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(set_journal, "MOST_BYTES", 100_000)
    path = tmp_path / "night.set"
    journal = SetJournal(path, SET, 8)
    for number in range(4000):
        journal.add(flood(number))
    assert "ends here" in journal.error
    # Neither disk nor memory takes what is thrown away.
    held = len(journal._performance.events)
    assert held < 100_000 / 60
    journal.close(100.0)
    kept = read_set(path)
    assert kept.bars == 25
    assert list(kept.events) == [flood(number) for number in range(held)]


def test_one_that_breaks_off_is_read_as_it_grew(tmp_path, monkeypatch):
    monkeypatch.setattr(set_journal, "MOST_BYTES", 10_000)
    journal = SetJournal(tmp_path / "night.set", SET, 8)
    for number in range(2000):
        journal.add(flood(number))
    journal._texts.put(None)
    journal._thread.join()
    assert len(read_set(tmp_path / "night.set").events) == len(journal._performance.events)
    journal.close(8.0)


@pytest.mark.parametrize(
    ("address", "value"),
    [("deck.1.gain_db", -10.123456789), ("transport.tempo_bpm", 120.0), ("deck.16.controls.density", 1.5)],
)
def test_the_short_form_at_the_end_fits_where_the_long_one_did(address, value):
    event = Event(123456.78901234567, address, value, 1.2345678901234567)
    long = len(table(event))
    short = len("  {  },") + 1 + len(", ".join(set_journal.event_items(event)))
    assert short / long * MOST_BYTES < MAX_FILE_BYTES
