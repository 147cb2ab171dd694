"""A set that plays stored latents is whole: it carries them, checked, and gives them to another machine."""

import numpy as np
import pytest

from aijockey.live.latent_store import LatentStore, encode, identify, latent_bytes
from aijockey.live.loops import LoopRequest
from aijockey.live.point_text import read_point
from aijockey.live.set_file import LiveSet, parse_set, read_set, write_set
from aijockey.live.set_journal import SetJournal
from aijockey.live.set_latents import MOST_IN_A_SET, carrying, keys_of_set, unpack
from aijockey.live.set_parts import Entry, Event, SetError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("AIJOCKEY_DATA", str(tmp_path / "here"))
    return LatentStore()


@pytest.fixture
def keys(here, rng):
    return [here.add(rng.normal(size=(4, 4))) for _ in range(6)]


def full_set(keys):
    a, b, c, d, e, f = keys
    decks = (
        {"point": f"#{a}>(7/#{b}@rhythm)@0.5", "queue": f"12 #{c} m3", "moment_3": f"voice=x; point=#{d}"},
        {},
    )
    entry = Entry(1, 0.0, 0.0, LoopRequest("x", read_point(f"#{f}~3@0.2")))
    return LiveSet(decks, (Event(4.0, "deck.2.loop", f"voice=x; point=(#{e}|#{a})@0.25"),), entries=(entry,))


def test_every_latent_that_a_set_refers_to_is_found_once(keys):
    found = keys_of_set(full_set(keys))
    assert sorted(found) == sorted(keys)
    assert keys_of_set(LiveSet(({"point": "7>9@0.5"},))) == ()


def test_a_set_travels_to_another_machine(keys, here, tmp_path):
    live_set = carrying(full_set(keys), here)
    assert {key: identify(data) for key, data in live_set.latents.items()} == {key: key for key in keys}
    write_set(tmp_path / "a.set", live_set)
    back = read_set(tmp_path / "a.set")
    assert back == live_set
    there = LatentStore(tmp_path / "there")
    unpack(back, there)
    unpack(back, there)
    for key in keys:
        np.testing.assert_array_equal(there.latent(key), here.latent(key))


def test_only_what_is_referred_to_is_carried_and_what_is_nowhere_is_left_out(keys, here):
    live_set = carrying(full_set(keys), here)
    from dataclasses import replace

    fewer = carrying(replace(live_set, events=(), entries=()), LatentStore(here.folder / "none"))
    assert sorted(fewer.latents) == sorted(keys[:4])
    assert carrying(LiveSet(({"point": "#0123456789ab"},)), here).latents == {}


def text_with(latents):
    return f'format = 2\n[[deck]]\nvoice = "x"\n{latents}'


def good():
    data = latent_bytes(np.ones((2, 2)))
    return identify(data), encode(data)


@pytest.mark.parametrize(
    ("latents", "why"),
    [
        ('[latents]\n"0123456789ab" = "AAAA"', "unpacked"),
        ('[latents]\n"0123456789ab" = "{data}"', "really"),
        ('[latents]\n"{key}" = 7', "expected text"),
        ('[[latent]]\nkey = "{key}"', "expected text"),
        ('[[latent]]\nkey = "{key}"\ndata = "{data}"\npath = "/etc"', "unknown key"),
        ("[[latents]]\na = 1", "expected a table"),
    ],
)
def test_latents_that_are_not_what_they_say_are_refused(latents, why):
    key, data = good()
    with pytest.raises(SetError, match=why):
        parse_set(text_with(latents.replace("{key}", key).replace("{data}", data)))


def test_there_is_a_limit_to_what_a_set_carries():
    key, data = good()
    lines = "\n".join(f'"{number:012x}" = "{data}"' for number in range(MOST_IN_A_SET + 1))
    with pytest.raises(SetError, match="at most"):
        parse_set(text_with(f"[latents]\n{lines}"))
    assert parse_set(text_with(f'[[latent]]\nkey = "{key}"\ndata = "{data}"')).latents.keys() == {key}


def test_a_journal_carries_what_was_played_also_when_it_breaks_off(keys, here, tmp_path):
    path = tmp_path / "live.set"
    journal = SetJournal(path, LiveSet(({"point": f"#{keys[0]}"},)), 8)
    journal.add(Event(4.0, "deck.1.point", f"#{keys[1]}"))
    journal.add(Event(8.0, "deck.1.point", f"#{keys[1]}>#{keys[0]}@0.5"))
    journal._texts.put(None)
    journal._thread.join()
    assert sorted(read_set(path).latents) == sorted(keys[:2])  # as it grew
    journal.close(8.0)
    assert sorted(read_set(path).latents) == sorted(keys[:2])
