"""OSC as bytes: there and back, and against python-osc, which others use."""

import contextlib
import math
import random

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from aijockey.control.osc import codec
from aijockey.control.osc.codec import Message, OscError, decode, encode, encode_bundle


@pytest.mark.parametrize(
    "arguments",
    [(), (1,), (-6.5,), (2**40,), ("techno",), ("",), (True, False, None), (0.1, 3, "x" * 7, "ü"), (0.95,)],
)
def test_a_message_comes_back(arguments):
    assert decode(encode("/deck/1/gain_db", *arguments)) == [Message("/deck/1/gain_db", arguments)]


def test_a_decimal_survives_32_bits_and_any_number_64():
    for number in (0.1, 0.95, -3.7, 123.45, 1e-5, 127.31):
        assert decode(encode("/a", number))[0].arguments == (number,)
    generator = random.Random(4)
    for _ in range(200):
        number = generator.uniform(-300, 300)
        assert decode(encode("/a", number, double=True))[0].arguments == (number,)
        assert math.isclose(decode(encode("/a", number))[0].arguments[0], number, rel_tol=1e-7)


def test_others_read_what_we_write_and_write_what_we_read():
    theirs = OscMessage(encode("/deck/2/insert_1", "drive", 4, 0.5, True))
    assert theirs.address == "/deck/2/insert_1"
    assert theirs.params == ["drive", 4, 0.5, True]
    built = OscMessageBuilder("/mixer/crossfader")
    for value in (-0.25, 8, "word", False):
        built.add_arg(value)
    assert decode(built.build().dgram) == [Message("/mixer/crossfader", (-0.25, 8, "word", False))]


def test_a_bundle_keeps_its_time_for_us_and_for_others():
    messages = [encode("/a", 1), encode("/b", "two")]
    bundle = encode_bundle(messages, 1_700_000_000.25)
    assert [message.address for message in decode(bundle)] == ["/a", "/b"]
    assert decode(bundle)[0].at_s == 1_700_000_000.25
    assert OscBundle(bundle).timestamp == pytest.approx(1_700_000_000.25)
    assert decode(encode_bundle([bundle]))[1] == Message("/b", ("two",), 1_700_000_000.25)
    assert decode(encode_bundle(messages))[0].at_s is None


@pytest.mark.parametrize(
    "data",
    [
        b"", b"deck", b"/deck", b"/a\0\0\0,i\0\0\0\0", b"/a\0\0,x\0\0", b"/\xff\0\0,\0\0\0", b"#bundle\0\0",
        b"#bundle\0" + bytes(8) + b"\0\0\0\x0c" + b"/a\0\0", b"/a\0\0i\0\0\0", b"/a\0\0,s\0\0abcd",
    ],
)  # fmt: skip
def test_what_is_not_osc_is_an_error_that_says_so(data):
    with pytest.raises(OscError):
        decode(data)


def test_bundles_do_not_nest_without_end():
    bundle = encode("/a", 1)
    for _ in range(codec.MOST_DEPTH + 1):
        bundle = encode_bundle([bundle])
    with pytest.raises(OscError, match="deep"):
        decode(bundle)


def test_noise_never_does_worse_than_an_error():
    generator = random.Random(9)
    whole = encode_bundle([encode("/deck/1/gain_db", -6.0, 4), encode("/x", "word", True)])
    for _ in range(2000):
        data = bytearray(whole[: generator.randrange(len(whole) + 1)])
        for _ in range(generator.randrange(4)):
            if data:
                data[generator.randrange(len(data))] = generator.randrange(256)
        with contextlib.suppress(OscError):
            decode(bytes(data))
