"""A second UDP socket for what must not wait, filled by the kernel itself.

A flood fills a socket's buffer, and what comes while it is full is lost before any program can look at it. On Linux
several sockets may share a port, and a small program (classic BPF, which needs no privilege) says which of them gets a
datagram: here, one that begins with an urgent address, alone or within a bundle, goes to a socket that nothing else
fills. Elsewhere, or where the kernel refuses, there is one socket.
"""

import ctypes
import socket
import struct
import sys
from collections.abc import Iterable

SO_ATTACH_REUSEPORT_CBPF = 51
# Instructions of classic BPF: load a word at a fixed place; jump if equal; return.
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_INSTRUCTION = struct.Struct("HBBI")
FLOOD, URGENT = 0, 1
# Where the first message of a bundle begins, and at how many places of a bundle a message is looked for: as many as
# the kernel has room for; 360 are the 1,460 bytes of what is sent in one piece.
BUNDLED_AT = 20
PLACES = (360, 48, 1)

Instruction = tuple[int, int, int, int]


def can_steer() -> bool:
    """Whether this system may have it."""
    return sys.platform == "linux" and hasattr(socket, "SO_REUSEPORT")


def steer(first: socket.socket, addresses: Iterable[str]) -> int:
    """Send datagrams with one of ``addresses`` to the second socket of a port, all others to ``first``.

    Returns at how many places of a bundle it looks; 0 where the kernel does not take the program.
    """
    wanted = [_words(address) for address in addresses]
    for places in PLACES:
        code = b"".join(_INSTRUCTION.pack(*one) for one in program(wanted, places))
        kept = ctypes.create_string_buffer(code)
        asked = struct.pack("HL", len(code) // _INSTRUCTION.size, ctypes.addressof(kept))
        try:
            first.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, asked)
        except OSError:  # no room for one so long, or none at all
            continue
        return places
    return 0


def program(wanted: list[tuple[int, ...]], places: int) -> list[Instruction]:
    """The program: which socket gets a datagram. A load behind its end returns 0, which is the first.

    wanted : addresses as big-endian words, their padding with them.
    """
    code: list[Instruction] = []
    for words in wanted:
        code += _look(words, 0)
    code += [(_LOAD, 0, 0, 0), (_EQUAL, 1, 0, int.from_bytes(b"#bun", "big")), (_RETURN, 0, 0, FLOOD)]
    for place in range(places):
        for words in wanted:
            code += _look(words, BUNDLED_AT + 4 * place)
    return [*code, (_RETURN, 0, 0, FLOOD)]


def _look(words: tuple[int, ...], at: int) -> list[Instruction]:
    """Return `URGENT` where ``words`` stand at a place; else go on behind this."""
    code: list[Instruction] = []
    left = 2 * len(words)  # instructions behind the first comparison
    for number, word in enumerate(words):
        left = 2 * (len(words) - number) - 1
        code += [(_LOAD, 0, 0, at + 4 * number), (_EQUAL, 0, left, word)]
    return [*code, (_RETURN, 0, 0, URGENT)]


def _words(address: str) -> tuple[int, ...]:
    data = address.encode()
    data += b"\0" * (4 - len(data) % 4)
    return tuple(int.from_bytes(data[place : place + 4], "big") for place in range(0, len(data), 4))
