"""What a check says."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    state : ``note`` plays but may go wrong on stage; ``broken`` keeps something from working. matters : what for.
    fix : in one sentence; "" where there is nothing to mend.
    """

    name: str
    state: State
    found: str
    matters: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Patient:
    """What is examined: the choices a player would make, None for the defaults.

    seconds : how long each measurement of speed may take.
    """

    pack: str | None = None
    device: str | None = None
    port: int = 8765
    folder: Path = field(default_factory=Path.cwd)
    seconds: float = 2.0
    bpm: float = 128.0
