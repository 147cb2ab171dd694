"""Travel: where faders and knobs stand for values, there and back."""

import math

import pytest

from aijockey.control.parameters import DECK_PARAMETERS, PARAMETERS, WHOLE, ParameterError
from aijockey.control.travel import FADER_DB, FADER_TRAVEL, from_travel, has_travel, is_centred, to_travel

MOVED = [row for row in PARAMETERS if has_travel(row)]


@pytest.mark.parametrize("row", MOVED, ids=lambda row: row.address)
@pytest.mark.parametrize("centred", [False, True])
def test_the_ends_are_the_ends_and_every_step_comes_back(row, centred):
    low, high = (row.choices[0], row.choices[-1]) if row.choices else (row.low, row.high)
    assert from_travel(row, 0.0, centred=centred) == low
    assert from_travel(row, 1.0, centred=centred) == high
    assert to_travel(row, row.default, centred=centred) >= 0.0
    for step in range(201):
        value = from_travel(row, step / 200, centred=centred)
        assert row.check(value) == value
        again = from_travel(row, to_travel(row, value, centred=centred), centred=centred)
        if row.choices or row.curve in WHOLE:
            assert again == value
        else:
            assert math.isclose(float(again), float(value), abs_tol=1e-9 * (row.high - row.low))


def test_a_fader_has_most_of_its_way_near_0_db_and_falls_ever_faster():
    row = DECK_PARAMETERS["gain_db"]
    assert from_travel(row, 0.75) == 0.0
    slopes = [
        (FADER_DB[n + 1] - FADER_DB[n]) / (FADER_TRAVEL[n + 1] - FADER_TRAVEL[n])
        for n in range(len(FADER_DB) - 1)
    ]
    assert slopes == sorted(slopes, reverse=True)


def test_knobs_of_the_equaliser_and_pans_have_their_default_in_the_middle():
    for name in ("low_db", "mid_db", "high_db", "pan", "filter", "width", "trim_db", "pitch_semitones"):
        row = DECK_PARAMETERS[name]
        assert is_centred(row)
        assert from_travel(row, 0.5, centred=True) == row.default
    assert not is_centred(DECK_PARAMETERS["gain_db"])


def test_words_have_no_travel_and_nan_is_nowhere():
    for row in PARAMETERS:
        if not has_travel(row):
            with pytest.raises(ParameterError, match="travel"):
                from_travel(row, 0.5)
        else:
            with pytest.raises(ParameterError, match="nan"):
                from_travel(row, math.nan)
