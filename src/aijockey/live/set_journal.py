"""The set file of a performance, written while it goes on: readable at any moment, whatever is killed.

What is done is appended as TOML's tables, one whole table at a time; at the end the file is written anew in its
short form. A disk that is slow or full holds nobody up: a thread of its own waits for it. A file as long as can be
read again ends there, so that a flood of moves that lasts for hours takes a bounded part of disk and memory.
"""

import contextlib
import os
import queue
import threading
from dataclasses import replace
from pathlib import Path

from aijockey.live.latent_store import LatentError, LatentStore
from aijockey.live.performance import PLAYED_BY, Performance
from aijockey.live.set_file import MAX_FILE_BYTES, LiveSet, format_set, write_set
from aijockey.live.set_latents import carrying, keys_of_item, latent_table
from aijockey.live.set_parts import Entry, Event, PackReference, SetError, entry_items, event_items

Item = Event | Entry

# What is longer could not be read again; the short form at the end may be a little longer than what it is made of.
MOST_BYTES = MAX_FILE_BYTES // 8 * 7


class SetJournal:
    """Keeps one performance as a set file.

    Parameters
    ----------
    path : of the file; must not exist.
    live_set : what the performance began with.
    bars : how long it is meant to be; the true length is written at the end.
    pack : which pack it is played with.

    error : why the file does not go on; "" while all is well.

    Raises
    ------
    SetError : the file cannot be made.

    Thread: one, not audio
    """

    def __init__(self, path: Path, live_set: LiveSet, bars: int, pack: PackReference | None = None) -> None:
        self.path = path
        self.error = ""
        # What became of loops is told anew by whoever plays them.
        mixer = {name: value for name, value in live_set.mixer.items() if not name.startswith(PLAYED_BY)}
        start = replace(live_set, mixer=mixer, entries=(), bars=bars, pack=pack or live_set.pack)
        self._store = LatentStore()
        start = carrying(start, self._store)
        self._carried = set(start.latents)
        self._performance = Performance(start)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise SetError(f"{path}: cannot be written ({error.strerror or error})") from error
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._bytes = 0
        self._put(format_set(start))
        self._thread = threading.Thread(target=self._write, name="set file", daemon=True)
        self._thread.start()

    def add(self, item: Item) -> None:
        """Take down what was done, or what became of a loop; nothing any more where the file is full."""
        if self._is_full:
            return
        if isinstance(item, Event):
            if item.address.startswith(PLAYED_BY):
                return
            self._performance.events.append(item)
        else:
            self._performance.entries.append(item)
        for key in keys_of_item(item):
            self._carry(key)
        self._put(table(item))
        if self._is_full:
            self.error = (
                f"{self.path}: {self._bytes >> 20} MiB, as much as can be read again; the set file ends here"
            )

    @property
    def _is_full(self) -> bool:
        return self._bytes > MOST_BYTES

    def _put(self, text: str) -> None:
        self._bytes += len(text.encode())
        self._texts.put(text)

    def _carry(self, key: str) -> None:
        if key not in self._carried:
            self._carried.add(key)
            with contextlib.suppress(LatentError):  # then it cannot be heard either
                self._put(latent_table(key, self._store.bytes_of(key)))

    def close(self, beats: float) -> None:
        """End the file: the performance was ``beats`` long. Harmless a second time."""
        if self._file < 0:
            return
        self._texts.put(None)
        self._thread.join()
        os.close(self._file)
        self._file = -1
        with contextlib.suppress(SetError):  # then the long form stays
            write_set(self.path, carrying(self._performance.live_set_at(beats), self._store))

    def _write(self) -> None:
        failed = False
        while (text := self._texts.get()) is not None:
            if failed:
                continue
            try:
                data = text.encode()
                while data:
                    data = data[os.write(self._file, data) :]
            except OSError as error:
                failed = True
                self.error = f"{self.path}: {error.strerror or error}; the set file ends here"


def table(item: Item) -> str:
    """An event or an entry as a table that can be appended to a set file."""
    name, items = ("event", event_items(item)) if isinstance(item, Event) else ("entry", entry_items(item))
    return "\n".join(["", f"[[{name}]]", *items, ""])
