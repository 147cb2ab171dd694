"""Latents that are no seeds: found by inversion, or bred, and kept by what they are.

A latent is kept as a NumPy array of half precision in a file named by the SHA-256 of its bytes, in the player's data
folder (``AIJOCKEY_DATA`` says another)::

    DATA/latents/0123456789ab…ef.npy      the latent

A point refers to it by the first 12 hex digits, ``#0123456789ab``. So a latent never changes under its name, the same
one is kept once, and a file that was damaged is noticed. A set that uses such points carries the bytes inside, as
compressed base64 (`encode`, `decode`), and is whole on any machine.
"""

import base64
import binascii
import hashlib
import io
import os
import re
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError

Float = npt.NDArray[np.float32]

FOLDER_VARIABLE = "AIJOCKEY_DATA"
DIGITS = 12
# A latent of the largest network so far is 16 KiB.
MOST_BYTES = 1 << 18
MOST_LATENTS = 10_000
MOST_DIMENSIONS = 4
_HEX = re.compile(r"[0-9a-f]{12}")


class LatentError(AijockeyError):
    """A latent that is not there, or is not what its name says."""


def data_folder() -> Path:
    """Where the player's own things are kept: ``AIJOCKEY_DATA``, or what the system has for it. Thread: any"""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "aijockey"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "aijockey"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "aijockey"


def latent_bytes(latent: npt.ArrayLike) -> bytes:
    """The bytes under which a latent is kept: a NumPy file of half precision.

    Raises
    ------
    LatentError : not finite even in half precision, empty, or too large.
    """
    with np.errstate(over="ignore"):  # what is too large for half precision is refused below
        array = np.ascontiguousarray(latent, dtype="<f2")
    if not array.size or array.ndim > MOST_DIMENSIONS or not np.isfinite(array).all():
        raise LatentError(f"a latent of shape {array.shape}: expected finite numbers below 65504")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    data = buffer.getvalue()
    if len(data) > MOST_BYTES:
        raise LatentError(f"a latent of {len(data)} bytes; expected at most {MOST_BYTES}")
    return data


def latent_of_bytes(data: bytes) -> Float:
    """The inverse of `latent_bytes`, as float32.

    Raises
    ------
    LatentError : not such bytes.
    """
    if len(data) > MOST_BYTES:
        raise LatentError(f"a latent of {len(data)} bytes; expected at most {MOST_BYTES}")
    buffer = io.BytesIO(data)
    try:
        array = np.lib.format.read_array(buffer, allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, TypeError, MemoryError) as error:
        raise LatentError(f"{len(data)} bytes that are no latent ({error})") from error
    if array.dtype != np.dtype("<f2") or not array.size or not np.isfinite(array).all() or buffer.read(1):
        raise LatentError(f"an array of {array.dtype} {array.shape}; expected a finite one of half precision")
    return array.astype(np.float32)


def identify(data: bytes) -> str:
    """What a point calls these bytes: 12 hex digits of their SHA-256."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def encode(data: bytes) -> str:
    """Bytes of a latent as text for a set file: compressed, base64."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def decode(identifier: str, text: str) -> bytes:
    """The inverse of `encode`, checked against its identifier.

    Raises
    ------
    LatentError : not base64, not compressed, too large once unpacked, no latent, or another one.
    """
    try:
        packed = base64.b64decode(text.encode("ascii"), validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, MOST_BYTES + 1)
    except (UnicodeEncodeError, binascii.Error, zlib.error) as error:
        raise LatentError(f"the latent #{identifier} cannot be unpacked ({error})") from error
    if len(data) > MOST_BYTES or not unpacker.eof or unpacker.unused_data:
        raise LatentError(f"the latent #{identifier} is cut short, or larger than {MOST_BYTES} bytes")
    if identify(data) != identifier:
        raise LatentError(
            f"the latent #{identifier} is really #{identify(data)}: was the file changed by hand?"
        )
    latent_of_bytes(data)
    return data


class LatentStore:
    """The player's latents.

    Parameters
    ----------
    folder : where they are; None takes ``latents`` in `data_folder`. Made when something is first kept.
    carried : identifier -> bytes of latents that came with a set and need no file.

    Thread: any but audio
    """

    def __init__(self, folder: Path | None = None, carried: Mapping[str, bytes] | None = None) -> None:
        self.folder = data_folder() / "latents" if folder is None else folder
        self._carried = dict(carried or {})

    def add(self, latent: npt.ArrayLike) -> str:
        """Keep a latent; returns its identifier. One that is there already is left as it is.

        Raises
        ------
        LatentError : not a latent (see `latent_bytes`), the store is full, or the folder cannot be written to.
        """
        return self.add_bytes(latent_bytes(latent))

    def add_bytes(self, data: bytes) -> str:
        """Keep a latent by its bytes, as `add` does."""
        latent_of_bytes(data)
        whole = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{whole}.npy"
        try:
            if path.is_file() and path.read_bytes() == data:
                return whole[:DIGITS]
            others = [other for other in self._files(whole[:DIGITS]) if other != path]
            if others:
                raise LatentError(
                    f"{others[0]}: has the same first {DIGITS} digits; points could not tell them apart"
                )
            self.folder.mkdir(parents=True, exist_ok=True)
            if sum(1 for _ in self.folder.glob("*.npy")) >= MOST_LATENTS:
                raise LatentError(
                    f"{self.folder}: holds {MOST_LATENTS} latents; take away what is not needed"
                )
            _write_whole(path, data)
        except OSError as error:
            raise LatentError(
                f"{self.folder}: cannot be written ({error}); {FOLDER_VARIABLE} names another folder"
            ) from error
        return whole[:DIGITS]

    def bytes_of(self, identifier: str) -> bytes:
        """The bytes of a latent.

        Raises
        ------
        LatentError : there is none, or the file is not what its name says.
        """
        if not _HEX.fullmatch(identifier):
            raise LatentError(f"{identifier[:40]!r} names no latent; expected {DIGITS} hex digits")
        if identifier in self._carried:
            return self._carried[identifier]
        files = self._files(identifier)
        if not files:
            raise LatentError(
                f"#{identifier}: no such latent in {self.folder}; it was found on another machine, and a set "
                "saved there carries it"
            )
        path = files[0]
        try:
            if path.stat().st_size > MOST_BYTES:
                raise LatentError(f"{path}: larger than {MOST_BYTES} bytes")
            data = path.read_bytes()
        except OSError as error:
            raise LatentError(f"{path}: cannot be read ({error})") from error
        if hashlib.sha256(data).hexdigest() != path.stem:
            raise LatentError(f"{path}: is damaged, its content is not what its name says")
        return data

    def latent(self, identifier: str) -> Float:
        """A latent, float32; raises as `bytes_of` does."""
        return latent_of_bytes(self.bytes_of(identifier))

    def _files(self, identifier: str) -> list[Path]:
        return sorted(self.folder.glob(f"{identifier}*.npy"))


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears under its name only when it is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
