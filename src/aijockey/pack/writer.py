"""Writes packs: a temporary sibling first, verified as a reader would, then renamed into place."""

import dataclasses
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.pack.container import ARCHIVE_SUFFIX
from aijockey.pack.errors import ArrayFileError, PackExistsError, PackNotFoundError
from aijockey.pack.manifest import CARD_NAME, MANIFEST_NAME, FileSpec, Manifest
from aijockey.pack.manifest_checks import check_file_name
from aijockey.pack.manifest_file import encode_manifest
from aijockey.pack.pack import Pack

Content = bytes | Path | npt.NDArray[np.floating]

# The earliest date a ZIP can hold: the same pack is the same archive, byte for byte, whenever it is written.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_pack(
    target: Path, manifest: Manifest, files: Mapping[str, Content], model_card: str, *, force: bool = False
) -> Pack:
    """Write a pack and open it.

    Parameters
    ----------
    target : an archive where the name ends in ``.ajpack``, else a folder. Its parent must exist.
    manifest : its ``files`` are filled in here.
    files : file name -> bytes, a path to copy, or a float array (stored as ``.npy``; give float16 to halve
        it).
    model_card : text of ``MODEL_CARD.md``.
    force : replace a pack that is already there. Anything there that is not a pack is never replaced.

    Raises
    ------
    PackExistsError : the target exists and ``force`` is false, or it is not a pack.
    PackError : what was given does not make a valid pack; nothing is left behind.
    """
    target = Path(target)
    _check_target(target, force)
    contents = {name: _encode(name, content) for name, content in files.items()}
    contents[CARD_NAME] = model_card.encode()
    listed = {
        name: FileSpec(len(data), hashlib.sha256(data).hexdigest()) for name, data in sorted(contents.items())
    }
    contents[MANIFEST_NAME] = encode_manifest(dataclasses.replace(manifest, files=listed))
    for name in contents:
        check_file_name(name)
    return _write_contents(target, contents)


def convert_pack(pack: Pack, target: Path, *, force: bool = False) -> Pack:
    """Write the same pack, with the same hash, as a folder or as an archive (``.ajpack``).

    Raises
    ------
    PackExistsError : as in `write_pack`.
    """
    _check_target(target, force)
    contents = {name: pack.read(name) for name in pack.manifest.files}
    contents[MANIFEST_NAME] = pack.container.read(MANIFEST_NAME, pack.container.sizes[MANIFEST_NAME])
    return _write_contents(target, contents)


def _encode(name: str, content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, Path):
        return content.read_bytes()
    if content.dtype not in (np.float16, np.float32, np.float64):
        raise ArrayFileError(f"{name}: has type {content.dtype}; packs hold float arrays")
    stream = io.BytesIO()
    little = np.ascontiguousarray(content).astype(content.dtype.newbyteorder("<"))
    np.lib.format.write_array(stream, little, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _check_target(target: Path, force: bool) -> None:
    if not target.parent.is_dir():
        raise PackNotFoundError(f"{target}: the folder {target.parent} does not exist")
    if not (target.exists() or target.is_symlink()):
        return
    if not force:
        raise PackExistsError(f"{target}: exists already; --force replaces it")
    is_pack = (target / MANIFEST_NAME).is_file() if target.is_dir() else target.suffix == ARCHIVE_SUFFIX
    if target.is_symlink() or not (is_pack or (target.is_dir() and not any(target.iterdir()))):
        raise PackExistsError(f"{target}: is not a pack, so it is not replaced; choose another name")


def _write_contents(target: Path, contents: Mapping[str, bytes]) -> Pack:
    is_archive = target.suffix == ARCHIVE_SUFFIX
    # The same suffix, so that the temporary one opens as what it is going to be.
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    _remove(partial)
    try:
        if is_archive:
            _write_archive(partial, contents)
        else:
            _write_folder(partial, contents)
        Pack.open(partial)
        _move_into_place(partial, target)
    finally:
        _remove(partial)
    return Pack.open(target)


def _write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def _write_archive(path: Path, contents: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        # The manifest first: `head` of an archive shows what it is.
        for name in sorted(contents, key=lambda name: (name != MANIFEST_NAME, name)):
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, contents[name])


def _move_into_place(partial: Path, target: Path) -> None:
    if not target.is_dir():
        os.replace(partial, target)
        return
    # A folder that is not empty cannot be replaced in one step: move it aside, and back if the second step
    # fails.
    aside = target.with_name(f".{target.name}.{os.getpid()}.old")
    _remove(aside)
    os.rename(target, aside)
    try:
        os.rename(partial, target)
    except OSError:
        os.rename(aside, target)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
