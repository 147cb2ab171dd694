"""Frames: what is packed is unpacked the same, and what is no frame is said to be none."""

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.control.parameters import PARAMETERS
from aijockey.control.web.protocol import (
    MOST_MESSAGE_BYTES,
    MessageError,
    Meters,
    SoundFrame,
    as_int16,
    client_name,
    decode,
    encode,
    pack_meters,
    pack_sound,
    rows,
    unpack,
)


def test_meters_lie_as_documented_and_come_back(rng):
    levels = rng.uniform(-120, 0, (5, 4)).astype(np.float32)
    data = pack_meters(Meters(17.25, 480_000.0, 124.5, -2.5, levels))
    assert data[:2] == b"\x01\x01"
    assert struct.unpack_from("<H", data, 2) == (4,)
    assert struct.unpack_from("<dd", data, 8) == (17.25, 480_000.0)
    assert struct.unpack_from("<ff", data, 24) == (124.5, -2.5)
    assert len(data) == 32 + 5 * 16
    back = unpack(data)
    assert isinstance(back, Meters)
    np.testing.assert_array_equal(back.levels, levels)


def test_sound_lies_as_documented_and_comes_back():
    sound = np.array([[0.0, 1.0, -1.0, 1.5], [0.5, -0.5, 0.25, -2.0]], dtype=np.float32)
    data = pack_sound(SoundFrame(96_000.0, 4.0, as_int16(sound)))
    assert data[:2] == b"\x02\x01"
    assert struct.unpack_from("<HIdd", data, 2) == (2, 4, 96_000.0, 4.0)
    # Left and right in turn; what is too loud is clipped.
    assert np.frombuffer(data, "<i2", offset=24).tolist() == [
        0,
        16384,
        32767,
        -16384,
        -32767,
        8192,
        32767,
        -32767,
    ]
    back = unpack(data)
    assert isinstance(back, SoundFrame)
    assert back.frames.shape == (4, 2)


@pytest.mark.parametrize("cut", [0, 1, 8, 31, 47])
def test_a_frame_that_is_cut_off_or_unknown_is_refused(cut):
    data = pack_meters(Meters(0.0, 0.0, 120.0, 0.0, np.zeros((1, 4), np.float32)))
    with pytest.raises(MessageError):
        unpack(data[:cut])
    with pytest.raises(MessageError, match="kind 9"):
        unpack(b"\x09" + data[1:])
    with pytest.raises(MessageError, match="version"):
        unpack(b"\x01\x02" + data[2:])


@given(st.text(max_size=200))
def test_whatever_text_comes_is_an_object_or_an_error(text):
    with contextlib.suppress(MessageError):
        assert isinstance(decode(text), dict)


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "null", '"x"', "{", "[" * 60_000, " " * (MOST_MESSAGE_BYTES + 1)]
)
def test_what_is_no_object_is_refused(text):
    with pytest.raises(MessageError):
        decode(text)


def test_text_is_json_that_every_browser_reads():
    told = encode({"a": float("nan"), "b": [1.5, float("inf")], "c": "\ud800 ü"})
    assert json.loads(told) == {"a": None, "b": [1.5, None], "c": "\ud800 ü"}
    told.encode("ascii")


def test_every_row_of_the_table_travels_whole():
    told = json.loads(encode({"parameters": rows()}))["parameters"]
    assert [row["address"] for row in told] == [row.address for row in PARAMETERS]
    for row, parameter in zip(told, PARAMETERS, strict=True):
        assert row["choices"] == list(parameter.choices)
        assert row["default"] == (None if parameter.gesture else parameter.default)
        assert (row["low"], row["high"], row["unit"]) == (parameter.low, parameter.high, parameter.unit)


@pytest.mark.parametrize("name", ["", "a b", "x" * 33, "<b>", "ü", 7, None, ["page"]])
def test_a_client_is_called_nothing_strange(name):
    with pytest.raises(MessageError, match="letters, digits"):
        client_name(name, 1)
