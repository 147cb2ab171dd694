"""OSC addresses and values: the table walked there and back, nonsense refused."""

import math

import pytest
from tests.control.osc.surface import a_desk

from aijockey.control import parameters
from aijockey.control.osc import codec
from aijockey.control.osc.addresses import from_osc, to_argument, to_osc, to_value
from aijockey.control.parameters import ParameterError


def some_values(row: parameters.Parameter) -> list[parameters.Value]:
    if row.curve in ("name", "text"):
        return ["7>9@0.5", "techno", "-"]
    if row.choices:
        return list(row.choices)
    middle = round(row.low + 0.37 * (row.high - row.low), 3)
    return [
        row.low,
        row.high,
        float(math.floor(middle)) if row.curve in parameters.WHOLE else middle,
        row.default,
    ]


def test_every_value_of_the_table_goes_to_osc_and_back_unchanged():
    desk, _ = a_desk()
    for address in desk.addresses:
        row = parameters.resolve(address).parameter
        assert from_osc(to_osc(address)) == address
        if row.curve == "trigger":
            continue  # what only acts has no value to keep
        for value in some_values(row):
            packet = codec.encode(to_osc(address), to_argument(row, value))
            (message,) = codec.decode(packet)
            assert to_value(row, message.arguments, message.address) == (value, 0.0), address


def test_every_gesture_acts_when_a_button_goes_down_and_not_when_it_is_let_go():
    rows = [row for row in parameters.PARAMETERS if row.curve == "trigger"]
    assert len(rows) >= 5
    for row in rows:
        assert to_value(row, (1.0,), "/x") is not None
        assert to_value(row, (0.0,), "/x") is None
    tap = parameters.resolve("transport.tap").parameter
    assert to_value(tap, (1,), "/transport/tap") == (0.0, 0.0)  # now
    assert to_value(tap, (1234.5,), "/transport/tap") == (1234.5, 0.0)


@pytest.mark.parametrize("row", [row for row in parameters.PARAMETERS if row.curve not in ("name", "text")])
def test_nonsense_is_refused_with_name_value_and_range(row):
    for bad in (math.nan, math.inf, 1e12, "loud", None):
        with pytest.raises(ParameterError) as caught:
            to_value(row, (bad,), "/deck/1/thing")
        assert "/deck/1/thing" in str(caught.value)
    for arguments in ((), (0, 0, 0), (row.default, -1.0), (row.default, "slow"), (row.default, math.nan)):
        with pytest.raises(ParameterError):
            to_value(row, arguments, "/deck/1/thing")


@pytest.mark.parametrize(
    "address", ["/deck/*/gain_db", "/deck/1/{a,b}", "/deck.1.gain_db", "deck/1", "/", "/deck/99/gain_db"]
)
def test_patterns_and_unknown_addresses_are_refused(address):
    with pytest.raises(ParameterError):
        from_osc(address)
