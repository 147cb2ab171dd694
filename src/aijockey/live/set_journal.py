"""The set file of a performance, written while it goes on: readable at any moment, whatever is killed.

What is done is appended as TOML's tables, one whole table at a time; at the end the file is written anew in its
short form. A disk that is slow or full holds nobody up: a thread of its own waits for it.
"""

import contextlib
import os
import queue
import threading
from dataclasses import replace
from pathlib import Path

from aijockey.live.latent_store import LatentError, LatentStore
from aijockey.live.performance import Performance
from aijockey.live.set_file import LiveSet, format_set, write_set
from aijockey.live.set_latents import carrying, keys_of_item, latent_table
from aijockey.live.set_parts import Entry, Event, PackReference, SetError, entry_items, event_items

Item = Event | Entry


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
        start = replace(live_set, entries=(), bars=bars, pack=pack or live_set.pack)
        self._store = LatentStore()
        start = carrying(start, self._store)
        self._carried = set(start.latents)
        self._performance = Performance(start)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise SetError(f"{path}: cannot be written ({error.strerror or error})") from error
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._texts.put(format_set(start))
        self._thread = threading.Thread(target=self._write, name="set file", daemon=True)
        self._thread.start()

    def add(self, item: Item) -> None:
        """Take down what was done, or what became of a loop."""
        if isinstance(item, Event):
            self._performance.events.append(item)
        else:
            self._performance.entries.append(item)
        for key in keys_of_item(item):
            self._carry(key)
        self._texts.put(table(item))

    def _carry(self, key: str) -> None:
        if key not in self._carried:
            self._carried.add(key)
            with contextlib.suppress(LatentError):  # then it cannot be heard either
                self._texts.put(latent_table(key, self._store.bytes_of(key)))

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
        while (text := self._texts.get()) is not None:
            if self.error:
                continue
            try:
                data = text.encode()
                while data:
                    data = data[os.write(self._file, data) :]
            except OSError as error:
                self.error = f"{self.path}: {error.strerror or error}; the set file ends here"


def table(item: Item) -> str:
    """An event or an entry as a table that can be appended to a set file."""
    name, items = ("event", event_items(item)) if isinstance(item, Event) else ("entry", entry_items(item))
    return "\n".join(["", f"[[{name}]]", *items, ""])
