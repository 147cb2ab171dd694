import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.control import parameters
from aijockey.control.parameters import DECK_PARAMETERS, GLOBAL_PARAMETERS
from aijockey.errors import AijockeyError
from aijockey.live.loops import LoopRequest
from aijockey.live.points import Point, Seed
from aijockey.live.set_file import (
    MAX_FILE_BYTES,
    Entry,
    Event,
    LiveSet,
    PackReference,
    SetError,
    format_set,
    parse_set,
    read_set,
    write_set,
)

TEXT = """
format = 2
title = "Two decks"
tempo_bpm = 125.0
bars = 8
events = [
  { beat = 0, set = "deck.1.play", to = 1 },
  { beat = 16, set = "deck.2.filter", to = -0.5, over = 8 },
]
[pack]
name = "default"
[mixer]
"echo.feedback" = 0.3
[[deck]]
voice = "techno"
seed = 7
controls.onset_density = 0.5
[[deck]]
voice = "pads"
[[event]]
beat = 4
set = "transport.tempo_bpm"
to = 128
"""


MOMENT = "voice=a b%3Bc; point=7>(9>5@0.25)@0.5; controls.dens=-0.5; gain_db=-3.5; side=a; low_db=-90"
TEXTS = {
    "member_pans": ["-", "-1 x 0.25 1"],
    "glide": ["7", "7~3@0.2"],
    "point": ["7", "7>9@0.5", "1>(2>3@0.1)@0.25"],
    "queue": ["-", "12 7>9@0.5 m3"],
    "moment_": ["-", MOMENT],
    "loop": ["-", MOMENT],
}


def value_of(row):
    if row.curve == "name":
        return st.text(min_size=1, max_size=8)
    if row.curve == "text":
        return st.sampled_from(TEXTS[row.name.rstrip("12345678")])
    if row.curve == "choice":
        return st.sampled_from(row.choices)
    if row.curve in parameters.WHOLE:
        return st.integers(int(row.low), int(row.high)).map(float)
    return st.floats(row.low, row.high)


deck_values = st.fixed_dictionaries(
    {}, optional={name: value_of(row) for name, row in DECK_PARAMETERS.items() if not row.gesture}
)
controls = st.dictionaries(
    st.text(min_size=1, max_size=6).map("controls.{}".format), st.floats(-4, 4), max_size=2
)
decks = st.lists(st.builds(lambda a, b: a | b, deck_values, controls), min_size=2, max_size=3).map(tuple)
beats = st.floats(0, 1e6)


@st.composite
def events(draw):
    name, row = draw(
        st.sampled_from(sorted((n, row) for n, row in DECK_PARAMETERS.items() if not row.gesture))
    )
    return Event(draw(beats), f"deck.{draw(st.integers(1, 2))}.{name}", draw(value_of(row)), draw(beats))


sets = st.builds(
    LiveSet,
    decks=decks,
    events=st.lists(events(), max_size=5).map(tuple),
    title=st.text(max_size=20),
    tempo_bpm=st.floats(20, 300),
    bars=st.integers(1, 1000),
    mixer=st.fixed_dictionaries(
        {},
        optional={
            key: value_of(row)
            for key, row in GLOBAL_PARAMETERS.items()
            if key != "transport.tempo_bpm" and not row.gesture
        },
    ),
    entries=st.lists(
        st.builds(
            lambda deck, planned, late, lost, request: Entry(
                deck, planned, None if lost else planned + late, request, lost
            ),
            st.integers(1, 2),
            st.integers(0, 4000).map(float),
            st.sampled_from([0.0, 4.0]),
            st.sampled_from(["", "late", "failed"]),
            st.builds(
                LoopRequest,
                st.text(max_size=8),
                st.from_type(Point),
                st.dictionaries(st.text(min_size=1, max_size=5), st.floats(-4, 4), max_size=2).map(
                    lambda controls: tuple(sorted(controls.items()))
                ),
            ),
        ),
        max_size=3,
    ).map(tuple),
    pack=st.none() | st.builds(PackReference, st.text(max_size=8), st.text("0123456789abcdef", max_size=64)),
)


@given(live_set=sets)
def test_what_is_written_is_read_back_equal(live_set):
    assert parse_set(format_set(live_set)) == live_set


def test_a_file_round_trips(tmp_path):
    live_set = parse_set(TEXT)
    write_set(tmp_path / "a.set", live_set)
    assert read_set(tmp_path / "a.set") == live_set
    assert list(tmp_path.iterdir()) == [tmp_path / "a.set"]


def test_a_written_text_means_what_it_says():
    live_set = parse_set(TEXT)
    assert live_set.voices == ("techno", "pads")
    assert live_set.decks[0]["controls.onset_density"] == 0.5
    assert [event.beat for event in live_set.events] == [0, 4, 16]
    assert live_set.events[2] == Event(16, "deck.2.filter", -0.5, 8)
    assert live_set.mixer == {"echo.feedback": 0.3}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format = 2", "format = 3", "formats 1 and 2"),
        ("format = 2", "", "is it a set file"),
        ("bars = 8", "bras = 8", "bars"),
        ("bars = 8", "bars = 0", "bars = 0"),
        ("tempo_bpm = 125.0", "tempo_bpm = 900", "20 to 300 BPM"),
        ("tempo_bpm = 125.0", "tempo_bpm = nan", "20 to 300 BPM"),
        ("to = -0.5", "to = -5", "event 2 .beat 16.*-1 to 1"),
        ("to = -0.5", "too = -0.5", "event 2.*unknown key 'too'.*did you mean to"),
        ("deck.2.filter", "deck.2.fliter", "event 2.*filter"),
        ("deck.2.filter", "deck.9.filter", "the set has 2 decks"),
        ("beat = 16", "beat = -1", "event 2"),
        ("beat = 16", "beat = 98304e9", "are these samples"),
        ('voice = "techno"', "voice = 3", "deck.1.voice"),
        ('"echo.feedback" = 0.3', '"deck.1.pan" = 0.3', r"\[\[deck\]\]"),
        ("[[deck]]", "[deck", "line"),
        ('title = "Two decks"', "title = 3", "title"),
        ("events = [", "events = 3\nx = [", "unknown key|expected a list"),
    ],
)
def test_mistakes_are_told_with_their_place(old, new, says, tmp_path):
    path = tmp_path / "bad.set"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(SetError, match=says) as caught:
        read_set(path)
    assert "bad.set" in str(caught.value)


def test_files_that_are_no_text_or_not_there(tmp_path):
    (tmp_path / "sound.set").write_bytes(bytes(range(256)))
    for name in ("sound.set", "missing.set", "."):
        with pytest.raises(SetError, match="cannot be read"):
            read_set(tmp_path / name)
    big = tmp_path / "big.set"
    with big.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(SetError, match="larger"):
        read_set(big)


@given(text=st.text(max_size=200))
def test_no_text_at_all_gives_anything_but_a_set_error(text):
    with pytest.raises(SetError):
        parse_set(text)


def test_variation_moves_every_seed_and_nothing_else():
    live_set = parse_set(TEXT)
    varied = live_set.varied(5, 130.0)
    assert [deck["seed"] for deck in varied.decks] == [12, 5]
    assert varied.tempo_bpm == 130.0
    assert varied.events == live_set.events
    assert live_set.varied() == live_set


def test_the_first_format_is_still_read_and_knows_no_entries():
    old = TEXT.replace("format = 2", "format = 1")
    assert parse_set(old) == parse_set(TEXT)
    entries = 'entries = [{ deck = 1, planned = 4, beat = 8, voice = "a", point = "3" }]\n[pack]'
    live_set = parse_set(TEXT.replace("[pack]", entries))
    assert live_set.entries == (Entry(1, 4.0, 8.0, LoopRequest("a", Seed(3))),)
    assert live_set.entries[0].is_late
    with pytest.raises(SetError, match="entries"):
        parse_set(old.replace("[pack]", entries))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{ deck = 1, planned = 4 }", "expected"),
        ("{ deck = 1, planned = 4, beat = 3 }", "entry 1: beat = 3"),
        ('{ deck = 1, planned = 4, lost = "lat" }', "did you mean late"),
        ('{ deck = 1, planned = 4, beat = 8, lost = "late" }', "expected"),
        ("{ deck = 3, planned = 4, beat = 8 }", "the set has 2 decks"),
        ('{ deck = 1, planned = 4, beat = 8, point = "7>" }', "not a point"),
        ("{ deck = 1, planned = 4, beat = 8, pont = 7 }", "did you mean point"),
    ],
)
def test_mistakes_in_entries_are_told(entry, says):
    with pytest.raises(SetError, match=says):
        parse_set(TEXT.replace("[pack]", f"entries = [{entry}]\n[pack]"))


@pytest.mark.parametrize(
    ("address", "value"),
    [("history.undo", 1), ("transport.tap", 0), ("deck.1.halve", 1), ("deck.1.point", "7>9"), ("deck.1.queue", "x"),
     ("deck.1.point", "1>" * 300 + "2"), ("deck.1.moment_1", "gain_db=99"), ("deck.1.moment_1", "play=1"),
     ("deck.1.moment_2", "gain_db"), ("deck.1.queue", " ".join(["1"] * 65))],
)  # fmt: skip
def test_gestures_and_texts_that_cannot_be_read_are_refused(address, value):
    with pytest.raises(AijockeyError):
        Event(0.0, address, value)
