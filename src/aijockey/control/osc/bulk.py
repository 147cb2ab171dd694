"""Many datagrams with one call of the system.

A call for each costs Python several microseconds and gives up the interpreter, which another thread may keep for
milliseconds. Linux hands over many at once (``recvmmsg``), which C's library is asked for directly and without giving
it up; elsewhere they are read one by one.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from aijockey.control.osc.network import Sender

MOST_AT_ONCE = 512
MOST_BYTES = 4096
SHORT_BYTES = 128
LONG_BYTES = MOST_BYTES + 1 - SHORT_BYTES
_NAME_BYTES = 28
# struct mmsghdr where a pointer has 64 bits, with the padding that C gives it.
_HEADER: np.dtype[Any] = np.dtype(
    {
        "names": ["name", "name_size", "parts", "part_count", "flags", "size"],
        "formats": ["<u8", "<u4", "<u8", "<u8", "<i4", "<u4"],
        "offsets": [0, 8, 16, 24, 48, 56],
        "itemsize": 64,
    }
)
_PART: np.dtype[Any] = np.dtype([("base", "<u8"), ("size", "<u8")])


class BulkReader:
    """Reads what waits in UDP sockets, without waiting for more. Thread: one

    Parameters
    ----------
    one_by_one : as on systems that hand over only one.

    A datagram of more than `MOST_BYTES` comes cut off there by one byte more, so that it can be told.
    """

    def __init__(self, *, one_by_one: bool = False) -> None:
        self._call = None if one_by_one else _recvmmsg()
        self._senders: dict[bytes, Sender] = {}
        if self._call is None:
            return
        # Most are short and lie close together; what is longer goes on elsewhere.
        self._short = bytearray(MOST_AT_ONCE * SHORT_BYTES)
        self._long = bytearray(MOST_AT_ONCE * LONG_BYTES)
        self._names = np.zeros((MOST_AT_ONCE, _NAME_BYTES), np.uint8)
        self._parts = np.zeros((MOST_AT_ONCE, 2), _PART)
        numbers = np.arange(MOST_AT_ONCE, dtype=np.uint64)
        for part, (memory, size) in enumerate(((self._short, SHORT_BYTES), (self._long, LONG_BYTES))):
            self._parts["base"][:, part] = np.frombuffer(memory, np.uint8).ctypes.data + size * numbers
            self._parts["size"][:, part] = size
        self._headers = np.zeros(MOST_AT_ONCE, _HEADER)
        self._headers["name"] = self._names.ctypes.data + _NAME_BYTES * numbers
        self._headers["parts"] = self._parts.ctypes.data + 2 * _PART.itemsize * numbers
        self._headers["part_count"] = 2
        self._headers["name_size"] = _NAME_BYTES

    def read(self, one: socket.socket) -> list[tuple[bytes, Sender]]:
        """What waits, at most `MOST_AT_ONCE`, in the order in which it came."""
        return list(self._one_by_one(one)) if self._call is None else self._at_once(one)

    def _at_once(self, one: socket.socket) -> list[tuple[bytes, Sender]]:
        assert self._call is not None
        count = self._call(one.fileno(), self._headers.ctypes.data, MOST_AT_ONCE, socket.MSG_DONTWAIT, None)
        if count <= 0:
            number = ctypes.get_errno()
            if count == 0 or number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR):
                return []
            raise OSError(number, os.strerror(number))
        sizes = self._headers["size"][:count]
        short = bytes(memoryview(self._short)[: count * SHORT_BYTES])
        begins = range(0, count * SHORT_BYTES, SHORT_BYTES)
        told = [short[begin : begin + size] for begin, size in zip(begins, sizes.tolist(), strict=True)]
        for place in np.flatnonzero(sizes > SHORT_BYTES).tolist():
            begin, size = place * SHORT_BYTES, int(sizes[place]) - SHORT_BYTES
            rest = memoryview(self._long)[place * LONG_BYTES : place * LONG_BYTES + size]
            told[place] = short[begin : begin + SHORT_BYTES] + bytes(rest)
        self._headers["name_size"][:count] = _NAME_BYTES
        names = self._names[:count]
        if (names == names[0]).all():  # a flood mostly has one sender
            sender = self._sender(names[0].tobytes())
            return [(data, sender) for data in told]
        return [(data, self._sender(name.tobytes())) for data, name in zip(told, names, strict=True)]

    def _one_by_one(self, one: socket.socket) -> Iterator[tuple[bytes, Sender]]:
        for _ in range(MOST_AT_ONCE):
            try:
                data, sender = one.recvfrom(MOST_BYTES + 1)
            except BlockingIOError:
                return
            except OSError as error:
                # Windows tells here that somebody did not listen to what was sent, or that a datagram is too long.
                if error.errno == errno.EBADF:
                    raise
                continue
            yield data, (sender[0], sender[1])

    def _sender(self, name: bytes) -> Sender:
        """Host and port of a ``sockaddr``, which begins with the family."""
        if (known := self._senders.get(name)) is not None:
            return known
        if len(self._senders) >= MOST_AT_ONCE:
            self._senders.clear()
        family = int.from_bytes(name[:2], sys.byteorder)
        (port,) = struct.unpack_from(">H", name, 2)
        v6 = family == socket.AF_INET6
        host = socket.inet_ntop(family, name[8:24] if v6 else name[4:8])
        self._senders[name] = sender = (host, port)
        return sender


def _recvmmsg() -> Any:
    """The call of C's library; None where there is none, or its structures lie otherwise."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8 or sys.byteorder != "little":
        return None
    try:
        call = ctypes.PyDLL(None, use_errno=True).recvmmsg
    except (OSError, AttributeError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    call.restype = ctypes.c_int
    return call
