"""The process that streams: reads the ring, encodes, sends; a stall or crash of it is heard by nobody here.

Commands come down a pipe as JSON (``{"do": "title", "title": …}``), status goes back the same way. It ends
when its pipe does.
"""

import contextlib
import dataclasses
import json
import os
import signal
import time
from multiprocessing.connection import Connection

from aijockey.live.shared_ring import RingReader, SharedRing
from aijockey.live.streaming.config import StreamConfig
from aijockey.live.streaming.streamer import Streamer
from aijockey.music.grid import RATE_HZ

TICK_S = 0.05
REPORT_S = 0.5
NICENESS = 4


def send_stream(pipe: Connection, ring: str, config: StreamConfig, channels: slice = slice(0, 2)) -> None:
    """Serve ``pipe`` until its other end is closed.

    Parameters
    ----------
    ring : name of a `SharedRing`; this process must be a child of the one that owns it.
    channels : of the master in the ring.
    """
    # The terminal's interrupt is for the player; this process ends when its pipe does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with SharedRing.attach(ring) as memory:
        streamer = Streamer(config)
        try:
            _serve(pipe, memory.reader(), streamer, channels)
        finally:
            streamer.close()


def _serve(pipe: Connection, reader: RingReader, streamer: Streamer, channels: slice) -> None:
    reported = 0.0
    while True:
        streamer.feed(reader.read(RATE_HZ)[channels].copy())
        try:
            while pipe.poll(TICK_S):
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    message = json.loads(pipe.recv_bytes())
                    if message["do"] == "title":
                        streamer.set_title(str(message["title"]))
            if time.monotonic() - reported >= REPORT_S:
                reported = time.monotonic()
                status = dataclasses.asdict(streamer.status())
                status["lost_s"] = reader.lost / RATE_HZ
                pipe.send_bytes(json.dumps(status).encode())
        except (EOFError, OSError):
            return
