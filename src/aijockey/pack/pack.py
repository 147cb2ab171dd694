"""A pack on disk, verified: the only thing that training and playing share.

>>> pack = Pack.open(find_pack(None))
>>> pack.manifest.voices[0].name
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from aijockey.pack.container import Container, open_container
from aijockey.pack.contracts import GENERATOR_GRAPHS, STYLED, VOCODER_GRAPHS, Contract
from aijockey.pack.errors import (
    ArrayFileError,
    FileHashError,
    FileSizeError,
    GraphFileError,
    MissingFileError,
    PackError,
    UnlistedFileError,
)
from aijockey.pack.fields import nearest
from aijockey.pack.graph_file import check_graph
from aijockey.pack.manifest import (
    CARD_NAME,
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    DirectSpec,
    GeneratorSpec,
    GriffinLimSpec,
    Manifest,
    RotationSpec,
)
from aijockey.pack.manifest_file import manifest_hash, parse_manifest
from aijockey.representation.mel import MelConfig
from aijockey.representation.patch_code import PatchCode

Float = npt.NDArray[np.float32]

# Between rows of a basis; rounding to half precision leaves about 0.001.
MOST_OVERLAP = 0.02
# Half precision is stored to save space and comes back as float32.
ARRAY_DTYPES = ("<f2", "<f4", "<f8")


@dataclass(frozen=True)
class Pack:
    """A verified pack: `open` has checked every file, and `read` checks again what it returns.

    ``hash`` is the SHA-256 of the manifest, which holds those of all files, so it names the whole content;
    set files state it to say which pack they were played with. It is the same for a folder and its archive.
    """

    path: Path
    manifest: Manifest
    hash: str
    container: Container

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open and verify the folder or ``.ajpack`` archive at ``path``.

        Raises
        ------
        PackError : one subclass for each thing that can be wrong (`aijockey.pack.errors`).
        """
        path = Path(path)
        container = open_container(path)
        if MANIFEST_NAME not in container.sizes:
            raise MissingFileError(f"{path}: holds no {MANIFEST_NAME}; is it a pack?")
        try:
            data = container.read(MANIFEST_NAME, MAX_MANIFEST_BYTES)
            pack = cls(path, parse_manifest(data), manifest_hash(data), container)
            pack._verify()
        except PackError as error:
            # The rules are written without knowing the path; the player needs it.
            if str(error).startswith(str(path)):
                raise
            raise type(error)(f"{path}: {error}") from error
        return pack

    def read(self, name: str) -> bytes:
        """Bytes of a listed file, their size and SHA-256 checked.

        Raises
        ------
        MissingFileError, FileSizeError, FileHashError, ArchiveError
        """
        entry = self.manifest.files.get(name)
        if entry is None:
            raise MissingFileError(f"the manifest lists no file '{name}'{nearest(name, self.manifest.files)}")
        data = self.container.read(name, entry.bytes)
        if len(data) != entry.bytes:
            raise FileSizeError(f"{name}: has {len(data):,} bytes; the manifest says {entry.bytes:,}")
        found = hashlib.sha256(data).hexdigest()
        if found != entry.sha256:
            raise FileHashError(
                f"{name}: is damaged or was changed (SHA-256 {found[:12]}…, "
                f"the manifest says {entry.sha256[:12]}…)"
            )
        return data

    def array(self, name: str) -> Float:
        """A listed array as float32, its shape as the manifest implies it.

        Raises
        ------
        ArrayFileError, and those of `read`.
        """
        return decode_array(self.read(name), name, self.manifest.arrays[name])

    @property
    def mel_config(self) -> MelConfig:
        """The representation, as `aijockey.representation.mel` takes it."""
        spec = self.manifest.representation
        return MelConfig(
            rate_hz=self.manifest.rate_hz,
            hop_samples=spec.hop_samples,
            window_samples=spec.window_samples,
            bands=spec.bands,
            low_hz=spec.low_hz,
            high_hz=spec.high_hz,
            floor=spec.floor,
        )

    def code(self, name: str) -> PatchCode:
        """The patch code that the manifest calls ``name``, its arrays read and checked.

        Raises
        ------
        ArrayFileError, and those of `read`.
        """
        spec = self.manifest.codes[name]
        basis = self.array(spec.basis)
        _check_basis(basis, spec.basis)
        return PatchCode(self.array(spec.mean), basis, spec.patch_frames)

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return self.read(CARD_NAME).decode("utf-8")

    def _verify(self) -> None:
        listed = {*self.manifest.files, MANIFEST_NAME}
        for name in sorted(set(self.container.sizes) - listed):
            raise UnlistedFileError(f"holds '{name}', which its manifest does not list")
        for name, entry in self.manifest.files.items():
            if name not in self.container.sizes:
                raise MissingFileError(f"'{name}' is missing; the manifest lists it")
            # Before anything is read.
            if self.container.sizes[name] != entry.bytes:
                raise FileSizeError(
                    f"{name}: has {self.container.sizes[name]:,} bytes; the manifest says {entry.bytes:,}"
                )
        graphs = graph_contracts(self.manifest)
        for name in self.manifest.files:
            data = self.read(name)
            if name in graphs:
                inputs, outputs = graphs[name]
                check_graph(data, name, inputs, outputs)
            elif name in self.manifest.arrays:
                decode_array(data, name, self.manifest.arrays[name])
            else:
                _check_text(data, name)
        for name in self.manifest.codes:
            self.code(name)
        for spec in self.manifest.generators.values():
            if isinstance(spec.sampler, RotationSpec):
                _check_deviation(self.array(spec.sampler.deviation), spec.sampler.deviation)
                for name in (spec.sampler.time_basis, spec.sampler.code_basis):
                    _check_orthonormal(self.array(name), name)
        for voice in self.manifest.voices:
            if voice.directions is not None:
                _check_vectors(self.array(voice.directions.vectors), voice.directions.vectors)


def graph_contracts(manifest: Manifest) -> dict[str, tuple[dict[str, bool], frozenset[str]]]:
    """Graph file name -> its allowed inputs (and whether each is required) and its required outputs."""
    contracts: dict[str, tuple[dict[str, bool], frozenset[str]]] = {}
    uses = [(spec.graph, _generator_contract(spec)) for spec in manifest.generators.values()]
    if not isinstance(manifest.vocoder, GriffinLimSpec):
        uses.append((manifest.vocoder.graph, VOCODER_GRAPHS[manifest.vocoder.output]))
    for graph, contract in uses:
        if graph in contracts and contracts[graph] != contract:
            raise GraphFileError(f"{graph}: is named at two places that ask for different inputs and outputs")
        contracts[graph] = contract
    return contracts


def _generator_contract(spec: GeneratorSpec) -> Contract:
    if isinstance(spec.sampler, DirectSpec) and spec.sampler.style_shape:
        return STYLED
    return GENERATOR_GRAPHS[spec.sampler.kind]


def decode_array(data: bytes, name: str, shape: tuple[int, ...]) -> Float:
    """Read a NumPy ``.npy`` file of floats; its header is checked before anything is allocated.

    Raises
    ------
    ArrayFileError : not ``.npy``, another shape, objects or another type, non-finite values.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        found, _, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, SyntaxError, TypeError, EOFError) as error:
        raise ArrayFileError(f"{name}: is not a plain .npy array ({error})") from error
    if dtype.hasobject or dtype.str not in ARRAY_DTYPES:
        raise ArrayFileError(f"{name}: has type {dtype.str}; expected one of {', '.join(ARRAY_DTYPES)}")
    if found != shape:
        raise ArrayFileError(f"{name}: has shape {found}; the manifest implies {shape}")
    if len(data) - stream.tell() != dtype.itemsize * int(np.prod(shape)):
        raise ArrayFileError(f"{name}: its header does not fit its {len(data):,} bytes")
    stream.seek(0)
    array = np.load(stream, allow_pickle=False).astype(np.float32)
    if not np.isfinite(array).all():
        raise ArrayFileError(f"{name}: holds values that are not finite")
    return np.ascontiguousarray(array)


def _check_basis(basis: Float, name: str) -> None:
    """Encoding divides by each row's length and relies on the rows being orthogonal."""
    lengths = np.linalg.norm(basis, axis=1)
    if not lengths.all():
        raise ArrayFileError(f"{name}: row {int(np.argmin(lengths))} is all zeros")
    unit = basis / lengths[:, None]
    worst = float(np.abs(unit @ unit.T - np.eye(len(unit))).max())
    if worst > MOST_OVERLAP:
        raise ArrayFileError(f"{name}: rows are not orthogonal (a cosine of {worst:.3f} between two)")


def _check_deviation(deviation: Float, name: str) -> None:
    """Running a rotation backwards divides by them."""
    least = float(deviation.min())
    if least <= 0.0:
        raise ArrayFileError(f"{name}: holds {least:g}; expected deviations above 0")


def _check_vectors(vectors: Float, name: str) -> None:
    """A direction that points nowhere would have no effect."""
    lengths = np.linalg.norm(vectors.reshape(len(vectors), -1), axis=1)
    if not lengths.all():
        raise ArrayFileError(f"{name}: direction {int(np.argmin(lengths))} is all zeros")


def _check_orthonormal(bases: Float, name: str) -> None:
    """Going to a voice's directions and back relies on it."""
    for voice, basis in enumerate(bases):
        worst = float(np.abs(basis @ basis.T - np.eye(len(basis))).max())
        if worst > MOST_OVERLAP:
            raise ArrayFileError(f"{name}: basis {voice} is not orthonormal (off by {worst:.3f})")


def _check_text(data: bytes, name: str) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PackError(f"{name}: is not UTF-8 text ({error})") from error
