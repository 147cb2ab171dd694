"""Files that appear whole."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` under a temporary name and rename it, over what was there.

    Raises
    ------
    OSError : it cannot be written; what was there is left.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
