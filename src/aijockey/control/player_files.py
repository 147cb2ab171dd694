"""Where a player's own configuration lies."""

import os
import sys
from pathlib import Path


def player_folder() -> Path:
    """The folder of the player's own files; may not exist yet. ``AIJOCKEY_CONFIG`` puts it elsewhere."""
    if chosen := os.environ.get("AIJOCKEY_CONFIG"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA", Path.home()))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "aijockey"
