"""What the supervisor says to the engine and to the writer, from any of its threads."""

import threading
from typing import Any

from aijockey.live.processes.common_memory import CommonMemory
from aijockey.live.processes.mailbox import Outbox, key_of


class Post:
    """Two outboxes. What has no room in a mailbox waits here, thinned; nobody who speaks waits."""

    def __init__(self, memory: CommonMemory) -> None:
        self.engine, self.writer = Outbox(memory.commands), Outbox(memory.writer_inbox)
        self._lock = threading.Lock()

    def move(self, address: str, value: object, over_beats: float) -> None:
        """Ask the engine to move a parameter. Thread: any"""
        with self._lock:
            self.engine.send({"set": address, "to": value, "over": over_beats}, key=key_of(address))

    def tell_engine(self, message: dict[str, Any]) -> None:
        """Ask the engine for something else. Thread: any"""
        with self._lock:
            self.engine.send(message)

    def tell_writer(self, *messages: dict[str, Any]) -> None:
        """Ask the writer for something. Thread: any"""
        with self._lock:
            for message in messages:
                self.writer.send(message)

    def flush(self) -> None:
        """Send what waited. Thread: any"""
        with self._lock:
            self.engine.flush()
            self.writer.flush()
