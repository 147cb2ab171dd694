"""Loops made by another process, ahead of when they are needed, so that a network never holds up the sound.

Requests go down a pipe as JSON; a reply is a JSON header and the samples as bytes. If the process dies it is
started again and asked again; until then decks go on with the loops they have.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from aijockey.errors import AijockeyError
from aijockey.live.generator import Generator
from aijockey.live.loop_source import CACHED_LOOPS, controls_of, generate_loop
from aijockey.live.loops import Loop, LoopRequest, Ticket, make_loop
from aijockey.pack.pack import Pack

# A request that the process died of this often is given up.
MOST_ATTEMPTS = 2
# Starts without a loop in between; then something is wrong that starting again does not mend.
MOST_STARTS = 5
NICENESS = 5


class WorkerSource:
    """A `LoopSource` whose loops come from a process of their own.

    Parameters
    ----------
    pack : whose voices to make.
    threads : of the networks; the machine's other cores belong to the sound.
    """

    channels = 1

    def __init__(self, pack: Pack, threads: int = 1) -> None:
        self.voices: Mapping[str, bool] = {voice.name: voice.tonal for voice in pack.manifest.voices}
        self.starts = 0
        self.failure: str | None = None
        self._path, self._threads = pack.path, threads
        self._lock = threading.Lock()
        self._waiting: dict[int, Ticket] = {}
        self._attempts: dict[int, int] = {}
        self._cache: OrderedDict[LoopRequest, Loop] = OrderedDict()
        self._number = 0
        self._fruitless_starts = 0
        self._closed = False
        self._context = multiprocessing.get_context("spawn")
        self._start()
        self._reader = threading.Thread(target=self._read, name="loops", daemon=True)
        self._reader.start()

    @property
    def process_id(self) -> int | None:
        """The process that makes loops now."""
        return self._process.pid

    def request(self, request: LoopRequest) -> Ticket:
        """Ask for a loop; the ticket is filled when it is made. Thread: any but the device's"""
        ticket = Ticket(request)
        with self._lock:
            if request in self._cache:
                self._cache.move_to_end(request)
                ticket.loop = self._cache[request]
                return ticket
            if self.failure is not None:
                ticket.error = self.failure
                return ticket
            self._number += 1
            self._waiting[self._number] = ticket
            self._attempts[self._number] = 1
            self._send(self._number, ticket)
        return ticket

    def close(self) -> None:
        """End the process. Thread: control"""
        with self._lock:
            self._closed = True
            self._pipe.close()
        self._process.join(timeout=2.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._reader.join(timeout=2.0)

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=work, args=(theirs, str(self._path), self._threads), name="aijockey-loops", daemon=True
        )
        self._process.start()
        theirs.close()
        self.starts += 1
        self._fruitless_starts += 1

    def _send(self, number: int, ticket: Ticket) -> None:
        message = json.dumps({"number": number, **ticket.request.as_json()})
        # A dead process is noticed by the reader, which asks again.
        with contextlib.suppress(OSError):
            self._pipe.send_bytes(message.encode())

    def _read(self) -> None:
        while not self._closed:
            try:
                header = json.loads(self._pipe.recv_bytes())
                sound = self._pipe.recv_bytes() if "shape" in header else b""
            except (EOFError, OSError):
                if not self._restart():
                    return
                continue
            self._fill(header, sound)

    def _fill(self, header: Mapping[str, Any], sound: bytes) -> None:
        with self._lock:
            ticket = self._waiting.pop(header["number"], None)
            self._attempts.pop(header["number"], None)
            self._fruitless_starts = 0
            if ticket is None:
                return
            if "shape" not in header:
                ticket.error = header["error"]
                return
            audio = np.frombuffer(sound, dtype=np.float32).reshape(header["shape"])
            ticket.loop = Loop(audio, header["gain"])
            self._cache[ticket.request] = ticket.loop
            if len(self._cache) > CACHED_LOOPS:
                self._cache.popitem(last=False)

    def _restart(self) -> bool:
        """Start a new process after the old one died; False where there is no sense in it."""
        if self._closed:
            return False
        self._process.join(timeout=1.0)
        with self._lock:
            if self._fruitless_starts >= MOST_STARTS:
                self.failure = f"the process that makes loops ended {MOST_STARTS} times in a row"
                for ticket in self._waiting.values():
                    ticket.error = self.failure
                self._waiting.clear()
                return False
            self._pipe.close()
            self._start()
            for number, ticket in list(self._waiting.items()):
                self._attempts[number] += 1
                if self._attempts[number] > MOST_ATTEMPTS:
                    ticket.error = "the process that makes loops died of this request"
                    del self._waiting[number], self._attempts[number]
                else:
                    self._send(number, ticket)
        return True


def work(pipe: Connection, pack_path: str, threads: int) -> None:
    """The process: makes loops until the other end of ``pipe`` is closed."""
    # The terminal's interrupt is for the player; this process ends when its pipe does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    generator: Generator | None = None
    while True:
        try:
            message = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        number = message.pop("number")
        try:
            if generator is None:
                generator = Generator(Pack.open(Path(pack_path)), threads)
            request = LoopRequest.from_json(message)
            loop = make_loop(generate_loop(generator, request, controls_of(generator.pack, request.voice)))
        except AijockeyError as error:
            reply(pipe, {"number": number, "error": str(error)})
            continue
        reply(pipe, {"number": number, "shape": loop.audio.shape, "gain": loop.gain}, loop.audio.tobytes())


def reply(pipe: Connection, header: Mapping[str, Any], sound: bytes = b"") -> None:
    """Send a header, and samples if there are any; a player that has gone is no error."""
    with contextlib.suppress(OSError):
        pipe.send_bytes(json.dumps(header).encode())
        if sound:
            pipe.send_bytes(sound)


def wait_for(ready: Any, source: WorkerSource, timeout_s: float = 120.0) -> None:
    """Wait until ``ready()`` is true.

    Raises
    ------
    AijockeyError : the process keeps dying, or nothing came within ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        if source.failure is not None:
            raise AijockeyError(source.failure)
        if time.monotonic() > deadline:
            raise AijockeyError(f"the first loops were not made within {timeout_s:.0f} s")
        time.sleep(0.01)
