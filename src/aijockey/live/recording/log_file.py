"""The log of a set: lines with their time, in a file that stays small."""

import os
from datetime import UTC, datetime
from pathlib import Path

MOST_BYTES = 8 << 20
MOST_LINE = 2000


class LogFile:
    """Appends lines; at `MOST_BYTES` the file becomes ``NAME.1`` and a new one begins.

    A disk that is full costs lines, which are counted, and nothing else.

    Thread: one, not audio
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path, self._most_bytes = path, most_bytes
        self.dropped_lines = 0

    def write(self, line: str) -> None:
        """Append one line."""
        now = datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")
        text = " ".join(line.split())[:MOST_LINE]
        try:
            if self.path.exists() and self.path.stat().st_size >= self._most_bytes:
                os.replace(self.path, self.path.with_name(f"{self.path.name}.1"))
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{now} {text}\n")
        except OSError:
            self.dropped_lines += 1

    def close(self) -> None:
        """Nothing is held between lines; here so that it looks like other files."""
