import math

import pytest

from aijockey.control import parameters
from aijockey.control.parameters import DECK_PARAMETERS, PARAMETERS, ParameterError, check, resolve


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.address)
def test_every_row_is_whole_and_takes_its_own_default_and_ends(row):
    assert row.summary
    assert row.name.isidentifier()
    if row.curve in ("name", "text"):
        assert row.check("techno") == "techno"
        return
    assert row.check(row.default) == row.default
    if row.curve == "choice":
        assert all(row.check(choice) == choice for choice in row.choices)
    else:
        assert row.check(row.low) == row.low
        assert row.check(row.high) == row.high


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.curve not in ("name", "text", "choice")])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e12, "loud", None, [0]])
def test_nothing_out_of_range_passes_and_the_text_says_what_came(row, bad):
    with pytest.raises(ParameterError) as caught:
        row.check(bad, "deck.3.thing")
    assert "deck.3.thing" in str(caught.value)
    assert repr(bad) in str(caught.value)
    assert f"{row.low:g} to {row.high:g}" in str(caught.value)


def test_addresses_resolve_to_their_rows():
    assert resolve("transport.tempo_bpm").parameter.unit == "BPM"
    target = resolve("deck.16.gain_db")
    assert (target.deck, target.parameter.name) == (15, "gain_db")
    target = resolve("deck.1.controls.onset_density")
    assert (target.deck, target.control, target.parameter) == (0, "onset_density", parameters.CONTROL)


@pytest.mark.parametrize(
    ("address", "guess"),
    [("deck.1.gain", "gain_db"), ("transport.tempo", "transport.tempo_bpm"), ("deck.2.fliter", "filter")],
)
def test_an_unknown_name_is_answered_with_its_neighbour(address, guess):
    with pytest.raises(ParameterError, match=guess):
        resolve(address)


@pytest.mark.parametrize(
    "address",
    ["deck.0.gain_db", "deck.17.gain_db", "deck.x.gain_db", "deck.²", "deck", "", "deck.1.controls."],
)
def test_there_are_sixteen_decks_counted_from_one(address):
    with pytest.raises(ParameterError, match=r"deck|parameter"):
        resolve(address)


def test_switches_and_steps_are_whole_and_choices_are_listed():
    assert check("deck.1.play", True) == 1.0
    for address, value in [("deck.1.play", 0.5), ("deck.1.seed", 1.5)]:
        with pytest.raises(ParameterError, match="whole"):
            check(address, value)
    with pytest.raises(ParameterError, match="0, 1, 4, 8, 16, 32"):
        check("deck.1.quantise_beats", 3)
    with pytest.raises(ParameterError, match="a, thru, b"):
        check("deck.1.side", "c")
    with pytest.raises(ParameterError, match="name"):
        check("deck.1.voice", 7)


def test_each_row_has_one_place_where_it_acts():
    planned = {row.name for row in DECK_PARAMETERS.values() if row.planned and not row.gesture}
    moments = {f"moment_{number}" for number in range(1, 9)}
    assert planned == moments | {
        "voice", "play", "seed", "walk", "point", "refresh", "refresh_bars", "quantise_beats", "crossfade_beats",
        "queue", "skip", "moment", "loop", "spread", "members", "member_pans", "member_solo",
        "glide", "walk_kind", "walk_pace", "walk_range", "walk_seed", "walk_beats",
        "walk_place", "pad_x", "pad_y", "morph_voice", "morph", "ride_beats",
    }  # fmt: skip
    for row in PARAMETERS:
        assert not (row.planned and row.read)
        # The mixer takes these curves; what a deck reads by must not look like them.
        assert not row.read or row.curve not in ("linear", "decibel", "switch")
