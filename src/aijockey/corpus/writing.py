"""Making a corpus so that it can be killed at any moment and taken up again.

A corpus grows by *parts*: one part is what one source file (or one batch of the studio) gave. Its shard is
written first, its description second, each under a temporary name that is then renamed, so a part that can
be read is whole and never done again. `finish_corpus` gathers the parts into the manifest and last of all
marks the header complete.

    open_for_writing(path, header)            # a new corpus, or the same one again
    for each source not yet done (read_part(path, name) is None):
        with ShardWriter(path, name, channels, samples) as shard:
            row = shard.append(audio)
        write_part(path, name, {...})
    finish_corpus(path, header, records, skipped, scores)
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from aijockey.corpus.store import (
    HEADER_FILE,
    MANIFEST_FILE,
    SCORES_FILE,
    SHARDS_FOLDER,
    SKIPPED_FILE,
    CorpusError,
    CorpusHeader,
    Float,
    LoopRecord,
    check_shard_name,
    read_header,
    to_int16,
)

PARTS_FOLDER = "parts"
_OWN_FILES = (HEADER_FILE, MANIFEST_FILE, SKIPPED_FILE, SCORES_FILE)
_OWN_FOLDERS = (SHARDS_FOLDER, PARTS_FOLDER)


def write_text(path: Path, text: str) -> None:
    """Write a text file that appears under its name only when it is whole and on disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON Lines, whole or not at all.

    Raises
    ------
    ValueError : a number is not finite (JSON has no word for it).
    """
    write_text(path, "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines))


def open_for_writing(path: Path, header: CorpusHeader, force: bool = False) -> bool:
    """Make the folder of a corpus, or take up one that was begun with the same header and settings.

    Parameters
    ----------
    header : compared with the one that is there in everything but ``complete`` and ``made_by``.
    force : throw away the corpus that is there. Files that are not a corpus's are never removed.

    Returns
    -------
    True if there was a corpus with this header (its parts count), False if it is new.

    Raises
    ------
    CorpusError : the folder holds something else, or a corpus of other settings (without ``force``).
    """
    if path.exists() and not path.is_dir():
        raise CorpusError(f"{path} is a file; expected the name of a folder for the corpus")
    if path.is_dir() and any(path.iterdir()):
        if not (path / HEADER_FILE).is_file():
            raise CorpusError(f"{path} is not empty and not a corpus; name a new folder")
        if force:
            for name in _OWN_FILES:
                (path / name).unlink(missing_ok=True)
            for name in _OWN_FOLDERS:
                shutil.rmtree(path / name, ignore_errors=True)
        else:
            _check_same(path, read_header(path), header)
            _remove_partials(path)
            return True
    for name in _OWN_FOLDERS:
        (path / name).mkdir(parents=True, exist_ok=True)
    _write_header(path, replace(header, complete=False))
    return False


def _check_same(path: Path, there: CorpusHeader, wanted: CorpusHeader) -> None:
    old, new = asdict(there), asdict(wanted)
    old.update(old.pop("settings"))
    new.update(new.pop("settings"))
    names = sorted((old.keys() | new.keys()) - {"complete", "made_by"})
    changes = [
        f"{name} {old.get(name)!r}, now {new.get(name)!r}" for name in names if old.get(name) != new.get(name)
    ]
    if changes:
        raise CorpusError(
            f"{path} was made with other settings ({'; '.join(changes)}): "
            "use the same, name another folder, or --force to begin again"
        )


def _remove_partials(path: Path) -> None:
    for name in (".", *_OWN_FOLDERS):
        for partial in (path / name).glob(".*.partial"):
            partial.unlink(missing_ok=True)


def _write_header(path: Path, header: CorpusHeader) -> None:
    write_text(path / HEADER_FILE, json.dumps(asdict(header), indent=1, ensure_ascii=False) + "\n")


class ShardWriter:
    """A shard that grows loop by loop on disk and appears under its name when it is closed without an error.

    Parameters
    ----------
    path : the corpus. name : of the shard, a plain word.
    """

    def __init__(self, path: Path, name: str, channels: int, samples: int) -> None:
        check_shard_name(name)
        self.shape = (channels, samples)
        self.rows = 0
        self._path = path / SHARDS_FOLDER / f"{name}.npy"
        self._partial = self._path.with_name(f".{self._path.name}.{os.getpid()}.partial")
        self._file = self._partial.open("wb")
        self._header_bytes = self._write_array_header()

    def append(self, audio: Float) -> int:
        """Add one loop, (channels, samples) float32; returns its row.

        Raises
        ------
        ValueError : it has another shape.
        """
        if audio.shape != self.shape:
            raise ValueError(f"a loop of shape {audio.shape} does not fit a shard of {self.shape}")
        self._file.write(to_int16(audio).astype("<i2", copy=False).tobytes())
        self.rows += 1
        return self.rows - 1

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._file.seek(0)
                # numpy leaves room in the header for the first axis to grow, so its length stays the same.
                assert self._write_array_header() == self._header_bytes
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                os.replace(self._partial, self._path)
        finally:
            self._file.close()
            self._partial.unlink(missing_ok=True)

    def _write_array_header(self) -> int:
        header = {"descr": "<i2", "fortran_order": False, "shape": (self.rows, *self.shape)}
        np.lib.format.write_array_header_1_0(self._file, header)
        return self._file.tell()


def write_part(path: Path, name: str, part: Mapping[str, Any]) -> None:
    """Record that part ``name`` is done; its shard, if it has one, must be closed."""
    check_shard_name(name)
    write_text(
        path / PARTS_FOLDER / f"{name}.json", json.dumps(part, ensure_ascii=False, allow_nan=False) + "\n"
    )


def read_part(path: Path, name: str) -> dict[str, Any] | None:
    """What `write_part` recorded of part ``name``, or None if it is not done.

    Raises
    ------
    CorpusError : the record is damaged.
    """
    file = path / PARTS_FOLDER / f"{name}.json"
    try:
        part = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CorpusError(f"{file} is damaged ({error}); delete it to do that part again") from error
    if not isinstance(part, dict):
        raise CorpusError(f"{file} is not the record of a part; delete it to do that part again")
    return part


def finish_corpus(
    path: Path,
    header: CorpusHeader,
    records: Iterable[LoopRecord],
    skipped: Iterable[Mapping[str, str]] = (),
    scores: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Write manifest, skipped files and scores, and mark the corpus complete, in that order."""
    write_lines(path / MANIFEST_FILE, (record.to_json() for record in records))
    write_lines(path / SKIPPED_FILE, skipped)
    scores = list(scores)
    if scores:
        write_lines(path / SCORES_FILE, scores)
    _write_header(path, replace(header, complete=True))
