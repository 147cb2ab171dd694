"""Where a pack's bytes lie: a folder, or one archive (a ZIP that stores its files, ``.ajpack``).

Both give names and bytes and nothing else. Sizes are checked before anything is read, and nothing is ever
extracted.
"""

import stat
import zipfile
from pathlib import Path
from typing import Protocol

from aijockey.pack.errors import (
    ArchiveError,
    FileSizeError,
    MissingFileError,
    NotAFileError,
    PackNotFoundError,
)
from aijockey.pack.manifest import MANIFEST_NAME, MAX_FILE_BYTES, MAX_FILES, MAX_PACK_BYTES
from aijockey.pack.manifest_checks import check_file_name

ARCHIVE_SUFFIX = ".ajpack"
# What the ZIP directory itself may cost beside the files: its entries hold a name of at most 100 characters.
MAX_ARCHIVE_BYTES = MAX_PACK_BYTES + (1 << 20)
ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000


class Container(Protocol):
    """Names and bytes of the files of a pack."""

    @property
    def sizes(self) -> dict[str, int]:
        """File name -> bytes, of everything that is there."""

    def read(self, name: str, most_bytes: int) -> bytes:
        """All bytes of a file, which must not be more than ``most_bytes``."""


def open_container(path: Path) -> Container:
    """The folder or archive at ``path``, its list of files checked.

    Raises
    ------
    PackNotFoundError, ArchiveError, NotAFileError, UnsafeNameError, FileSizeError
    """
    if path.is_dir():
        return Folder(path)
    if path.is_file():
        return Archive(path)
    raise PackNotFoundError(
        f"{path}: no pack there (expected a folder with {MANIFEST_NAME}, or a {ARCHIVE_SUFFIX} file)"
    )


def _check_count(count: int, path: Path) -> None:
    if count > MAX_FILES + 1:
        raise FileSizeError(f"{path}: holds {count} files; at most {MAX_FILES + 1} are allowed")


def _check_size(name: str, size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise FileSizeError(f"{name}: has {size:,} bytes; at most {most_bytes:,} are allowed")


class Folder:
    """A pack as a folder of plain files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        try:
            entries = sorted(path.iterdir())
        except OSError as error:
            raise PackNotFoundError(f"{path}: cannot be listed ({error})") from error
        _check_count(len(entries), path)
        for entry in entries:
            check_file_name(entry.name)
            status = entry.lstat()
            if not stat.S_ISREG(status.st_mode):
                kind = (
                    "link"
                    if stat.S_ISLNK(status.st_mode)
                    else "folder"
                    if stat.S_ISDIR(status.st_mode)
                    else "device"
                )
                raise NotAFileError(f"{entry}: is a {kind}; a pack holds plain files only")
            _check_size(str(entry), status.st_size, MAX_FILE_BYTES)
            self.sizes[entry.name] = status.st_size

    def read(self, name: str, most_bytes: int) -> bytes:
        """All bytes of a file, which must not be more than ``most_bytes``."""
        if name not in self.sizes:
            raise MissingFileError(f"{self.path}: has no file '{name}'")
        try:
            with (self.path / name).open("rb") as file:
                data = file.read(most_bytes + 1)
        except OSError as error:
            raise MissingFileError(f"{self.path / name}: cannot be read ({error})") from error
        _check_size(name, len(data), most_bytes)
        return data


class Archive:
    """A pack as one ZIP without compression."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        archive_bytes = path.stat().st_size
        _check_size(str(path), archive_bytes, MAX_ARCHIVE_BYTES)
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
            raise ArchiveError(f"{path}: is not a readable pack archive ({error})") from error
        _check_count(len(entries), path)
        for entry in entries:
            self._check_entry(entry)
            self.sizes[entry.filename] = entry.file_size
        if sum(self.sizes.values()) > archive_bytes:
            raise ArchiveError(f"{path}: its files claim more bytes than the archive has")

    def _check_entry(self, entry: zipfile.ZipInfo) -> None:
        # `filename` stops at a zero byte and has its separators changed; the name as stored is what must be
        # safe.
        check_file_name(entry.orig_filename)
        name = entry.orig_filename
        if name in self.sizes:
            raise ArchiveError(f"{self.path}: holds '{name}' twice")
        mode = entry.external_attr >> 16
        if entry.is_dir() or (stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
            raise NotAFileError(f"{self.path}: '{name}' is not a plain file; a pack holds plain files only")
        if entry.flag_bits & ENCRYPTED_FLAGS:
            raise ArchiveError(f"{self.path}: '{name}' is encrypted; packs are not")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise ArchiveError(
                f"{self.path}: '{name}' is compressed; make pack archives with zip -0 or aijockey export"
            )
        _check_size(name, entry.file_size, MAX_FILE_BYTES)

    def read(self, name: str, most_bytes: int) -> bytes:
        """All bytes of a file, which must not be more than ``most_bytes``."""
        if name not in self.sizes:
            raise MissingFileError(f"{self.path}: has no file '{name}'")
        _check_size(name, self.sizes[name], most_bytes)
        try:
            with zipfile.ZipFile(self.path) as archive:
                entries = [entry for entry in archive.infolist() if entry.orig_filename == name]
                if len(entries) != 1:
                    raise ArchiveError(f"{self.path}: changed while it was read")
                self.sizes.pop(name)
                self._check_entry(entries[0])
                self.sizes[name] = entries[0].file_size
                with archive.open(entries[0]) as file:
                    data = file.read(most_bytes + 1)
        except (
            zipfile.BadZipFile,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise ArchiveError(f"{self.path}: '{name}' cannot be read ({error})") from error
        _check_size(name, len(data), most_bytes)
        return data
