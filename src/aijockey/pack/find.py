"""Finds packs by name: those shipped inside the package, or any path."""

from importlib import resources
from pathlib import Path

from aijockey.pack.container import ARCHIVE_SUFFIX
from aijockey.pack.errors import PackNotFoundError
from aijockey.pack.fields import nearest
from aijockey.pack.manifest import MANIFEST_NAME

DEFAULT_PACK = "default"


def shipped_packs() -> dict[str, Path]:
    """Name -> path of the packs inside the installed package."""
    folder = Path(str(resources.files("aijockey"))) / "packs"
    if not folder.is_dir():
        return {}
    return {
        entry.name.removesuffix(ARCHIVE_SUFFIX): entry
        for entry in sorted(folder.iterdir())
        if (entry / MANIFEST_NAME).is_file() or entry.suffix == ARCHIVE_SUFFIX
    }


def default_pack_path() -> Path:
    """Where the pack that plays when none is named lies.

    Raises
    ------
    PackNotFoundError : this installation ships none.
    """
    return find_pack(None)


def find_pack(name_or_path: str | Path | None) -> Path:
    """Path of a pack: a path that exists is taken as it is, else a shipped pack of that name; None is the
    default.

    Raises
    ------
    PackNotFoundError : neither; the text names the nearest.
    """
    shipped = shipped_packs()
    if name_or_path is None:
        if DEFAULT_PACK not in shipped:
            raise PackNotFoundError("this installation ships no default pack; name one with --pack PATH")
        return shipped[DEFAULT_PACK]
    if Path(name_or_path).exists():
        return Path(name_or_path)
    name = str(name_or_path)
    if name in shipped:
        return shipped[name]
    names = f" (shipped packs: {', '.join(shipped)})" if shipped else ""
    raise PackNotFoundError(f"{name}: no such folder, archive or shipped pack{nearest(name, shipped)}{names}")
